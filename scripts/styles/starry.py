"""Starry: stars and swirls of night wind in thick strokes that follow the flow, lit by the height of the paint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from scripts.styles.fields import Field, colours, mix, noise, ramp, relief, scatter, step

GRID = 512
SKY = colours("0a1238", "12246a", "1c48a6", "2f7cc8", "69b3d6", "b9dfd8", "eef0cf")
STAR = colours("fff9dc", "ffe27a", "f9b82c", "e88a1e", "d9c56a", "7fc2b4", "3a86c0")
LAYERS = ((800, 0.14, 0.032), (1700, 0.092, 0.0215), (2100, 0.066, 0.0145))
"""How many strokes, how long and how wide, in widths: from broad to fine."""


def starry(random: np.random.Generator, x: Field, y: Field) -> Field:
    """A night sky: paint in layers from broad to fine along a flow that turns about every star (cf. `oil`)."""
    rows, columns = np.mgrid[0:GRID, 0:GRID].astype(np.float32) / GRID
    picture, flow = _night(random, columns, rows)
    size = x.shape[1]
    canvas = picture[(y * GRID).astype(int), (x * GRID).astype(int)].reshape(-1, 3)
    paint = np.zeros(size * size, np.float32)
    for count, length, width in LAYERS:
        for point in random.uniform(-0.03, 1.03, (count, 2)):
            path = [point]
            for _ in range(12):
                path.append(path[-1] + flow[_cell(path[-1])] * length / 12)
            _stroke(random, np.array(path), width, picture[_cell(path[6])], canvas, paint, size)
    thickness = gaussian_filter(paint.reshape(size, size), size / 2304 * 2)
    diffuse, shine = relief(thickness, gloss=30)
    light = canvas.reshape(size, size, 3) * (0.3 + 0.7 * np.clip(diffuse, 0.15, 1.7))[..., None]
    return np.asarray(light + (0.3 * np.maximum(shine - 0.4, 0))[..., None] * colours("fff6e0")[0], np.float32)


def _cell(point: Field) -> tuple[int, int]:
    """Row and column of the grid at (x, y)."""
    column, row = np.clip((point * GRID).astype(int), 0, GRID - 1)
    return int(row), int(column)


def _night(random: np.random.Generator, x: Field, y: Field) -> tuple[Field, Field]:
    """What to paint, (n, n, 3), and along which unit vectors, (n, n, 2) as (right, down)."""
    stream = 0.45 * noise(random, x, y, 2) + 0.12 * noise(random, x, y, 5)
    down, right = np.gradient(stream * GRID / 10)
    wind = np.stack([-down, right + 0.25], -1)
    wind /= np.hypot(wind[..., 0], wind[..., 1])[..., None] + 1e-6
    band = stream * 5 + 0.3 * noise(random, x, y, 12)
    picture = ramp(1.9 + 1.7 * np.sin(band * 2.4), SKY)
    swirls = scatter(random, 7, 0.42, 0.1)
    for index, (cx, cy) in enumerate(swirls):
        reach = random.uniform(0.13, 0.18)
        picture, wind = _whirl(picture, wind, x - cx, y - cy, reach, 1 if index % 2 else -1)
    stars = [p for p in scatter(random, 40, 0.2, 0.05) if np.hypot(*(swirls - p).T).min() > 0.2]
    for cx, cy in stars:
        reach = random.uniform(0.06, 0.095)
        dx, dy = x - cx, y - cy
        radius = np.hypot(dx, dy)
        inside = step(1.0, 0.8, radius / reach)
        halo = ramp(6.4 * radius / reach + 0.35 * np.sin(radius / reach * 19), STAR)
        picture = mix(picture, halo, inside)
        round_ = np.stack([-dy, dx], -1) / (radius[..., None] + 1e-6)
        wind = mix(wind, round_, step(1.35, 0.7, radius / reach))
    return picture, wind / (np.hypot(wind[..., 0], wind[..., 1])[..., None] + 1e-6)


def _whirl(picture: Field, wind: Field, dx: Field, dy: Field, reach: float, sense: int) -> tuple[Field, Field]:
    """A spiral of wind: arms from pale to dark, and the flow along them."""
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx) * sense
    near = radius / reach
    arm = np.cos(angle * 1 - 5.2 * near)
    shade = 3.1 + 2.6 * arm + 0.8 * np.cos(3 * (angle - 5.2 * near) + 1)
    heart = mix(ramp(shade, SKY), STAR[1], step(0.22, 0.1, near))
    slope = 0.19
    along = np.stack([-dy * sense + slope * dx, dx * sense + slope * dy], -1) / (radius[..., None] + 1e-6)
    return mix(picture, heart, step(1.15, 0.85, near)), mix(wind, along, step(1.5, 0.8, near))


def _stroke(
    random: np.random.Generator, path: Field, width: float, colour: Field, canvas: Field, paint: Field, size: int
) -> None:
    """Lay one bristled stroke along a path (13, 2) into the canvas and the paint's height, both by pixel."""
    length = float(np.hypot(*np.diff(path, axis=0).T).sum())
    bristles = random.normal(0, 1, 10)
    tint = np.exp(random.normal(0, 0.12, 3) * (1, 0.7, 1) + random.normal(0, 0.16))
    s, t = np.meshgrid(
        np.linspace(0, 1, int(length * size * 1.6) + 2), np.linspace(-1, 1, int(width * size * 1.8) + 2), indexing="ij"
    )
    tangent = np.gradient(path, axis=0)
    across = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (np.hypot(*tangent.T)[:, None] + 1e-9)
    marks = np.linspace(0, 1, len(path))
    taper = np.sqrt(np.clip(1 - np.clip((0.12 - s) / 0.12, 0, 1) ** 2, 0, 1))
    taper *= np.sqrt(np.clip(1 - np.clip((s - 0.7) / 0.32, 0, 1) ** 2, 0, 1))
    right, down = (
        np.interp(s, marks, path[:, c]) + np.interp(s, marks, across[:, c]) * t * taper * width / 2 for c in (0, 1)
    )
    hair = np.interp((t + 1) * 4.5, np.arange(10), bristles)
    keep: NDArray[np.bool_] = (s + 0.07 * hair < 1) & (down >= 0) & (down < 1) & (right >= 0) & (right < 1)
    spot = (down[keep] * size).astype(int) * size + (right[keep] * size).astype(int)
    canvas[spot] = (colour * tint) * (1 + 0.13 * hair[keep])[:, None].astype(np.float32)
    ridge = 0.5 * np.abs(t[keep]) ** 4 + 0.5 * np.exp(-(((s[keep] - 0.93) / 0.06) ** 2))
    paint[spot] = (width**0.5 * (0.03 + 0.011 * hair[keep] + 0.022 * ridge)).astype(np.float32)
