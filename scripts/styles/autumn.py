"""Autumn: maple and ginkgo leaves afloat on black water."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, sheet
from scripts.styles.fields import Field, colours, mix, noise, ramp, scatter, step

NIGHT, DEEP, GLINT = colours("04070f", "0d2a3c", "4f93a3")
MAPLES = (
    colours("5a0714", "b5121b", "e6371f", "ff8a3a"),
    colours("7a2207", "d9520f", "f58a1c", "ffd05a"),
    colours("3c0a1e", "7d1030", "bf2340", "f07a52"),
    colours("6a4a06", "c98f10", "f3c11f", "fff08a"),
    colours("3d4a0c", "8a8f16", "d9b62a", "f0703a"),
)
"""From the rim of a leaf to its veins."""
GINKGO = colours("a8740a", "e9b416", "ffdc3e", "fff3a0")

LOBES = ((0.0, 1.0), (0.78, 0.93), (1.62, 0.66), (2.35, 0.36))
"""Angle from the middle lobe and length of the lobes of one side of a maple leaf."""


def autumn(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Leaves of two sizes, some upon others, each pressing a rim of light into the water about it."""
    ripple = noise(random, x * 0.5, y, 7, 2)
    light = mix(NIGHT, DEEP, step(-0.6, 1.6, ripple))
    ring = np.cos(ripple * 6)
    board = sheet(random, x, mix(light, GLINT, 0.3 * step(0.85, 1.0, ring)), wobble=0.0006)
    places = [(p, 0.075) for p in scatter(random, 80, 0.125, 0.12)] + [
        (p, 0.125) for p in scatter(random, 40, 0.21, 0.12)
    ]
    for (cx, cy), size in places:
        frame = Frame(float(cx), float(cy), random.uniform(0, 2 * np.pi), size * random.uniform(0.9, 1.15))
        if random.random() < 0.3:
            _ginkgo(board, frame.within(-0.5, 0, 0, 1.15))
        else:
            _maple(board, frame, MAPLES[random.choice(5, p=[0.3, 0.28, 0.18, 0.14, 0.1])])
    return board.light


def _afloat(board: Sheet, outline: Field) -> None:
    """The dark under a leaf and the bright meniscus at its rim."""
    middle = outline.mean(0)
    board.draw(middle + (outline - middle) * 1.05, mix(NIGHT, GLINT, 0.4))
    board.shade(outline, 0.85, offset=(0.008, 0.012), soft=0.01)


def _maple(board: Sheet, frame: Frame, palette: Field) -> None:
    """A leaf of seven lobes with teeth; veins run into each."""
    random = board.random
    side = []
    for number, (turn, long) in enumerate(LOBES):
        for along, across in (
            (0.5, -0.13),
            (0.6, -0.17),
            (0.66, -0.1),
            (0.8, -0.1),
            (1, 0),
            (0.8, 0.1),
            (0.66, 0.1),
            (0.6, 0.17),
            (0.5, 0.13),
        ):
            if number or across >= 0:
                angle = turn + across * 1.9
                side.append((long * along * np.cos(angle), long * along * np.sin(angle)))
        if number + 1 < len(LOBES):
            between = (turn + LOBES[number + 1][0]) / 2
            side.append((0.4 * np.cos(between), 0.4 * np.sin(between)))
    half = np.array(side)
    ring = np.concatenate([half, [(-0.1, 0)], (half * (1, -1))[:0:-1]]) * (1, random.uniform(0.85, 1.05))
    outline = frame.place(ring)
    _afloat(board, outline)
    blotch = random.uniform(0, 1, 2)

    def tinted(area: Area) -> Field:
        u, v = frame.measure(area)
        spread = noise(random, u * 0.1 + blotch[0], v * 0.1 + blotch[1], 20, 2)
        light = ramp(1.1 + 0.8 * spread + 1.4 * step(1.0, 0.1, np.hypot(u, v)) - 0.6, palette)
        vein = np.full(u.shape, 9.0)
        rib = np.full(u.shape, 9.0)
        for turn, long in LOBES:
            c, s = np.cos(turn), np.sin(turn)
            along, across = c * u + s * np.abs(v), c * np.abs(v) - s * u
            mine = (along > 0) & (along < 0.95 * long)
            vein = np.where(mine, np.minimum(vein, np.abs(across) + 0.012 * along), vein)
            comb = np.abs(np.mod((along - 0.9 * np.abs(across)) * 9, 1) - 0.5) / 9
            rib = np.where(mine & (np.abs(across) < 0.17 * long), np.minimum(rib, comb), rib)
        light = light * (1 - 0.28 * step(0.02, 0.008, rib))[..., None]
        fold = step(-0.05, 0.05, v) * 0.25 + 0.85
        return mix(light * fold[..., None], palette[3], step(0.026, 0.014, vein))

    board.draw(outline, tinted, line=palette[0], width=0.0016)
    stalk = curve([(0, 0), (-0.3, 0.03), (-0.62, 0.14)], 24)
    board.stroke(frame.place(stalk), np.linspace(0.0016, 0.0026, 24), palette[2], line=palette[0], width=0.0007)


def _ginkgo(board: Sheet, frame: Frame) -> None:
    """A yellow fan, notched in the middle, on a long stalk."""
    turn = np.linspace(-1.05, 1.05, 61)
    edge = 1 + 0.03 * np.sin(17 * turn) + 0.04 * np.cos(5 * turn) - 0.32 * np.exp(-((turn / 0.07) ** 2))
    rim = np.stack([edge * np.cos(turn), edge * np.sin(turn)], 1)
    left = curve([(0, 0.0), (0.18, -0.1), (0.34, -0.38), rim[0]], 20)[:-1]
    outline = frame.place(np.concatenate([left, rim, (left * (1, -1))[::-1]]))
    _afloat(board, outline)

    def ribbed(area: Area) -> Field:
        u, v = frame.measure(area)
        angle, radius = np.arctan2(v, u), np.hypot(u, v)
        light = ramp(2.6 * step(1.05, 0.2, radius) + 0.5 * np.cos(angle * 60) * step(0.1, 0.5, radius) + 0.25, GINKGO)
        return light * (0.85 + 0.2 * step(-0.1, 0.1, v))[..., None]

    board.draw(outline, ribbed, line=GINKGO[0], width=0.0015)
    stalk = curve([(0.03, 0), (-0.3, 0.02), (-0.6, -0.08)], 24)
    board.stroke(frame.place(stalk), np.linspace(0.0018, 0.0024, 24), GINKGO[1], line=GINKGO[0], width=0.0007)
