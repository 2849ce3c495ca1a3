"""Image optimisation: canvas -> symmetry -> view -> vision network -> objectives, and back.

    canvas() -> artwork -> view -> encoder.features(needed layers) -> {term: scalar} -> gradient -> optimiser

Each phase enlarges the artwork through the symmetry's gather (floating point, wrapped, never 8 bits) and
begins a fresh optimiser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from orbifolio.runner.canvas import AnyCanvas
from orbifolio.runner.canvas.base import CanvasSettings
from orbifolio.runner.canvas.pixels import Pixels
from orbifolio.runner.devices import choose_precision
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.objectives import AnyObjective
from orbifolio.runner.objectives.objective_list import complaints_of, layers_of, least_sides_of, pictures_of
from orbifolio.runner.optimisers import AnyOptimiser
from orbifolio.runner.optimisers.lbfgs import Lbfgs
from orbifolio.runner.renderers.base import RenderContext, RendererSettings
from orbifolio.runner.renderers.image.renderer import ImageParts, ImageRenderer, whole_only
from orbifolio.runner.settings import Settings, kind_of
from orbifolio.runner.symmetry import AnySymmetry
from orbifolio.runner.symmetry.aspect import Ratio, parse_ratio
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.views import Views
from orbifolio.runner.vision import AnyNetwork
from orbifolio.runner.vision.base import VisionSettings
from orbifolio.runner.vision.vgg import Vgg16


class PhaseSettings(Settings):
    """One resolution and its steps."""

    size: int = Field(ge=8, le=16384)
    """Width of the picture in pixels; rounded to what symmetry and network need."""
    steps: int = Field(ge=0, le=100_000)
    """Optimisation steps."""


class ImageOptimisation(RendererSettings):
    """A picture made by optimisation under the eyes of a vision network."""

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
    """Arithmetic of the network: bf16 is several times faster where the hardware has it; auto uses it there if its
    gradients agree with fp32's."""
    tile_size: Literal["auto", "none"] | Annotated[int, Field(ge=64, le=4096)] = "auto"
    """Pixels along each side of the tiles in which the network looks at the picture, one after the other: the picture
    is the same, to rounding, its features take the memory of one tile, and time about doubles. `auto` takes tiles where
    the picture does not fit into the memory in one piece; `none` never does."""

    def build(self, context: RenderContext) -> ImageRenderer:
        """The renderer of what the settings mean together."""

        def aspect_of(source: str) -> float:
            height, width = context.plain_picture(source).shape[-2:]
            return width / height

        symmetry, ratio = self.symmetry_for(aspect_of)
        parts = ImageParts(
            canvas=self.canvas,
            symmetry=symmetry,
            symmetry_kind=kind_of(type(self.symmetry)),
            ratio=ratio,
            views=self.views,
            vision=self.vision,
            layers=frozenset(self.layers()),
            objectives=self.objectives,
            optimiser=self.optimiser,
            phases=tuple((phase.size, phase.steps) for phase in self.phases),
            precision=self.precision,
            tile_size=self.tile_size,
        )
        return ImageRenderer(parts, context)

    def symmetry_for(self, aspect_of: Callable[[str], float | None]) -> tuple[Symmetry, float]:
        """The symmetry and the desired width / height.

        Raises:
            IllegalSymmetry: `where` is relative to `symmetry` or is `aspect` for the canvas' aspect.
        """
        settings: SymmetrySettings = self.symmetry
        canvas: CanvasSettings = self.canvas
        desired: Ratio | None = None
        if canvas.aspect is not None:
            try:
                desired = parse_ratio(str(canvas.aspect))
            except ValueError as error:
                raise IllegalSymmetry(str(error), where="aspect") from error
        symmetry = settings.build(desired)
        if symmetry.ratio is not None:
            return symmetry, symmetry.ratio
        if desired is not None:
            return symmetry, desired.value
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

    def kept_symmetry(self, ratio: float) -> Symmetry:
        """The artwork's: see the base class."""
        return self.symmetry_for(lambda source: ratio)[0]

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Illegal symmetries, unknown layers, channels and classes; see the base class."""
        problems: list[tuple[str, str]] = []
        try:
            self.symmetry_for(aspect_of)
        except IllegalSymmetry as error:
            where = "canvas.aspect" if error.where == "aspect" else f"symmetry.{error.where}".rstrip(".")
            problems.append((where, str(error)))
        canvas: CanvasSettings = self.canvas
        problems += [(f"canvas.{path}", text) for path, text in canvas.complaints(aspect_of)]
        problems += complaints_of(self.objectives, self.vision, self.views)
        why = whole_only(self.objectives, self.vision, self.layers())
        if isinstance(self.tile_size, int) and why:
            problems.append(("tile_size", f"{self.tile_size}: no tiles here: {why}; leave tile_size out"))
        return problems

    def advisories(self) -> list[str]:
        """The symmetry's advisories, and random views under an optimiser that needs a fixed objective."""
        symmetry = self.symmetry_for(lambda source: None)[0]
        notes = list(symmetry.advisories())
        windows = symmetry.crop_size(256, 256, multiple=1) is not None
        if (self.views or windows) and self.optimiser.wants_stillness:
            moving = "the windows of this symmetry" if windows else "renderer.views"
            notes.append(
                f"{moving} are random, which misleads L-BFGS: it learns from how the gradient changes; "
                "`optimiser: adam` is made for moving objectives"
            )
        canvas: CanvasSettings = self.canvas
        if canvas.wants_adam and self.optimiser.wants_stillness:
            notes.append(
                "the canvas changes by itself between steps, which misleads L-BFGS; use "
                "`optimiser: {kind: adam, rate: 0.05}`"
            )
        return notes

    def layers(self) -> set[str]:
        """Names of all layers that objectives use."""
        return layers_of(self.objectives, self.vision)

    def networks(self) -> tuple[VisionSettings, ...]:
        """The one network, unless no objective uses it."""
        return (self.vision,) if self.layers() else ()

    def idle(self) -> frozenset[str]:
        """Where no phase has a step, nothing is optimised; where no objective asks for layers, no network looks."""
        if not any(phase.steps for phase in self.phases):
            return frozenset(("objectives", "optimiser", "views", "vision"))
        return frozenset() if self.layers() else frozenset(("vision",))

    def arithmetic(self, device: str) -> str:
        """What `precision` comes to on a device."""
        return choose_precision(self.precision, device, agrees=self.vision.half_precision)[0]

    def pictures(self) -> dict[str, str]:
        """All image sources by path."""
        canvas: CanvasSettings = self.canvas
        sources = {f"canvas.{path}": source for path, source in canvas.pictures().items()}
        return {**sources, **pictures_of(self.objectives)}

    def figures(self) -> tuple[str, ...]:
        """Those of the symmetry."""
        symmetry: SymmetrySettings = self.symmetry
        return symmetry.figures()

    def least_sides(self) -> dict[str, tuple[int, str]]:
        """Of the style pictures; see the base class."""
        return least_sides_of(self.objectives, self.vision)
