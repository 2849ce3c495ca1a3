"""Mosaic: fish among waves in tesserae on gold, after the floors and apses of Ravenna."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.spatial import cKDTree

from scripts.styles.drawing import Area, Frame, Sheet, curve, sheet
from scripts.styles.fields import Field, colours, mix, noise, relief, step

TESSERA = 1 / 62
"""Side of a tessera in widths: 12 px of 768."""
SKETCH = 744
"""Width of the design from which the tesserae are set, px."""

FISH = [(0, 0), (0.1, 0.13), (0.3, 0.2), (0.55, 0.15), (0.76, 0.06), (0.85, 0.08), (1.08, 0.23), (1.02, 0.0)]


def mosaic(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Tesserae in rows along the contours of fish, weeds and a gold ground; grout between.

    The cells are those of Hausner (2001, Simulating decorative mosaics): the nearest site by the larger of the
    two distances along and across the row it stands in.
    """
    places = (np.arange(SKETCH, dtype=np.float32) + 0.5) / SKETCH
    design, contour = _design(random, *np.meshgrid(places, places))
    sites, turns = _rows(random, contour)
    colour = design[tuple((np.clip(sites[:, ::-1], 0, 0.9999) * SKETCH).astype(int).T)]
    n = len(sites)
    tone = random.normal(0, 1, (n, 1))
    colour = colour * np.exp(0.2 * tone) * np.exp(random.normal(0, 0.07, (n, 3)))
    tilt = random.normal(0, 0.2, (n, 2)).astype(np.float32)

    size = x.shape[1]
    best = np.full(x.shape, np.inf, np.float32)
    second = best.copy()
    owner = np.zeros(x.shape, np.intp)
    reach = int(1.3 * TESSERA * size) + 2
    for index, ((sx, sy), turn) in enumerate(zip(sites, turns, strict=True)):
        top, left = int(sy * size) - reach, int(sx * size) - reach
        box = (slice(max(top, 0), max(top + 2 * reach, 0)), slice(max(left, 0), max(left + 2 * reach, 0)))
        dx, dy = x[box] - sx, y[box] - sy
        c, s = np.cos(turn), np.sin(turn)
        far = np.maximum(np.abs(c * dx + s * dy), np.abs(c * dy - s * dx))
        nearer = far < best[box]
        second[box] = np.where(nearer, best[box], np.minimum(second[box], far))
        best[box] = np.where(nearer, far, best[box])
        owner[box][nearer] = index
    border = np.minimum((second - best) / 2, 0.62 * TESSERA - best)
    border = border + 0.0006 * noise(random, x, y, 90)
    stone = colour[owner].astype(np.float32)
    face = np.clip(border / TESSERA, 0, 0.2) * TESSERA * 0.75
    face = face + (tilt[owner, 0] * x + tilt[owner, 1] * y) * step(0, 0.004, border)
    diffuse, _ = relief(gaussian_filter(face, size / 768), gloss=30)
    light = stone * np.clip(0.35 + 0.65 * diffuse, 0.3, 1.5)[..., None]
    grout = colours("3a2f2b")[0] * (1 + 0.1 * noise(random, x, y, 70))[..., None]
    return mix(grout, light, step(0.0006, 0.0014, border))


def _design(random: np.random.Generator, x: Field, y: Field) -> tuple[Field, NDArray[np.bool_]]:
    """The picture to set, (n, n, 3), and the contours that rows follow."""
    gold = colours("8a5a12", "c98a1c", "efc04a", "ffe38f")
    shimmer = np.clip(1.5 + 0.8 * noise(random, x, y, 9), 0, 3)
    board = sheet(random, x, mix(gold[1], gold[2], step(1, 2, shimmer)))
    board.light = np.where((random.random(x.shape) < 0.2)[..., None], gold[3], board.light)
    labels = sheet(random, x, np.zeros(3))
    suits = [
        colours("0c2f66", "1763a8", "39a3d1", "bfe6ea", "f3f1dc", "d8452c"),
        colours("6e1220", "b9271f", "ea6a2a", "f7b54a", "fbeecb", "1763a8"),
        colours("0d4a45", "13857a", "4cbf9f", "c4e8c0", "f6f2d8", "e0a030"),
    ]
    for wave in range(5):
        height = 0.1 + 0.2 * wave
        along = np.linspace(-0.05, 1.05, 200)
        for shift, code in ((0, "1b6f9e"), (0.017, "e9f0e4"), (0.034, "16477f")):
            rows = height + shift + 0.03 * np.sin(along * 2 * np.pi * 2.5 + wave * 1.9)
            path = np.stack([along, rows], 1).astype(np.float32)
            board.stroke(path, 0.0086, colours(code)[0])
            if not shift:
                labels.stroke(path + (0, 0.017), 0.026, np.full(3, 0.3 + 0.1 * wave))
    spots = [(0.05, 0.2), (0.42, 0.17), (0.75, 0.24), (0.22, 0.45), (0.6, 0.47), (-0.14, 0.5), (0.93, 0.5)]
    spots += [(0.02, 0.73), (0.4, 0.7), (0.77, 0.76), (0.2, 0.95), (0.58, 0.97), (0.9, 0.98), (-0.1, 0.0), (0.6, 0.0)]
    for number, (sx, sy) in enumerate(spots):
        flip = number % 2 == 1
        angle = random.normal(0, 0.22) + (np.pi if flip else 0)
        frame = Frame(sx + (0.27 if flip else 0), sy, angle, 0.31 * random.uniform(0.95, 1.1), flip, 0.12)
        _fish(board, labels, frame, suits[number % 3], 0.1 + 0.05 * number)
    edges = np.abs(np.diff(labels.light[..., 0], axis=0, prepend=0)) + np.abs(
        np.diff(labels.light[..., 0], axis=1, prepend=0)
    )
    return board.light, edges > 0.01


def _fish(board: Sheet, labels: Sheet, frame: Frame, suit: Field, label: float) -> None:
    """A fish swimming towards -u: dark back, light belly, rows of scales, a round eye."""
    half = np.array(FISH)
    ring = curve(np.concatenate([half, (half * (1, -1))[-2:0:-1]]), 120, closed=True)
    body = frame.place(ring)

    def skin(area: Area) -> Field:
        u, v = frame.measure(area)
        light = mix(suit[1], suit[2], step(0.08, 0.0, v))
        light = mix(light, suit[3], step(-0.01, -0.06, v))
        light = mix(light, suit[4], step(-0.08, -0.12, v))
        scale = np.abs(np.mod(u * 11 + 1.2 * np.abs(v) * 10, 2) - 1) > 0.5
        light = mix(light, suit[0], 0.75 * scale * step(0.24, 0.3, u) * step(0.9, 0.85, u))
        tail = step(0.8, 0.82, u)
        light = mix(light, suit[0], step(0.05, 0.04, area.depth / frame.size) * (1 - tail))
        light = mix(light, suit[5], tail)
        light = mix(light, suit[5], step(0.03, 0.02, np.abs(np.hypot(u + 0.02, v) - 0.22)))
        return light

    for u, v, turn, size in ((0.36, 0.17, 0.5, 0.26), (0.42, -0.15, -0.6, 0.2)):
        fin = frame.within(u, v, turn, size).place([(-0.3, 0), (0.35, 0.62), (1, 0.55), (0.75, 0.05)])
        board.draw(fin, suit[5], line=suit[0], width=0.008)
        labels.draw(fin, np.full(3, label))
    board.draw(body, skin)
    labels.draw(body, np.full(3, label))
    for radius, colour in ((0.065, suit[4]), (0.034, colours("120c14")[0])):
        ((ex, ey),) = frame.place([(0.12, 0.035)])
        board.fill(board.cover([], np.array([[ex, ey, radius * frame.size]])), colour)


def _rows(random: np.random.Generator, contour: NDArray[np.bool_]) -> tuple[Field, Field]:
    """Sites (n, 2) a tessera apart along the level lines of the distance to the contours, and the lines' angles."""
    distance = distance_transform_edt(~contour) / SKETCH
    down, right = np.gradient(gaussian_filter(distance, 2.5))
    row = np.floor(distance / TESSERA)
    rest = np.abs(distance - (row + 0.5) * TESSERA) * SKETCH < 0.75
    points = np.argwhere(rest)[:, ::-1].astype(np.float64)
    tree = cKDTree(points)
    free = np.ones(len(points), bool)
    side = TESSERA * SKETCH
    level = row[points[:, 1].astype(int), points[:, 0].astype(int)]
    chosen: list[int] = []
    for start in np.argsort(level + 0.5 * random.random(len(points)), kind="stable"):
        here = int(start)
        while free[here]:  # walk along the line
            chosen.append(here)
            free[tree.query_ball_point(points[here], 0.9 * side)] = False
            ahead = [i for i in tree.query_ball_point(points[here], 1.15 * side) if free[i] and level[i] == level[here]]
            if not ahead:
                break
            here = min(ahead, key=lambda i: float(np.hypot(*(points[i] - points[here]))))
    sites = points[chosen]
    cells = sites[:, 1].astype(int), sites[:, 0].astype(int)
    return ((sites + 0.5) / SKETCH).astype(np.float32), np.arctan2(down[cells], right[cells])
