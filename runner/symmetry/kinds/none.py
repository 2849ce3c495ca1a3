"""No symmetry: one parameter for every pixel, no period, any size; for pictures that do not tile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import Layout, LayoutExtent, Symmetry, SymmetrySettings, widened
from orbifolio.runner.symmetry.claims import Claim, Move, generated
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout, Lookup, Mixed
from orbifolio.runner.symmetry.layouts.flat_charts import PlaneChart
from orbifolio.runner.symmetry.layouts.resample import resample
from orbifolio.runner.symmetry.tangent_planes import FlatPlanes
from orbifolio.runner.symmetry.taps import Taps, bilinear
from orbifolio.runner.symmetry.wave_space import WaveSpace, free_waves

if TYPE_CHECKING:
    from torch import Tensor

_COPY_BYTES, _COPY_MAKING_BYTES = 70, 360  # per pixel and copy: see `base.Symmetry`


class PixelLayout(Layout):
    """Values are the pixels, row by row: see `base.Layout`."""

    def __init__(self, width: int, height: int, device: str = "cpu") -> None:
        if width < 1 or height < 1:
            raise ValueError(f"{width} x {height}; a picture has at least one pixel; ask fit for a size")
        self.width, self.height, self.parameters = width, height, width * height
        self.wrap = (False, False)
        self.orbit_size = torch.ones(width * height, device=device)

    def render(self, values: Tensor) -> Tensor:
        """The picture, in channels-last memory: see `base.Layout.render`."""
        return (values + 0.5).view(1, self.height, self.width, 3).permute(0, 3, 1, 2)

    def sample(self, picture: Tensor) -> Tensor:
        """The picture at this size: see `base.Layout.sample`."""
        picture = widened(picture.to(self.orbit_size.device))
        resized = resample(picture, self.height, self.width, wrap=self.wrap)
        return resized[0].permute(1, 2, 0).reshape(-1, 3) - 0.5

    def representatives(self) -> F64:
        """The pixels, row by row: see `base.Layout.representatives`."""
        row, column = np.divmod(np.arange(self.parameters), self.width)
        return np.stack([(column + 0.5) / self.width, (row + 0.5) / self.height, np.ones(self.parameters)], axis=1)

    def tangent_planes(self) -> FlatPlanes:
        """The picture, whose edges repeat: see `base.Layout.tangent_planes`."""
        chart, lookup = PlaneChart(self.width / self.height), PixelLookup(self.width, self.height, 0.0)
        return FlatPlanes(lookup.representatives(), chart.pixel_step(self.width, self.height), lookup)

    def colourless(self) -> PixelLayout:
        """As it is: see `base.Layout.colourless`."""
        return self

    def mixed(self, moves: Sequence[Move]) -> BlendedLayout:
        """The mean of moved copies, from pixels that reach as far as their corners: see `base.Layout.mixed`."""
        chart = PlaneChart(self.width / self.height)
        lookup = PixelLookup(self.width, self.height, reach_of_copies(chart, moves))
        bare = BlendedLayout(lookup, chart, self.width, self.height)
        return BlendedLayout(Mixed(lookup, chart, moves), chart, self.width, self.height, bare)

    def to(self, device: str) -> PixelLayout:
        """The same layout on a device."""
        return PixelLayout(self.width, self.height, device)


def reach_of_copies(chart: PlaneChart, moves: Sequence[Move]) -> float:
    """How far from the middle copies look: to the picture's corners if one is turned, 0 if none leads out of it."""
    return math.hypot(*chart.half) if any(move.turn % 180 for move in moves) else 0.0


def reached_size(width: int, height: int, reach: float) -> tuple[int, int]:
    """(columns, rows) of the pixels that copies of a picture look at."""
    wide = max(width, 2 * math.ceil(reach * min(width, height) / 2))
    return (wide, max(height, wide)) if reach else (width, height)


class PixelLookup(Lookup):
    """Pixels about the picture's middle, blended square-wise: see `blended.Lookup`."""

    def __init__(self, width: int, height: int, reach: float) -> None:
        self.unit = 2 / min(width, height)
        self.columns, self.rows = reached_size(width, height, reach)
        self.count = self.columns * self.rows
        self.size = np.ones(self.count)
        self.special = np.zeros(0, dtype=np.int64), np.zeros((0, 3, 3))
        self.spacing, self.mean = self.unit, np.eye(3)

    def taps(self, points: F64) -> Taps:
        """The four pixels about a point: see `blended.Lookup.taps`."""
        column = np.round(np.clip(points[:, 0] / self.unit + (self.columns - 1) / 2, 0, self.columns - 1), 9)
        row = np.round(np.clip((self.rows - 1) / 2 - points[:, 1] / self.unit, 0, self.rows - 1), 9)
        left = np.minimum(np.floor(column).astype(np.int64), self.columns - 2)
        top = np.minimum(np.floor(row).astype(np.int64), self.rows - 2)
        right, down = column - left, row - top
        pixels = np.stack([top * self.columns + left + step for step in (0, 1, self.columns, self.columns + 1)], axis=1)
        return Taps(pixels, np.zeros_like(pixels), bilinear(right, down))

    def representatives(self) -> F64:
        """The pixels: see `blended.Lookup.representatives`."""
        row, column = np.divmod(np.arange(self.count), self.columns)
        x, y = (column - (self.columns - 1) / 2) * self.unit, ((self.rows - 1) / 2 - row) * self.unit
        return np.stack([x, y, np.ones(self.count)], axis=1)


class PlainPicture(Symmetry):
    """A picture without any symmetry: see `base.Symmetry`."""

    title = "no symmetry"
    group = ""
    wrap = (False, False)
    cells = 1
    notes: tuple[str, ...] = ()
    table_bytes_per_pixel, making_bytes_per_pixel = 4, 8

    def __init__(self, ratio: Ratio | None = None) -> None:
        self.ratio = None if ratio is None else ratio.value

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The nearest multiples: see `base.Symmetry.fit`."""
        return fit_free(width, multiple, self.ratio or ratio)

    def orbit_count(self, width: int, height: int) -> int:
        """Every pixel is its own."""
        return width * height

    def mixed_extent(self, width: int, height: int, moves: Sequence[Move]) -> LayoutExtent:
        """Turned copies are of a larger picture, whose corners they show: see `base.Symmetry.mixed_extent`."""
        reach = reach_of_copies(self.chart_for(width, height), moves)
        columns, rows = reached_size(width, height, reach)
        each = width * height * len(moves)
        return LayoutExtent(width, height, columns * rows, _COPY_BYTES * each, _COPY_MAKING_BYTES * each)

    def layout(self, width: int, height: int) -> PixelLayout:
        """One parameter for every pixel."""
        return PixelLayout(width, height)

    def chart_for(self, width: int, height: int) -> PlaneChart:
        """The plane, unit length half the shorter side."""
        return PlaneChart(width / height)

    def claims(self) -> tuple[Claim, ...]:
        """None: there is no group."""
        return ()

    def movements(self, ratio: float) -> tuple[Claim, ...]:
        """The identity: see `base.Symmetry.movements`."""
        return generated((), self.wrap)

    def advisories(self) -> tuple[str, ...]:
        """None: every picture will do."""
        return ()

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """The identity alone: the texture is shown in one way."""
        return ((0.0, False, np.eye(3)),)

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Waves in any direction: see `base.Symmetry.wave_space`."""
        chart = self.chart_for(width, height)
        return free_waves([np.eye(3)], [0], chart.half, chart.from_fractions)

    def refusal(self, move: Move) -> str:
        """A picture that does not repeat has nothing to be shifted in: see `base.Symmetry.refusal`."""
        if move.shift != (0.0, 0.0):
            return "a shift leads out of a picture that does not repeat; only a tile can be shifted; use base: plane"
        return ""


def fit_free(width: int, multiple: int, ratio: float) -> tuple[int, int]:
    """The nearest multiples, where any shape will do: see `base.Symmetry.fit`."""
    if width < 1 or multiple < 1 or not ratio > 0 or not math.isfinite(ratio):
        raise ValueError(f"width {width}, multiple {multiple}, ratio {ratio}: all must be positive")
    across = multiple * max(1, round(width / multiple))
    return across, multiple * max(1, round(across / ratio / multiple))


class NoSymmetry(SymmetrySettings):
    """No symmetry: style transfer and dreams on a picture that does not tile."""

    kind: Literal["none"] = "none"

    def build(self, ratio: Ratio | None = None) -> PlainPicture:
        """A plain picture; any ratio will do."""
        return PlainPicture(ratio)
