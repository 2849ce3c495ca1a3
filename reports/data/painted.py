"""A painting beside the same strokes in real paint: (run) -> `Painted`, or None where the run has no strokes.

Read from `extras/painting.json`, which the painting left with its figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orbifolio.reports import wording
from orbifolio.reports.data import values
from orbifolio.reports.data.log import Run
from orbifolio.reports.links import Link, Place
from orbifolio.reports.media import img, thumbnails
from orbifolio.reports.parts.base import Fact
from orbifolio.reports.parts.painted import Painted
from orbifolio.reports.parts.run import StageCard

FIGURES, REAL = "extras/painting.json", "extras/mypaint.png"
LARGEST = 100_000
"""Bytes of the figures; a longer file is not ours."""
_LINKS = (
    ("extras/timelapse.webp", "How it was painted"),
    ("extras/steps.pdf", "Step by step, to paint it by hand"),
    ("extras/painting.ora", "Layers for MyPaint, Krita and GIMP"),
    ("extras/painting.svg", "Vectors"),
    ("extras/plotter.svg", "For a pen plotter"),
)
_SIZES = "(min-width: 62rem) 30rem, 94vw"


def _figures(run: Run) -> Mapping[str, Any]:
    """What the painting left; nothing if that is not there or cannot be read."""
    entries = map(values.mapping, values.sequence(run.record.get("extras")))
    path = run.folder / FIGURES
    if FIGURES not in {values.inner_path(entry.get("path")) for entry in entries} or not path.is_file():
        return {}
    try:
        return values.mapping(json.loads(path.read_bytes()[:LARGEST]))
    except (OSError, ValueError, RecursionError):
        return {}


def _decibels(record: Mapping[str, Any], name: str) -> str:
    found = values.number(record.get(name))
    return "" if found is None else f"{found:.1f} dB"


def _cards(run: Run, place: Place, real: Mapping[str, Any]) -> Iterator[StageCard]:
    if not (run.folder / REAL).is_file() or "fitted_db" not in real:
        return
    neural = img.show(place, img.final_source(run), alt=f"{run.title}: neural canvas", sizes=_SIZES)
    painted = img.show(
        place,
        thumbnails.prepare(run.folder, REAL, widths=(320, 640)),
        alt=f"{run.title}: the same strokes in real MyPaint",
        sizes=_SIZES,
    )
    if neural is not None:
        yield StageCard("The neural canvas", neural)
    if painted is not None:
        yield StageCard("The same strokes, fitted to the real brush and drawn by MyPaint", painted)


def part(run: Run, place: Place) -> Painted | None:
    """The part, or None if nothing was painted with strokes."""
    figures = _figures(run)
    count = values.number(figures.get("strokes"))
    if count is None:
        return None
    real, plotter = (values.mapping(figures.get(name)) for name in ("mypaint", "plotter"))
    neural = _decibels(figures, "neural_db")
    what = "what was painted" if neural else "the neural canvas"
    pens = len(values.sequence(plotter.get("pens")))
    lines = values.number(plotter.get("lines"))
    facts = (
        Fact("Strokes", wording.integer(round(count))),
        Fact("Brush", values.text(figures.get("brush"))),
        Fact("Neural canvas", f"{neural} to what was painted" if neural else ""),
        Fact("Real MyPaint", f"{_decibels(real, 'fitted_db')} to {what}" if _decibels(real, "fitted_db") else ""),
        Fact("Before the strokes were fitted to the real brush", _decibels(real, "unfitted_db")),
        Fact("Gap between neural and real canvas", _decibels(real, "fitted_to_neural_db")),
        Fact("Plotter", f"{wording.count(round(lines), 'line')} with {wording.count(pens, 'pen')}" if lines else ""),
    )
    missing = values.text(real.get("missing"))
    return Painted(
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
