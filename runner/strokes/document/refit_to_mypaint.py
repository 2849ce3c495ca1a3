"""Refit to the real program: (painting, target) -> the same painting, fitted to what the real brush leaves.

A learnt brush paints the mean of a noisy one, so its strokes look rougher when the real program draws them. But since
a fresh brush makes the same stroke again (`orbifolio.runner.strokes.document.mypaint_redraw`), what it leaves can be taken for what it is:

1. the colours of all strokes are fitted to the real opacities, in closed form (`Glazes.best_colours`);
2. sweeps from the undermost stroke to the last: each is tried a little moved, bent, wider or pressed harder, drawn by
   the real program and kept where the painting, all other strokes as they are, comes nearer to the target; and again 1.

Nothing is trained and nothing averaged: the result is a document that the program draws exactly as measured here.
Paintings larger than `WORKED` are fitted at that size, where a brush's marks are the same but for rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.strokes.document.colour_least_squares import Glazes, nearest, palette_of, window
from orbifolio.runner.strokes.document.document import END_PRESSURE, ENTRY_PRESSURE, RADIUS, START, UNIT, Painting
from orbifolio.runner.strokes.document.mypaint_redraw import Box, Paper, reach
from orbifolio.runner.strokes.document.timelapse_states import resized
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.mypaint import hush

WORKED = 512  # pixels of the longer side at which a painting is fitted
TRIES = 3  # variants of each stroke in a sweep
SWEEPS = 4
TRIED = 6_000  # variants at most in all
HELD = 16_000_000  # pixels of windows at most: 256 MB; of a larger painting only the later strokes are moved
SHIFT, SWELL, PRESS = 1.0, 0.12, 0.12  # of a variant: units, logarithm of the radius, pressure
GROW, SHRINK = 1.4, 0.88  # of a stroke's variants, after one that was kept and one that was not
JOINED = 0.01  # pixels between strokes that are connected


@dataclass(frozen=True)
class Refit:
    """What came of it.

    Attributes:
        painting: the document fitted to the real brush.
        before: squared error of the unfitted document drawn by the real program, at the size of the fit.
        recoloured: after the colours were fitted.
        after: of `painting`.
        tried: variants that were drawn.
        kept: of them.
    """

    painting: Painting
    before: float
    recoloured: float
    after: float
    tried: int
    kept: int


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
        painting: the document; its palette is kept, greys stay grey, connected strokes connected, and what is equal in
            all strokes (a pressure, a width) stays as it is.
        target: (height, width, 3) sRGB in [0, 1] of the picture's size: what it shall look like.
        brush: another brush than the document's, or None.
        sweeps: how often all strokes are varied; 0 fits the colours only.
        tries: variants of each.

    Raises:
        MissingProgram: the program is not on this machine.
        InputError: it has no such brush.
    """
    factor = min(1.0, WORKED / max(painting.width, painting.height))
    if not len(painting):
        bare = _error(np.broadcast_to(np.array(painting.paper, np.float32), target.shape), target)
        return Refit(painting, bare, bare, bare, 0, 0)
    small = painting.scaled(factor)
    fit = _Fit(small, resized(target, small.width, small.height), brush)
    before = fit.error()
    fit.recolour()
    recoloured = fit.error()
    random = np.random.default_rng([painting.seed, len(painting)])
    sweeps = min(sweeps, TRIED // (tries * len(painting))) if tries else 0
    tried = kept = 0
    if not _joined(painting):
        for _ in range(sweeps):
            more, good = fit.sweep(random, tries)
            tried, kept = tried + more, kept + good
            fit.recolour()
    hush()
    found = replace(fit.painting, width=painting.width, height=painting.height)
    if factor != 1:
        strokes = fit.painting.scaled(1 / factor).strokes
        found = replace(found, strokes=strokes)
    return Refit(found.rounded(), before, recoloured, fit.error(), tried, kept)


class _Fit:
    """A painting on its way; see the module's docstring."""

    def __init__(self, painting: Painting, target: F32, brush: BrushFile | None) -> None:
        self.painting = replace(painting, strokes=painting.strokes.copy(), colours=painting.colours.copy())
        self.target = target
        self.palette = palette_of(painting.colours)
        self.grey = self.palette is None and bool(np.ptp(painting.colours, axis=1).max() < 1e-3)
        self.paper = Paper(painting, brush)
        drawn = [self.paper.opacity(stroke) for stroke in painting.strokes]
        self.boxes: list[Box] = [box for box, _ in drawn]
        self.opacities: list[F32] = [opacity for _, opacity in drawn]
        held = painting.strokes
        self.free = held.std(axis=0) > 1e-6
        self.sizes = np.ones(len(held))
        self.radii = float(held[:, RADIUS].min()), float(held[:, RADIUS].max())

    @property
    def glazes(self) -> Glazes:
        """The strokes as they are."""
        return Glazes(self.painting.width, self.painting.height, self.boxes, self.opacities)

    def error(self) -> float:
        """Mean squared error of the real program's canvas."""
        return _error(self.glazes.compose(self.painting.colours, self.painting.paper), self.target)

    def recolour(self) -> None:
        """The best colours for the opacities."""
        painting = self.painting
        colours = self.glazes.best_colours(self.target, painting.colours, painting.paper, self.palette)
        if self.grey:  # the error is the same in all channels, so the best grey is the mean of the best colours
            colours = colours.mean(1, keepdims=True).repeat(3, axis=1)
        self.painting = replace(painting, colours=colours)

    def allowed(self, colour: F64) -> F64:
        """The colour nearest to one that the painting may have."""
        found = np.full(3, colour.mean()) if self.grey else colour
        return nearest(found, self.palette)

    def sweep(self, random: np.random.Generator, tries: int) -> tuple[int, int]:
        """Vary each stroke, the undermost first.

        Args:
            random: of the variants.
            tries: variants of each stroke; the next is of the one that was kept.

        Returns:
            How many were tried, how many kept.
        """
        painting = self.painting
        strokes, colours = painting.strokes, painting.colours
        boxes = [
            reach(stroke, painting.width, painting.height, more=3 * SHIFT * float(stroke[UNIT])) for stroke in strokes
        ]
        first, above = self._above(boxes)
        canvas = Glazes(painting.width, painting.height, self.boxes[:first], self.opacities[:first]).compose(
            colours[:first], painting.paper
        )
        tried = kept = 0
        for number in range(first, len(strokes)):
            box, (through, over) = boxes[number], above[number - first]
            below, target = canvas[window(box)], self.target[window(box)]
            seen = through.sum()
            rest = target - over - through[..., None] * below
            opacity = _widened(self.opacities[number], self.boxes[number], box)
            least, best = _residual(rest, through, opacity, below, colours[number], None)
            if seen > 1 and best is not None:
                for _ in range(tries):
                    variant = self._variant(strokes[number], random, float(self.sizes[number]))
                    small, held = self.paper.opacity(variant)
                    wide = _widened(held, small, box)
                    found, colour = _residual(rest, through, wide, below, colours[number], self.allowed)
                    tried += 1
                    self.sizes[number] *= SHRINK
                    if found < least * (1 - 1e-6) and colour is not None:
                        least, opacity, kept = found, wide, kept + 1
                        strokes[number], colours[number] = variant, colour
                        self.boxes[number], self.opacities[number] = small, held
                        self.sizes[number] = min(self.sizes[number] * GROW / SHRINK, 2.0)
            below += opacity[..., None] * (colours[number] - below)
        return tried, kept

    def _above(self, boxes: list[Box]) -> tuple[int, list[tuple[F32, F32]]]:
        """For the strokes from a first one on: what those above let through, and what they add, in the stroke's box."""
        painting = self.painting
        through = np.ones((painting.height, painting.width), np.float32)
        over = np.zeros((painting.height, painting.width, 3), np.float32)
        found: list[tuple[F32, F32]] = []
        room = HELD
        for number in range(len(boxes) - 1, -1, -1):
            left, top, right, bottom = boxes[number]
            room -= (right - left) * (bottom - top)
            if room < 0:
                break
            found.append((through[window(boxes[number])].copy(), over[window(boxes[number])].copy()))
            part = window(self.boxes[number])
            over[part] += (through[part] * self.opacities[number])[..., None] * painting.colours[number]
            through[part] *= 1 - self.opacities[number]
        return len(boxes) - len(found), found[::-1]

    def _variant(self, stroke: F32, random: np.random.Generator, size: float) -> F32:
        """A stroke a little different; the unit stays."""
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
    """Squared error in a stroke's box with its best colour (or the one it has, if none is allowed), and that colour.

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
    """An opacity in a larger box; what lies beyond it is cut."""
    left, top, right, bottom = wide
    found = np.zeros((max(bottom - top, 0), max(right - left, 0)), np.float32)
    first, second = max(box[0], left), max(box[1], top)
    third, fourth = max(min(box[2], right), first), max(min(box[3], bottom), second)
    found[second - top : fourth - top, first - left : third - left] = opacity[
        second - box[1] : fourth - box[1], first - box[0] : third - box[0]
    ]
    return found


def _joined(painting: Painting) -> bool:
    """Whether each stroke begins where the one before ended: they cannot be moved one by one."""
    strokes = painting.strokes
    return len(strokes) > 1 and bool(np.abs(strokes[1:, START] - strokes[:-1, 4:6]).max() < JOINED)


def _error(found: F32, target: F32) -> float:
    return float(np.square(found - target, dtype=np.float64).mean())
