"""Growing neural gas: picture -> grey -> points -> a graph that grows -> its drawing.

    tone -> sampling -> levels; for each a network: present a batch of points (a step); all graphs -> drawing

A step is a share of a phase's presentations, so that frames, curves and checkpoints fall between them. Reference:
Fritzke 1995; pictures drawn in this way after NeuPy's "Making art with growing neural gas" (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.deferred import ndimage, torch
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.gas.domain import GasDomain, PictureDomain, SymmetricDomain
from orbifolio.runner.gas.drawing import AnyDrawing
from orbifolio.runner.gas.drawing.meshes import Lines
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.gas.points import AnySampling, Otsu
from orbifolio.runner.gas.rules import AnyRules, Fritzke, GrowthRules
from orbifolio.runner.gas.source import POINT_BYTES, SOURCE_BYTES, PointSource, SourceExtent, SourceReader, shown
from orbifolio.runner.gas.stops import AnyStop, Moment
from orbifolio.runner.gas.tone import Tone
from orbifolio.runner.images.finish import Tone as Finish
from orbifolio.runner.images.finish import Traits, nothing_outside
from orbifolio.runner.named_files import FileName
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings, traits_of
from orbifolio.runner.settings import Settings, kind_of
from orbifolio.runner.symmetry import AnySymmetry
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.rigid import is_rigid
from orbifolio.runner.symmetry.verify.residuals import change
from orbifolio.runner.symmetry.verify.summary import summarise

if TYPE_CHECKING:
    from orbifolio.runner.gas.network import Network
    from orbifolio.runner.gas.orbifold import SymmetricNetwork

MEASURING_BLUR = 3.0  # pixels: softens lines as thin as a pixel before symmetry is measured
DRAWING_BYTES = 80.0  # for each pixel of a drawing, for the plan; measured from 512 to 3,072 px
DRAWING_SECONDS = 0.05
"""What a step takes beside its presentations, for the plan. Measured on two cores with 104,361 points and 2400
nodes: 0.01 s for the error, and 0.4 s for a picture of 1024 px, which one step in ten is taken to need."""


class GasPhase(Settings):
    """One budget of nodes."""

    nodes: int = Field(ge=2, le=1_000_000)
    """Maximum number of nodes, of all levels together; under a symmetry those of the fundamental domain, which its
    images repeat."""
    epochs: float = Field(default=20, gt=0, le=10_000)
    """How often every point is presented."""
    steps: int = Field(default=100, ge=1, le=100_000)
    """Parts of the phase; after each a frame may be kept, the stops are checked, and a run can be resumed."""


class GrowingNeuralGas(RendererSettings):
    """A picture redrawn by a graph that grows into it."""

    kind: Literal["growing-neural-gas"] = "growing-neural-gas"
    cites = ("fritzke1995",)
    grounded = False
    image: FileName = Field(min_length=1)
    """The picture."""
    tone: Tone = Tone()
    """How it becomes grey."""
    points: AnySampling = Otsu()
    """Which parts of it become points: by a threshold, or at random."""
    gas: AnyRules = Fritzke()
    """The rules of growing and their numbers."""
    phases: Annotated[tuple[GasPhase, ...], Field(min_length=1, max_length=64)] = (GasPhase(nodes=2400),)
    """Budgets of nodes, one after the other."""
    stops: Annotated[tuple[AnyStop, ...], Field(max_length=8)] = ()
    """Conditions that end a phase before its epochs do; the first to be met counts."""
    symmetry: AnySymmetry = NoSymmetry()
    """The symmetry that the drawing has exactly: the picture is laid over a fundamental domain, and the gas grows
    across its borders. Of a plane, frieze, rotor, sphere or hyperbolic kind."""
    drawing: AnyDrawing = Lines()
    """How the graph is drawn."""
    size: int = Field(default=1024, ge=16, le=16384)
    """Width of the drawing in pixels; its height follows from the picture."""

    def build(self, context: RenderContext) -> GasRenderer:
        """The renderer of the gas; the picture is read when first needed."""
        return GasRenderer(self, context)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Budgets that shrink, crops without an inside; see the base class."""
        problems: list[tuple[str, str]] = []
        gas: GrowthRules = self.gas
        before = gas.start
        for number, phase in enumerate(self.phases):
            if phase.nodes < before:
                what = f"the phase before has {before}" if number else f"the gas starts with {before}"
                problems.append(
                    (f"phases.{number}.nodes", f"{phase.nodes} nodes, but {what}; a gas grows; give {before} or more")
                )
            before = max(before, phase.nodes)
        problems += self._symmetry_complaints()
        problems += [(f"tone.{where}", what) for where, what in self.tone.complaints()]
        return problems

    def kept_symmetry(self, ratio: float) -> Symmetry | None:
        """The drawing's: see the base class."""
        settings: SymmetrySettings = self.symmetry
        return None if isinstance(settings, NoSymmetry) else settings.build()

    def _symmetry_complaints(self) -> list[tuple[str, str]]:
        """An illegal symmetry, or one whose movements do not act on a surface."""
        settings: SymmetrySettings = self.symmetry
        gas: GrowthRules = self.gas
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
                    f"{kind_of(type(gas))} supports no symmetry; only the paper's rules do; use fritzke, "
                    "or leave out the symmetry",
                )
            ]
        if not is_rigid(symmetry):
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
        sources = {"image": self.image}
        if self.tone.mask is not None:
            sources["tone.mask"] = self.tone.mask
        return sources


@dataclass
class GasState:
    """One phase under way.

    Attributes:
        phase: its number, from 0.
        networks: one for each level.
        before: how many points each had been presented when the phase began.
        step: number of steps done in this phase.
        history: nodes and error after each step of the phase.
        reason: why a stop ended it; empty while it continues.
    """

    phase: int
    networks: list[Network | SymmetricNetwork]
    before: list[int]
    step: int = 0
    history: list[Moment] = field(default_factory=list)
    reason: str = ""


class GasRenderer(Renderer):
    """Grows and draws the gas; see the module's docstring."""

    charted = ("nodes", "edges")

    def __init__(self, settings: GrowingNeuralGas, context: RenderContext) -> None:
        self.settings = settings
        self.context = context
        self.drawing = settings.drawing.build()

    @cached_property
    def source(self) -> PointSource:
        """The picture on its way to points; read when first needed."""
        return self._reader().read()

    def _reader(self) -> SourceReader:
        random = np.random.default_rng((self.context.seed, 0x67A5))  # a stream of its own beside those of the gas
        settings, context = self.settings, self.context
        return SourceReader(
            settings.image,
            settings.tone,
            settings.points,
            lambda name: _pixels(context.plain_picture(name)),
            lambda name: _pixels(context.mask_picture(name)),
            random,
            context.warn,
        )

    @cached_property
    def domain(self) -> GasDomain:
        """What the gas grows on."""
        return self._domain_of((self.source.part.shape[0], self.source.part.shape[1]))

    def _domain_of(self, part: tuple[int, int]) -> GasDomain:
        """What the gas grows on, of a part of (height, width) pixels."""
        if self._symmetry is None:
            return PictureDomain(part, self.settings.size)
        return SymmetricDomain(self._symmetry, part, self.settings.size)

    def phases(self) -> tuple[Phase, ...]:
        """One for each budget of nodes."""
        height, width = self.source.part.shape[:2]
        return self._phases_of(SourceExtent(height, width, self.source.count))

    def forecast(self) -> tuple[Phase, ...]:
        """Of a large picture, a small one tells how many points it has, and of millions of random points a few."""
        return self._phases_of(self._reader().extent())

    def _phases_of(self, extent: SourceExtent) -> tuple[Phase, ...]:
        """One for each budget of nodes.

        Args:
            extent: of the picture and its points.
        """
        domain = self._domain_of((extent.height, extent.width))
        width, height, points = domain.width, domain.height, extent.points
        memory = DRAWING_BYTES * width * height + SOURCE_BYTES * extent.height * extent.width + POINT_BYTES * points
        return tuple(
            Phase(
                f"{phase.nodes} nodes",
                width,
                height,
                phase.steps,
                2 * phase.nodes,
                (f"{points} points, {round(points * phase.epochs)} presentations",),
                seconds=points * phase.epochs * domain.pace + phase.steps * DRAWING_SECONDS,
                memory_bytes=memory,
            )
            for phase in self.settings.phases
        )

    def stages(self) -> Mapping[str, F32]:
        """Each picture on the way from the picture to its points."""
        return self.source.stages(self.settings.tone)

    def _networks(self) -> list[Network | SymmetricNetwork]:
        return self.domain.networks(self.source.levels, self.settings.gas, self.context.seed)

    def begin(self, phase: int, previous: GasState | None) -> GasState:
        """The start nodes, or the networks of the phase before."""
        networks = self._networks() if previous is None else previous.networks
        return GasState(phase, networks, [network.presented for network in networks])

    def step(self, state: GasState) -> Outcome:
        """Present the next share of the phase's points."""
        phase = self.settings.phases[state.phase]
        state.step += 1
        weights = [len(level.points) for level in self.source.levels]
        online = 0.0
        for network, before, points in zip(state.networks, state.before, weights, strict=True):
            goal = before + round(points * phase.epochs * state.step / phase.steps)
            max_nodes = max(2, round(phase.nodes * points / sum(weights)))
            online += network.grow(goal - network.presented, max_nodes) * points / sum(weights)
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

    def graph(self, state: GasState) -> Graph:
        """The graph of all levels over what is drawn."""
        return self.domain.graph(state.networks)

    @cached_property
    def _under(self) -> tuple[F32, Bools | None, F64]:
        """The picture, the mask and the tones as they lie under the graph."""
        source, mask = self.source, self.source.mask
        tones = self.domain.picture(shown(source.toned))[..., 0].astype(np.float64)
        return self.domain.picture(source.part), None if mask is None else self.domain.mask(mask), tones

    def image(self, state: GasState) -> F32:
        """The graph as it is drawn so far."""
        picture, mask, tones = self._under
        width, height = self.domain.width, self.domain.height
        drawn: F32 = self.drawing.draw(self.graph(state), picture, mask, width=width, height=height, tones=tones)
        return drawn

    def extras(self, state: GasState, tone: Finish) -> Mapping[str, bytes]:
        """The graph, and what the drawing has besides."""
        graph = self.graph(state)
        picture, mask, tones = self._under
        files = self.drawing.files(graph, picture, mask, tones=tones)
        return {"graph.json": graph.to_json().encode(), **files}

    @cached_property
    def _symmetry(self) -> Symmetry | None:
        return self.settings.kept_symmetry(1.0)

    def traits(self, phase: int) -> Traits:
        """What finishing must respect: the symmetry's shape and colours; a drawing has a paper of its own."""
        symmetry = self._symmetry
        if symmetry is None:
            return Traits(tiles=False)
        aspect = 1.0 if symmetry.ratio is None else symmetry.ratio * self.domain.height / self.domain.width
        return replace(traits_of(symmetry, aspect), opacity=nothing_outside)

    def symmetry_summary(self, image: F32 | None) -> dict[str, Any] | None:
        """Group, claims and residuals of the drawing; None without a symmetry.

        Lines are as thin as the pixels that show them, so what is measured is the drawing softened a little. They are
        no thinner where a chart shows them half as large, so what half as much detail would change is no fault.
        """
        symmetry = self._symmetry
        if symmetry is None:
            return None
        kind = kind_of(type(self.settings.symmetry))
        summary = summarise(symmetry, kind, None if image is None else _softened(image, MEASURING_BLUR, symmetry.wrap))
        if image is not None:
            once, twice = (_softened(image, part * MEASURING_BLUR, symmetry.wrap).reshape(-1, 3) for part in (1, 2))
            summary["grain"] = max(summary["grain"], round(change(once, twice), 6))
        note = f"measured on the drawing softened by {MEASURING_BLUR:g} pixels: its lines are as thin as pixels"
        return {**summary, "notes": [*summary["notes"], note]}

    def save(self, state: GasState) -> dict[str, Any]:
        """Networks, progress within the phase, history."""
        return {
            "networks": [
                {
                    name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
                    for name, value in network.save().items()
                }
                for network in state.networks
            ],
            "begun": list(state.before),  # the key of checkpoints on disk
            "step": state.step,
            "history": [[moment.nodes, moment.error] for moment in state.history],
            "reason": state.reason,
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> GasState:
        """The saved state; points are sampled anew, since they follow from the seed."""
        networks = self._networks()
        for network, arrays in zip(networks, saved["networks"], strict=True):
            network.load(
                {name: value.cpu().numpy() if hasattr(value, "cpu") else value for name, value in arrays.items()}
            )
        history = [Moment(int(nodes), float(error)) for nodes, error in saved["history"]]
        return GasState(phase, networks, list(saved["begun"]), int(saved["step"]), history, str(saved["reason"]))

    def describe(self) -> str:
        """Rules and sampling, one line each."""
        levels = [f"{level.title}: {len(level.points)}" for level in self.source.levels]
        return "\n".join([f"gas {self.settings.gas!r}", f"from {self.settings.points!r}", *levels])


def _softened(image: F32, blur: float, wrap: tuple[bool, bool]) -> F32:
    """(h, w, 3) after a Gaussian of a standard deviation in pixels."""
    for axis, wraps in enumerate(wrap):
        image = ndimage.gaussian_filter1d(image, blur, axis=axis, mode="wrap" if wraps else "nearest")
    return image


def _pixels(picture: torch.Tensor) -> F32:
    """(1, 3, h, w) -> (h, w, 3)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
