"""A painting beside the same strokes in real paint, with what was measured.

Read from `extras/painting.json`, which the painting left with its figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_mapping, as_number, as_text, as_tuple, inner_path
from orbifolio.reports.links import Link, Place
from orbifolio.reports.media.img import final_image, page_image
from orbifolio.reports.media.thumbnails import prepare_image
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.inputs import StageCard
from orbifolio.reports.wording import format_count, format_integer


@dataclass(frozen=True)
class StrokeComparison(Part):
    """A painting and its doubles.

    Attributes:
        cards: the neural canvas and the real program's, if it is there.
        facts: strokes, decibels, pens.
        notes: how to have it again, what is missing.
        links: to its files.
    """

    template: ClassVar[str] = "parts/stroke_comparison.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "painted"
    title: ClassVar[str] = "In real paint"
    cards: tuple[StageCard, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    links: tuple[Link, ...]


FIGURES_PATH, MYPAINT_PATH = "extras/painting.json", "extras/mypaint.png"


MAX_FIGURE_BYTES = 100_000
"""Bytes of the figures; a longer file is not ours."""


_LINKS = (
    ("extras/timelapse.webp", "How it was painted"),
    ("extras/steps.pdf", "Step by step, to paint it by hand"),
    ("extras/painting.ora", "Layers for MyPaint, Krita and GIMP"),
    ("extras/painting.svg", "Vectors"),
    ("extras/plotter.svg", "For a pen plotter"),
)


_SIZES = "(min-width: 62rem) 30rem, 94vw"


def _figures(run: RunRecord) -> Mapping[str, Any]:
    """What the painting left; nothing if that is not there or cannot be read."""
    entries = map(as_mapping, as_tuple(run.record.get("extras")))
    path = run.folder / FIGURES_PATH
    if FIGURES_PATH not in {inner_path(entry.get("path")) for entry in entries} or not path.is_file():
        return {}
    try:
        return as_mapping(json.loads(path.read_bytes()[:MAX_FIGURE_BYTES]))
    except (OSError, ValueError, RecursionError):
        return {}


def _decibels(record: Mapping[str, Any], name: str) -> str:
    found = as_number(record.get(name))
    return "" if found is None else f"{found:.1f} dB"


def _cards(run: RunRecord, place: Place, real: Mapping[str, Any]) -> Iterator[StageCard]:
    if not (run.folder / MYPAINT_PATH).is_file() or "fitted_db" not in real:
        return
    neural = page_image(place, final_image(run), alt=f"{run.title}: neural canvas", sizes=_SIZES)
    painted = page_image(
        place,
        prepare_image(run.folder, MYPAINT_PATH, widths=(320, 640)),
        alt=f"{run.title}: the same strokes in real MyPaint",
        sizes=_SIZES,
    )
    if neural is not None:
        yield StageCard("The neural canvas", neural)
    if painted is not None:
        yield StageCard("The same strokes, fitted to the real brush and drawn by MyPaint", painted)


def stroke_comparison(run: RunRecord, place: Place) -> StrokeComparison | None:
    """The part, or None if nothing was painted with strokes."""
    figures = _figures(run)
    count = as_number(figures.get("strokes"))
    if count is None:
        return None
    real, plotter = (as_mapping(figures.get(name)) for name in ("mypaint", "plotter"))
    neural = _decibels(figures, "neural_db")
    what = "what was painted" if neural else "the neural canvas"
    pens = len(as_tuple(plotter.get("pens")))
    lines = as_number(plotter.get("lines"))
    facts = (
        Fact("Strokes", format_integer(round(count))),
        Fact("Brush", as_text(figures.get("brush"))),
        Fact("Neural canvas", f"{neural} to what was painted" if neural else ""),
        Fact("Real MyPaint", f"{_decibels(real, 'fitted_db')} to {what}" if _decibels(real, "fitted_db") else ""),
        Fact("Before the strokes were fitted to the real brush", _decibels(real, "unfitted_db")),
        Fact("Gap between neural and real canvas", _decibels(real, "fitted_to_neural_db")),
        Fact("Plotter", f"{format_count(round(lines), 'line')} with {format_count(pens, 'pen')}" if lines else ""),
    )
    missing = as_text(real.get("missing"))
    return StrokeComparison(
        cards=tuple(_cards(run, place, real)),
        facts=tuple(fact for fact in facts if fact.value),
        notes=(
            *((f"Not drawn by the real program: {missing}",) if missing else ()),
            "Any size, any brush: orbifolio redraw RUN --size 4096 --brush charcoal, where RUN is this run's folder.",
        ),
        links=tuple(
            Link(label, place.to(run.folder / path)) for path, label in _LINKS if (run.folder / path).is_file()
        ),
    )
