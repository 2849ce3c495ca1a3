"""A run's card: (run) -> all that the pages above it need to know, small enough for galleries of thousands.

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
from typing import Any

from orbifolio.reports.data.log import silence_limit
from orbifolio.reports.data.metrics import PhaseCurve, loss_curve_from_json
from orbifolio.reports.data.values import (
    as_finite,
    as_int,
    as_mapping,
    as_numbers,
    as_text,
    as_texts,
    as_tuple,
    folder_name,
    inner_path,
)
from orbifolio.reports.wording import format_pixels

CARD_NAME = "card.json"


THEMES = (
    *("plane", "escher", "strip", "sphere", "hyperbolic", "mesh", "zoom", "motion"),
    *("style", "dream", "painting", "gas", "survey"),
)
"""The order of the gallery's sections; other themes follow by name."""


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
        last: time of the last log entry of a running run.
        patience: seconds of silence after which a running run counts as stopped.
        seconds: of work in all phases, or None if unknown.
        width: of the finished picture in pixels, 0 while there is none.
        styles: names of the pictures that went in.
        tags: words of its author, to find it by.
        symmetry: in words, `six-fold, three colours`, or "".
        parameters: the resolved recipe, flat: `renderer.phases.0.size` -> its value as JSON.
        cover: the finished picture or the newest frame, or None.
        measures: what it is compared by, `metrics.run_measures`.
        curve: its loss at a few steps of each phase.
        problem: why its report could not be made, in a few words; "" for a sound run.
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
    curve: tuple[PhaseCurve, ...] = ()
    problem: str = ""
    tags: tuple[str, ...] = ()
    symmetry: str = ""

    @property
    def key(self) -> str:
        """The run's folder as seen from the gallery's."""
        return f"{self.type}/{self.id}"

    @property
    def section(self) -> str:
        """The gallery's section that it belongs to: its theme, or `other`."""
        return self.theme or "other"

    @property
    def size(self) -> str:
        """The picture's size in words, or "" while there is none."""
        return format_pixels(self.width, self.height) if self.width and self.height else ""

    @property
    def presentable(self) -> bool:
        """Whether people can be asked how good it is: it is finished and has a picture."""
        return self.status == "done" and self.cover is not None

    @property
    def running(self) -> bool:
        """Whether it is believed to be running now."""
        return self.status == "running"

    def at(self, now: float, *, slack: float = 0.0) -> Card:
        """The card as of a moment: a run that claims to be running but has long been silent has stopped.

        Args:
            now: seconds since the epoch.
            slack: seconds of silence allowed beside the usual (a run that is published every few
                minutes looks silent in between).
        """
        silent = self.last is None or now - self.last > self.patience + slack
        return replace(self, status="stopped") if self.running and silent else self

    def to_json(self) -> str:
        """The card as text, the same for equal cards."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def theme_order(theme: str) -> tuple[int, str]:
    """Sorts themes in the gallery's order; themes that it does not know follow by name."""
    return (THEMES.index(theme) if theme in THEMES else len(THEMES), theme)


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


def _cover_from(record: object) -> Cover | None:
    entry = as_mapping(record)
    path = inner_path(entry.get("path"))
    width, height = as_int(entry.get("width")) or 0, as_int(entry.get("height")) or 0
    pairs = [as_tuple(item) for item in as_tuple(entry.get("versions"))]
    versions = tuple(
        (copy, side) for pair in pairs if len(pair) == 2 and (copy := inner_path(pair[0])) and (side := as_int(pair[1]))
    )
    return Cover(path, width, height, versions) if path and width > 0 and height > 0 and versions else None


def card_from_json(record: object) -> Card | None:
    """A card as it was kept, by any version; None if it names no run."""
    entry = as_mapping(record)
    type_, identity = folder_name(entry.get("type")), folder_name(entry.get("id"))
    if not type_ or not identity:
        return None

    def word(name: str) -> str:
        return as_text(entry.get(name))

    def moment(name: str) -> float | None:
        return as_finite(entry.get(name))

    def amount(name: str) -> int:
        return max(0, as_int(entry.get(name)) or 0)

    parameters: Mapping[str, Any] = as_mapping(entry.get("parameters"))
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
        patience=moment("patience") or silence_limit(0.0),
        seconds=moment("seconds"),
        group=word("group"),
        seed=word("seed"),
        device=word("device"),
        width=amount("width"),
        height=amount("height"),
        steps=amount("steps"),
        styles=as_texts(entry.get("styles")),
        overrides=as_texts(entry.get("overrides")),
        parameters={str(name): as_text(value) for name, value in parameters.items()},
        cover=_cover_from(entry.get("cover")),
        measures={name: value for name, value in as_numbers(entry.get("measures")).items() if math.isfinite(value)},
        curve=loss_curve_from_json(entry.get("curve")),
        problem=word("problem"),
        tags=as_texts(entry.get("tags")),
        symmetry=word("symmetry"),
    )
