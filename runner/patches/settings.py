"""What a recipe says about patches: pictures to copy from, at which magnification, and with what to begin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.images.cover import cover
from orbifolio.runner.images.motif import fitting_side
from orbifolio.runner.named_files import FileName
from orbifolio.runner.patches.style_atlas import MIN_SIDE, PatchStyle
from orbifolio.runner.settings import Settings, Shorthand
from orbifolio.runner.symmetry.base import Symmetry

if TYPE_CHECKING:
    from torch import Tensor

    from orbifolio.runner.patches.synthesis import PatchTask

Magnification = Annotated[float, Field(gt=0, le=1000)] | Literal["auto"]
PATCH_SOURCES = ("barnes2009", "kwatra2005", "kaspar2015")


class PatchImage(Settings):
    """A picture to copy patches from."""

    image: FileName
    """Where it comes from: a path, `skimage:NAME`, `https://...`, `s3://...` or `upload`."""
    weight: float = Field(default=1.0, gt=0, le=1e6)
    """Its share of the patches, beside the others' weights."""
    magnification: Magnification = "auto"
    """Pixel count relative to the artwork's: at 1 the whole picture is as large as the artwork, at 4 its features are
    shown twice as large. `auto`: such that a fundamental domain of the symmetry holds about two motifs. Never
    enlarged above its own size."""
    mask: FileName | None = None
    """Picture whose brightness says where patches of this one may lie (white) and where not (black)."""


def _expand_image(value: Any) -> Any:
    return {"image": value} if isinstance(value, str) else value


AnyPatchImage = Annotated[PatchImage, Shorthand(_expand_image, {"type": "string"})]


class PatchSettings(Settings):
    """What both the renderer and the start have to say."""

    images: tuple[AnyPatchImage, ...] = Field(default=(), max_length=16)
    """The pictures to copy from; none: the one in `start`."""
    variety: float = Field(default=1.0, ge=0, le=100)
    """How hard it is to copy one place often: 0 copies what fits best, more uses all of the pictures."""
    start: FileName | None = Field(default=None, min_length=1)
    """A picture that the artwork begins with, laid over it: made seamless, or fitted to the symmetry, with as few
    changes as possible. It is copied from, too, where `images` names none."""
    keep: float = Field(default=0.0, ge=0, le=0.95)
    """Share of the sides of `start`: an ellipse so large, about its middle, stays pixel by pixel."""

    def picture_sources(self) -> dict[str, str]:
        """Image sources by their path below these settings."""
        sources = {f"images.{number}": item.image for number, item in enumerate(self.images)}
        sources |= {f"images.{number}.mask": item.mask for number, item in enumerate(self.images) if item.mask}
        return sources | ({"start": self.start} if self.start else {})

    def patch_complaints(self) -> list[tuple[str, str]]:
        """What is wrong, as (path, "what; rule; cure")."""
        if not self.images and self.start is None:
            return [("images", "no picture to copy from; name one in images, or one to begin with in start")]
        if self.start is not None and (len(self.images) > 1 or any(item.image != self.start for item in self.images)):
            return [
                (
                    "images",
                    "a picture to begin with is also what is copied from; patches of others would not fit into it; "
                    "leave out images, or start",
                )
            ]
        if self.keep and self.start is None:
            return [("keep", "nothing to keep without a picture to begin with; name one in start, or leave out keep")]
        return []


RATE = 0.004  # of the penalty at variety 1, as a squared colour difference: visible repetition against visible joints


@dataclass(frozen=True)
class PatchPlan:
    """What settings come to for a symmetry and a size.

    Attributes:
        task: for the synthesis.
        notes: what was chosen, for the plan and the report.
    """

    task: PatchTask
    notes: tuple[str, ...]


def plan_patches(
    settings: PatchSettings,
    symmetry: Symmetry,
    size: tuple[int, int],
    orbits: int,
    *,
    seed: int,
    picture: Callable[[str], Tensor],
    mask: Callable[[str], Tensor] | None = None,
) -> PatchPlan:
    """The task of settings at a size.

    Args:
        settings: without complaints.
        symmetry: of the artwork.
        size: (width, height) of the artwork in pixels.
        orbits: of its layout.
        seed: of all random choices.
        picture: source -> (1, 3, h, w) in [0, 1].
        mask: the same of a mask, black where it is clear; by default `picture`.
    """
    from orbifolio.runner.patches.synthesis import PatchTask, level_sizes  # compiles, so not before it is needed

    width, height = size
    if settings.start is not None:
        started = _pixels(cover(picture(settings.start), (height, width)))
        style = PatchStyle(started, float(min(width, height)))
        sizes = level_sizes(symmetry, size, (style,), started=True)
        rate = 0.0 if settings.images == () else RATE * settings.variety
        return PatchPlan(PatchTask((style,), sizes, seed, rate, started, settings.keep), ())
    styles, notes, admits = [], [], {}
    for number, item in enumerate(settings.images):
        pixels = _pixels(picture(item.image))
        tall, wide = pixels.shape[:2]
        aspect = max(tall, wide) / min(tall, wide)
        if item.magnification == "auto":
            side = fitting_side(pixels, orbits)
            notes.append(f"{item.image} magnified {side * side * aspect / (width * height):.2g} times for the symmetry")
        else:
            side = min(math.sqrt(item.magnification * width * height / aspect), float(min(tall, wide)))
        styles.append(PatchStyle(pixels, max(side, float(MIN_SIDE)), item.weight))
        if item.mask is not None:
            admits[number] = cover((mask or picture)(item.mask), (height, width))[0].mean(0).numpy()
    sizes = level_sizes(symmetry, size, styles)
    return PatchPlan(PatchTask(tuple(styles), sizes, seed, RATE * settings.variety, admits=admits), tuple(notes))


def _pixels(picture: Tensor) -> F32:
    """(1, 3, h, w) -> (h, w, 3)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
