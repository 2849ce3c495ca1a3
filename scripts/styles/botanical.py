"""Botanical: branches with leaves, blossoms and berries, engraved and coloured by hand, after plates of 1800."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, lens, mottle, sheet
from scripts.styles.fields import Field, colours, mix, noise, ramp, step

PAPER, TEA, INK = colours("f7ecd2", "ead6ac", "1c1a14")
GREENS = (
    colours("1f5a3a", "4f9450", "b9cc6a"),
    colours("2a6a5c", "62a68a", "cfe0a8"),
    colours("66701c", "a3a832", "e6d66a"),
)
ROSES, BERRY, BARK, GOLD = (
    colours("a3203c", "dd5a6a", "f8c9bf", "fdf0e2"),
    colours("6e0f2a", "c4233a", "f58a6a"),
    colours("6a4528")[0],
    colours("e0a324")[0],
)


def botanical(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Branches that wave upwards, on old paper; lines swell where the shade is."""
    paper = mix(PAPER, TEA, step(-0.4, 2.4, noise(random, x, y, 4, 3))) * mottle(random, x, y, 0.012)
    board = sheet(random, x, paper, wobble=0.0004)
    for number in range(-1, 6):
        cx = 0.05 + 0.215 * number
        rows = np.linspace(1.15, -0.15, 9)
        bend = 0.055 * (1 - 2 * (np.arange(9) % 2)) + random.normal(0, 0.006, 9)
        branch = curve(np.stack([cx + bend, rows + 0.04 * number], 1), 200)
        tangent = np.arctan2(*np.gradient(branch, axis=0).T[::-1])
        board.stroke(branch, 0.0042, mix(BARK, GREENS[number % 3][0], 0.5), line=INK, width=0.0012)
        for step_, at in enumerate(range(6, 200, 9)):
            side = 1 if step_ % 2 else -1
            px, py = map(float, branch[at])
            heading = float(tangent[at])
            if step_ % 6 == 3:
                _blossom(board, px, py, heading + side * 1.0)
            elif step_ % 6 == 0:
                _berries(board, Frame(px, py, heading + side * 1.0, 0.11, side > 0))
            else:
                _leaf(
                    board,
                    Frame(
                        px, py, heading + side * random.uniform(0.75, 1.05), random.uniform(0.135, 0.17), side > 0, 0.2
                    ),
                    GREENS[number % 3],
                )
    return board.light


def _engraved(light: Field, phase: Field, shade: Field) -> Field:
    """Hatch with lines along whole numbers of a phase, as broad as the shade, 0 to 1, is dark."""
    off = np.abs(np.mod(phase + 0.5, 1) - 0.5)
    return mix(light, INK, 0.9 * step(0.06, -0.06, off - 0.36 * np.clip(shade, 0, 1)))


def _leaf(board: Sheet, frame: Frame, green: Field) -> None:
    """A pointed leaf, its near half lit; hatching follows the side veins."""
    stalk = frame.place([(0, 0), (0.1, 0), (0.2, 0)])
    board.stroke(stalk, 0.002, green[0], line=INK, width=0.0008)
    blade = frame.within(0.14, 0.004, 0, 0.9, bend=0.22)
    u = np.linspace(0, 1, 90)
    edge = 0.2 * np.sin(np.pi * u**0.75) * (1 + 0.06 * np.mod(u * 13, 1))
    outline = blade.place(np.concatenate([np.stack([u, edge], 1), np.stack([u, -edge], 1)[::-1]]))

    def engraved(area: Area) -> Field:
        u, v = blade.measure(area)
        across = np.abs(v) / (0.2 * np.sin(np.pi * np.clip(u, 0.02, 0.98) ** 0.75))
        wash = ramp(1.1 + 0.8 * np.sign(v) * step(0, 0.02, np.abs(v)) - 0.5 * across, green)
        veins = 8.5 * (u - 0.9 * np.abs(v))
        near = np.abs(np.mod(veins, 1) - 0.5)
        light = wash * (1 - 0.2 * step(0.2, 0.5, near))[..., None]
        light = mix(light, green[2], step(0.09, 0.03, near))
        shade = step(0.4, 0.0, v) * 0.3 + 0.65 * across**2 * (v < 0) + 0.25 * (1 - across) * (v > 0) - 0.12
        light = _engraved(light, veins * 4.5, shade * step(0.05, 0.14, near))
        return mix(light, green[2], step(0.012, 0.006, np.abs(v)) * (u < 0.93))

    board.draw(outline, engraved, line=INK, width=0.0014)


def _blossom(board: Sheet, px: float, py: float, heading: float) -> None:
    """A wild rose seen from above: five notched petals, hatched towards the middle, gold stamens."""
    reach = 0.075
    cx, cy = px + 0.055 * np.cos(heading), py + 0.055 * np.sin(heading)
    board.stroke(np.array([(px, py), (cx, cy)]), 0.0026, GREENS[0][1], line=INK, width=0.0009)
    start = board.random.uniform(0, 2)
    for number in range(5):
        sepal = Frame(cx, cy, start + (number + 0.5) * 2 * np.pi / 5, reach * 0.95)
        board.draw(sepal.place(lens(0.25)), GREENS[0][1], line=INK, width=0.0011)
    for number in (0, 2, 4, 1, 3):
        petal = Frame(cx, cy, start + number * 2 * np.pi / 5, reach)
        half = np.array([(0, 0.04), (0.3, 0.28), (0.65, 0.48), (0.95, 0.4), (1.04, 0.16), (0.93, 0.0)])
        outline = petal.place(curve(np.concatenate([half, (half * (1, -1))[-2::-1]]), 70))

        def engraved(area: Area, petal: Frame = petal) -> Field:
            u, v = petal.measure(area)
            radius, angle = np.hypot(u, v), np.arctan2(v, u)
            light = ramp(3 - 3.2 * step(0.25, 1.1, radius) + 0.3 * np.cos(angle * 3), ROSES)
            shade = (
                0.75 * step(0.62, 0.2, radius)
                + 0.5 * step(0.75, 1.0, radius) * step(-0.1, 0.5, angle)
                + 0.25 * step(0.3, 0.6, angle)
            )
            return _engraved(light, angle * 13, shade - 0.06)

        board.draw(outline, engraved, line=INK, width=0.0014)
    for number in range(22):
        turn, far = number * 2.4, 0.012 + 0.011 * board.random.random()
        tip = np.array([cx + far * np.cos(turn), cy + far * np.sin(turn)])
        board.stroke(np.array([(cx, cy), tip]), 0.0007, BARK)
        board.fill(board.cover([], np.array([[*tip, 0.0028]])), GOLD, line=INK, width=0.0008)
    board.fill(board.cover([], np.array([[cx, cy, 0.008]])), GREENS[2][1], line=INK, width=0.001)


def _berries(board: Sheet, frame: Frame) -> None:
    """A spray of five berries on bent stalks, each hatched round."""
    for u, v in ((0.5, 0.28), (0.82, 0.2), (0.62, -0.05), (0.95, -0.1), (0.45, -0.26)):
        stalk = frame.place(curve([(0, 0), (0.5 * u, 0.25 * v), (u, v)], 24))
        board.stroke(stalk, 0.0016, GREENS[0][0], line=INK, width=0.0006)
        ((cx, cy),) = frame.place([(u, v)])
        radius = 0.0165

        def engraved(area: Area, cx: float = float(cx), cy: float = float(cy)) -> Field:
            dx, dy = (area.x - cx) / 0.0165, (area.y - cy) / 0.0165
            far = np.hypot(dx + 0.35, dy + 0.4)
            light = mix(ramp(2.2 - 1.7 * far, BERRY), PAPER, step(0.26, 0.2, far))
            return _engraved(light, far * 7, 0.75 * (far - 0.55))

        board.fill(board.cover([], np.array([[cx, cy, radius]])), engraved, line=INK, width=0.0014)
