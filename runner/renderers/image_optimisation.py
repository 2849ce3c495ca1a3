"""Image optimisation: canvas -> symmetry -> view -> vision network -> objectives, and back.

    canvas() -> artwork -> view -> encoder.features(needed layers) -> {term: scalar} -> gradient -> optimiser

Each phase enlarges the artwork through the symmetry's gather (floating point, wrapped, never 8 bits) and
begins a fresh optimiser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from runner.canvas import AnyCanvas
from runner.canvas.base import Canvas, CanvasSettings
from runner.canvas.initial import Beginning, begin
from runner.canvas.pixels import Pixels
from runner.devices import choose_precision
from runner.engine.base import Engine
from runner.engine.looks import evaluate_looks, generator
from runner.engine.plain import PlainEngine, padding
from runner.errors import IllegalSymmetry, RunFailed
from runner.objectives import AnyObjective
from runner.objectives.base import Appearance, Objective, Preparation
from runner.objectives.content import lost_detail
from runner.optimisers import AnyOptimiser
from runner.optimisers.base import Optimiser, OptimiserSettings
from runner.optimisers.lbfgs import Lbfgs
from runner.renderers.base import Outcome, Phase, Renderer, RendererSettings, Studio, Tone, Traits, traits_of
from runner.renderers.base import Pixels as Picture
from runner.settings import Settings
from runner.symmetry import AnySymmetry
from runner.symmetry.aspect import parse_ratio
from runner.symmetry.base import Layout, Ratio, Symmetry, SymmetrySettings
from runner.symmetry.none import NoSymmetry
from runner.views import View, Views, draw_view
from runner.vision import AnyNetwork
from runner.vision.base import Encoder, VisionSettings
from runner.vision.vgg import Vgg16

RETRIES = 3  # of a step whose loss is not finite, each softer than the one before


class PhaseSettings(Settings):
    """One resolution."""

    size: int = Field(ge=8, le=16384)
    """Width of the picture in pixels; rounded to what symmetry and network need."""
    steps: int = Field(ge=0, le=100_000)
    """Optimisation steps."""


class ImageOptimisation(RendererSettings):
    """A picture found by optimisation, seen by a vision network."""

    kind: Literal["image-optimisation"] = "image-optimisation"
    canvas: AnyCanvas = Pixels()
    """What is optimised: pixels or waves, and what it holds at the start."""
    symmetry: AnySymmetry = NoSymmetry()
    """The symmetry that the picture has exactly."""
    views: Views = ()
    """Random views the network gets while optimising, drawn anew at each step."""
    vision: AnyNetwork = Vgg16()
    """The network that looks."""
    objectives: Annotated[tuple[AnyObjective, ...], Field(min_length=1, max_length=64)]
    """What is made small; the loss is the sum of all."""
    optimiser: AnyOptimiser = Lbfgs()
    """How the loss is made small."""
    phases: Annotated[tuple[PhaseSettings, ...], Field(min_length=1, max_length=64)]
    """Resolutions, one after the other."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of the network: bf16 is several times faster where the hardware has it; auto takes it there if
    its gradients agree with fp32's."""

    def build(self, studio: Studio) -> ImageRenderer:
        """The working renderer."""
        return ImageRenderer(self, studio)

    def symmetry_for(self, aspect_of: Callable[[str], float | None]) -> tuple[Symmetry, float]:
        """The symmetry and the wished width / height.

        Raises:
            IllegalSymmetry: `where` is relative to `symmetry` or is `aspect` for the canvas' aspect.
        """
        settings: SymmetrySettings = self.symmetry
        canvas: CanvasSettings = self.canvas
        wished: Ratio | None = None
        if canvas.aspect is not None:
            try:
                wished = parse_ratio(str(canvas.aspect))
            except ValueError as error:
                raise IllegalSymmetry(str(error), where="aspect") from error
        symmetry = settings.build(wished)
        if symmetry.ratio is not None:
            return symmetry, symmetry.ratio
        if wished is not None:
            return symmetry, wished.value
        for source in self._shape_givers():
            aspect = aspect_of(source)
            if aspect is not None:
                return symmetry, aspect
        return symmetry, 1.0

    def _shape_givers(self) -> list[str]:
        """Pictures whose shape the artwork takes where nothing else says: initial, then content."""
        canvas: CanvasSettings = self.canvas
        contents = [source for item in self.objectives for source in item.shape_givers()]
        return [*canvas.initial.pictures(), *contents]

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Illegal symmetries, unknown layers, channels and classes; see the base class."""
        found: list[tuple[str, str]] = []
        try:
            self.symmetry_for(aspect_of)
        except IllegalSymmetry as error:
            where = "canvas.aspect" if error.where == "aspect" else f"symmetry.{error.where}".rstrip(".")
            found.append((where, str(error)))
        vision: VisionSettings = self.vision
        for number, objective in enumerate(self.objectives):
            found += [(f"objectives.{number}.{path}", text) for path, text in objective.complaints(vision)]
            if self.views and objective.places():
                found.append(
                    (
                        f"objectives.{number}",
                        "looks at places of the artwork (a mask or a content picture), and views move what the network "
                        "sees; both together do not fit; leave out views, or the mask or content",
                    )
                )
        return found

    def advisories(self) -> list[str]:
        """The symmetry's, and random views under an optimiser that wants a still objective."""
        symmetry = self.symmetry_for(lambda source: None)[0]
        notes = list(symmetry.advisories())
        windows = symmetry.gaze_size(256, 256, multiple=1) is not None
        if (self.views or windows) and self.optimiser.wants_stillness:
            moving = "the windows of this symmetry" if windows else "renderer.views"
            notes.append(
                f"{moving} are random while L-BFGS learns from how the gradient changes; "
                "their changes mislead it; `optimiser: adam` is made for moving objectives"
            )
        return notes

    def networks(self) -> tuple[VisionSettings, ...]:
        """The one network."""
        return (self.vision,)

    def arithmetic(self, device: str) -> str:
        """What `precision` comes to on a device."""
        return choose_precision(self.precision, device, agrees=self.vision.half_precision)[0]

    def pictures(self) -> dict[str, str]:
        """All image sources by path."""
        found: dict[str, str] = {}
        for number, source in enumerate(self.canvas.initial.pictures()):
            found["canvas.init.image" if number == 0 else f"canvas.init.{number}"] = source
        for number, objective in enumerate(self.objectives):
            place = f"objectives.{number}"
            for index, image in enumerate(getattr(objective, "images", ())):
                found[f"{place}.images.{index}"] = image.image
            for name in ("image", "mask"):
                source = getattr(objective, name, None)
                if source is not None:
                    found[f"{place}.{name}"] = source
        return found


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
        names: set[str] = set()
        for objective in self.settings.objectives:
            names.update(objective.layers_needed() or objective.default_layers(vision))
        return max([vision.layer_stride(name) for name in names if name != "logits"], default=1)

    def phases(self) -> tuple[Phase, ...]:
        """One phase for each size; see the base class."""
        found = []
        for settings, (width, height) in zip(self.settings.phases, self.sizes, strict=True):
            notes = []
            if width != settings.size:
                notes.append(f"width rounded from {settings.size} to {width} px for the symmetry and the network")
            layout = self.symmetry.layout(width, height)
            window = self.symmetry.gaze_size(width, height, multiple=self._multiple())
            found.append(
                Phase(
                    f"{width} px",
                    width,
                    height,
                    settings.steps,
                    layout.parameters * 3,
                    tuple(notes),
                    seen=window[0] * window[1] * self.symmetry.windows if window else 0,
                    table_bytes=layout.table_bytes,
                )
            )
        return tuple(found)

    @property
    def encoder(self) -> Encoder:
        """The network, loaded when first needed, on its device and in its dtype."""
        if self.loaded is None:
            encoder: Encoder = self.settings.vision.build()
            self.loaded = encoder.to(self.studio.device, self.dtype)
        return self.loaded.padded(padding(self.symmetry.wrap))

    def begin(self, phase: int, previous: State | None) -> State:
        """The canvas from the initial state or from the artwork of the phase before."""
        layout = self._layout(phase)
        if previous is None:
            random = generator(self.studio.seed, "initial", phase, 0)
            values = begin(self.settings.canvas.initial, Beginning(layout, random, self.studio.plain_picture)).to(
                self.studio.device
            )
        else:
            with torch.no_grad():
                carried = layout.carry(previous.canvas.values(), previous.layout)
                values = carried + self._detail(previous.layout, layout)
                values = layout.constrain(values)
        return self._state(phase, layout, values)

    def _detail(self, old: Layout, new: Layout) -> Tensor | float:
        """What the initial picture has at the new size and did not have at the old one (octaves)."""
        source = self.settings.canvas.initial.detail_source()
        return 0.0 if source is None else lost_detail(self.studio.plain_picture(source), old, new)

    def _layout(self, phase: int) -> Layout:
        return self.symmetry.layout(*self.sizes[phase]).to(self.studio.device)

    def _state(self, phase: int, layout: Layout, values: Tensor) -> State:
        canvas_settings: CanvasSettings = self.settings.canvas
        canvas = canvas_settings.build(layout, values)
        gaze = self.symmetry.gaze_size(layout.width, layout.height, multiple=self._multiple())
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
        )
        self._objectives = [objective.build(preparation) for objective in self.settings.objectives]
        engine = PlainEngine(self.encoder, self._objectives, wrap=wrap)
        optimiser_settings: OptimiserSettings = self.settings.optimiser
        return State(phase, layout, canvas, optimiser_settings.build(canvas.parameters()), engine, gaze)

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
            # The terms of the point the optimiser stays at, which need not be the last it tried.
            state.terms = next((terms for loss, terms in reversed(seen) if loss == done.loss), state.terms)
            return Outcome(state.terms, done.metrics)
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
            artwork = state.canvas.artwork()[0].clamp(0, 1)
        picture: Picture = artwork.permute(1, 2, 0).contiguous().cpu().float().numpy()
        return picture

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
        state = self._state(phase, layout, torch.zeros((layout.parameters, 3), device=self.studio.device))
        state.canvas.load_state_dict(saved["canvas"])
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
            return self.symmetry.products(state.layout, state.layout.constrain(finished))

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """The network's provenance."""
        return (asdict(self.encoder.provenance),)

    def describe(self) -> str:
        """Network, precision, objectives and optimiser, one line each."""
        lines = [f"{self.encoder.name} in {self.precision}"]
        lines += [objective.describe() for objective in self._objectives]
        lines.append(f"optimiser {self.settings.optimiser!r}")
        return "\n".join(lines)
