"""Painter training: strokes of the real program -> a network that paints like the brush; the picture compares both.

    draw strokes -> describe them -> step: a random batch, gradient, Adam -> sheet of real and learnt strokes

The state's picture shows unseen strokes three times: drawn by the program, the mean of many drawings, learnt. The final
picture has a painting by both below them. The weights, ready to use, and all figures are extras.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.images.encoding import animated
from orbifolio.runner.images.finish import Tone
from orbifolio.runner.named_files import FileName
from orbifolio.runner.renderers.base import GPU_GAIN, Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.brush_models.base import Painter, PainterSettings, Trainer, TrainingData
from orbifolio.runner.strokes.brush_models.data import AnyData, BrushDataset, Drawn, StrokeDataSettings
from orbifolio.runner.strokes.brush_models.implicit_training import Implicit
from orbifolio.runner.strokes.brush_models.interpolation import morph
from orbifolio.runner.strokes.brush_models.kinds import AnyPainter
from orbifolio.runner.strokes.brush_models.metrics import (
    decibels,
    fidelity,
    gradient_agreement,
    learnt_alphas,
    liveliness,
    noisy_alphas,
    strokes_per_second,
    summary,
)
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
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint import is_available, load_library
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.vision import AnyNetwork
from orbifolio.runner.vision.base import VisionSettings
from orbifolio.runner.vision.perceptual_loss import LAYERS, PerceptualLoss

CHECK_EVERY = 100  # steps between measurements on unseen strokes
CHECKED = 60  # unseen strokes measured then
GRADIENTS = 24  # actions that gradients are measured on
TIMED = 64  # strokes that the speed is measured on
FRAME = 60  # milliseconds for each picture of the interpolation
PAINTING_SCALE = 5.0  # of the final painting, over the canvas of the strokes learnt from


class TrainingPhase(Settings):
    """Steps with a fresh optimiser."""

    steps: int = Field(ge=0, le=1_000_000)
    """Optimisation steps."""
    rate: float = Field(default=4e-3, gt=0, le=1)
    """Adam's step size at the beginning; it falls along a cosine."""
    stage: str = ""
    """What to train, for painters with stages: `images`, `predictor` or `together` of a `vae`; `generator`, `critic` or
    `adversarial` of a `gan`. The last by default."""

    def title(self) -> str:
        """The phase in words, for reports."""
        text = f"{self.steps} steps from rate {self.rate:g}"
        return f"{self.stage}: {text}" if self.stage else text


class PainterTraining(RendererSettings):
    """A network learns a brush of MyPaint; the picture compares real and learnt strokes."""

    kind: Literal["painter-training"] = "painter-training"
    brush: FileName = "classic/dry_brush"
    """Name of a brush of MyPaint, or path of a `.myb` file."""
    painter: AnyPainter = Implicit()
    """The network that learns it."""
    data: AnyData = Drawn()
    """Source of the strokes to learn from."""
    vision: AnyNetwork | None = None
    """A vision network; its perceptual distance is measured, and minimised if the painter asks for it."""
    phases: Annotated[tuple[TrainingPhase, ...], Field(min_length=1, max_length=16)] = (TrainingPhase(steps=4000),)
    """Consecutive phases; each continues with the painter of the one before."""
    unseen: int = Field(default=150, ge=COLUMNS * BANDS, le=10_000)
    """Actions to judge the painter by, never learnt from."""
    repeats: int = Field(default=24, ge=2, le=1000)
    """How often each of these is drawn, for the mean."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019",)

    def build(self, context: RenderContext) -> PainterRenderer:
        """The renderer of these settings."""
        return PainterRenderer(self, context)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """A missing brush or one that does not paint, missing shards, wrong stages; see the base class."""
        data: StrokeDataSettings = self.data
        problems = [(f"data.{path}", text) for path, text in data.complaints()]
        painter: PainterSettings = self.painter
        problems += painter.stage_problems([phase.stage for phase in self.phases])
        vision: VisionSettings | None = self.vision
        if vision is None and painter.perceptual:
            problems.append(
                ("vision", "the painter learns from what a network sees, and there is none; add vision: vgg16")
            )
        missing = [layer for layer in LAYERS if vision is not None and layer not in vision.layer_names()]
        if missing:
            problems.append(("vision", f"no layer {missing[0]}; the distance needs {', '.join(LAYERS)}; use vgg16"))
        # A name can be checked only where MyPaint's brushes are installed.
        if isinstance(data, Drawn) and (list_brushes() or self.brush.endswith(ENDING)):
            try:
                brush = find_brush(self.brush)
                _ = brush.settings
                if is_available():
                    require_paint(brush)
            except InputError as error:
                problems.append(("brush", str(error)))
        return problems

    def advisories(self) -> list[str]:
        """That the paint program is missing."""
        if isinstance(self.data, Drawn):
            try:
                load_library()
            except MissingProgram as error:
                return [str(error)]
        return []

    def networks(self) -> tuple[VisionSettings, ...]:
        """The vision network, if there is one."""
        return () if self.vision is None else (self.vision,)

    def brush_file(self) -> BrushFile | None:
        """The brush, or None if its file is missing."""
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
    """Trains a painter; see the module's docstring."""

    def __init__(self, settings: PainterTraining, context: RenderContext) -> None:
        self.settings = settings
        self.context = context
        self._dataset: BrushDataset | None = None
        vision: VisionSettings | None = settings.vision
        self.perception = (
            None if vision is None else cache(lambda: PerceptualLoss(vision.build().to(context.device, torch.float32)))
        )

    @property
    def dataset(self) -> BrushDataset:
        """Strokes to learn from and to judge by, drawn when first needed; they follow from the seed."""
        if self._dataset is None:
            data: StrokeDataSettings = self.settings.data
            self._dataset = data.gather(
                self.settings.brush,
                seed=self.context.seed,
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
                / (1 if self.context.device == "cpu" else GPU_GAIN),
            )
            for phase in self.settings.phases
        )

    def begin(self, phase: int, previous: PainterTrainingState | None) -> PainterTrainingState:
        """Draw the strokes, or continue with the painter of the phase before.

        Raises:
            MissingProgram: the paint program is not installed.
            InputError: there is no such brush.
        """
        trainer = previous.trainer if previous else self._trainer()
        settings = self.settings.phases[phase]
        trainer.restart(settings.rate, settings.steps, settings.stage)
        return PainterTrainingState(phase, trainer, 0, self._error_unseen(trainer, few=True))

    def _trainer(self) -> Trainer:
        dataset = self.dataset
        painter: PainterSettings = self.settings.painter
        distance = self.perception() if self.perception is not None and painter.perceptual else None
        return painter.build(
            TrainingData(dataset.samples, dataset.brush, self.context.seed, self.context.device, distance)
        )

    def _error_unseen(self, trainer: Trainer, *, few: bool = False) -> float:
        """Decibels between learnt strokes and the mean of real ones; of `few` strokes only, to be quick."""
        repeats = self.dataset.repeats
        count = CHECKED if few else len(repeats.actions)
        learnt = learnt_alphas(trainer.painter, repeats.actions[:count])
        return decibels(float(np.square(learnt - repeats.mean[:count]).mean()))

    def step(self, state: PainterTrainingState) -> Outcome:
        """One step; see the base class."""
        terms = state.trainer.step(state.step)
        state.step += 1
        if state.step % CHECK_EVERY == 0:
            state.unseen = self._error_unseen(state.trainer, few=True)
        return Outcome(terms, {"psnr-unseen": state.unseen, **state.trainer.metrics})

    def image(self, state: PainterTrainingState) -> F32:
        """The sheet of unseen strokes: real, mean, learnt."""
        text = f"unseen strokes after {state.step} steps; {state.unseen:.1f} dB between the learnt and the mean"
        return self._sheet(state, text)

    def _sheet(self, state: PainterTrainingState, text: str) -> F32:
        repeats = self.dataset.repeats
        shown = COLUMNS * BANDS
        learnt = learnt_alphas(state.trainer.painter, repeats.actions[:shown])
        rows = [("drawn", repeats.single[:shown]), ("learnt", learnt)]
        painter = state.trainer.painter
        if painter.stochastic:
            rows.append(("learnt, noisy", noisy_alphas(painter, repeats.actions[:shown], seed=self.context.seed)))
        if repeats.count > 1:
            rows.insert(1, (f"mean of {repeats.count}", repeats.mean[:shown]))
        name = self.settings.brush.removesuffix(ENDING).rpartition("/")[2].replace("_", " ")
        return strokes_sheet(name, text, rows)

    def final(self, state: PainterTrainingState) -> F32:
        """The sheet with all figures, and a painting by both brushes below."""
        painter, program = state.trainer.painter, self.dataset.program
        repeats = self.dataset.repeats
        sheet = self._sheet(state, summary(fidelity(learnt_alphas(painter, repeats.actions), repeats)))
        actions = flower()
        paintings = []
        if program is not None and self.dataset.brush is not None:
            large = PaintProgram(self.dataset.brush, replace(program.space, scale=PAINTING / program.space.canvas))
            paintings.append(("painted by the program", large.paint(actions, seed=self.context.seed)))
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
        facts = {"brush": self.settings.brush, "figures": figures["strokes"], "seed": self.context.seed}
        card = json.dumps(figures, indent=1).encode()
        files = {"painter.safetensors": pack(state.trainer.painter, facts), "card.json": card}
        if state.trainer.painter.resolution is not None:
            loop = morph(state.trainer.painter, self.dataset.repeats.actions)
            files["interpolation.webp"] = animated(loop, milliseconds=FRAME)
        return files

    def _figures(self, state: PainterTrainingState) -> dict[str, Any]:
        painter, dataset = state.trainer.painter, self.dataset
        repeats, program = dataset.repeats, dataset.program
        metrics = fidelity(learnt_alphas(painter, repeats.actions), repeats)
        if painter.stochastic:
            metrics |= liveliness(painter, repeats, seed=self.context.seed)
        rates = strokes_per_second(painter, program, repeats.actions[:TIMED])
        figures: dict[str, Any] = {
            "brush": self.settings.brush,
            "numbers": painter.count(),
            "steps": state.step,
            "unseen": len(repeats.actions),
            "repeats": repeats.count,
            "strokes": {name: round(value, 4) for name, value in metrics.items()},
            "speed": {name: round(rate, 1) for name, rate in rates.items()},
        }
        if self.perception is not None:
            figures["perceived"] = round(self._perceived(painter), 4)
        if program is not None:
            slopes = gradient_agreement(
                painter, program, repeats.actions[:GRADIENTS], repeats=repeats.count, seed=self.context.seed + 3
            )
            figures["gradients"] = {
                name: {"size": round(size, 4), "agreement": round(agreement, 4)}
                for name, (size, agreement) in slopes.items()
            }
        return figures

    @torch.no_grad()
    def _perceived(self, painter: Painter) -> float:
        """Perceptual distance of the first unseen strokes in black on white."""
        assert self.perception is not None
        repeats = self.dataset.repeats
        pair = (learnt_alphas(painter, repeats.actions[:CHECKED]), repeats.single[:CHECKED])
        learnt, real = (1 - torch.from_numpy(alphas)[:, None].expand(-1, 3, -1, -1) for alphas in pair)
        return float(self.perception()(learnt.to(self.context.device), real.to(self.context.device)))

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """The vision network, if there is one."""
        return () if self.perception is None else (asdict(self.perception().encoder.provenance),)

    def save(self, state: PainterTrainingState) -> dict[str, Any]:
        """The trainer's state and step; the strokes follow from the seed."""
        return {"step": state.step, "unseen": state.unseen, "training": state.trainer.state_dict()}

    def load(self, phase: int, saved: Mapping[str, Any]) -> PainterTrainingState:
        """See the base class."""
        trainer = self._trainer()
        trainer.load_state_dict(saved["training"])
        return PainterTrainingState(phase, trainer, int(saved["step"]), float(saved["unseen"]))

    def describe(self) -> str:
        """Painter, brush and data, one line each."""
        return f"painter {self.settings.painter!r}\nbrush {self.settings.brush}\ndata {self.settings.data!r}"
