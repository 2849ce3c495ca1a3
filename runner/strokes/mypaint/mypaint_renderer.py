"""The real paint program draws actions: not differentiable, and with noise that follows from a seed.

    PaintProgram(brush).alphas(actions (n, 12), seed) -> (n, 64, 64) uint8      one stroke each, on fresh paper
    PaintProgram(brush).paint(actions, joined=..., seed) -> (h, w, 3) float32   all on one canvas, one after another

Nakano's three modes (2019) are `alphas` or `strokes` (strokes only), `paint` (jump) and `paint(joined=True)`
(connected). His stroke is a picture on white; ours is its opacity, since the colour factors out exactly:
stroke = white + alpha (colour - white), to 1/255 (a test measures it). So a brush is learnt in one channel, from the
nine numbers of its shape.

Randomness: a new brush of the library always begins the same random numbers, and its seed cannot be set. `seed=None`
uses a fresh brush for each stroke: the same action is the same stroke to the last bit. `seed=k` uses one brush for all
strokes, which first draws some hidden ones of random shapes that follow from k; so the noise follows from the seed.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F32, U8
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.actions import COLOUR, Actions, Space, connect, draw_actions
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.mypaint import ONE, TILE, Brush, TiledSurface, hush

BLACK = (0.0, 0.0, 0.0)
HIDDEN_STROKES = 3  # that use up some of a noisy brush's random numbers, another count for each seed
REACH = 3.0  # basic radii of the largest size, margin for brushes that smudge


class PaintProgram:
    """One brush of the paint program, and paper to draw on."""

    def __init__(self, brush: BrushFile, space: Space | None = None) -> None:
        """Load the program.

        Args:
            space: what the numbers of an action mean; 64 pixels as in the paper by default.

        Raises:
            MissingProgram: the program is not installed.
            InputError: the program cannot read the brush.
        """
        self.brush = brush
        self.space = space or Space()
        side = self.space.pixels
        # Beyond its edge the surface is black, so a brush that takes up colour gets a white margin.
        self.margin = TILE * -(-round(REACH * np.exp(self.space.log_radius)) // TILE) if brush.smudges else 0
        self._surface = TiledSurface(side + 2 * self.margin, side + 2 * self.margin)
        self._pen = self._fresh()

    def _fresh(self) -> Brush:
        try:
            return Brush(self.brush.text)
        except ValueError as error:
            raise InputError(f"{self.brush.name}: {error}; open and save it in MyPaint 1.2 or later") from None

    def alphas(self, actions: Actions, *, seed: int | None = None) -> U8:
        """The opacity of each stroke alone: 0 where paper shows, 255 where paint covers it.

        Args:
            actions: (n, 12) in [0, 1]; colours are ignored.
            seed: of the brush's noise; None draws each stroke with a fresh brush.

        Returns:
            (n, side, side).
        """
        shaped = np.array(actions, np.float32)
        shaped[:, COLOUR] = BLACK
        alphas = np.empty((len(shaped), self.space.pixels, self.space.pixels), np.uint8)
        for number, paper in enumerate(self._papers(shaped, seed)):
            alphas[number] = 255 - _bytes(paper[..., 0])
        hush()
        return alphas

    def strokes(self, actions: Actions, *, seed: int | None = None) -> U8:
        """Each stroke alone in its colour on white, (n, side, side, 3) sRGB, as in the published set."""
        pictures = np.empty((len(actions), self.space.pixels, self.space.pixels, 3), np.uint8)
        for number, paper in enumerate(self._papers(actions, seed)):
            pictures[number] = _bytes(paper[..., :3])
        hush()
        return pictures

    def sheets(self, actions: Actions) -> F32:
        """The whole sheet under each stroke alone, drawn by a fresh brush: (n, side, side, 4) premultiplied RGBA."""
        sheets = np.stack([paper.astype(np.float32) for paper in self._papers(actions, None)]) / np.float32(ONE)
        hush()
        return sheets

    def paint(self, actions: Actions, *, joined: bool = False, seed: int | None = None) -> F32:
        """All strokes on one white canvas.

        Args:
            actions: (n, 12) in [0, 1], drawn in this order.
            joined: each stroke begins where the one before ended, and the pen is not lifted in between.
            seed: of the brush's noise; None draws each stroke (joined: the whole line) with a fresh brush.

        Returns:
            (side, side, 3) sRGB in [0, 1].
        """
        actions = connect(actions) if joined else actions
        self._surface.fill()
        pen = self._begin(seed)
        for number, (action, track) in enumerate(zip(actions, self._tracks(actions), strict=True)):
            if seed is None and not joined and number:
                pen = self._fresh()
            self._draw(pen, action, track, lifted=not (joined and number))
        hush()
        return (self._seen() / np.float32(ONE)).astype(np.float32)[..., :3]

    def _papers(self, actions: Actions, seed: int | None) -> Iterator[npt.NDArray[np.uint16]]:
        """The paper with each stroke alone, valid until the next one."""
        pen = self._begin(seed)
        for number, (action, track) in enumerate(zip(actions, self._tracks(actions), strict=True)):
            if seed is None and number:
                pen = self._fresh()
            self._surface.fill()
            self._draw(pen, action, track)
            yield self._seen()

    def _begin(self, seed: int | None) -> Brush:
        """A brush whose noise follows from a seed; the paper is white again afterwards."""
        pen = self._fresh()
        if seed is not None:
            unseen = draw_actions(HIDDEN_STROKES, np.random.default_rng([seed, HIDDEN_STROKES]))
            for action, track in zip(unseen, self._tracks(unseen), strict=True):
                self._draw(pen, action, track)
            self._surface.fill()
        return pen

    def _tracks(self, actions: Actions) -> list[list[tuple[float, float, float]]]:
        """(x, y, pressure) on the surface for every point of every stroke."""
        places = self.space.curve(actions) + self.margin
        pressures = self.space.pressures(actions)[..., None]
        return [list(map(tuple, track)) for track in np.concatenate([places, pressures], axis=-1).tolist()]

    def _draw(
        self,
        pen: Brush,
        action: F32,
        track: list[tuple[float, float, float]],
        *,
        lifted: bool = True,
    ) -> None:
        hue, saturation, value = colorsys.rgb_to_hsv(*map(float, action[COLOUR]))
        pen.set(b"color_h", hue)
        pen.set(b"color_s", saturation)
        pen.set(b"color_v", value)
        pen.set(b"radius_logarithmic", float(self.space.log_radii(action[None])[0]))
        if lifted:
            pen.lift(self._surface, track[0][0], track[0][1])
        pen.stroke(self._surface, track, self.space.seconds)

    def _seen(self) -> npt.NDArray[np.uint16]:
        """The paper without its margin."""
        side, margin = self.space.pixels, self.margin
        if self._surface.columns == 1:
            return self._surface.tile(0, 0)[:side, :side]
        return self._surface.pixels()[margin : margin + side, margin : margin + side]


def _bytes(values: npt.NDArray[np.uint16]) -> U8:
    """Values of 0 to 32768 as 0 to 255, rounded."""
    return ((values.astype(np.uint32) * 255 + ONE // 2) >> 15).astype(np.uint8)
