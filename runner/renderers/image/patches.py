"""Patches as a renderer: style pictures -> levels of sweeps -> an artwork of their own pixels, exactly symmetric.

A phase is a level, a step a sweep over all orbits. With `refine` a last phase optimises the result under the eyes of a
network, which mends joints that do not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.canvas.pixels import Pixels
from orbifolio.runner.deferred import torch
from orbifolio.runner.devices import choose_precision
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.images.finish import Tone, Traits
from orbifolio.runner.objectives import AnyObjective
from orbifolio.runner.objectives.base import ObjectiveSettings
from orbifolio.runner.objectives.objective_list import complaints_of, layers_of
from orbifolio.runner.objectives.smoothness import Range, Smoothness
from orbifolio.runner.objectives.style import Style as StyleSettings
from orbifolio.runner.objectives.style import StyleImage
from orbifolio.runner.optimisers import AnyOptimiser
from orbifolio.runner.optimisers.lbfgs import Lbfgs
from orbifolio.runner.patches.settings import PATCH_SOURCES, PatchPlan, PatchSettings, plan_patches
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings, traits_of
from orbifolio.runner.renderers.image.renderer import ImageParts, ImageRenderer, ImageState, sees_repetition
from orbifolio.runner.settings import Settings, kind_of
from orbifolio.runner.symmetry import AnySymmetry
from orbifolio.runner.symmetry.aspect import Aspect, parse_ratio
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.layouts.antialiasing import antialiased
from orbifolio.runner.symmetry.verify.summary import summarise
from orbifolio.runner.vision import AnyNetwork
from orbifolio.runner.vision.base import VisionSettings
from orbifolio.runner.vision.vgg import Vgg16

if TYPE_CHECKING:
    from orbifolio.runner.patches.synthesis import PatchSynthesis, SynthesisState


ORBIT_BYTES = 1500.0  # of an orbit's surroundings and matches, for the plan
SWEEP_SECONDS = 4e-6  # for each orbit of a sweep on two processor cores, for the plan; measured with one style


class Refinement(Settings):
    """Optimisation after the patches, under the eyes of a network."""

    steps: int = Field(default=20, ge=1, le=100_000)
    """Optimisation steps at the artwork's size."""
    vision: AnyNetwork = Vgg16()
    """The network that looks."""
    objectives: tuple[AnyObjective, ...] = Field(default=(), max_length=64)
    """What is made small; by default the style of the pictures, as large as they were copied, and smoothness."""
    optimiser: AnyOptimiser = Lbfgs()
    """How it is made small."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of the network."""


class Patches(PatchSettings, RendererSettings):
    """A picture of a style's own pixels, copied in pieces that fit each other; without a network, in seconds."""

    kind: Literal["patches"] = "patches"
    symmetry: AnySymmetry = NoSymmetry()
    """The symmetry that the picture has exactly."""
    aspect: Aspect | None = None
    """Width:height where the symmetry leaves it free: `3:2`, `1:sqrt(3)`, `1.5`; none: the symmetry's own, or that of
    the picture the run begins with."""
    size: int = Field(default=512, ge=32, le=16384)
    """Width of the picture in pixels; rounded to what the symmetry needs."""
    refine: Refinement | None = None
    """Optimisation afterwards: mends joints that do not fit, and makes the style's colours and lines flow. None: the
    patches as they are, crisp."""
    cites: ClassVar[tuple[str, ...]] = PATCH_SOURCES

    def build(self, context: RenderContext) -> PatchRenderer:
        """The renderer; pictures are read when first needed."""
        return PatchRenderer(self, context)

    def sketch(self, context: RenderContext, width: int) -> F32:
        """The patches alone, small; see the base class."""
        renderer = self.model_copy(update={"size": width, "refine": None}).build(context)
        state: PatchState | None = None
        for number, phase in enumerate(renderer.phases()):
            state = renderer.begin(number, state)
            for _ in range(phase.steps):
                if renderer.step(state).finished:
                    break
        assert state is not None
        return renderer.image(state)

    def symmetry_for(self, aspect_of: Callable[[str], float | None]) -> tuple[Symmetry, float]:
        """The symmetry and the wanted width / height.

        Args:
            aspect_of: source -> width / height of that picture, or None if it cannot be read.

        Raises:
            IllegalSymmetry: `where` is relative to `symmetry`.
        """
        settings: SymmetrySettings = self.symmetry
        wanted = None if self.aspect is None else parse_ratio(self.aspect)
        symmetry = settings.build(wanted)
        own = symmetry.ratio or (wanted.value if wanted else None)
        if own is None and self.start is not None:
            own = aspect_of(self.start)
        return symmetry, own or 1.0

    def kept_symmetry(self, ratio: float) -> Symmetry:
        """The artwork's: see the base class."""
        return self.symmetry_for(lambda source: ratio)[0]

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Pictures that are missing or too many, illegal symmetries, unknown layers; see the base class."""
        problems = self.patch_complaints()
        try:
            if self.symmetry_for(aspect_of)[0].printed:
                problems.append(
                    (
                        "symmetry",
                        "patches under a symmetry whose colours are inks; copied pixels would change their colours; "
                        "use kind: image-optimisation with `init: figure`, or symmetry: plane",
                    )
                )
        except IllegalSymmetry as error:
            where = "aspect" if error.where == "aspect" else f"symmetry.{error.where}".rstrip(".")
            problems.append((where, str(error)))
        if self.refine is not None:
            found = complaints_of(self.refine.objectives, self.refine.vision, ())
            problems += [(f"refine.{path}", text) for path, text in found]
        return problems

    def advisories(self) -> list[str]:
        """The symmetry's own; see the base class."""
        return list(self.symmetry_for(lambda source: None)[0].advisories())

    def networks(self) -> tuple[VisionSettings, ...]:
        """The network of the refinement."""
        return () if self.refine is None else (self.refine.vision,)

    def arithmetic(self, device: str) -> str:
        """Of the refinement."""
        if self.refine is None:
            return "fp32"
        return choose_precision(self.refine.precision, device, agrees=self.refine.vision.half_precision)[0]

    def pictures(self) -> dict[str, str]:
        """Image sources by path."""
        return self.picture_sources()


@dataclass
class PatchState:
    """A level, or the refinement, under way.

    Attributes:
        phase: its number, from 0.
        patches: the level; the last one during the refinement.
        refined: the refinement, once it has begun.
    """

    phase: int
    patches: SynthesisState
    refined: ImageState | None = None


class PatchRenderer(Renderer):
    """Runs the levels, then the refinement; see the module's docstring."""

    charted = ("difference", "changed")

    def __init__(self, settings: Patches, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self.symmetry, self.ratio = settings.symmetry_for(self._aspect)
        multiple, fit = 1, self.symmetry.fit
        if settings.refine is not None:
            if self._layers() and sees_repetition(settings.refine.objectives):  # those that are left out do as well
                fit = self.symmetry.fit_cell
            vision: VisionSettings = settings.refine.vision
            multiple = max((vision.layer_stride(name) for name in self._layers() if name != "logits"), default=1)
        self.size = fit(settings.size, multiple=multiple, ratio=self.ratio)

    def _aspect(self, source: str) -> float:
        height, width = self.context.plain_picture(source).shape[-2:]
        return width / height

    @cached_property
    def plan(self) -> PatchPlan:
        """Styles and levels; reads the pictures."""
        orbits = self.symmetry.orbit_count(*self.size)  # not the layout, whose tables take long and fill memory
        context = self.context
        return plan_patches(
            self.settings,
            self.symmetry,
            self.size,
            orbits,
            seed=context.seed,
            picture=context.picture,
            mask=context.mask_picture,
        )

    @cached_property
    def synthesis(self) -> PatchSynthesis:
        """The levels."""
        from orbifolio.runner.patches.synthesis import PatchSynthesis  # compiles, so not before it is needed

        return PatchSynthesis(self.symmetry, self.plan.task)

    def _objectives(self) -> tuple[ObjectiveSettings, ...]:
        """Of the refinement."""
        assert self.settings.refine is not None
        if self.settings.refine.objectives:
            return self.settings.refine.objectives
        names = [item.image for item in self.settings.images] or [self.settings.start or ""]
        pixels = self.size[0] * self.size[1]
        images = []
        for name, style in zip(names, self.plan.task.styles, strict=True):
            tall, wide = style.picture.shape[:2]
            shown = style.side**2 * max(tall, wide) / min(tall, wide)
            images.append(StyleImage(image=name, weight=style.weight, magnifications=(shown / pixels,)))
        return (StyleSettings(images=tuple(images)), Smoothness(), Range(weight=10))

    def _layers(self) -> frozenset[str]:
        """Of the refinement's network, those that objectives use."""
        assert self.settings.refine is not None
        vision: VisionSettings = self.settings.refine.vision
        given = self.settings.refine.objectives
        if not given:
            return frozenset(vision.default_style_layers)
        return frozenset(layers_of(given, vision))

    @cached_property
    def refiner(self) -> ImageRenderer | None:
        """The refinement as an optimisation of one phase."""
        refine = self.settings.refine
        if refine is None:
            return None
        parts = ImageParts(
            canvas=Pixels(),
            symmetry=self.symmetry,
            symmetry_kind=kind_of(type(self.settings.symmetry)),
            ratio=self.ratio,
            views=(),
            vision=refine.vision,
            layers=self._layers(),
            objectives=self._objectives(),
            optimiser=refine.optimiser,
            phases=((self.settings.size, refine.steps),),  # which it fits as the levels' sizes are fitted
            precision=refine.precision,
        )
        return ImageRenderer(parts, self.context)

    def least_memory(self) -> float:
        """Of the last level: see the base class."""
        extent = self.symmetry.extent(*self.size)
        return extent.making_bytes + ORBIT_BYTES * extent.parameters

    def phases(self) -> tuple[Phase, ...]:
        """One for each level, and one for the refinement."""
        task = self.plan.task
        domain = self.symmetry.orbit_count(*task.sizes[0]) / (task.sizes[0][0] * task.sizes[0][1])
        phases = []
        for level, (width, height) in enumerate(task.sizes):
            sweeps, orbits = self.synthesis.max_sweeps(level), round(domain * width * height)
            notes = self.plan.notes if level == 0 else ()
            seconds, extent = SWEEP_SECONDS * orbits * sweeps, self.symmetry.extent(width, height)
            phases.append(
                Phase(
                    f"{width} px",
                    width,
                    height,
                    sweeps,
                    3 * orbits,
                    notes,
                    seconds=seconds,
                    making_bytes=extent.making_bytes,
                    memory_bytes=extent.table_bytes + ORBIT_BYTES * orbits,
                )
            )
        if self.refiner is not None:
            phases += [replace(phase, title=f"{phase.title}, refined") for phase in self.refiner.phases()]
        return tuple(phases)

    def begin(self, phase: int, previous: PatchState | None) -> PatchState:
        """The next level from the matches of the one before, or the refinement from the last level."""
        before = None if previous is None else previous.patches
        if phase < self.synthesis.levels:
            return PatchState(phase, self.synthesis.begin(phase, before))
        assert before is not None
        assert self.refiner is not None
        values = torch.from_numpy(before.values).to(self.context.device)
        return PatchState(phase, before, self.refiner.begin_from(values, before.layout.to(self.context.device)))

    def step(self, state: PatchState) -> Outcome:
        """A sweep, or a step of the refinement."""
        if state.refined is not None:
            assert self.refiner is not None
            return self.refiner.step(state.refined)
        difference, changed, done = self.synthesis.sweep(state.patches)
        if done and state.phase == self.synthesis.levels - 1:
            self.synthesis.finish(state.patches)
        reason = f"{changed:.1%} of the matches still changed" if done else ""
        return Outcome({"difference": difference}, {"changed": changed}, finished=reason)

    def _values(self, state: PatchState) -> torch.Tensor:
        return torch.from_numpy(state.patches.values)

    def image(self, state: PatchState) -> F32:
        """The artwork so far, clamped to [0, 1]."""
        if state.refined is not None:
            assert self.refiner is not None
            return self.refiner.image(state.refined)
        return _picture(state.patches.layout.render(self._values(state)))

    def final(self, state: PatchState) -> F32:
        """The artwork with smooth edges, unless a network has refined it: what it made has no sharp ones."""
        if state.refined is not None:
            return self.image(state)
        layout = state.patches.layout
        artwork = antialiased(layout, self.symmetry.chart_for(*self.size), self._values(state))
        return _picture(artwork)

    def save(self, state: PatchState) -> dict[str, Any]:
        """Matches and artwork of the level, and the refinement's own state."""
        patches = state.patches
        saved: dict[str, Any] = {
            "level": patches.level,
            "sweeps": patches.sweeps,
            "values": torch.from_numpy(patches.values),
            "matches": {name: torch.from_numpy(array) for name, array in patches.matches._asdict().items()},
        }
        if state.refined is not None:
            assert self.refiner is not None
            saved["refined"] = self.refiner.save(state.refined)
        return saved

    def load(self, phase: int, saved: Mapping[str, Any]) -> PatchState:
        """The saved state; tables are made anew, since they follow from the size."""
        from orbifolio.runner.patches.search_kernels import Matches

        matches = Matches(*(saved["matches"][name].cpu().numpy() for name in Matches._fields))
        patches = self.synthesis.resume(
            int(saved["level"]), int(saved["sweeps"]), saved["values"].cpu().numpy(), matches
        )
        refined = None
        if "refined" in saved:
            assert self.refiner is not None
            refined = self.refiner.load(0, saved["refined"])
        return PatchState(phase, patches, refined)

    def traits(self, phase: int) -> Traits:
        """From the symmetry's colours and its true shape."""
        width, height = self.size
        return traits_of(self.symmetry, self.ratio * height / width if self.symmetry.ratio is not None else 1.0)

    def symmetry_summary(self, image: F32 | None) -> dict[str, Any] | None:
        """Group, claims and residuals; None for a picture without symmetry."""
        if not self.symmetry.claims() and not self.symmetry.group:
            return None
        return summarise(self.symmetry, kind_of(type(self.settings.symmetry)), image)

    def extras(self, state: PatchState, tone: Tone) -> Mapping[str, bytes]:
        """What the symmetry's geometry offers besides the picture."""
        from orbifolio.runner.exports.geometry import geometry_products  # files are made when the picture is there

        if state.refined is not None:
            assert self.refiner is not None
            return self.refiner.extras(state.refined, tone)
        values, layout = self._values(state), state.patches.layout
        colours = tone((values + 0.5).clamp(0, 1)[None].numpy())[0]
        finished = layout.constrain(torch.from_numpy(colours).to(values) - 0.5)
        return geometry_products(self.symmetry, layout, finished)

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Of the refinement's network."""
        return () if self.refiner is None else self.refiner.weights()

    def describe(self) -> str:
        """Pictures with their sizes, and the refinement."""
        task = self.plan.task
        names = [item.image for item in self.settings.images] or [self.settings.start or ""]
        sides = [f"{style.side:.0f} px" for style in task.styles]
        lines = [f"patches of {name}, its shorter side {side}" for name, side in zip(names, sides, strict=True)]
        return "\n".join([*lines, *([] if self.refiner is None else [self.refiner.describe()])])


def _picture(artwork: torch.Tensor) -> F32:
    """(height, width, 3) of a (1, 3, height, width) artwork, clamped to [0, 1]."""
    return np.ascontiguousarray(artwork[0].clamp(0, 1).permute(1, 2, 0).numpy(), np.float32)
