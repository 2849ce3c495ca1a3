"""Batik: leaves and flowers in indigo and soga brown on cotton, dotted by the tjanting; the wax has cracked."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, lens, sheet
from scripts.styles.fields import Field, colours, mix, noise, panes, scatter, step

COTTON, CREAM, SOGA, BROWN, INDIGO, BLUE, SKY, RUST = colours(
    "f8ecd0", "efd7a2", "c98a3c", "5e2c14", "10204e", "27509a", "8fb8d6", "b9452a"
)
WAX = 0.0026
"""Half a line of the tjanting, in widths."""


def batik(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Leaves and flowers left pale by wax on indigo, filled with dots; the dye creeps in where the wax cracked."""
    x = x + 0.0015 * noise(random, x, y, 50)
    y = y + 0.0015 * noise(random, x, y, 50)
    board = sheet(random, x, INDIGO, wobble=0.0006)
    for cx, cy in scatter(random, 900, 0.027, 0.05):  # the ground's rice grains
        grain = Frame(float(cx), float(cy), random.uniform(0, np.pi), 0.016)
        board.fill(board.cover([grain.place(lens(0.5, count=9) - (0.5, 0))]), SKY)
    places = scatter(random, 60, 0.205, 0.16)
    for number, (cx, cy) in enumerate(places):
        turn = random.uniform(0, 2 * np.pi)
        for side in (1, -1):
            _spray(board, Frame(float(cx), float(cy), turn + side * 1.45, 0.2, side < 0), number)
        _leaf(board, Frame(float(cx), float(cy), turn + 0.15, 0.17, False, 0.2), BLUE)
        _leaf(board, Frame(float(cx), float(cy), turn + np.pi - 0.15, 0.17, True, 0.2), RUST)
    for number, (cx, cy) in enumerate(places):
        _flower(board, Frame(float(cx), float(cy), random.uniform(0, 2), 0.085), (RUST, SOGA, BLUE)[number % 3])
    # Cracks: the borders of large shards within larger ones, broken off at random.
    crack = np.zeros(x.shape, np.float32)
    bent_x, bent_y = x + 0.02 * noise(random, x, y, 6, 3), y + 0.02 * noise(random, x, y, 6, 3)
    for count, width in ((26, 0.0013), (90, 0.0008)):
        _, border = panes(random.uniform(-0.15, 1.15, (count, 2)).astype(np.float32), bent_x, bent_y)
        here = step(-0.4, 0.6, noise(random, x, y, 6))
        crack = np.maximum(crack, here * step(width * 1.6, width * 0.5, border))
    light = mix(board.light, mix(INDIGO, BROWN, 0.3), 0.75 * crack)
    dye = 1 + 0.07 * noise(random, x, y, 9, 3)
    return np.asarray(light * dye[..., None], np.float32)


def _dots(board: Sheet, path: Field, gap: float, radius: float, colour: Field) -> None:
    """Dots of wax along a path (n, 2)."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    marks = np.arange(gap / 2, along[-1], gap)
    spots = np.stack([np.interp(marks, along, path[:, c]) for c in (0, 1)] + [np.full(len(marks), radius)], 1)
    if len(spots):
        board.fill(board.cover([], spots.astype(np.float32)), colour)


def _leaf(board: Sheet, frame: Frame, colour: Field) -> None:
    """A leaf in a double line, halves hatched and dotted."""
    outline = lens(0.42, tip=0.8)

    def filled(area: Area) -> Field:
        u, v = frame.measure(area)
        vein = np.abs(np.mod(11 * (u - 0.8 * np.abs(v)), 1) - 0.5)
        light = mix(np.broadcast_to(colour, (*u.shape, 3)), COTTON, step(0.18, 0.12, vein) * (v > 0))
        row = 20 * u
        dot = np.hypot(np.mod(row, 1) - 0.5, np.mod(20 * v + 0.5 * np.mod(np.floor(row), 2), 1) - 0.5)
        light = mix(light, COTTON, step(0.3, 0.22, dot) * (v < 0))
        light = mix(light, COTTON, step(0.025, 0.018, np.abs(v)))
        light = mix(light, BROWN, step(2.6 * WAX, 2.4 * WAX, area.depth))
        return mix(light, COTTON, step(1.6 * WAX, 1.4 * WAX, area.depth))

    board.draw(frame.place(outline), filled)


def _spray(board: Sheet, frame: Frame, number: int) -> None:
    """A stem that curls, buds along it."""
    path = curve([(0, 0), (0.35, 0.1), (0.7, 0.0), (0.85, -0.25), (0.65, -0.38), (0.52, -0.25)], 80)
    board.stroke(frame.place(path), np.linspace(0.0058, 0.003, 80), COTTON)
    board.stroke(frame.place(path), np.linspace(0.0026, 0.001, 80), BROWN)
    for at, aside in ((22, 1), (34, -1), (44, 1), (54, 1)):
        heading = float(np.arctan2(*(path[at + 1] - path[at])[::-1]))
        bud = frame.within(float(path[at, 0]), float(path[at, 1]), heading + aside * 0.9, 0.3)
        board.draw(bud.place(lens(0.5, blunt=0.8)), COTTON)
        middle = (lens(0.5, blunt=0.8) - (0.5, 0)) * (0.72, 0.6) + (0.5, 0)
        board.draw(bud.place(middle), (SOGA, RUST, BLUE)[(number + at) % 3])
        _dots(board, bud.place([(0.25, 0), (0.75, 0)]), 0.0085, 0.0019, COTTON)
    _dots(board, frame.place(path + (0.0, 0.09)), 0.0125, 0.0028, COTTON)


def _flower(board: Sheet, frame: Frame, colour: Field) -> None:
    """Two whorls of eight petals; a heart of nets and dots."""
    for count, size, shift, paint in ((8, 1.0, 0.0, colour), (8, 0.68, 0.39, CREAM)):
        for number in range(count):
            petal = frame.within(0, 0, shift + number * 2 * np.pi / count, size)
            outline = petal.place(lens(0.72, blunt=0.6, tip=1.7))

            def filled(area: Area, petal: Frame = petal, paint: Field = paint) -> Field:
                u, v = petal.measure(area)
                light = mix(
                    paint,
                    BROWN,
                    0.75 * step(0.75, 0.3, u) * step(0.2, 0.1, np.abs(np.mod(v * 14 / (u + 0.25), 1) - 0.5)),
                )
                light = mix(light, BROWN, step(2.2 * WAX, 2.0 * WAX, area.depth))
                return mix(light, COTTON, step(1.5 * WAX, 1.3 * WAX, area.depth))

            board.draw(outline, filled)
    ((cx, cy),) = frame.place([(0, 0)])
    for radius, paint in ((0.27, COTTON), (0.215, BROWN), (0.1, SOGA)):
        board.fill(board.cover([], np.array([[cx, cy, radius * frame.size]])), paint)
    turn = np.linspace(0, 2 * np.pi, 60)
    _dots(board, frame.place(0.16 * np.stack([np.cos(turn), np.sin(turn)], 1)), 0.0082, 0.0021, COTTON)
    _dots(board, frame.place(1.06 * np.stack([np.cos(turn), np.sin(turn)], 1)), 0.0125, 0.0028, COTTON)
