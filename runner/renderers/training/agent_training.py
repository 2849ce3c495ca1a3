"""Agent training: pictures -> an agent that paints them, stroke by stroke; the picture shows what it can.

    gather pictures -> step: critic, rollout, gradient -> sheet of targets, paintings, the order of their strokes

The state's picture shows pictures that the agent never learnt from. What the run leaves behind has them drawn in the
real paint program too. The trained agent, ready to use, and all figures are extras. With `start` and no steps an
agent that has learnt already paints the pictures of `paint`. Whatever is judged or shown is painted on the CPU with
the learnt brush itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.images.finish import Tone
from orbifolio.runner.named_files import FileName
from orbifolio.runner.renderers.base import GPU_GAIN, Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.critic import PaintingCritic
from orbifolio.runner.strokes.agent.data import AnyTargets, Mnist, TargetSettings
from orbifolio.runner.strokes.agent.dataset import UNKNOWN, Split, Targets, prepared
from orbifolio.runner.strokes.agent.demonstrations import Demonstration, demonstrations_of, read_examples
from orbifolio.runner.strokes.agent.evaluation import enlarged, evaluate, in_program, paint, painting_of
from orbifolio.runner.strokes.agent.fitted_demonstrations import fit_demonstrations
from orbifolio.runner.strokes.agent.metrics import picture_errors
from orbifolio.runner.strokes.agent.metrics_sheet import COLUMNS, agent_sheet, size_of
from orbifolio.runner.strokes.agent.network import AgentNetwork, AgentShape
from orbifolio.runner.strokes.agent.rollout import roll_out
from orbifolio.runner.strokes.agent.training import AgentPhase, AgentTask, AgentTrainer
from orbifolio.runner.strokes.agent.weights import load_agent, pack_agent
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.brush_models.weights import (
    find_painter,
    load_painter,
    load_scalable,
    real_brush,
    unpack_scalable,
)
from orbifolio.runner.strokes.document.products import products
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.rasteriser.separate_strokes import Stamp, network_stamp, table_stamp

CHECK_EVERY = 50  # steps between measurements on unseen pictures
CHECKED = 50  # unseen pictures measured then
SHOWN, MAX_SHOWN = 2 * COLUMNS, 5 * COLUMNS  # unseen pictures on the sheet; more than `SHOWN` if there are more classes
SECONDS_PER_STROKE = 0.0275  # of a step with a batch of 32 and the default network, measured on two cores
SECONDS_PER_PAINTING = 2.0  # with the same by MyPaint
DEFAULT_SIZE = 512.0  # of the default network: blocks x places of the first convolution


class AgentSize(Settings):
    """Sizes of agent and critic; the paper's are side 64, channels 32, blocks 8, hidden 256, stride 1, critic 64."""

    side: Literal[32, 64, 128] = 32
    """Side of canvas and pictures in pixels."""
    channels: int = Field(default=32, ge=4, le=512)
    """Channels of the agent's maps."""
    blocks: int = Field(default=2, ge=0, le=32)
    """Residual blocks."""
    hidden: int = Field(default=192, ge=8, le=4096)
    """Numbers of the agent's memory."""
    stride: int = Field(default=2, ge=1, le=4)
    """Stride of the agent's first convolution."""
    critic: int = Field(default=24, ge=4, le=512)
    """Channels of the critic's first map."""


class AgentTraining(RendererSettings):
    """A network learns to paint stroke by stroke; the picture shows targets and paintings."""

    kind: Literal["agent-training"] = "agent-training"
    brush: FileName = "classic/dry_brush"
    """Name of a learnt brush, or path of a `painter.safetensors` that painter-training left."""
    practice: Literal["swift", "true"] = "swift"
    """Practise with a table of the brush, about thirty times as fast, or with the painter itself."""
    data: AnyTargets = Field(default=Mnist())
    """Source of the pictures to paint."""
    manner: ActionSpace = ActionSpace()
    """How many strokes, and what the agent decides of each."""
    size: AgentSize = AgentSize()
    """Sizes of the networks."""
    examples: FileName | None = None
    """Example strokes for each class, for phases with `forcing`: `digits`, `hiragana`, or the path of a .yaml file."""
    start: FileName | None = None
    """An agent to continue with, `digits`, `hiragana` or a path of an `agent.safetensors`; its size and manner stay."""
    phases: Annotated[tuple[AgentPhase, ...], Field(min_length=1, max_length=16)]
    """Consecutive phases; each continues with the agent of the one before."""
    unseen: int = Field(default=100, ge=4, le=10_000)
    """Pictures set aside to judge by."""
    paint: tuple[FileName, ...] = Field(default=(), max_length=100)
    """Pictures to paint in the end instead of those set aside; with black ink they are cut out like MNIST's digits."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", "ganin2018", "gulrajani2017", "kingma2015", "goodnow1973")

    def build(self, context: RenderContext) -> AgentRenderer:
        """The renderer of these settings."""
        return AgentRenderer(self, context)

    @property
    def learns(self) -> bool:
        """Whether a phase has steps, so that pictures to learn from are needed."""
        return any(phase.steps for phase in self.phases)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Missing files and contradictions; see the base class."""
        data: TargetSettings = self.data
        problems = [(f"data.{path}", text) for path, text in data.complaints()]
        for path, check in (
            ("brush", self._check_brush),
            ("start", self._check_start),
            ("examples", self._check_examples),
        ):
            try:
                check()
            except InputError as error:
                problems.append((path, str(error)))
        for number, phase in enumerate(self.phases):
            if phase.steps and not (phase.pixels or phase.adversarial or phase.forcing):
                text = "every weight is 0; give pixels, adversarial or forcing a weight"
                problems.append((f"phases.{number}", text))
            if phase.forcing and self.examples is None:
                text = f"{phase.forcing:g}: forcing needs example strokes; add `examples: digits` or a file"
                problems.append((f"phases.{number}.forcing", text))
        if not self.learns and self.start is None:
            problems.append(
                ("phases", "no steps, so nothing is learnt; give a phase steps, or a trained agent as `start`")
            )
        if not self.learns and not self.paint:
            problems.append(("paint", "no steps and nothing to paint; give pictures to paint, or a phase steps"))
        return problems

    def _check_brush(self) -> None:
        side = load_painter(self.brush).resolution
        if side is not None and self.shape_and_space()[0].side != side:
            raise InputError(f"{self.brush}: paints {side} pixels only; set renderer.size.side to {side}")

    def _check_start(self) -> None:
        if self.start is None:
            return
        load_agent(self.start)
        for name in ("manner", "size"):
            if name in self.model_fields_set:
                raise InputError(f"{self.start}: this agent has its own {name}; leave out renderer.{name}")

    def _check_examples(self) -> None:
        if self.examples is not None:
            examples = read_examples(self.examples)
            demonstrations_of(examples, tuple(examples.classes), self.shape_and_space()[1], self.examples)

    def shape_and_space(self) -> tuple[AgentShape, ActionSpace]:
        """The agent's network and action space, from its file or from the recipe."""
        if self.start is not None:
            try:
                agent, space, _ = load_agent(self.start)
                return agent.shape, space
            except InputError:
                pass  # `complaints` reports it at its own place
        size, space = self.size, self.manner
        return AgentShape(
            size.side, space.planes, space.numbers, size.channels, size.blocks, size.hidden, size.stride
        ), space

    def advisories(self) -> list[str]:
        """That the pictures or the paint program are missing."""
        data: TargetSettings = self.data
        lacks = data.advisories() if self.learns else []
        try:
            PaintProgram(require_paint(real_brush(self.brush)))
        except (MissingProgram, InputError) as error:
            lacks = [*lacks, f"the paintings will not be drawn in MyPaint: {error}"]
        return lacks

    def pictures(self) -> dict[str, str]:
        """Sources of the pictures to paint, by their place in the recipe."""
        return {f"paint.{number}": source for number, source in enumerate(self.paint)}


@lru_cache(maxsize=4)
def _practice_painter(path: Path, written: int) -> ImplicitPainter:
    """The painter of a file as it was written last; shared, since its table for practice takes seconds to make."""
    return unpack_scalable(path)


@dataclass
class AgentTrainingState:
    """One phase under way."""

    phase: int
    trainer: AgentTrainer
    step: int = 0
    unseen: float = 0.0


def agent_on_cpu(state: AgentTrainingState) -> AgentNetwork:
    """The agent, or a copy of it, on the CPU, where it is judged and shown."""
    agent = state.trainer.agent
    return agent if next(agent.parameters()).device.type == "cpu" else deepcopy(agent).cpu()


class AgentRenderer(Renderer):
    """Trains an agent; see the module's docstring."""

    charted = ("mse-unseen",)

    def __init__(self, settings: AgentTraining, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self.shape, self.space = settings.shape_and_space()
        self._split: Split | None = None
        self._painter: Painter | None = None

    @property
    def painter(self) -> Painter:
        """The learnt brush, read when first needed."""
        if self._painter is None:
            self._painter = load_painter(self.settings.brush)
        return self._painter

    @property
    def split(self) -> Split:
        """Pictures to learn from and to judge by, read when first needed; they follow from the seed."""
        if self._split is None:
            data: TargetSettings = self.settings.data
            if self.settings.learns:
                self._split = data.gather(
                    self.shape.side, self.shape.planes, seed=self.context.seed, unseen=self.settings.unseen
                )
            else:
                pictures = self._own_pictures()
                self._split = Split(pictures, pictures)
        return self._split

    def _own_pictures(self) -> Targets:
        pictures = [prepared(self.context.plain_picture(source), self.shape) for source in self.settings.paint]
        if not pictures:
            raise InputError("renderer.paint: nothing to paint; give pictures, or a phase with steps")
        return Targets(torch.cat(pictures), torch.full((len(pictures),), UNKNOWN))

    def phases(self) -> tuple[Phase, ...]:
        """See the base class."""
        numbers = sum(tensor.numel() for tensor in AgentNetwork(self.shape).parameters())
        width, height = size_of(SHOWN if self.settings.learns else max(len(self.settings.paint), 1), 3)
        return tuple(
            Phase(
                f"{phase.steps} steps, {self._goals(phase)}",
                width,
                height,
                phase.steps,
                numbers,
                seconds=self._seconds(phase),
            )
            for phase in self.settings.phases
        )

    def _seconds(self, phase: AgentPhase) -> float:
        """Estimated from shipped recipes on two cores; a larger network takes less time than its arithmetic says."""
        critic = 0.5 * phase.critic_steps if phase.adversarial else 0.0
        shape = self.shape
        size = float(shape.blocks * (shape.side / shape.stride) ** 2 / DEFAULT_SIZE) ** 0.5
        seconds: float = SECONDS_PER_STROKE * phase.steps * (1 + critic) * self.space.strokes * phase.batch / 32 * size
        seconds /= 1.0 if self.context.device == "cpu" else GPU_GAIN
        return seconds + SECONDS_PER_PAINTING * len(self.settings.paint)

    def _goals(self, phase: AgentPhase) -> str:
        goals = [name for name in ("pixels", "adversarial", "forcing") if getattr(phase, name)]
        return " and ".join(goals) or "nothing to learn"

    def _stamp(self) -> Stamp:
        side, device = self.shape.side, self.context.device
        if device != "cpu":  # the table is for the CPU; elsewhere the painter is quick enough
            return network_stamp(load_painter(self.settings.brush).to(device), side)
        if self.settings.practice == "swift" and self.painter.resolution is None:
            path = find_painter(self.settings.brush)
            return table_stamp(_practice_painter(path, path.stat().st_mtime_ns), side)
        return network_stamp(self.painter, side)  # a painter of a fixed resolution is quick by itself

    def _trainer(self) -> AgentTrainer:
        settings, leads, ways = self.settings, None, self._ways()
        targets, stamp = self.split.learnt, self._stamp()
        if ways is not None:
            leads = fit_demonstrations(ways, targets, stamp, self.space).closest()
        agent = AgentNetwork(self.shape) if settings.start is None else load_agent(settings.start)[0]
        critic = PaintingCritic(self.shape.side, self.shape.planes, settings.size.critic)
        task = AgentTask(targets, stamp, self.space, leads, self.context.seed, self.context.device)
        return AgentTrainer(agent, critic, task, fresh=settings.start is None)

    def _ways(self) -> Sequence[Sequence[Demonstration]] | None:
        """The ways to draw each class, if the agent is led by examples."""
        examples, names = self.settings.examples, self.split.learnt.names
        if examples is None or not any(phase.forcing for phase in self.settings.phases):
            return None
        return demonstrations_of(read_examples(examples), names, self.space, examples)

    def begin(self, phase: int, previous: AgentTrainingState | None) -> AgentTrainingState:
        """Read the pictures, or continue with the agent of the phase before.

        Raises:
            InputError: the pictures are missing.
        """
        trainer = previous.trainer if previous else self._trainer()
        trainer.restart(phase, self.settings.phases[phase])
        return AgentTrainingState(phase, trainer, 0, self._error_unseen(trainer))

    @torch.no_grad()
    def _error_unseen(self, trainer: AgentTrainer) -> float:
        """Mean squared error on unseen pictures."""
        targets, _ = self.split.unseen.take(torch.arange(min(CHECKED, len(self.split.unseen))))
        targets = targets.to(self.context.device)
        canvas = roll_out(trainer.agent, trainer.task.stamp, targets, self.space, exact=True).canvas
        return picture_errors(canvas, targets)["mse"]

    def step(self, state: AgentTrainingState) -> Outcome:
        """One step; see the base class."""
        terms = state.trainer.step(state.step)
        state.step += 1
        if state.step % CHECK_EVERY == 0:
            state.unseen = self._error_unseen(state.trainer)
        shown = {"penalty": terms["penalty"]} if "penalty" in terms else {}
        goals = {name: value for name, value in terms.items() if name not in shown}
        return Outcome(goals, {"mse-unseen": state.unseen, **shown})

    def image(self, state: AgentTrainingState) -> F32:
        """The sheet of unseen pictures: target, painting, order of strokes."""
        text = f"unseen pictures after {state.step} steps; mean squared error {state.unseen:.4f}"
        return self._sheet(state, text, self._shown(), None)

    def _shown(self) -> Targets:
        """The first ones, class by class: two of each of ten classes, one of each of more."""
        unseen = self.split.unseen
        wanted = min(max(SHOWN, len(unseen.names)), MAX_SHOWN) if self.settings.learns else len(unseen)
        count = min(wanted, len(unseen))
        classes = unseen.classes.tolist()
        rank = [classes[:k].count(label) for k, label in enumerate(classes)]
        first = sorted(range(len(classes)), key=lambda k: (rank[k], classes[k], k))[:count]
        index = torch.tensor(first)
        return Targets(unseen.images[index], unseen.classes[index], unseen.names)

    def _sheet(self, state: AgentTrainingState, text: str, targets: Targets, program: PaintProgram | None) -> F32:
        pictures, _ = targets.take(torch.arange(len(targets)))
        rollout = paint(agent_on_cpu(state), self.painter, pictures, self.space)
        actions, pens = rollout.actions, rollout.pens
        neural, ordered = enlarged(self.painter, actions, pens, self.space.planes)
        rows = [("target", pictures), ("neural", neural), ("order", ordered)]
        if program is not None:
            real = in_program(program, actions, pens, self.space, neural.shape[-1], self.context.seed)
            rows.insert(2, ("MyPaint", real))
        return agent_sheet(self._title(), text, rows)

    def _title(self) -> str:
        joined = "connected " if self.space.connected else ""
        name = self.settings.brush.rpartition("/")[2].removesuffix(".safetensors").replace("_", " ")
        return f"{self.space.strokes} {joined}strokes of the {name}"

    def _program(self) -> PaintProgram | None:
        try:
            return PaintProgram(require_paint(real_brush(self.settings.brush)))
        except (MissingProgram, InputError):
            return None

    def final(self, state: AgentTrainingState) -> F32:
        """The sheet with the real program's paintings and all figures."""
        program = self._program()
        figures = self._figures(state, program)
        text = f"unseen pictures; mean squared error {figures['neural']['mse']:.4f} neural"
        if program is not None:
            text += f", {figures['program']['mse']:.4f} in MyPaint"
        text += f"; stray ink {figures['ink']['stray']:.1%}"
        if "led" in figures:
            text += f"; strokes as in the examples {figures['led']['order']:.0%}"
        elif "strokes" in figures:
            text += f"; order of strokes kept {figures['strokes']['order']:.0%}"
        return self._sheet(state, text, self._shown(), program)

    def _figures(self, state: AgentTrainingState, program: PaintProgram | None) -> dict[str, Mapping[str, float]]:
        agent, seed = agent_on_cpu(state), self.context.seed
        return evaluate(agent, self.painter, program, self.split.unseen, self.space, seed, self._ways())

    def extras(self, state: AgentTrainingState, tone: Tone) -> Mapping[str, bytes]:
        """`agent.safetensors`, `figures.json`; and for pictures to paint, the files of the first painting."""
        settings, agent, seed = self.settings, agent_on_cpu(state), self.context.seed
        figures = self._figures(state, self._program())
        plain = {name: {key: round(value, 5) for key, value in part.items()} for name, part in figures.items()}
        facts = {"brush": settings.brush, "figures": plain, "seed": seed}
        files: dict[str, bytes] = {"figures.json": json.dumps(plain, indent=1).encode()}
        if settings.learns:
            files["agent.safetensors"] = pack_agent(agent, self.space, facts)
        if settings.paint and self.painter.resolution is None:
            pictures, _ = self._own_pictures().take(torch.arange(1))
            rollout = paint(agent, self.painter, pictures, self.space)
            painting = painting_of(rollout.actions[0], rollout.pens[0], settings.brush, seed)
            files |= products(painting, load_scalable(settings.brush), None, title=self.context.title)
        return files

    def save(self, state: AgentTrainingState) -> dict[str, Any]:
        """The trainer's state and step; the pictures follow from the seed."""
        return {"step": state.step, "unseen": state.unseen, "training": state.trainer.state_dict()}

    def load(self, phase: int, saved: Mapping[str, Any]) -> AgentTrainingState:
        """See the base class."""
        trainer = self._trainer()
        trainer.restart(phase, self.settings.phases[phase])
        trainer.load_state_dict(saved["training"])
        return AgentTrainingState(phase, trainer, int(saved["step"]), float(saved["unseen"]))

    def describe(self) -> str:
        """Agent, brush and data, one line each."""
        settings = self.settings
        return f"agent {self.shape!r}\nmanner {self.space!r}\nbrush {settings.brush}\ndata {settings.data!r}"
