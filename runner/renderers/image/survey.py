"""A survey runs one recipe in many variations and lays the pictures side by side.

Each variation is a phase of the run (with all its own resolutions inside), so frames, curves, resuming
and the report work as for any run; the final picture is a labelled contact sheet, a row for each value of the
first of two paths, and each variation's own picture and recipe are among the extras.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field, ValidationError

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.images import encoding
from orbifolio.runner.images.finish import Tone, Traits
from orbifolio.runner.images.png_text import RECIPE, with_text
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.renderers.image.renderer import ImageRenderer
from orbifolio.runner.renderers.image.settings import ImageOptimisation
from orbifolio.runner.vision.base import VisionSettings

MAX_VARIATIONS = 64  # phases of one run, and cells of one sheet that the eye can still distinguish
MAX_COLUMNS = 12  # of a sheet whose rows and columns mean something
CELL = 256  # pixels of a picture's side on the contact sheet: 64 of them make one of 2700 pixels
CAPTION = 28  # pixels of height below a picture: a line of 16 pixels, and air
GAP = 12  # pixels between cells


class Survey(RendererSettings):
    """One recipe in every combination of some values."""

    kind: Literal["survey"] = "survey"
    base: ImageOptimisation
    """What is varied."""
    vary: Annotated[dict[str, tuple[Any, ...]], Field(min_length=1, max_length=4)]
    """Values by their path below `base`, e.g. `symmetry.group: [p1, p2]`; every combination is run."""

    def build(self, context: RenderContext) -> SurveyRenderer:
        """The renderer of all variations."""
        return SurveyRenderer(self, context)

    def combinations(self) -> list[dict[str, Any]]:
        """Every combination of values by path, the last path varying fastest."""
        return [dict(zip(self.vary, values, strict=True)) for values in itertools.product(*self.vary.values())]

    def member(self, values: Mapping[str, Any]) -> ImageOptimisation:
        """The settings of one variation.

        Raises:
            ValidationError: a value does not fit.
            LookupError: a path leads nowhere.
        """
        record = self.base.model_dump(by_alias=True)
        for path, value in values.items():
            *parents, last = path.split(".")
            container: Any = record
            for name in parents:
                container = container[int(name)] if isinstance(container, list | tuple) else container[name]
            if isinstance(container, list | tuple):
                raise LookupError(path)
            container[last] = value
        return ImageOptimisation.model_validate(record)

    def alone(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """One variation as the renderer of a recipe of its own, as short as it can be said."""
        said = self.base.model_dump(mode="json", by_alias=True, exclude_unset=True)
        try:
            for path, value in values.items():
                *parents, last = path.split(".")
                container: Any = said
                for name in parents:
                    container = container[int(name)] if isinstance(container, list) else container[name]
                container[last] = value
            if ImageOptimisation.model_validate(said) == self.member(values):
                return said
        except (ValidationError, LookupError, ValueError, TypeError):
            pass  # a path through what the recipe leaves to its defaults
        return self.member(values).model_dump(mode="json", by_alias=True)

    def columns(self) -> int | None:
        """Pictures beside each other on the sheet: with two paths one for each value of the second."""
        across = len(list(self.vary.values())[-1])
        return across if len(self.vary) == 2 and across <= MAX_COLUMNS else None

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """What is wrong with any of the variations; see the base class."""
        combinations = self.combinations()
        if len(combinations) > MAX_VARIATIONS:
            return [
                (
                    "vary",
                    f"{len(combinations)} combinations; a survey has at most {MAX_VARIATIONS}; leave some values out",
                )
            ]
        problems: list[tuple[str, str]] = []
        for values in combinations:
            try:
                member = self.member(values)
            except ValidationError as error:
                first = error.errors()[0]
                problems.append(("vary", f"{label(values)}: {first['msg']}; every value must fit its place in base"))
            except (LookupError, ValueError, TypeError):
                problems.append(
                    ("vary", f"{', '.join(values)}: leads nowhere in base; paths are dotted, as in symmetry.group")
                )
            else:
                problems += [
                    (f"base.{path}", f"with {label(values)}: {text}") for path, text in member.complaints(aspect_of)
                ]
        return list(dict.fromkeys(problems))

    def advisories(self) -> list[str]:
        """The advisories of all variations, each once, with the labels of those it is for if it is not for all."""
        found: dict[str, list[str]] = {}
        combinations = self.combinations()
        for values in combinations:
            for text in self.member(values).advisories():
                found.setdefault(text, []).append(label(values))
        return [
            text if len(labels) == len(combinations) else f"{', '.join(labels)}: {text}"
            for text, labels in found.items()
        ]

    def networks(self) -> tuple[VisionSettings, ...]:
        """The networks of all variations, each once."""
        return tuple({repr(n): n for v in self.combinations() for n in self.member(v).networks()}.values())

    def arithmetic(self, device: str) -> str:
        """The arithmetic of `base`: variations of it do not change the plan."""
        return self.base.arithmetic(device)

    def pictures(self) -> dict[str, str]:
        """The base's image sources."""
        return {f"base.{path}": source for path, source in self.base.pictures().items()}

    def least_sides(self) -> dict[str, tuple[int, str]]:
        """The base's; see the base class."""
        return {f"base.{path}": least for path, least in self.base.least_sides().items()}


def label(values: Mapping[str, Any]) -> str:
    """A caption: the values, without their paths where there is one only.

    >>> label({"symmetry": {"kind": "rotor", "order": 5, "mirrors": True}}), label({"seed": 3, "canvas.aspect": "3:2"})
    ('rotor, order 5, mirrors', 'seed 3, aspect 3:2')
    """
    if len(values) == 1:
        return spell(next(iter(values.values())))
    return ", ".join(f"{path.rpartition('.')[2]} {spell(value)}" for path, value in values.items())


def spell(value: object) -> str:
    """A value of a recipe as one would say it.

    >>> [spell(value) for value in (None, True, 0.5, ["-r", "-g"], [{"kind": "style", "images": ["orbifolio:koi"]}])]
    ['none', 'yes', '0.5', '-r, -g', 'style, images koi']
    """
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, Mapping):
        kind = [spell(value["kind"])] if "kind" in value else []
        named = [name if held is True else f"{name} {spell(held)}" for name, held in value.items() if name != "kind"]
        return ", ".join([*kind, *named])
    if isinstance(value, list | tuple):
        return ", ".join(map(spell, value))
    text = str(value)
    return text.rpartition(":")[2].replace("-", " ") if text.startswith(("orbifolio:", "skimage:")) else text


@dataclass
class SurveyState:
    """One variation under way, and the pictures of those before."""

    member: int
    inner: Any
    inner_phase: int = 0
    done: list[F32] = field(default_factory=list)


class SurveyRenderer(Renderer):
    """Runs every variation as a phase; all share a network where it is the same."""

    phase_noun = "variation"

    def __init__(self, settings: Survey, context: RenderContext) -> None:
        self.settings = settings
        self.context = context
        self.labels = [label(values) for values in settings.combinations()]
        self.members = [settings.member(values).build(context) for values in settings.combinations()]
        self.precision = self.members[0].precision
        self._measured: list[dict[str, Any]] = []

    def phases(self) -> tuple[Phase, ...]:
        """One for each variation."""
        phases = []
        for title, member in zip(self.labels, self.members, strict=True):
            inner = member.phases()
            last, steps = inner[-1], sum(phase.steps for phase in inner)
            pixels = sum(phase.steps * (phase.seen or phase.width * phase.height) for phase in inner)
            phases.append(replace(last, title=title, steps=steps, seen=pixels // max(1, steps)))
        return tuple(phases)

    def _lend_encoder(self, number: int) -> ImageRenderer:
        """The member, with the network of an earlier one if it is the same."""
        member = self.members[number]
        for other in self.members[:number]:
            if other.parts.vision == member.parts.vision and other.loaded is not None:
                member.loaded = other.loaded
                break
        return member

    def begin(self, phase: int, previous: SurveyState | None) -> SurveyState:
        """The next variation, from its own beginning."""
        done = [*previous.done, self._current(previous)] if previous else []
        return SurveyState(phase, self._lend_encoder(phase).begin(0, None), 0, done)

    def step(self, state: SurveyState) -> Outcome:
        """One step of the variation; at the end of one of its own phases the next begins first."""
        member = self.members[state.member]
        phases = member.parts.phases  # not `member.phases()`, which makes every layout anew
        while state.inner.step >= phases[state.inner_phase][1] and state.inner_phase + 1 < len(phases):
            state.inner_phase += 1
            state.inner = member.begin(state.inner_phase, state.inner)
        return member.step(state.inner)

    def _current(self, state: SurveyState) -> F32:
        return self.members[state.member].image(state.inner)

    def image(self, state: SurveyState) -> F32:
        """The variation under way."""
        return self._current(state)

    def final(self, state: SurveyState) -> F32:
        """The contact sheet of all variations so far."""
        pictures = [*state.done, self._current(state)]
        self._measure(pictures)
        return contact_sheet(pictures, self.labels, self.settings.columns())

    def extras(self, state: SurveyState, tone: Tone) -> Mapping[str, bytes]:
        """Each variation's own picture as PNG, without the finish, and its recipe beside and inside it."""
        files: dict[str, bytes] = {}
        pictures = [*state.done, self._current(state)]
        for title, values, picture in zip(self.labels, self.settings.combinations(), pictures, strict=False):
            name, recipe = file_name(title), self._recipe(title, values)
            files[f"{name}.png"] = with_text(encoding.png(picture), RECIPE, recipe)
            files[f"{name}.yaml"] = recipe.encode()
        return files

    def _recipe(self, title: str, values: Mapping[str, Any]) -> str:
        """The text of a recipe that makes one variation alone."""
        whole = f"{self.context.title}: {title}" if self.context.title else title
        record = {"schema": 1, "title": whole, "seed": self.context.seed, "renderer": self.settings.alone(values)}
        return yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=100)

    def save(self, state: SurveyState) -> dict[str, Any]:
        """The variation's state and the pictures done."""
        return {
            "member": state.member,
            "inner_phase": state.inner_phase,
            "inner": self.members[state.member].save(state.inner),
            "done": [torch.from_numpy(picture) for picture in state.done],
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> SurveyState:
        """The variation that was under way, with the pictures of those before."""
        inner_phase = int(saved["inner_phase"])
        inner = self._lend_encoder(phase).load(inner_phase, saved["inner"])
        return SurveyState(phase, inner, inner_phase, [picture.cpu().numpy() for picture in saved["done"]])

    def traits(self, phase: int) -> Traits:
        """A contact sheet has no symmetry to respect."""
        return Traits()

    def _measure(self, pictures: list[F32]) -> None:
        self._measured = []
        for title, member, picture in zip(self.labels, self.members, pictures, strict=False):
            summary = member.symmetry_summary(picture)
            if summary is None or not summary["claims"]:
                continue
            worst = max(summary["claims"], key=lambda claim: claim["residual"])
            self._measured.append({**worst, "name": f"{title}: worst of {len(summary['claims'])}, {worst['name']}"})

    def symmetry_summary(self, image: F32 | None) -> dict[str, Any] | None:
        """The worst residual of each variation, once they are measured."""
        if image is None or not self._measured:
            return None
        return {
            "kind": "survey",
            "group": f"{len(self._measured)} groups",
            "title": "worst measured symmetry of each variation",
            "cells": 0,
            "notes": [],
            "advisories": [],
            "claims": self._measured,
            "worst": max(claim["residual"] for claim in self._measured),
            "unclaimed": [],
            "closest_unclaimed": None,
        }

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Of the networks loaded so far, each once."""
        weights = [w for member in self.members if member.loaded is not None for w in member.weights()]
        return tuple({weight["name"]: weight for weight in weights}.values())

    def describe(self) -> str:
        """The description of the last variation that has started."""
        loaded = [member for member in self.members if member.loaded is not None]
        return loaded[-1].describe() if loaded else ""


def file_name(title: str) -> str:
    """A title as the name of a file, without an ending."""
    return "".join(c if c.isalnum() or c in "-." else "-" for c in title).strip("-.") or "variation"


def _columns(count: int) -> int:
    return max(1, round(math.sqrt(count) * 1.2))


def sheet_size(count: int, columns: int | None = None) -> tuple[int, int]:
    """(width, height) in pixels of a contact sheet of so many pictures; by default it is a little wider than high."""
    columns = columns or _columns(count)
    return columns * (CELL + GAP) + GAP, -(-count // columns) * (CELL + CAPTION + GAP) + GAP


def contact_sheet(pictures: list[F32], labels: list[str], columns: int | None = None) -> F32:
    """Pictures in a grid, each fitted into a cell, with its label below.

    Args:
        pictures: (h, w, 3) in [0, 1] each.
        labels: of as many.
        columns: of the grid; by default it is a little wider than high.

    Returns:
        (height, width, 3) float32 in [0, 1] on white.
    """
    columns = columns or _columns(len(pictures))
    sheet = Image.new("RGB", sheet_size(len(pictures), columns), "white")
    draw = ImageDraw.Draw(sheet)
    fonts = [ImageFont.load_default(size=size) for size in range(16, 8, -1)]
    for number, (picture, title) in enumerate(zip(pictures, labels, strict=False)):
        left = GAP + number % columns * (CELL + GAP)
        top = GAP + number // columns * (CELL + CAPTION + GAP)
        sheet.paste(_fill(encoding.image(picture)), (left, top))
        font = next((font for font in fonts if font.getlength(title) <= CELL), fonts[-1])
        draw.text((left + CELL / 2, top + CELL + 4), title, fill=(40, 40, 40), font=font, anchor="ma")
    return np.asarray(sheet).astype(np.float32) / np.float32(255)


def _fill(image: Image.Image) -> Image.Image:
    """The middle square of a picture, scaled to a cell."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.resize((CELL, CELL), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
