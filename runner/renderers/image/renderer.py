"""Image optimisation step by step: canvas, symmetry, views, network, objectives and optimiser.

    begin(phase, previous state) -> state;   step(state) -> terms;   image(state)

It is built from parts that the settings of `image_optimisation` have resolved, and knows nothing of recipes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.canvas.base import Canvas, CanvasPhase, CanvasSettings
from orbifolio.runner.canvas.initial import InitialContext, initialise, lost_detail
from orbifolio.runner.deferred import torch
from orbifolio.runner.devices import choose_precision, memory_of
from orbifolio.runner.errors import RunFailed
from orbifolio.runner.images.finish import Tone, Traits
from orbifolio.runner.objectives.base import Objective, ObjectiveSettings, Preparation, appearances_of
from orbifolio.runner.objectives.engine import Engine, padding
from orbifolio.runner.objectives.engine_choice import choose_engine
from orbifolio.runner.objectives.target_cache import default_target_cache
from orbifolio.runner.optimisers.base import Optimiser, OptimiserSettings
from orbifolio.runner.random_generators import generator
from orbifolio.runner.renderers.base import (
    BASE_MEMORY,
    VGG16_BYTES,
    Outcome,
    Phase,
    RenderContext,
    Renderer,
    traits_of,
)
from orbifolio.runner.renderers.image.evaluate import evaluate
from orbifolio.runner.settings import kind_of
from orbifolio.runner.symmetry.base import LatticeCell, Layout, Symmetry
from orbifolio.runner.symmetry.verify.summary import summarise
from orbifolio.runner.views.base import View
from orbifolio.runner.views.drawn_view import DrawnView, draw_view
from orbifolio.runner.vision.base import Encoder, Shear, VisionSettings
from orbifolio.runner.vision.null_encoder import NullEncoder

if TYPE_CHECKING:
    from torch import Tensor

REPEATS = 0.6  # share of a picture below which a domain is shown twice; a whole sphere's is 2/pi of its map
UNSEEN_BYTES = 400  # per pixel, where no network looks: canvas, gradient, what L-BFGS remembers
PARAMETER_BYTES = 24.0  # of a number that is optimised: itself, its gradient, and what a step tries
_SHAPE_KEPT = 0.12  # of width / height that rounding may change before it is told: an eighth of the picture is cut
CORES = (1024, 512, 256)  # pixels along a side of tiles' cores, of which the largest is taken that fits the memory
TILED_WORK = 1.5  # features are made twice, and carried back once
MAX_RETRIES = 3  # of a step whose loss is not finite, each softer than the one before: more hide that weights are wrong


@dataclass(frozen=True)
class ImageParts:
    """What an image is optimised with.

    Attributes:
        canvas: holds what is optimised.
        symmetry: that the picture has.
        symmetry_kind: as a recipe spells it.
        ratio: width / height of the picture.
        views: random views, drawn anew at each step.
        vision: the network that looks.
        layers: of the network, those that objectives use; empty if none uses it.
        objectives: what is made small.
        optimiser: how it is made small.
        phases: (desired width in pixels, steps) of each.
        precision: `auto`, `fp32` or `bf16`.
        tile_size: `auto`, `none`, or pixels along a side of a tile's core.
    """

    canvas: CanvasSettings
    symmetry: Symmetry
    symmetry_kind: str
    ratio: float
    views: tuple[View, ...]
    vision: VisionSettings
    layers: frozenset[str]
    objectives: tuple[ObjectiveSettings, ...]
    optimiser: OptimiserSettings
    phases: tuple[tuple[int, int], ...]
    precision: str
    tile_size: str | int = "auto"


@dataclass
class ImageState:
    """One phase under way.

    Attributes:
        phase: its number, from 0.
        layout: where the canvas lives.
        canvas: the parameters and the artwork they make.
        optimiser: of the canvas' parameters, new in each phase.
        engine: evaluates the objectives on the artwork or its crops.
        crop: (width, height) in pixels of what the network sees, or None for the whole artwork.
        cell: renders the part of the artwork that the network sees instead, where shifts of it make the whole.
        step: steps done in this phase.
        good: the canvas before the last step, from which a step that failed is tried again.
        terms: weighted terms of the loss at the present parameters.
    """

    phase: int
    layout: Layout
    canvas: Canvas
    optimiser: Optimiser
    engine: Engine
    crop: tuple[int, int] | None = None
    cell: Layout | None = None
    step: int = 0
    good: dict[str, Tensor] | None = None
    terms: Mapping[str, float] = field(default_factory=dict)


class ImageRenderer(Renderer):
    """Optimises an image; see the module's docstring.

    Attributes:
        parts: what it was built from.
        loaded: the network, once it was needed; renderers with equal `parts.vision` may share it.
        precision: `bf16` or `fp32`, of the network.
        sizes: (width, height) in pixels of each phase.
    """

    def __init__(self, parts: ImageParts, context: RenderContext) -> None:
        self.parts = parts
        self.context = context
        self.symmetry = parts.symmetry
        self.loaded: Encoder | None = None
        self._objectives: list[Objective] = []
        self._canvas: Canvas | None = None
        self.charted = parts.canvas.charted
        self.precision, self.dtype = choose_precision(
            parts.precision, context.device, agrees=parts.vision.half_precision, fast=context.fast_bf16
        )
        multiple = self._multiple()
        self.repeats = bool(parts.layers) and sees_repetition(parts.objectives, parts.views)
        fit = self.symmetry.fit_cell if self.repeats else self.symmetry.fit
        self.sizes = [fit(width, multiple=multiple, ratio=parts.ratio) for width, _ in parts.phases]

    def _multiple(self) -> int:
        """The coarsest stride of the layers in use: both sides must be multiples of it."""
        vision = self.parts.vision
        return max([vision.layer_stride(name) for name in self.parts.layers if name != "logits"], default=1)

    def phases(self) -> tuple[Phase, ...]:
        """One for each size; see the base class."""
        return self._phases

    @cached_property
    def _phases(self) -> tuple[Phase, ...]:
        phases: list[Phase] = []
        canvas = self.parts.canvas
        for (desired, steps), (width, height) in zip(self.parts.phases, self.sizes, strict=True):
            notes = []
            if width != desired:
                notes.append(f"width rounded from {desired} to {width} px for the symmetry and the network")
            notes += self._cut(width, height)
            extent = self.symmetry.extent(width, height)  # not the layout, whose tables take long and fill memory
            parameters = canvas.parameter_count(extent, len(phases), tuple(self.sizes))
            crop, cell = self._crop_size(width, height), self._cell(width, height)
            looked_at = cell.width * cell.height if cell else 0
            if cell:
                count = width * height // looked_at
                notes.append(
                    f"the network looks at {looked_at:,} of {width * height:,} pixels: the picture is {count} times "
                    f"the same {cell.width} x {cell.height} px"
                )
            if len(phases) == len(self.sizes) - 1:  # told once, of the size that is kept
                seen = crop[0] * crop[1] if crop else width * height
                domain = self._domain(width, height)
                for objective in self.parts.objectives:
                    notes += objective.choices(self.context.picture, pixels=seen, domain=domain)
            phases.append(
                self._fitted(
                    cell,
                    Phase(
                        f"{width} px",
                        width,
                        height,
                        steps,
                        parameters,
                        tuple(notes),
                        seen=crop[0] * crop[1] * self.symmetry.crop_count if crop else looked_at,
                        table_bytes=extent.table_bytes,
                        making_bytes=extent.making_bytes,
                        memory_bytes=None if self.parts.layers else extent.table_bytes + UNSEEN_BYTES * width * height,
                        work=self.parts.vision.work(tuple(self.parts.layers)) + canvas.work,
                        pixel_bytes={
                            precision: self.parts.vision.pixel_bytes(tuple(self.parts.layers), precision)
                            for precision in VGG16_BYTES
                        },
                        optimiser_bytes=parameters * (PARAMETER_BYTES + self.parts.optimiser.parameter_bytes(steps)),
                    ),
                )
            )
        return tuple(phases)

    def _fitted(self, cell: LatticeCell | None, phase: Phase) -> Phase:
        """A phase in tiles where it is to be looked at so, or fits into the memory in no other way."""
        wanted, (there, whose) = self.parts.tile_size, memory_of(self.context.device)
        width, height = (cell.width, cell.height) if cell else (phase.width, phase.height)
        if not self.parts.layers or wanted == "none" or self._crop_size(phase.width, phase.height):
            return phase
        if wanted == "auto" and BASE_MEMORY + phase.peak(self.precision) <= there:
            return phase
        if why := whole_only(self.parts.objectives, self.parts.vision, self.parts.layers):
            return replace(phase, notes=(*phase.notes, f"too large for {whose}, and tiles are no way out: {why}"))
        tiled = phase
        for core in CORES if isinstance(wanted, str) else (wanted,):
            if core >= max(width, height):
                continue  # one tile, looked at twice
            side = core + 2 * (self.parts.vision.halo(tuple(self.parts.layers)) or 0)
            tiled = replace(phase, core=core, tile=side, work=phase.work * TILED_WORK * (side / core) ** 2)
            if BASE_MEMORY + tiled.peak(self.precision) <= there:
                break
        if not tiled.core:
            return phase
        count = -(-width // tiled.core) * -(-height // tiled.core)
        whole = (BASE_MEMORY + phase.peak(self.precision)) / 1e9
        note = (
            f"the network looks at {count} tiles of up to {tiled.core} px a side, one after the other, and sees what "
            f"it sees in one piece, which takes about {whole:.1f} GB of memory"
        )
        return replace(tiled, notes=(*phase.notes, note))

    def _cut(self, width: int, height: int) -> list[str]:
        """A note where the wanted shape is so long that multiples of the network's stride cannot come near it."""
        wanted, multiple = self.parts.ratio, self._multiple()
        if self.symmetry.ratio is not None or _alike(width / height, wanted):
            return []
        sizes = (multiple * number for number in range(1, 1 + 16384 // multiple))
        fitting = ((size, self.symmetry.fit(size, multiple=multiple, ratio=wanted)) for size in sizes)
        size = next((size for size, (wide, high) in fitting if size > width and _alike(wide / high, wanted)), 0)
        cure = f"; a size of {size} keeps it whole" if size else ""
        return [
            f"{width} x {height} px is {width / height:.3g} times as wide as high, not {wanted:.3g}, since sides are "
            f"multiples of {multiple} px: the picture is cut to fit{cure}"
        ]

    @property
    def encoder(self) -> Encoder:
        """The network, loaded when first needed, on its device and in its dtype."""
        if self.loaded is None:
            encoder: Encoder = self.parts.vision.build() if self.parts.layers else NullEncoder()
            self.loaded = encoder.to(self.context.device, self.dtype)
        return self.loaded.padded(padding(self.symmetry.wrap))

    def begin(self, phase: int, previous: ImageState | None) -> ImageState:
        """The canvas from the initial state or from the artwork of the phase before."""
        layout = self._layout(phase)
        if previous is None or self.parts.canvas.paints:
            values = self._initial(phase, layout)
        else:
            with torch.no_grad():
                carried = layout.carry(previous.canvas.values(), previous.layout)
                values = carried + self._detail(previous.layout, layout)
                values = layout.constrain(values)
        return self._begun(phase, layout, values, previous.canvas if previous else None)

    def begin_from(self, values: Tensor, layout: Layout) -> ImageState:
        """The first phase from values of another layout of the same artwork, instead of `init`.

        Args:
            values: (layout.parameters, 3), centred, on the run's device.
            layout: that they belong to, on the run's device.
        """
        own = self._layout(0)
        return self._begun(0, own, own.carry(values, layout), None)

    def _begun(self, phase: int, layout: Layout, values: Tensor, before: Canvas | None) -> ImageState:
        canvas = self.parts.canvas.begin(self._canvas_phase(phase, layout), values, before)
        return self._state(phase, canvas)

    def _crop_size(self, width: int, height: int) -> tuple[int, int] | None:
        """(width, height) of what a network sees; None for the whole artwork, as where there is no network."""
        if not self.parts.layers:
            return None
        return self.symmetry.crop_size(width, height, multiple=self._multiple())

    def _initial(self, phase: int, layout: Layout) -> Tensor:
        """Orbit values that `init` holds at a phase's size."""
        random = generator(self.context.seed, "initial", phase, 0)
        request = InitialContext(
            layout, random, self.context.plain_picture, self.symmetry, self.context.seed, self.context.mask_picture
        )
        return initialise(self.parts.canvas.initial, request).to(self.context.device)

    def _canvas_phase(self, phase: int, layout: Layout) -> CanvasPhase:
        steps = self.parts.phases[phase][1]
        return CanvasPhase(
            layout, self.symmetry, self.context.seed, phase, tuple(self.sizes), steps, self.context.plain_picture
        )

    def _detail(self, old: Layout, new: Layout) -> Tensor | float:
        """What the initial picture has at the new size and did not have at the old one (octaves)."""
        source = self.parts.canvas.initial.detail_source()
        return 0.0 if source is None else lost_detail(self.context.plain_picture(source), old, new)

    def _layout(self, phase: int) -> Layout:
        return self.symmetry.layout(*self.sizes[phase]).to(self.context.device)

    def _state(self, phase: int, canvas: Canvas) -> ImageState:
        """The state of a canvas, with every objective's targets computed for its size."""
        layout = canvas.layout
        self._canvas = canvas
        crop = self._crop_size(layout.width, layout.height)
        width, height = crop or (layout.width, layout.height)
        wrap = (False, False) if crop else self.symmetry.wrap
        core = self._phases[phase].core or None
        preparation = Preparation(
            encoder=self.encoder.padded(padding(wrap)),
            width=width,
            height=height,
            picture=self.context.picture,
            plain_picture=self.context.plain_picture,
            mask=self.context.mask_picture,
            appearances=appearances_of(self.symmetry),
            device=self.context.device,
            initial=lambda: layout.render(self._initial(phase, layout)),
            domain=self._domain(layout.width, layout.height),
            targets=default_target_cache(),
            core=core,
        )
        self._objectives = [objective.build(preparation) for objective in self.parts.objectives]
        cell = self._cell(layout.width, layout.height)
        shear = Shear(cell.share) if cell and cell.share else None
        engine = choose_engine(self.encoder, self._objectives, wrap=wrap, shear=shear, core=core)
        corner = layout.corner(cell.width, cell.height) if cell else None
        return ImageState(phase, layout, canvas, self._optimiser(canvas), engine, crop, corner)

    def _cell(self, width: int, height: int) -> LatticeCell | None:
        """The part of the artwork that the network sees, or None where it sees the whole or crops."""
        return self.symmetry.cell(width, height, multiple=self._multiple()) if self.repeats else None

    def _domain(self, width: int, height: int) -> float | None:
        """Area of a fundamental domain in pixels, or None where the artwork shows nothing twice."""
        area = self.symmetry.domain_pixels(width, self.parts.ratio)
        repeats = self.symmetry.tiles and any(self.symmetry.wrap)
        return area if repeats or area < REPEATS * width * height else None

    def _optimiser(self, canvas: Canvas) -> Optimiser:
        return self.parts.optimiser.build(canvas.parameters())

    def step(self, state: ImageState) -> Outcome:
        """One optimiser step; where the loss is not finite, again from the last good state with smaller steps."""
        view = self._view(state)
        crops = self._crops(state)
        tried: list[tuple[float, Mapping[str, float]]] = []

        def loss() -> float:
            tried.append(evaluate(state.canvas, crops, state.engine, view))
            return tried[-1][0]

        for retry in range(MAX_RETRIES + 1):
            before = state.canvas.state_dict()
            try:
                done = state.optimiser.step(loss, moving=bool(self.parts.views) or state.crop is not None)
            except FloatingPointError:
                if retry == MAX_RETRIES:
                    break
                self.context.warn(
                    f"phase {state.phase + 1}, step {state.step + 1}: the loss is not finite; continuing from the "
                    "last good state with smaller steps"
                )
                state.canvas.load_state_dict(state.good or before)
                state.optimiser.soften()
                continue
            state.good = before
            state.step += 1
            upkeep = state.canvas.after_step(state.step)
            if upkeep.replaced:
                state.optimiser = self._optimiser(state.canvas)
            # the optimiser need not stay at the last point that it tried
            state.terms = next((terms for value, terms in reversed(tried) if value == done.loss), state.terms)
            return Outcome(state.terms, {**done.metrics, **upkeep.metrics})
        raise RunFailed(
            f"phase {state.phase + 1}, step {state.step + 1}: the loss is still not finite after {MAX_RETRIES} retries "
            "with smaller steps; weights of the objectives are too large for the optimiser or for bf16; lower "
            "them, lower optimiser.rate, or set precision: fp32"
        )

    def _crops(self, state: ImageState) -> tuple[Layout, ...]:
        """What the network sees at this step: parts of the artwork, or the artwork."""
        if state.crop is None:
            return (state.cell or state.layout,)
        random = generator(self.context.seed, "gaze", state.phase, state.step)  # the word is part of the seed
        return self.symmetry.crops(state.layout, state.crop, random)

    def _view(self, state: ImageState) -> DrawnView | None:
        random = generator(self.context.seed, "view", state.phase, state.step)
        return draw_view(self.parts.views, *(state.crop or (state.layout.width, state.layout.height)), random)

    def image(self, state: ImageState) -> F32:
        """The artwork, clamped to [0, 1]."""
        with torch.no_grad():
            return _shown(self.symmetry.in_gamut(state.canvas.artwork()))

    def final(self, state: ImageState) -> F32:
        """The artwork as the canvas leaves it."""
        with torch.no_grad():
            return _shown(self.symmetry.in_gamut(state.canvas.finished()))

    def save(self, state: ImageState) -> dict[str, Any]:
        """Canvas, optimiser and step; objectives are built anew."""
        return {
            "step": state.step,
            "canvas": state.canvas.state_dict(),
            "optimiser": state.optimiser.state_dict(),
            "good": state.good,
            "terms": dict(state.terms),
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> ImageState:
        """The saved state; targets are computed anew, since they are deterministic."""
        layout = self._layout(phase)
        canvas = self.parts.canvas
        if canvas.paints:
            values = self._initial(phase, layout)
        else:
            values = torch.zeros((layout.parameters, 3), device=self.context.device)
        state = self._state(phase, canvas.restore(self._canvas_phase(phase, layout), values, saved["canvas"]))
        state.optimiser.load_state_dict(saved["optimiser"])
        state.good = saved["good"]
        state.terms = saved["terms"]
        state.step = int(saved["step"])
        return state

    def traits(self, phase: int) -> Traits:
        """From the symmetry's colours and its true shape."""
        width, height = self.sizes[phase]
        aspect = self.parts.ratio * height / width if self.symmetry.ratio is not None else 1.0
        return traits_of(self.symmetry, aspect)

    def symmetry_summary(self, image: F32 | None) -> dict[str, Any] | None:
        """Group, claims and residuals; None for a picture without symmetry."""
        if not self.symmetry.claims() and not self.symmetry.group:
            return None
        return summarise(self.symmetry, self.parts.symmetry_kind, image)

    def extras(self, state: ImageState, tone: Tone) -> Mapping[str, bytes]:
        """What the symmetry's geometry offers besides the picture."""
        from orbifolio.runner.exports.geometry import geometry_products  # files are made when the picture is there

        with torch.no_grad():
            values = state.canvas.values()
            printed = self.symmetry.print_of((values + 0.5).double().cpu().numpy())
            colours = tone(np.clip(printed, 0, 1)[None].astype(np.float32))[0]
            finished = torch.from_numpy(self.symmetry.channels(colours.astype(np.float64))).to(values) - 0.5
            files = dict(geometry_products(self.symmetry, state.layout, state.layout.constrain(finished)))
        return {**files, **state.canvas.products(title=self.context.title, device=self.context.device)}

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Provenance of every network in use: none where no phase has a step."""
        if not any(steps for _, steps in self.parts.phases):
            return ()
        return tuple(asdict(provenance) for provenance in self.encoder.provenances)

    def describe(self) -> str:
        """Network, precision, objectives and optimiser, one line each."""
        canvas = [] if self._canvas is None else [self._canvas.describe()]
        lines = [*filter(None, canvas), f"{self.encoder.name} in {self.precision}"]
        lines += [objective.describe() for objective in self._objectives]
        lines.append(f"optimiser {self.parts.optimiser!r}")
        return "\n".join(lines)


def sees_repetition(objectives: Sequence[ObjectiveSettings], views: Sequence[View] = ()) -> bool:
    """Whether one cell of a picture that repeats inside itself is enough for objectives, through some views."""
    return all(objective.repeats() for objective in objectives) and all(view.shifts for view in views)


def whole_only(objectives: Sequence[ObjectiveSettings], vision: VisionSettings, layers: Collection[str]) -> str:
    """Why a picture cannot be looked at in tiles, "" if it can."""
    if vision.halo(tuple(layers)) is None:
        return f"{kind_of(type(vision))} sees pictures as a whole only"
    reasons = ((kind_of(type(objective)), objective.needs_whole()) for objective in objectives)
    return next((f"{kind} {reason}" for kind, reason in reasons if reason), "")


def _shown(artwork: Tensor) -> F32:
    """(height, width, 3) of an artwork (1, 3, height, width), clamped."""
    picture: F32 = artwork[0].clamp(0, 1).permute(1, 2, 0).contiguous().cpu().float().numpy()
    return picture


def _alike(ratio: float, wanted: float) -> bool:
    """Whether two shapes differ by no more than rounding may change."""
    return abs(ratio / wanted - 1) < _SHAPE_KEPT
