"""`orbifolio query`: what a gallery holds, a line of JSON for each run, for scripts and language models."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import click
from pydantic import BaseModel, ConfigDict, JsonValue

from orbifolio.reports.data.card import Card
from orbifolio.reports.data.notes import RunNotes, read_notes
from orbifolio.reports.files import Obstacles
from orbifolio.reports.wording import format_iso
from orbifolio.reports.write_gallery import possible_runs, read_cards
from orbifolio.runner.errors import InputError
from orbifolio.runner.events import unreadable_files


class RunSummary(BaseModel):
    """One run of a gallery. Paths are absolute; empty strings and null mean that it is not known."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)

    run: str
    """Recipe and run, as folders of the gallery: `rainbow-hexagon/20261121-101500-4f2a`."""
    title: str
    about: str
    """The recipe's first words."""
    theme: str
    """The gallery's section: `plane`, `sphere`, `painting`, ..."""
    tags: tuple[str, ...]
    """Words of its author, to find it by."""
    status: str
    """`running`, `done`, `interrupted`, `failed` or `stopped`."""
    started: str | None
    """ISO 8601, UTC."""
    finished: str | None
    """ISO 8601, UTC."""
    seconds: float | None
    """Of work in all phases."""
    group: str
    """The symmetry group's name."""
    symmetry: str
    """The symmetry in words: `six-fold, three colours`."""
    seed: str
    device: str
    width: int
    """Of the finished picture in pixels; 0 while there is none."""
    height: int
    steps: int
    styles: tuple[str, ...]
    """Pictures that went in."""
    overrides: tuple[str, ...]
    """What the command line changed of the recipe."""
    parameters: dict[str, JsonValue]
    """The resolved recipe, flat: `renderer.phases.0.size`."""
    measures: dict[str, float]
    """What runs are compared by: losses, residuals, likeness."""
    picture: str | None
    """The finished picture or the newest frame."""
    page: str
    """The run's report."""
    problem: str
    """Why the run cannot be shown, if so."""
    notes: RunNotes
    """A reader's own star, note and tags, as the control page writes them into the run."""


def _value(text: str) -> JsonValue:
    """A parameter as it was before the card kept it as text."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value


def summarise_run(card: Card, gallery: Path) -> RunSummary:
    """What is told of a run.

    Args:
        card: as read from its folder.
        gallery: absolute, the folder that holds all runs.
    """
    folder = gallery / card.key
    return RunSummary(
        run=card.key,
        title=card.title,
        about=card.about,
        theme=card.theme,
        tags=card.tags,
        status=card.status,
        started=format_iso(card.started) or None,
        finished=format_iso(card.finished) or None,
        seconds=card.seconds,
        group=card.group,
        symmetry=card.symmetry,
        seed=card.seed,
        device=card.device,
        width=card.width,
        height=card.height,
        steps=card.steps,
        styles=card.styles,
        overrides=card.overrides,
        parameters={name: _value(text) for name, text in card.parameters.items()},
        measures=dict(card.measures),
        picture=str(folder / card.cover.path) if card.cover else None,
        page=str(folder / "index.html"),
        problem=card.problem,
        notes=read_notes(folder),
    )


def _conditions(where: Sequence[str]) -> list[tuple[str, str]]:
    """`KEY=VALUE` as pairs.

    Raises:
        InputError: conditions that are no such pairs, all of them at once.
    """
    faults = [
        f"--where {text}: write KEY=VALUE, such as status=done"
        for text in where
        if not text.partition("=")[0] or "=" not in text
    ]
    if faults:
        raise InputError("\n".join(faults))
    return [(key, value) for key, _, value in (text.partition("=") for text in where)]


def _fits(summary: RunSummary, key: str, wanted: str) -> bool:
    """Whether a field, else a parameter or a measure, has a value; written as in a recipe."""
    fields = summary.model_dump()
    fields |= {f"notes.{name}": value for name, value in fields["notes"].items()}
    found = fields.get(key, summary.parameters.get(key, summary.measures.get(key)))
    return found == wanted or found == _value(wanted) or (isinstance(found, tuple) and wanted in found)


def query_runs(gallery: Path, where: Sequence[str]) -> None:
    """Print a line of JSON for each run that fits all conditions, the newest first.

    Raises:
        InputError: no gallery, or conditions that cannot be read.
        PathTaken: files that every run has cannot be read of some; what can be is printed.
    """
    conditions = _conditions(where)
    if not gallery.is_dir():
        raise InputError(f"{gallery}: there is no such folder; name a gallery, such as the one that `run` wrote to")
    cards = sorted(read_cards(gallery, time.time()), key=lambda card: (-(card.started or 0.0), card.key))
    for card in cards:
        summary = summarise_run(card, gallery.resolve())
        if all(_fits(summary, key, value) for key, value in conditions):
            click.echo(summary.model_dump_json())
    obstacles = Obstacles()
    for folder in possible_runs(gallery):
        obstacles.note(unreadable_files(folder))
    obstacles.tell()


def print_schema() -> None:
    """Print what a line holds, as JSON Schema."""
    click.echo(json.dumps(RunSummary.model_json_schema(), indent=1, ensure_ascii=False))
