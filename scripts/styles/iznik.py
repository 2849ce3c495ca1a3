"""Iznik: tulips, carnations and feathery leaves under the glaze, after Ottoman tiles of the 1570s."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, lens, mottle, shaded, sheet
from scripts.styles.fields import Field, colours, mix, noise, step

INK, COBALT, SEA, TURQUOISE, RED, CORAL, WHITE, GREEN = colours(
    "0b1440", "123a9c", "2f6fd0", "1fa8b0", "c4281c", "ee6a48", "f4f5ee", "1d7a55"
)
LINE = 0.0021
"""Half a hair of the brush, in widths: 1.6 px of 768."""


def iznik(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Bouquets in half drop: a carnation between two tulips and two leaves, rosettes where the stems meet."""
    ground = WHITE * mottle(random, x, y, 0.02)
    board = sheet(random, x, ground, wobble=0.001)
    wide, high = 1 / 3, 0.4
    bouquets = [
        (wide * (column + 0.5 * (row % 2)), high / 2 * row, (row + column) % 2)
        for row in range(-1, 8)
        for column in range(-1, 5)
    ]
    for cx, cy, _ in bouquets:
        for side in (-1, 1):
            stem = curve([(0, 0.2), (0.03, 0.13), (0.14, 0.1), (0.17, 0.0), (0.1, -0.06)]) * (side, 1) + (cx, cy)
            board.stroke(stem.astype(np.float32), 0.0042, GREEN, line=INK, width=LINE * 0.7)
        board.stroke(
            curve([(cx, cy + 0.2), (cx + 0.004, cy + 0.1), (cx, cy)]), 0.0048, GREEN, line=INK, width=LINE * 0.7
        )
    for cx, cy, kind in bouquets:
        for side in (-1, 1):
            turn = -np.pi / 2 + side * 0.75
            _leaf(board, Frame(cx + side * 0.012, cy + 0.165, turn, 0.2, side > 0, 0.34), TURQUOISE if kind else COBALT)
            _tulip(board, Frame(cx + side * 0.1, cy - 0.06, -np.pi / 2 - side * 0.55, 0.105), CORAL if kind else SEA)
            bud = Frame(cx + side * 0.15, cy + 0.085, -np.pi / 2 + side * 1.2, 0.05)
            _rosette(board, bud, 6, RED if kind else TURQUOISE, WHITE, 0.62)
        for side in (-1, 1):
            for up, out in ((0.1, 0.03), (0.065, 0.045)):
                twig = curve(
                    [(cx, cy + up + 0.03), (cx + side * out * 0.3, cy + up), (cx + side * out, cy + up - 0.012)]
                )
                board.stroke(twig, 0.0024, INK)
                bud = Frame(cx + side * out * 0.85, cy + up - 0.004, -np.pi / 2 + side * 0.9, 0.034)
                board.draw(bud.place(lens(0.62, blunt=0.8)), SEA if kind else CORAL, line=INK, width=LINE)
                board.draw(bud.place(lens(0.3, blunt=0.8) * (0.5, 1)), WHITE)
        _carnation(board, Frame(cx, cy + 0.02, -np.pi / 2, 0.125), RED if not kind else COBALT)
        _rosette(board, Frame(cx, cy + 0.19, random.uniform(0, 1), 0.05), 8, COBALT if kind else RED, WHITE, 0.85)
    # Colour pools where the glaze is thick, and it runs a little.
    pool = np.clip(1 + 0.16 * noise(random, x, y, 40, 2), 0.5, 1.6)[..., None]
    return np.asarray(board.light ** (0.8 + 0.2 * pool), np.float32)


def _tulip(board: Sheet, frame: Frame, colour: Field) -> None:
    """A slim tulip, u upwards: two outer petals that curl, an inner one, stripes of white."""

    def striped(area: Area) -> Field:
        u, v = frame.measure(area)
        light = mix(colour * 1.05, colour * 0.75, step(0.7, 0.1, u))
        mark = np.abs(np.mod(v * 9 + 0.5, 1) - 0.5) < 0.17 * step(0.85, 0.3, u)
        return mix(light, WHITE, mark * step(0.1, 0.25, u))

    inner = frame.place(lens(0.5, tip=1.1) * (0.95, 1) + (0.08, 0))
    board.draw(inner, shaded(RED, CORAL, reach=0.012) if colour is not CORAL else COBALT, line=INK, width=LINE)
    for side in (-1, 1):
        petal = curve(
            [(0, 0), (0.12, 0.2), (0.42, 0.27), (0.72, 0.2), (1.0, 0.36), (0.72, 0.05), (0.42, 0.0), (0.15, -0.03)],
            closed=True,
        )
        board.draw(frame.place(petal * (1, side)), striped, line=INK, width=LINE)
    cup = frame.place(
        curve([(-0.06, 0), (0.03, 0.13), (0.16, 0.1), (0.1, 0), (0.16, -0.1), (0.03, -0.13)], closed=True)
    )
    board.draw(cup, GREEN, line=INK, width=LINE)


def _carnation(board: Sheet, frame: Frame, colour: Field) -> None:
    """A carnation from the side: a fan of toothed petals in two tiers over a green calyx."""
    pale = mix(colour, WHITE, 0.5)
    for tier, (count, spread, length) in enumerate(((7, 1.25, 1.0), (5, 0.95, 0.68))):
        order = sorted(range(count), key=lambda i: -abs(i - (count - 1) / 2))
        for number in order:
            turn = spread * (2 * number / (count - 1) - 1)
            petal = frame.within(0.16, 0, turn, length * 0.84)
            teeth = [(0.1, 0.05), (0.5, 0.13), (0.86, 0.24)]
            rim = [(0.9 + 0.1 * (i % 2) - 0.05 * abs(i - 3) / 3, 0.24 - 0.08 * i) for i in range(7)]
            outline = np.array(teeth + rim + [(u, -v) for u, v in teeth[::-1]], np.float32)

            def veined(area: Area, petal: Frame = petal, tier: int = tier) -> Field:
                u, v = petal.measure(area)
                light = mix(pale if tier else colour, colour, step(0.3, 0.75, u))
                light = mix(light, WHITE, step(0.02, 0.01, np.abs(v)) * step(0.2, 0.3, u) * step(0.85, 0.8, u))
                return mix(light, WHITE, step(0.07, 0.05, np.hypot((u - 0.72), np.abs(v) - 0.11)))

            board.draw(petal.place(outline), veined, line=INK, width=LINE)
    calyx = curve([(-0.06, 0), (-0.02, 0.12), (0.26, 0.17), (0.2, 0), (0.26, -0.17), (-0.02, -0.12)], closed=True)
    board.draw(frame.place(calyx), shaded(GREEN * 0.7, GREEN, TURQUOISE, reach=0.016), line=INK, width=LINE)


def _leaf(board: Sheet, frame: Frame, colour: Field) -> None:
    """A saz leaf: long, bent, toothed on one side, a spine of white dashes."""
    u = np.linspace(0, 1, 121)
    edge = 0.17 * np.sin(np.pi * u**0.85) ** 0.8
    tooth = 1 + 0.22 * np.abs(np.sin(9 * np.pi * u)) ** 0.7
    outline = np.concatenate([np.stack([u, edge * tooth], 1), np.stack([u, -edge * tooth * 0.8], 1)[::-1]])

    def spined(area: Area) -> Field:
        u, v = frame.measure(area)
        light = mix(colour, mix(colour, SEA, 0.75), step(0.0, 0.01, v))
        light = mix(
            light,
            INK,
            0.8 * step(0.1, 0.06, np.abs(np.mod(9 * u - 5 * np.abs(v), 1) - 0.5)) * step(0.05, 0.06, np.abs(v)),
        )
        rib = step(0.035, 0.025, np.abs(v)) * step(0.05, 0.1, u) * step(0.92, 0.85, u)
        light = mix(light, WHITE, rib)
        return mix(light, RED, rib * (np.mod(u * 12, 1) < 0.55) * step(0.022, 0.014, np.abs(v)))

    board.draw(frame.place(outline), spined, line=INK, width=LINE)


def _rosette(board: Sheet, frame: Frame, petals: int, colour: Field, heart: Field, plump: float) -> None:
    """A round flower from above."""
    for number in range(petals):
        petal = frame.within(0, 0, number * 2 * np.pi / petals)
        outline = petal.place(lens(plump * 2 * np.pi / petals * 0.7, blunt=0.55, tip=1.7))
        board.draw(outline, shaded(colour, colour, mix(colour, WHITE, 0.55), reach=0.012), line=INK, width=LINE)
    ((cx, cy),) = frame.place([(0, 0)])
    for radius, paint in ((0.36, heart), (0.2, RED if colour is not RED else COBALT)):
        disc = board.cover([], np.array([[cx, cy, radius * frame.size]]))
        board.fill(disc, paint, line=INK, width=LINE * 0.8)
