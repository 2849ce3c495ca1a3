"""Painter comparison: learnt brushes side by side, on strokes, on digits and on pictures -> a sheet and a table.

    strokes: real and learnt ones of unseen actions;  then each painter paints the same digits and the same pictures
    by gradient descent, from the same first strokes, and the paintings are drawn again by the real program

A sanity check of painters (digits, with the loss of a vision network) as a run like any other. Three distances are
measured for all: mean squared error, SSIM, and the perceptual one of the network.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import functional, metrics, torch
from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.images.finish import Tone
from orbifolio.runner.named_files import FileName
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.agent.data import AnyTargets, Mnist, TargetSettings
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.comparison_sheet import Row, SheetSection, grid_sheet, size
from orbifolio.runner.strokes.brush_models.metrics import decibels, fidelity, learnt_alphas, liveliness, noisy_alphas
from orbifolio.runner.strokes.brush_models.metrics_sheet import tinted
from orbifolio.runner.strokes.brush_models.raster_base import SIDE
from orbifolio.runner.strokes.brush_models.sanity_check import Loss, Trial, first_strokes, painted
from orbifolio.runner.strokes.brush_models.weights import find_painter, unpack
from orbifolio.runner.strokes.mypaint.actions import draw_actions
from orbifolio.runner.strokes.mypaint.brush_file import find_brush
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.mypaint.samples import Repeats, draw_repeats
from orbifolio.runner.vision import AnyNetwork
from orbifolio.runner.vision.base import VisionSettings
from orbifolio.runner.vision.perceptual_loss import LAYERS, PerceptualLoss
from orbifolio.runner.vision.vgg import Vgg16

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = 8  # pictures in a row of the sheet
SECONDS_PER_STROKE = 0.04  # of a step of each painter, measured on two cores


class Exercise(Settings):
    """How some pictures are painted."""

    strokes: int = Field(default=8, ge=1, le=1000)
    """Strokes of each picture."""
    steps: int = Field(default=60, ge=0, le=100_000)
    """Steps of Adam."""
    rate: float = Field(default=0.05, gt=0, le=1)
    """Adam's step size, on the logits of the actions."""
    loss: Literal["perceived", "pixels"] = "perceived"
    """The loss: the vision network's perceptual distance, or the mean squared error."""


class PainterComparison(RendererSettings):
    """Learnt brushes side by side: strokes, digits and pictures, with a table of figures."""

    kind: Literal["painter-comparison"] = "painter-comparison"
    painters: Annotated[tuple[FileName, ...], Field(min_length=1, max_length=8)] = (
        "classic/dry_brush",
        "classic/dry_brush.vae",
        "classic/dry_brush.gan",
    )
    """Names of learnt brushes, or paths of painter.safetensors files."""
    brush: FileName = "classic/dry_brush"
    """The real brush that they learnt."""
    unseen: int = Field(default=96, ge=COLUMNS, le=10_000)
    """Unseen strokes that are compared."""
    repeats: int = Field(default=16, ge=2, le=1000)
    """How often the real brush draws each of them, for the mean."""
    data: AnyTargets = Mnist()
    """Source of the digits, or of other pictures to draw in black."""
    digits: Exercise = Exercise()
    """How the digits are painted."""
    images: Annotated[tuple[FileName, ...], Field(max_length=COLUMNS)] = (
        "skimage:astronaut",
        "skimage:chelsea",
        "skimage:coffee",
    )
    """Pictures to paint, cropped to squares."""
    paintings: Exercise = Exercise(strokes=60, loss="pixels")
    """How the pictures are painted."""
    vision: AnyNetwork = Vgg16()
    """The vision network; it needs the layers conv3_3, conv4_3 and conv5_3."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", "wang2004")

    def build(self, context: RenderContext) -> ComparisonRenderer:
        """The renderer of these settings."""
        return ComparisonRenderer(self, context)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Missing painters, a network without the layers; see the base class."""
        data: TargetSettings = self.data
        problems = [(f"data.{path}", text) for path, text in data.complaints()]
        for number, name in enumerate(self.painters):
            try:
                unpack(find_painter(name))
            except InputError as error:
                problems.append((f"painters.{number}", str(error)))
        vision: VisionSettings = self.vision
        missing = [layer for layer in LAYERS if layer not in vision.layer_names()]
        if missing:
            problems.append(("vision", f"no layer {missing[0]}; the comparison needs {', '.join(LAYERS)}; use vgg16"))
        return problems

    def advisories(self) -> list[str]:
        """That data, paint program or brush are missing."""
        data: TargetSettings = self.data
        lacks = data.advisories()
        try:
            PaintProgram(require_paint(find_brush(self.brush)))
        except (MissingProgram, InputError) as error:
            lacks.append(f"the comparison will have no real strokes: {error}")
        return lacks

    def networks(self) -> tuple[VisionSettings, ...]:
        """The vision network."""
        return (self.vision,)

    def pictures(self) -> dict[str, str]:
        """See the base class."""
        return {f"images.{number}": source for number, source in enumerate(self.images)}


@dataclass
class ComparisonState:
    """One exercise under way, and the paintings of those before."""

    phase: int
    trials: list[Trial]
    step: int = 0
    seconds: list[float] = field(default_factory=list)
    done: list[tuple[list[Tensor], list[float]]] = field(default_factory=list)


class ComparisonRenderer(Renderer):
    """Compares painters; see the module's docstring."""

    def __init__(self, settings: PainterComparison, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self.painters: list[Painter] = [unpack(find_painter(name))[0] for name in settings.painters]
        self.names = [name.rpartition("/")[2] for name in settings.painters]
        self.program = self._program()
        self._targets: dict[int, Tensor] = {}
        self._perception: PerceptualLoss | None = None
        self._strokes: tuple[SheetSection, dict[str, Any]] | None = None

    def _program(self) -> PaintProgram | None:
        try:
            return PaintProgram(require_paint(find_brush(self.settings.brush)))
        except (MissingProgram, InputError):
            return None

    @property
    def perception(self) -> PerceptualLoss:
        """The perceptual distance, loaded when first needed."""
        if self._perception is None:
            vision: VisionSettings = self.settings.vision
            self._perception = PerceptualLoss(vision.build())
        return self._perception

    def exercises(self) -> tuple[tuple[str, Exercise], ...]:
        """The exercises by name: digits, and pictures if there are any."""
        both = (("digits", self.settings.digits), ("pictures", self.settings.paintings))
        return both if self.settings.images else both[:1]

    def phases(self) -> tuple[Phase, ...]:
        """A phase for each exercise."""
        width, height = size(COLUMNS, self._heights())
        return tuple(
            Phase(
                f"{name}, {exercise.strokes} strokes each",
                width,
                height,
                exercise.steps,
                9 * exercise.strokes * len(self.painters),
                seconds=SECONDS_PER_STROKE * exercise.steps * exercise.strokes * len(self.painters),
            )
            for name, exercise in self.exercises()
        )

    def _heights(self) -> list[int]:
        """Numbers of rows of the sheet's sections."""
        noisy = sum(painter.stochastic for painter in self.painters)
        real = self.program is not None
        rows = 1 + len(self.painters) * (1 + real)
        return [2 * real + len(self.painters) + noisy, *[rows for _ in self.exercises()]]

    def targets(self, number: int) -> Tensor:
        """Pictures (n, 3, 64, 64) of an exercise."""
        if number not in self._targets:
            self._targets[number] = self._pictures() if number else self._digits()
        return self._targets[number]

    def _digits(self) -> Tensor:
        """One of each class, or the first ones without classes, as many as there are columns."""
        data: TargetSettings = self.settings.data
        learnt = data.gather(SIDE, 3, seed=self.context.seed, unseen=1).learnt
        chosen: list[int] = []
        for wanted in sorted(set(learnt.classes.tolist())):
            chosen += (learnt.classes == wanted).nonzero()[:, 0].tolist()[: 1 if len(learnt.names) > 1 else COLUMNS]
        pictures, _ = learnt.take(torch.tensor(chosen[:COLUMNS]))
        return pictures

    def _pictures(self) -> Tensor:
        squares = []
        for source in self.settings.images:
            picture = self.context.picture(source)
            height, width = picture.shape[-2:]
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            square = picture[..., top : top + side, left : left + side]
            squares.append(functional.interpolate(square, (SIDE, SIDE), mode="bilinear", antialias=True))
        return torch.cat(squares).clamp(0, 1)

    def begin(self, phase: int, previous: ComparisonState | None) -> ComparisonState:
        """Give every painter the same first strokes."""
        done = [*previous.done, self._finished(previous)] if previous else []
        return ComparisonState(phase, self._trials(phase), 0, [0.0] * len(self.painters), done)

    def _trials(self, phase: int) -> list[Trial]:
        exercise, targets = self.exercises()[phase][1], self.targets(phase)
        random = torch.Generator().manual_seed(self.context.seed * 1_000_003 + phase)
        first = first_strokes(targets, exercise.strokes, random, ink=phase == 0)
        return [Trial(painter, targets, first, ink=phase == 0, rate=exercise.rate) for painter in self.painters]

    def _finished(self, state: ComparisonState) -> tuple[list[Tensor], list[float]]:
        return [trial.actions().detach() for trial in state.trials], state.seconds

    def step(self, state: ComparisonState) -> Outcome:
        """One step of every painter."""
        loss: Loss = self.perception if self.exercises()[state.phase][1].loss == "perceived" else functional.mse_loss
        terms = {}
        for number, (name, trial) in enumerate(zip(self.names, state.trials, strict=True)):
            began = time.perf_counter()
            terms[name] = trial.step(loss)
            state.seconds[number] += time.perf_counter() - began
        state.step += 1
        return Outcome(terms)

    def image(self, state: ComparisonState) -> F32:
        """The sheet so far."""
        return self._sheet(state)[0]

    def _sheet(self, state: ComparisonState) -> tuple[F32, dict[str, Any]]:
        strokes, figures = self._strokes_section()
        sections, table = [strokes], {"strokes": figures}
        finished = [*state.done, self._finished(state)]
        for number, (name, _) in enumerate(self.exercises()):
            if number < len(finished):
                section, table[name] = self._exercise_section(number, *finished[number])
            else:
                section = SheetSection("", [Row(("",), [])] * self._heights()[number + 1])
            sections.append(section)
        return grid_sheet("Painters compared", COLUMNS, sections), table

    def _strokes_section(self) -> tuple[SheetSection, dict[str, Any]]:
        """Real and learnt strokes of unseen actions, computed once for the run."""
        if self._strokes is None:
            actions = draw_actions(self.settings.unseen, np.random.default_rng([self.context.seed, 5]))
            repeats: Repeats | None = None
            rows, figures = [], {}
            if self.program is not None:
                repeats = draw_repeats(self.program, actions, self.settings.repeats, seed=self.context.seed + 6)
                rows.append(Row(("drawn by MyPaint",), tinted(repeats.single[:COLUMNS])))
                rows.append(Row((f"mean of {repeats.count}",), tinted(repeats.mean[:COLUMNS])))
            for name, painter in zip(self.names, self.painters, strict=True):
                alphas = learnt_alphas(painter, actions)
                measured = {} if repeats is None else fidelity(alphas, repeats)
                line = f"{measured['psnr mean']:.1f} dB to the mean" if measured else ""
                rows.append(Row((name, line), tinted(alphas[:COLUMNS])))
                if painter.stochastic:
                    drawn = noisy_alphas(painter, actions, seed=self.context.seed)
                    measured |= {} if repeats is None else liveliness(painter, repeats, seed=self.context.seed)
                    line = f"texture {measured['texture noisy']:.2f} of real" if measured else ""
                    rows.append(Row((f"{name}, noisy", line), tinted(drawn[:COLUMNS])))
                figures[name] = {key: round(value, 4) for key, value in measured.items()}
            self._strokes = SheetSection("Strokes that were not learnt from", rows), figures
        return self._strokes

    def _exercise_section(
        self, number: int, actions: Sequence[Tensor], seconds: Sequence[float]
    ) -> tuple[SheetSection, dict[str, Any]]:
        name, exercise = self.exercises()[number]
        targets = self.targets(number)
        rows = [Row(("wanted",), _shown(targets))]
        table: dict[str, Any] = {}
        for label, painter, strokes, took in zip(self.names, self.painters, actions, seconds, strict=True):
            with torch.no_grad():
                pictures = painted(painter, strokes).clamp(0, 1)
            figures = self.distances(pictures, targets)
            rows.append(Row((label, *_lines(figures)), _shown(pictures)))
            table[label] = {"neural": figures, "seconds": round(took, 2)}
            if self.program is not None:
                drawn = torch.stack([self._drawn(one) for one in strokes])
                table[label]["program"] = figures = self.distances(drawn, targets)
                rows.append(Row((f"{label}, in MyPaint", *_lines(figures)), _shown(drawn)))
        return SheetSection(f"{name.capitalize()}, {exercise.strokes} strokes each", rows), table

    def _drawn(self, actions: Tensor) -> Tensor:
        """Actions (strokes, 12) drawn by the real program, (3, 64, 64)."""
        assert self.program is not None
        picture = self.program.paint(actions.numpy(), seed=self.context.seed)
        return torch.from_numpy(picture).permute(2, 0, 1)

    @torch.no_grad()
    def distances(self, pictures: Tensor, wanted: Tensor) -> dict[str, float]:
        """Mean distances of pictures (n, 3, 64, 64): squared error, decibels, SSIM, and the perceptual one."""
        pairs = zip(pictures.permute(0, 2, 3, 1).numpy(), wanted.permute(0, 2, 3, 1).numpy(), strict=True)
        ssim = [metrics.structural_similarity(a, b, channel_axis=2, data_range=1.0) for a, b in pairs]
        error = float((pictures - wanted).square().mean())
        figures = {
            "squared error": error,
            "psnr": decibels(error),
            "ssim": float(np.mean(ssim)),
            "perceived": float(self.perception(pictures, wanted)),
        }
        return {name: round(value, 5) for name, value in figures.items()}

    def extras(self, state: ComparisonState, tone: Tone) -> Mapping[str, bytes]:
        """All figures of the sheet, as `comparison.json`."""
        return {"comparison.json": json.dumps(self._sheet(state)[1], indent=1).encode()}

    def save(self, state: ComparisonState) -> dict[str, Any]:
        """Logits and optimiser of every painter, and the paintings of exercises before."""
        return {
            "step": state.step,
            "seconds": list(state.seconds),
            "done": [[list(actions), list(seconds)] for actions, seconds in state.done],
            "logits": [trial.logits.detach() for trial in state.trials],
            "adams": [trial.adam.state_dict() for trial in state.trials],
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> ComparisonState:
        """See the base class."""
        trials = self._trials(phase)
        for trial, logits, adam in zip(trials, saved["logits"], saved["adams"], strict=True):
            trial.logits.data.copy_(logits)
            trial.adam.load_state_dict(adam)
        done = [(list(actions), list(seconds)) for actions, seconds in saved["done"]]
        return ComparisonState(phase, trials, int(saved["step"]), list(saved["seconds"]), done)

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """The vision network."""
        return (asdict(self.perception.encoder.provenance),)

    def describe(self) -> str:
        """Painters and network, one line each."""
        return "\n".join([*(f"painter {name}" for name in self.settings.painters), f"seen by {self.settings.vision!r}"])


def _shown(pictures: Tensor) -> list[F32]:
    """Pictures (n, 3, h, w) as (h, w, 3) arrays for the sheet."""
    return [picture.astype(np.float32) for picture in pictures.permute(0, 2, 3, 1).numpy()]


def _lines(figures: Mapping[str, float]) -> tuple[str, str]:
    """The figures that fit beside a row."""
    return f"{figures['psnr']:.1f} dB, SSIM {figures['ssim']:.2f}", f"perceived {figures['perceived']:.2f}"
