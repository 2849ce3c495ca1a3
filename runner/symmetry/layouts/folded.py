"""The layout of a folded surface: (texture, chart, size) -> the gather from its orbits to the chart's pixels.

Every pixel shows a point, the point is folded into the triangle, and there it blends three nodes of the
texture; so the picture has the group's symmetry exactly, in every chart, and no seam. Where a pixel covers more
than a node (towards a rim) it reads a smoothed texture; where it covers a good part of a tile, the picture
fades to the mean colour, which the group's colours leave as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout, widened
from orbifolio.runner.symmetry.charts import Chart, grid
from orbifolio.runner.symmetry.claims import Move
from orbifolio.runner.symmetry.groups.triangle import Folded
from orbifolio.runner.symmetry.inks import Inks
from orbifolio.runner.symmetry.layouts.blended import mixed_taps, share_of_mean, ways_back
from orbifolio.runner.symmetry.layouts.gather import Gather, averages, build_gather, build_ragged
from orbifolio.runner.symmetry.layouts.mipmaps import STEPS, Smoothing, smoothing_step
from orbifolio.runner.symmetry.layouts.texture import Texture
from orbifolio.runner.symmetry.tangent_planes import CurvedPlanes
from orbifolio.runner.symmetry.taps import Taps

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FoldedSurface:
    """A folded surface: the texture, its grain, and the colours that everything shares.

    Attributes:
        texture: on the sheets of its group.
        spacing: distance of neighbouring nodes on the surface, about.
        mean: (3, 3) projector on the colours that the whole action leaves fixed.
        inks: in which its pictures are printed; None where its channels are colours.
    """

    texture: Texture
    spacing: float
    mean: F64
    inks: Inks | None = field(default=None, kw_only=True)

    @cached_property
    def _smoothing(self) -> dict[str, Smoothing]:
        return {}

    def smoothing(self, device: str) -> Smoothing:
        """One step of smoothing; made once for all windows of the surface.

        Args:
            device: where its tables are.
        """
        if device not in self._smoothing:
            first = next(iter(self._smoothing.values()), None)
            self._smoothing[device] = (smoothing_step(self.texture) if first is None else first).to(device)
        return self._smoothing[device]

    def mixed(self, chart: Chart, moves: Sequence[Move]) -> MixedSurface:
        """The weighted mean of copies that a chart's moves make.

        Args:
            chart: that the moves are of.
            moves: weights sum to 1.
        """
        mixture = sum(item.weight * colour.MATRICES[item.colour].astype(np.float64) for item in moves)
        return MixedSurface(
            self.texture, self.spacing, self.mean @ mixture, self, ways_back(chart, moves), inks=self.inks
        )

    def taps(self, points: F64) -> Taps:
        """What points of the surface blend."""
        texture = self.texture
        return texture.taps(texture.triangle.fold(points, texture.sheets.table, active=texture.active))


@dataclass(frozen=True)
class MixedSurface(FoldedSurface):
    """The weighted mean of moved and recoloured copies of a surface.

    Attributes:
        single: the surface that is copied.
        back: for each copy the way back to where it was moved from, and the move.
    """

    single: FoldedSurface
    back: tuple[tuple[F64, Move], ...]

    def smoothing(self, device: str) -> Smoothing:
        """The single copy's: the texture is the same."""
        return self.single.smoothing(device)

    def taps(self, points: F64) -> Taps:
        """Every copy's, weighted: see `FoldedSurface.taps`."""
        return mixed_taps(self.single.taps, points, self.back)


_SHARPNESS = 4  # power of a pixel's fineness that it is trusted by: one half as fine counts for a sixteenth


class FoldedLayout(Layout):
    """See the module's docstring and `base.Layout`; rows of the picture are the chart's, top first."""

    def __init__(self, surface: FoldedSurface, chart: Chart, width: int, height: int) -> None:
        self.width, self.height, self.surface, self.chart = width, height, surface, chart
        self.wrap = chart.wrap
        texture = surface.texture
        self.parameters = texture.count
        self.orbit_size = torch.from_numpy(texture.size.astype(np.float32))
        special, projectors = texture.special
        self.special, self.projectors = torch.from_numpy(special), torch.from_numpy(projectors)
        self._mean = torch.from_numpy(surface.mean)
        x, y = grid(width, height)
        seen = chart.look(x, y)
        length = seen.spacing * (2 / min(width, height))
        rim = chart.depth(x, y) * (min(width, height) / 2) > -0.5  # pixels that show a part of the surface's edge
        fade = np.where(seen.there | rim, share_of_mean(length), 1.0)
        self._fade = torch.from_numpy(fade.astype(np.float32))[:, None]
        points = np.where((fade < 1)[:, None], seen.points, [0.0, 0.0, 1.0])
        level = np.clip(np.log2(np.maximum(length / surface.spacing, 1.0)), 0, len(STEPS) - 1)
        level[fade >= 1] = 0
        self._levels = math.ceil(float(level.max(initial=0.0)))
        self._smooth: Callable[[Tensor], Tensor] | None = surface.smoothing("cpu") if self._levels else None
        self._draw = self._tables(surface.taps(points), level, fade)

    def _tables(self, taps: Taps, level: F64, fade: F64) -> Gather:
        """Every pixel blends two levels, each a copy of the orbits behind the one before."""
        weights = taps.weights * (fade < 1)[:, None]
        if not self._levels:
            return build_gather(taps.orbits, taps.elements, weights, self.parameters)
        from orbifolio.runner.symmetry.layouts.texture_kernels import layer_taps  # compiles, so not before it is needed

        orbits, elements = (array.astype(np.int32, copy=False) for array in (taps.orbits, taps.elements))
        layered = layer_taps(Taps(orbits, elements, weights), level, self._levels, self.parameters)
        return build_ragged(*layered, self.parameters * (self._levels + 1))

    def _smoothed(self, values: Tensor) -> list[Tensor]:
        """The values, then each level's."""
        levels = [values]
        for level in range(1, self._levels + 1):
            assert self._smooth is not None
            values = levels[-1]
            for _ in range(STEPS[level] - STEPS[level - 1]):
                values = self._smooth(values)
            levels.append(values)
        return levels

    def render(self, values: Tensor) -> Tensor:
        """The chart's picture of these orbit values: see `base.Layout.render`."""
        return self.render_with((), values)[0]

    def render_with(self, others: Sequence[Layout], values: Tensor) -> list[Tensor]:
        """Windows of one surface, which smooth its texture once: see `base.Layout.render_with`."""
        windows = [self, *(other for other in others if isinstance(other, FoldedLayout))]
        assert len(windows) == len(others) + 1
        wide = self.constrain(widened(values))
        mean = self.mean(wide)
        levels = max(windows, key=lambda window: window._levels)._smoothed(wide)
        return [window._shade(levels, mean).to(values.dtype) for window in windows]

    def _shade(self, levels: Sequence[Tensor], mean: Tensor) -> Tensor:
        """(1, 3, height, width) from the levels, faded to the mean."""
        points = self._draw(torch.cat(list(levels[: self._levels + 1])) if self._levels else levels[0])
        fade = self._fade.to(points.dtype)
        points = points * (1 - fade) + mean * fade
        inks = self.surface.inks
        if inks is None:
            points = points + 0.5
        else:
            points = points @ points.new_tensor(inks.matrix).T + points.new_tensor(inks.offset)
        return points.view(1, self.height, self.width, 3).permute(0, 3, 1, 2)

    def mean(self, values: Tensor) -> Tensor:
        """(1, 3) the mean colour over the whole surface, centred."""
        share = (self.orbit_size / self.orbit_size.sum()).to(values.dtype)[:, None]
        average = (values * share).sum(0)
        return (self._mean.to(values.dtype) * average).sum(1)[None]

    def sample(self, picture: Tensor) -> Tensor:
        """The orbit values nearest to a picture of this chart: see `base.Layout.sample`.

        Nodes that no pixel shows take the mean colour.
        """
        return self._averaged(picture, 1 - self._fade, self._shown)

    def sharpest(self, picture: Tensor) -> Tensor:
        """From the pixels that cover least of the surface: see `base.Layout.sharpest`."""
        x, y = grid(self.width, self.height)
        length = self.chart.look(x, y).spacing
        worth = np.minimum(length[self._fade[:, 0].cpu().numpy() < 1].min(initial=np.inf) / length, 1.0) ** _SHARPNESS
        weight = (1 - self._fade) * torch.from_numpy(worth.astype(np.float32)).to(self._fade.device)[:, None]
        return self._averaged(picture, weight, self._weighed(weight[:, 0]))

    def _averaged(self, picture: Tensor, weight: Tensor, together: Tensor) -> Tensor:
        """The weighted mean of what pixels show of every orbit.

        Args:
            picture: of any size.
            weight: (pixels, 1).
            together: (P, 1) what the pixels that show each orbit weigh.
        """
        picture = widened(picture.to(self.orbit_size.device))
        resized = torch.nn.functional.interpolate(
            picture, (self.height, self.width), mode="bilinear", align_corners=False, antialias=True
        )
        weight = weight.to(picture.dtype)
        points = resized[0].permute(1, 2, 0).reshape(-1, 3)
        inks = self.surface.inks
        if inks is None:
            points = points - 0.5
        else:
            points = (points - points.new_tensor(inks.offset)) @ points.new_tensor(inks.inverse).T
        points = points * weight
        mean = points.sum(0) / weight.sum().clamp_min(1e-9)
        collected = self._draw.collect(points).view(-1, self.parameters, 3).sum(0)
        return self.constrain(averages(collected, together.to(points.dtype), mean))

    @cached_property
    def _shown(self) -> Tensor:
        """(P, 1) how much of every orbit the picture shows, over all levels."""
        return self._weighed(1 - self._fade[:, 0])

    def _weighed(self, weight: Tensor) -> Tensor:
        """(P, 1) what the pixels of some weights, (pixels,), weigh for every orbit, over all levels."""
        return self._draw.shown(weight).view(-1, self.parameters).sum(0).float()[:, None]

    def carry(self, values: Tensor, old: Layout) -> Tensor:
        """The old texture at this one's nodes, without the detour over a picture: see `base.Layout.carry`."""
        if not isinstance(old, FoldedLayout):
            return super().carry(values, old)
        sheet, node = self.surface.texture.representatives()
        weights = self.surface.texture.weights[node]
        state = sheet * colour.COUNT
        taps = old.surface.texture.taps(Folded(weights, state, np.zeros_like(state)))
        gather = build_gather(taps.orbits, taps.elements, taps.weights, old.parameters).to(str(values.device))
        return self.constrain(gather(old.constrain(values)))

    def representatives(self) -> F64:
        """Nodes, on the surface: see `base.Layout.representatives`."""
        texture = self.surface.texture
        sheet, node = texture.representatives()
        points: F64 = np.einsum("nij,nj->ni", texture.sheets.ways(texture.triangle)[sheet], texture.places[node])
        return points

    def tangent_planes(self) -> CurvedPlanes:
        """On the surface, a pixel being the distance of nodes: see `base.Layout.tangent_planes`."""
        return CurvedPlanes(self.representatives(), self.surface.spacing, self.chart.curvature, self.surface)

    def colourless(self) -> FoldedLayout | None:
        """For what is no colour, unless copies are mixed: see `base.Layout.colourless`."""
        if isinstance(self.surface, MixedSurface):
            return None
        plain = object.__new__(FoldedLayout)
        plain.__dict__.update({name: item for name, item in self.__dict__.items() if name != "_shown"})
        plain._draw = self._draw.colourless()
        plain._smooth = None if self._smooth is None else lambda values: values  # it is smooth as it is
        plain.special, plain._mean = self.special[:0], torch.eye(3, dtype=self._mean.dtype, device=self._mean.device)
        return plain

    def mixed(self, moves: Sequence[Move]) -> FoldedLayout:
        """The mean of moved copies: see `base.Layout.mixed`."""
        return FoldedLayout(self.surface.mixed(self.chart, moves), self.chart, self.width, self.height)

    def to(self, device: str) -> FoldedLayout:
        """The same layout with its tables on a device."""
        moved = object.__new__(FoldedLayout)
        moved.__dict__.update({name: item for name, item in self.__dict__.items() if name != "_shown"})
        for name in ("orbit_size", "special", "projectors", "_mean", "_fade"):
            setattr(moved, name, getattr(self, name).to(device))
        moved._draw = self._draw.to(device)
        moved._smooth = None if self._smooth is None else self.surface.smoothing(device)
        return moved
