"""Making a run's card: (run) -> its record, its measures and its cover, kept in the run's folder.

No run may stop another: of a run that cannot be read there is a card, too, which tells why.
"""

from __future__ import annotations

import re
from pathlib import Path

from orbifolio.reports.data.caption import picture_word, symmetry_words
from orbifolio.reports.data.card import CARD_NAME, Card, Cover, card_from_json, flattened
from orbifolio.reports.data.log import RunRecord, read_run, silence_limit
from orbifolio.reports.data.metrics import loss_curve, run_measures
from orbifolio.reports.data.values import as_int, as_mapping, as_text, as_texts, as_tuple, read_json
from orbifolio.reports.files import write_text
from orbifolio.reports.media.img import final_image, newest_frame, portrait_image
from orbifolio.reports.media.thumbnails import SMALL_WIDTHS, prepare_image
from orbifolio.reports.prose import markdown_to_text
from orbifolio.reports.wording import title_from_name
from orbifolio.runner.redaction import redact

UNREADABLE = "unreadable"
"""The status of a run whose report cannot be made."""

MAX_PROBLEM_LETTERS = 200
"""Letters of what is said about it: a name may be as long as the disk allows."""

_TEMPORARY = re.compile(r"\.([^/]+)\.\d+-[0-9a-f]{8}\.part$")  # a file while it is written, as `atomic_file` names it


def _cover(run: RunRecord) -> Cover | None:
    source = portrait_image(run) or final_image(run)
    if source is None and run.status != "done" and (newest := newest_frame(run)):
        source = prepare_image(run.folder, newest[1].path, widths=SMALL_WIDTHS)
    if source is None:
        return None

    def inside(path: Path) -> str:
        return path.relative_to(run.folder).as_posix()

    versions = tuple((inside(path), width) for path, width in source.versions)
    return Cover(inside(source.path), source.width, source.height, versions)


def card_from_run(run: RunRecord) -> Card:
    """The card of a run that was read with its events."""
    record = run.record
    symmetry = as_mapping(record.get("symmetry"))
    inputs = map(as_mapping, as_tuple(record.get("inputs")))
    return Card(
        type=run.type,
        id=run.id,
        title=run.title,
        theme=run.theme,
        about=markdown_to_text(run.about),
        status=run.status,
        started=run.started,
        finished=run.finished,
        last=run.last,
        patience=run.patience,
        seconds=run.work_seconds,
        group=as_text(symmetry.get("group")),
        seed=as_text(record.get("seed")),
        device=as_text(record.get("device")),
        width=as_int(run.final.get("width")) or 0,
        height=as_int(run.final.get("height")) or 0,
        steps=as_int(record.get("steps")) or sum(len(phase.steps) for phase in run.phases),
        styles=tuple(dict.fromkeys(name for item in inputs if (name := picture_word(item)))),
        overrides=as_texts(record.get("overrides")),
        parameters=dict(flattened(as_mapping(record.get("parameters")))) if record.get("parameters") else {},
        cover=_cover(run),
        measures=run_measures(run),
        curve=loss_curve(run),
        tags=as_texts(record.get("tags")),
        symmetry=symmetry_words(symmetry),
    )


def write_card(run: RunRecord) -> Card:
    """Keep a run's card in its folder."""
    card = card_from_run(run)
    write_text(run.folder / CARD_NAME, card.to_json())
    return card


def stub_card(folder: Path, error: Exception) -> Card:
    """The card of a run whose report cannot be made, from nothing but its folder's name."""
    return Card(
        type=folder.parent.name,
        id=folder.name,
        title=title_from_name(folder.parent.name),
        theme="",
        about="",
        status=UNREADABLE,
        started=None,
        finished=None,
        last=None,
        patience=silence_limit(0.0),
        seconds=None,
        group="",
        seed="",
        device="",
        width=0,
        height=0,
        steps=0,
        styles=(),
        overrides=(),
        parameters={},
        cover=None,
        problem=describe_problem(error, folder),
    )


def describe_problem(error: Exception, folder: Path) -> str:
    """Why a run's report cannot be made, in one line: what happened, and to which of its files.

    Args:
        folder: of the run; the paths above it concern nobody who reads the report.
    """
    if isinstance(error, RecursionError):
        return "a record is nested too deeply"
    if isinstance(error, MemoryError):
        return "a file needs more memory than there is"
    if isinstance(error, OSError) and error.strerror:
        name = str(error.filename2 or error.filename or "")
        inside = _TEMPORARY.sub(r"\1", name.removeprefix(f"{folder}/"))
        return f"{_shortened(inside)}: {error.strerror}" if inside else error.strerror
    return _shortened(redact(f"{type(error).__name__}: {' '.join(str(error).split())}"))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_PROBLEM_LETTERS else f"{text[:MAX_PROBLEM_LETTERS]}…"


def read_card(folder: Path, *, now: float) -> Card:
    """The card of the run in a folder, as of a moment; made from the log if there is none.

    Whatever the folder holds, there is a card: that of a run that cannot be read tells why.
    """
    try:
        card = card_from_json(read_json(folder / CARD_NAME))
        if card is None or card.running or card.key != f"{folder.parent.name}/{folder.name}":
            return card_from_run(read_run(folder, now=now))  # the log of a running run is newer than its card
        return card
    except Exception as error:  # a fault of ours included: the other runs must not pay for it
        return stub_card(folder, error)
