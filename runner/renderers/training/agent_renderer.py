"""The working agent renderer: phases of an apprenticeship -> sheets, a trained agent, figures.

`agent_training` has the settings. Whatever is judged or shown is painted on the CPU with the painter itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.images.finish import Tone
from orbifolio.runner.renderers.base import GPU_GAIN, Outcome, Phase, RenderContext, Renderer
from orbifolio.runner.strokes.agent.critic import Critic
from orbifolio.runner.strokes.agent.data import DataSettings
from orbifolio.runner.strokes.agent.dataset import UNKNOWN, Split, Targets, fitted
from orbifolio.runner.strokes.agent.demonstrations import example_table, read_examples
from orbifolio.runner.strokes.agent.evaluation import document, enlarged, in_program, judge, paint
from orbifolio.runner.strokes.agent.glyphs import laid_out
from orbifolio.runner.strokes.agent.metrics import against
from orbifolio.runner.strokes.agent.metrics_sheet import COLUMNS, agent_sheet, size_of
from orbifolio.runner.strokes.agent.network import AgentNetwork, Shape
from orbifolio.runner.strokes.agent.rollout import play
from orbifolio.runner.strokes.agent.training import AgentPhase, Apprenticeship, School
from orbifolio.runner.strokes.agent.weights import load_agent, pack_agent
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.brush_models.weights import find_painter, unpack
from orbifolio.runner.strokes.mypaint.brush_file import find_brush
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.rasteriser.separate_strokes import Stamp, network_stamp, table_stamp

if TYPE_CHECKING:
    from orbifolio.runner.renderers.training.agent_training import AgentTraining

CHECK = 50  # steps between two looks at unseen pictures
CHECKED = 50  # unseen pictures looked at then
SHOWN = 2 * COLUMNS
PACE = 0.0275  # seconds of a step for each stroke of a batch of 32, on two cores, of a network of the ordinary size
PAINTED = 2.0  # seconds for each picture that is painted, with its double in real paint
ORDINARY = 512.0  # blocks x places of the first convolution


def find_program(brush: str) -> PaintProgram:
    """The real brush that a learnt one is a copy of.

    Raises:
        MissingProgram: the paint program is not here.
        InputError: nor the brush.
    """
    facts = unpack(find_painter(brush))[1]
    return PaintProgram(find_brush(str(facts.get("brush", brush))))


@lru_cache(maxsize=4)
def _learnt(path: Path, written: int) -> Painter:
    """The painter of a file as it was written last; shared, since its table for practice takes seconds to make."""
    return unpack(path)[0]


@dataclass
class State:
    """One phase under way."""

    phase: int
    training: Apprenticeship
    step: int = 0
    unseen: float = 0.0


def here(state: State) -> AgentNetwork:
    """The agent on the CPU, where it is judged and shown."""
    agent = state.training.agent
    return agent if next(agent.parameters()).device.type == "cpu" else deepcopy(agent).cpu()


class AgentRenderer(Renderer):
    """The working renderer; see the module's docstring."""

    charted = ("mse-unseen",)

    def __init__(self, settings: AgentTraining, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self.shape, self.manner = settings.shape_and_manner()
        self._split: Split | None = None
        self._painter: Painter | None = None

    @property
    def painter(self) -> Painter:
        """The learnt brush."""
        if self._painter is None:
            path = find_painter(self.settings.brush)
            self._painter = _learnt(path, path.stat().st_mtime_ns if path.is_file() else 0)
        return self._painter

    @property
    def split(self) -> Split:
        """The pictures, read when first needed; they follow from the seed."""
        if self._split is None:
            data: DataSettings = self.settings.data
            if self.settings.learns:
                self._split = data.gather(
                    self.shape.side, self.shape.planes, seed=self.context.seed, unseen=self.settings.unseen
                )
            else:
                self._split = Split(self._own_pictures(), self._own_pictures())
        return self._split

    def _own_pictures(self) -> Targets:
        found = [prepared(self.context.plain_picture(source), self.shape) for source in self.settings.paint]
        if not found:
            raise InputError("renderer.paint: nothing to paint; give pictures, or steps to learn with")
        return Targets(torch.cat(found), torch.full((len(found),), UNKNOWN))

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
        """Measured with the shipped recipes on two cores; a larger network costs less than its arithmetic says."""
        critic = 0.5 * phase.critic_steps if phase.adversarial else 0.0
        shape = self.shape
        size = float(shape.blocks * (shape.side / shape.stride) ** 2 / ORDINARY) ** 0.5
        seconds: float = PACE * phase.steps * (1 + critic) * self.manner.strokes * phase.batch / 32 * size
        seconds /= 1.0 if self.context.device == "cpu" else GPU_GAIN
        return seconds + PAINTED * len(self.settings.paint)

    def _goals(self, phase: AgentPhase) -> str:
        goals = [name for name in ("pixels", "adversarial", "forcing") if getattr(phase, name)]
        return " and ".join(goals) or "nothing to learn"

    def _stamp(self) -> Stamp:
        if self.context.device != "cpu":  # the table is for the CPU; elsewhere the painter is quick enough
            painter = unpack(find_painter(self.settings.brush))[0].to(self.context.device)
            return network_stamp(painter, self.shape.side)
        if self.settings.practice == "swift":
            return table_stamp(self.painter, self.shape.side)
        return network_stamp(self.painter, self.shape.side)

    def _training(self) -> Apprenticeship:
        settings, table = self.settings, None
        targets = self.split.learnt
        if settings.examples is not None and any(phase.forcing for phase in settings.phases):
            examples = read_examples(settings.examples)
            found = example_table(examples, targets.names, self.manner.strokes, settings.examples)
            table = torch.from_numpy(found)
        agent = AgentNetwork(self.shape) if settings.start is None else load_agent(settings.start)[0]
        critic = Critic(self.shape.side, self.shape.planes, settings.size.critic)
        school = School(targets, self._stamp(), self.manner, table, self.context.seed, self.context.device)
        return Apprenticeship(agent, critic, school, fresh=settings.start is None)

    def begin(self, phase: int, previous: State | None) -> State:
        """Read the pictures, or go on with the agent of the phase before.

        Raises:
            InputError: the pictures are not here.
        """
        training = previous.training if previous else self._training()
        training.restart(phase, self.settings.phases[phase])
        return State(phase, training, 0, self._look(training))

    @torch.no_grad()
    def _look(self, training: Apprenticeship) -> float:
        """Mean squared error on unseen pictures."""
        targets, _ = self.split.unseen.take(torch.arange(min(CHECKED, len(self.split.unseen))))
        targets = targets.to(self.context.device)
        canvas = play(training.agent, training.school.stamp, targets, self.manner, exact=True).canvas
        return against(canvas, targets)["mse"]

    def step(self, state: State) -> Outcome:
        """One step; see the base class."""
        terms = state.training.step(state.step)
        state.step += 1
        if state.step % CHECK == 0:
            state.unseen = self._look(state.training)
        shown = {"penalty": terms["penalty"]} if "penalty" in terms else {}
        goals = {name: value for name, value in terms.items() if name not in shown}
        return Outcome(goals, {"mse-unseen": state.unseen, **shown})

    def image(self, state: State) -> F32:
        """Unseen pictures: target, painting, order of strokes."""
        text = f"unseen pictures after {state.step} steps; mean squared error {state.unseen:.4f}"
        return self._sheet(state, text, self._shown(), None)

    def _shown(self) -> Targets:
        """The first two of each class, column by column, or simply the first."""
        unseen = self.split.unseen
        count = min(SHOWN if self.settings.learns else len(unseen), len(unseen))
        classes = unseen.classes.tolist()
        rank = [classes[:k].count(label) for k, label in enumerate(classes)]
        first = sorted(range(len(classes)), key=lambda k: (rank[k], classes[k], k))[:count]
        index = torch.tensor(first if len(unseen.names) == COLUMNS else list(range(count)))
        return Targets(unseen.images[index], unseen.classes[index], unseen.names)

    def _sheet(self, state: State, text: str, targets: Targets, program: PaintProgram | None) -> F32:
        pictures, _ = targets.take(torch.arange(len(targets)))
        _, actions, pens = paint(here(state), self.painter, pictures, self.manner)
        neural, ordered = enlarged(self.painter, actions, pens, self.manner.planes)
        rows = [("target", pictures), ("neural", neural), ("order", ordered)]
        if program is not None:
            real = in_program(program, actions, pens, self.manner, neural.shape[-1], self.context.seed)
            rows.insert(2, ("MyPaint", real))
        return agent_sheet(self._title(), text, rows)

    def _title(self) -> str:
        joined = "connected " if self.manner.connected else ""
        name = self.settings.brush.rpartition("/")[2].removesuffix(".safetensors").replace("_", " ")
        return f"{self.manner.strokes} {joined}strokes of the {name}"

    def _program(self) -> PaintProgram | None:
        try:
            return find_program(self.settings.brush)
        except (MissingProgram, InputError):
            return None

    def final(self, state: State) -> F32:
        """With the real program's paintings."""
        program = self._program()
        found = judge(here(state), self.painter, program, self.split.unseen, self.manner, self.context.seed)
        text = f"unseen pictures; mean squared error {found['neural']['mse']:.4f} neural"
        if program is not None:
            text += f", {found['program']['mse']:.4f} in MyPaint"
        if "strokes" in found:
            text += f"; order of strokes kept {found['strokes']['order']:.0%}"
        return self._sheet(state, text, self._shown(), program)

    def extras(self, state: State, tone: Tone) -> Mapping[str, bytes]:
        """`agent.safetensors`, `figures.json`; and where pictures were given, the products of the first painting."""
        agent, seed = here(state), self.context.seed
        figures = judge(agent, self.painter, self._program(), self.split.unseen, self.manner, seed)
        plain = {name: {key: round(value, 5) for key, value in part.items()} for name, part in figures.items()}
        facts = {"brush": self.settings.brush, "figures": plain, "seed": seed}
        found: dict[str, bytes] = {"figures.json": json.dumps(plain, indent=1).encode()}
        if self.settings.learns:
            found["agent.safetensors"] = pack_agent(agent, self.manner, facts)
        if self.settings.paint and isinstance(self.painter, ImplicitPainter):
            from orbifolio.runner.strokes.document.products import products  # needs rooms above the agent's

            pictures, _ = self._own_pictures().take(torch.arange(1))
            _, actions, pens = paint(agent, self.painter, pictures, self.manner)
            painting = document(actions[0], pens[0], self.settings.brush, seed)
            found |= products(painting, self.painter, None, title=self.context.title)
        return found

    def save(self, state: State) -> dict[str, Any]:
        """Agent, critic, optimisers, step; the pictures follow from the seed."""
        return {"step": state.step, "unseen": state.unseen, "training": state.training.state_dict()}

    def load(self, phase: int, saved: Mapping[str, Any]) -> State:
        """See the base class."""
        training = self._training()
        training.restart(phase, self.settings.phases[phase])
        training.load_state_dict(saved["training"])
        return State(phase, training, int(saved["step"]), float(saved["unseen"]))

    def describe(self) -> str:
        """Agent, brush and data, one line each."""
        settings = self.settings
        return f"agent {self.shape!r}\nmanner {self.manner!r}\nbrush {settings.brush}\ndata {settings.data!r}"


def prepared(picture: Tensor, shape: Shape) -> Tensor:
    """A picture as the agent knows them: for black ink cut out, thresholded and centred as MNIST's digits are.

    Args:
        picture: (1, 3, h, w) sRGB in [0, 1].
        shape: of the agent.

    Returns:
        (1, planes, side, side) uint8.
    """
    pixels = picture[0].permute(1, 2, 0).numpy()
    if shape.planes == 3:
        return torch.from_numpy(fitted([np.round(pixels * 255).astype(np.uint8)], shape.side, 3))
    grey = pixels.mean(axis=2).astype(np.float64)
    paper = float(np.median(np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))))
    ink = np.abs(grey - paper)  # dark on light and light on dark alike
    ink = ((ink / max(float(ink.max()), 1e-6) - 0.25) / 0.5).clip(0, 1)
    return torch.from_numpy(fitted([laid_out(ink)], shape.side, 1, inverted=True))
