"""What is painted on: a layout -> cells, the places that show them through which colours, and where strokes may begin.

    PlainSurface(layout)                       a picture without symmetry: a cell is a pixel
    OrbifoldSurface(layout, symmetry, size)    a cell is an orbit; a stroke lies wherever the group moves it

Under a symmetry the strokes lie in a fundamental domain, in pixels of the picture about it. A cell has a place there
for each element of the group that moves it near: where a stroke reaches several of them it is laid there once for each,
in the colours that the cell is seen through, so the layout shows every image of a stroke exactly alike.

Convention: cells are (p, 3) sRGB in [0, 1], places in pixels, x to the right, y down.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.fitting.levels import SIZE
from orbifolio.runner.strokes.fitting.stroke_set import StrokeSet
from orbifolio.runner.strokes.rasteriser.colour_actions import ColourActions
from orbifolio.runner.strokes.rasteriser.pixel_blocks import BLOCK_SIDE, PixelBlocks, in_blocks, pixel_grid
from orbifolio.runner.strokes.stroke_array import CURVE, StrokeArray
from orbifolio.runner.symmetry.base import Layout, Symmetry
from orbifolio.runner.symmetry.colour import INVERSE, PRODUCT
from orbifolio.runner.symmetry.groups.domain import Domain, fundamental_domain
from orbifolio.runner.symmetry.isometry_group import IsometryGroup, Motion

if TYPE_CHECKING:
    from torch import Tensor

MIN_RADIUS = 2.0  # pixels; images that are shrunk below it are specks, yet most of a disk's: they are left out
PAINT_REACH = 4.0  # radii beyond its curve in which a stroke may leave paint
DOMAIN_REACH = 2.0  # radii of a domain around its centre, in which strokes are traced


class PaintSurface(ABC):
    """The base.

    Attributes:
        blocks: of the places that show the cells.
        weights: (p,) how many pixels show each cell.
    """

    layout: Layout
    blocks: PixelBlocks
    weights: F32
    repeats: ClassVar[bool] = False
    """Whether it shows strokes more than once."""

    @abstractmethod
    def values(self, cells: Tensor) -> Tensor:
        """(orbits, 3) centred and constrained, of (p, 3) cells; differentiable."""

    @abstractmethod
    def cells(self, values: Tensor) -> F32:
        """(p, 3) in [0, 1] of orbit values."""

    def picture(self, cells: F32) -> F32:
        """(height, width, 3) in [0, 1] that the layout shows of (p, 3) cells."""
        return _picture(self.layout, self.values(torch.from_numpy(cells)))

    def images(self, originals: StrokeSet) -> StrokeSet:
        """The strokes of the whole picture: all images of some, one stroke's after the other's."""
        return originals

    @abstractmethod
    def view(self, cells: F32) -> F32:
        """(h, w, 3) the part of the picture where strokes may begin."""

    @property
    @abstractmethod
    def window(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) of `view` in pixels of the picture; it may go beyond its edges."""

    @property
    @abstractmethod
    def share(self) -> F32:
        """(h, w) 1 where strokes may begin in the view, 0 elsewhere."""


class PlainSurface(PaintSurface):
    """A picture without symmetry."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.blocks = pixel_grid(layout.width, layout.height)
        self.weights = np.ones(layout.width * layout.height, np.float32)

    def values(self, cells: Tensor) -> Tensor:
        """Pixel by pixel."""
        return self.layout.sample(cells.reshape(self.layout.height, self.layout.width, 3).permute(2, 0, 1)[None])

    def cells(self, values: Tensor) -> F32:
        """Pixel by pixel."""
        return np.ascontiguousarray(_picture(self.layout, values).reshape(-1, 3))

    def view(self, cells: F32) -> F32:
        """The whole picture."""
        return cells.reshape(self.layout.height, self.layout.width, 3)

    @property
    def window(self) -> tuple[int, int, int, int]:
        """The whole picture."""
        return 0, 0, self.layout.width, self.layout.height

    @property
    def share(self) -> F32:
        """1 everywhere."""
        return np.ones((self.layout.height, self.layout.width), np.float32)


class OrbifoldSurface(PaintSurface):
    """A picture with a symmetry; see the module's docstring."""

    repeats: ClassVar[bool] = True

    def __init__(self, layout: Layout, symmetry: Symmetry, size: tuple[int, int]) -> None:
        """A surface.

        Args:
            symmetry: a group of movements.
            size: (width, height) in pixels that the domain is looked for at; the same for all phases, so that strokes
                stay in it.
        """
        self.layout, self.symmetry = layout, symmetry
        self.stage = IsometryGroup(symmetry, layout.width, layout.height)
        domain = fundamental_domain(IsometryGroup(symmetry, *size))
        across, down = layout.width / size[0], layout.height / size[1]
        left, top, right, bottom = domain.box
        box = (left * across, top * down, right * across, bottom * down)
        self.domain: Domain = replace(domain, group=self.stage, box=box)
        self.weights = layout.orbit_size.cpu().numpy().astype(np.float32)
        self.blocks = self._blocks()

    def _blocks(self) -> PixelBlocks:
        """The places of all cells around the domain."""
        home, seen = self.domain.home(self.stage.representatives(self.layout))
        inverse, product = np.array(INVERSE), PRODUCT.astype(np.int64)
        points, cells, elements = [], [], []
        for item in self.domain.around:
            there = home @ item.matrix.T
            near = self.stage.distance(there, self.domain.centre) <= DOMAIN_REACH * self.domain.radius
            points.append(self.stage.place(there[near]))
            cells.append(np.flatnonzero(near))
            # I(home) = seen^-1 cell and I(g home) = c(g) I(home), so the cell shows a stroke there by the way back
            elements.append(inverse[product[item.colour, inverse[seen[near]]]])
        used, kinds = np.unique(np.concatenate(elements), return_inverse=True)
        where = np.concatenate(points)
        column, row = ((where - where.min(0)) // BLOCK_SIDE).astype(np.int64).T
        block = row * (int(column.max()) + 1) + column
        return in_blocks(
            where.astype(np.float32),
            np.concatenate(cells).astype(np.int32),
            block,
            self.layout.parameters,
            kinds.astype(np.int32),
            ColourActions.of(used.tolist()),
        )

    def values(self, cells: Tensor) -> Tensor:
        """Orbit by orbit."""
        return self.layout.constrain(cells.to(self.layout.orbit_size.device) - 0.5)

    def cells(self, values: Tensor) -> F32:
        """Orbit by orbit."""
        colours: F32 = (values.detach().float().cpu() + 0.5).clamp(0, 1).numpy()
        return np.ascontiguousarray(colours)

    def view(self, cells: F32) -> F32:
        """What the layout shows about the domain."""
        rows, columns = self._pixels
        return np.ascontiguousarray(self.picture(cells)[rows[:, None], columns])

    def images(self, originals: StrokeSet) -> StrokeSet:
        """Wherever the group moves them and they can be seen.

        On a curved surface an image's curve is the one through the images of three points of the stroke.
        """
        curves = originals.strokes.rows[:, CURVE].reshape(-1, 2)
        points, _ = self.stage.look(curves.astype(np.float64))
        edge = np.array([self.layout.width, self.layout.height])
        numbers: list[I64] = []
        images = StrokeSet.empty()
        for item in self.everywhere(float(originals.strokes.units.max(initial=1.0)) * SIZE):
            there = self.stage.place(points @ item.matrix.T)
            larger = self.larger(curves, there).reshape(-1, 3)[:, 1]
            rows = originals.strokes.rows.copy()
            rows[:, CURVE] = there.reshape(-1, 6)
            image = StrokeArray(rows, originals.strokes.units * larger.astype(np.float32))
            reach = (image.radii * PAINT_REACH)[:, None]
            corners = there.reshape(-1, 3, 2)
            inside = ((corners.max(1) > -reach) & (corners.min(1) < edge + reach)).all(1)
            visible = np.flatnonzero(inside & (image.radii >= np.minimum(MIN_RADIUS, 0.999 * originals.strokes.radii)))
            colours = ColourActions.of((item.colour,)).apply(originals.colours)[:, 0]
            numbers.append(visible)
            images = images.followed_by(StrokeSet(image, colours, originals.levels).take(visible))
        return images.take(np.argsort(np.concatenate(numbers), kind="stable"))

    def everywhere(self, radius: float) -> tuple[Motion, ...]:
        """Elements that move the domain into the picture; in the hyperbolic plane as long as a radius can be seen."""
        stage, domain = self.stage, self.domain
        if stage.curvature < 0:
            seen = MIN_RADIUS / radius
            return stage.elements(domain.centre, 2 / math.sqrt(min(1.0, seen)), np.array([0.0, 0.0, 1.0]))
        sides = np.array([[0, 0], [stage.width, 0], [0, stage.height], [stage.width, stage.height]], float)
        far = float(stage.distance(stage.look(sides)[0], domain.centre).max()) + 2 * domain.radius
        return stage.elements(domain.centre, 2.1 if stage.curvature else far)

    def larger(self, before: F32, after: F64) -> F64:
        """(n,) by how much the picture shows things larger at some places, `after`, than at others."""
        shown = self.stage.scale(after)
        was = self.stage.scale(before.astype(np.float64))
        return np.ones(len(before)) if shown is None or was is None else shown / np.maximum(was, 1e-9)

    @cached_property
    def opacity(self) -> F32 | None:
        """Where the picture shows the surface: see `charts.opacity`."""
        return self.symmetry.opacity(self.layout.width, self.layout.height)

    @cached_property
    def window(self) -> tuple[int, int, int, int]:
        """The box of the domain and a pixel about it, within the picture unless that wraps around."""
        left, top, right, bottom = self.domain.box
        first, low = int(np.floor(left)) - 1, int(np.floor(top)) - 1
        last, high = int(np.ceil(right)) + 2, int(np.ceil(bottom)) + 2
        wraps_down, wraps_across = self.stage.wrap
        if not wraps_across:
            first, last = max(0, first), min(self.layout.width, last)
        if not wraps_down:
            low, high = max(0, low), min(self.layout.height, high)
        return first, low, last, high

    @cached_property
    def _pixels(self) -> tuple[I64, I64]:
        """Rows and columns of the picture that the window shows."""
        left, top, right, bottom = self.window
        rows, columns = np.arange(top, bottom, dtype=np.int64), np.arange(left, right, dtype=np.int64)
        return rows % self.layout.height, columns % self.layout.width

    @cached_property
    def share(self) -> F32:
        """1 in the domain."""
        left, top, right, bottom = self.window
        x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        points, there = self.stage.look(np.stack([x.ravel(), y.ravel()], axis=1))
        inside = self.domain.holds(points) & there
        return inside.reshape(x.shape).astype(np.float32)


def _picture(layout: Layout, values: Tensor) -> F32:
    """(height, width, 3) in [0, 1]."""
    with torch.no_grad():
        shown = layout.render(values)[0].permute(1, 2, 0).float().cpu().numpy()
    picture: F32 = np.clip(shown, 0, 1)
    return picture


def surface_of(layout: Layout, symmetry: Symmetry | None, size: tuple[int, int]) -> PaintSurface:
    """What a layout offers to paint on.

    Args:
        size: (width, height) in pixels of the last phase.
    """
    plain = symmetry is None or not (symmetry.claims() or any(symmetry.wrap))
    return PlainSurface(layout) if plain or symmetry is None else OrbifoldSurface(layout, symmetry, size)
