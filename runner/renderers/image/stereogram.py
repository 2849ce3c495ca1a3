"""A stereogram: a pattern of patches, repeated so that a depth stands out of it when the eyes look past the picture.

The levels of the pattern are the phases; the last picture is the stereogram (see `images/autostereogram.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.images.autostereogram import autostereogram, cushion
from orbifolio.runner.images.cover import cover
from orbifolio.runner.named_files import FileName
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.renderers.image.patches import Patches, PatchState
from orbifolio.runner.symmetry.aspect import Aspect, parse_ratio
from orbifolio.runner.vision.base import VisionSettings

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # Rec. 709


class Stereogram(RendererSettings):
    """A picture to look through: what is near in another picture stands out of a pattern that nearly repeats."""

    kind: Literal["stereogram"] = "stereogram"
    pattern: Patches
    """What is repeated, made of patches; its `symmetry` must repeat both ways, as those of the plane do."""
    depth: FileName
    """Picture of the depth: what is bright is near."""
    near: Literal["bright", "dark"] = "bright"
    """What of the depth's picture is near."""
    rounded: bool = False
    """Take the depth's picture for a silhouette, and round it like a cushion."""
    size: int = Field(default=1600, ge=64, le=16384)
    """Width of the picture in pixels."""
    aspect: Aspect | None = None
    """Width:height; none: the depth's own."""
    repeats: float = Field(default=10.0, ge=3, le=40)
    """How many times the pattern fits side by side. One should be at most 6 cm wide before the viewer, as eyes are
    apart."""
    relief: float = Field(default=0.33, ge=0, le=0.7)
    """How near the nearest comes: its share of the way from the farthest to the viewer."""
    cites: ClassVar[tuple[str, ...]] = (*Patches.cites, "thimbleby1994")

    def build(self, context: RenderContext) -> StereogramRenderer:
        """The renderer; pictures are read when first needed."""
        return StereogramRenderer(self, context)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Those of the pattern, and one that does not repeat both ways."""
        problems = [(f"pattern.{path}", text) for path, text in self.pattern.complaints(aspect_of)]
        if not problems and not all(self.pattern.kept_symmetry(1.0).wrap):
            problems.append(
                (
                    "pattern.symmetry",
                    "does not repeat both ways, and a stereogram is made of repeats; write {kind: plane, group: p1}, "
                    "or another group of the plane",
                )
            )
        return problems

    def networks(self) -> tuple[VisionSettings, ...]:
        """Those of the pattern."""
        return self.pattern.networks()

    def arithmetic(self, device: str) -> str:
        """That of the pattern."""
        return self.pattern.arithmetic(device)

    def pictures(self) -> dict[str, str]:
        """The pattern's, and the depth."""
        return {**{f"pattern.{path}": source for path, source in self.pattern.pictures().items()}, "depth": self.depth}


class StereogramRenderer(Renderer):
    """Makes the pattern, then the picture; see the module's docstring."""

    def __init__(self, settings: Stereogram, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self.pattern = settings.pattern.build(context)
        self.charted = self.pattern.charted

    @cached_property
    def depth(self) -> F64:
        """(height, width) in [0, 1], 1 for the nearest, at the picture's size."""
        settings = self.settings
        picture = self.context.plain_picture(settings.depth)
        ratio = picture.shape[-1] / picture.shape[-2] if settings.aspect is None else parse_ratio(settings.aspect).value
        size = (max(1, round(settings.size / ratio)), settings.size)
        shown: F32 = cover(picture, size)[0].permute(1, 2, 0).cpu().numpy() @ _LUMINANCE
        shown = shown if settings.near == "bright" else 1 - shown
        return cushion(shown) if settings.rounded else shown.astype(np.float64)

    def phases(self) -> tuple[Phase, ...]:
        """The pattern's."""
        return self.pattern.phases()

    def least_memory(self) -> float:
        """The pattern's, and sixteen numbers a pixel of the picture."""
        return max(self.pattern.least_memory(), 128.0 * self.settings.size**2)

    def stages(self) -> Mapping[str, F32]:
        """The depth."""
        grey = self.depth.astype(np.float32)
        return {"depth, bright for near": np.repeat(grey[..., None], 3, axis=2)}

    def begin(self, phase: int, previous: PatchState | None) -> PatchState:
        """Of the pattern."""
        return self.pattern.begin(phase, previous)

    def step(self, state: PatchState) -> Outcome:
        """Of the pattern."""
        return self.pattern.step(state)

    def image(self, state: PatchState) -> F32:
        """The pattern so far."""
        return self.pattern.image(state)

    def final(self, state: PatchState) -> F32:
        """The stereogram."""
        period = self.settings.size / self.settings.repeats
        return autostereogram(self.pattern.final(state), self.depth, period, self.settings.relief)

    def save(self, state: PatchState) -> dict[str, Any]:
        """Of the pattern."""
        return self.pattern.save(state)

    def load(self, phase: int, saved: Mapping[str, Any]) -> PatchState:
        """Of the pattern."""
        return self.pattern.load(phase, saved)

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Of the pattern."""
        return self.pattern.weights()

    def describe(self) -> str:
        """The pattern's, and the depth."""
        return f"{self.pattern.describe()}\ndepth of {self.settings.depth}, {self.settings.repeats:g} repeats"
