"""A lattice in the plane of logarithms: what zooms into itself repeats there in two directions.

w = log z carries a turn of the picture to a step upwards and an enlargement to a step to the right; a picture with
I(s e^(ia) z) = I(z) and n-fold turns is a pattern on the lattice of t1 = -2 pi i / n and t2 = log s + i a, and any
wallpaper group of that lattice can act on it (de Smit and Lenstra 2003). Texels are points of a grid that the
group permutes, as in `orbits.py`; blends are square-wise, or triangle-wise on hexagonal lattices.

Convention: points are (Re w, Im w, 1), w = 0 at the edge of the largest circle in the picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.groups import Group
from orbifolio.runner.symmetry.groups.isometry import Isometry, Period, hermite
from orbifolio.runner.symmetry.groups.legality import elements, neutral_period
from orbifolio.runner.symmetry.layouts.blended import Lookup
from orbifolio.runner.symmetry.layouts.gather import Gather, build_gather
from orbifolio.runner.symmetry.layouts.orbits import count_orbits, find_orbits, triangle_taps
from orbifolio.runner.symmetry.tangent_planes import SampleLattice
from orbifolio.runner.symmetry.taps import Taps, bilinear, joined


@dataclass(frozen=True)
class LogLattice:
    """The lattice of a zooming picture.

    Attributes:
        zoom: enlargement s that carries the picture into itself, more than 1.
        turn: degrees of the turn that goes with it, counter-clockwise.
        repeats: n, turns by 360 / n degrees do too.
    """

    zoom: float
    turn: float
    repeats: int

    @property
    def around(self) -> float:
        """Length of t1: the angle of a turn."""
        return 2 * math.pi / self.repeats

    @property
    def outwards(self) -> float:
        """Length of t2 across t1."""
        return math.log(self.zoom)

    @cached_property
    def basis(self) -> F64:
        """(2, 2), t1 and t2 as columns."""
        return np.array([[0.0, self.outwards], [-self.around, math.radians(self.turn)]])

    def on_points(self, isometry: Isometry) -> F64:
        """(3, 3) what an isometry of the lattice does to points."""
        linear = self.basis @ np.array(isometry.matrix) @ np.linalg.inv(self.basis)
        shift = self.basis @ (np.array(isometry.halves) / 2)
        return np.vstack([np.hstack([linear, shift[:, None]]), [0.0, 0.0, 1.0]])


def _texel_grid(group: Group, assignment: Mapping[str, int], lattice: LogLattice, spacing: float) -> tuple[I64, Period]:
    """(2, 2) texel coordinates of the lattice's steps, and the colour-neutral translations in texel coordinates."""
    # even, for the halves of glides and centrings
    across = 2 * math.ceil(lattice.around / spacing / 2)
    out = across
    if group.lattice not in ("square", "hexagonal"):
        out = 2 * math.ceil(lattice.outwards / spacing / 2)
    # the grid's second direction is outwards; t2 may be sheared against it by whole texels
    shear = 0 if group.lattice == "hexagonal" else -round(math.radians(lattice.turn) / lattice.around * across)
    grid = np.array([[across, shear], [0, out]], dtype=np.int64)
    neutral = neutral_period(assignment)
    period = grid @ np.array([[neutral.width, neutral.shear], [0, neutral.height]])
    first, second = ((int(column[0]), int(column[1])) for column in period.T)
    return grid, hermite(first, second)


def log_orbit_count(group: Group, assignment: Mapping[str, int], lattice: LogLattice, spacing: float) -> int:
    """`LogLookup.count` by arithmetic: see there for the arguments."""
    return count_orbits(elements(group, assignment), *_texel_grid(group, assignment, lattice, spacing))


class LogLookup(Lookup):
    """The texels of a lattice of logarithms, sorted into orbits: see `blended.Lookup`."""

    def __init__(self, group: Group, assignment: Mapping[str, int], lattice: LogLattice, spacing: float) -> None:
        self._made_of = group, assignment, lattice
        self.hexagonal = group.lattice == "hexagonal"
        self.grid, period = _texel_grid(group, assignment, lattice, spacing)
        self.spacing = spacing
        self._to_texels = self.grid @ np.linalg.inv(lattice.basis)
        self.orbits = find_orbits(elements(group, assignment), self.grid, period)
        self.count, self.special = self.orbits.count, (self.orbits.special, self.orbits.projectors)
        self.size = np.bincount(self.orbits.orbit, minlength=self.count).astype(np.float64)
        self.mean = colour.projector(assignment.values())

    def taps(self, points: F64) -> Taps:
        """Four texels, three on a hexagonal lattice: see `blended.Lookup.taps`."""
        position = np.round(points[:, :2] @ self._to_texels.T, 9)
        base = np.floor(position).astype(np.int32)
        part = position - base
        if not part.any():  # whole texels
            texel = self.orbits.texel(base[:, :1], base[:, 1:])
            return Taps(self.orbits.orbit[texel], self.orbits.element[texel], np.ones(texel.shape))
        if self.hexagonal:
            corners, weights = triangle_taps(base, part)
        else:
            (x, y), (right, up) = base.T, part.T
            corners = np.stack([np.stack([x, x + 1, x, x + 1], 1), np.stack([y, y, y + 1, y + 1], 1)], axis=2)
            weights = bilinear(right, up)
        texel = self.orbits.texel(corners[..., 0], corners[..., 1])
        return Taps(self.orbits.orbit[texel], self.orbits.element[texel], weights)

    def representatives(self) -> F64:
        """The first texel of each orbit: see `blended.Lookup.representatives`."""
        own = np.flatnonzero(self.orbits.element == colour.IDENTITY)
        _, first = np.unique(self.orbits.orbit[own], return_index=True)
        y, x = np.divmod(own[first], self.orbits.period.width)
        points = np.linalg.solve(self._to_texels, np.stack([x, y]).astype(np.float64))
        return np.vstack([points, np.ones(self.count)]).T

    def lattice(self, step: F64) -> SampleLattice:
        """The texels', about a pixel apart: see `blended.Lookup.lattice`."""
        basis: F64 = np.linalg.inv(self._to_texels @ step).T.astype(np.float64)
        return SampleLattice(basis, self.hexagonal)

    def coarser(self) -> tuple[Lookup, Gather]:
        """Half as many texels each way: see `blended.Lookup.coarser`."""
        return self._coarser

    @cached_property
    def _coarser(self) -> tuple[Lookup, Gather]:
        group, assignment, lattice = self._made_of
        coarse = LogLookup(group, assignment, lattice, 2 * self.spacing)
        points = coarse.representatives()
        corners = [(right * self.spacing, up * self.spacing, 0.0) for right in (-0.5, 0.5) for up in (-0.5, 0.5)]
        taps = joined([self.taps(points + corner) for corner in corners])
        return coarse, build_gather(taps.orbits, taps.elements, taps.weights / 4, self.count)
