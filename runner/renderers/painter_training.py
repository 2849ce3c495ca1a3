"""Painter training: strokes of the real program -> a network that paints like the brush; the picture is its card.

    draw strokes -> describe them -> step: a random batch, gradient, Adam -> card of real against learnt strokes

The state's picture shows unseen strokes three times: drawn by the program, the mean of many drawings, learnt. What
the run leaves behind has a painting by both below them. The weights, ready to use, and all figures are extras.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field

from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.exports.encoding import animated
from orbifolio.runner.renderers.base import (
    GPU_GAIN,
    Outcome,
    Phase,
    Pixels,
    Renderer,
    RendererSettings,
    Studio,
    Tone,
    Traits,
)
from orbifolio.runner.renderers.image.perceptual_loss import LAYERS, Perception
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.brush_models import metrics
from orbifolio.runner.strokes.brush_models.base import Painter, PainterSettings, Trainer, TrainingData
from orbifolio.runner.strokes.brush_models.data import AnyData, BrushDataset, Drawn, StrokeDataSettings
from orbifolio.runner.strokes.brush_models.implicit_training import Implicit
from orbifolio.runner.strokes.brush_models.interpolation import morph
from orbifolio.runner.strokes.brush_models.kinds import AnyPainter
from orbifolio.runner.strokes.brush_models.metrics_sheet import (
    BANDS,
    COLUMNS,
    PAINTING,
    WIDTH,
    flower,
    sheet_height,
    strokes_sheet,
    with_paintings,
)
from orbifolio.runner.strokes.brush_models.weights import pack
from orbifolio.runner.strokes.mypaint.brush_file import ENDING, BrushFile, find_brush, list_brushes
from orbifolio.runner.strokes.mypaint.mypaint import load_library
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.vision import AnyNetwork
from orbifolio.runner.vision.base import VisionSettings

FLOAT = torch.float32
CHECK = 100  # steps between two looks at the unseen strokes
CHECKED = 60  # unseen strokes looked at then
GRADIENTS = 24  # actions that gradients are measured on
TIMED = 64  # strokes that the speed is measured on
FRAME = 60  # milliseconds of a picture of strokes that turn into others
PAINTING_SCALE = 5.0  # of the painting over the canvas that the painter has learnt on


class TrainingPhase(Settings):
    """Some steps with a fresh optimiser."""

    steps: int = Field(ge=0, le=1_000_000)
    """Optimisation steps."""
    rate: float = Field(default=4e-3, gt=0, le=1)
    """Adam's step size at the phase's beginning; it falls along a cosine."""
    stage: str = ""
    """What is trained, for painters that are trained in stages: `images`, `predictor` and `together` of a `vae`;
    `generator`, `critic` and `adversarial` of a `gan`. By default the last."""

    def title(self) -> str:
        """For a reader."""
        text = f"{self.steps} steps from rate {self.rate:g}"
        return f"{self.stage}: {text}" if self.stage else text


class PainterTraining(RendererSettings):
    """A network learns a brush of the paint program; the picture compares real and learnt strokes."""

    kind: Literal["painter-training"] = "painter-training"
    brush: str = "classic/dry_brush"
    """A brush of MyPaint by its name, or the path of a `.myb` file."""
    painter: AnyPainter = Implicit()
    """What learns it."""
    data: AnyData = Drawn()
    """Where the strokes to learn from come from."""
    vision: AnyNetwork | None = None
    """A network whose view of the strokes is measured too, and learnt from where the painter asks for it."""
    phases: Annotated[tuple[TrainingPhase, ...], Field(min_length=1, max_length=16)] = (TrainingPhase(steps=4000),)
    """One after the other; each goes on with the painter of the one before."""
    unseen: int = Field(default=150, ge=COLUMNS * BANDS, le=10_000)
    """Actions of the report card, never learnt from."""
    repeats: int = Field(default=24, ge=2, le=1000)
    """How often each of them is drawn, for its mean."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019",)

    def build(self, studio: Studio) -> PainterRenderer:
        """The working renderer."""
        return PainterRenderer(self, studio)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """A brush that is not there, shards that are not there; see the base class."""
        data: StrokeDataSettings = self.data
        found = [(f"data.{path}", text) for path, text in data.complaints()]
        painter: PainterSettings = self.painter
        found += painter.stage_problems([phase.stage for phase in self.phases])
        vision: VisionSettings | None = self.vision
        if vision is None and painter.perceptual:
            found.append(("vision", "no network; the painter learns from what one sees; add vision: vgg16"))
        missing = [layer for layer in LAYERS if vision is not None and layer not in vision.layer_names()]
        if missing:
            found.append(("vision", f"no layer {missing[0]}; strokes are looked at in {', '.join(LAYERS)}; use vgg16"))
        # Without MyPaint's brushes a name cannot be judged; that is the machine's fault and not the recipe's.
        if isinstance(data, Drawn) and (list_brushes() or self.brush.endswith(ENDING)):
            try:
                _ = find_brush(self.brush).settings
            except InputError as error:
                found.append(("brush", str(error)))
        return found

    def advisories(self) -> list[str]:
        """That the paint program is not here."""
        if isinstance(self.data, Drawn):
            try:
                load_library()
            except MissingProgram as error:
                return [str(error)]
        return []

    def networks(self) -> tuple[VisionSettings, ...]:
        """The network that sees, if there is one."""
        return () if self.vision is None else (self.vision,)

    def brush_file(self) -> BrushFile | None:
        """The brush, if it is here."""
        try:
            return find_brush(self.brush)
        except InputError:
            return None


@dataclass
class PainterTrainingState:
    """One phase under way."""

    phase: int
    trainer: Trainer
    step: int = 0
    unseen: float = 0.0


class PainterRenderer(Renderer):
    """The working renderer; see the module's docstring."""

    def __init__(self, settings: PainterTraining, studio: Studio) -> None:
        self.settings = settings
        self.studio = studio
        self._dataset: BrushDataset | None = None
        vision: VisionSettings | None = settings.vision
        self.perception = None if vision is None else cache(lambda: Perception(vision.build().to(studio.device, FLOAT)))

    @property
    def dataset(self) -> BrushDataset:
        """The strokes, drawn when first needed; they follow from the seed."""
        if self._dataset is None:
            data: StrokeDataSettings = self.settings.data
            self._dataset = data.gather(
                self.settings.brush,
                seed=self.studio.seed,
                unseen=self.settings.unseen,
                repeats=self.settings.repeats,
            )
        return self._dataset

    def phases(self) -> tuple[Phase, ...]:
        """See the base class."""
        painter: PainterSettings = self.settings.painter
        data: StrokeDataSettings = self.settings.data
        numbers = painter.count(self.settings.brush_file())
        rows = 2 + data.repeated + painter.stochastic
        return tuple(
            Phase(
                phase.title(),
                WIDTH,
                sheet_height(rows),
                phase.steps,
                numbers,
                seconds=phase.steps
                * painter.seconds_per_step(phase.stage)
                / (1 if self.studio.device == "cpu" else GPU_GAIN),
            )
            for phase in self.settings.phases
        )

    def begin(self, phase: int, previous: PainterTrainingState | None) -> PainterTrainingState:
        """Draw the strokes, or go on with the painter of the phase before.

        Raises:
            MissingProgram: the paint program is not here.
            InputError: nor the brush.
        """
        trainer = previous.trainer if previous else self._trainer()
        settings = self.settings.phases[phase]
        trainer.restart(settings.rate, settings.steps, settings.stage)
        return PainterTrainingState(phase, trainer, 0, self._look(trainer, few=True))

    def _trainer(self) -> Trainer:
        dataset = self.dataset
        painter: PainterSettings = self.settings.painter
        distance = self.perception() if self.perception is not None and painter.perceptual else None
        return painter.build(
            TrainingData(dataset.samples, dataset.brush, self.studio.seed, self.studio.device, distance)
        )

    def _look(self, trainer: Trainer, *, few: bool = False) -> float:
        """Decibels between learnt strokes and the mean of real ones."""
        repeats = self.dataset.repeats
        count = CHECKED if few else len(repeats.actions)
        found = metrics.learnt_alphas(trainer.painter, repeats.actions[:count])
        return metrics.decibels(float(np.square(found - repeats.mean[:count]).mean()))

    def step(self, state: PainterTrainingState) -> Outcome:
        """One step; see the base class."""
        terms = state.trainer.step(state.step)
        state.step += 1
        if state.step % CHECK == 0:
            state.unseen = self._look(state.trainer, few=True)
        return Outcome(terms, {"psnr-unseen": state.unseen, **state.trainer.metrics})

    def image(self, state: PainterTrainingState) -> Pixels:
        """Unseen strokes: real, mean, learnt."""
        text = f"unseen strokes after {state.step} steps; {state.unseen:.1f} dB between the learnt and the mean"
        return self._sheet(state, text)

    def _sheet(self, state: PainterTrainingState, text: str) -> Pixels:
        repeats = self.dataset.repeats
        shown = COLUMNS * BANDS
        found = metrics.learnt_alphas(state.trainer.painter, repeats.actions[:shown])
        rows = [("drawn", repeats.single[:shown]), ("learnt", found)]
        painter = state.trainer.painter
        if painter.stochastic:
            rows.append(
                ("learnt, noisy", metrics.noisy_alphas(painter, repeats.actions[:shown], seed=self.studio.seed))
            )
        if repeats.count > 1:
            rows.insert(1, (f"mean of {repeats.count}", repeats.mean[:shown]))
        name = self.settings.brush.removesuffix(ENDING).rpartition("/")[2].replace("_", " ")
        return strokes_sheet(name, text, rows)

    def final(self, state: PainterTrainingState) -> Pixels:
        """The card with a painting by both."""
        painter, program = state.trainer.painter, self.dataset.program
        repeats = self.dataset.repeats
        sheet = self._sheet(
            state, metrics.summary(metrics.fidelity(metrics.learnt_alphas(painter, repeats.actions), repeats))
        )
        actions = flower()
        paintings = []
        if program is not None and self.dataset.brush is not None:
            large = PaintProgram(self.dataset.brush, replace(program.space, scale=PAINTING / program.space.canvas))
            paintings.append(("painted by the program", large.paint(actions, seed=self.studio.seed)))
        with torch.no_grad():
            scale, pixels = (
                (PAINTING_SCALE, "") if painter.resolution is None else (1.0, f", {painter.resolution} pixels")
            )
            picture = painter.paint(torch.from_numpy(actions).to(painter.device), scale=scale)
            paintings.append((f"the same strokes, learnt{pixels}", picture.clamp(0, 1).cpu().numpy()))
        return with_paintings(sheet, paintings) if paintings else sheet

    def extras(self, state: PainterTrainingState, tone: Tone) -> Mapping[str, bytes]:
        """`painter.safetensors`, ready to use, `card.json`; of painters of a fixed resolution a loop of strokes too."""
        figures = self._figures(state)
        facts = {"brush": self.settings.brush, "figures": figures["strokes"], "seed": self.studio.seed}
        buffer = io.StringIO()
        json.dump(figures, buffer, indent=1)
        files = {"painter.safetensors": pack(state.trainer.painter, facts), "card.json": buffer.getvalue().encode()}
        if state.trainer.painter.resolution is not None:
            loop = morph(state.trainer.painter, self.dataset.repeats.actions)
            files["interpolation.webp"] = animated(loop, milliseconds=FRAME)
        return files

    def _figures(self, state: PainterTrainingState) -> dict[str, Any]:
        painter, dataset = state.trainer.painter, self.dataset
        repeats, program = dataset.repeats, dataset.program
        found = metrics.fidelity(metrics.learnt_alphas(painter, repeats.actions), repeats)
        if painter.stochastic:
            found |= metrics.liveliness(painter, repeats, seed=self.studio.seed)
        rates = metrics.strokes_per_second(painter, program, repeats.actions[:TIMED])
        figures: dict[str, Any] = {
            "brush": self.settings.brush,
            "numbers": painter.count(),
            "steps": state.step,
            "unseen": len(repeats.actions),
            "repeats": repeats.count,
            "strokes": {name: round(value, 4) for name, value in found.items()},
            "speed": {name: round(rate, 1) for name, rate in rates.items()},
        }
        if self.perception is not None:
            figures["perceived"] = round(self._perceived(painter), 4)
        if program is not None:
            slopes = metrics.gradient_agreement(
                painter, program, repeats.actions[:GRADIENTS], repeats=repeats.count, seed=self.studio.seed + 3
            )
            figures["gradients"] = {
                name: {"size": round(size, 4), "agreement": round(agreement, 4)}
                for name, (size, agreement) in slopes.items()
            }
        return figures

    @torch.no_grad()
    def _perceived(self, painter: Painter) -> float:
        """How different the first unseen strokes, in black on white, look to the network."""
        assert self.perception is not None
        repeats = self.dataset.repeats
        pair = (metrics.learnt_alphas(painter, repeats.actions[:CHECKED]), repeats.single[:CHECKED])
        found, wanted = (1 - torch.from_numpy(alphas)[:, None].expand(-1, 3, -1, -1) for alphas in pair)
        return float(self.perception()(found.to(self.studio.device), wanted.to(self.studio.device)))

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """The network that sees, if there is one."""
        return () if self.perception is None else (asdict(self.perception().encoder.provenance),)

    def save(self, state: PainterTrainingState) -> dict[str, Any]:
        """Painter, optimiser, step; the strokes follow from the seed."""
        return {"step": state.step, "unseen": state.unseen, "training": state.trainer.state_dict()}

    def load(self, phase: int, saved: Mapping[str, Any]) -> PainterTrainingState:
        """See the base class."""
        trainer = self._trainer()
        trainer.load_state_dict(saved["training"])
        return PainterTrainingState(phase, trainer, int(saved["step"]), float(saved["unseen"]))

    def traits(self, phase: int) -> Traits:
        """A card has no symmetry to respect."""
        return Traits()

    def describe(self) -> str:
        """Painter, brush and data, one line each."""
        return f"painter {self.settings.painter!r}\nbrush {self.settings.brush}\ndata {self.settings.data!r}"
