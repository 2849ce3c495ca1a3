"""A canvas of any size that bristle strokes are laid on: colours, heights and grain, in tiles.

Tiles see nothing of each other but a small picture of the canvas before each pass, so they are painted by all threads
at once, and the bytes are the same for any number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.grounds import GRAIN_GROWTH, grain
from orbifolio.runner.painting.lamp import lit
from orbifolio.runner.painting.look import PLAIN_SIDE, PaintingLook
from orbifolio.runner.painting.subject import resized
from orbifolio.runner.strokes.rasteriser.colour_actions import NO_ACTION
from orbifolio.runner.threads import thread_count

if TYPE_CHECKING:
    from torch import Tensor

    from orbifolio.runner.painting.bristle_coverage import CanvasTile
    from orbifolio.runner.painting.bristle_kernels import Paint

Backwards = Callable[..., F64]
"""As `refining.pull_back.pulled_back`."""
TILE_SIDE = 320  # pixels: enough for all threads of a small picture; few strokes are cut into more than four


class BristleCanvas:
    """Paint on a ground.

    Attributes:
        look: that it is painted in.
        ground: sRGB in [0, 1].
        width: in pixels.
        height: in pixels.
        paints: of its tiles.
        opacity: (height, width) where the picture shows the surface; None for everywhere.
    """

    opacity: F32 | None = None

    def __init__(
        self, look: PaintingLook, size: tuple[int, int], *, ground: tuple[float, float, float], seed: int
    ) -> None:
        """An empty canvas.

        Args:
            look: that it is painted in.
            size: (width, height) in pixels.
            ground: sRGB in [0, 1].
            seed: of the grain.
        """
        from orbifolio.runner.painting.bristle_coverage import CanvasTile  # compiles, so not before it is needed
        from orbifolio.runner.painting.bristle_kernels import Paint

        self.look, self.ground = look, ground
        self.width, self.height = size
        self.brush = look.brush(max(size))
        growth = max(1.0, max(size) / PLAIN_SIDE) ** GRAIN_GROWTH
        self.grain = grain(self.width, self.height, look.grain_size * growth, seed)
        self.tiles = [
            CanvasTile(left, top, min(TILE_SIDE, self.width - left), min(TILE_SIDE, self.height - top))
            for top in range(0, self.height, TILE_SIDE)
            for left in range(0, self.width, TILE_SIDE)
        ]
        self.paints = [
            Paint(
                np.tile(np.array(ground, np.float32), (tile.width * tile.height, 1)),
                np.zeros(tile.width * tile.height, np.float32),
                np.ascontiguousarray(self._part(self.grain, tile)).ravel(),
            )
            for tile in self.tiles
        ]

    @staticmethod
    def _part(field: F32, tile: CanvasTile) -> F32:
        part: F32 = field[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        return part

    def lay(self, strokes: BristleStrokes, snapshot: F32, *alike: Sequence[Paint]) -> None:
        """Paint strokes over what is there.

        Args:
            strokes: in pixels of a plan.
            snapshot: (h, w, 3) the canvas before them, at the plan's size.
            alike: `paints` of other canvases of this size and look, on which they are painted, too.
        """
        if not strokes.size:
            return
        from orbifolio.runner.painting.bristle_coverage import cover_tile
        from orbifolio.runner.painting.bristle_kernels import CanvasSnapshot

        high, wide = snapshot.shape[:2]
        here = self.here(strokes, (wide, high))
        before = CanvasSnapshot(np.ascontiguousarray(snapshot, np.float32), wide / self.width)

        def paint(number: int) -> None:
            covered = cover_tile(here, self.tiles[number])
            for paints in (self.paints, *alike):
                self.look.paint(here, covered, paints[number], self.brush, before, NO_ACTION)

        self._for_each_tile(paint)

    def here(self, strokes: BristleStrokes, plan_size: tuple[int, int]) -> BristleStrokes:
        """Strokes in pixels of the canvas, of some in pixels of a plan, (width, height)."""
        return strokes.scaled(self.width / plan_size[0], self.height / plan_size[1])

    def passed_back(
        self, strokes: BristleStrokes, plan_size: tuple[int, int], gradient: F32, backwards: Backwards
    ) -> F64:
        """(n, k) what a compiled function tells of each stroke, summed over the tiles that it reaches.

        Args:
            strokes: in pixels of a plan.
            plan_size: its (width, height).
            gradient: (height, width, 3) of a loss, with respect to `colours`.
            backwards: of the strokes on the canvas, what they cover, grain, ground, gradient, brush and actions.
        """
        from orbifolio.runner.painting.bristle_coverage import cover_tile

        here, ground = self.here(strokes, plan_size), np.array(self.ground, np.float32)

        def part(number: int) -> F64:
            tile = self.tiles[number]
            towards = np.ascontiguousarray(self._part(gradient, tile), np.float32).reshape(-1, 3)
            covered = cover_tile(here, tile)
            return backwards(here, covered, self.paints[number].grain, ground, towards, self.brush, NO_ACTION)

        total: F64 = np.sum(self._for_each_tile(part), axis=0)
        return total

    def _for_each_tile(self, work: Callable[[int], Any]) -> list[Any]:
        """What some work gives for the number of each tile, on all threads."""
        threads = max(1, min(thread_count(), os.cpu_count() or 1, len(self.tiles)))
        if threads == 1:
            return [work(number) for number in range(len(self.tiles))]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, range(len(self.tiles))))

    def colours(self) -> F32:
        """(height, width, 3) sRGB in [0, 1]."""
        whole = np.empty((self.height, self.width, 3), np.float32)
        for tile, paint in zip(self.tiles, self.paints, strict=True):
            self._part(whole, tile)[:] = paint.colours.reshape(tile.height, tile.width, 3)
        return whole

    def heights(self) -> F32:
        """(height, width) of the paint."""
        whole = np.empty((self.height, self.width), np.float32)
        for tile, paint in zip(self.tiles, self.paints, strict=True):
            self._part(whole, tile)[:] = paint.heights.reshape(tile.height, tile.width)
        return whole

    def seen_at(self, width: int, height: int) -> F32:
        """(height, width, 3) the canvas in another size, as placement sees it."""
        return resized(self.colours(), width, height)

    def picture(self) -> F32:
        """(height, width, 3) sRGB in [0, 1] under the lamp."""
        return lit(self)

    def shares(self, opacity: F32) -> F32:
        """(height, width) how much of each pixel paint covers.

        Args:
            opacity: of paint, (n,) for all places in the order in which `state_dict` has them.
        """
        return opacity.reshape(self.height, self.width)

    def state_dict(self) -> dict[str, Tensor]:
        """What has been painted."""
        return {"colours": torch.from_numpy(self.colours()), "heights": torch.from_numpy(self.heights())}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continue with what `state_dict` gave."""
        colours, heights = state["colours"].cpu().numpy(), state["heights"].cpu().numpy()
        for tile, paint in zip(self.tiles, self.paints, strict=True):
            paint.colours[:] = self._part(colours, tile).reshape(-1, 3)
            paint.heights[:] = self._part(heights, tile).ravel()
