"""A step-by-step worksheet: (painting, stages) -> a PDF to copy the painting by hand, with brushes and paints.

The first page has the finished picture, the paints to mix and the brushes. The steps follow, two or more to a page,
coarse strokes first: on the left where the new strokes go, as arrows in their paint over what is there already, on the
right the picture after them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.images import encoding
from orbifolio.runner.strokes.document.document import RADIUS, Painting
from orbifolio.runner.strokes.document.outlines import points_of
from orbifolio.runner.strokes.document.palette import choose
from orbifolio.runner.strokes.document.timelapse_states import runs
from orbifolio.runner.vector.hex_colours import Colour, to_hex
from orbifolio.runner.vector.pdf_pages import PdfPages

WIDE, HIGH = 210.0, 297.0  # mm; A4
POINT = 25.4 / 72  # mm
MAX_STEPS = 12  # six pages at two to a page
MAX_PAINTS = 12  # two rows of six on the cover
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


def steps(painting: Painting, count: int = MAX_STEPS) -> list[WorksheetStep]:
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


def worksheet(painting: Painting, stages: Sequence[F32], *, title: str = "") -> bytes:
    """The sheet as a PDF file; `stages` are pictures of the blank paper and after each of `steps`."""
    name = title or "Painting by strokes"
    parts = steps(painting)
    weights = painting.strokes[:, RADIUS].astype(np.float64)
    paints, own = choose(painting.colours, weights, MAX_PAINTS)
    pages = PdfPages(WIDE, HIGH, unit=1 / POINT, title=name)
    _cover(pages, painting, stages[-1], paints, own, name, len(parts))
    rows = max(1, int(ROOM / (_fitted(painting, HALF, TALL)[1] + HEAD + 6)))
    for count, at in enumerate(range(0, len(parts), rows), start=2):
        pages.next_page()
        for row, number in enumerate(range(at, min(at + rows, len(parts)))):
            top = MARGIN + row * ROOM / rows
            _step(pages, painting, parts[number], number + 1, stages[number], stages[number + 1], paints, own, top)
        pages.words(f"{name}: page {count}", WIDE / 2, HIGH - 8, 8 * POINT, GREY, centred=True)
    return pages.to_bytes()


def _cover(page: PdfPages, painting: Painting, finished: F32, paints: F64, own: I64, name: str, count: int) -> None:
    page.words(name, MARGIN, MARGIN + 8, 24 * POINT, INK)
    strokes = "stroke" if len(painting) == 1 else "strokes"
    page.words(f"{len(painting)} {strokes} in {count} steps", MARGIN, MARGIN + 15, 11 * POINT, GREY)
    wide, high = _fitted(painting, WIDE - 2 * MARGIN, 170.0)
    left, top = (WIDE - wide) / 2, MARGIN + 21
    page.picture(_jpeg(finished), left, top, wide)
    below = top + high + 11
    page.words("Paints to mix", MARGIN, below, 13 * POINT, INK)
    for index, paint in enumerate(paints):
        row, column = divmod(index, 6)
        x, y = MARGIN + column * 30, below + 4 + row * 18
        colour = (float(paint[0]), float(paint[1]), float(paint[2]))
        page.rectangle(x, y, 26, 9, colour, FRAME)
        page.words(f"{index + 1}   {to_hex(paint)}", x, y + 13, 8 * POINT, GREY)
    radii = _brushes(painting, wide)
    widths = ", ".join(f"{2 * radius:.0f} mm" if radius >= 1 else f"{2 * radius:.1f} mm" for radius in radii)
    page.words(
        f"Brushes for a sheet of {wide:.0f} x {high:.0f} mm: {widths} wide", MARGIN, below + 46, 10 * POINT, GREY
    )


def _brushes(painting: Painting, wide: float) -> list[float]:
    """The median radius of each level in mm on a sheet of some width, similar ones once."""
    scale = wide / painting.width
    medians = [
        float(np.median(painting.strokes[painting.levels == level, RADIUS])) * scale
        for level in np.unique(painting.levels)
    ]
    radii: list[float] = []
    for radius in sorted(medians, reverse=True):
        if not radii or radius < 0.85 * radii[-1]:
            radii.append(radius)
    return radii


def _step(
    page: PdfPages,
    painting: Painting,
    step: WorksheetStep,
    number: int,
    before: F32,
    after: F32,
    paints: F64,
    own: I64,
    top: float,
) -> None:
    """Draw the two pictures of a step."""
    wide, _ = _fitted(painting, HALF, TALL)
    page.words(f"Step {number}", MARGIN, top + 5, 14 * POINT, INK)
    chosen = painting.take(slice(step.begin, step.end))
    broad = 2 * float(np.median(chosen.strokes[:, RADIUS])) / painting.width
    used = [index + 1 for index in np.unique(own[step.begin : step.end]).tolist()]
    text = f"strokes {step.begin + 1} to {step.end}, about 1/{max(1, round(1 / max(broad, 1e-6)))} of the width broad; "
    page.words(text + f"paints {', '.join(map(str, used))}", MARGIN + 24, top + 5, 9 * POINT, GREY)
    page.picture(_jpeg(before + (1 - before) * np.float32(FADE)), MARGIN, top + HEAD - 4, wide)
    high = page.picture(_jpeg(after), MARGIN + wide + GAP, top + HEAD - 4, wide)
    scale = wide / painting.width
    small = len(chosen) > 90
    with page.clipped(MARGIN, top + HEAD - 4, wide, high):
        for index, path in enumerate(points_of(chosen, 9).astype(np.float64)):
            paint = paints[own[step.begin + index]]
            colour = (float(paint[0]), float(paint[1]), float(paint[2]))
            places = [(MARGIN + x * scale, top + HEAD - 4 + y * scale) for x, y in path.tolist()]
            _arrow(page, places, colour, 0.35 if small else 0.6)


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


def _fitted(painting: Painting, wide: float, high: float) -> tuple[float, float]:
    """The largest (width, height) in mm of the painting within a box."""
    scale = min(wide / painting.width, high / painting.height)
    return painting.width * scale, painting.height * scale
