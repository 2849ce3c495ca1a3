"""Predictor training: random strokes on random scenes -> a network that paints photos; the picture shows what it can.

    step: scenes, strokes, gradient -> sheet of unseen scenes and painted photographs

No photograph is learnt from; those of `paint` are only painted, to be looked at. The trained predictor, ready to use as
`placer: {kind: predictor, network: PATH}`, and its figures are extras.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.finish import Tone
from orbifolio.runner.named_files import FileName
from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.painting.placers.network import PredictorShape, StrokePredictor
from orbifolio.runner.painting.placers.predictor import PredictedPlacement
from orbifolio.runner.painting.placers.scenes import Lessons, draw_lessons
from orbifolio.runner.painting.placers.sheet import PAINTED, predictor_sheet, sheet_size
from orbifolio.runner.painting.placers.soft_strokes import lay, sampled
from orbifolio.runner.painting.placers.training import PredictorPhase, PredictorTrainer
from orbifolio.runner.painting.placers.weights import load_predictor, pack_predictor
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.painting.subject import plan_size
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.agent.metrics_sheet import COLUMNS

UNSEEN = 1 << 40  # number of the step whose scenes are judged by; no phase has so many
CHECKED = 64  # unseen scenes measured, half of them with known strokes
CHECK_EVERY = 100  # steps between measurements
SECONDS_PER_SCENE = 0.0047  # of a step of the default network, measured on one core
ROWS = 3  # of scenes on the sheet


class PredictorSize(Settings):
    """Sizes of the network."""

    channels: int = Field(default=80, ge=8, le=512, multiple_of=4)
    """Channels of its smallest maps."""
    blocks: int = Field(default=3, ge=0, le=32)
    """Residual blocks."""
    strokes: int = Field(default=2, ge=1, le=4)
    """Strokes of each cell of 8 pixels."""


class PredictorTraining(RendererSettings):
    """A network learns to name all strokes of a pass at once; the picture shows scenes and paintings."""

    kind: Literal["predictor-training"] = "predictor-training"
    size: PredictorSize = PredictorSize()
    """Sizes of the network."""
    start: FileName | None = None
    """A predictor to continue with: `strokes`, or the path of a `predictor.safetensors`; with its own size."""
    phases: Annotated[tuple[PredictorPhase, ...], Field(min_length=1, max_length=16)]
    """Consecutive phases; each continues with the network of the one before."""
    paint: tuple[FileName, ...] = Field(default=(), max_length=12)
    """Pictures that it paints on the sheet."""
    cites: ClassVar[tuple[str, ...]] = ("liu2021", "lee2001", "kingma2015")

    def build(self, context: RenderContext) -> PredictorTrainingRenderer:
        """The renderer of these settings."""
        return PredictorTrainingRenderer(self, context)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """A missing start, phases that teach nothing; see the base class."""
        problems = []
        if self.start is not None:
            try:
                load_predictor(self.start)
            except InputError as error:
                problems.append(("start", str(error)))
        for number, phase in enumerate(self.phases):
            if phase.steps and not (phase.strokes or phase.pixels or phase.sureness):
                text = "every weight is 0; give strokes, pixels or sureness a weight"
                problems.append((f"phases.{number}", text))
        return problems

    def pictures(self) -> dict[str, str]:
        """Sources of the pictures to paint, by their place in the recipe."""
        return {f"paint.{number}": source for number, source in enumerate(self.paint)}


@dataclass
class PredictorTrainingState:
    """One phase under way.

    Attributes:
        phase: its number, from 0.
        trainer: with the network.
        step: how many are done.
        mended: share of what is missing on unseen scenes that one pass mends, as measured last.
    """

    phase: int
    trainer: PredictorTrainer
    step: int = 0
    mended: float = 0.0


class PredictorTrainingRenderer(Renderer):
    """Trains a stroke predictor; see the module's docstring."""

    charted = ("mended",)

    def __init__(self, settings: PredictorTraining, context: RenderContext) -> None:
        self.settings, self.context = settings, context

    def _network(self) -> StrokePredictor:
        if self.settings.start is not None:
            return load_predictor(self.settings.start)[0].requires_grad_(True)
        size = self.settings.size
        return StrokePredictor(PredictorShape(size.channels, size.blocks, size.strokes))

    @cached_property
    def _unseen(self) -> Lessons:
        shape = self._network().shape
        return draw_lessons(CHECKED, shape.strokes, np.random.default_rng((self.context.seed, UNSEEN)))

    @cached_property
    def _photographs(self) -> list[F32]:
        """(h, w, 3) each, in sRGB."""
        found = [self.context.plain_picture(source)[0].permute(1, 2, 0) for source in self.settings.paint]
        return [np.ascontiguousarray(picture.cpu().numpy(), np.float32) for picture in found]

    def phases(self) -> tuple[Phase, ...]:
        """See the base class."""
        numbers = sum(tensor.numel() for tensor in self._network().parameters())
        sizes = [plan_size(picture.shape[1], picture.shape[0], PAINTED) for picture in self._photographs]
        width, height = sheet_size(ROWS, sizes)
        return tuple(
            Phase(
                f"{phase.steps} steps of {phase.batch} scenes",
                width,
                height,
                phase.steps,
                numbers,
                seconds=SECONDS_PER_SCENE * phase.steps * phase.batch,
            )
            for phase in self.settings.phases
        )

    def begin(self, phase: int, previous: PredictorTrainingState | None) -> PredictorTrainingState:
        """A network without learning, or that of the phase before."""
        fresh = self.settings.start is None
        trainer = previous.trainer if previous else PredictorTrainer(self._network(), self.context.seed, fresh=fresh)
        trainer.restart(phase, self.settings.phases[phase])
        return PredictorTrainingState(phase, trainer, 0, self._mended(trainer.network))

    @torch.no_grad()
    def _painted(self, network: StrokePredictor, first: int, end: int) -> torch.Tensor:
        """(end - first, 3, side, side) unseen scenes after one pass of strokes."""
        targets, canvases = (
            torch.from_numpy(part[first:end]) for part in (self._unseen.targets, self._unseen.canvases)
        )
        strokes = network(targets, canvases)
        return lay(strokes, sampled(targets), sampled(canvases), (strokes.logit > 0).to(targets)).canvas

    def _mended(self, network: StrokePredictor) -> float:
        """Share of the difference on unseen scenes that one pass mends."""
        targets, canvases = (sampled(torch.from_numpy(part)) for part in (self._unseen.targets, self._unseen.canvases))
        left = (self._painted(network, 0, CHECKED) - targets).abs().mean()
        return 1 - float(left / (canvases - targets).abs().mean())

    def step(self, state: PredictorTrainingState) -> Outcome:
        """One step; see the base class."""
        terms = state.trainer.step(state.step)
        state.step += 1
        if state.step % CHECK_EVERY == 0:
            state.mended = self._mended(state.trainer.network)
        return Outcome(terms, {"mended": state.mended})

    def image(self, state: PredictorTrainingState) -> F32:
        """The sheet: unseen scenes of both kinds, and paintings."""
        network, half, side = state.trainer.network, CHECKED // 2, COLUMNS // 2
        rows = []
        parts = [
            torch.from_numpy(self._unseen.canvases),
            torch.from_numpy(self._unseen.targets),
            self._painted(network, 0, CHECKED),
        ]
        for label, part in zip(("canvas", "picture", "a pass"), parts, strict=True):
            rows.append((label, torch.cat((part[:side], part[half : half + side]))))
        text = f"unseen scenes after {state.step} steps, with known strokes and without; {state.mended:.0%} mended"
        return predictor_sheet("Strokes from a network", text, rows, self._paintings(network))

    def _paintings(self, network: StrokePredictor) -> list[F32]:
        look, done = Oil(), []
        for picture in self._photographs:
            size = plan_size(picture.shape[1], picture.shape[0], PAINTED)
            brief = Brief(
                look=look,
                seed=self.context.seed,
                plan_side=PAINTED,
                placement=partial(PredictedPlacement, network=network),
            )
            session = PaintingSession(brief, picture, size)
            for number in range(len(session.passes)):
                session.paint_pass(number)
            done.append(session.picture())
        return done

    def extras(self, state: PredictorTrainingState, tone: Tone) -> Mapping[str, bytes]:
        """`predictor.safetensors` and `figures.json`."""
        figures = {"mended": round(self._mended(state.trainer.network), 4)}
        facts = {"figures": figures, "seed": self.context.seed}
        return {
            "figures.json": json.dumps(figures, indent=1).encode(),
            "predictor.safetensors": pack_predictor(state.trainer.network, facts),
        }

    def save(self, state: PredictorTrainingState) -> dict[str, Any]:
        """The trainer's state and step; the scenes follow from the seed."""
        return {"step": state.step, "mended": state.mended, "training": state.trainer.state_dict()}

    def load(self, phase: int, saved: Mapping[str, Any]) -> PredictorTrainingState:
        """See the base class."""
        trainer = PredictorTrainer(self._network(), self.context.seed, fresh=False)
        trainer.restart(phase, self.settings.phases[phase])
        trainer.load_state_dict(saved["training"])
        return PredictorTrainingState(phase, trainer, int(saved["step"]), float(saved["mended"]))

    def describe(self) -> str:
        """The network."""
        return f"network {self._network().shape!r}"
