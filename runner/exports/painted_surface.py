"""Pictures of a folded surface, drawn once: (surface, values, chart, size) -> (height, width, 3) in [0, 1].

The same picture as `folded.FoldedLayout` renders, without the tables that optimising needs, so that a product
may look at the surface through many charts. Where a pixel covers more than a node it blends several points;
where it covers many, the picture fades to the mean colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.charts import Chart, ChartPoints, grid
from orbifolio.runner.symmetry.layouts.blended import share_of_mean
from orbifolio.runner.symmetry.layouts.folded import FoldedSurface
from orbifolio.runner.symmetry.taps import Taps

if TYPE_CHECKING:
    from torch import Tensor

_CHUNK = 300_000  # points at a time, so that memory does not grow with the picture


@dataclass(frozen=True)
class PaintedSurface:
    """A surface with its colours.

    Attributes:
        surface: folds points and blends its texture's nodes.
        values: (orbits, 3), centred and constrained.
    """

    surface: FoldedSurface
    values: Tensor

    @cached_property
    def _numbers(self) -> F32:
        """(orbits, 3) the values as a contiguous array on the CPU."""
        return np.ascontiguousarray(self.values.detach().cpu().float().numpy())

    def _blend(self, taps: Taps) -> F32:
        """(N, 3) weighted sums of values, each through its colour element."""
        used = np.flatnonzero(np.bincount(taps.elements.ravel(), minlength=colour.COUNT)).tolist()
        channels = np.array([colour.permutation(item) for item in used])
        signs = np.array([colour.signs(item) for item in used], dtype=np.float32)
        turned = (self._numbers[:, channels] * signs).reshape(-1, 3)
        slot = np.zeros(colour.COUNT, dtype=np.int64)
        slot[used] = np.arange(len(used))
        rows = turned[taps.orbits * len(used) + slot[taps.elements]]
        blended: F32 = np.einsum("nk,nkc->nc", taps.weights.astype(np.float32), rows)
        return blended

    @cached_property
    def mean(self) -> F32:
        """(3,) the mean colour over the whole surface, in [0, 1]."""
        size = self.surface.texture.size
        average = (self._numbers.astype(np.float64) * (size / size.sum())[:, None]).sum(0)
        return self._printed((self.surface.mean @ average).astype(np.float32))

    def colours(self, points: F64) -> F32:
        """Colours at points of the surface.

        Args:
            points: (N, 3), on the surface.

        Returns:
            (N, 3) in [0, 1].
        """
        centred = np.empty((len(points), 3), dtype=np.float32)
        for start in range(0, len(points), _CHUNK):
            centred[start : start + _CHUNK] = self._blend(self.surface.taps(points[start : start + _CHUNK]))
        return self._printed(centred)

    def _printed(self, centred: F32) -> F32:
        """(..., 3) colours of centred channels, in [0, 1]."""
        inks = self.surface.inks
        colours = centred + np.float32(0.5) if inks is None else centred @ inks.matrix.T + inks.offset
        result: F32 = np.clip(colours, 0, 1).astype(np.float32)
        return result

    def picture(self, chart: Chart, width: int, height: int, *, fine: int = 1, rim: int = 2) -> F32:
        """A picture of the surface; pixels beyond it have the mean colour.

        Args:
            chart: through which it is seen.
            width: of the picture in pixels.
            height: of the picture in pixels.
            fine: points along each side of a pixel.
            rim: the same where a pixel covers more than a node.
        """
        x, y = grid(width, height)
        seen = chart.look(x, y)
        length = seen.spacing * (2 / min(width, height))
        fade = share_of_mean(length)
        wanted = seen.there & (fade < 1)
        points = np.tile(self.mean, (len(x), 1))
        coarse = wanted & (length > 1.5 * self.surface.spacing) & (fine < rim)
        for chosen, side in ((wanted & ~coarse, fine), (coarse, rim)):
            points[chosen] = self._blended(chart, x[chosen], y[chosen], (width, height), side)
        share = fade[:, None].astype(np.float32)
        picture: F32 = (points * (1 - share) + self.mean * share).reshape(height, width, 3)
        return picture

    def _blended(self, chart: Chart, x: F64, y: F64, size: tuple[int, int], side: int) -> F32:
        """The mean over side x side points of each pixel."""
        offsets = (np.arange(side) + 0.5) / side * 2 - 1
        total = np.zeros((len(x), 3), dtype=np.float32)
        count = np.zeros((len(x), 1), dtype=np.float32)
        for down in offsets / size[1]:
            for right in offsets / size[0]:
                seen = chart.look(x + right, y + down)
                total[seen.there] += self.colours(seen.points[seen.there])
                count[seen.there] += 1
        return np.where(count > 0, total / np.maximum(count, 1), self.mean)


@dataclass(frozen=True)
class MovedChart(Chart):
    """A chart of the surface moved by an isometry.

    Attributes:
        move: (3, 3), from where the chart looks to where the surface is seen.
    """

    chart: Chart
    move: F64

    @property
    def ratio(self) -> float:  # type: ignore[override]
        """The chart's own."""
        return self.chart.ratio

    def look(self, x: F64, y: F64) -> ChartPoints:
        """What the chart shows, moved: see `Chart.look`."""
        seen = self.chart.look(x, y)
        return ChartPoints(seen.points @ self.move.T, seen.there, seen.spacing)
