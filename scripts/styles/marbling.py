"""Paper marbling: strokes on a bath of ink as maps of the plane, undone point by point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scripts.styles.fields import Field, colours, ramp, scatter, step


@dataclass(frozen=True)
class Drop:
    """Ink let fall on the bath: pushes all other ink outwards, keeping areas."""

    x: float
    y: float
    radius: float
    ink: int

    def undo(self, x: Field, y: Field) -> tuple[Field, Field, Field]:
        """Where points came from, and (distance / radius) squared: below 1 is this drop's own ink."""
        dx, dy = x - self.x, y - self.y
        ratio = (dx * dx + dy * dy) / self.radius**2
        scale = np.sqrt(np.maximum(1 - 1 / np.maximum(ratio, 1e-9), 0))
        return self.x + dx * scale, self.y + dy * scale, ratio


@dataclass(frozen=True)
class Comb:
    """Parallel tines drawn along `angle`, `spacing` apart, waving sideways by `wave` every `period`."""

    angle: float
    spacing: float
    pull: float
    sharpness: float
    phase: float = 0
    wave: float = 0
    period: float = 1

    def undo(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Where points came from: a shear along the tines, so its inverse is the opposite pull."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        along, across = c * x + s * y, c * y - s * x
        # A wavy rake is a straight one in a bath that is waved before and waved back after.
        across = across - self.wave * np.sin(2 * np.pi * along / self.period)
        off = np.mod(across - self.phase, self.spacing)
        off = np.minimum(off, self.spacing - off)
        along = along - self.pull * np.exp2(-off / self.sharpness)
        across = across + self.wave * np.sin(2 * np.pi * along / self.period)
        return c * along - s * across, s * along + c * across


@dataclass(frozen=True)
class Swirl:
    """A tine drawn round a circle: turns the ink near the circle about its centre."""

    x: float
    y: float
    radius: float
    pull: float
    sharpness: float

    def undo(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Where points came from: distances to the centre are kept, so its inverse is the opposite turn."""
        dx, dy = x - self.x, y - self.y
        distance = np.hypot(dx, dy) + 1e-6
        turn = -self.pull * np.exp2(-np.abs(distance - self.radius) / self.sharpness) / (distance + 0.01)
        c, s = np.cos(turn), np.sin(turn)
        return self.x + c * dx - s * dy, self.y + s * dx + c * dy


def marbling(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Ebru paper: ringed drops of ink, drawn to and fro, combed, raked in waves and swirled.

    Each point is traced back through the strokes to the drop whose ink it shows.

    Reference: Lu, Jaffer, Jin, Zhao, Mao 2012, Mathematical marbling, IEEE Computer Graphics and
    Applications 32(6). Departure: a drop carries rings of ink, as if several were let fall on one spot.
    """
    inks = colours("0b1a3f", "1456b0", "eeb41f", "f8efd8", "c9152b", "0b948c", "f26a1b", "64206a", "e8568a", "7fb83a")
    partners = (3, 2, 4, 1, 3, 0, 7, 6, 7, 0)
    bath: list[Drop | Comb | Swirl] = []
    for _ in range(260):
        across, down = random.uniform(-0.35, 1.35, 2)
        radius = float(random.choice([0.035, 0.05, 0.07, 0.1]))
        bath.append(Drop(across, down, radius, int(random.integers(len(inks)))))
    bath.append(Comb(np.pi / 2, 0.24, 0.2, 0.035, phase=0.02))
    bath.append(Comb(-np.pi / 2, 0.24, 0.2, 0.035, phase=0.10))
    bath.append(Comb(0.0, 0.05, 0.085, 0.0075))
    bath.append(Comb(np.pi / 2, 0.21, 0.11, 0.025, phase=0.07, wave=0.045, period=0.42))
    for across, down in scatter(random, 8, 0.27, 0.02):
        turn = float(random.choice([-1, 1])) * 0.13
        bath.append(Swirl(float(across), float(down), 0.03, turn, 0.03))
    for across, down in scatter(random, 34, 0.07, 0.02):
        radius = random.uniform(0.007, 0.017)
        bath.append(Drop(float(across), float(down), radius, int(random.integers(len(inks)))))

    shape = x.shape
    x, y = x.ravel(), y.ravel()
    open_water = np.arange(x.size)
    light = np.empty((x.size, 3), np.float32)
    for stroke in reversed(bath):
        if not isinstance(stroke, Drop):
            x, y = stroke.undo(x, y)
            continue
        from_x, from_y, ratio = stroke.undo(x, y)
        inside = ratio < 1
        own, partner = inks[stroke.ink], inks[partners[stroke.ink]]
        # Rings of equal area; the ink thins towards each ring's rim, as it does on water.
        rings = np.stack([partner, own, own * 0.55, own, partner, own, inks[0]])
        ring = ratio[inside] * 6
        light[open_water[inside]] = ramp(np.floor(ring) + step(0.75, 1, np.mod(ring, 1)), rings)
        x, y, open_water = from_x[~inside], from_y[~inside], open_water[~inside]
    light[open_water] = ramp(np.mod(np.floor((x + y) * 30), len(inks)), inks)
    return light.reshape(*shape, 3)
