"""A painting beside the same strokes in real paint, with what was measured.

Read from `extras/painting.json`, which the painter writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_mapping, as_number, as_text, as_tuple, parse_json
from orbifolio.reports.links import Link, Place
from orbifolio.reports.media.img import final_image, page_image
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.inputs import StageCard
from orbifolio.reports.wording import format_count, format_integer
from orbifolio.runner.files import read_regular


@dataclass(frozen=True)
class StrokeComparison(Part):
    """A painting and its versions in real paint.

    Attributes:
        cards: the neural canvas and the real program's, if it is there.
        facts: strokes, decibels, pens.
        notes: what is missing, and how to redraw it.
    """

    template: ClassVar[str] = "parts/stroke_comparison.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "painted"
    title: ClassVar[str] = "In MyPaint"
    cards: tuple[StageCard, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    links: tuple[Link, ...]


FIGURES_PATH, MYPAINT_PATH = "extras/painting.json", "extras/mypaint.png"


MAX_FIGURE_BYTES = 100_000
"""Bytes of the figures; a longer file was not written by this program."""


_LINKS = (
    ("extras/timelapse.webp", "Time-lapse of the strokes"),
    ("extras/steps.pdf", "Step-by-step guide for painting by hand"),
    ("extras/painting.ora", "Layers for MyPaint, Krita and GIMP"),
    ("extras/painting.svg", "Vector graphic"),
    ("extras/plotter.svg", "Drawing for a pen plotter"),
)


_SIZES = "(min-width: 62rem) 30rem, 94vw"


def painting_figures(run: RunRecord) -> Mapping[str, Any]:
    """The painter's figures; empty if the file is missing or unreadable."""
    if FIGURES_PATH not in run.extras:
        return {}
    try:
        return parse_json(read_regular(run.folder / FIGURES_PATH, limit=MAX_FIGURE_BYTES))
    except OSError:
        return {}


def _decibels(record: Mapping[str, Any], name: str) -> str:
    decibels = as_number(record.get(name))
    return "" if decibels is None else f"{decibels:.1f} dB"


def _cards(run: RunRecord, place: Place, real: Mapping[str, Any]) -> Iterator[StageCard]:
    if not (run.folder / MYPAINT_PATH).is_file() or "fitted_db" not in real:
        return
    neural = page_image(place, final_image(run), alt=f"{run.title}: neural canvas", sizes=_SIZES)
    painted = page_image(
        place,
        prepare_image(run.folder, MYPAINT_PATH, widths=MEDIUM_WIDTHS),
        alt=f"{run.title}: the same strokes in real MyPaint",
        sizes=_SIZES,
    )
    if neural is not None:
        yield StageCard("Neural canvas", neural)
    if painted is not None:
        yield StageCard("The same strokes, fitted to the real brush and drawn by MyPaint", painted)


def stroke_comparison(run: RunRecord, place: Place) -> StrokeComparison | None:
    """The part, or None if nothing was painted with strokes."""
    figures = painting_figures(run)
    count = as_number(figures.get("strokes"))
    if count is None:
        return None
    real, plotter = (as_mapping(figures.get(name)) for name in ("mypaint", "plotter"))
    neural, fitted = _decibels(figures, "neural_db"), _decibels(real, "fitted_db")
    compared = "the target" if neural else "the neural canvas"
    pens = len(as_tuple(plotter.get("pens")))
    lines = as_number(plotter.get("lines"))
    facts = (
        Fact("Strokes", format_integer(round(count))),
        Fact("Brush", as_text(figures.get("brush"))),
        Fact("Neural canvas", f"{neural} against the target" if neural else ""),
        Fact("Real MyPaint", f"{fitted} against {compared}" if fitted else ""),
        Fact("Before fitting to the real brush", _decibels(real, "unfitted_db")),
        Fact("Real against neural canvas", _decibels(real, "fitted_to_neural_db")),
        Fact("Plotter", f"{format_count(round(lines), 'line')} with {format_count(pens, 'pen')}" if lines else ""),
    )
    missing = as_text(real.get("missing"))
    return StrokeComparison(
        cards=tuple(_cards(run, place, real)),
        facts=tuple(fact for fact in facts if fact.value),
        notes=(
            *((f"Not redrawn by MyPaint: {missing}",) if missing else ()),
            "To redraw it at any size with any brush: orbifolio redraw RUN --size 4096 --brush charcoal, "
            "where RUN is this run's folder.",
        ),
        links=tuple(
            Link(label, place.to(run.folder / path)) for path, label in _LINKS if (run.folder / path).is_file()
        ),
    )
