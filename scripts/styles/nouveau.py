"""Nouveau: lilies on whiplash stems before golden halos, outlined as in posters and leaded lamps of 1900."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, lens, mottle, shaded, sheet
from scripts.styles.fields import Field, colours, mix, ramp, step

INK, NIGHT, SEA, SAGE, MOSS, GOLD, HONEY, CREAM = colours(
    "1a1014", "0f3a40", "1f6a68", "8fb47a", "3f6f43", "d69a2e", "f3cf7a", "fbf0d6"
)
LILIES = (
    colours("fdf3e0", "f8d3b8", "ea8f78", "b83a52"),
    colours("fff6dc", "fbe08f", "f2a53a", "c8541c"),
    colours("f6eef6", "d9b9e0", "9a6ac0", "552a7e"),
)
"""From a petal's tip to its throat."""
LINE = 0.0028
"""A contour's breadth, in widths: 2 px of 768."""


def nouveau(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Lilies in half drop, each before a halo; stems lash from one to the next, leaves like ribbons."""
    fish = np.abs(np.mod(y * 34 + 0.28 * np.cos(2 * np.pi * x * 17), 1) - 0.5)  # a comb of waves for the ground
    ground = mix(mix(NIGHT, SEA, 0.7), NIGHT, step(0.2, 0.1, fish))
    board = sheet(random, x, ground * mottle(random, x, y, 0.04), wobble=0.0006)
    wide, high = 0.36, 0.41
    places = [
        (
            wide * (column + 0.5 * (row % 2)) + random.normal(0, 0.008),
            high / 2 * row + random.normal(0, 0.008),
            row + column,
        )
        for row in range(-2, 8)
        for column in range(-2, 5)
    ]
    for cx, cy, number in places:
        if number % 2:
            _halo(board, cx, cy - 0.045, 0.105)
    for cx, cy, number in places:
        side = 1 if number % 2 else -1
        lash = [(0, 0.03), (0.03, 0.12), (-0.03, 0.22), (-0.14, 0.25), (-0.17, 0.17), (-0.1, 0.15), (-0.085, 0.2)]
        stem = curve(np.array(lash) * (side, 1) + (cx, cy), 120)
        board.stroke(
            stem, np.linspace(0.0085, 0.0045, 120), shaded(MOSS, SAGE, reach=0.006), line=INK, width=LINE * 0.8
        )
        for start, turn, long in ((30, 2.3, 0.23), (16, 0.75, 0.19)):
            px, py = map(float, stem[start])
            _ribbon(board, Frame(px, py, np.pi / 2 - side * turn, long, side > 0, 0.5))
    for cx, cy, number in places:
        _lily(
            board,
            Frame(cx, cy + 0.035, -np.pi / 2 + random.normal(0, 0.12), 0.135 * random.uniform(0.96, 1.06)),
            LILIES[number % 3],
        )
    return board.light


def _halo(board: Sheet, cx: float, cy: float, radius: float) -> None:
    """A disc of gold with a border of beads, as on a poster."""

    def rays(area: Area) -> Field:
        far, angle = np.hypot(area.x - cx, area.y - cy) / radius, np.arctan2(area.y - cy, area.x - cx)
        light = mix(HONEY, GOLD, step(-0.2, 0.2, np.cos(angle * 28)) * step(0.2, 0.5, far))
        light = mix(light, NIGHT, step(0.8, 0.805, far))
        bead = np.hypot((np.mod(angle * 36 / (2 * np.pi), 1) - 0.5) * 0.157, far - 0.895)
        light = mix(light, CREAM, step(0.058, 0.05, bead))
        return mix(light, INK, step(0.02, 0.014, np.abs(far - 0.8)))

    board.fill(board.cover([], np.array([[cx, cy, radius]])), rays, line=INK, width=LINE)


def _ribbon(board: Sheet, frame: Frame) -> None:
    """A long leaf, one half lit, that bends over."""

    def halves(area: Area) -> Field:
        u, v = frame.measure(area)
        light = mix(MOSS, SAGE, step(-0.01, 0.01, v))
        vein = np.abs(np.mod(v * 28, 1) - 0.5)
        return mix(light, mix(MOSS, NIGHT, 0.5), 0.5 * step(0.16, 0.08, vein)) * (0.8 + 0.4 * u)[..., None]

    board.draw(frame.place(lens(0.2, tip=0.75)), halves, line=INK, width=LINE)


def _lily(board: Sheet, frame: Frame, palette: Field) -> None:
    """A lily from the side, u upwards: back petals, curling side petals, one that hangs forward, stamens."""

    def petal(at: Frame, breadth: float, tip: float = 1.0) -> None:
        def tinted(area: Area) -> Field:
            u, v = at.measure(area)
            light = ramp(3.3 - 3.6 * np.clip(u, 0, 1), palette)
            ray = np.abs(np.mod(v / (0.3 * np.sin(np.pi * np.clip(u, 0.05, 0.95))) * 3.5, 1) - 0.5)
            light = mix(light, palette[3], 0.45 * step(0.14, 0.05, ray) * step(0.75, 0.45, u))
            light = mix(light, palette[2], 0.7 * step(0.006, 0.002, area.depth))
            freckle = np.hypot(np.mod(u * 17, 1) - 0.5, np.mod(v * 17 + 0.5 * np.mod(np.floor(u * 17), 2), 1) - 0.5)
            return mix(light, palette[3], step(0.24, 0.16, freckle) * step(0.5, 0.4, u) * step(0.1, 0.2, u))

        board.draw(at.place(lens(breadth, blunt=0.9, tip=tip)), tinted, line=INK, width=LINE)

    for side in (-1, 1):
        petal(frame.within(0.1, 0, side * 0.52, 1.0, bend=side * 0.12), 0.4, 0.9)
    petal(frame.within(0.1, 0, 0, 1.06), 0.44, 0.95)
    for side in (-1, 1):
        petal(frame.within(0.1, side * 0.03, side * 1.12, 0.98, bend=side * 0.4), 0.36, 0.85)
    for number in range(5):
        turn = (number - 2) * 0.24
        tip = np.array([0.7 * np.cos(turn), 0.7 * np.sin(turn) + 0.03 * np.sign(turn)])
        thread = frame.place(curve([(0.12, 0), tip * (0.55, 0.35), tip], 24))
        board.stroke(thread, 0.0021, CREAM, line=INK, width=0.0009)
        anther = frame.within(float(tip[0]), float(tip[1]), turn + 1.2, 0.13)
        board.draw(anther.place(lens(0.42, blunt=0.7) - (0.5, 0)), palette[3] * 0.8, line=INK, width=0.0013)
    cup = curve([(-0.1, 0), (0.0, 0.08), (0.22, 0.1), (0.3, 0.0), (0.22, -0.1), (0.0, -0.08)], closed=True)
    board.draw(frame.place(cup), shaded(MOSS, SAGE, reach=0.01), line=INK, width=LINE)
