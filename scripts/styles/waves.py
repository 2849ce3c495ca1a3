"""Waves: curling crests and clawed foam in flat colours with key lines, after woodcuts of the 1830s."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, sheet
from scripts.styles.fields import Field, colours, mix, noise, step

KEY, DEEP, BLUE, PALE, FOAM, SKY, DUSK, SUN = colours(
    "0d1c3a", "16407a", "2f78ab", "9cc9cf", "f6ecd2", "f3d9a4", "e79a63", "cf3a28"
)
LINE = 0.0022

BODY = [
    (1.12, 0.5),
    (1.02, 0.1),
    (0.86, -0.2),
    (0.62, -0.45),
    (0.34, -0.55),
    (0.08, -0.48),
    (-0.08, -0.3),
    (-0.12, -0.14),
    (0.02, -0.27),
    (0.18, -0.31),
    (0.32, -0.22),
    (0.36, -0.02),
    (0.26, 0.2),
    (0.0, 0.36),
    (-0.3, 0.5),
]
"""A wave that breaks to the left, in widths of itself: up its back, over the crest, down the hollow."""


def waves(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Rows of breaking waves, the nearer over the farther, under a sky printed from yellow into red."""
    grain = 1 + 0.025 * noise(random, x * 0.25, y, 90, 2)  # of the cherry wood
    fade = np.mod(y * 2.6 + 0.05, 1)
    board = sheet(random, x, mix(SKY, DUSK, step(0.45, 0.95, fade)), wobble=0.0008)
    rows = np.arange(-0.05, 1.5, 0.175)
    for number, base in enumerate(rows):
        size = 0.3
        shift = (number * 0.62) % 1 * 0.42
        for column in range(-2, 4):
            left = column * 0.42 + shift + random.normal(0, 0.012)
            frame = Frame(left, base, random.normal(0, 0.05), size * random.uniform(0.95, 1.15))
            _wave(board, frame, (number + 2 * column) % 3)
    return board.light * grain[..., None]


def _wave(board: Sheet, frame: Frame, hour: int) -> None:
    """One wave: the sun in its hollow, banded water, a rim of foam, claws, spray."""
    random = board.random
    ring = curve(BODY, 160)
    hollow = curve(BODY[7:], 60)
    board.draw(frame.place([(-0.45, 0.42), *ring[70:], (1.2, 0.62), (-0.45, 0.62)]), DEEP)
    ((sx, sy),) = frame.place([(0.1, 0.06)])
    low, high = ((SUN, DUSK), (DUSK, SKY), (SKY, FOAM))[hour]

    def glow(area: Area) -> Field:
        return mix(high, low, step(-0.2, 0.22, frame.measure(area)[1]))

    board.fill(board.cover([], np.array([[sx, sy, 0.32 * frame.size]])), glow, line=KEY, width=LINE)

    def water(area: Area) -> Field:
        depth = area.depth / frame.size
        u, v = frame.measure(area)
        depth = depth + 0.012 * np.sin(5 * u + 3 * v)
        light = mix(BLUE, DEEP, (np.mod(depth * 13 + 0.2, 1) < 0.5).astype(np.float32))
        light = mix(light, PALE, step(0.052, 0.05, np.abs(depth - 0.085)))
        key = np.abs(np.mod(depth * 13 + 0.2, 0.5) - 0.25) > 0.215
        return mix(light, KEY, (key & (depth > 0.13)).astype(np.float32))

    board.draw(frame.place(ring), water, line=KEY, width=LINE)
    for depth in (0.05, 0.11):  # threads of foam that run down the hollow
        thread = hollow[6:46] + np.stack([np.full(40, depth), 0.4 * depth * np.linspace(0, 1, 40)], 1)
        board.stroke(frame.place(thread), np.linspace(0.0045, 0.001, 40), FOAM)
    crest = curve(BODY[2:8], 40)
    for start, number in [(crest[i], i) for i in (2, 6, 10, 14, 18, 22, 26, 30, 34, 38)]:
        _claw(board, frame, start, number / 39)
    for _ in range(9):  # spray
        u, v = random.normal(-0.1, 0.12), random.normal(-0.5, 0.1)
        ((sx, sy),) = frame.place([(u, v)])
        dot = board.cover([], np.array([[sx, sy, random.uniform(0.003, 0.0065)]]))
        board.fill(dot, FOAM, line=KEY, width=LINE * 0.7)


def _claw(board: Sheet, frame: Frame, start: Field, along: float) -> None:
    """Foam at a point of the crest: a lobe with two or three hooked fingers that reach forward and down."""
    random = board.random
    reach = 0.06 + 0.1 * along
    discs = [(*start, 0.05 + 0.018 * along)]
    for finger in range(3):
        turn = np.pi - 0.9 + 0.75 * finger - 1.3 * along + random.normal(0, 0.15)
        point = np.array(start, float)
        for joint in range(6):
            point = point + reach / 4 * np.array([np.cos(turn), np.sin(turn)])
            turn -= 0.24
            discs.append((*point, 0.036 * (1 - joint / 7)))
    spots = np.array(discs, np.float32)
    spots[:, :2] = frame.place(spots[:, :2])
    spots[:, 2] *= frame.size
    board.fill(
        board.cover([], spots), lambda area: mix(PALE, FOAM, step(0.002, 0.005, area.depth)), line=KEY, width=LINE * 0.8
    )
