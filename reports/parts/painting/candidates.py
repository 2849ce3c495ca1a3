"""The candidates of a class picture on a sheet, and what the judge says of the painted one.

Read from `extras/candidates.json` and `extras/candidates.png`, which the renderer writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_finite, as_int, as_text, as_tuple, parse_json
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import PageImage, page_image
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.runner.files import read_regular

RECORD_PATH, SHEET_PATH = "extras/candidates.json", "extras/candidates.png"
MAX_RECORD_BYTES = 100_000  # a longer file was not written by this program


@dataclass(frozen=True)
class Candidates(Part):
    """The pictures that were made, of which one was painted.

    Attributes:
        sheet: all of them, painted small, numbered.
        facts: class, candidate, probability.
        notes: who judges, and how to choose another.
    """

    template: ClassVar[str] = "parts/candidates.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "candidates"
    title: ClassVar[str] = "Candidates"
    sheet: PageImage
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]


def candidates_part(run: RunRecord, place: Place) -> Candidates | None:
    """The part, or None for a run of another kind."""
    if RECORD_PATH not in run.extras:
        return None
    try:
        record = parse_json(read_regular(run.folder / RECORD_PATH, limit=MAX_RECORD_BYTES))
    except OSError:
        return None
    title, judge = as_text(record.get("class")), as_text(record.get("judge"))
    painted, probability = as_int(record.get("painted")), as_finite(record.get("probability"))
    sheet = page_image(
        place,
        prepare_image(run.folder, SHEET_PATH, widths=MEDIUM_WIDTHS),
        alt=f"{run.title}: all candidates, painted small",
        sizes="(min-width: 62rem) 40rem, 94vw",
    )
    if sheet is None or not title or painted is None:
        return None
    count = len(as_tuple(record.get("candidates")))
    why = "chosen by a person" if record.get("picked") else "the best"
    facts = [Fact("Class", title), Fact("Painted", f"{painted} of {count}, {why}")]
    if probability is not None:
        facts.append(Fact("Probability of the painting", f"{probability:.2f}"))
    notes = (
        f"Probabilities are those that {judge}, which had no part in the making, gives to the class on what was "
        "painted. It may be sure of what no person would name: look.",
        f"To paint another: orbifolio run {run.type} renderer.pick=N, with its number on the sheet.",
    )
    return Candidates(sheet, tuple(facts), notes)
