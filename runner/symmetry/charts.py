"""A chart is (positions in a picture) -> points of a surface, where the picture shows any, and how far apart.

Charts of the sphere: the equirectangular map, and cameras. Charts of the hyperbolic plane: Poincare disk,
Klein disk, half-plane, band, and the square onto which the disk is mapped conformally.

Convention: x to the right and y up, both in [-1, 1] over the picture, (0, 0) its middle; points are
homogeneous 3-vectors as in `groups/triangle.py`, so that corner P of a tiling, at (0, 0, 1), is in the middle of
every chart of the hyperbolic plane and at the north pole of the sphere. `spacing` is the length on the surface
of half the picture's shorter side, the largest of all directions; `place` is the way back.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import C128, F32, F64, Bools

MIN_RIM = 1e-5
"""1 - radius of the disk's outermost points in use: folding runs out of precision near a millionth."""

LEMNISCATE = 2.62205755429212
"""Half the length of the lemniscate of Bernoulli, whose sine maps a square onto the disk."""


@dataclass(frozen=True)
class ChartPoints:
    """What positions show.

    Attributes:
        points: (N, 3); arbitrary where there is no surface.
        there: (N,) whether the position shows the surface.
        spacing: (N,) see the module's docstring; infinite where there is no surface.
    """

    points: F64
    there: Bools
    spacing: F64


class Chart(ABC):
    """The base of all charts.

    Attributes:
        curvature: of the surface: 1 sphere, 0 plane, -1 hyperbolic plane.
        ratio: width / height of a picture.
        wrap: whether it continues over its (top-bottom, left-right) edges.
    """

    curvature: int = -1
    ratio: float = 1.0
    wrap: tuple[bool, bool] = (False, False)

    @abstractmethod
    def look(self, x: F64, y: F64) -> ChartPoints:
        """What positions show.

        Args:
            x: (N,) in [-1, 1].
            y: (N,) in [-1, 1], up.
        """

    def depth(self, x: F64, y: F64) -> F64:
        """How far within the surface's picture positions lie, in halves of its shorter side; negative outside of it.

        Args:
            x: (N,) in [-1, 1].
            y: (N,) in [-1, 1], up.

        Returns:
            (N,), infinite where the surface fills the whole picture.
        """
        return np.full(len(x), np.inf)

    def place(self, points: F64) -> tuple[F64, F64]:
        """Where the picture shows points; some may lie outside of it.

        Args:
            points: (N, 3), on the surface.

        Returns:
            x and y, (N,) each.
        """
        raise NotImplementedError(type(self).__name__)

    def fractions(self, points: F64) -> F64:
        """Points of a flat surface as fractions (x, y down, 1) of the picture.

        Args:
            points: (N, 3), on the surface.
        """
        raise NotImplementedError(type(self).__name__)

    def pixel_step(self, width: int, height: int) -> F64:
        """(2, 2) what a pixel to the right and a pixel down are on a flat surface, as columns.

        Args:
            width: of the picture in pixels.
            height: of the picture in pixels.
        """
        raise NotImplementedError(type(self).__name__)

    def motion(self, degrees: float, mirrored: bool, shift: tuple[float, float]) -> F64:
        """(3, 3) what a flip, then a turn about the middle, then a shift of the picture does to points.

        Args:
            degrees: counter-clockwise; on a sphere about the axis from pole to pole.
            mirrored: flipped left to right first.
            shift: fractions of the picture to the right and down; nothing on curved surfaces.
        """
        turn = math.radians(degrees)
        cosine, sine = math.cos(turn), math.sin(turn)
        return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]]) @ np.diag(
            [-1.0 if mirrored else 1.0, 1.0, 1.0]
        )


def grid(width: int, height: int) -> tuple[F64, F64]:
    """The middles of a picture's pixels, row by row, as positions."""
    x = (np.arange(width) + 0.5) * (2 / width) - 1
    y = 1 - (np.arange(height) + 0.5) * (2 / height)
    across, up = np.meshgrid(x, y)
    return across.ravel(), up.ravel()


def opacity(chart: Chart, width: int, height: int) -> F32 | None:
    """How much of each pixel shows the surface, so that a rim is as smooth as pixels allow.

    Args:
        chart: through which the picture shows it.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Returns:
        (height, width) in [0, 1], or None where the surface fills the picture.
    """
    # within a pixel of the rim, which is nearly straight there, the share falls evenly from 1 to 0
    shown = np.clip(chart.depth(*grid(width, height)) * (min(width, height) / 2) + 0.5, 0.0, 1.0)
    return None if shown.min() == 1 else shown.reshape(height, width).astype(np.float32)


class Equirectangular(Chart):
    """Longitude to the right, latitude up, the whole sphere; the middle is longitude 0 on the equator."""

    curvature = 1
    ratio = 2.0
    wrap = (False, True)

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The whole picture shows the sphere: see `Chart.look`."""
        longitude, latitude = x * math.pi, y * (math.pi / 2)
        circle = np.cos(latitude)
        points = np.stack([circle * np.cos(longitude), circle * np.sin(longitude), np.sin(latitude)], axis=1)
        return ChartPoints(points, np.ones(len(x), dtype=bool), np.full(len(x), math.pi / 2))

    def place(self, points: F64) -> tuple[F64, F64]:
        """Longitude and latitude: see `Chart.place`."""
        latitude = np.arcsin(np.clip(points[:, 2], -1, 1))
        return np.arctan2(points[:, 1], points[:, 0]) / math.pi, latitude / (math.pi / 2)


@dataclass(frozen=True)
class Camera(Chart):
    """A square window of a sphere: gnomonic from its middle, so that it has no limb, or seen from far away.

    Attributes:
        turn: (3, 3) rotation whose columns are the directions to the right, up and towards the viewer.
        reach: half the angle of view in radians, less than a quarter turn; None for the whole globe from
            far away, whose outside is not there.
    """

    curvature = 1
    turn: F64
    reach: float | None = None

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The window: see `Chart.look`."""
        if self.reach is None:
            distance = np.hypot(x, y)
            there = distance < 1
            depth = np.sqrt(np.maximum(1 - distance**2, 1e-12))
            local = np.stack([x, y, depth], axis=1)
            spacing = 1 / depth
        else:
            half = math.tan(self.reach)
            local = np.stack([x * half, y * half, np.ones_like(x)], axis=1)
            there = np.ones(len(x), dtype=bool)
            spacing = half / (1 + (x * half) ** 2 + (y * half) ** 2)  # half in the middle, less outwards
        points = local @ self.turn.T
        return ChartPoints(points / np.linalg.norm(points, axis=1, keepdims=True), there, spacing)


def lift(w: C128, move: F64 | None = None) -> tuple[F64, Bools, F64]:
    """Points of the Poincare disk on the hyperboloid, moved by an isometry.

    Args:
        w: (N,) complex; the surface is inside the unit circle.
        move: (3, 3) isometry of the hyperboloid, or None.

    Returns:
        (N, 3) points; (N,) whether they are inside the disk; (N,) hyperbolic length of a unit of the disk, infinite
        outside of it.
    """
    squared = np.abs(w) ** 2
    there = squared < (1 - MIN_RIM) ** 2
    across, up = np.where(there, w.real, 0.0), np.where(there, w.imag, 0.0)
    squared = np.where(there, squared, 0.0)
    points = np.stack([2 * across, 2 * up, 1 + squared], axis=1) / (1 - squared)[:, None]
    return (points if move is None else points @ move.T), there, np.where(there, 2 / (1 - squared), np.inf)


def drop(points: F64) -> C128:
    """The way back: points of the hyperboloid in the Poincare disk."""
    return np.asarray((points[:, 0] + 1j * points[:, 1]) / (1 + points[:, 2]), dtype=np.complex128)


def boost(point: F64) -> F64:
    """(3, 3) isometry of the hyperboloid that moves (0, 0, 1) to a point, along the line between them."""
    x, y, z = point
    return np.array([[1 + x * x / (1 + z), x * y / (1 + z), x], [x * y / (1 + z), 1 + y * y / (1 + z), y], [x, y, z]])


@dataclass(frozen=True)
class Disk(Chart):
    """The Poincare disk, conformal: `radius` of it reaches to the picture's sides."""

    radius: float = 1.0
    move: F64 | None = None

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The disk, cut at its radius: see `Chart.look`."""
        points, there, length = lift(np.asarray(self.radius * (x + 1j * y)), self.move)
        return ChartPoints(points, there & (self.depth(x, y) > 0), self.radius * length)

    def depth(self, x: F64, y: F64) -> F64:
        """The disk reaches the picture's sides: see `Chart.depth`."""
        return np.asarray(1 - np.hypot(x, y))

    def place(self, points: F64) -> tuple[F64, F64]:
        """In the disk: see `Chart.place`."""
        w = drop(points if self.move is None else points @ np.linalg.inv(self.move).T) / self.radius
        return w.real, w.imag


@dataclass(frozen=True)
class Window(Chart):
    """A square in the middle of the Poincare disk, for optimising: no rim is seen.

    Attributes:
        half: half the square's side in the disk; its corners must lie inside.
        move: (3, 3) isometry, so that any part of the plane comes to the middle.
    """

    half: float
    move: F64

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The window: see `Chart.look`."""
        points, there, length = lift(np.asarray(self.half * (x + 1j * y)), self.move)
        return ChartPoints(points, there, self.half * length)


@dataclass(frozen=True)
class Klein(Chart):
    """The Klein disk, in which lines are straight; not conformal."""

    radius: float = 1.0

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The disk: see `Chart.look`."""
        shown = self.depth(x, y) > 0
        x, y = self.radius * x, self.radius * y
        squared = x * x + y * y
        there = squared < (1 - MIN_RIM) ** 2
        squared = np.where(there, squared, 0)
        points = np.stack([np.where(there, x, 0), np.where(there, y, 0), np.ones_like(x)], axis=1)
        rest = 1 - squared
        spacing = np.where(there, self.radius / rest, np.inf)
        return ChartPoints(points / np.sqrt(rest)[:, None], there & shown, spacing)

    def depth(self, x: F64, y: F64) -> F64:
        """The disk reaches the picture's sides: see `Chart.depth`."""
        return np.asarray(1 - np.hypot(x, y))

    def place(self, points: F64) -> tuple[F64, F64]:
        """In the disk: see `Chart.place`."""
        return points[:, 0] / points[:, 2] / self.radius, points[:, 1] / points[:, 2] / self.radius


@dataclass(frozen=True)
class HalfPlane(Chart):
    """The upper half-plane: the boundary is the picture's lower edge.

    Attributes:
        height: of the picture in units of the height at which the tiling's middle lies.
        ratio: width / height of the picture.
    """

    height: float = 2.0
    ratio: float = 2.0

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The half-plane: see `Chart.look`."""
        z = self.height * (self.ratio * x / 2 + 1j * (y + 1) / 2)
        points, there, _ = lift((z - 1j) / (z + 1j))
        return ChartPoints(points, there, self.height / 2 * min(self.ratio, 1) / np.maximum(z.imag, 1e-12))

    def place(self, points: F64) -> tuple[F64, F64]:
        """In the half-plane: see `Chart.place`."""
        w = drop(points)
        z = 1j * (1 + w) / (1 - w) / self.height
        return 2 * z.real / self.ratio, 2 * z.imag - 1


@dataclass(frozen=True)
class Band(Chart):
    """The band |Im s| < pi / 4 by w = tanh s: a line of the tiling runs along its middle, at one scale.

    Attributes:
        length: of the picture along the line, in hyperbolic units (2 Re s).
    """

    length: float
    share: float = 1.0

    @property
    def ratio(self) -> float:  # type: ignore[override]
        """Width / height: the band is pi / 2 high in s, in which a hyperbolic unit is a half."""
        return self.length / 2 / (self.share * math.pi / 2)

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The band: see `Chart.look`."""
        along, across = x * self.length / 4, self.share * y * math.pi / 4
        points, there, _ = lift(np.tanh(along + 1j * across))
        scale = 2 / np.maximum(np.cos(2 * across), 1e-12)
        return ChartPoints(points, there, scale * min(self.length / 4, self.share * math.pi / 4))

    def place(self, points: F64) -> tuple[F64, F64]:
        """In the band: see `Chart.place`."""
        s = np.arctanh(drop(points))
        return s.real / (self.length / 4), s.imag / (self.share * math.pi / 4)


@dataclass(frozen=True)
class Square(Chart):
    """The disk mapped conformally onto the whole square by the lemniscate sine (Schwarz 1869)."""

    def look(self, x: F64, y: F64) -> ChartPoints:
        """The square: see `Chart.look`."""
        corner = np.exp(0.25j * math.pi)
        step = LEMNISCATE / 2 / math.sqrt(2)
        z = (x + 1j * y) * step / corner
        w = lemniscate_sine(z)
        points, there, length = lift(w * corner)
        slope = np.sqrt(np.abs(1 - w**4))  # sl' = sqrt(1 - sl^4)
        return ChartPoints(points, there, length * slope * step)

    def place(self, points: F64) -> tuple[F64, F64]:
        """In the square, by Newton's iterations; good well inside of it: see `Chart.place`."""
        corner = np.exp(0.25j * math.pi)
        w = drop(points) / corner
        z = w * (1 + w**4 / 10)
        for _ in range(5):
            z = z - (lemniscate_sine(z) - w) / np.sqrt(1 - w**4)
        position = z * corner / (LEMNISCATE / 2 / math.sqrt(2))
        return position.real, position.imag


def lemniscate_sine(z: C128) -> C128:
    """sl(z) = sd(sqrt(2) z | 1/2) / sqrt(2), from real elliptic functions by their addition formulas.

    Args:
        z: inside the square with corners at plus and minus LEMNISCATE / 2 and i times those.
    """
    from scipy.special import ellipj

    s, c, d, _ = ellipj(math.sqrt(2) * z.real, 0.5)
    s1, c1, d1, _ = ellipj(math.sqrt(2) * z.imag, 0.5)
    sine = s * d1 + 1j * c * d * s1 * c1
    delta = d * c1 * d1 - 0.5j * s * c * s1
    result: C128 = np.asarray(sine / delta / math.sqrt(2), dtype=np.complex128)
    return result
