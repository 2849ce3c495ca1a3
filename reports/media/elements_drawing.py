"""A picture's symmetry as a drawing: (run) -> an SVG of centres, mirrors, glides and cells, as large as the picture.

Signs are those of the International Tables: a lens, a triangle, a square, a hexagon stand for centres of two, three,
four and six turns, a line for a mirror, a dashed one for a glide. What changes colours is red, as in tables of colour
groups. The drawing lies in the run's `thumbs/` and is laid over the picture, or repeated with it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_finite, as_int, as_mapping, as_tuple
from orbifolio.reports.files import write_text
from orbifolio.reports.wording import format_count

DRAWING_NAME = "thumbs/symmetry.svg"
"""The drawing's path in the run's folder."""

_SIGN = 0.028  # of the picture's shorter side is the radius of a centre's sign, at most
_LEGIBLE = 7.0  # pixels of a radius: smaller ones are not told from each other
_CLOSE = 0.25  # of the distance to the nearest other centre: signs do not touch
_LEAST = 0.004  # of the picture's shorter side: smaller ones are dots
_PLAIN, _CHANGING = "#fff", "#ff5a36"
_NAMES = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 12: "twelve"}
_SHAPES = {2: "lenses", 3: "triangles", 4: "squares", 5: "pentagons", 6: "hexagons", 7: "heptagons", 8: "octagons"}

Point = tuple[float, float]


@dataclass(frozen=True)
class ElementsDrawing:
    """The drawing of a run's symmetry.

    Attributes:
        path: of the file.
        legend: what its signs mean, a line each.
    """

    path: Path
    legend: tuple[str, ...]


@dataclass(frozen=True)
class _Centre:
    fold: int
    x: float
    y: float
    recolours: bool


@dataclass(frozen=True)
class _Line:
    places: tuple[Point, ...]
    recolours: bool = False


def draw_elements(run: RunRecord) -> ElementsDrawing | None:
    """The drawing, written where it changed; None if the run tells of no elements."""
    record = as_mapping(as_mapping(run.record.get("symmetry")).get("elements"))
    width, height = as_int(run.final.get("width")) or 0, as_int(run.final.get("height")) or 0
    if not record or width < 1 or height < 1:
        return None
    size = float(width), float(height)
    centres = tuple(_read_centres(record.get("centres"), size))
    mirrors, glides = (tuple(_read_lines(record.get(name), size)) for name in ("mirrors", "glides"))
    cells = tuple(_read_lines([{"line": line} for line in as_tuple(record.get("cells"))], size))
    if not (centres or mirrors or glides or cells):
        return None
    path = run.folder / DRAWING_NAME
    write_text(path, _svg(size, run.wrap, centres, mirrors, glides, cells))
    return ElementsDrawing(path, tuple(_legend(centres, mirrors, glides, cells)))


def _read_centres(entries: object, size: Point) -> Iterator[_Centre]:
    for entry in map(as_mapping, as_tuple(entries)):
        fold, x, y = as_int(entry.get("fold")) or 0, as_finite(entry.get("x")), as_finite(entry.get("y"))
        if fold > 1 and x is not None and y is not None:
            yield _Centre(fold, x * size[0], y * size[1], entry.get("recolours") is True)


def _read_lines(entries: object, size: Point) -> Iterator[_Line]:
    for entry in map(as_mapping, as_tuple(entries)):
        told = [tuple(map(as_finite, as_tuple(end))) for end in as_tuple(entry.get("line"))]
        places = tuple((x * size[0], y * size[1]) for x, y in filter(_is_place, told))
        if len(places) == len(told) > 1:
            yield _Line(places, entry.get("recolours") is True)


def _is_place(place: tuple[float | None, ...]) -> TypeGuard[tuple[float, float]]:
    return len(place) == 2 and None not in place


def _legend(
    centres: Sequence[_Centre], mirrors: Sequence[_Line], glides: Sequence[_Line], cells: Sequence[_Line]
) -> Iterator[str]:
    """What the signs mean, in words."""
    for fold in sorted(Counter(centre.fold for centre in centres), reverse=True):
        number = _NAMES.get(fold, str(fold))
        yield f"{_SHAPES.get(fold, f'shapes with {fold} corners')}: {number}-fold centres"
    if mirrors:
        yield "lines: mirrors" if len(mirrors) > 1 else "line: mirror"
    if glides:
        yield "dashed: glides"
    if cells:
        yield "thin: cells of the lattice"
    if any(centre.recolours for centre in centres) or any(line.recolours for line in (*mirrors, *glides)):
        yield "red: colours change"


def _svg(
    size: Point,
    wrap: tuple[bool, bool],
    centres: Sequence[_Centre],
    mirrors: Sequence[_Line],
    glides: Sequence[_Line],
    cells: Sequence[_Line],
) -> str:
    """The whole drawing; every line has a dark one beneath it, so that it is seen on any picture."""
    width, height = size
    strokes = [("cell", cells), ("glide", glides), ("mirror", mirrors)]
    paths = [(name, changes, _path(lines, changes)) for name, lines in strokes for changes in (False, True)]
    marks = list(_marks(size, wrap, centres))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' height="{height:g}" preserveAspectRatio="none"><title>{_title(centres, mirrors, glides)}</title>',
            "<style>path{fill:none;stroke-linejoin:round;vector-effect:non-scaling-stroke}"
            ".under{stroke:#000;stroke-opacity:.6}"
            f".plain{{stroke:{_PLAIN}}}.changing{{stroke:{_CHANGING}}}"
            ".mirror{stroke-width:2}.mirror.under{stroke-width:4.5}"
            ".glide{stroke-width:2;stroke-dasharray:7 5}.glide.under{stroke-width:4.5;stroke-dasharray:none;"
            "stroke-opacity:.35}"
            ".cell{stroke-width:1;stroke-opacity:.9}.cell.under{stroke-width:2.5;stroke-opacity:.45}"
            f".centre{{stroke:#000;stroke-width:1.5}}.centre.plain{{fill:{_PLAIN}}}.centre.changing{{fill:{_CHANGING}}}"
            "</style>",
            *(f'<path class="{name} under" d="{path}"/>' for name, _, path in paths if path),
            *(
                f'<path class="{name} {"changing" if changes else "plain"}" d="{path}"/>'
                for name, changes, path in paths
                if path
            ),
            *marks,
            "</svg>",
            "",
        ]
    )


def _title(centres: Sequence[_Centre], mirrors: Sequence[_Line], glides: Sequence[_Line]) -> str:
    counts = (("centre", len(centres)), ("mirror", len(mirrors)), ("glide", len(glides)))
    return "Symmetry: " + (", ".join(format_count(count, noun) for noun, count in counts if count) or "a lattice")


def _path(lines: Sequence[_Line], recolours: bool) -> str:
    chosen = (line.places for line in lines if line.recolours is recolours)
    return "".join(f"M{'L'.join(f'{_short(x)} {_short(y)}' for x, y in places)}" for places in chosen)


def _marks(size: Point, wrap: tuple[bool, bool], centres: Sequence[_Centre]) -> Iterator[str]:
    """A sign for each centre; one that reaches over an edge where the picture repeats comes in on the other side."""
    most = max(_SIGN * min(size), _LEGIBLE)
    places = [(centre.x, centre.y) for centre in centres]
    for number, centre in enumerate(centres):
        others = (math.dist(places[number], other) for at, other in enumerate(places) if at != number)
        radius = min(most, max(_CLOSE * min(others, default=math.inf), _LEAST * min(size)))
        kind = "changing" if centre.recolours else "plain"
        for x in _copies(centre.x, size[0], radius, wrap[1]):
            for y in _copies(centre.y, size[1], radius, wrap[0]):
                yield f'<path class="centre {kind}" d="{_sign(centre.fold, x, y, radius)}"/>'


def _copies(place: float, length: float, radius: float, wraps: bool) -> list[float]:
    steps = (-length, 0.0, length) if wraps else (0.0,)
    return [place + step for step in steps if -1.5 * radius < place + step < length + 1.5 * radius]


def _sign(fold: int, x: float, y: float, radius: float) -> str:
    """A lens for half turns, else a regular polygon that stands on a corner or a side."""
    if fold == 2:
        bulge, top, bottom = _short(1.5 * radius), y - 1.25 * radius, y + 1.25 * radius
        arc = f"A{bulge} {bulge} 0 0 1 {_short(x)}"
        return f"M{_short(x)} {_short(top)}{arc} {_short(bottom)}{arc} {_short(top)}Z"
    start = math.pi / 4 if fold == 4 else math.pi / 2
    corners = [start + 2 * math.pi * number / fold for number in range(fold)]
    points = [f"{_short(x + radius * math.cos(angle))} {_short(y - radius * math.sin(angle))}" for angle in corners]
    return f"M{'L'.join(points)}Z"


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if abs(value) >= 0.05 else "0"
