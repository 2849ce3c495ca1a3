"""The layout of flat pictures: (lookup, chart, size) -> the gather from orbits to pixels.

A lookup is (points) -> taps: which orbits each point blends, through which colours. A pixel that covers more than
a texel reads a coarser texture of the same group (as a mipmap does, Williams 1983); one that covers a good part of
the pattern fades to the mean colour.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout, widened
from orbifolio.runner.symmetry.charts import Chart, grid
from orbifolio.runner.symmetry.claims import Move
from orbifolio.runner.symmetry.layouts.gather import Gather, averages, build_gather
from orbifolio.runner.symmetry.layouts.resample import resample
from orbifolio.runner.symmetry.tangent_planes import SQUARE, FlatPlanes, SampleLattice
from orbifolio.runner.symmetry.taps import Taps, joined

if TYPE_CHECKING:
    from torch import Tensor

_FADED = 0.5
"""Length of a pixel, in units of the surface, from which it shows the mean colour alone. Such a pixel covers a good
part of the pattern: a larger limit glitters, a smaller one greys what could still be seen."""


def share_of_mean(length: F64) -> F64:
    """The mean colour's share in pixels of some length: 0 up to half of `_FADED`, then rising evenly to 1."""
    return np.clip(2 * length / _FADED - 1, 0.0, 1.0)


class Lookup(ABC):
    """A texture on a flat surface, looked up at any of its points.

    Attributes:
        count: number of orbits, whose values are looked up.
        size: (orbits,) how many texels show each.
        special: orbits whose stabiliser changes colours, and the (3, 3) projectors on what it leaves.
        spacing: distance of neighbouring texels.
        mean: (3, 3) projector on the colours that the whole action leaves fixed.
    """

    count: int
    size: F64
    special: tuple[I64, F64]
    spacing: float
    mean: F64

    @abstractmethod
    def taps(self, points: F64) -> Taps:
        """What points of the surface blend.

        Args:
            points: (N, 3), as the chart gives them.
        """

    @abstractmethod
    def representatives(self) -> F64:
        """(orbits, 3) a point for each orbit that shows the orbit's own value."""

    def lattice(self, step: F64) -> SampleLattice:
        """The lattice of the texels, as patches are sampled; pixels where texels lie anyhow.

        Args:
            step: (2, 2) what a pixel to the right and a pixel down are on the surface, as columns.
        """
        return SQUARE

    def coarser(self) -> tuple[Lookup, Gather] | None:
        """The same with texels twice as far apart, and the map from these orbits' values to its; None without."""
        return None


class Mixed(Lookup):
    """The weighted mean of several moved and recoloured copies of what a lookup shows."""

    def __init__(self, lookup: Lookup, chart: Chart, moves: Sequence[Move]) -> None:
        self.lookup = lookup
        self.count, self.size, self.special = lookup.count, lookup.size, lookup.special
        self.spacing = lookup.spacing
        self.back = ways_back(chart, moves)
        mixture = sum(move.weight * colour.MATRICES[move.colour].astype(np.float64) for move in moves)
        self.mean = lookup.mean @ mixture

    def taps(self, points: F64) -> Taps:
        """Every copy's taps, weighted: see `Lookup.taps`."""
        return mixed_taps(self.lookup.taps, points, self.back)

    def representatives(self) -> F64:
        """Of the single copy: see `Lookup.representatives`."""
        return self.lookup.representatives()

    def coarser(self) -> tuple[Lookup, Gather] | None:
        """Copies of the coarser single copy: see `Lookup.coarser`."""
        coarse = self.lookup.coarser()
        if coarse is None:
            return None
        mixed = copy(self)
        mixed.lookup, mixed.count, mixed.size = coarse[0], coarse[0].count, coarse[0].size
        mixed.special, mixed.spacing = coarse[0].special, coarse[0].spacing
        return mixed, coarse[1]


def ways_back(chart: Chart, moves: Sequence[Move]) -> tuple[tuple[F64, Move], ...]:
    """For each copy the (3, 3) way back to the place it was moved from, and the move."""
    ways = []
    for move in moves:
        way: F64 = np.linalg.inv(chart.motion(move.turn, move.mirrored, move.shift)).astype(np.float64)
        ways.append((way, move))
    return tuple(ways)


def mixed_taps(lookup: Callable[[F64], Taps], points: F64, back: Sequence[tuple[F64, Move]]) -> Taps:
    """The weighted mean of moved and recoloured copies.

    Args:
        lookup: (points) -> taps of one copy.
        points: (N, 3), on the surface.
        back: for each copy the (3, 3) way back to the place it was moved from, and the move.
    """
    copies = []
    for matrix, move in back:
        taps = lookup(points @ matrix.T)
        seen = taps.elements if move.colour == colour.IDENTITY else colour.PRODUCT[move.colour, taps.elements]
        copies.append(Taps(taps.orbits, seen, taps.weights * move.weight))
    return joined(copies)


class BlendedLayout(Layout):
    """See the module's docstring and `base.Layout`; rows of the picture are the chart's, top first.

    Attributes:
        bare: the layout that samples and carries instead of this one, where this mixes copies of it.
    """

    def __init__(self, lookup: Lookup, chart: Chart, width: int, height: int, bare: Layout | None = None) -> None:
        self.width, self.height, self.lookup, self.chart, self.bare = width, height, lookup, chart, bare
        self.wrap, self.parameters = chart.wrap, lookup.count
        self.orbit_size = torch.from_numpy(lookup.size.astype(np.float32))
        special, projectors = lookup.special
        self.special, self.projectors = torch.from_numpy(special), torch.from_numpy(projectors)
        self._mean = torch.from_numpy(lookup.mean)
        x, y = grid(width, height)
        length = chart.look(x, y).spacing * (2 / min(width, height))
        fade = share_of_mean(length) if float(length.max()) > lookup.spacing * 1.5 else None
        self._fade = None if fade is None else torch.from_numpy(fade.astype(np.float32))[:, None]
        self._steps: list[Gather] = []
        self._parts: list[tuple[Tensor, Gather, int]] = []
        ratio = np.where(np.ones(len(length)) if fade is None else fade < 1, length / lookup.spacing, 0.0)
        finer, level = lookup, 0
        while True:
            following = finer.coarser() if float(ratio.max()) >= 2 else None
            here = ratio < 2 if following else np.ones(len(ratio), dtype=bool)
            for side in (1, 2):
                chosen = np.flatnonzero(here & (ratio >= 0) & ((ratio > 1.4) == (side == 2)))
                if len(chosen):
                    self._parts.append((torch.from_numpy(chosen), self._part(finer, x[chosen], y[chosen], side), level))
            if following is None:
                break
            finer, level = following[0], level + 1
            self._steps.append(following[1])
            ratio = np.where(here, -1.0, ratio / 2)

    def _part(self, lookup: Lookup, x: F64, y: F64, side: int) -> Gather:
        """The gather of pixels that blend side x side points."""
        offsets = (np.arange(side) + 0.5) / side * 2 - 1
        parts = []
        for down in offsets / self.height:
            for right in offsets / self.width:
                taps = lookup.taps(self.chart.look(x + right, y + down).points)
                parts.append(taps._replace(weights=taps.weights / side**2))
        orbits, elements, weights = _needed(joined(parts))
        single = weights.shape[1] == 1 and bool((weights == 1).all())
        return build_gather(orbits, elements, None if single else weights, lookup.count)

    def render(self, values: Tensor) -> Tensor:
        """The chart's picture of these orbit values: see `base.Layout.render`."""
        wide = self.constrain(widened(values))
        levels = [wide]
        for step in self._steps:
            levels.append(step(levels[-1]))
        drawn = [gather(levels[level]) for _, gather, level in self._parts]
        points = drawn[0]
        if len(drawn) > 1:
            order = torch.cat([chosen for chosen, _, _ in self._parts])
            points = torch.empty_like(torch.cat(drawn)).index_copy(0, order, torch.cat(drawn))
        if self._fade is not None:
            fade = self._fade.to(wide.dtype)
            points = points * (1 - fade) + self.mean(wide) * fade
        return (points + 0.5).to(values.dtype).view(1, self.height, self.width, 3).permute(0, 3, 1, 2)

    def mean(self, values: Tensor) -> Tensor:
        """(1, 3) the mean colour over the whole surface, centred."""
        share = (self.orbit_size / self.orbit_size.sum()).to(values.dtype)[:, None]
        return (self._mean.to(values.dtype) * (values * share).sum(0)).sum(1)[None]

    def sample(self, picture: Tensor) -> Tensor:
        """The orbit values nearest to a picture: see `base.Layout.sample`.

        Orbits that no pixel shows take the mean colour; what mixes copies takes the single copy's.
        """
        if self.bare is not None:
            return self.bare.sample(picture)
        picture = widened(picture.to(self.orbit_size.device))
        centred = (not self.wrap[0], not self.wrap[1])
        resized = resample(picture, self.height, self.width, wrap=self.wrap, centred=centred)
        points = resized[0].permute(1, 2, 0).reshape(-1, 3) - 0.5
        if self._fade is not None:
            points = points * (1 - self._fade.to(points.dtype))
        weight = torch.ones(len(points)) if self._fade is None else 1 - self._fade[:, 0]
        collected, shown = self._gathered(points, weight.to(points))
        mean = points.mean(0)
        return self.constrain(averages(collected, shown, mean))

    def _gathered(self, points: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """What every orbit receives from the pixels, and how much of it they show; coarse levels first."""
        collected: Tensor | float = 0.0
        shown: Tensor | float = 0.0
        for level in range(len(self._steps), -1, -1):
            if level < len(self._steps) and isinstance(collected, torch.Tensor) and isinstance(shown, torch.Tensor):
                step = self._steps[level]
                collected, shown = step.collect(collected), step.shown(shown[:, 0]).to(points.dtype)
            for chosen, gather, of in self._parts:
                if of == level:
                    collected = collected + gather.collect(points.index_select(0, chosen))
                    shown = shown + gather.shown(weight.index_select(0, chosen)).to(points.dtype)
        assert isinstance(collected, torch.Tensor)
        assert isinstance(shown, torch.Tensor)
        return collected, shown

    def evaluate(self, values: Tensor, points: F64) -> Tensor:
        """What the surface shows at points.

        Args:
            values: (P, 3), centred, on the CPU.
            points: (N, 3), on the surface.

        Returns:
            (N, 3), centred.
        """
        taps = self.lookup.taps(points)
        return build_gather(taps.orbits, taps.elements, taps.weights, self.parameters)(self.constrain(values))

    def carry(self, values: Tensor, old: Layout) -> Tensor:
        """The old values at this layout's texels, without the detour over pixels: see `base.Layout.carry`."""
        if not isinstance(old, BlendedLayout):
            return super().carry(values, old)
        if self.bare is not None and old.bare is not None:
            return self.bare.carry(values, old.bare)
        lookup = old.lookup.lookup if isinstance(old.lookup, Mixed) else old.lookup
        taps = lookup.taps(self.lookup.representatives())
        gather = build_gather(taps.orbits, taps.elements, taps.weights, old.parameters).to(str(values.device))
        return self.constrain(gather(old.constrain(values)))

    def representatives(self) -> F64:
        """Texels, in fractions of the picture: see `base.Layout.representatives`."""
        return self.bare.representatives() if self.bare else self.chart.fractions(self.lookup.representatives())

    def tangent_planes(self) -> FlatPlanes:
        """The lookup's surface: see `base.Layout.tangent_planes`."""
        step = self.chart.pixel_step(self.width, self.height)
        return FlatPlanes(self.lookup.representatives(), step, self.lookup, self.lookup.lattice(step))

    def colourless(self) -> BlendedLayout | None:
        """For what is no colour, unless copies are mixed: see `base.Layout.colourless`."""
        if self.bare is not None:
            return None
        plain = copy(self)
        plain._parts = [(chosen, gather.colourless(), level) for chosen, gather, level in self._parts]
        plain._steps = [step.colourless() for step in self._steps]
        plain.special, plain._mean = self.special[:0], torch.eye(3, dtype=self._mean.dtype, device=self._mean.device)
        return plain

    def mixed(self, moves: Sequence[Move]) -> BlendedLayout:
        """The mean of moved copies: see `base.Layout.mixed`."""
        return BlendedLayout(Mixed(self.lookup, self.chart, moves), self.chart, self.width, self.height, self)

    def to(self, device: str) -> BlendedLayout:
        """The same layout with its tables on a device."""
        moved = copy(self)
        for name in ("orbit_size", "special", "projectors", "_mean"):
            setattr(moved, name, getattr(self, name).to(device))
        moved._fade = None if self._fade is None else self._fade.to(device)
        moved._parts = [(chosen.to(device), gather.to(device), level) for chosen, gather, level in self._parts]
        moved._steps = [step.to(device) for step in self._steps]
        moved.bare = None if self.bare is None else self.bare.to(device)
        return moved


def _needed(taps: Taps) -> Taps:
    """Taps without those that weigh nothing anywhere."""
    if not (taps.weights == 0).any():
        return taps
    needed = int((taps.weights != 0).sum(1).max())
    rank = np.argsort(-np.abs(taps.weights), axis=1, kind="stable")[:, :needed]
    return Taps(
        np.take_along_axis(taps.orbits, rank, 1),
        np.take_along_axis(taps.elements, rank, 1),
        np.take_along_axis(taps.weights, rank, 1),
    )
