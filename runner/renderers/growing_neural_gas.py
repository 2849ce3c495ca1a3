"""Growing neural gas: picture -> grey -> points -> a graph that grows -> its drawing.

    tone -> sampling -> levels; for each a network: present a batch of points (a step); all graphs -> drawing

A step is a share of a phase's presentations, so that frames, curves and checkpoints fall between them. Reference:
Fritzke 1995; pictures drawn in this way after NeuPy's "Making art with growing neural gas" (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field
from scipy.ndimage import gaussian_filter1d

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.gas.domain import Ground, PlainGround, SymmetricGround, grows_on
from orbifolio.runner.gas.drawing import AnyDrawing
from orbifolio.runner.gas.drawing.meshes import Lines
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.gas.points import AnySampling, Level, Otsu
from orbifolio.runner.gas.rules import AnyRules, Fritzke, Rules
from orbifolio.runner.gas.stops import AnyStop, Moment
from orbifolio.runner.gas.tone import Grey, Mask, Tone
from orbifolio.runner.renderers.base import (
    Outcome,
    Phase,
    Pixels,
    Renderer,
    RendererSettings,
    Studio,
    Traits,
    traits_of,
)
from orbifolio.runner.renderers.base import Tone as Finish
from orbifolio.runner.settings import Settings, kind_of
from orbifolio.runner.symmetry import AnySymmetry
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.verify.summary import summarise

if TYPE_CHECKING:
    from orbifolio.runner.gas.network import Network
    from orbifolio.runner.gas.orbifold import SymmetricNetwork

SOFTENED = 3.0  # pixels
DRAWN = 0.05  # seconds of a step beside its presentations: its drawing, measured


class GasPhase(Settings):
    """One budget of nodes."""

    nodes: int = Field(ge=2, le=1_000_000)
    """Nodes that there may be, of all levels together; under a symmetry those of the fundamental domain, which its
    images repeat."""
    epochs: float = Field(default=20, gt=0, le=10_000)
    """How often every point is presented."""
    steps: int = Field(default=100, ge=1, le=100_000)
    """Parts that the phase is done in: between two a frame, a look at the stops, a point to resume from."""


class GrowingNeuralGas(RendererSettings):
    """A picture redrawn by a graph that grows into it."""

    kind: Literal["growing-neural-gas"] = "growing-neural-gas"
    cites = ("fritzke1995",)
    image: str = Field(min_length=1)
    """The picture."""
    tone: Tone = Tone()
    """How it becomes grey."""
    points: AnySampling = Otsu()
    """What of it becomes points: a threshold, or chance."""
    gas: AnyRules = Fritzke()
    """The rules of growing and their numbers."""
    phases: Annotated[tuple[GasPhase, ...], Field(min_length=1, max_length=64)] = (GasPhase(nodes=2400),)
    """Budgets of nodes, one after the other."""
    stops: Annotated[tuple[AnyStop, ...], Field(max_length=8)] = ()
    """What ends a phase before its epochs do; the first that is reached."""
    symmetry: AnySymmetry = NoSymmetry()
    """The symmetry that the drawing has exactly: the picture is laid over a fundamental domain, and the gas grows on
    over its borders. Of a plane, frieze, rotor, sphere or hyperbolic kind."""
    drawing: AnyDrawing = Lines()
    """How the graph is drawn."""
    size: int = Field(default=1024, ge=16, le=16384)
    """Width of the drawing in pixels; its height follows from the picture."""

    def build(self, studio: Studio) -> GasRenderer:
        """The working renderer."""
        return GasRenderer(self, studio)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Budgets that shrink, crops without an inside; see the base class."""
        found: list[tuple[str, str]] = []
        gas: Rules = self.gas
        before = gas.start
        for number, phase in enumerate(self.phases):
            if phase.nodes < before:
                what = f"the phase before has {before}" if number else f"the gas starts with {before}"
                found.append(
                    (f"phases.{number}.nodes", f"{phase.nodes} nodes, but {what}; a gas grows; give {before} or more")
                )
            before = max(before, phase.nodes)
        found += self._symmetry_complaints()
        if self.tone.crop is not None and (min(self.tone.crop[:2]) < 0 or min(self.tone.crop[2:]) < 1):
            found.append(
                (
                    "tone.crop",
                    f"{list(self.tone.crop)} is no part of a picture; it is left, top, width and height in pixels; "
                    "give a place inside and a size of at least 1 x 1",
                )
            )
        return found

    def _symmetry_complaints(self) -> list[tuple[str, str]]:
        """An illegal symmetry, or one whose movements are none of a surface."""
        settings: SymmetrySettings = self.symmetry
        gas: Rules = self.gas
        if isinstance(settings, NoSymmetry):
            return []
        try:
            symmetry = settings.build()
        except IllegalSymmetry as error:
            return [(f"symmetry.{error.where}".rstrip("."), str(error))]
        if not gas.symmetric:
            return [
                (
                    "gas",
                    f"{kind_of(type(gas))} knows no symmetry; under one a gas grows by the paper's rules; use fritzke, "
                    "or leave out the symmetry",
                )
            ]
        if not grows_on(symmetry):
            return [
                (
                    "symmetry.kind",
                    f"{symmetry.title}: a gas grows on a surface that a group of movements acts on; use plane, frieze, "
                    "rotor, sphere or hyperbolic",
                )
            ]
        return []

    def pictures(self) -> dict[str, str]:
        """The picture and its mask."""
        found = {"image": self.image}
        if self.tone.mask is not None:
            found["tone.mask"] = self.tone.mask
        return found


@dataclass(frozen=True)
class Source:
    """What a picture gave.

    Attributes:
        part: (h, w, 3) the part in use.
        grey: (h, w) before the blur.
        blurred: (h, w) after it.
        allowed: (h, w) where points may be; None for everywhere.
        levels: points for one gas each.
    """

    part: Pixels
    grey: Grey
    blurred: Grey
    allowed: Mask | None
    levels: tuple[Level, ...]

    @property
    def mask(self) -> Mask | None:
        """(h, w) where any points come from; None if by chance all over."""
        masks = [level.mask for level in self.levels if level.mask is not None]
        return np.logical_or.reduce(masks) if masks else None


@dataclass
class State:
    """One phase under way.

    Attributes:
        phase: 0-based.
        networks: one for each level.
        begun: what each had been presented when the phase began.
        step: steps done.
        history: of the phase.
        reason: why a stop ended it; empty while it goes on.
    """

    phase: int
    networks: list[Network | SymmetricNetwork]
    begun: list[int]
    step: int = 0
    history: list[Moment] = field(default_factory=list)
    reason: str = ""


class GasRenderer(Renderer):
    """The working renderer; see the module's docstring."""

    charted = ("nodes", "edges")

    def __init__(self, settings: GrowingNeuralGas, studio: Studio) -> None:
        self.settings = settings
        self.studio = studio
        self.drawing = settings.drawing.build()

    @cached_property
    def source(self) -> Source:
        """The picture on its way to points; read when first needed."""
        tone, studio = self.settings.tone, self.studio
        part = tone.part(_pixels(studio.plain_picture(self.settings.image)))
        grey = tone.grey(part)
        blurred = tone.blurred(grey)
        allowed = None
        if tone.mask is not None:
            allowed = tone.allowed(_pixels(studio.plain_picture(tone.mask)), (grey.shape[0], grey.shape[1]))
        random = np.random.default_rng((studio.seed, 0x67A5))  # a stream of its own beside those of the gas
        levels = self.settings.points.levels(blurred, allowed, random)
        return Source(part, grey, blurred, allowed, levels)

    @cached_property
    def ground(self) -> Ground:
        """What the gas grows on."""
        height, width = self.source.part.shape[:2]
        symmetry: SymmetrySettings = self.settings.symmetry
        if isinstance(symmetry, NoSymmetry):
            return PlainGround((height, width), self.settings.size)
        return SymmetricGround(symmetry.build(), (height, width), self.settings.size)

    def phases(self) -> tuple[Phase, ...]:
        """One for each budget of nodes."""
        width, height = self.ground.width, self.ground.height
        points = sum(len(level.points) for level in self.source.levels)
        return tuple(
            Phase(
                f"{phase.nodes} nodes",
                width,
                height,
                phase.steps,
                2 * phase.nodes,
                (f"{points} points, {round(points * phase.epochs)} presentations",),
                seconds=points * phase.epochs * self.ground.pace + phase.steps * DRAWN,
            )
            for phase in self.settings.phases
        )

    def stages(self) -> Mapping[str, Pixels]:
        """Each picture on the way from the picture to its points."""
        source = self.source
        found = {"part in use": source.part} if self.settings.tone.crop or self.settings.tone.width else {}
        found["inverted grey" if self.settings.tone.invert else "grey"] = _shown(source.grey)
        if self.settings.tone.blur:
            found["blurred"] = _shown(source.blurred)
        if source.allowed is not None:
            found["where points may be"] = _shown(source.allowed)
        for level in source.levels:
            height, width = source.grey.shape
            columns, rows = (
                np.clip(axis.astype(int), 0, top - 1) for axis, top in zip(level.points.T, (width, height), strict=True)
            )
            counts = np.bincount(rows * width + columns, minlength=width * height).reshape(height, width)
            dense = 1.0 if level.mask is not None else max(1.0, float(np.quantile(counts, 0.99)))
            found[level.title] = _shown(1 - np.minimum(counts / dense, 1.0))
        return found

    def _networks(self) -> list[Network | SymmetricNetwork]:
        return self.ground.networks(self.source.levels, self.settings.gas, self.studio.seed)

    def begin(self, phase: int, previous: State | None) -> State:
        """The start nodes, or the networks of the phase before."""
        networks = self._networks() if previous is None else previous.networks
        return State(phase, networks, [network.presented for network in networks])

    def step(self, state: State) -> Outcome:
        """Present the next share of the phase's points."""
        phase = self.settings.phases[state.phase]
        state.step += 1
        weights = [len(level.points) for level in self.source.levels]
        online = 0.0
        for network, begun, points in zip(state.networks, state.begun, weights, strict=True):
            goal = begun + round(points * phase.epochs * state.step / phase.steps)
            most = max(2, round(phase.nodes * points / sum(weights)))
            online += network.grow(goal - network.presented, most) * points / sum(weights)
        nodes = sum(network.alive for network in state.networks)
        errors = [network.quantisation_error() for network in state.networks]
        error = float(np.average(errors, weights=weights))
        state.history.append(Moment(nodes, error))
        state.reason = next((why for stop in self.settings.stops if (why := stop.reason(state.history))), "")
        metrics = {
            "nodes": float(nodes),
            "edges": float(sum(network.edges for network in state.networks)),
            "distance_at_presentation": online,
            "presentations": float(sum(network.presented for network in state.networks)),
        }
        return Outcome({"quantisation_error": error}, metrics, finished=state.reason)

    def graph(self, state: State) -> Graph:
        """The graph of all levels over what is drawn."""
        return self.ground.graph(state.networks)

    @cached_property
    def _under(self) -> tuple[Pixels, Mask | None]:
        """The picture and the mask as they lie under the graph."""
        mask = self.source.mask
        return self.ground.picture(self.source.part), None if mask is None else self.ground.mask(mask)

    def image(self, state: State) -> Pixels:
        """The drawing."""
        picture, mask = self._under
        width, height = self.ground.width, self.ground.height
        drawn: Pixels = self.drawing.draw(self.graph(state), picture, mask, width=width, height=height)
        return drawn

    def extras(self, state: State, tone: Finish) -> Mapping[str, bytes]:
        """The graph, and what the drawing has besides."""
        graph = self.graph(state)
        files = self.drawing.files(graph, *self._under)
        return {"graph.json": graph.to_json().encode(), **files}

    @property
    def _symmetry(self) -> Symmetry | None:
        settings: SymmetrySettings = self.settings.symmetry
        return None if isinstance(settings, NoSymmetry) else settings.build()

    def traits(self, phase: int) -> Traits:
        """What finishing must respect: the symmetry's shape and colours."""
        symmetry = self._symmetry
        if symmetry is None:
            return Traits(tiles=False)
        aspect = 1.0 if symmetry.ratio is None else symmetry.ratio * self.ground.height / self.ground.width
        return traits_of(symmetry, aspect)

    def symmetry_summary(self, image: Pixels | None) -> dict[str, Any] | None:
        """Group, claims and residuals of the drawing; None without a symmetry.

        Lines are as thin as the pixels that show them, so what is measured is the drawing softened a little.
        """
        symmetry = self._symmetry
        if symmetry is None:
            return None
        if image is not None:
            for axis, wraps in enumerate(symmetry.wrap):
                image = gaussian_filter1d(image, SOFTENED, axis=axis, mode="wrap" if wraps else "nearest")
        summary = summarise(symmetry, getattr(self.settings.symmetry, "kind", ""), image)
        note = f"measured on the drawing softened by {SOFTENED:g} pixels: its lines are as thin as pixels"
        return {**summary, "notes": [*summary["notes"], note]}

    def save(self, state: State) -> dict[str, Any]:
        """Networks, place in the phase, history."""
        return {
            "networks": [
                {
                    name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
                    for name, value in network.save().items()
                }
                for network in state.networks
            ],
            "begun": list(state.begun),
            "step": state.step,
            "history": [[moment.nodes, moment.error] for moment in state.history],
            "reason": state.reason,
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> State:
        """Points are made again; the rest is as it was."""
        networks = self._networks()
        for network, arrays in zip(networks, saved["networks"], strict=True):
            network.load(
                {name: value.cpu().numpy() if hasattr(value, "cpu") else value for name, value in arrays.items()}
            )
        history = [Moment(int(nodes), float(error)) for nodes, error in saved["history"]]
        return State(phase, networks, list(saved["begun"]), int(saved["step"]), history, str(saved["reason"]))

    def describe(self) -> str:
        """Rules and sampling, one line each."""
        levels = [f"{level.title}: {len(level.points)}" for level in self.source.levels]
        return "\n".join([f"gas {self.settings.gas!r}", f"from {self.settings.points!r}", *levels])


def _pixels(picture: torch.Tensor) -> Pixels:
    """(1, 3, h, w) -> (h, w, 3)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)


def _shown(grey: Grey | Mask) -> Pixels:
    """(h, w) -> (h, w, 3)."""
    return np.repeat(np.clip(np.asarray(grey, dtype=np.float32), 0, 1)[..., None], 3, axis=2)
