"""A painting in bristles for hands and pens: (painting) -> strokes with their mixtures, a sheet, plotter lines."""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.paints import nearest_mixtures
from orbifolio.runner.painting.stroke_shapes import shapes_of
from orbifolio.runner.strokes.document.palette import choose
from orbifolio.runner.strokes.document.products import plotted
from orbifolio.runner.strokes.document.worksheet import MAX_PAINTS, HandStrokes, Mixtures, steps, worksheet
from orbifolio.runner.strokes.document.worksheet import SIDE as SHEET_SIDE
from orbifolio.runner.vector.hex_colours import from_hex
from orbifolio.runner.vector.plotter import PlotLayout

PARTS = 4  # that a mixture is told in where the look mixes paints freely: a hand measures no finer
MAX_POINTS = 12  # of a line on the sheet: an arrow some millimetres long shows no more


def hand_strokes(painting: BristlePainting) -> HandStrokes:
    """The strokes of the picture as a hand copies them."""
    strokes = painting.strokes_of_picture()
    width, height = painting.size
    return HandStrokes(
        width,
        height,
        painting.ground,
        strokes.colours,
        strokes.layers,
        strokes.radii.astype(np.float64),
        [_line(strokes, number) for number in range(strokes.size)],
        _mixtures(painting, strokes),
    )


def _line(strokes: BristleStrokes, number: int) -> F64:
    points = strokes.points[strokes.offsets[number] : strokes.offsets[number + 1], :2].astype(np.float64)
    if len(points) <= MAX_POINTS:
        return points
    chosen: F64 = points[np.unique(np.linspace(0, len(points) - 1, MAX_POINTS).astype(np.int64))]
    return chosen


def _mixtures(painting: BristlePainting, strokes: BristleStrokes) -> Mixtures:
    """Of the palette; or, where the painter took any colour, each stroke's nearest of a few paints."""
    if not painting.palette:
        paints, own = choose(strokes.colours, strokes.radii.astype(np.float64), MAX_PAINTS)
        return Mixtures(paints, own, own, np.zeros(strokes.size))
    paints = np.array([from_hex(colour) for colour in painting.palette])
    kinds, own = np.unique(strokes.colours, axis=0, return_inverse=True)
    found = nearest_mixtures(
        oklab.from_srgb(kinds.astype(np.float64)), oklab.from_srgb(paints), painting.look.mixtures or PARTS
    )
    of_stroke: I64 = own.ravel()
    return Mixtures(paints, found.first[of_stroke], found.second[of_stroke], found.shares[of_stroke])


def copying_sheet(painting: BristlePainting, strokes: HandStrokes, *, title: str = "") -> bytes:
    """A PDF to copy the painting by hand, from its `hand_strokes`: see `worksheet`."""
    shown = [_painted(painting, part.end) for part in steps(strokes)]
    stages: list[F32] = []
    side = min(SHEET_SIDE, max(painting.size))
    painting.drawn(side, shown=lambda canvas: stages.append(canvas.picture()), moments=[0, *shown])
    return worksheet(strokes, stages, title=title)


def _painted(painting: BristlePainting, end: int) -> int:
    """How many strokes of the document have been painted, of which so many images are in the picture."""
    if painting.symmetric is None or not end:
        return end
    last = painting.strokes_of_picture().seeds[end - 1]  # no two strokes have one
    return int(np.flatnonzero(painting.strokes.seeds == last)[0]) + 1


def pen_plot(painting: BristlePainting, strokes: HandStrokes) -> PlotLayout:
    """Lines of a few pens along the painting's `hand_strokes`, where nothing lies over them: see `hatch`."""
    return plotted(strokes, shapes_of(painting.strokes_of_picture()))
