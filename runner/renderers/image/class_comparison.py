"""Class comparison: classes -> a picture of each -> painted in every brush with every number of strokes -> a sheet.

    for each class:  candidates -> judged -> the chosen one, a cell at a time;   cells, with probabilities -> sheet

How many strokes does it take until a starfish is one (figure 11 of Nakano 2019)? Under each cell stands what a
classifier that had no part in the making gives to the class, on the paint.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.canvas.initial import FromImage
from orbifolio.runner.canvas.strokes import Strokes
from orbifolio.runner.deferred import torch
from orbifolio.runner.images import encoding
from orbifolio.runner.images.finish import Tone
from orbifolio.runner.objectives.pixels import PixelDifference
from orbifolio.runner.optimisers.adam import Adam
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.looks import AnyLook
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.renderers.image.class_pictures import (
    MAKING,
    OIL,
    ClassPictures,
    ClassRenderer,
    ClassState,
    shown_to,
)
from orbifolio.runner.renderers.image.renderer import ImageState
from orbifolio.runner.renderers.image.settings import ImageOptimisation, PhaseSettings
from orbifolio.runner.renderers.image.survey import contact_sheet, file_name, sheet_size
from orbifolio.runner.renderers.painting import PaintedPicture
from orbifolio.runner.vision.base import Encoder, VisionSettings

MAX_CELLS = 96  # of one sheet that the eye can still distinguish
PHASES = MAKING + 1  # of each class: making, judging, painting
CELL_SECONDS = 1.5  # of painting a cell and judging it, for the plan; measured on two processor cores
LEVELS = (32, 64, 128)  # pixels at which strokes of a learnt brush are optimised, level by level
STEPS = 30  # of each level


class ClassComparison(RendererSettings):
    """Classes beside strokes and brushes: how many strokes does it take until a thing is what it is?"""

    kind: Literal["class-comparison"] = "class-comparison"
    classes: Annotated[tuple[ClassPictures, ...], Field(min_length=1, max_length=8)]
    """How the picture of each class is made, as for `class-pictures`; how it is painted is said here."""
    strokes: Annotated[tuple[Annotated[int, Field(ge=1, le=50_000)], ...], Field(min_length=1, max_length=8)] = (
        60,
        250,
        1000,
    )
    """Numbers of strokes; a painter who needs fewer takes fewer."""
    looks: Annotated[tuple[AnyLook, ...], Field(max_length=8)] = (OIL,)
    """Looks in which each is painted."""
    brushes: Annotated[tuple[str, ...], Field(max_length=8)] = ("classic/dry_brush",)
    """Learnt brushes in which each is painted: names of shipped ones, or paths of `painter.safetensors` files."""
    size: int = Field(default=384, ge=64, le=2048)
    """Side of each painting in pixels."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", *ClassPictures.cites)

    def build(self, context: RenderContext) -> ClassComparisonRenderer:
        """The renderer; networks are loaded when first needed."""
        return ClassComparisonRenderer(self, context)

    def ways(self) -> list[Way]:
        """Every brush with every number of strokes, the number varying fastest."""
        looks: tuple[PaintingLook, ...] = self.looks
        calm = [look.model_copy(update={"faces": False}) for look in looks]
        named_looks = list(zip(look_names(calm), calm, strict=True))
        named_brushes = list(zip(brush_names(self.brushes), self.brushes, strict=True))
        return [
            *(self._in_look(name, look, strokes) for name, look in named_looks for strokes in self.strokes),
            *(self._in_brush(name, brush, strokes) for name, brush in named_brushes for strokes in self.strokes),
        ]

    def _in_look(self, name: str, look: PaintingLook, strokes: int) -> Way:
        settings = PaintedPicture(image="candidate", look=look, strokes=strokes, size=self.size)

        def paint(context: RenderContext) -> F32:
            painted = settings.sketch(context, self.size)
            assert painted is not None
            return painted

        return Way(name, strokes, paint)

    def _in_brush(self, name: str, brush: str, strokes: int) -> Way:
        settings = ImageOptimisation(
            canvas=Strokes(brush=brush, strokes=strokes, init=FromImage(image="candidate"), drawn_side=self.size),
            objectives=(PixelDifference(),),
            optimiser=Adam(rate=0.05),
            phases=tuple(PhaseSettings(size=side, steps=STEPS) for side in LEVELS),
        )

        def paint(context: RenderContext) -> F32:
            renderer = settings.build(context)
            state: ImageState | None = None
            for number, phase in enumerate(renderer.phases()):
                state = renderer.begin(number, state)
                for _ in range(phase.steps):
                    renderer.step(state)
            assert state is not None
            return renderer.final(state)

        return Way(name, strokes, paint)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """What is wrong with any class, unknown brushes, sheets without or with too many cells; see the base class."""
        problems = [
            (f"classes.{number}.{path}", text)
            for number, item in enumerate(self.classes)
            for path, text in item.complaints(aspect_of)
        ]
        for number, brush in enumerate(self.brushes):
            canvas = Strokes(brush=brush)
            problems += [(f"brushes.{number}", text) for path, text in canvas.complaints(aspect_of) if path == "brush"]
        for path, given in (("looks", self.looks), ("brushes", self.brushes), ("strokes", self.strokes)):
            for number, item in enumerate(given):
                if item in given[:number]:
                    text = f"the same as {path}.{given.index(item)}; leave it out, or change a value"
                    problems.append((f"{path}.{number}", text))
        count = (1 + len(self.ways())) * len(self.classes)
        if not self.looks and not self.brushes:
            problems.append(("looks", "nothing to paint with; give a look, or a brush in `brushes`"))
        if count > MAX_CELLS:
            problems.append(("classes", f"{count} cells; a sheet has at most {MAX_CELLS}; leave some values out"))
        return problems

    def advisories(self) -> list[str]:
        """Those of all classes, each once; see the base class."""
        return list(dict.fromkeys(text for item in self.classes for text in item.advisories()))

    def networks(self) -> tuple[VisionSettings, ...]:
        """The classifiers and judges of all classes; see the base class."""
        return tuple(dict.fromkeys(network for item in self.classes for network in item.networks()))


def look_names(looks: Sequence[PaintingLook]) -> list[str]:
    """The kind of each look; where several are of one kind, with the values in which these differ."""
    records = [look.model_dump(mode="json") for look in looks]
    names = []
    for own in records:
        alike = [other for other in records if other["kind"] == own["kind"]]
        apart = [key for key in own if any(other[key] != own[key] for other in alike)]
        names.append(", ".join([own["kind"], *(f"{key.replace('_', ' ')} {own[key]}" for key in apart)]))
    return names


def brush_names(brushes: Sequence[str]) -> list[str]:
    """The last part of each brush's name; where several share it, the whole of it."""
    short = [brush.removesuffix(".safetensors").rpartition("/")[2].replace("_", " ") for brush in brushes]
    return [name if short.count(name) == 1 else brush for name, brush in zip(short, brushes, strict=True)]


@dataclass(frozen=True)
class Way:
    """A brush and a number of strokes.

    Attributes:
        brush: in words.
        strokes: at most so many.
        paint: the picture of a context, (height, width, 3) in [0, 1].
    """

    brush: str
    strokes: int
    paint: Callable[[RenderContext], F32]


@dataclass(frozen=True)
class JudgedPicture:
    """A picture of the sheet.

    Attributes:
        picture: (height, width, 3) in [0, 1].
        probability: of its class, as the judge sees it.
    """

    picture: F32
    probability: float


@dataclass
class ClassComparisonState:
    """A phase under way.

    Attributes:
        phase: `PHASES` for each class.
        step: steps done in this phase.
        made: of the class under way.
        cells: of all classes so far: what was made, then painted in each way.
    """

    phase: int
    made: ClassState
    step: int = 0
    cells: list[JudgedPicture] = field(default_factory=list)


class ClassComparisonRenderer(Renderer):
    """Makes, judges and paints, class by class; see the module's docstring."""

    charted = ("probability",)

    def __init__(self, settings: ClassComparison, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self.ways = settings.ways()
        loaded: dict[VisionSettings, Encoder] = {}
        self.members = [ClassRenderer(item, context, loaded) for item in settings.classes]
        self.names = [str(item.class_) for item in settings.classes]

    def phases(self) -> tuple[Phase, ...]:
        """Three for each class."""
        width, height = sheet_size(self._columns * len(self.members), self._columns)
        painting = Phase("painted", width, height, self._columns, 0, seconds=CELL_SECONDS * self._columns)
        return tuple(
            Phase(
                f"{name}: {phase.title}",
                phase.width,
                phase.height,
                phase.steps,
                phase.parameters,
                seconds=phase.seconds,
            )
            for name, member in zip(self.names, self.members, strict=True)
            for phase in (*member.making(), painting)
        )

    @property
    def _columns(self) -> int:
        return 1 + len(self.ways)

    def begin(self, phase: int, previous: ClassComparisonState | None) -> ClassComparisonState:
        """The candidates of the next class, those judged, or the first cell of its row."""
        member, number = self.members[phase // PHASES], phase % PHASES
        cells = previous.cells if previous else []
        if previous is None or number == 0:
            return ClassComparisonState(phase, member.begin(0, None), cells=cells)
        made = member.begin(number, previous.made) if number < MAKING else previous.made
        return ClassComparisonState(phase, made, cells=cells)

    def step(self, state: ClassComparisonState) -> Outcome:
        """One step of all candidates, one candidate judged, or one cell painted and judged."""
        member, state.step = self.members[state.phase // PHASES], state.step + 1
        if state.phase % PHASES < MAKING:
            return member.step(state.made)
        subject = member.subject(state.made)
        picture = subject if state.step == 1 else self.ways[state.step - 2].paint(shown_to(self.context, subject))
        state.cells.append(JudgedPicture(picture, member.probability(picture)))
        return Outcome({}, {"probability": state.cells[-1].probability})

    def image(self, state: ClassComparisonState) -> F32:
        """The candidates of the class under way, or the sheet so far."""
        if state.phase % PHASES < MAKING:
            return self.members[state.phase // PHASES].image(state.made)
        return self._sheet(state)

    def _sheet(self, state: ClassComparisonState) -> F32:
        labels = [f"{title}: {cell.probability:.2f}" for title, cell in zip(self._titles(), state.cells, strict=False)]
        return contact_sheet([cell.picture for cell in state.cells], labels, self._columns)

    def _titles(self) -> list[str]:
        """Of all cells, row by row."""
        painted = [f"{way.brush}, {way.strokes:,}" for way in self.ways]
        return [title for name in self.names for title in (name, *painted)]

    def save(self, state: ClassComparisonState) -> dict[str, Any]:
        """The class under way and the cells so far."""
        return {
            "step": state.step,
            "made": self.members[state.phase // PHASES].save(state.made),
            "cells": [torch.from_numpy(np.ascontiguousarray(cell.picture)) for cell in state.cells],
            "probabilities": [cell.probability for cell in state.cells],
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> ClassComparisonState:
        """The saved state."""
        made = self.members[phase // PHASES].load(min(phase % PHASES, MAKING - 1), saved["made"])
        pairs = zip(saved["cells"], saved["probabilities"], strict=True)
        cells = [JudgedPicture(picture.cpu().numpy(), float(probability)) for picture, probability in pairs]
        return ClassComparisonState(phase, made, int(saved["step"]), cells)

    def extras(self, state: ClassComparisonState, tone: Tone) -> Mapping[str, bytes]:
        """Every cell's own picture, and what the judges said."""
        titles = self._titles()
        names = [f"{number // self._columns + 1}-{file_name(title)}.png" for number, title in enumerate(titles)]
        files = {name: encoding.png(cell.picture) for name, cell in zip(names, state.cells, strict=False)}
        told = [
            {"picture": name, "probability": round(cell.probability, 4)}
            for name, cell in zip(names, state.cells, strict=False)
        ]
        record = {
            "strokes": self.settings.strokes,
            "classes": [self._row(number, told) for number in self._finished(state)],
        }
        return files | {"classes.json": json.dumps(record, indent=1).encode()}

    def _finished(self, state: ClassComparisonState) -> range:
        """Numbers of the classes whose row is complete."""
        return range(len(state.cells) // self._columns)

    def _row(self, number: int, told: list[dict[str, Any]]) -> dict[str, Any]:
        """What is told of a class: the picture that was made, and the painted ones by brush."""
        made, *painted = told[number * self._columns : (number + 1) * self._columns]
        each = len(self.settings.strokes)
        return {
            "class": self.names[number],
            "judge": self.members[number].judge.name,
            "made": made,
            "brushes": [
                {"brush": self.ways[first].brush, "cells": painted[first : first + each]}
                for first in range(0, len(painted), each)
            ],
        }

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Of every network in use, each once."""
        found = [weight for member in self.members for weight in member.weights()]
        return tuple({weight["name"]: weight for weight in found}.values())

    def describe(self) -> str:
        """How the picture of each class is made."""
        return "\n".join(member.describe() for member in self.members)
