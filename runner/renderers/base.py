"""A renderer turns phases into states that can be shown; `runner/run/loop.py` is the only loop around it.

    for phase in phases():  state = begin(phase, previous);  repeat steps: step(state);  image(state)

`save` and `load` make a state survive the process: a resumed run continues bit for bit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.images.finish import Tone, Traits
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry import colour

if TYPE_CHECKING:  # a recipe's text is read before torch is needed
    from torch import Tensor

    from orbifolio.runner.symmetry.base import Symmetry
    from orbifolio.runner.vision.base import VisionSettings

GPU_GAIN = 10.0
"""How many times faster a GPU trains than two processor cores; an estimate, for the plan."""


BASE_MEMORY = 0.45e9  # bytes: the program, torch, weights
ARTWORK_BYTES = 110.0  # a pixel of the picture, beside what the network sees: its gradient, frames, style pictures
VGG16_BYTES: Mapping[str, float] = {"bf16": 731.0, "fp32": 1180.0}
"""A pixel at the peak of an evaluation of VGG16 to its fourth block, by precision."""


@dataclass(frozen=True)
class Phase:
    """One resolution (or node budget, or some epochs) of a run.

    Attributes:
        title: as reports show it, e.g. `256 px`.
        width: of the picture in pixels.
        height: of the picture in pixels.
        steps: number of optimisation steps.
        parameters: numbers that are optimised.
        notes: what was rounded or decided.
        seen: pixels that the network looks at in a step; 0 for the whole picture.
        table_bytes: memory of the tables that make the picture, while the phase lasts.
        work: what a pixel costs in a step, beside VGG16 to its fourth block, the default.
        seconds: what the phase takes on two processor cores, where it is not pixels that count; else None.
        making_bytes: memory that is taken while the tables are made, before the first step.
        memory_bytes: what the phase takes at its peak, where it is no network's features that count; else None.
        pixel_bytes: what a pixel takes that the network looks at, by its precision; the default's is that of VGG16.
        optimiser_bytes: memory of the optimiser and of what it moves.
        core: pixels along each side of the tiles' cores, where the network looks at one tile after the other; else 0.
        tile: the same with what a tile sees beyond its core.
    """

    title: str
    width: int
    height: int
    steps: int
    parameters: int
    notes: tuple[str, ...] = ()
    seen: int = 0
    table_bytes: int = 0
    work: float = 1.0
    seconds: float | None = None
    making_bytes: int = 0
    memory_bytes: float | None = None
    pixel_bytes: Mapping[str, float] = field(default_factory=lambda: VGG16_BYTES)
    optimiser_bytes: float = 0.0
    core: int = 0
    tile: int = 0

    @property
    def pixels_seen(self) -> int:
        """That the network looks at in a step."""
        return self.seen or self.width * self.height

    def peak(self, precision: str) -> float:
        """Bytes that it takes at its peak, about, beside `BASE_MEMORY`.

        Args:
            precision: `bf16` or `fp32`, of its network.
        """
        if self.memory_bytes is not None:
            return max(self.memory_bytes, self.making_bytes)
        at_once = min(self.pixels_seen, self.tile**2) if self.tile else self.pixels_seen
        features, artwork = at_once * self.pixel_bytes[precision], self.width * self.height * ARTWORK_BYTES
        return max(features + artwork + self.optimiser_bytes + self.table_bytes, self.making_bytes)


@dataclass(frozen=True)
class Outcome:
    """What one step did; the sum of its terms is the loss.

    Attributes:
        terms: weighted parts of the loss, by name.
        metrics: other numbers worth a log entry, by name.
        finished: why the phase needs no more steps; empty if it does.
    """

    terms: Mapping[str, float]
    metrics: Mapping[str, float] = field(default_factory=dict)
    finished: str = ""


def traits_of(symmetry: Symmetry, pixel_aspect: float) -> Traits:
    """What a symmetry requires of the finish.

    Args:
        symmetry: that the picture has.
        pixel_aspect: width / height of one pixel in the artwork's true geometry.
    """
    colours = [matrix for _, _, matrix in symmetry.appearances()]
    return Traits(
        wrap=symmetry.wrap,
        tiles=symmetry.tiles,
        inverting=any(bool((c < 0).any()) for c in colours),
        inverting_single=any(bool((c < 0).any() and (c > 0).any()) for c in colours),
        pixel_aspect=pixel_aspect,
        elements=colours_of(symmetry),
        opacity=symmetry.opacity,
    )


def colours_of(symmetry: Symmetry) -> tuple[int, ...]:
    """The group of colour elements that a symmetry acts with, nearly or exactly; the identity first."""
    return colour.generate(claim.colour for claim in (*symmetry.claims(), *symmetry.near_claims()))


@dataclass(frozen=True)
class RenderContext:
    """What a run gives to its renderer.

    Attributes:
        seed: everything random derives from it.
        device: torch's name of it: `cpu`, `cuda` or `cuda:N`.
        picture: source -> (1, 3, h, w) float32 sRGB in [0, 1], prepared as the recipe says.
        plain_picture: the same, not prepared.
        plain_pixels: the same as (h, w, 3), for renderers that need no torch; by default from `plain_picture`.
        mask: the same of a mask, what is clear in it being black; by default `plain_picture`.
        warn: puts a message into the report.
        title: of the recipe, for products that name the picture.
        fast_bf16: whether bfloat16 was fast when the run began, for `precision: auto`; None to ask the machine.
    """

    seed: int
    device: str
    picture: Callable[[str], Tensor]
    plain_picture: Callable[[str], Tensor]
    plain_pixels: Callable[[str], F32] | None = None
    mask: Callable[[str], Tensor] | None = None
    warn: Callable[[str], None] = lambda message: None
    title: str = ""
    fast_bf16: bool | None = None

    def pixels(self, source: str) -> F32:
        """(h, w, 3) float32 sRGB in [0, 1], not prepared, contiguous."""
        if self.plain_pixels is not None:
            return np.ascontiguousarray(self.plain_pixels(source), dtype=np.float32)
        picture = self.plain_picture(source)[0].permute(1, 2, 0).cpu().numpy()
        return np.ascontiguousarray(picture, dtype=np.float32)

    def mask_picture(self, source: str) -> Tensor:
        """(1, 3, h, w) of a mask in [0, 1], black where it is clear."""
        return (self.mask or self.plain_picture)(source)


class Renderer(ABC):
    """Computes pictures phase by phase. A state is whatever `begin` returns; only the renderer looks inside.

    Attributes:
        charted: metrics that are worth a curve in the report, beside the loss.
        phase_noun: what a phase is to a reader; any other word than phase says that each is a picture of its own.
        begins_bare: whether nothing is there before the first step, so that no frame is kept of it.
    """

    charted: tuple[str, ...] = ()
    phase_noun: str = "phase"
    begins_bare: bool = False

    def least_memory(self) -> float:
        """Bytes that the picture's size alone asks for: known before `phases`, which may read and plan for seconds."""
        return 0.0

    @abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """All phases, in order; cheap, loads no network."""

    def forecast(self) -> tuple[Phase, ...]:
        """The phases as far as they can be told in a second, for a plan; by default exactly."""
        return self.phases()

    @abstractmethod
    def begin(self, phase: int, previous: Any | None) -> Any:
        """The state at the start of a phase, from the end of the one before (None at the first)."""

    @abstractmethod
    def step(self, state: Any) -> Outcome:
        """Advance the state by one step, in place.

        Raises:
            RunFailed: the computation cannot continue.
        """

    @abstractmethod
    def image(self, state: Any) -> F32:
        """(height, width, 3) float32 sRGB in [0, 1]."""

    def final(self, state: Any) -> F32:
        """The picture that the run ends with: by default the last image."""
        return self.image(state)

    @abstractmethod
    def save(self, state: Any) -> dict[str, Any]:
        """Tensors and plain values from which `load` continues bit for bit."""

    @abstractmethod
    def load(self, phase: int, saved: Mapping[str, Any]) -> Any:
        """The state that `save` was given; a step from it gives the same bits."""

    def stages(self) -> Mapping[str, F32]:
        """Pictures between the input and the start, by name in their order, for the report."""
        return {}

    def traits(self, phase: int) -> Traits:
        """What finishing must respect at a phase's size."""
        return Traits()

    def symmetry_summary(self, image: F32 | None) -> dict[str, Any] | None:
        """The `symmetry` block of `run.json`, with residuals measured on a picture if one is given."""
        return None

    def extras(self, state: Any, tone: Tone) -> Mapping[str, bytes]:
        """Further products by file name (SVG, GLB, ...), with the finished picture's colours."""
        return {}

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Provenance of the networks in use, for `run.json`."""
        return ()

    def describe(self) -> str:
        """Objectives and networks as text, for the report."""
        return ""


class RendererSettings(Settings):
    """The base of every kind of renderer.

    Attributes:
        grounded: whether the finish's ground shows where the symmetry's surface ends; a drawing has its own paper.
    """

    grounded: ClassVar[bool] = True

    def build(self, context: RenderContext) -> Renderer:
        """The renderer of these settings; loads no network yet."""
        raise NotImplementedError(type(self).__name__)

    def sketch(self, context: RenderContext, width: int) -> F32 | None:
        """(height, width, 3) sRGB of what it will give, where that takes a second at most; else None.

        Args:
            context: of the run to come.
            width: in pixels.
        """
        return None

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Everything wrong with the settings that types cannot say, as (path, message).

        Args:
            aspect_of: source -> width / height of that picture, or None if it cannot be read.
        """
        return []

    def advisories(self) -> list[str]:
        """Warnings for the user, each with its cure."""
        return []

    def networks(self) -> tuple[VisionSettings, ...]:
        """The vision networks it will load, each once."""
        return ()

    def kept_symmetry(self, ratio: float) -> Symmetry | None:
        """The symmetry that its finished picture has and must keep when it is enlarged; None for none.

        Args:
            ratio: width / height of the picture.
        """
        return None

    def arithmetic(self, device: str) -> str:
        """`bf16` or `fp32`, for the plan."""
        return "fp32"

    def pictures(self) -> dict[str, str]:
        """Image sources by their path in the settings, e.g. `objectives.0.images.0.image`."""
        return {}

    def figures(self) -> tuple[str, ...]:
        """Files with outlines that it names, which are no pictures."""
        return ()

    def least_sides(self) -> dict[str, tuple[int, str]]:
        """(pixels that each side needs, the network that needs them) of some of the pictures, by path."""
        return {}
