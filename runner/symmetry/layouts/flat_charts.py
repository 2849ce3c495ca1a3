"""Flat pictures: charts that show the plane as it is, along a strip, on a tile, or by its logarithm.

The plane of complex numbers z has its origin in the picture's middle, x to the right, y up, in units of half
the picture's shorter side; strips and tiles are fractions of the picture, y down, as in `base.py`. Samples lie
at pixels' middles, except along an axis that wraps, where sample j of n lies at j / n.

Every chart knows how a turn, flip or shift of the picture moves its points (`motion`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.charts import Chart, ChartPoints
from orbifolio.runner.symmetry.groups.motion import turn_matrix


def spin(degrees: float) -> F64:
    """(3, 3) turn about (0, 0, 1), counter-clockwise."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _everywhere(points: F64, spacing: F64 | float) -> ChartPoints:
    return ChartPoints(points, np.ones(len(points), dtype=bool), np.broadcast_to(spacing, (len(points),)).copy())


@dataclass(frozen=True)
class PlaneChart(Chart):
    """The plane about the picture's middle; points are (x, y, 1).

    Attributes:
        hole: radius in pixels about the middle whose pattern is finer than pixels.
    """

    curvature = 0
    ratio: float = 1.0
    hole: float = 0.0

    @property
    def half(self) -> tuple[float, float]:
        """Half the picture's width and height in units of half the shorter side."""
        return max(1.0, self.ratio), max(1.0, 1 / self.ratio)

    def look(self, x: F64, y: F64) -> ChartPoints:
        """As it is: see `Chart.look`."""
        across, up = self.half
        return _everywhere(np.stack([x * across, y * up, np.ones_like(x)], axis=1), 1.0)

    def place(self, points: F64) -> tuple[F64, F64]:
        """As it is: see `Chart.place`."""
        across, up = self.half
        return points[:, 0] / across, points[:, 1] / up

    def fractions(self, points: F64) -> F64:
        """From the picture's corner: see `Chart.fractions`."""
        x, y = self.place(points)
        return np.stack([(x + 1) / 2, (1 - y) / 2, np.ones(len(points))], axis=1)

    def from_fractions(self, places: F64) -> F64:
        """The way back from `fractions`: (N, 3) points."""
        across, up = self.half
        return np.stack([(2 * places[:, 0] - 1) * across, (1 - 2 * places[:, 1]) * up, np.ones(len(places))], axis=1)

    def pixel_step(self, width: int, height: int) -> F64:
        """Of a picture whose shorter side is two units: see `Chart.pixel_step`."""
        return np.diag([1.0, -1.0]) * (2 / min(width, height))

    def motion(self, degrees: float, mirrored: bool, shift: tuple[float, float]) -> F64:
        """A flip, then a turn about the middle, then a shift: see `Chart.motion`."""
        matrix = spin(degrees) @ np.diag([-1.0 if mirrored else 1.0, 1.0, 1.0])
        across, up = self.half
        matrix[:2, 2] = [2 * across * shift[0], -2 * up * shift[1]]
        return matrix


@dataclass(frozen=True)
class Logarithm(Chart):
    """The plane seen through w = log z, as it is in the picture: points are (Re w, Im w, 1).

    Attributes:
        deeper: added to w; a window of the same plane, enlarged by exp(-Re) and turned.
    """

    curvature = 0
    ratio: float = 1.0
    deeper: complex = 0j

    def look(self, x: F64, y: F64) -> ChartPoints:
        """Each pixel's logarithm; lengths are relative to the distance from the middle: see `Chart.look`."""
        z = x * max(1.0, self.ratio) + 1j * y * max(1.0, 1 / self.ratio)
        distance = np.maximum(np.abs(z), 1e-9)
        w = np.log(distance) + 1j * np.angle(z) + self.deeper
        return _everywhere(np.stack([w.real, w.imag, np.ones_like(x)], axis=1), 1 / distance)

    def fractions(self, points: F64) -> F64:
        """Where the plane has them, in the picture or beyond it: see `Chart.fractions`."""
        z = np.exp(points[:, 0] + 1j * points[:, 1] - self.deeper)
        return PlaneChart(self.ratio).fractions(np.stack([z.real, z.imag, np.ones(len(z))], axis=1))

    def from_fractions(self, places: F64) -> F64:
        """The way back from `fractions`, up to whole turns: (N, 3) points."""
        x, y, _ = PlaneChart(self.ratio).from_fractions(places).T
        w = np.log(np.maximum(np.hypot(x, y), 1e-9)) + 1j * np.arctan2(y, x) + self.deeper
        return np.stack([w.real, w.imag, np.ones(len(w))], axis=1)

    def pixel_step(self, width: int, height: int) -> F64:
        """Of a pixel at the edge of the largest circle; up is outwards, as at the picture's top: see `Chart`."""
        return np.array([[0.0, -1.0], [-1.0, 0.0]]) * (2 / min(width, height))

    def motion(self, degrees: float, mirrored: bool, shift: tuple[float, float]) -> F64:
        """A flip left to right, then a turn about the middle: see `Chart.motion`."""
        turned = math.radians(degrees) + (math.pi if mirrored else 0.0)
        return np.array([[1.0, 0.0, 0.0], [0.0, -1.0 if mirrored else 1.0, turned], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Strip(Chart):
    """A picture that repeats to both sides: points are fractions (x, y down, 1), columns at j / width."""

    curvature = 0
    wrap = (False, True)
    width: int = 1
    ratio: float = 1.0

    def look(self, x: F64, y: F64) -> ChartPoints:
        """Fractions of the picture: see `Chart.look`."""
        points = np.stack([(x + 1) / 2 - 0.5 / self.width, (1 - y) / 2, np.ones_like(x)], axis=1)
        return _everywhere(points, 1.0)

    def fractions(self, points: F64) -> F64:
        """As they are: see `Chart.fractions`."""
        return points

    def pixel_step(self, width: int, height: int) -> F64:
        """In fractions: see `Chart.pixel_step`."""
        return np.diag([1 / width, 1 / height])

    def motion(self, degrees: float, mirrored: bool, shift: tuple[float, float]) -> F64:
        """A shift along the strip: see `Chart.motion`."""
        return np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Tile(Chart):
    """A picture that repeats both ways: points are fractions (x, y down, 1), pixels at (j / width, i / height)."""

    curvature = 0
    wrap = (True, True)
    width: int = 1
    height: int = 1
    ratio: float = 1.0

    def look(self, x: F64, y: F64) -> ChartPoints:
        """Fractions of the picture: see `Chart.look`."""
        across, down = (x + 1) / 2 - 0.5 / self.width, (1 - y) / 2 - 0.5 / self.height
        return _everywhere(np.stack([across, down, np.ones_like(x)], axis=1), 1.0)

    def fractions(self, points: F64) -> F64:
        """As they are: see `Chart.fractions`."""
        return points

    def pixel_step(self, width: int, height: int) -> F64:
        """In fractions of the true shape: see `Chart.pixel_step`."""
        return np.diag([1 / width, self.ratio / width])

    def motion(self, degrees: float, mirrored: bool, shift: tuple[float, float]) -> F64:
        """A flip, then a turn about the middle, then a shift: see `Chart.motion`."""
        linear = turn_matrix(degrees, self.ratio) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
        middle = np.array([0.5, 0.5])
        moved = np.hstack([linear, (middle - linear @ middle + shift)[:, None]])
        return np.vstack([moved, [0.0, 0.0, 1.0]])


def in_fractions(matrix: F64, ratio: float) -> F64:
    """(2, 3) movement in fractions of a picture.

    Args:
        matrix: (2, 3) already, or (3, 3) on points of `PlaneChart`.
        ratio: width / height of the picture.
    """
    if len(matrix) == 2:
        return matrix
    across, up = PlaneChart(ratio).half
    out = np.array([[0.5 / across, 0.0, 0.5], [0.0, -0.5 / up, 0.5], [0.0, 0.0, 1.0]])
    moved: F64 = (out @ matrix @ np.linalg.inv(out))[:2]
    return moved


def as_similarity(matrix: F64) -> F64 | None:
    """(3, 3) the same movement on points of `PlaneChart`, or None where it does not move the plane into itself."""
    linear = matrix[:2, :2]
    flip = np.diag([1.0, -1.0])
    if min(np.abs(linear - np.eye(2)).max(), np.abs(linear - flip).max()) > 1e-9:
        return None
    factor, angle = math.exp(matrix[0, 2]), matrix[1, 2]
    turn = factor * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    similarity = np.eye(3)
    similarity[:2, :2] = turn @ linear
    return similarity
