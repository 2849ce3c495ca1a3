"""The plane covered: (tiling, colouring, frame, size) -> the tile that each pixel lies in, and where in it.

Copies of the tile are polygons in the picture; each row of samples is filled between the polygon's crossings, so that a
sample on a common edge belongs to one tile only.

Convention: as in `symmetry.base`: pictures repeat, sample (row i, column j) of an (h, w) picture lies at
(j / w, i / h).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import C128, F64, I32
from orbifolio.runner.symmetry.groups.groups import coset_words
from orbifolio.runner.symmetry.groups.isometry import translation
from orbifolio.runner.symmetry.groups.lattice import LatticeFrame
from orbifolio.runner.tilings.colourings import Colouring
from orbifolio.runner.tilings.tiling import PlaneMotion, Tiling


@dataclass(frozen=True)
class TileCopy:
    """A tile in a picture.

    Attributes:
        motion: that carries the first tile here.
        colour: its number.
        outline: (n, 2) in fractions of the picture, y down, partly outside of it.
    """

    motion: PlaneMotion
    colour: int
    outline: F64


@dataclass(frozen=True)
class TileMap:
    """What each sample shows.

    Attributes:
        copy: (h, w) number of the tile's copy; -1 where there is none.
        hits: (h, w) in how many copies it lies: 1 everywhere.
        place: (h, w) the point of the first tile that is there.
        colour: (h, w) number of the colour.
    """

    copy: I32
    hits: I32
    place: C128
    colour: I32


@dataclass(frozen=True)
class Covering:
    """A picture covered with tiles.

    Attributes:
        tiling: the tile and its group.
        colouring: of its copies.
        frame: how the picture lies in the lattice.
    """

    tiling: Tiling
    colouring: Colouring
    frame: LatticeFrame

    @cached_property
    def _edges(self) -> F64:
        """(2, 2) from fractions of the picture, y upwards, to lattice coordinates."""
        return np.array(self.frame.edges, dtype=np.float64).T

    def fractions(self, points: C128) -> F64:
        """(n, 2) where the picture shows points of the plane; it repeats after 1."""
        place = self.tiling.frame
        across = points - place.origin
        u = (across.conj() * place.second).imag / place.cell
        v = (place.first.conjugate() * across).imag / place.cell
        result: F64 = (np.linalg.inv(self._edges) @ np.stack([u, v])).T * [1.0, -1.0]
        return result

    def points(self, fractions: F64) -> C128:
        """The way back from `fractions`."""
        place = self.tiling.frame
        u, v = self._edges @ (fractions * [1.0, -1.0]).T
        result: C128 = place.origin + u * place.first + v * place.second
        return result

    @cached_property
    def copies(self) -> tuple[TileCopy, ...]:
        """All copies of the tile that meet the picture, a margin of half a pixel of 64 around it included."""
        tiling, copies = self.tiling, []
        inverse = np.linalg.inv(self._edges)
        margin = 1 / 128
        for word in coset_words(tiling.group).values():
            base = tiling.group.isometry(word)
            outline = self.fractions(tiling.motion(base).act(tiling.tile))
            low, high = outline.min(0), outline.max(0)
            corners = self._edges @ np.array([[a, b] for a in (-low[0] + 1, -high[0]) for b in (low[1] - 1, high[1])]).T
            (least_u, least_v), (most_u, most_v) = np.floor(corners.min(1)) - 1, np.ceil(corners.max(1)) + 1
            for u in range(int(least_u), int(most_u) + 1):
                for v in range(int(least_v), int(most_v) + 1):
                    shift = (inverse @ [u, v]) * [1.0, -1.0]
                    if (low + shift < 1 + margin).all() and (high + shift > -margin).all():
                        isometry = translation(u, v) @ base
                        copies.append(
                            TileCopy(tiling.motion(isometry), self.colouring.of_tile(isometry), outline + shift)
                        )
        return tuple(copies)

    def map(self, width: int, height: int, offset: tuple[float, float] = (0.0, 0.0)) -> TileMap:
        """The tile of each sample of a picture.

        Args:
            width: in pixels.
            height: in pixels.
            offset: of the samples, in pixels to the right and down.
        """
        copy, hits = np.full((height, width), -1, np.int32), np.zeros((height, width), np.int32)
        colour, place = np.zeros((height, width), np.int32), np.zeros((height, width), np.complex128)
        rows, columns = np.divmod(np.arange(width * height), width)
        points = self.points((np.stack([columns, rows], axis=1) + offset) / [width, height])
        from orbifolio.runner.tilings.outline_kernels import fill_polygon  # compiled, so not before it is needed

        for number, item in enumerate(self.copies):
            x, y = (item.outline * [width, height] - offset).T
            fill_polygon(np.ascontiguousarray(x), np.ascontiguousarray(y), number, copy, hits)
        for number, item in enumerate(self.copies):
            here = np.flatnonzero(copy.ravel() == number)
            place.ravel()[here] = item.motion.inverse().act(points[here])
            colour.ravel()[here] = item.colour
        return TileMap(copy, hits, place, colour)
