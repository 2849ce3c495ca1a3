"""Refitting to MyPaint: (painting, target) -> the painting, fitted to what the real brush leaves.

A learnt brush paints the mean of a noisy one, so strokes look rougher when the real program draws them. But a fresh
brush repeats its stroke exactly (`strokes.document.mypaint_redraw`), so what it leaves can be measured and fitted:

1. the colours of all strokes are fitted to the real opacities by least squares (`OpacityLayers.best_colours`);
2. in sweeps from the undermost stroke up, each is tried a little moved, bent, wider or pressed harder, drawn by the
   real program, and accepted if the painting, with all other strokes as they are, comes nearer to the target; then 1.

Nothing is trained or averaged: the program draws the resulting document exactly as measured here. Paintings larger than
`MAX_SIDE` are fitted at that size, where a brush's marks are the same up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.strokes.blending import lay_over
from orbifolio.runner.strokes.brush_models.weights import real_brush
from orbifolio.runner.strokes.document.document import RADIUS, UNIT, Painting
from orbifolio.runner.strokes.document.mypaint_redraw import Paper, reach, redraw
from orbifolio.runner.strokes.document.opacity_layers import OpacityLayers, nearest, palette_of, window
from orbifolio.runner.strokes.document.timelapse_states import resized
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_mark import measure_mark
from orbifolio.runner.strokes.mypaint.brush_sheet import Box
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint import hush
from orbifolio.runner.strokes.stroke_array import END_PRESSURE, ENTRY_PRESSURE, START

MAX_SIDE = 512  # pixels of the longer side at which a painting is fitted
TRIES, SWEEPS = 3, 4
"""Variants of each stroke in a sweep, and sweeps. A painting of 300 strokes at 256 pixels (scikit-image's astronaut)
comes from 21.2 dB to 21.9 in one sweep, 22.5 in four and 22.8 in eight, in 4, 13 and 37 seconds; six variants in two
sweeps are as good as three in four."""
MAX_TRIED = 6_000  # variants in all, which bounds the time
MAX_PIXELS = 16_000_000  # of windows kept, 256 MB; of a larger painting only the later strokes are moved
SHIFT, SWELL, PRESS = 1.0, 0.12, 0.12  # of a variant: units, logarithm of the radius, pressure
# Factors of the next variants' size, after one was accepted and after one was not; it settles where 28 % are accepted.
GROW, SHRINK = 1.4, 0.88
MAX_WIDENING = 3.0  # by which another brush's radius may differ: a mark of thrown specks has no width to be matched
JOIN_TOLERANCE = 0.01  # pixels between the ends of connected strokes


@dataclass(frozen=True)
class Refit:
    """A painting fitted to the real brush, and how it got there.

    Attributes:
        before: mean squared error of the unfitted document drawn by the real program, at the size of the fit.
        recoloured: the same error after the colours were fitted.
        after: the same error of `painting`.
        tried: variants of strokes that were drawn.
        accepted: those of them that came nearer to the target.
    """

    painting: Painting
    before: float
    recoloured: float
    after: float
    tried: int
    accepted: int


def refit(
    painting: Painting,
    target: F32,
    *,
    brush: BrushFile | None = None,
    sweeps: int = SWEEPS,
    tries: int = TRIES,
) -> Refit:
    """Fit a painting to the real program.

    Args:
        painting: to fit; its palette is kept, greys stay grey, connected strokes connected, and numbers that are equal
            in all strokes (a pressure, a width) stay as they are.
        target: (height, width, 3) sRGB in [0, 1], to come near to; of the picture's size or, as large paintings are
            fitted small, a smaller one.
        brush: to use instead of the document's, or None.
        sweeps: how often all strokes are varied; 0 fits the colours only.
        tries: variants of each stroke in a sweep.

    Raises:
        MissingProgram: the program is not installed.
        InputError: it has no such brush.
    """
    factor = min(1.0, MAX_SIDE / max(painting.width, painting.height))
    if not len(painting):
        bare = _error(np.broadcast_to(np.array(painting.paper, np.float32), target.shape), target)
        return Refit(painting, bare, bare, bare, 0, 0)
    small = painting.scaled(factor)
    fit = _Fit(small, resized(target, small.width, small.height), brush)
    before = fit.error()
    fit.recolour()
    recoloured = fit.error()
    random = np.random.default_rng([painting.seed, len(painting)])
    sweeps = min(sweeps, MAX_TRIED // (tries * len(painting))) if tries else 0
    tried = accepted = 0
    if not _joined(painting):
        for _ in range(sweeps):
            more, good = fit.sweep(random, tries)
            tried, accepted = tried + more, accepted + good
            fit.recolour()
    hush()
    fitted = replace(fit.painting, width=painting.width, height=painting.height)
    if factor != 1:
        strokes = fit.painting.scaled(1 / factor).strokes
        fitted = replace(fitted, strokes=strokes)
    return Refit(fitted.rounded(), before, recoloured, fit.error(), tried, accepted)


def refit_to_brush(painting: Painting, name: str) -> Painting:
    """The painting for another brush: with marks as wide as its own brush's, then fitted to what that one leaves.

    Args:
        painting: drawn by its own brush for comparison.
        name: of the other brush, see `real_brush`.

    Raises:
        MissingProgram: the program is not installed.
        InputError: it has no such brush, or the brush leaves no paint.
    """
    other, own = real_brush(name), real_brush(painting.brush)
    ratio = measure_mark(own).half_width / max(measure_mark(require_paint(other)).half_width, 1e-3)
    strokes = painting.strokes.copy()
    strokes[:, RADIUS] *= np.float32(min(MAX_WIDENING, max(1 / MAX_WIDENING, ratio)))
    target = redraw(painting.scaled(min(1.0, MAX_SIDE / max(painting.width, painting.height))))
    return refit(replace(painting, brush=name, strokes=strokes), target).painting


class _Fit:
    """A painting under way, with its strokes' real opacities."""

    def __init__(self, painting: Painting, target: F32, brush: BrushFile | None) -> None:
        self.painting = replace(painting, strokes=painting.strokes.copy(), colours=painting.colours.copy())
        self.target = target
        self.palette = palette_of(painting.colours)
        self.grey = self.palette is None and bool(np.ptp(painting.colours, axis=1).max() < 1e-3)
        self.paper = Paper(painting, brush)
        drawn = [self.paper.opacity(stroke) for stroke in painting.strokes]
        self.boxes: list[Box] = [box for box, _ in drawn]
        self.opacities: list[F32] = [opacity for _, opacity in drawn]
        strokes = painting.strokes
        self.free = strokes.std(axis=0) > 1e-6
        self.sizes = np.ones(len(strokes))
        self.radii = float(strokes[:, RADIUS].min()), float(strokes[:, RADIUS].max())

    @property
    def layers(self) -> OpacityLayers:
        """The strokes as they are now."""
        return OpacityLayers(self.painting.width, self.painting.height, self.boxes, self.opacities)

    def error(self) -> float:
        """Mean squared error of the real program's canvas."""
        return _error(self.layers.compose(self.painting.colours, self.painting.paper), self.target)

    def recolour(self) -> None:
        """Fit the colours to the opacities."""
        painting = self.painting
        colours = self.layers.best_colours(self.target, painting.colours, painting.paper, self.palette)
        if self.grey:  # the weights are the same in all channels, so the best grey is the mean of the best colours
            colours = colours.mean(1, keepdims=True).repeat(3, axis=1)
        self.painting = replace(painting, colours=colours)

    def allowed(self, colour: F64) -> F64:
        """The colour that the painting may have nearest to a wanted one."""
        return nearest(np.full(3, colour.mean()) if self.grey else colour, self.palette)

    def sweep(self, random: np.random.Generator, tries: int) -> tuple[int, int]:
        """Vary each stroke, the undermost first.

        Args:
            tries: variants of each stroke, each of the best one so far.

        Returns:
            How many variants were tried, and how many accepted.
        """
        painting = self.painting
        strokes, colours = painting.strokes, painting.colours
        boxes = [
            reach(stroke, painting.width, painting.height, more=3 * SHIFT * float(stroke[UNIT])) for stroke in strokes
        ]
        first, above = self._above(boxes)
        canvas = OpacityLayers(painting.width, painting.height, self.boxes[:first], self.opacities[:first]).compose(
            colours[:first], painting.paper
        )
        tried = accepted = 0
        for number in range(first, len(strokes)):
            box, (through, over) = boxes[number], above[number - first]
            below, target = canvas[window(box)], self.target[window(box)]
            seen = through.sum()
            rest = target - over - through[..., None] * below
            opacity = _widened(self.opacities[number], self.boxes[number], box)
            min_error, best = _residual(rest, through, opacity, below, colours[number], None)
            if seen > 1 and best is not None:
                for _ in range(tries):
                    variant = self._variant(strokes[number], random, float(self.sizes[number]))
                    small, drawn = self.paper.opacity(variant)
                    wide = _widened(drawn, small, box)
                    error, colour = _residual(rest, through, wide, below, colours[number], self.allowed)
                    tried += 1
                    self.sizes[number] *= SHRINK
                    if error < min_error * (1 - 1e-6) and colour is not None:
                        min_error, opacity, accepted = error, wide, accepted + 1
                        strokes[number], colours[number] = variant, colour
                        self.boxes[number], self.opacities[number] = small, drawn
                        self.sizes[number] = min(self.sizes[number] * GROW / SHRINK, 2.0)
            lay_over(below, colours[number], opacity[..., None])
        return tried, accepted

    def _above(self, boxes: list[Box]) -> tuple[int, list[tuple[F32, F32]]]:
        """A first stroke, and for each from it on what those above let through and add, in the stroke's box."""
        painting = self.painting
        through = np.ones((painting.height, painting.width), np.float32)
        over = np.zeros((painting.height, painting.width, 3), np.float32)
        windows: list[tuple[F32, F32]] = []
        room = MAX_PIXELS
        for number in range(len(boxes) - 1, -1, -1):
            left, top, right, bottom = boxes[number]
            room -= (right - left) * (bottom - top)
            if room < 0:
                break
            windows.append((through[window(boxes[number])].copy(), over[window(boxes[number])].copy()))
            part = window(self.boxes[number])
            over[part] += (through[part] * self.opacities[number])[..., None] * painting.colours[number]
            through[part] *= 1 - self.opacities[number]
        return len(boxes) - len(windows), windows[::-1]

    def _variant(self, stroke: F32, random: np.random.Generator, size: float) -> F32:
        """A slightly different stroke of the same unit; `size` scales the change."""
        change, both = random.normal(size=10), random.normal(size=2)
        variant = stroke.astype(np.float64)
        variant[:6] += (np.tile(both, 3) + change[:6]) * 0.7 * SHIFT * size * stroke[UNIT]
        variant[RADIUS] = np.clip(variant[RADIUS] * np.exp(change[6] * SWELL * size), *self.radii)
        for column in (ENTRY_PRESSURE, END_PRESSURE):
            variant[column] = np.clip(variant[column] + change[column] * PRESS * size, 0, 1)
        variant = np.where(self.free, variant, stroke)
        variant[UNIT] = stroke[UNIT]
        return variant.astype(np.float32)


def _residual(
    rest: F32,
    through: F32,
    opacity: F32,
    below: F32,
    colour: F32,
    allowed: Callable[[F64], F64] | None,
) -> tuple[float, F32 | None]:
    """Squared error in a stroke's box with its best colour (or its own, without `allowed`), and that colour.

    The canvas is over + through (below + opacity (colour - below)), so with `rest` = target - over - through below the
    error is rest + through opacity below - through opacity colour: linear in the colour.
    """
    weight = through * opacity
    wanted = rest + weight[..., None] * below
    square = float(np.vdot(weight, weight))
    if square < 1e-3:
        return np.inf, None
    best = colour.astype(np.float64)
    if allowed is not None:
        best = allowed(np.tensordot(weight, wanted, axes=((0, 1), (0, 1))).astype(np.float64) / square)
    chosen = best.astype(np.float32)
    away = wanted - weight[..., None] * chosen
    return float(np.vdot(away, away)), chosen


def _widened(opacity: F32, box: Box, wide: Box) -> F32:
    """An opacity in another box, cut where it lies beyond."""
    left, top, right, bottom = wide
    widened = np.zeros((max(bottom - top, 0), max(right - left, 0)), np.float32)
    first, second = max(box[0], left), max(box[1], top)
    third, fourth = max(min(box[2], right), first), max(min(box[3], bottom), second)
    widened[second - top : fourth - top, first - left : third - left] = opacity[
        second - box[1] : fourth - box[1], first - box[0] : third - box[0]
    ]
    return widened


def _joined(painting: Painting) -> bool:
    """Whether each stroke begins where the one before ended, so that they cannot be moved one by one."""
    strokes = painting.strokes
    return len(strokes) > 1 and bool(np.abs(strokes[1:, START] - strokes[:-1, 4:6]).max() < JOIN_TOLERANCE)


def _error(picture: F32, target: F32) -> float:
    return float(np.square(picture - target, dtype=np.float64).mean())
