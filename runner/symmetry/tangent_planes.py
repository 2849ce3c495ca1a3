"""Tangent planes: around each orbit's representative the surface as a small flat picture.

What copies patches of a flat picture onto a surface needs no more of it than this: what lies at an offset from an orbit
(`around`), and at which offset an orbit sees a point (`see`). Both are exact in the plane; on a curved surface they are
the exponential map and its inverse, and only offsets of a few pixels are asked for.

Convention: offsets are (x, y) in pixels, x to the right, y down, in the orbit's own frame.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.symmetry.taps import Taps


@dataclass(frozen=True)
class SampleLattice:
    """Where the samples of a patch lie.

    Attributes:
        basis: (2, 2) the two steps between neighbouring samples in pixels, as rows.
        hexagonal: whether they are at 60 degrees, so that a sample has six neighbours instead of eight.
    """

    basis: F64
    hexagonal: bool = False

    @property
    def ring(self) -> int:
        """Number of a sample's neighbours."""
        return 6 if self.hexagonal else 8

    def offsets(self, radius: int) -> F64:
        """(J, 2) samples within some steps: a square, or a hexagonal disc; the middle first, then its neighbours.

        Args:
            radius: in steps.
        """
        steps = np.arange(-2 * radius, 2 * radius + 1)
        across, down = (axis.ravel() for axis in np.meshgrid(steps, steps))
        points = across[:, None] * self.basis[0] + down[:, None] * self.basis[1]
        if self.hexagonal:
            points = points[np.hypot(*points.T) <= (radius + 0.1) * np.hypot(*self.basis[0])]
        else:
            points = points[np.maximum(np.abs(across), np.abs(down)) <= radius]
        distance = np.round(np.hypot(*points.T), 6)
        ordered: F64 = points[np.lexsort((points[:, 0], points[:, 1], distance))]
        return ordered


SQUARE = SampleLattice(np.eye(2))


class PointLookup(Protocol):
    """What shows a surface at any of its points."""

    def taps(self, points: F64) -> Taps:
        """What points blend.

        Args:
            points: (N, 3), on the surface.
        """


class TangentPlanes(ABC):
    """The planes of all orbits of a layout.

    Attributes:
        places: (P, 3) the orbits' representatives; near each other where they are near on the surface.
        lattice: of the texels, where they have one, so that a sample is a texel.
        turning: whether frames of neighbours differ.
        lookup: of the surface, or None where only its orbits' own places are known.
    """

    places: F64
    lattice: SampleLattice = SQUARE
    turning: bool = False
    lookup: PointLookup | None = None

    @abstractmethod
    def around(self, orbits: I64, offsets: F64) -> Taps:
        """What the surface shows around orbits.

        Args:
            orbits: (n,).
            offsets: (J, 2) in pixels, or (n, J, 2), other ones for each orbit.

        Returns:
            n * J points, those of the first orbit first.
        """

    @abstractmethod
    def see(self, orbits: I64, places: F64) -> F64:
        """(n, 2) the offsets in pixels at which the planes of orbits show places.

        Args:
            orbits: (n,).
            places: (n, 3), each near its orbit; of these planes or of another size's.
        """


class FlatPlanes(TangentPlanes):
    """Of a flat surface, whose frames are all alike: see `TangentPlanes`.

    Attributes:
        step: (2, 2) what a pixel to the right and a pixel down are on the surface, as columns.
    """

    lookup: PointLookup

    def __init__(self, places: F64, step: F64, lookup: PointLookup, lattice: SampleLattice = SQUARE) -> None:
        self.places, self.step, self.lattice = places, step, lattice
        self.lookup, self._back = lookup, np.linalg.inv(step)

    def around(self, orbits: I64, offsets: F64) -> Taps:
        """By the lookup: see `TangentPlanes.around`."""
        points = self.places[orbits][:, None].repeat(offsets.shape[-2], axis=1)
        points[..., :2] += offsets @ self.step.T
        return self.lookup.taps(points.reshape(-1, 3))

    def see(self, orbits: I64, places: F64) -> F64:
        """By subtraction: see `TangentPlanes.see`."""
        away: F64 = (places[:, :2] - self.places[orbits, :2]) @ self._back.T
        return away


class CurvedPlanes(TangentPlanes):
    """Of a sphere or the hyperbolic plane: see `TangentPlanes`.

    An orbit's frame is that of the pole (0, 0, 1), carried along the line to its representative p by the isometry B
    whose last column is p:

        B = [[1 - K x^2 / (1 + z), -K x y / (1 + z), x], [-K x y / (1 + z), 1 - K y^2 / (1 + z), y], [-K x, -K y, z]]

    with curvature K; its inverse is G B^T G with G = diag(1, 1, K).
    """

    turning = True
    lookup: PointLookup

    def __init__(self, points: F64, pixel: float, curvature: int, lookup: PointLookup) -> None:
        """The planes of orbits.

        Args:
            points: (P, 3) representatives.
            pixel: length of a pixel on the surface.
            curvature: 1 sphere, -1 hyperbolic plane.
            lookup: of the surface.
        """
        self.pixel, self.curvature, self.lookup = pixel, curvature, lookup
        self.places = points
        x, y, z = points.T
        below = curvature / np.maximum(1 + z, 1e-12)
        self._frames = np.empty((len(points), 3, 3))
        self._frames[:, 0] = np.stack([1 - below * x * x, -below * x * y, x], axis=1)
        self._frames[:, 1] = np.stack([-below * x * y, 1 - below * y * y, y], axis=1)
        self._frames[:, 2] = np.stack([-curvature * x, -curvature * y, z], axis=1)

    def around(self, orbits: I64, offsets: F64) -> Taps:
        """By the exponential map: see `TangentPlanes.around`."""
        length = np.hypot(offsets[..., 0], offsets[..., 1]) * self.pixel
        sine, cosine = (np.sin, np.cos) if self.curvature > 0 else (np.sinh, np.cosh)
        along = sine(length) / np.maximum(length, 1e-300) * self.pixel
        local = np.stack([offsets[..., 0] * along, -offsets[..., 1] * along, cosine(length)], axis=-1)
        points = np.broadcast_to(local, (len(orbits), *local.shape[-2:])) @ np.swapaxes(self._frames[orbits], 1, 2)
        return self.lookup.taps(points.reshape(-1, 3))

    def see(self, orbits: I64, places: F64) -> F64:
        """By the logarithm: see `TangentPlanes.see`."""
        metric = np.array([1.0, 1.0, self.curvature])
        local = np.einsum("nji,nj->ni", self._frames[orbits], places * metric) * metric
        sine = np.hypot(local[:, 0], local[:, 1])
        if self.curvature > 0:
            length = np.arctan2(sine, local[:, 2])
        else:
            length = np.arcsinh(sine)
        scale = np.where(sine > 1e-300, length / np.maximum(sine, 1e-300), 1.0) / self.pixel
        return np.stack([local[:, 0] * scale, -local[:, 1] * scale], axis=1)


class SurfacePlanes(TangentPlanes):
    """Of any surface that is given by its points: what lies at an offset is the nearest of them.

    An orbit's frame lies across its normal, with the surface's upward direction pointing up.
    """

    turning = True

    def __init__(self, places: F64, normals: F64, pixel: float) -> None:
        """The planes of points.

        Args:
            places: (P, 3), about a pixel apart, y up.
            normals: (P, 3), of any length.
            pixel: length of a pixel.
        """
        from scipy.spatial import cKDTree

        self.places, self.pixel = places, pixel
        self._tree = cKDTree(places)
        normal = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        right = np.cross([0.0, 1.0, 0.0], normal)
        flat = np.linalg.norm(right, axis=1) < 1e-6  # lid and bottom have no upward direction
        right[flat] = [1.0, 0.0, 0.0]
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        self._frames = np.stack([right, np.cross(right, normal)], axis=2)  # columns: right, down

    def around(self, orbits: I64, offsets: F64) -> Taps:
        """The nearest points of those on the plane: see `TangentPlanes.around`."""
        on_plane = np.broadcast_to(offsets * self.pixel, (len(orbits), *offsets.shape[-2:]))
        points = self.places[orbits][:, None] + on_plane @ np.swapaxes(self._frames[orbits], 1, 2)
        nearest = self._tree.query(points.reshape(-1, 3), workers=-1)[1][:, None]
        return Taps(nearest, np.zeros_like(nearest), np.ones(nearest.shape))

    def see(self, orbits: I64, places: F64) -> F64:
        """By projection on the plane: see `TangentPlanes.see`."""
        seen: F64 = np.einsum("nij,ni->nj", self._frames[orbits], places - self.places[orbits]) / self.pixel
        return seen
