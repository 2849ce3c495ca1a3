"""The working image optimisation: canvas, symmetry, views, network, objectives and optimiser, step by step.

    begin(phase, previous state) -> State;   step(state) -> terms;   image(state)

The settings, and what they mean together, are those of `image_optimisation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from orbifolio.runner.canvas.base import Canvas, CanvasSettings, Stage
from orbifolio.runner.canvas.initial import Beginning, begin
from orbifolio.runner.devices import choose_precision
from orbifolio.runner.errors import RunFailed
from orbifolio.runner.objectives.base import Appearance, Objective, Preparation
from orbifolio.runner.objectives.content import lost_detail
from orbifolio.runner.optimisers.base import Optimiser, OptimiserSettings
from orbifolio.runner.renderers.base import Outcome, Phase, Renderer, Studio, Tone, Traits, traits_of
from orbifolio.runner.renderers.base import Pixels as Picture
from orbifolio.runner.renderers.image.autograd_engine import PlainEngine, padding
from orbifolio.runner.renderers.image.engine import Engine
from orbifolio.runner.renderers.image.evaluate import evaluate_looks, generator
from orbifolio.runner.strokes.brush_models.weights import load_scalable
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.products import products
from orbifolio.runner.strokes.rasteriser.record import Record
from orbifolio.runner.symmetry.base import Layout
from orbifolio.runner.views import View, draw_view
from orbifolio.runner.vision.base import Encoder, VisionSettings
from orbifolio.runner.vision.blind import Blind

if TYPE_CHECKING:
    from orbifolio.runner.renderers.image.settings import ImageOptimisation

RETRIES = 3  # of a step whose loss is not finite, each softer than the one before


@dataclass
class State:
    """One phase under way."""

    phase: int
    layout: Layout
    canvas: Canvas
    optimiser: Optimiser
    engine: Engine
    gaze: tuple[int, int] | None = None
    step: int = 0
    good: dict[str, Tensor] | None = None
    terms: Mapping[str, float] = field(default_factory=dict)


class ImageRenderer(Renderer):
    """The working renderer; see the module's docstring."""

    def __init__(self, settings: ImageOptimisation, studio: Studio, encoder: Encoder | None = None) -> None:
        self.settings = settings
        self.studio = studio
        self.symmetry, self.ratio = settings.symmetry_for(self._aspect_of)
        self.loaded: Encoder | None = encoder
        self._objectives: list[Objective] = []
        self._canvas: Canvas | None = None
        self.charted = settings.canvas.charted
        self.precision, self.dtype = choose_precision(
            settings.precision, studio.device, agrees=settings.vision.half_precision
        )
        multiple = self._multiple()
        self.sizes = [self.symmetry.fit(phase.size, multiple=multiple, ratio=self.ratio) for phase in settings.phases]

    def _aspect_of(self, source: str) -> float | None:
        picture = self.studio.plain_picture(source)
        return picture.shape[-1] / picture.shape[-2]

    def _multiple(self) -> int:
        """The coarsest stride of the layers in use: both sides must be multiples of it."""
        vision: VisionSettings = self.settings.vision
        return max([vision.layer_stride(name) for name in self.settings.layers() if name != "logits"], default=1)

    def phases(self) -> tuple[Phase, ...]:
        """One phase for each size; see the base class."""
        found: list[Phase] = []
        canvas: CanvasSettings = self.settings.canvas
        for settings, (width, height) in zip(self.settings.phases, self.sizes, strict=True):
            notes = []
            if width != settings.size:
                notes.append(f"width rounded from {settings.size} to {width} px for the symmetry and the network")
            layout = self.symmetry.layout(width, height)
            window = self._gaze(width, height)
            found.append(
                Phase(
                    f"{width} px",
                    width,
                    height,
                    settings.steps,
                    canvas.parameter_count(layout, len(found), tuple(self.sizes)),
                    tuple(notes),
                    seen=window[0] * window[1] * self.symmetry.windows if window else 0,
                    table_bytes=layout.table_bytes,
                    work=self.settings.vision.work(self.settings.layers()) + canvas.work,
                )
            )
        return tuple(found)

    @property
    def encoder(self) -> Encoder:
        """The network, loaded when first needed, on its device and in its dtype."""
        if self.loaded is None:
            encoder: Encoder = self.settings.vision.build() if self.settings.layers() else Blind()
            self.loaded = encoder.to(self.studio.device, self.dtype)
        return self.loaded.padded(padding(self.symmetry.wrap))

    def begin(self, phase: int, previous: State | None) -> State:
        """The canvas from the initial state or from the artwork of the phase before."""
        layout = self._layout(phase)
        canvas: CanvasSettings = self.settings.canvas
        if previous is None or canvas.paints:
            values = self._initial(phase, layout)
        else:
            with torch.no_grad():
                carried = layout.carry(previous.canvas.values(), previous.layout)
                values = carried + self._detail(previous.layout, layout)
                values = layout.constrain(values)
        return self._state(
            phase, canvas.begin(self._stage(phase, layout), values, previous.canvas if previous else None)
        )

    def _gaze(self, width: int, height: int) -> tuple[int, int] | None:
        """The size of the windows that a network sees; without a network the artwork itself is looked at."""
        if not self.settings.layers():
            return None
        return self.symmetry.gaze_size(width, height, multiple=self._multiple())

    def _initial(self, phase: int, layout: Layout) -> Tensor:
        """Orbit values that `init` holds at a phase's size."""
        random = generator(self.studio.seed, "initial", phase, 0)
        initial = self.settings.canvas.initial
        return begin(initial, Beginning(layout, random, self.studio.plain_picture)).to(self.studio.device)

    def _stage(self, phase: int, layout: Layout) -> Stage:
        return Stage(
            layout, self.symmetry, self.studio.seed, phase, tuple(self.sizes), self.settings.phases[phase].steps
        )

    def _detail(self, old: Layout, new: Layout) -> Tensor | float:
        """What the initial picture has at the new size and did not have at the old one (octaves)."""
        source = self.settings.canvas.initial.detail_source()
        return 0.0 if source is None else lost_detail(self.studio.plain_picture(source), old, new)

    def _layout(self, phase: int) -> Layout:
        return self.symmetry.layout(*self.sizes[phase]).to(self.studio.device)

    def _state(self, phase: int, canvas: Canvas) -> State:
        layout = canvas.layout
        self._canvas = canvas
        gaze = self._gaze(layout.width, layout.height)
        width, height = gaze or (layout.width, layout.height)
        wrap = (False, False) if gaze else self.symmetry.wrap
        preparation = Preparation(
            encoder=self.encoder.padded(padding(wrap)),
            width=width,
            height=height,
            picture=self.studio.picture,
            plain_picture=self.studio.plain_picture,
            appearances=self._appearances(),
            device=self.studio.device,
            begun=lambda: layout.render(self._initial(phase, layout)),
        )
        self._objectives = [objective.build(preparation) for objective in self.settings.objectives]
        engine = PlainEngine(self.encoder, self._objectives, wrap=wrap)
        return State(phase, layout, canvas, self._optimiser(canvas), engine, gaze)

    def _optimiser(self, canvas: Canvas) -> Optimiser:
        settings: OptimiserSettings = self.settings.optimiser
        return settings.build(canvas.parameters())

    def _appearances(self) -> tuple[Appearance, ...]:
        return tuple(
            Appearance(degrees, mirrored, tuple(map(tuple, matrix.tolist())))
            for degrees, mirrored, matrix in self.symmetry.appearances()
        )

    def step(self, state: State) -> Outcome:
        """One optimiser step; a loss that is not finite is retried from the last good state."""
        view = self._view(state)
        looks = self._looks(state)
        seen: list[tuple[float, Mapping[str, float]]] = []

        def evaluate() -> float:
            seen.append(evaluate_looks(state.canvas, looks, state.engine, view))
            return seen[-1][0]

        for retry in range(RETRIES + 1):
            before = state.canvas.state_dict()
            try:
                done = state.optimiser.step(evaluate, moving=bool(self.settings.views) or state.gaze is not None)
            except FloatingPointError:
                if retry == RETRIES:
                    break
                self.studio.warn(
                    f"phase {state.phase + 1}, step {state.step + 1}: the loss is not finite; going on from the "
                    "last good state with smaller steps"
                )
                state.canvas.load_state_dict(state.good or before)
                state.optimiser.soften()
                continue
            state.good = before
            state.step += 1
            if state.canvas.stepped(state.step):
                state.optimiser = self._optimiser(state.canvas)
            # The terms of the point the optimiser stays at, which need not be the last it tried.
            state.terms = next((terms for loss, terms in reversed(seen) if loss == done.loss), state.terms)
            return Outcome(state.terms, {**done.metrics, **state.canvas.metrics()})
        raise RunFailed(
            f"phase {state.phase + 1}, step {state.step + 1}: the loss is not finite, also after {RETRIES} retries "
            "with smaller steps; weights of the objectives are too large for the optimiser or for bf16; lower "
            "them, lower optimiser.rate, or set precision: fp32"
        )

    def _looks(self, state: State) -> tuple[Layout, ...]:
        """What the network sees at this step: windows of the artwork, or the artwork."""
        if state.gaze is None:
            return (state.layout,)
        random = generator(self.studio.seed, "gaze", state.phase, state.step)
        return self.symmetry.gazes(state.layout, state.gaze, random)

    def _view(self, state: State) -> Tensor | None:
        views: tuple[View, ...] = self.settings.views
        random = generator(self.studio.seed, "view", state.phase, state.step)
        return draw_view(views, *(state.gaze or (state.layout.width, state.layout.height)), random)

    def image(self, state: State) -> Picture:
        """The artwork, clamped."""
        with torch.no_grad():
            return _shown(state.canvas.artwork())

    def final(self, state: State) -> Picture:
        """The artwork as the canvas leaves it."""
        with torch.no_grad():
            return _shown(state.canvas.finished())

    def save(self, state: State) -> dict[str, Any]:
        """Canvas, optimiser, step."""
        return {
            "step": state.step,
            "canvas": state.canvas.state_dict(),
            "optimiser": state.optimiser.state_dict(),
            "good": state.good,
            "terms": dict(state.terms),
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> State:
        """Targets are computed anew (they are deterministic); the rest is as it was."""
        layout = self._layout(phase)
        canvas: CanvasSettings = self.settings.canvas
        if canvas.paints:
            values = self._initial(phase, layout)
        else:
            values = torch.zeros((layout.parameters, 3), device=self.studio.device)
        state = self._state(phase, canvas.restore(self._stage(phase, layout), values, saved["canvas"]))
        state.optimiser.load_state_dict(saved["optimiser"])
        state.good = saved["good"]
        state.terms = saved["terms"]
        state.step = int(saved["step"])
        return state

    def traits(self, phase: int) -> Traits:
        """From the symmetry's colours and its true shape."""
        width, height = self.sizes[phase]
        aspect = self.ratio * height / width if self.symmetry.ratio is not None else 1.0
        return traits_of(self.symmetry, aspect)

    def symmetry_summary(self, image: Picture | None) -> dict[str, Any] | None:
        """Group, claims and residuals; None for a picture without symmetry."""
        if not self.symmetry.claims() and not self.symmetry.group:
            return None
        return self.symmetry.summary(getattr(self.settings.symmetry, "kind", ""), image)

    def extras(self, state: State, tone: Tone) -> Mapping[str, bytes]:
        """What the symmetry's geometry offers besides the picture."""
        with torch.no_grad():
            values = state.canvas.values()
            colours = tone((values + 0.5).clamp(0, 1)[None].float().cpu().numpy())[0]
            finished = torch.from_numpy(colours).to(values) - 0.5
            found = dict(self.symmetry.products(state.layout, state.layout.constrain(finished)))
        record = state.canvas.record()
        return found if record is None else {**found, **_stroke_products(record, self.studio)}

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """The networks' provenance."""
        return tuple(asdict(provenance) for provenance in self.encoder.provenances)

    def describe(self) -> str:
        """Network, precision, objectives and optimiser, one line each."""
        canvas = [] if self._canvas is None else [self._canvas.describe()]
        lines = [*filter(None, canvas), f"{self.encoder.name} in {self.precision}"]
        lines += [objective.describe() for objective in self._objectives]
        lines.append(f"optimiser {self.settings.optimiser!r}")
        return "\n".join(lines)


def _stroke_products(record: Record, studio: Studio) -> dict[str, bytes]:
    """The stroke document and what follows from it."""
    known = {item.name: getattr(record, item.name) for item in fields(record) if item.name != "target"}
    painter = load_scalable(record.brush)
    return products(Painting(**known), painter, record.target, title=studio.title, device=studio.device)


def _shown(artwork: Tensor) -> Picture:
    """(height, width, 3) of an artwork (1, 3, height, width), clamped."""
    picture: Picture = artwork[0].clamp(0, 1).permute(1, 2, 0).contiguous().cpu().float().numpy()
    return picture
