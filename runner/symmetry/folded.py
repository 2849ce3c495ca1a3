"""The layout of a folded surface: (texture, chart, size) -> the gather from its orbits to the chart's pixels.

Every pixel looks at a point, the point is folded into the triangle, and there it blends three nodes of the
texture; so the picture has the group's symmetry exactly, in every chart, and no seam. Where a pixel covers more
than a node (towards a rim) it blends several points; where it covers many, the picture fades to the mean
colour, which the group's colours leave as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from runner.symmetry import colour
from runner.symmetry.base import Layout
from runner.symmetry.charts import Chart, grid
from runner.symmetry.gather import Gather, build_gather
from runner.symmetry.texture import Taps, Texture
from runner.symmetry.triangle import Folded

Floats = npt.NDArray[np.float64]

_FINE = 3  # points a side in a pixel that covers more than a node
_FADED = 0.5  # length of a pixel on the surface, in units of the triangle, from which all of it is mean


@dataclass(frozen=True)
class Surface:
    """A folded surface: the texture, its grain, and the colours that everything shares.

    Attributes:
        texture: on the sheets.
        spacing: distance of neighbouring nodes on the surface, about.
        mean: (3, 3) projector on the colours that the whole action leaves fixed.
    """

    texture: Texture
    spacing: float
    mean: Floats

    def taps(self, points: Floats) -> Taps:
        """What points of the surface blend."""
        texture = self.texture
        return texture.taps(texture.triangle.fold(points, texture.sheets.table, active=texture.active))


class FoldedLayout(Layout):
    """See the module's docstring and `base.Layout`; rows of the picture are the chart's, top first."""

    def __init__(self, surface: Surface, chart: Chart, width: int, height: int) -> None:
        self.width, self.height, self.surface, self.chart = width, height, surface, chart
        self.wrap = chart.wrap
        texture = surface.texture
        self.parameters = texture.count
        self.orbit_size = torch.from_numpy(texture.size.astype(np.float32))
        special, projectors = texture.special
        self._special, self._projectors = torch.from_numpy(special), torch.from_numpy(projectors)
        self._mean = torch.from_numpy(surface.mean)
        x, y = grid(width, height)
        sights = chart.look(x, y)
        length = sights.spacing * (2 / min(width, height))
        points = sights.points.copy()
        points[~sights.there] = (0.0, 0.0, 1.0)
        taps = surface.taps(points)
        taps.weights[~sights.there] = 0.0
        self._draw = build_gather(taps.orbits, taps.elements, taps.weights, self.parameters)
        fade = np.clip((length - _FADED / 2) / (_FADED / 2), 0.0, 1.0)
        fade[~sights.there] = 1.0
        self._fade = torch.from_numpy(fade.astype(np.float32))[:, None]
        coarse = np.flatnonzero((length > 1.5 * surface.spacing) & (fade < 1))
        self._coarse = torch.from_numpy(coarse)
        self._fine = self._supersampled(x[coarse], y[coarse]) if len(coarse) else None

    def _supersampled(self, x: Floats, y: Floats) -> Gather:
        """Taps of several points for each of these pixels."""
        offsets = (np.arange(_FINE) + 0.5) / _FINE * 2 - 1
        found = []
        for down in offsets / self.height:
            for right in offsets / self.width:
                sights = self.chart.look(x + right, y + down)
                points = np.where(sights.there[:, None], sights.points, [0.0, 0.0, 1.0])
                taps = self.surface.taps(points)
                taps.weights[~sights.there] = 0.0
                found.append(taps)
        weights = np.concatenate([taps.weights for taps in found], axis=1)
        total = weights.sum(1, keepdims=True)
        return build_gather(
            np.concatenate([taps.orbits for taps in found], axis=1),
            np.concatenate([taps.elements for taps in found], axis=1),
            weights / np.where(total > 0, total, 1.0),
            self.parameters,
        )

    def render(self, values: Tensor) -> Tensor:
        """The chart's picture of these orbit values: see `base.Layout.render`."""
        wide = self.constrain(values if values.dtype in (torch.float32, torch.float64) else values.float())
        points = self._draw(wide)
        if self._fine is not None:
            points = points.index_copy(0, self._coarse, self._fine(wide))
        fade = self._fade.to(wide.dtype)
        points = points * (1 - fade) + self.mean(wide) * fade + 0.5
        return points.to(values.dtype).view(1, self.height, self.width, 3).permute(0, 3, 1, 2)

    def mean(self, values: Tensor) -> Tensor:
        """(1, 3) the mean colour over the whole surface, centred."""
        share = (self.orbit_size / self.orbit_size.sum()).to(values.dtype)[:, None]
        average = (values * share).sum(0)
        return (self._mean.to(values.dtype) * average).sum(1)[None]

    def constrain(self, values: Tensor) -> Tensor:
        """Project values at special positions: see `base.Layout.constrain`."""
        if not len(self._special):
            return values
        there = values.index_select(0, self._special)
        fixed = (self._projectors.to(values.dtype) * there[:, None, :]).sum(2)
        return values.index_copy(0, self._special, fixed)

    def sample(self, picture: Tensor) -> Tensor:
        """The orbit values nearest to a picture of this chart: see `base.Layout.sample`.

        Nodes that no pixel shows take the mean colour.
        """
        picture = picture.to(self.orbit_size.device)
        picture = picture if picture.dtype == torch.float64 else picture.float()
        resized = torch.nn.functional.interpolate(
            picture, (self.height, self.width), mode="bilinear", align_corners=False, antialias=True
        )
        points = resized[0].permute(1, 2, 0).reshape(-1, 3) - 0.5
        shown = 1 - self._fade.to(points.dtype)
        weight = self._covered.to(points.dtype)
        gathered = self._draw.collect(points * shown)
        mean = (points * shown).sum(0) / shown.sum().clamp_min(1e-9)
        values = torch.where(weight > 1e-3, gathered / weight.clamp_min(1e-3), mean)
        return self.constrain(values)

    @property
    def _covered(self) -> Tensor:
        """(P, 1) how much of every orbit the picture shows."""
        # through the colours a white point stays no white point: count with the absolute taps
        draw = self._draw
        ones = torch.ones(draw.parameters, device=self.orbit_size.device)
        slots = draw.back_offsets.numel() // draw.parameters
        shown = (1 - self._fade[:, 0])[draw.back_points.long()]
        weights = shown if draw.back_weights is None else draw.back_weights * shown
        counts = torch.diff(draw.back_offsets.long(), append=torch.tensor([len(weights)], device=ones.device))
        orbit = torch.arange(draw.parameters * slots, device=ones.device).repeat_interleave(counts) // slots
        return torch.zeros_like(ones).index_add(0, orbit, weights)[:, None]

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

    def to(self, device: str) -> FoldedLayout:
        """The same layout with its tables on a device."""
        moved = object.__new__(FoldedLayout)
        moved.__dict__.update(self.__dict__)
        for name in ("orbit_size", "_special", "_projectors", "_mean", "_fade", "_coarse"):
            setattr(moved, name, getattr(self, name).to(device))
        moved._draw = self._draw.to(device)
        moved._fine = None if self._fine is None else self._fine.to(device)
        return moved
