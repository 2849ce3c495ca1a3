"""A canvas with a symmetry: strokes lie in a fundamental domain, and wherever the group moves them.

Paint lies on orbits, not on pixels, so that every image of a stroke is the same paint. Light, too, must be the same for
all of them, and one lamp from above left would break all turns: here paint is lit from where it is piled high, by the
gradient of its own heights far and wide, which every isometry carries along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.deferred import torch
from orbifolio.runner.painting.bristle_canvas import Backwards
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.grounds import GRAIN_GROWTH, grain
from orbifolio.runner.painting.lamp import HIGHLIGHTS_ABOVE, STEEPEST, WARM
from orbifolio.runner.painting.look import PLAIN_SIDE, PaintingLook
from orbifolio.runner.painting.subject import resized
from orbifolio.runner.strokes.fitting.surface import OrbifoldSurface
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks
from orbifolio.runner.symmetry.groups.domain import Domain
from orbifolio.runner.symmetry.taps import Taps

if TYPE_CHECKING:
    from torch import Tensor

    from orbifolio.runner.painting.bristle_kernels import Paint

MARGIN = 0.3  # of the domain's longer side, about it in the window: strokes see what they run into
NEAR = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
"""Offsets in pixels of the slope's differences."""
RING = 5.0 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], axis=1)
ROUNDS = 16  # of averages over the ring: heights are evened out over some twenty pixels
SLOPE = 1.6  # factor of the paint's slope; more than under one lamp, since much of it is lit from the side
RIM, GATHERED = 3.0, 0.3  # of washes: pixels about a place that its rims are seen against, and how much gathers there
PAPER_RELIEF = 0.12  # how much a paper's tops are lighter than what is around them
CAVITY = 0.12  # of relief: furrows get less light from all sides


class FoldedCanvas:
    """Paint on the orbits of a surface.

    Attributes:
        look: that it is painted in.
        ground: sRGB in [0, 1].
        surface: that is painted on.
        window: (left, top, right, bottom) in pixels of the picture, about a fundamental domain; strokes are planned
            in it.
        paint: on the orbits.
        paints: the same as parts of a canvas, of which it has one.
    """

    def __init__(
        self, look: PaintingLook, surface: OrbifoldSurface, *, ground: tuple[float, float, float], seed: int
    ) -> None:
        """An empty canvas.

        Args:
            look: that it is painted in.
            surface: that is painted on.
            ground: sRGB in [0, 1].
            seed: of the grain.
        """
        self.look, self.ground, self.surface = look, ground, surface
        self.width, self.height = surface.layout.width, surface.layout.height
        self.window = painting_window(surface.domain)
        from orbifolio.runner.painting.bristle_kernels import Paint  # compiles, so not before it is needed

        self.brush = look.brush(max(self.width, self.height))
        growth = max(1.0, max(self.width, self.height) / PLAIN_SIDE) ** GRAIN_GROWTH
        noise = grain(self.width, self.height, look.grain_size * growth, seed)
        blocks = surface.blocks
        shown = np.zeros((blocks.cell_count, 2), np.int64)
        shown[blocks.cells] = np.floor(blocks.points).astype(np.int64)  # any of a cell's places
        count = blocks.cell_count
        self.paint = paint = Paint(
            np.tile(np.array(ground, np.float32), (count, 1)),
            np.zeros(count, np.float32),
            np.ascontiguousarray(noise[shown[:, 1] % self.height, shown[:, 0] % self.width]),
        )
        self.paints = [paint]

    def lay(self, strokes: BristleStrokes, snapshot: F32, *alike: Sequence[Paint]) -> None:
        """Paint strokes over what is there, and all their images.

        Args:
            strokes: in pixels of a plan of the window.
            snapshot: (h, w, 3) the window before them, at the plan's size.
            alike: `paints` of other canvases of this surface and look, on which they are painted, too.
        """
        if not strokes.size:
            return
        from orbifolio.runner.painting.bristle_coverage import cover_places
        from orbifolio.runner.painting.bristle_kernels import CanvasSnapshot

        high, wide = snapshot.shape[:2]
        here = self.here(strokes, (wide, high))
        before = CanvasSnapshot(np.ascontiguousarray(snapshot, np.float32), wide / (self.window[2] - self.window[0]))
        places = self.places
        covered = cover_places(here, places)
        for (paint,) in (self.paints, *alike):
            self.look.paint(here, covered, paint, self.brush, before, places.actions)

    def here(self, strokes: BristleStrokes, plan_size: tuple[int, int]) -> BristleStrokes:
        """Strokes in pixels of the window, of some in pixels of a plan of it, (width, height)."""
        left, top, right, bottom = self.window
        return strokes.scaled((right - left) / plan_size[0], (bottom - top) / plan_size[1])

    @cached_property
    def places(self) -> PixelBlocks:
        """That show the cells, from the window's corner on, as strokes and snapshots are."""
        blocks, corner = self.surface.blocks, np.array(self.window[:2], np.float32)
        return blocks._replace(points=blocks.points - corner, middles=blocks.middles - corner)

    def passed_back(
        self, strokes: BristleStrokes, plan_size: tuple[int, int], gradient: F32, backwards: Backwards
    ) -> F64:
        """(n, k) what a compiled function tells of each stroke with all its images: see `BristleCanvas`."""
        from orbifolio.runner.painting.bristle_coverage import cover_places

        here, places, surface = self.here(strokes, plan_size), self.places, self.surface
        cells = torch.from_numpy(self.paint.colours).requires_grad_()
        with torch.enable_grad():
            shown = surface.layout.render(surface.values(cells))
        towards = torch.from_numpy(np.ascontiguousarray(gradient.transpose(2, 0, 1)))[None].to(shown)
        (back,) = torch.autograd.grad(shown, cells, towards)
        ground = np.array(self.ground, np.float32)
        covered = cover_places(here, places)
        return backwards(here, covered, self.paint.grain, ground, back.numpy(), self.brush, places.actions)

    def colours(self) -> F32:
        """(height, width, 3) sRGB in [0, 1], not lit."""
        return self.surface.picture(self.paint.colours)

    def seen_at(self, width: int, height: int) -> F32:
        """(height, width, 3) the window in another size, as placement sees it."""
        return resized(cut(self.colours(), self.window), width, height)

    def picture(self) -> F32:
        """(height, width, 3) sRGB in [0, 1], lit."""
        return self.surface.picture(self.lit())

    @property
    def opacity(self) -> F32 | None:
        """(height, width) where the picture shows the surface; None for everywhere."""
        return self.surface.opacity

    def shares(self, opacity: F32) -> F32:
        """(height, width) how much of each pixel paint covers: see `BristleCanvas.shares`.

        Args:
            opacity: (p,) of the paint on the cells.
        """
        colourless = self.surface.layout.colourless()
        assert colourless is not None  # which only means of moved copies are not
        with torch.no_grad():
            shown = colourless.render(torch.from_numpy(np.tile(opacity[:, None] - 0.5, 3)))
        shares: F32 = np.clip(shown[0, 0].float().numpy(), 0, 1)
        return shares if self.opacity is None else shares * self.opacity

    def lit(self) -> F32:
        """(p, 3) colours of the cells under the light of their own heights, or dried; see the module's docstring."""
        look, colours = self.look, self.paint.colours
        if look.transparent:
            return self._settled()
        if not look.relief:
            return colours
        heights = self.paint.heights.astype(np.float64)
        planes = self.surface.layout.tangent_planes()
        orbits = np.arange(len(heights), dtype=np.int64)
        near, ring = planes.around(orbits, NEAR), planes.around(orbits, RING)

        wide = heights
        for _ in range(ROUNDS):
            wide = _at(ring, wide, len(RING)).mean(1)
        slopes, towards = (
            np.stack([values[:, 0] - values[:, 1], values[:, 2] - values[:, 3]], axis=1) / 2
            for values in (_at(near, heights, len(NEAR)), _at(near, wide, len(NEAR)))
        )
        size = np.hypot(*towards.T)
        towards /= (size + 0.2 * size.max() + 1e-12)[:, None]  # no light at centres of rotation, where it has no side
        light = np.tanh(-(slopes * towards).sum(1) * SLOPE * STEEPEST * look.relief * self._growth()) / STEEPEST
        around = _at(ring, heights, len(RING)).mean(1)
        light += CAVITY * look.relief * np.clip(heights - around, -0.5, 0.5)
        shine = 3.2 * look.varnish * np.clip(light - HIGHLIGHTS_ABOVE, 0, 0.5) ** 1.3
        shown = colours * (1 + light)[:, None] + shine[:, None] * np.array(WARM)
        deeper = 0.1 * look.varnish * (1 - colours) * colours
        done: F32 = np.clip(shown - deeper, 0, 1).astype(np.float32)
        return done

    def _settled(self) -> F32:
        """(p, 3) washes dried: pigment settles in the paper's hollows and at rims, as in `lamp.settle`.

        No lamp shines along the paper, which would have one side; its hollows are a little darker instead.
        """
        from orbifolio.runner.painting.bristle_kernels import MIN_LIGHT

        paper, grain = np.array(self.ground), self.paint.grain.astype(np.float64)
        density = -np.log(np.clip(self.paint.colours / paper, MIN_LIGHT, 1))
        planes, reach = self.surface.layout.tangent_planes(), RIM * self._growth() ** 2
        orbits = np.arange(len(density), dtype=np.int64)
        ring = planes.around(orbits, RING / 5.0 * reach)
        wide = density
        for _ in range(2):  # rounds over a ring of some radius spread as far as a Gaussian of that deviation
            wide = np.stack([_at(ring, wide[:, channel], len(RING)).mean(1) for channel in range(3)], axis=1)
        density = np.maximum(0, density + GATHERED * (density - wide))
        hollows = (grain * 2 - 1)[:, None] * np.clip(1.3 - 0.25 * density.mean(1, keepdims=True), 0.3, 1)
        near = _at(planes.around(orbits, NEAR), grain, len(NEAR)).mean(1)
        light = 1 + PAPER_RELIEF * (grain - near)[:, None]
        done: F32 = np.clip(paper * np.exp(-density * (1 - 0.13 * hollows)) * light, 0, 1).astype(np.float32)
        return done

    def _growth(self) -> float:
        return float(max(1.0, max(self.width, self.height) / PLAIN_SIDE) ** 0.5)

    def state_dict(self) -> dict[str, Tensor]:
        """What has been painted."""
        return {
            "colours": torch.from_numpy(self.paint.colours.copy()),
            "heights": torch.from_numpy(self.paint.heights.copy()),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continue with what `state_dict` gave."""
        self.paint.colours[:] = state["colours"].cpu().numpy()
        self.paint.heights[:] = state["heights"].cpu().numpy()


def _at(taps: Taps, values: F64, count: int) -> F64:
    """(p, count) blended values, whose kind no isometry changes, at so many places about each of p orbits."""
    blended: F64 = (taps.weights * values[taps.orbits]).sum(1).reshape(-1, count)
    return blended


def painting_window(domain: Domain) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) in pixels of the picture: a domain with a margin, within what the picture shows."""
    left, top, right, bottom = domain.box
    margin = MARGIN * max(right - left, bottom - top)
    wraps_down, wraps_across = domain.group.wrap
    first, last = round(left - margin), round(right + margin)
    low, high = round(top - margin), round(bottom + margin)
    if not wraps_across:
        first, last = max(0, first), min(domain.group.width, last)
    if not wraps_down:
        low, high = max(0, low), min(domain.group.height, high)
    return first, low, last, high


def cut(picture: F32, window: tuple[int, int, int, int]) -> F32:
    """(h, w, 3) a window of a picture that may go beyond its edges, where it wraps."""
    left, top, right, bottom = window
    rows: I64 = np.arange(top, bottom, dtype=np.int64) % picture.shape[0]
    columns: I64 = np.arange(left, right, dtype=np.int64) % picture.shape[1]
    return np.ascontiguousarray(picture[rows[:, None], columns])


def domain_share(surface: OrbifoldSurface, window: tuple[int, int, int, int], width: int, height: int) -> F32:
    """(height, width) 1 where strokes may begin in a window, 0 elsewhere."""
    left, top, right, bottom = window
    x = left + (np.arange(width) + 0.5) * (right - left) / width
    y = top + (np.arange(height) + 0.5) * (bottom - top) / height
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    points, there = surface.stage.look(grid)
    return (surface.domain.holds(points) & there).reshape(height, width).astype(np.float32)
