"""The pictures that a run was given, and those between the input and the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_int, as_mapping, as_number, as_text, as_tuple, inner_path
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import PageImage, page_image
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.wording import capitalise, format_number, format_pixels


@dataclass(frozen=True)
class InputCard:
    """A picture that went in, original and prepared."""

    name: str
    facts: tuple[str, ...]
    original: PageImage | None
    prepared: PageImage | None = None


@dataclass(frozen=True)
class StageCard:
    """A picture between the input and the start."""

    name: str
    picture: PageImage


@dataclass(frozen=True)
class Inputs(Part):
    """The pictures that the run was given, and those between them and the start, in their order."""

    template: ClassVar[str] = "parts/inputs.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "inputs"
    title: ClassVar[str] = "Input pictures"
    cards: tuple[InputCard, ...]
    stages: tuple[StageCard, ...]


def inputs_part(run: RunRecord, place: Place) -> Inputs | None:
    """The pictures that went in and what was made of them, or None if there were none."""
    cards = []
    for entry in map(as_mapping, as_tuple(run.record.get("inputs"))):
        name = as_text(entry.get("name"), "picture")
        width, height = as_int(entry.get("width")) or 0, as_int(entry.get("height")) or 0
        weight = as_number(entry.get("weight"))
        facts = (
            as_text(entry.get("source")),
            format_pixels(width, height) if width and height else "",
            f"weight {format_number(weight)}" if weight is not None and name.startswith("style") else "",
        )
        # where nothing was prepared, the same picture twice says nothing
        versions = ("original",) if entry.get("prepared") == entry.get("original") else ("original", "prepared")
        shown = {
            version: page_image(
                place,
                prepare_image(run.folder, inner_path(entry.get(version)), widths=MEDIUM_WIDTHS),
                alt=f"{name}, {version}",
                sizes="(min-width: 62rem) 18rem, 80vw",
            )
            for version in versions
        }
        cards.append(InputCard(name, tuple(fact for fact in facts if fact), **shown))
    stages = _stages(run, place)
    return Inputs(tuple(cards), stages) if cards or stages else None


def _stages(run: RunRecord, place: Place) -> tuple[StageCard, ...]:
    """The pictures that a renderer made while it prepared its start."""
    cards = []
    for entry in map(as_mapping, as_tuple(run.record.get("stages"))):
        name = as_text(entry.get("name"), "picture")
        picture = page_image(
            place,
            prepare_image(run.folder, inner_path(entry.get("path")), widths=MEDIUM_WIDTHS),
            alt=f"{name}, made while preparing the start",
            sizes="(min-width: 62rem) 18rem, 80vw",
        )
        if picture is not None:
            cards.append(StageCard(capitalise(name), picture))
    return tuple(cards)
