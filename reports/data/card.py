"""A run's card: (run) -> all that the pages above it need to know, small enough to be kept by the thousand.

It lies in the run's folder as `card.json`. Galleries are made from cards alone, so that a gallery of a
thousand runs opens a thousand small files and no picture, and a bucket's index can be made by a machine
that has only some of the runs.

Convention: times are seconds since the epoch; paths are relative to the run's folder, with forward slashes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from orbifolio.reports import files, prose
from orbifolio.reports.data import metrics, values
from orbifolio.reports.data.log import Run, patience, read_run
from orbifolio.reports.data.metrics import Stretch
from orbifolio.reports.media import img, thumbnails

NAME = "card.json"


@dataclass(frozen=True)
class Cover:
    """A run's picture: the original, its size in pixels, and its copies as (path, width), narrow to wide."""

    path: str
    width: int
    height: int
    versions: tuple[tuple[str, int], ...]

    @property
    def ratio(self) -> float:
        """Width / height."""
        return self.width / self.height


@dataclass(frozen=True)
class Card:
    """What a gallery knows of a run.

    Attributes:
        type: the recipe's folder in the gallery.
        id: the run's folder in that one.
        about: the recipe's first words, without markup.
        last: the last sign of life of a run that goes on.
        patience: seconds of silence after which such a run is taken for dead.
        seconds: of work.
        width: of the finished picture in pixels, 0 while there is none.
        styles: names of the pictures that went in.
        parameters: the resolved recipe, flat: `renderer.phases.0.size` -> its value as JSON.
        cover: the finished picture or the newest frame, or None.
        measures: what it is compared by, `metrics.of_run`.
        curve: its loss at a few steps of each phase.
    """

    type: str
    id: str
    title: str
    theme: str
    about: str
    status: str
    started: float | None
    finished: float | None
    last: float | None
    patience: float
    seconds: float | None
    group: str
    seed: str
    device: str
    width: int
    height: int
    steps: int
    styles: tuple[str, ...]
    overrides: tuple[str, ...]
    parameters: Mapping[str, str]
    cover: Cover | None
    measures: Mapping[str, float] = field(default_factory=dict)
    curve: tuple[Stretch, ...] = ()

    @property
    def key(self) -> str:
        """The run's folder as seen from the gallery's."""
        return f"{self.type}/{self.id}"

    @property
    def running(self) -> bool:
        """Whether it is believed to be going on."""
        return self.status == "running"

    def at(self, now: float, *, slack: float = 0.0) -> Card:
        """The card as of a moment: a run that claims to go on but has long been silent has stopped.

        Args:
            now: seconds since the epoch.
            slack: seconds between two signs of life that are nothing to worry about (a run that is
                published every few minutes looks silent in between).
        """
        silent = self.last is None or now - self.last > self.patience + slack
        return replace(self, status="stopped") if self.running and silent else self

    def to_json(self) -> str:
        """The card as text, the same for equal cards."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def flattened(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of nested mappings and lists, each with its dotted name and its JSON text.

    >>> dict(flattened({"seed": 3, "phases": [{"size": 64}]}))
    {'seed': '3', 'phases.0.size': '64'}
    """
    inner: Iterator[tuple[object, object]] | None = None
    if isinstance(value, Mapping) and value:
        inner = iter(value.items())
    elif isinstance(value, list | tuple) and value:
        inner = iter(enumerate(value))
    if inner is None:
        yield name, json.dumps(value, ensure_ascii=False, default=str)
        return
    for key, item in inner:
        yield from flattened(item, f"{name}.{key}" if name else str(key))


def _cover(run: Run) -> Cover | None:
    source = img.portrait_source(run) or img.final_source(run)
    if source is None and run.status != "done" and (newest := img.newest_frame(run)):
        source = thumbnails.prepare(run.folder, newest[1].path, widths=thumbnails.SMALL)
    if source is None:
        return None

    def inside(path: Path) -> str:
        return path.relative_to(run.folder).as_posix()

    versions = tuple((inside(path), width) for path, width in source.versions)
    return Cover(inside(source.path), source.width, source.height, versions)


def from_run(run: Run) -> Card:
    """The card of a run that was read with its events."""
    record = run.record
    final, symmetry = values.mapping(record.get("final")), values.mapping(record.get("symmetry"))
    inputs = map(values.mapping, values.sequence(record.get("inputs")))
    return Card(
        type=run.type,
        id=run.id,
        title=run.title,
        theme=run.theme,
        about=prose.to_text(run.about),
        status=run.status,
        started=run.started,
        finished=run.finished,
        last=run.last,
        patience=patience(max((step.seconds for phase in run.phases for step in phase.steps), default=0.0)),
        seconds=run.seconds or sum(phase.seconds for phase in run.phases) or None,
        group=values.text(symmetry.get("group")),
        seed=values.text(record.get("seed")),
        device=values.text(record.get("device")),
        width=values.whole(final.get("width")) or 0,
        height=values.whole(final.get("height")) or 0,
        steps=values.whole(record.get("steps")) or sum(len(phase.steps) for phase in run.phases),
        styles=tuple(dict.fromkeys(name for item in inputs if (name := values.text(item.get("name"))))),
        overrides=values.texts(record.get("overrides")),
        parameters=dict(flattened(values.mapping(record.get("parameters")))) if record.get("parameters") else {},
        cover=_cover(run),
        measures=metrics.of_run(run),
        curve=metrics.curve(run),
    )


def _folder_name(value: object) -> str:
    """A name of one visible folder, or ""."""
    name = values.inner_path(value)
    return name if len(PurePosixPath(name).parts) == 1 and not name.startswith(".") else ""


def _cover_from(record: object) -> Cover | None:
    entry = values.mapping(record)
    path = values.inner_path(entry.get("path"))
    width, height = values.whole(entry.get("width")) or 0, values.whole(entry.get("height")) or 0
    pairs = [values.sequence(item) for item in values.sequence(entry.get("versions"))]
    versions = tuple(
        (copy, side)
        for pair in pairs
        if len(pair) == 2 and (copy := values.inner_path(pair[0])) and (side := values.whole(pair[1]))
    )
    return Cover(path, width, height, versions) if path and width > 0 and height > 0 and versions else None


def from_json(record: object) -> Card | None:
    """A card as it was kept, by whatever version; None if it names no run."""
    entry = values.mapping(record)
    type_, identity = _folder_name(entry.get("type")), _folder_name(entry.get("id"))
    if not type_ or not identity:
        return None

    def word(name: str) -> str:
        return values.text(entry.get(name))

    def moment(name: str) -> float | None:
        return values.finite(entry.get(name))

    def amount(name: str) -> int:
        return max(0, values.whole(entry.get(name)) or 0)

    parameters: Mapping[str, Any] = values.mapping(entry.get("parameters"))
    return Card(
        type=type_,
        id=identity,
        title=word("title") or type_,
        theme=word("theme"),
        about=word("about"),
        status=word("status"),
        started=moment("started"),
        finished=moment("finished"),
        last=moment("last"),
        patience=moment("patience") or patience(0.0),
        seconds=moment("seconds"),
        group=word("group"),
        seed=word("seed"),
        device=word("device"),
        width=amount("width"),
        height=amount("height"),
        steps=amount("steps"),
        styles=values.texts(entry.get("styles")),
        overrides=values.texts(entry.get("overrides")),
        parameters={str(name): values.text(value) for name, value in parameters.items()},
        cover=_cover_from(entry.get("cover")),
        measures={name: value for name, value in values.numbers(entry.get("measures")).items() if math.isfinite(value)},
        curve=metrics.curve_from(entry.get("curve")),
    )


def write(run: Run) -> Card:
    """Keep a run's card in its folder."""
    card = from_run(run)
    files.write_text(run.folder / NAME, card.to_json())
    return card


def read(folder: Path, *, now: float) -> Card:
    """The card of the run in a folder, as of a moment; made from the log where none was kept."""
    card = from_json(values.read_json(folder / NAME))
    if card is None or card.running or card.key != f"{folder.parent.name}/{folder.name}":
        return from_run(read_run(folder, now=now))  # of a run that goes on, the log knows more
    return card
