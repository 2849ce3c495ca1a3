"""The head of a page: its picture or product, large and first, with the words that belong beside it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from markupsafe import Markup

from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord, StepRecord
from orbifolio.reports.data.values import as_int, as_mapping, as_text, as_texts
from orbifolio.reports.links import Link, Place
from orbifolio.reports.media.animation import ANIMATION_NAME, make_animation
from orbifolio.reports.media.deepzoom import find_pyramid, zoom_page_path
from orbifolio.reports.media.img import portrait_image, present_frames
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.compare import compare_address
from orbifolio.reports.parts.downloads import Downloads
from orbifolio.reports.parts.lead_image import frame_lead_image, phase_lead_image
from orbifolio.reports.parts.scrubber import Scrubber
from orbifolio.reports.prose import Token, markdown_to_html, yaml_tokens
from orbifolio.reports.sweep.membership import sweeps_of_run
from orbifolio.reports.sweep.record import SWEEPS_FOLDER
from orbifolio.reports.wording import (
    DASH,
    format_bytes,
    format_duration,
    format_integer,
    format_number,
    format_pixels,
    format_print_size,
)
from orbifolio.runner.files import is_file

SCREEN_WALLPAPER = "wallpaper-4k.jpg"
"""The name of the background for screens, as `runner/exports/wallpapers.py` writes it."""


@dataclass(frozen=True)
class RecipeCard:
    """A recipe to read, copy and download.

    Attributes:
        tokens: as it was resolved, or none.
        overrides: of the command line.
        values: every value that was used, as JSON, or "".
        change: the command that runs it with another seed, or "".
    """

    tokens: tuple[Token, ...]
    href: str
    name: str
    overrides: tuple[str, ...]
    values: str
    change: str = ""


@dataclass(frozen=True)
class Hero(Part):
    """The head of a page.

    Attributes:
        view: what is seen first: a picture, a surface to turn, a wallpaper.
        about: what its author says of it.
        recipe: of a run, or None.
        run: `type/id`, to keep a reader's star and note by; "" for pages of less than a run.
    """

    template: ClassVar[str] = "parts/hero.html"
    styles: ClassVar[tuple[str, ...]] = ("viewer.css",)
    scripts: ClassVar[tuple[str, ...]] = ("copying.js", "notes.js")
    view: Part
    about: Markup
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]
    recipe: RecipeCard | None = None
    run: str = ""

    @property
    def inner(self) -> tuple[Part, ...]:
        """What is seen first."""
        return (self.view,)


def picture_size(run: RunRecord) -> str:
    """The artwork's size in words, or "" while there is none."""
    width, height = as_int(run.final.get("width")), as_int(run.final.get("height"))
    return format_pixels(width, height) if width and height else ""


def print_size(run: RunRecord) -> str:
    """How large the artwork is in print, or "" while there is none."""
    width, height = as_int(run.final.get("width")), as_int(run.final.get("height"))
    return format_print_size(width, height) if width and height else ""


def symmetry_group(run: RunRecord) -> str:
    """The symmetry group's name, or ""."""
    return as_text(as_mapping(run.record.get("symmetry")).get("group"))


def run_hero(run: RunRecord, place: Place, view: Part, files: Downloads | None) -> Hero:
    """What a run made, its main facts, files and recipe beside it.

    Args:
        run: as read from its folder.
        place: that folder.
        view: what is seen first.
        files: what can be downloaded further down, or None.
    """
    record = run.record
    steps = as_int(record.get("steps")) or sum(len(phase.steps) for phase in run.phases)
    symmetry = as_mapping(record.get("symmetry"))
    paper = "" if portrait_image(run) else print_size(run)  # of a map nobody prints
    size = ", ".join(part for part in (picture_size(run), paper) if part)
    facts = (
        Fact("Symmetry", as_text(symmetry.get("title")) or symmetry_group(run)),
        Fact("Size", size),
        Fact("Steps", format_integer(steps) if steps else ""),
        Fact("Time", format_duration(run.work_seconds) if run.work_seconds else ""),
        Fact("Seed", as_text(record.get("seed"))),
        Fact("Device", as_text(record.get("device"))),
    )
    return Hero(
        view,
        about=markdown_to_html(run.about) if run.about.strip() else Markup(""),
        facts=tuple(fact for fact in facts if fact.value),
        links=tuple(_run_links(run, place, files)),
        recipe=_recipe(run, place),
        run=f"{run.type}/{run.id}",
    )


def _recipe(run: RunRecord, place: Place) -> RecipeCard | None:
    """The run's recipe and parameters, or None if none were recorded."""
    record = run.record.get("parameters")
    values = json.dumps(record, indent=2, ensure_ascii=False) if record else ""
    overrides = as_texts(run.record.get("overrides"))
    if not (values or run.recipe_text or overrides):
        return None
    return RecipeCard(
        yaml_tokens(run.recipe_text),
        place.to(run.folder / "recipe.yaml"),
        f"{run.type}.yaml",
        overrides,
        values,
        changed_command(as_text(as_mapping(run.record.get("rerun")).get("local")), as_int(run.record.get("seed"))),
    )


def changed_command(command: str, seed: int | None) -> str:
    """A command of `run` with the next seed: the smallest change that makes another picture.

    Args:
        command: that started a run, or "".
        seed: of that run.

    >>> changed_command("orbifolio run rainbow-hexagon seed=4 --out pictures", 4)
    'orbifolio run rainbow-hexagon --out pictures seed=5'
    """
    if not command or seed is None:
        return ""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    return shlex.join([*(word for word in words if not word.startswith("seed=")), f"seed={seed + 1}"])


def _run_links(run: RunRecord, place: Place, files: Downloads | None) -> Iterator[Link]:
    """From the picture's file to what belongs to the run."""
    if run.final_path and is_file(run.folder / run.final_path):
        yield Link("Download the picture", place.to(run.folder / run.final_path))
    for path in run.extras:
        if PurePosixPath(path).name == SCREEN_WALLPAPER:
            yield Link("4K wallpaper", place.to(run.folder / path))
    amount = 0 if files is None else len(files.pictures) + len(files.more) + len(files.data)
    if files is not None and amount > 1:
        yield Link(f"All {amount} files", f"#{files.id}")
    if find_pyramid(run) is not None:
        yield Link("Zoom into the picture", place.to(zoom_page_path(run)))
    made = make_animation(run)
    if made is not None:
        yield Link("Watch it come to be", place.to(run.folder / f"{ANIMATION_NAME}{made.endings[-1]}"))
    gallery = run.folder.parent.parent
    yield Link("Compare with other runs", compare_address(place, gallery, f"{run.type}/{run.id}"))
    for name, title in sweeps_of_run(gallery, f"{run.type}/{run.id}"):
        yield Link(f"Part of a sweep: {title}", place.to(gallery / SWEEPS_FOLDER / name / "index.html"))
    yield Link("System and timing", place.to(run.folder / "system" / "index.html"))


def phase_hero(run: RunRecord, phase: PhaseRecord, place: Place, scrubber: Scrubber | None) -> Hero:
    """The last frame of a phase, with a slider through all of them."""
    facts = (
        Fact("Size", format_pixels(phase.width, phase.height)),
        Fact("Free parameters", format_integer(phase.parameters) if phase.parameters else ""),
        Fact("Steps", f"{len(phase.steps)} of {phase.planned}" if phase.planned else ""),
        Fact("Time", format_duration(phase.seconds) if phase.seconds else ""),
        Fact("Frames", str(len(present_frames(run, phase)))),
    )
    return Hero(
        phase_lead_image(run, phase, place, scrubber),
        about=Markup(""),
        facts=tuple(fact for fact in facts if fact.value not in ("", DASH)),
        links=(),
    )


def frame_hero(run: RunRecord, phase: PhaseRecord, frame: FrameRecord, step: StepRecord | None, place: Place) -> Hero:
    """The frame's picture and the facts of its step."""
    facts = (
        Fact("Step", f"{frame.step} of {phase.planned}" if phase.planned else str(frame.step)),
        Fact("Loss", format_number(step.loss) if step else ""),
        Fact("Step time", format_duration(step.seconds) if step else ""),
        Fact("Peak memory", format_bytes(step.memory) if step and step.memory else ""),
    )
    return Hero(
        frame_lead_image(run, phase, frame, place),
        about=Markup(""),
        facts=tuple(fact for fact in facts if fact.value),
        links=(Link("Frame as a file", place.to(run.folder / frame.path)),),
    )
