"""Make the model that comes with the program: a pot with lid, spout and handle, from a few curves.

    python scripts/make_model.py recipes/models/pot.glb

Every part is a grid bent into space: the body and the lid are surfaces of revolution, spout and handle are tubes
along curves. Each grid is an island of the texture, as large as the surface it stands for, and the islands are
packed into a square.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orbifolio.runner.models.glb import write_glb
from orbifolio.runner.models.mesh import Mesh, smooth_normals

Floats = npt.NDArray[np.float64]

AROUND = 48  # corners around the body
GAP = 0.03  # between islands, of the square's side

# Profiles as (radius, height), from the bottom up; smooth curves run through these points.
BOTTOM = [(0.0, 0.0), (0.3, 0.0), (0.55, 0.01)]
SIDE = [(0.55, 0.01), (0.66, 0.05), (0.9, 0.28), (1.0, 0.58), (0.93, 0.88), (0.74, 1.1), (0.6, 1.18)]
LID = [(0.62, 1.18), (0.52, 1.26), (0.3, 1.33), (0.12, 1.38), (0.1, 1.42)]
KNOB = [(0.1, 1.42), (0.13, 1.47), (0.165, 1.53), (0.15, 1.58), (0.1, 1.615)]
TOP = [(0.1, 1.615), (0.05, 1.63), (0.0, 1.632)]
SPOUT = [(0.82, 0.42, 0.0), (1.15, 0.5, 0.0), (1.32, 0.78, 0.0), (1.52, 1.12, 0.0), (1.72, 1.22, 0.0)]
SPOUT_RADII = [0.27, 0.21, 0.15, 0.115, 0.12]
HANDLE = [
    (-0.72, 1.06, 0.0),
    (-1.1, 1.14, 0.0),
    (-1.45, 0.98, 0.0),
    (-1.42, 0.62, 0.0),
    (-1.12, 0.38, 0.0),
    (-0.84, 0.3, 0.0),
]
HANDLE_RADII = [0.085, 0.09, 0.095, 0.095, 0.09, 0.08]


@dataclass(frozen=True)
class Island:
    """A grid in space and in the texture.

    Attributes:
        points: (rows, columns, 3).
        places: (rows, columns, 2), in units of the model, from (0, 0).
    """

    points: Floats
    places: Floats

    @property
    def size(self) -> Floats:
        """Width and height in the texture."""
        found: Floats = self.places.reshape(-1, 2).max(0)
        return found


def curve(points: Sequence[Sequence[float]], count: int) -> Floats:
    """Evenly spaced points of the smooth curve (Catmull and Rom 1974) through some."""
    knots = np.array([points[0], *points, points[-1]], dtype=np.float64)
    fine = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        for t in np.linspace(0, 1, 24, endpoint=False):
            fine.append(((2 * b) + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * (b - c) + d - a) * t**3) / 2)
    whole = np.array([*fine, knots[-1]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(whole, axis=0), axis=1))])
    even = np.linspace(0, length[-1], count)
    return np.stack([np.interp(even, length, column) for column in whole.T], axis=1)


def lengths(path: Floats) -> Floats:
    """How far along a path its points lie."""
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


def turned(profile: Floats, start: float, stop: float, columns: int) -> Floats:
    """(rows, columns, 3) a profile turned about the y axis between two angles."""
    angle = np.linspace(start, stop, columns)
    radius, height = profile.T
    return np.stack(
        [
            radius[:, None] * np.sin(angle),
            np.repeat(height[:, None], columns, axis=1),
            radius[:, None] * np.cos(angle),
        ],
        axis=-1,
    )


def band(profile: Floats, start: float, stop: float, columns: int) -> Island:
    """A part of the side: as wide as its mean radius says, its upper edge at the texture's top."""
    along = lengths(profile)
    wide = (stop - start) * float(profile[:, 0].mean())
    across, down = np.meshgrid(np.linspace(0, wide, columns), along[-1] - along)
    return Island(turned(profile, start, stop, columns), np.stack([across, down], axis=-1))


def disc(profile: Floats, columns: int, *, below: bool) -> Island:
    """A part around the axis: distances from its inner edge are true."""
    along = lengths(profile)
    away = (along if below else along[-1] - along) + profile[:, 0].min()
    angle = np.linspace(0, 2 * math.pi, columns) * (-1 if below else 1)
    reach = away.max()
    places = np.stack([away[:, None] * np.sin(angle), away[:, None] * np.cos(angle)], axis=-1) + reach
    return Island(turned(profile, 0, 2 * math.pi, columns), places)


def tube(path: Floats, radii: Floats, columns: int) -> Island:
    """A tube in the plane z = 0 along a path, open at both ends."""
    along = lengths(path)
    tangent = np.gradient(path, along, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    aside = np.stack([-tangent[:, 1], tangent[:, 0], np.zeros(len(path))], axis=1)
    angle = np.linspace(0, 2 * math.pi, columns)
    out = aside[:, None] * np.cos(angle)[None, :, None] + np.array([0, 0, 1.0]) * np.sin(angle)[None, :, None]
    across, down = np.meshgrid(angle * float(radii.mean()), along)
    return Island(path[:, None] + radii[:, None, None] * out, np.stack([across, down], axis=-1))


def islands() -> list[Island]:
    """All parts of the pot."""
    side = curve(SIDE, 20)
    seam = math.pi / 2  # under the handle and the spout
    half = AROUND // 2 + 1
    spout, handle = curve(SPOUT, 16), curve(HANDLE, 24)

    def radii(values: Sequence[float], count: int) -> Floats:
        return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(values)), values)

    return [
        band(side, -seam, seam, half),
        band(side, seam, seam + math.pi, half),
        disc(curve(LID, 11), AROUND + 1, below=False),
        band(curve(KNOB, 9), 0, 2 * math.pi, AROUND // 2 + 1),
        disc(curve(TOP, 4), AROUND // 2 + 1, below=False),
        disc(curve(BOTTOM, 7), AROUND + 1, below=True),
        tube(spout, radii(SPOUT_RADII, 16), 21),
        tube(handle, radii(HANDLE_RADII, 24), 15),
    ]


def packed(sizes: Sequence[Floats]) -> tuple[list[Floats], float]:
    """Corners of the islands on shelves, and the side of the smallest square that this way holds them."""
    best: tuple[list[Floats], float] | None = None
    widths = np.linspace(max(size[0] for size in sizes), sum(size[0] for size in sizes), 60)
    random = np.random.default_rng(0)
    orders = [random.permutation(len(sizes)) for _ in range(2000)]
    for order, width in itertools.product(orders, widths):
        corners = [np.zeros(2) for _ in sizes]
        x = y = tall = 0.0
        for number in order:
            wide, high = sizes[number]
            if x + wide > width + 1e-9:
                x, y, tall = 0.0, y + tall, 0.0
            corners[number] = np.array([x, y])
            x, tall = x + wide, max(tall, high)
        side = max(float(width), y + tall)
        if best is None or side < best[1]:
            best = corners, side
    assert best is not None
    return best


def stitched(parts: Sequence[Island], outwards: Callable[[Floats], Floats]) -> Mesh:
    """All parts as one mesh, seen from outside counter-clockwise.

    Args:
        parts: the islands.
        outwards: (N, 3) points -> a direction that leads out of the part there.
    """
    gap = GAP * max(float(part.size.max()) for part in parts)
    corners, side = packed([part.size + gap for part in parts])
    points, places, faces = [], [], []
    count = 0
    for part, corner in zip(parts, corners, strict=True):
        rows, columns = part.points.shape[:2]
        row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
        a = (row * columns + column).ravel()
        b, c, d = a + 1, a + columns, a + columns + 1
        found = np.concatenate([np.stack([a, c, d], 1), np.stack([a, d, b], 1)])
        flat = part.points.reshape(-1, 3)
        first, second, third = (flat[column] for column in found.T)
        normal = np.cross(second - first, third - first)
        found = found[np.linalg.norm(normal, axis=1) > 1e-9]
        normal = normal[np.linalg.norm(normal, axis=1) > 1e-9]
        middle = flat[found].mean(1)
        if np.einsum("ij,ij->", normal, outwards(middle)) < 0:
            found = found[:, ::-1]
        points.append(flat)
        places.append((part.places.reshape(-1, 2) + corner + gap / 2) / side)
        faces.append(found + count)
        count += len(flat)
    positions, index = np.concatenate(points), np.concatenate(faces)
    return Mesh(positions, smooth_normals(positions, index), np.concatenate(places), index)


def away_from_skeleton(points: Floats) -> Floats:
    """Out of the pot: from the axis of the body, or from the line inside spout and handle."""
    lines = np.concatenate([curve(SPOUT, 40), curve(HANDLE, 60), [[0, y, 0] for y in np.linspace(0.3, 1.3, 30)]])
    nearest = ((points[:, None] - lines[None]) ** 2).sum(2).argmin(1)
    return points - lines[nearest]


def main(target: Path) -> None:
    """Write the model."""
    mesh = stitched(islands(), away_from_skeleton)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(write_glb(mesh, None, name="pot"))
    print(f"{target}: {len(mesh.faces)} triangles, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
