"""Fields over the unit square, and what the styles are built of: colour, noise, relief, cells.

A *field* is numbers per point, (height, width), or colours, (height, width, 3).

Convention: x rightwards, y downwards, both in [0, 1]; lengths as fractions of the picture's width; light in
linear RGB, [0, 1]. Random numbers are drawn in an order that does not depend on the number of points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

Field = NDArray[np.floating[Any]]


def colours(*codes: str) -> Field:
    """Linear RGB of sRGB hexadecimal codes, shape (n, 3)."""
    encoded = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in codes]) / 255
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.asarray(light, np.float32)


def encode(light: Field) -> Field:
    """The sRGB transfer function (IEC 61966-2-1), linear [0, 1] to [0, 1]."""
    light = np.clip(light, 0, 1)
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(coded, np.float32)


def ramp(position: Field, palette: Field) -> Field:
    """Colours at positions 0 .. n-1 of a palette (n, 3), blended in between and held beyond the ends."""
    marks = np.arange(len(palette))
    return np.stack([np.interp(position, marks, palette[:, c]) for c in range(3)], -1).astype(np.float32)


def step(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, a smooth cubic in between; `low` > `high` turns it round."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mix(under: Field, over: Field, amount: Field | float) -> Field:
    """Blend colours (..., 3) by an amount (...) in [0, 1]."""
    weight = np.asarray(amount, np.float32)[..., None]
    return np.asarray(under + (over - under) * weight, np.float32)


def noise(random: np.random.Generator, x: Field, y: Field, cells: int, octaves: int = 1) -> Field:
    """Smooth noise of about unit variance: cubic splines through a random lattice, octaves halved.

    Args:
        random: draws the lattices, of a size that depends on `cells` and `octaves` only.
        x: in widths; the noise has period 1 both ways.
        y: in widths.
        cells: bumps per width of the first octave.
        octaves: each has twice the cells and half the amplitude of the one before.
    """
    total = np.zeros(np.shape(x), np.float32)
    for octave in range(octaves):
        n = cells << octave
        lattice = random.standard_normal((n, n)).astype(np.float32)
        # 1.35: between the lattice's points the spline varies less than at them
        total += 1.35 / 2**octave * map_coordinates(lattice, [y * n, x * n], order=3, mode="grid-wrap")
    return total


def relief(height: Field, *, gloss: float = 40) -> tuple[Field, Field]:
    """Light from the upper left on a height field: (diffuse, 1 where flat; highlight in [0, 1]).

    Lambert's law and Blinn's (1977) half-vector highlight.

    Args:
        height: in widths of the picture.
        gloss: exponent; large means small highlights.
    """
    down, right = np.gradient(height * height.shape[1])
    length = np.sqrt(1 + down**2 + right**2)
    light = np.array([-0.5, -0.62, 0.6]) / np.linalg.norm([-0.5, -0.62, 0.6])
    half = (light + [0, 0, 1]) / np.linalg.norm(light + [0, 0, 1])
    diffuse = np.clip((-right * light[0] - down * light[1] + light[2]) / length, 0, None) / light[2]
    shine = np.clip((-right * half[0] - down * half[1] + half[2]) / length, 0, 1) ** gloss
    return diffuse.astype(np.float32), shine.astype(np.float32)


def scatter(random: np.random.Generator, count: int, spacing: float, margin: float = 0.1) -> Field:
    """Up to `count` points (n, 2) no nearer than `spacing`, beyond the edges by `margin` (dart throwing)."""
    points = np.empty((count, 2))
    found = 0
    for dart in random.uniform(-margin, 1 + margin, (count * 30, 2)):
        if ((points[:found] - dart) ** 2).sum(1).min(initial=np.inf) >= spacing**2:
            points[found] = dart
            found += 1
            if found == count:
                break
    return points[:found].astype(np.float32)


def panes(sites: Field, x: Field, y: Field, *, neighbours: int = 6) -> tuple[NDArray[np.intp], Field]:
    """Voronoi cells: the index of the nearest site, and the exact distance to the cell's border.

    Args:
        sites: (n, 2), n above `neighbours`.
        x: (height, width).
        y: (height, width).
        neighbours: sites whose bisectors may bound a cell near a point; six are enough for scattered ones.

    Returns:
        Both (height, width).
    """
    tree = cKDTree(sites)
    owner = np.empty(x.shape, np.intp)
    border = np.empty(x.shape, np.float32)
    for row in range(len(x)):  # by rows, since all neighbours of all points would fill a gigabyte
        where = np.stack([x[row], y[row]], -1)
        near = np.asarray(tree.query(where, k=neighbours + 1)[1])
        owner[row] = near[:, 0]
        first = sites[near[:, :1]]
        across = sites[near[:, 1:]] - first
        middle = sites[near[:, 1:]] + first
        off = ((middle / 2 - where[:, None]) * across).sum(-1) / np.sqrt((across**2).sum(-1))
        border[row] = off.min(-1)
    return owner, border
