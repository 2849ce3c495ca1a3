"""Self-organising map: picture or words -> signals -> a net of units that unfolds among them -> its drawing.

A step is a share of a phase's presentations, so that frames, curves and checkpoints fall between them. Reference:
Kohonen 1982.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.gas.drawing.base import DrawingSettings
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.gas.source import POINT_BYTES, SourceExtent
from orbifolio.runner.images.finish import Tone as Finish
from orbifolio.runner.images.finish import Traits
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.settings import Settings, kind_of
from orbifolio.runner.som.drawing import AnyMapDrawing, Weave
from orbifolio.runner.som.lattice import LatticeShape, MapLattice, neighbours, threads
from orbifolio.runner.som.rules import AnyMapRule, BatchMap, MapRule
from orbifolio.runner.som.signals import AnySignals, SignalSet, SignalSettings

if TYPE_CHECKING:
    from orbifolio.runner.som.map import MapSchedule, SelfOrganisingMap

DRAWING_BYTES = 80.0  # for each pixel of a drawing, for the plan; measured from 600 to 2,400 px
DRAWING_SECONDS = 0.3
"""What a step takes beside its presentations, for the plan: a picture of 1200 px takes 1 to 3 s on two cores, and one
step in five is taken to need one."""

Ends = Annotated[tuple[float, float], Field(min_length=2, max_length=2)]


class MapPhase(Settings):
    """One phase of learning: first the order of the whole, then its detail."""

    epochs: float = Field(default=20, gt=0, le=10_000)
    """How often every signal is presented."""
    radius: Ends | None = None
    """Radius of the neighbourhood (the deviation of a Gaussian) at the start and at the end, in distances of neighbours
    on the map; null for a quarter of its shorter side in the first phase, 2 afterwards, down to 2 and 0.7."""
    learning_rate: Ends | None = None
    """Share of the way to a signal that the winner moves, at the start and at the end; null for 0.3 to 0.05 in the
    first phase, 0.05 to 0.01 afterwards. The batch map has none."""
    decay: Literal["linear", "exponential", "inverse"] = "exponential"
    """How both fall from start to end."""
    steps: int = Field(default=20, ge=1, le=100_000)
    """Parts of the phase; after each a frame may be kept, and a run can be resumed."""


class SelfOrganisingMapPicture(RendererSettings):
    """A picture or words redrawn by a net that unfolds among them and draws together where there is most to see."""

    kind: Literal["self-organising-map"] = "self-organising-map"
    cites = ("kohonen1982", "kiviluoto1996")
    grounded = False
    signals: AnySignals
    """What the map learns from: a picture's dark places, letters, or places with their colours."""
    map: MapLattice = MapLattice()
    """Its units."""
    start: Literal["even", "random"] = "even"
    """Where units start: as an even net over the picture, or on random signals: a tangle that unfolds."""
    rule: AnyMapRule = BatchMap()
    """How units learn."""
    phases: Annotated[tuple[MapPhase, ...], Field(min_length=1, max_length=16)] = (MapPhase(), MapPhase())
    """Phases of learning, one after the other."""
    drawing: AnyMapDrawing = Weave()
    """How the map is drawn."""
    size: int = Field(default=1200, ge=16, le=16384)
    """Width of the drawing in pixels; its height follows from the picture."""

    def build(self, context: RenderContext) -> MapRenderer:
        """The renderer of the map; the picture is read when first needed."""
        return MapRenderer(self, context)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """A torus that does not close, values that fall to nothing or have no effect; see the base class."""
        lattice: MapLattice = self.map
        signals: SignalSettings = self.signals
        rule: MapRule = self.rule
        drawing: DrawingSettings = self.drawing
        problems = [(f"map.{where}", what) for where, what in lattice.complaints()]
        problems += [(f"signals.{where}", what) for where, what in signals.complaints()]
        for number, phase in enumerate(self.phases):
            for name in ("radius", "learning_rate"):
                ends = getattr(phase, name)
                if ends is not None and min(ends) <= 0:
                    problems.append(
                        (
                            f"phases.{number}.{name}",
                            f"{list(ends)}; it falls towards 0 and never reaches it; give two values above 0",
                        )
                    )
            if phase.learning_rate is not None and max(phase.learning_rate) > 1:
                problems.append(
                    (
                        f"phases.{number}.learning_rate",
                        f"{list(phase.learning_rate)}; a unit moves a share of the way; give values up to 1",
                    )
                )
            if phase.learning_rate is not None and not rule.learns_by_rate:
                problems.append(
                    (
                        f"phases.{number}.learning_rate",
                        f"the rule {kind_of(type(rule))} has no learning rate; leave it out, or set rule: online",
                    )
                )
        if drawing.coloured and not signals.coloured:
            problems.append(
                (
                    "drawing.kind",
                    f"a {kind_of(type(drawing))} needs units with colours, and these signals are places; set "
                    "signals.kind: colours, or draw lines, tonal or weave",
                )
            )
        if drawing.improve is not None:
            problems.append(("drawing.improve", "a map keeps its net as it is; leave out improve"))
        return problems

    def pictures(self) -> dict[str, str]:
        """The pictures of its signals."""
        signals: SignalSettings = self.signals
        return {f"signals.{where}": source for where, source in signals.pictures().items()}


@dataclass
class MapState:
    """One phase under way.

    Attributes:
        phase: its number, from 0.
        som: with its units.
        step: number of steps done in this phase.
    """

    phase: int
    som: SelfOrganisingMap
    step: int = 0


class MapRenderer(Renderer):
    """Unfolds and draws the map; see the module's docstring."""

    charted = ("topographic_error",)

    def __init__(self, settings: SelfOrganisingMapPicture, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self.drawing = settings.drawing.build()

    @cached_property
    def signals(self) -> SignalSet:
        """What the map learns from; read when first needed."""
        settings: SignalSettings = self.settings.signals
        return settings.read(*self._given())

    def _given(
        self,
    ) -> tuple[Callable[[str], F32], Callable[[str], F32], np.random.Generator, Callable[[str], None]]:
        """What signals are read with."""
        random = np.random.default_rng((self.context.seed, 0x50A1, 2))  # a stream of its own beside those of the map
        context = self.context
        return (
            lambda name: _pixels(context.plain_picture(name)),
            lambda name: _pixels(context.mask_picture(name)),
            random,
            context.warn,
        )

    @cached_property
    def _extent(self) -> SourceExtent:
        """What the signals hold, once they are made."""
        height, width = self.signals.picture.shape[:2]
        return SourceExtent(height, width, len(self.signals.vectors))

    @cached_property
    def shape(self) -> LatticeShape:
        """Of the map's lattice."""
        return self._shape_on(self._extent)

    def _shape_on(self, extent: SourceExtent) -> LatticeShape:
        return self.settings.map.shape(extent.width / extent.height)

    def _size(self, extent: SourceExtent) -> tuple[int, int]:
        """(width, height) of the drawing."""
        return self.settings.size, max(1, round(self.settings.size * extent.height / extent.width))

    def _schedule(self, number: int, extent: SourceExtent) -> MapSchedule:
        """How a phase goes."""
        from orbifolio.runner.som.map import MapSchedule  # compiles, so not before it is needed

        phase = self.settings.phases[number]
        shape = self._shape_on(extent)
        across = max(2.5, min(shape.rows * shape.pitch, shape.columns) / 4)
        return MapSchedule(
            max(1, round(extent.points * phase.epochs)),
            phase.radius or ((2.0, 0.7) if number else (across, 2.0)),
            phase.learning_rate or ((0.05, 0.01) if number else (0.3, 0.05)),
            phase.decay,
        )

    def phases(self) -> tuple[Phase, ...]:
        """One for each phase of learning."""
        return self._phases_of(self._extent)

    def forecast(self) -> tuple[Phase, ...]:
        """Without making the signals, which may be millions."""
        settings: SignalSettings = self.settings.signals
        return self._phases_of(settings.extent(*self._given()))

    def _phases_of(self, extent: SourceExtent) -> tuple[Phase, ...]:
        """One for each phase of learning.

        Args:
            extent: of the picture and its signals.
        """
        signals: SignalSettings = self.settings.signals
        width, height = self._size(extent)
        shape = self._shape_on(extent)
        units, count = shape.rows * shape.columns, extent.points
        numbers = 5 if signals.coloured else 2
        rule: MapRule = self.settings.rule
        memory = DRAWING_BYTES * width * height + signals.pixel_bytes * extent.height * extent.width
        memory += POINT_BYTES * count * numbers / 2
        phases = []
        for number, phase in enumerate(self.settings.phases):
            schedule = self._schedule(number, extent)
            start, end = schedule.radius
            notes = (f"{count} signals, {schedule.presentations} presentations",)
            seconds = schedule.presentations * rule.seconds(units) + phase.steps * DRAWING_SECONDS
            title = f"{shape.rows} x {shape.columns} units, radius {start:.3g} to {end:.3g}"
            phases.append(
                Phase(title, width, height, phase.steps, units * numbers, notes, seconds=seconds, memory_bytes=memory)
            )
        return tuple(phases)

    def stages(self) -> Mapping[str, F32]:
        """Each picture on the way to the signals."""
        return self.signals.stages

    def _map(self) -> SelfOrganisingMap:
        from orbifolio.runner.som.map import SelfOrganisingMap

        scattered = self.settings.start == "random"
        framed = self.settings.map.framed
        return SelfOrganisingMap(
            self.signals.vectors, self.shape, seed=self.context.seed, scattered=scattered, framed=framed
        )

    def begin(self, phase: int, previous: MapState | None) -> MapState:
        """The units as they start, or those of the phase before."""
        return MapState(phase, self._map() if previous is None else previous.som)

    def step(self, state: MapState) -> Outcome:
        """Present the next share of the phase's signals."""
        steps = self.settings.phases[state.phase].steps
        schedule = self._schedule(state.phase, self._extent)
        rule: MapRule = self.settings.rule
        begin, end = (round(schedule.presentations * at / steps) for at in (state.step, state.step + 1))
        rule.learn(state.som, schedule, begin, end)
        state.step += 1
        quantisation, topographic = state.som.errors()
        radius = float(schedule.at(schedule.radius, np.array([float(end)]))[0])
        metrics = {
            "topographic_error": topographic,
            "radius": radius,
            "presentations": float(state.som.presented),
        }
        return Outcome({"quantisation_error": quantisation}, metrics)

    def graph(self, state: MapState) -> Graph:
        """The units over the picture, joined as on the lattice."""
        signals = self.signals
        height, width = signals.picture.shape[:2]
        units = state.som.units
        weight = signals.colour_weight
        return Graph(
            units[:, :2].copy(),
            neighbours(self.shape),
            width,
            height,
            threads=threads(self.shape),
            colours=units[:, 2:] / weight if weight else None,
            colour_weight=weight,
        )

    def image(self, state: MapState) -> F32:
        """The map as it is drawn so far."""
        signals = self.signals
        width, height = self._size(self._extent)
        drawn: F32 = self.drawing.draw(
            self.graph(state), signals.picture, signals.mask, width=width, height=height, tones=signals.tones
        )
        return drawn

    def extras(self, state: MapState, tone: Finish) -> Mapping[str, bytes]:
        """The drawing's files, and its net as a graph."""
        signals = self.signals
        files: Mapping[str, bytes] = self.drawing.files(
            self.graph(state), signals.picture, signals.mask, title=self.context.title, tones=signals.tones
        )
        return files

    def traits(self, phase: int) -> Traits:
        """A drawing with edges, on a paper of its own."""
        return Traits(tiles=False)

    def save(self, state: MapState) -> dict[str, Any]:
        """Units and progress."""
        saved = state.som.save()
        return {"units": torch.from_numpy(saved["units"]), "presented": saved["presented"], "step": state.step}

    def load(self, phase: int, saved: Mapping[str, Any]) -> MapState:
        """The saved state; signals are read anew, since they follow from the seed."""
        som = self._map()
        som.load({"units": saved["units"].cpu().numpy(), "presented": saved["presented"]})
        return MapState(phase, som, int(saved["step"]))

    def describe(self) -> str:
        """Signals, lattice and rule, one line each."""
        shape = self.shape
        return "\n".join(
            [
                f"signals {self.settings.signals!r}",
                f"{shape.rows} x {shape.columns} units, {self.settings.map!r}",
                f"rule {self.settings.rule!r}",
            ]
        )


def _pixels(picture: torch.Tensor) -> F32:
    """(1, 3, h, w) -> (h, w, 3)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
