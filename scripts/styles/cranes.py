"""Cranes: red-crowned cranes fly over seigaiha, the fish-scale waves of kimono silk."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, lens, sheet
from scripts.styles.fields import Field, colours, mix, noise, step

NIGHT, INDIGO, TEAL, MIST, CREAM, GOLD, RED, SNOW, SOOT, GREY = colours(
    "0e1a3e", "1f3f7f", "2b8f98", "a9d3c4", "f5e9cf", "e0a93a", "d12f2a", "fdf9ef", "14151d", "b9bfca"
)
SCALES = ((NIGHT, MIST), (INDIGO, CREAM), (TEAL, CREAM), (colours("c8452f")[0], GOLD))
PITCH = 0.1
"""Width of a scale, in widths of the picture."""


def cranes(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Scales of six rings in four colours; gold clouds lie on them, cranes in two directions over all."""
    weave = 1 + 0.03 * np.cos(2 * np.pi * 192 * x) * np.cos(2 * np.pi * 192 * y) + 0.04 * noise(random, x, y, 6)
    board = sheet(random, x, NIGHT)
    for row in range(-1, 45):
        for column in range(-1, 12):
            cx, cy = (column + 0.5 * (row % 2)) * PITCH, row * PITCH / 4
            tone = int(random.choice(4, p=[0.36, 0.34, 0.2, 0.1]))
            dark, bright = SCALES[tone]

            def rings(area: Area, cx: float = cx, cy: float = cy, dark: Field = dark, bright: Field = bright) -> Field:
                radius = np.hypot(area.x - cx, area.y - cy) / (PITCH / 2)
                line = np.abs(np.mod(radius * 4.5 + 0.25, 1) - 0.5)
                light = dark * (0.75 + 0.4 * step(0.3, 1, radius))[..., None]
                return mix(light, bright, step(0.16, 0.12, line) * (radius < 0.97))

            board.fill(board.cover([], np.array([[cx, cy, PITCH / 2]])), rings, line=GOLD, width=0.0016)
    spots = [(0.25 * column + 0.125 * (row % 2), 0.165 * row - 0.08) for row in range(8) for column in range(-1, 5)]
    for cx, cy in spots[::2]:
        _cloud(board, cx + 0.1, cy + 0.07, 0.034)
    for number, (cx, cy) in enumerate(spots):
        turn = (-0.5 if number % 2 else np.pi + 0.5) + random.normal(0, 0.14)
        at = cx + random.normal(0, 0.008), cy + random.normal(0, 0.008)
        _crane(board, Frame(*at, turn, 0.175 * random.uniform(0.95, 1.1), number % 2 == 1))
    return np.asarray(board.light * weave[..., None], np.float32)


def _cloud(board: Sheet, cx: float, cy: float, size: float) -> None:
    """A band of gold cloud: rounded bars, stacked and shifted."""
    for up, shift, length in ((-0.42, 0.3, 1.0), (0.0, -0.2, 1.5), (0.42, 0.4, 0.9)):
        bar = np.linspace(-length, length, 24) * size + cx + shift * size
        path = np.stack([bar, np.full(24, cy + up * size)], 1)
        board.stroke(
            path,
            0.24 * size,
            lambda area: mix(GOLD, CREAM, step(0.003, 0.011, area.depth) * 0.6),
            line=RED,
            width=0.0016,
        )


def _crane(board: Sheet, frame: Frame) -> None:
    """A crane with both wings spread: u ahead; black legs, black quills, a red crown."""
    pinion = [(0.12, 0.06), (0.22, 0.28), (0.1, 0.5), (-0.02, 0.62)]
    arms = [curve(np.array(pinion) * (1, side), 40) for side in (1, -1)]
    for side in (0.018, -0.018):
        board.stroke(frame.place([(-0.1, side), (-0.36, side * 1.6), (-0.62, side)]), 0.0024, SOOT)
    tail = [frame.within(-0.14, 0, np.pi + turn, 0.2) for turn in (-0.5, 0.5, -0.25, 0.25, 0)]
    for feather in tail:
        board.draw(feather.place(lens(0.34, blunt=0.7)), SOOT, line=GREY, width=0.001)
    for arm, side in zip(arms, (1, -1), strict=True):
        for tier, (reach, colour, count) in enumerate(((0.4, SOOT, 11), (0.28, SNOW, 12), (0.17, SNOW, 12))):
            for number in range(count):
                along = number / (count - 1)
                root = arm[int(round(along * 39))]
                turn = np.pi - side * (0.12 + 0.95 * along**1.4)
                long = reach * (0.72 + 0.42 * along)
                feather = frame.within(float(root[0]), float(root[1]), turn, long)
                if colour is SOOT and along > 0.93:
                    continue

                def vane(area: Area, feather: Frame = feather, colour: Field = colour, tier: int = tier) -> Field:
                    u, v = feather.measure(area)
                    light = mix(colour, GREY, 0.55 * step(0.5, 0.1, u) * (tier > 0))
                    return mix(light, GREY, step(0.022, 0.012, np.abs(v)) * 0.8)

                board.draw(
                    feather.place(lens(0.27, blunt=0.6, tip=1.35)),
                    vane,
                    line=GREY if colour is SOOT else SOOT,
                    width=0.0011,
                )
        board.stroke(frame.place(arm), frame.size * np.linspace(0.045, 0.02, 40), SNOW, line=SOOT, width=0.0011)
    body = curve(
        [(-0.2, 0), (-0.1, 0.075), (0.08, 0.1), (0.22, 0.05), (0.26, 0), (0.22, -0.05), (0.08, -0.1), (-0.1, -0.075)],
        closed=True,
    )

    def down(area: Area) -> Field:
        u, v = frame.measure(area)
        row = np.floor(u * 22)
        scale = np.hypot(np.mod(u * 22, 1) - 0.1, np.mod(v * 22 + 0.5 * np.mod(row, 2), 1) - 0.5)
        return mix(SNOW, GREY, 0.6 * step(0.12, 0.06, np.abs(scale - 0.5)))

    board.draw(frame.place(body), down, line=SOOT, width=0.0011)
    neck = frame.place(curve([(0.2, 0), (0.34, 0.03), (0.48, 0.0), (0.62, 0.02)], 40))
    board.stroke(neck, frame.size * np.linspace(0.036, 0.02, 40), mix(SNOW, GREY, 0.3), line=SOOT, width=0.0011)
    board.stroke(neck[22:], frame.size * np.linspace(0.022, 0.02, 18), SOOT)
    head = frame.within(0.62, 0.02)
    board.draw(head.place([(0.02, 0.014), (0.18, 0.0), (0.02, -0.014)]), GOLD, line=SOOT, width=0.0009)
    for u, radius, colour in ((0.0, 0.033, SNOW), (0.012, 0.021, RED)):
        ((hx, hy),) = head.place([(u, 0)])
        board.fill(board.cover([], np.array([[hx, hy, radius * frame.size]])), colour, line=SOOT, width=0.0011)
