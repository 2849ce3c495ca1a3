"""An orbit is a set of texels that show one value, each through a colour element; a layout draws them all.

Texels are the points of a grid that every isometry of the group permutes, so orbits are found by exact
integer arithmetic: a texel belongs to the smallest of its images. Pixels are texels except on hexagonal
lattices, whose turns permute no pixel grid: there n x n texels lie on the lattice of each cell, one row
of texels on each row of pixels, and a pixel between them blends the corners of its lattice triangle. The
triangles are cut along the short diagonal, which every hexagonal isometry respects; a square-wise blend
would not be symmetric.

Convention: texel coordinates are integers with y upwards, modulo the translations that change no colour.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F64, I64, Bools, Integers
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout, widened
from orbifolio.runner.symmetry.claims import Move
from orbifolio.runner.symmetry.groups.groups import Group
from orbifolio.runner.symmetry.groups.isometry import Isometry, Period, hermite
from orbifolio.runner.symmetry.groups.lattice import LatticeFrame
from orbifolio.runner.symmetry.groups.legality import elements, neutral_period
from orbifolio.runner.symmetry.inks import Inks
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout, Lookup, Mixed
from orbifolio.runner.symmetry.layouts.flat_charts import Tile
from orbifolio.runner.symmetry.layouts.gather import Gather, build_gather
from orbifolio.runner.symmetry.layouts.resample import resample
from orbifolio.runner.symmetry.tangent_planes import SQUARE, FlatPlanes, SampleLattice
from orbifolio.runner.symmetry.taps import Taps

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Orbits:
    """The texels of one period, sorted into orbits.

    Attributes:
        period: of the texel coordinates.
        orbit: (texels,) orbit of each texel, texel (x, y) at y * period.width + x.
        element: (texels,) colour element through which it shows the orbit's value.
        count: number of orbits, numbered from 0 in the order of their first texels.
        special: (S,) orbits whose stabiliser changes colours.
        projectors: (S, 3, 3) on the colours that the stabiliser leaves fixed.
    """

    period: Period
    orbit: I64
    element: I64
    count: int
    special: I64
    projectors: F64

    def texel(self, x: Integers, y: Integers) -> Integers:
        """Index of the texels at any integer coordinates."""
        return _index(self.period, x, y)


def _index(period: Period, x: Integers, y: Integers) -> Integers:
    turns, row = np.divmod(y, period.height)
    result: Integers = row * period.width + (x - turns * period.shear) % period.width
    return result


def find_orbits(action: tuple[tuple[Isometry, int], ...], grid: I64, period: Period) -> Orbits:
    """Sort texels into orbits.

    Args:
        action: isometries up to colour-neutral translations, with their colour elements.
        grid: (2, 2) texel coordinates of e1 and e2, as columns.
        period: the colour-neutral translations in texel coordinates.

    Raises:
        ValueError: an isometry does not permute the texels.
    """
    y, x = np.divmod(np.arange(period.index, dtype=np.int64), period.width)
    first = np.full(period.index, period.index, dtype=np.int64)
    element = np.zeros(period.index, dtype=np.int64)
    moves = [_on_texels(isometry, grid) for isometry, _ in action]
    for (matrix, shift), (_, changes) in zip(moves, action, strict=True):
        image = _index(
            period, matrix[0, 0] * x + matrix[0, 1] * y + shift[0], matrix[1, 0] * x + matrix[1, 1] * y + shift[1]
        )
        closer = image < first
        first = np.where(closer, image, first)
        element[closer] = colour.INVERSE[changes]  # I(x) = c(g)^-1 I(g x)
    heads = np.flatnonzero(first == np.arange(period.index))
    number = np.zeros(period.index, dtype=np.int64)
    number[heads] = np.arange(len(heads))
    x, y = x[heads], y[heads]

    def fixed(move: tuple[I64, I64], among: I64) -> Bools:
        matrix, shift = move
        u, v = x[among], y[among]
        image = _index(
            period, matrix[0, 0] * u + matrix[0, 1] * v + shift[0], matrix[1, 0] * u + matrix[1, 1] * v + shift[1]
        )
        stays: Bools = image == heads[among]
        return stays

    changing = [move for move, (_, changes) in zip(moves, action, strict=True) if changes != colour.IDENTITY]
    everyone = np.arange(len(heads))
    suspects = [everyone[fixed(move, everyone)] for move in changing]
    special = np.unique(np.concatenate([*suspects, np.zeros(0, dtype=np.int64)]))
    sums, counts = np.zeros((len(special), 3, 3)), np.zeros(len(special))
    for move, (_, changes) in zip(moves, action, strict=True):
        stays = fixed(move, special)
        sums[stays] += colour.MATRICES[changes]
        counts[stays] += 1
    projectors = sums / counts[:, None, None]
    return Orbits(period, number[first], element, len(heads), special, projectors)


def count_orbits(action: tuple[tuple[Isometry, int], ...], grid: I64, period: Period) -> int:
    """How many orbits `find_orbits` finds, without a table of them.

    By Burnside's lemma it is the mean, over the group, of how many texels an isometry fixes. Those of x -> M x + s
    modulo the period's lattice L solve (M - 1) x = -s: as many as the kernel of M - 1 has elements if there are any.
    With B a basis of L, the 2 x 2 minors of [M - 1 | B] have that number as their greatest common divisor, and there
    is a solution if the column s does not change it.

    Args:
        action: isometries up to colour-neutral translations, with their colour elements.
        grid: (2, 2) texel coordinates of e1 and e2, as columns.
        period: the colour-neutral translations in texel coordinates.

    Raises:
        ValueError: an isometry does not permute the texels.
    """
    basis = [(period.width, 0), (period.shear, period.height)]
    fixed = 0
    for isometry, _ in action:
        matrix, shift = _on_texels(isometry, grid)
        columns = [(int(column[0]), int(column[1])) for column in (matrix - np.eye(2, dtype=np.int64)).T]
        kernel = _minors(columns + basis)
        if _minors([*columns, *basis, _vector(shift)]) == kernel:
            fixed += kernel
    return fixed // len(action)


def _minors(columns: Sequence[tuple[int, int]]) -> int:
    """Greatest common divisor of the 2 x 2 minors of a matrix of these columns."""
    return math.gcd(*(a * d - b * c for (a, b), (c, d) in itertools.combinations(columns, 2)))


def _on_texels(isometry: Isometry, grid: I64) -> tuple[I64, I64]:
    """Linear part and shift in texel coordinates."""
    (a, b), (c, d) = grid.tolist()
    determinant = a * d - b * c
    matrix = grid @ np.array(isometry.matrix) @ np.array([[d, -b], [-c, a]])
    shift = grid @ np.array(isometry.halves)
    if (matrix % determinant).any() or (shift % 2).any():
        raise ValueError(f"{isometry} does not permute the texels")
    return matrix // determinant, shift // 2


class PlaneLayout(Layout):
    """The gather of a plane group at one size: see `base.Layout`.

    `render` applies `constrain` first, so its result is symmetric whatever the values are; it returns
    channels-last memory, as convolutions like it.
    """

    _inks: Inks | None = None

    def __init__(
        self,
        width: int,
        height: int,
        parameters: int,
        *,
        draw: Gather,
        texels: Gather,
        orbit_size: Tensor,
        special: Tensor,
        projectors: Tensor,
        fine: tuple[int, int],
        spacing: tuple[float, float],
        order: Tensor | None,
        orbits: Orbits,
        grid: I64,
        frame: LatticeFrame,
    ) -> None:
        self.width, self.height, self.parameters = width, height, parameters
        self.wrap = (True, True)
        self.orbit_size = orbit_size
        self._draw, self._texels = draw, texels
        self.special, self.projectors = special, projectors
        self._fine, self._spacing, self._order = fine, spacing, order
        self._orbits, self._grid, self._frame = orbits, grid, frame

    def render(self, values: Tensor) -> Tensor:
        """The artwork of these orbit values: see `base.Layout.render`."""
        points = self._draw(self.constrain(widened(values)))
        points = points + 0.5 if self._inks is None else points @ self._print_matrix(points).T + self._offset(points)
        picture = points.to(values.dtype).view(1, self.height, self.width, 3)
        return picture.permute(0, 3, 1, 2)

    def printed(self, inks: Inks) -> PlaneLayout:
        """The same layout, whose pictures are printed in inks: see `symmetry/inks.py`."""
        layout = copy(self)
        layout._inks = inks
        return layout

    def _print_matrix(self, like: Tensor) -> Tensor:
        assert self._inks is not None
        return like.new_tensor(self._inks.matrix)

    def _offset(self, like: Tensor) -> Tensor:
        assert self._inks is not None
        return like.new_tensor(self._inks.offset)

    def corner(self, width: int, height: int) -> PlaneLayout:
        """The upper left part: see `base.Layout.corner`."""
        rows, columns = np.divmod(np.arange(width * height), width)
        taps = self.taps(np.stack([columns / self.width, rows / self.height], axis=1))
        single = taps.orbits.shape[1] == 1
        part = copy(self)
        part.width, part.height = width, height
        part._draw = build_gather(taps.orbits, taps.elements, None if single else taps.weights, self.parameters)
        return part.to(str(self.orbit_size.device))

    def sample(self, picture: Tensor) -> Tensor:
        """The orbit values nearest to a picture: see `base.Layout.sample`."""
        picture = widened(picture.to(self.orbit_size.device))
        fine = resample(picture, *self._fine, wrap=self.wrap, spacing=self._spacing)
        points = fine[0].permute(1, 2, 0).reshape(-1, 3)
        if self._inks is None:
            points = points - 0.5
        else:
            points = (points - self._offset(points)) @ points.new_tensor(self._inks.inverse).T
        if self._order is not None:
            points = points.index_select(0, self._order)
        values = self._texels.collect(points) / self.orbit_size[:, None].to(points.dtype)
        return self.constrain(values)

    def evaluate(self, values: Tensor, points: Tensor) -> Tensor:
        """The artwork at any positions, blended linearly between texels.

        Args:
            values: (P, 3), centred, on the CPU.
            points: (N, 2) positions (x, y) in fractions of the picture, y downwards; any real numbers.

        Returns:
            (N, 3), centred.
        """
        taps = self.taps(np.asarray(points, dtype=np.float64))
        return build_gather(taps.orbits, taps.elements, taps.weights, self.parameters)(self.constrain(values))

    def taps(self, points: F64) -> Taps:
        """What the artwork blends at any positions; see `evaluate`."""
        position = points * [1.0, -1.0]  # texels fit 32 bits, which divide several times faster than 64
        if self._frame.hexagonal:
            position = np.round(position @ (self._grid @ np.array(self._frame.edges).T).T, 9)
            corners, weights = triangle_taps(np.floor(position).astype(np.int32), position - np.floor(position))
        else:
            position = np.round(position * [self.width, self.height], 9)
            base, part = np.floor(position).astype(np.int32), position - np.floor(position)
            if not part.any():  # whole texels: a copy that is shifted by some
                texel = self._orbits.texel(base[:, :1], base[:, 1:])
                return Taps(self._orbits.orbit[texel], self._orbits.element[texel], np.ones(texel.shape))
            steps = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=np.int32)
            corners = base[:, None, :] + steps
            u, v = part[:, 0], part[:, 1]
            weights = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], axis=1)
        texel = self._orbits.texel(corners[..., 0], corners[..., 1])
        return Taps(self._orbits.orbit[texel], self._orbits.element[texel], weights)

    def representatives(self) -> F64:
        """Texels, in fractions of the picture: see `base.Layout.representatives`."""
        own = np.flatnonzero(self._orbits.element == colour.IDENTITY)
        _, first = np.unique(self._orbits.orbit[own], return_index=True)
        y, x = np.divmod(own[first], self._orbits.period.width)
        position = np.stack([x, y], axis=1).astype(np.float64)
        if self._frame.hexagonal:
            position = position @ np.linalg.inv(self._grid @ np.array(self._frame.edges).T).T
        else:
            position /= [self.width, self.height]
        return np.column_stack([position * [1.0, -1.0], np.ones(len(position))])

    def tangent_planes(self) -> FlatPlanes:
        """The tile, on whose texels all samples lie: see `base.Layout.tangent_planes`."""
        height: float = self.height
        lattice = SQUARE
        if self._frame.hexagonal:
            height = self.width / (self._frame.ratio or 1.0)  # pixels are not quite square there
            edges = np.linalg.inv(self._grid @ np.array(self._frame.edges).T).T  # a step of the lattice, as rows
            lattice = SampleLattice(edges * [self.width, -height], hexagonal=True)
        return FlatPlanes(self.representatives(), np.diag([1 / self.width, 1 / height]), _TileLookup(self), lattice)

    def colourless(self) -> PlaneLayout:
        """For what is no colour: see `base.Layout.colourless`."""
        plain = copy(self)
        plain._draw, plain.special = self._draw.colourless(), self.special[:0]
        return plain

    def mixed(self, moves: Sequence[Move]) -> BlendedLayout:
        """The mean of moved copies: see `base.Layout.mixed`."""
        chart = Tile(self.width, self.height, self._frame.ratio or self.width / self.height)
        return BlendedLayout(Mixed(_TileLookup(self), chart, moves), chart, self.width, self.height, self)

    def to(self, device: str) -> PlaneLayout:
        """The same layout with its tables on a device."""
        moved = copy(self)
        for name in ("orbit_size", "special", "projectors", "_draw", "_texels"):
            setattr(moved, name, getattr(self, name).to(device))
        moved._order = None if self._order is None else self._order.to(device)
        return moved


class _TileLookup(Lookup):
    """A tile's layout as a lookup, over fractions of the picture."""

    def __init__(self, layout: PlaneLayout) -> None:
        self.layout = layout
        self.count, self.size = layout.parameters, layout.orbit_size.double().numpy()
        self.special = (layout.special.numpy(), layout.projectors.numpy())
        self.spacing, self.mean = 2 / min(layout.width, layout.height), np.eye(3)

    def taps(self, points: F64) -> Taps:
        """What the tile blends at fractions of it: see `blended.Lookup.taps`."""
        return self.layout.taps(points[:, :2])

    def representatives(self) -> F64:
        """The tile's own: see `blended.Lookup.representatives`."""
        return self.layout.representatives()


def triangle_taps(base: Integers, part: F64) -> tuple[Integers, F64]:
    """Corners and weights of the lattice triangle around a point, cut along (0, 0)-(1, 1).

    Args:
        base: (N, 2) lower corner of the point's lattice square.
        part: (N, 2) position in the square, in [0, 1).

    Returns:
        Corners (N, 3, 2) and weights (N, 3), the latter summing to 1.
    """
    u, v = part[:, 0], part[:, 1]
    lower = u >= v
    middle = np.where(lower[:, None], [1, 0], [0, 1]).astype(base.dtype)
    corners = np.stack([base, base + middle, base + 1], axis=1)
    weights = np.stack([1 - np.maximum(u, v), np.abs(u - v), np.minimum(u, v)], axis=1)
    return corners, weights


def _edges(frame: LatticeFrame) -> tuple[I64, I64]:
    """The picture's right and upper edge in lattice coordinates, as columns, and the adjugate matrix."""
    edges = np.array(frame.edges).T
    return edges, np.array([[edges[1, 1], -edges[0, 1]], [-edges[1, 0], edges[0, 0]]])


def _texel_grid(
    group: Group, colours: Mapping[str, int], frame: LatticeFrame, width: int, height: int
) -> tuple[I64, Period]:
    """(2, 2) texel coordinates of e1 and e2, and the colour-neutral translations in texel coordinates.

    Raises:
        ValueError: a size that `LatticeFrame.fit` does not return.
    """
    unit_width, unit_height = frame.units()
    if width < 1 or height < 1 or width % unit_width or height % unit_height:
        raise ValueError(
            f"{width} x {height} for {group.name}; width must be a multiple of {unit_width} "
            f"and height of {unit_height}; ask fit for a size"
        )
    if frame.hexagonal:
        texels_per_cell = height // (2 * frame.rows) if frame.upright else width // (2 * frame.columns)
        grid = texels_per_cell * np.eye(2, dtype=np.int64)
    else:
        grid = np.array([[width], [height]]) * _edges(frame)[1] // frame.cells
    neutral = neutral_period(colours)
    basis = grid @ np.array([[neutral.width, neutral.shear], [0, neutral.height]])
    return grid, hermite(_vector(basis[:, 0]), _vector(basis[:, 1]))


def plane_orbit_count(group: Group, colours: Mapping[str, int], frame: LatticeFrame, width: int, height: int) -> int:
    """`PlaneLayout.parameters` of one size, by arithmetic: see `plane_layout` for the arguments.

    Raises:
        ValueError: a size that `LatticeFrame.fit` does not return.
    """
    return count_orbits(elements(group, colours), *_texel_grid(group, colours, frame, width, height))


def plane_layout(group: Group, colours: Mapping[str, int], frame: LatticeFrame, width: int, height: int) -> PlaneLayout:
    """The layout of one size.

    Args:
        group: whose isometries permute the texels.
        colours: a legal colour action.
        frame: how the picture lies in the lattice.
        width: of the tile in pixels.
        height: of the tile in pixels.

    Raises:
        ValueError: a size that `LatticeFrame.fit` does not return.
    """
    grid, period = _texel_grid(group, colours, frame, width, height)
    orbits = find_orbits(elements(group, colours), grid, period)

    edges, adjugate = _edges(frame)
    texels_per_cell = int(grid[0, 0])  # of a hexagonal lattice
    rows, columns = np.divmod(np.arange(width * height, dtype=np.int64), width)
    if not frame.hexagonal:
        texel = orbits.texel(columns, -rows)[:, None]
        draw = texels = build_gather(orbits.orbit[texel], orbits.element[texel], None, orbits.count)
        fine, spacing, order = (height, width), (1.0, 1.0), None
    else:
        scaled = texels_per_cell * edges  # exact: numerators over width * height
        position = np.stack([columns * height, -rows * width], axis=1) @ scaled.T
        base, rest = np.divmod(position, width * height)
        corners, weights = triangle_taps(base, rest / (width * height))
        corners, weights = _compact(corners, weights)
        texel = orbits.texel(corners[..., 0], corners[..., 1])
        draw = build_gather(orbits.orbit[texel], orbits.element[texel], weights, orbits.count)

        whole = hermite(_vector(scaled[:, 0]), _vector(scaled[:, 1]))
        y, x = np.divmod(np.arange(whole.index, dtype=np.int64), whole.width)
        fine = (2 * frame.rows * texels_per_cell, 2 * frame.columns * texels_per_cell)
        to_fine = np.array([[2 * frame.columns], [2 * frame.rows]]) * adjugate // frame.cells
        across = to_fine @ np.stack([x, y])
        order = torch.from_numpy((-across[1]) % fine[0] * fine[1] + across[0] % fine[1])
        spacing = (1.0, 2.0) if frame.upright else (2.0, 1.0)
        texel = orbits.texel(x, y)[:, None]
        texels = build_gather(orbits.orbit[texel], orbits.element[texel], None, orbits.count)
    size = np.bincount(orbits.orbit[texel[:, 0]], minlength=orbits.count)
    return PlaneLayout(
        width,
        height,
        orbits.count,
        draw=draw,
        texels=texels,
        orbit_size=torch.from_numpy(size.astype(np.float32)),
        special=torch.from_numpy(orbits.special),
        projectors=torch.from_numpy(orbits.projectors),
        fine=fine,
        spacing=spacing,
        order=order,
        orbits=orbits,
        grid=grid,
        frame=frame,
    )


def _vector(column: I64) -> tuple[int, int]:
    return int(column[0]), int(column[1])


def _compact(corners: I64, weights: F64) -> tuple[I64, F64]:
    """Heaviest taps first, without those that no point needs: two where rows of texels and pixels agree."""
    rank = np.argsort(-weights, axis=1, kind="stable")
    corners = np.take_along_axis(corners, rank[..., None], axis=1)
    weights = np.take_along_axis(weights, rank, axis=1)
    needed = int((weights > 0).any(axis=0).sum())
    return corners[:, :needed], weights[:, :needed]
