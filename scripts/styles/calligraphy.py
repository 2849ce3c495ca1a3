"""Calligraphy: lines of an invented script by a broad reed pen, gold marks, flowers of the illuminator."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Frame, Sheet, curve, lens, mottle, shaded, sheet
from scripts.styles.fields import Field, colours, mix, noise, step

PAPER, SHADE, INK, SEPIA, LAPIS, GOLD, UMBER, ROSE, LEAF = colours(
    "f6e6c3", "e5c896", "120d12", "3d2a22", "1c3f9a", "e2a72c", "7a4b12", "c8362e", "2f7a55"
)
LINE = 1 / 6.5
"""From line to line, in widths."""
NIB = 0.0105
"""Half the pen's breadth, in widths."""
SLANT = 0.9
"""Angle of the nib's edge to the line."""

STROKES = (
    [(0, -0.95), (0.04, -0.4), (0.02, 0.0), (-0.25, 0.06)],
    [(0, -0.15), (-0.12, 0.08), (-0.35, 0.1), (-0.5, -0.12), (-0.55, -0.3)],
    [(0, -0.3), (-0.2, -0.42), (-0.3, -0.2), (-0.08, -0.08), (-0.3, 0.03), (-0.6, 0.0)],
    [(0, -0.1), (-0.15, 0.1), (-0.3, -0.02), (-0.42, 0.1), (-0.55, -0.02), (-0.7, 0.1), (-0.95, 0.04)],
    [(0, -0.25), (-0.2, 0.15), (-0.6, 0.42), (-1.0, 0.3), (-1.12, 0.05)],
    [(0, -1.0), (-0.1, -0.6), (-0.45, -0.3), (-0.5, 0.0), (-0.9, 0.02)],
    [(0, -0.05), (-0.7, 0.1), (-1.5, 0.02), (-1.75, -0.3)],
    [(0, -0.2), (-0.2, -0.35), (-0.36, -0.1), (-0.1, 0.05), (-0.1, 0.4), (-0.5, 0.55)],
)
"""Letters that are nobody's: a staff, bowls, a loop, teeth, tails. Units of a line's height."""


def calligraphy(random: np.random.Generator, x: Field, y: Field) -> Field:
    """A page: lines that swing, thick and thin by the nib's angle, in clouds of paper on gold with flowers."""
    paper = mix(PAPER, SHADE, step(-0.5, 2.5, noise(random, x, y, 4, 3))) * mottle(random, x, y, 0.015)
    hatch = step(0.5, 0.9, np.cos(2 * np.pi * 110 * (x + y + 0.004 * noise(random, x, y, 9))))
    board = sheet(random, x, mix(mix(GOLD, PAPER, 0.2), UMBER, 0.3 * hatch), wobble=0.0002)
    lines = (np.arange(-1, 8) + 0.6) * LINE
    for base in lines:
        _cloud(board, base, paper)
    for base in lines:
        for cx in np.arange(-0.02, 1.2, 0.13) + random.uniform(0, 0.13):
            at = float(cx), base + 0.42 * LINE + random.normal(0, 0.005)
            _flower(board, Frame(*at, random.uniform(0, 6), random.uniform(0.021, 0.027)), random.random() < 0.4)
    for base in lines:
        _write(board, base)
    return board.light


def _write(board: Sheet, base: float) -> None:
    """A line of words, every word lifted a little and falling back to the line."""
    random, high, ink = board.random, 0.66 * LINE, INK
    pen = 1.08 + random.uniform(0, 0.1)
    while pen > -0.15:
        lift = 0.2 * high
        letters = int(random.integers(2, 5))
        for letter in range(letters):
            form = np.array(STROKES[random.integers(len(STROKES))])
            form = form + random.normal(0, 0.03, form.shape)
            path = curve(form * high * (0.92, 0.95) + (pen, base - lift), 90)
            path[:, 0] = 1 - path[:, 0]
            _pen(board, path, ink)
            pen += float(form[:, 0].min()) * high * (0.62 if letter + 1 < letters else 0.9)
            lift -= 0.16 * high
            marks = int(random.choice(4, p=[0.4, 0.25, 0.2, 0.15]))
            for mark in range(marks):
                at = path[45] + (0.02 * (mark - marks / 2), random.choice([-0.5, 0.36]) * high + 0.008 * (mark % 2))
                _diamond(board, at, 0.0056, ink)
            if random.random() < 0.5:
                at = path[20] + (0, -0.5 * high)
                dash = curve([at, at + (0.014, -0.004), at + (0.032, 0.006)], 20)
                board.stroke(dash, np.linspace(0.0032, 0.0012, 20), ROSE)
        pen -= 0.035
        _diamond(board, np.array([1 - pen - 0.03, base - 0.3 * high]), 0.0095, ROSE)


def _pen(board: Sheet, path: Field, ink: Field) -> None:
    """A stroke of the broad nib: its breadth is the nib's edge seen across the way."""
    tangent = np.gradient(path, axis=0)
    heading = np.arctan2(tangent[:, 1], tangent[:, 0])
    half = NIB * (0.16 + 0.84 * np.abs(np.sin(heading - SLANT))).astype(np.float32)
    half *= np.interp(np.linspace(0, 1, len(path)), [0, 0.06, 0.75, 1], [0.55, 1, 1, 0.18])
    area = board.track(path, half)
    if area is not None:
        wet = noise(board.random, area.x, area.y, 40, 2)
        tone = step(0.6, 1.6, wet) * 0.5 + 0.4 * step(0.0025, 0.0, area.depth)
        board.fill(area, mix(np.broadcast_to(ink, (*wet.shape, 3)), SEPIA, np.clip(tone, 0, 1)))


def _diamond(board: Sheet, at: Field, size: float, colour: Field) -> None:
    """A point as the nib makes it: a square on its corner."""
    corners = np.array([(0, -1), (1, 0.15), (0.1, 1.1), (-1, -0.1)]) * size
    board.draw((corners + at).astype(np.float32), colour)


def _cloud(board: Sheet, base: float, paper: Field) -> None:
    """A bank of paper around a line, scalloped, as illuminators set a line off from its ground."""
    turn = np.linspace(-0.05, 1.05, 240)
    phase = board.random.uniform(0, 3, 2)
    top = base - 0.5 * LINE - 0.014 * np.abs(np.sin(turn * 19 + phase[0])) + 0.008 * np.sin(turn * 7 + phase[1])
    low = base + 0.22 * LINE + 0.014 * np.abs(np.sin(turn * 17 + phase[1])) + 0.008 * np.sin(turn * 6 + phase[0])
    bank = np.concatenate([np.stack([turn, top], 1), np.stack([turn, low], 1)[::-1]]).astype(np.float32)
    board.draw(
        bank,
        lambda area: mix(paper[area.box], ROSE, step(0.0012, 0.0008, np.abs(area.depth - 0.005))),
        line=INK,
        width=0.0016,
    )


def _flower(board: Sheet, frame: Frame, rosy: bool) -> None:
    """A blossom of five petals with two leaves."""
    colour = ROSE if rosy else LAPIS
    for turn in (0.6, 3.4):
        board.draw(frame.within(0, 0, turn, 1.6).place(lens(0.5)), LEAF, line=INK, width=0.0012)
    for number in range(5):
        petal = frame.within(0, 0, number * 2 * np.pi / 5).place(lens(0.95, blunt=0.6, tip=1.6))
        board.draw(petal, shaded(colour, colour, mix(colour, PAPER, 0.6), reach=0.011), line=INK, width=0.0012)
    ((cx, cy),) = frame.place([(0, 0)])
    board.fill(board.cover([], np.array([[cx, cy, 0.0072]])), GOLD, line=INK, width=0.001)
