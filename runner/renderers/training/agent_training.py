"""Agent training: pictures -> an agent that paints them, stroke by stroke; the picture shows what it can.

    gather pictures -> step: critic, episode, gradient -> sheet of targets, paintings, the order of their strokes

The state's picture shows pictures that the agent never learnt from. What the run leaves behind has them drawn in the
real paint program too. The trained agent, ready to use, and all figures are extras. With `start` and no steps an
agent that has learnt already paints the pictures of `paint`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.renderers.base import RenderContext, RendererSettings
from orbifolio.runner.renderers.training.agent_renderer import AgentRenderer, find_program
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.agent.action_space import Manner
from orbifolio.runner.strokes.agent.data import AnyTargets, DataSettings, Mnist
from orbifolio.runner.strokes.agent.demonstrations import example_table, read_examples
from orbifolio.runner.strokes.agent.network import Shape
from orbifolio.runner.strokes.agent.training import AgentPhase
from orbifolio.runner.strokes.agent.weights import load_agent
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.brush_models.weights import find_painter, unpack

FIXED = 64  # pixels of painters that have a fixed resolution


class AgentSize(Settings):
    """Of the two networks. The paper's are side 64, 32 channels, 8 blocks, hidden 256, stride 1, 64 critic channels."""

    side: Literal[32, 64, 128] = 32
    """Of canvas and pictures in pixels."""
    channels: int = Field(default=32, ge=4, le=512)
    """Of the agent's maps."""
    blocks: int = Field(default=2, ge=0, le=32)
    """Residual ones."""
    hidden: int = Field(default=192, ge=8, le=4096)
    """Numbers of its memory."""
    stride: int = Field(default=2, ge=1, le=4)
    """Of its first convolution."""
    critic: int = Field(default=24, ge=4, le=512)
    """Channels of the critic's first map."""


class AgentTraining(RendererSettings):
    """A network learns to paint pictures stroke by stroke; the picture shows targets and paintings."""

    kind: Literal["agent-training"] = "agent-training"
    brush: str = "classic/dry_brush"
    """A learnt brush by its name, or the path of a `painter.safetensors` that painter-training left."""
    practice: Literal["swift", "true"] = "swift"
    """Practise with a table of the brush, some thirty times as fast, or with the painter itself."""
    data: AnyTargets = Field(default=Mnist())
    """The pictures to paint."""
    manner: Manner = Manner()
    """How many strokes, and what they may be."""
    size: AgentSize = AgentSize()
    """Of the networks."""
    examples: str | None = None
    """Example strokes for each class, for phases with `forcing`: `digits`, or the path of a .yaml file."""
    start: str | None = None
    """An agent to go on with: `digits`, or the path of an `agent.safetensors`; it brings its size and manner."""
    phases: Annotated[tuple[AgentPhase, ...], Field(min_length=1, max_length=16)]
    """One after the other; each goes on with the agent of the one before."""
    unseen: int = Field(default=100, ge=4, le=10_000)
    """Pictures kept to judge by."""
    paint: tuple[str, ...] = Field(default=(), max_length=100)
    """Pictures to paint in the end, instead of those kept; for black ink they are cut out as MNIST's digits are."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", "ganin2018", "gulrajani2017", "kingma2015")

    def build(self, context: RenderContext) -> AgentRenderer:
        """The working renderer."""
        return AgentRenderer(self, context)

    @property
    def learns(self) -> bool:
        """It needs pictures to learn from."""
        return any(phase.steps for phase in self.phases)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """What is not there, and what does not go together; see the base class."""
        data: DataSettings = self.data
        found = [(f"data.{path}", text) for path, text in data.complaints()]
        for path, look in (("brush", self._look_at_brush), ("start", self._look_at_start), ("examples", self._look)):
            try:
                look()
            except InputError as error:
                found.append((path, str(error)))
        for number, phase in enumerate(self.phases):
            if phase.steps and not (phase.pixels or phase.adversarial or phase.forcing):
                text = "nothing counts in it; give pixels, adversarial or forcing a weight"
                found.append((f"phases.{number}", text))
            if phase.forcing and self.examples is None:
                text = f"{phase.forcing:g}: forcing leads to example strokes; add `examples: digits` or a file"
                found.append((f"phases.{number}.forcing", text))
        if not self.learns and self.start is None:
            found.append(("phases", "no steps, so nothing is learnt; give a phase steps, or an agent by `start`"))
        if not self.learns and not self.paint:
            found.append(("paint", "no steps and nothing to paint; give pictures to paint, or a phase steps"))
        return found

    def _look_at_brush(self) -> None:
        painter = unpack(find_painter(self.brush))[0]
        if not isinstance(painter, ImplicitPainter) and self.shape_and_manner()[0].side != FIXED:
            raise InputError(f"{self.brush}: it paints {FIXED} pixels only; set renderer.size.side to {FIXED}")

    def _look_at_start(self) -> None:
        if self.start is None:
            return
        load_agent(self.start)
        for name in ("manner", "size"):
            if name in self.model_fields_set:
                raise InputError(f"{self.start}: this agent has a {name} of its own; leave renderer.{name} out")

    def _look(self) -> None:
        if self.examples is not None:
            examples = read_examples(self.examples)
            strokes = self.shape_and_manner()[1].strokes
            example_table(examples, tuple(examples.classes), strokes, self.examples)

    def shape_and_manner(self) -> tuple[Shape, Manner]:
        """Of the agent, from its file or from the recipe."""
        if self.start is not None:
            try:
                agent, manner, _ = load_agent(self.start)
                return agent.shape, manner
            except InputError:
                pass  # complained about at its own place
        size, manner = self.size, self.manner
        return Shape(
            size.side, manner.planes, manner.numbers, size.channels, size.blocks, size.hidden, size.stride
        ), manner

    def advisories(self) -> list[str]:
        """That the pictures or the paint program are not here."""
        data: DataSettings = self.data
        found = data.advisories() if self.learns else []
        try:
            find_program(self.brush)
        except (MissingProgram, InputError) as error:
            found = [*found, f"the paintings are not drawn in the real program: {error}"]
        return found

    def pictures(self) -> dict[str, str]:
        """Those to paint, by their path."""
        return {f"paint.{number}": source for number, source in enumerate(self.paint)}
