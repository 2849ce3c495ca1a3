"""A step-by-step worksheet: (strokes, stages) -> a PDF to copy a painting by hand, with brushes and paints.

The first page has the finished picture, the paints and the brushes. The steps follow, two or more to a page, coarse
strokes first: on the left where the new strokes go, as arrows in their paint over what is there already, on the right
the picture after them, and below what to mix for them where the strokes' colours are mixtures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64, I32, I64
from orbifolio.runner.images import encoding
from orbifolio.runner.strokes.document.document import RADIUS, Painting
from orbifolio.runner.strokes.document.outlines import points_of
from orbifolio.runner.strokes.document.palette import choose
from orbifolio.runner.strokes.document.timelapse_states import LayeredStrokes, runs
from orbifolio.runner.vector.hex_colours import Colour, to_hex
from orbifolio.runner.vector.pdf_pages import PdfPages

WIDE, HIGH = 210.0, 297.0  # mm; A4
POINT = 25.4 / 72  # mm
MAX_STEPS = 12  # six pages at two to a page
MAX_PAINTS = 12  # two rows of six on the cover
MANY_PAINTS = 24  # and two rows of twelve, small
MAX_MIXTURES = 6  # of a step, in one row
MIXED_HEIGHT = 11.0  # mm of that row
MAX_ARROWS = 220  # of a step: more hide each other, so each then stands for several strokes
MARGIN, GAP, HEAD = 16.0, 8.0, 12.0  # mm
ROOM = HIGH - 2 * MARGIN  # mm, height for the steps of a page
HALF, TALL = (WIDE - 2 * MARGIN - GAP) / 2, ROOM / 2 - HEAD - 6  # mm, the largest picture of a step
INK: Colour = (0.16, 0.16, 0.17)
GREY: Colour = (0.43, 0.43, 0.45)
FRAME: Colour = (0.7, 0.7, 0.72)
FADE = 0.62  # share of white in what is there already
ARROW = 1.7  # mm, size of an arrow's head
SIDE = 800  # pixels of the pictures' longer side
QUALITY = 88  # of their JPEGs: on paper artefacts do not show


class Mixtures(NamedTuple):
    """Paints, and what each of n strokes is mixed from: two of them, the second with some share.

    Attributes:
        paints: (k, 3) sRGB in [0, 1].
        first: (n,) number of a paint.
        second: (n,) number of a paint; any where the share is 0.
        shares: (n,) of the second, in [0, 1].
    """

    paints: F64
    first: I64
    second: I64
    shares: F64


@dataclass(frozen=True)
class HandStrokes:
    """Strokes that a hand is to copy.

    Attributes:
        width: of the picture in pixels.
        height: of the picture in pixels.
        paper: sRGB in [0, 1].
        colours: (n, 3) sRGB in [0, 1] that the strokes are painted in.
        levels: (n,), 0 for the coarsest.
        radii: (n,) in pixels.
        lines: (k, 2) points of each, in pixels.
        mixtures: of paints that give the colours.
    """

    width: int
    height: int
    paper: tuple[float, float, float]
    colours: F32
    levels: I32
    radii: F64
    lines: Sequence[F64]
    mixtures: Mixtures

    @classmethod
    def of(cls, painting: Painting) -> HandStrokes:
        """The strokes of a painting, each in the nearest of a few paints."""
        radii = painting.strokes[:, RADIUS].astype(np.float64)
        paints, own = choose(painting.colours, radii, MAX_PAINTS)
        return cls(
            painting.width,
            painting.height,
            painting.paper,
            paints[own].astype(np.float32).reshape(-1, 3),
            painting.levels,
            radii,
            list(points_of(painting, 9).astype(np.float64)),
            Mixtures(paints, own, own, np.zeros(len(own))),
        )

    def __len__(self) -> int:
        """The number of strokes."""
        return len(self.radii)


@dataclass(frozen=True)
class WorksheetStep:
    """Strokes that are painted in one step.

    Attributes:
        level: of all of them.
        begin: number of the first stroke.
        end: number after the last.
    """

    level: int
    begin: int
    end: int


def steps(painting: LayeredStrokes, count: int = MAX_STEPS) -> list[WorksheetStep]:
    """The strokes in steps: those of a level together, large levels divided.

    There are at most `count` steps, unless the levels change more often.
    """
    parts: list[WorksheetStep] = []
    every = max(1, len(painting) // max(1, count - len(set(painting.levels.tolist()))))
    pieces = runs(painting)
    if len(pieces) > count:  # levels that alternate give no order to paint in
        pieces, every = [(0, 0, len(painting))], max(1, -(-len(painting) // count))
    for level, begin, end in pieces:
        cuts = np.linspace(begin, end, max(1, round((end - begin) / every)) + 1).round().astype(int).tolist()
        parts += [WorksheetStep(level, first, last) for first, last in zip(cuts, cuts[1:], strict=False)]
    return parts


def worksheet(strokes: HandStrokes, stages: Sequence[F32], *, title: str = "") -> bytes:
    """The sheet as a PDF file; `stages` are pictures of the blank paper and after each of `steps`."""
    name = title or "Painting by strokes"
    parts = steps(strokes)
    pages = PdfPages(WIDE, HIGH, unit=1 / POINT, title=name)
    _cover(pages, strokes, stages[-1], name, len(parts))
    foot = MIXED_HEIGHT if strokes.mixtures.shares.any() else 0.0
    tall = TALL - foot
    rows = max(1, int(ROOM / (_fitted(strokes, HALF, tall)[1] + HEAD + foot + 6)))
    for count, at in enumerate(range(0, len(parts), rows), start=2):
        pages.next_page()
        for row, number in enumerate(range(at, min(at + rows, len(parts)))):
            top = MARGIN + row * ROOM / rows
            before, after = stages[number], stages[number + 1]
            high = _step(pages, strokes, parts[number], number + 1, (before, after), top, tall)
            if foot:
                _mixtures(pages, strokes, parts[number], top + HEAD - 4 + high + 3)
        pages.words(f"{name}: page {count}", WIDE / 2, HIGH - 8, 8 * POINT, GREY, centred=True)
    return pages.to_bytes()


def _cover(page: PdfPages, strokes: HandStrokes, finished: F32, name: str, count: int) -> None:
    page.words(name, MARGIN, MARGIN + 8, 24 * POINT, INK)
    noun = "stroke" if len(strokes) == 1 else "strokes"
    page.words(f"{len(strokes):,} {noun} in {count} steps", MARGIN, MARGIN + 15, 11 * POINT, GREY)
    wide, high = _fitted(strokes, WIDE - 2 * MARGIN, 170.0)
    left, top = (WIDE - wide) / 2, MARGIN + 21
    page.picture(_jpeg(finished), left, top, wide)
    below = top + high + 11
    mixed = bool(strokes.mixtures.shares.any())
    page.words("Paints for the palette" if mixed else "Paints to mix", MARGIN, below, 13 * POINT, INK)
    many = len(strokes.mixtures.paints) > MAX_PAINTS
    columns, pitch, size = (12, 15.0, 5.5 * POINT) if many else (6, 30.0, 8 * POINT)
    for index, paint in enumerate(strokes.mixtures.paints[:MANY_PAINTS]):
        row, column = divmod(index, columns)
        x, y = MARGIN + column * pitch, below + 4 + row * 18
        page.rectangle(x, y, pitch - 4, 9, _colour(paint), FRAME)
        page.words(f"{index + 1}   {to_hex(paint)}", x, y + 13, size, GREY)
    radii = _brushes(strokes, wide)
    widths = ", ".join(f"{2 * radius:.0f} mm" if radius >= 1 else f"{2 * radius:.1f} mm" for radius in radii)
    page.words(
        f"Brushes for a sheet of {wide:.0f} x {high:.0f} mm: {widths} wide", MARGIN, below + 46, 10 * POINT, GREY
    )


def _brushes(strokes: HandStrokes, wide: float) -> list[float]:
    """The median radius of each level in mm on a sheet of some width, similar ones once."""
    scale = wide / strokes.width
    medians = [float(np.median(strokes.radii[strokes.levels == level])) * scale for level in np.unique(strokes.levels)]
    radii: list[float] = []
    for radius in sorted(medians, reverse=True):
        if not radii or radius < 0.85 * radii[-1]:
            radii.append(radius)
    return radii


def _step(
    page: PdfPages,
    strokes: HandStrokes,
    step: WorksheetStep,
    number: int,
    stages: tuple[F32, F32],
    top: float,
    tall: float,
) -> float:
    """Draw the two pictures of a step, at most so tall; returns their height in mm."""
    before, after = stages
    wide, _ = _fitted(strokes, HALF, tall)
    page.words(f"Step {number}", MARGIN, top + 5, 14 * POINT, INK)
    every = -(-(step.end - step.begin) // MAX_ARROWS)
    broad = 2 * float(np.median(strokes.radii[step.begin : step.end])) / strokes.width
    text = f"strokes {step.begin + 1} to {step.end}, about 1/{max(1, round(1 / max(broad, 1e-6)))} of the width broad; "
    if strokes.mixtures.shares.any():
        text += f"an arrow for each {every}" if every > 1 else "an arrow for each"
    else:
        used = [index + 1 for index in np.unique(strokes.mixtures.first[step.begin : step.end]).tolist()]
        text += f"paints {', '.join(map(str, used))}"
    page.words(text, MARGIN + 24, top + 5, 9 * POINT, GREY)
    page.picture(_jpeg(before + (1 - before) * np.float32(FADE)), MARGIN, top + HEAD - 4, wide)
    high = page.picture(_jpeg(after), MARGIN + wide + GAP, top + HEAD - 4, wide)
    scale = wide / strokes.width
    small = step.end - step.begin > 90
    with page.clipped(MARGIN, top + HEAD - 4, wide, high):
        for index in range(step.begin, step.end, every):
            places = [(MARGIN + x * scale, top + HEAD - 4 + y * scale) for x, y in strokes.lines[index].tolist()]
            _arrow(page, places, _colour(strokes.colours[index]), 0.35 if small else 0.6)
    return high


def _mixtures(page: PdfPages, strokes: HandStrokes, step: WorksheetStep, top: float) -> None:
    """The colours that most of a step is painted in, and the two paints of each."""
    mixtures, part = strokes.mixtures, slice(step.begin, step.end)
    keys = np.stack([mixtures.first[part], mixtures.second[part], np.rint(mixtures.shares[part] * 1000)], axis=1)
    kinds, own = np.unique(keys.astype(np.int64), axis=0, return_inverse=True)
    areas = np.bincount(own.ravel(), strokes.radii[part] ** 2, len(kinds))
    for place, kind in enumerate(np.argsort(-areas, kind="stable")[:MAX_MIXTURES].tolist()):
        first, second, thousandths = kinds[kind].tolist()
        shade = strokes.colours[part][own.ravel() == kind].astype(np.float64).mean(0)
        x = MARGIN + place * (WIDE - 2 * MARGIN) / MAX_MIXTURES
        page.rectangle(x, top, 9, 6, _colour(shade), FRAME)
        page.words(_recipe(first + 1, second + 1, thousandths / 1000), x + 11, top + 4.2, 7 * POINT, GREY)


def _recipe(first: int, second: int, share: float) -> str:
    """How two paints are mixed: their numbers, and how many parts of each.

    >>> _recipe(3, 7, 0.25), _recipe(3, 7, 0.5), _recipe(3, 7, 0.0)
    ('3 + 7, 3 : 1', '3 + 7', '3')
    """
    if share in (0.0, 1.0):
        return str(second if share else first)
    parts = Fraction(share).limit_denominator(8)
    one, two = parts.denominator - parts.numerator, parts.numerator
    return f"{first} + {second}" if one == two else f"{first} + {second}, {one} : {two}"


def _colour(paint: F32 | F64) -> Colour:
    red, green, blue = (float(value) for value in paint)
    return red, green, blue


def _jpeg(picture: F32) -> bytes:
    return encoding.jpeg(picture, quality=QUALITY)


def _arrow(page: PdfPages, places: list[tuple[float, float]], colour: Colour, width: float) -> None:
    """A line with a head at its end, and a dark outline that shows on any ground."""
    page.line(places, INK, width + 0.22)
    page.line(places, colour, width)
    (x, y), (tip_x, tip_y) = places[-2], places[-1]
    length = math.hypot(tip_x - x, tip_y - y)
    if length < 1e-6:
        return
    along, size = ((tip_x - x) / length, (tip_y - y) / length), ARROW * (0.5 + width)
    base = (tip_x - along[0] * size / 3, tip_y - along[1] * size / 3)
    head = (base[0] + along[0] * size, base[1] + along[1] * size)
    wings = [(base[0] - sign * along[1] * size / 2, base[1] + sign * along[0] * size / 2) for sign in (1, -1)]
    page.polygon([head, *wings], INK)


def _fitted(painting: HandStrokes, wide: float, high: float) -> tuple[float, float]:
    """The largest (width, height) in mm of the painting within a box."""
    scale = min(wide / painting.width, high / painting.height)
    return painting.width * scale, painting.height * scale
