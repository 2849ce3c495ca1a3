"""Beetles: jewel beetles with iridescent wing cases among gold tendrils, as in a cabinet of curiosities."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, lens, sheet
from scripts.styles.fields import Field, colours, mix, noise, ramp, scatter, step

GROUND, PLUM, GOLD, BRONZE, BLACK, GLEAM = colours("150a24", "3a1746", "e9b64c", "7a4a16", "07070c", "fffbe8")
SHEENS = (
    colours("06281e", "0a7d3e", "35c74a", "c6e83c", "f7c233", "e0562a"),
    colours("0a0b3c", "1433b0", "1f8ae0", "37d6d0", "9af0a0", "f3e35a"),
    colours("2a0424", "8a0f4a", "d81f5a", "f4703a", "f9c64a", "8fe06a"),
    colours("170634", "4a16a0", "9a3ae0", "e05ac8", "f59a8a", "52d0e0"),
    colours("2a1402", "8a4a08", "d98a14", "f6cf3f", "b8e04a", "2fae7a"),
)
"""What thin layers reflect, from the flanks, seen aslant, to the back."""


def beetles(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Five kinds of sheen, striped, spotted or pitted; every beetle walks its own way."""
    board = sheet(random, x, mix(GROUND, PLUM, step(-1, 1.5, noise(random, x, y, 5, 2))), wobble=0.0004)
    places = scatter(random, 80, 0.182, 0.14)
    for cx, cy in scatter(random, 200, 0.085, 0.1):
        _tendril(
            board,
            Frame(
                float(cx), float(cy), random.uniform(0, 2 * np.pi), random.uniform(0.09, 0.13), random.random() < 0.5
            ),
        )
    kinds = random.permutation(np.arange(len(places)))
    for (cx, cy), kind in zip(places, kinds, strict=True):
        frame = Frame(float(cx), float(cy), random.uniform(0, 2 * np.pi), random.uniform(0.155, 0.19))
        _beetle(board, frame, SHEENS[kind % 5], int(kind // 5 % 3))
    return board.light


def _tendril(board: Sheet, frame: Frame) -> None:
    """A spiral of gold wire with three leaves."""
    turn = np.linspace(0, 3.4 * np.pi, 70)
    radius = 0.42 * (1 - turn / (4 * np.pi)) + 0.02
    path = np.stack([0.42 - radius * np.cos(turn), radius * np.sin(turn)], 1)
    board.stroke(frame.place(path), np.linspace(0.0024, 0.0011, 70), GOLD, line=BRONZE, width=0.0007)
    for number, aside in ((6, -0.9), (16, 0.7), (26, -0.8)):
        heading = np.arctan2(*(path[number + 1] - path[number])[::-1])
        leaf = frame.within(float(path[number, 0]), float(path[number, 1]), float(heading + aside), 0.3)
        board.draw(leaf.place(lens(0.42)), mix(BRONZE, GOLD, 0.45), line=GOLD, width=0.001)


def _beetle(board: Sheet, frame: Frame, sheen: Field, pattern: int) -> None:
    """A beetle from above, u ahead; patterns: furrows, spots, bands."""
    case = curve([(0.1, 0.0), (0.1, 0.2), (-0.05, 0.27), (-0.3, 0.24), (-0.5, 0.12), (-0.6, 0.0)], 60)
    whole = np.concatenate([case, (case * (1, -1))[::-1]])
    board.shade(frame.place(whole * 1.12), 0.85, offset=(0.008, 0.012), soft=0.016)
    for side in (1, -1):
        for root, knee, foot in (
            ((0.2, 0.14), (0.36, 0.36), (0.52, 0.34)),
            ((0.02, 0.2), (0.04, 0.46), (-0.1, 0.56)),
            ((-0.14, 0.2), (-0.34, 0.44), (-0.56, 0.42)),
        ):
            leg = np.array([root, knee, foot]) * (1, side)
            board.stroke(
                frame.place(leg[:2]), frame.size * np.array([0.034, 0.024]), sheen[1], line=BLACK, width=0.0011
            )
            board.stroke(
                frame.place(leg[1:]), frame.size * np.array([0.021, 0.009]), sheen[0] * 2, line=BLACK, width=0.0009
            )
        horn = curve(np.array([(0.42, 0.05), (0.56, 0.14), (0.68, 0.3), (0.66, 0.42)]) * (1, side), 30)
        board.stroke(frame.place(horn), frame.size * np.linspace(0.014, 0.009, 30), BLACK, line=sheen[1], width=0.0006)

    def lit(area: Area, u: Field, v: Field, width: Field, shift: float) -> Field:
        aslant = np.clip(1 - np.abs(v) / width, 0, 1)
        phase = 5.2 * np.sqrt(aslant) - 0.9 * u + shift + 0.35 * noise(board.random, u * 0.2 + 0.5, v * 0.2 + 0.5, 18)
        light = ramp(phase, sheen) * (0.4 + 0.8 * aslant**0.5)[..., None]
        spot = np.exp(-(((u + 0.08) / 0.22) ** 2) - ((np.abs(v) - 0.45 * width) / (0.14 * width)) ** 2)
        return mix(light, GLEAM, 0.75 * spot)

    shield = curve([(0.1, 0.0), (0.1, 0.2), (0.2, 0.21), (0.32, 0.14), (0.35, 0.0)], 40)
    head = curve([(0.31, 0.0), (0.32, 0.1), (0.4, 0.1), (0.47, 0.05), (0.48, 0.0)], 40)
    for part, middle, shift in ((head, 0.42, 0.4), (shield, 0.22, -0.6)):
        top = part[:, 1].max()

        def plate(area: Area, middle: float = middle, top: float = top, shift: float = shift) -> Field:
            u, v = frame.measure(area)
            return lit(area, u - middle, v, np.full(u.shape, top), shift)

        board.draw(frame.place(np.concatenate([part, (part * (1, -1))[::-1]])), plate, line=BLACK, width=0.0014)
    for side in (1, -1):
        ((ex, ey),) = frame.place([(0.4, 0.1 * side)])
        board.fill(board.cover([], np.array([[ex, ey, 0.028 * frame.size]])), BLACK, line=sheen[3], width=0.0008)

    def wings(area: Area) -> Field:
        u, v = frame.measure(area)
        width = np.interp(-u, -case[:, 0], case[:, 1]).astype(np.float32) + 0.01
        light = lit(area, u + 0.12, v, width, 0.0)
        if pattern == 0:
            furrow = np.abs(np.mod(np.abs(v) / width * 6, 1) - 0.5)
            light = light * (1 - 0.55 * step(0.2, 0.05, furrow))[..., None]
        elif pattern == 1:
            for su, sv, radius in ((-0.02, 0.13, 0.055), (-0.2, 0.14, 0.065), (-0.38, 0.1, 0.05)):
                far = np.hypot(u - su, np.abs(v) - sv)
                light = mix(light, sheen[4], step(radius + 0.016, radius + 0.008, far))
                light = mix(light, BLACK, step(radius, radius - 0.01, far))
        else:
            band = np.abs(np.mod(u * 4.6 + 0.25 * np.cos(np.abs(v) * 30), 1) - 0.5)
            light = mix(light, BLACK, 0.85 * step(0.19, 0.15, band))
        return mix(light, BLACK, step(0.012, 0.006, np.abs(v)))

    board.draw(frame.place(whole), wings, line=BLACK, width=0.0015)
    board.draw(frame.place([(0.1, 0.04), (0.1, -0.04), (0.02, 0.0)]), sheen[2], line=BLACK, width=0.0011)
