"""The finish of a picture: levels, contrast, saturation, sharpening, all without breaking its symmetry.

The article this program grew from advises such a finish by hand. Here each operation commutes with the
artwork's colour action (see `tone.py` for the algebra), so that a finished picture measures as exactly
symmetric as an unfinished one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import tone
from orbifolio.runner.settings import Settings
from orbifolio.runner.vision.enlarger import CITES, WEIGHTS

Level = Annotated[float, Field(ge=-1, le=2)]

Tone = Callable[[F32], F32]
"""The finish of single colours: (height, width, 3) in [0, 1] -> the same shape and range."""


@dataclass(frozen=True)
class Traits:
    """What the finish must respect so that a picture's symmetry stays.

    Attributes:
        wrap: it continues over its (top-bottom, left-right) edges.
        tiles: copies of it may be laid side by side where it wraps.
        inverting: the symmetry inverts colours, so that levels are cut alike at both ends.
        inverting_single: it inverts some channels and not others, so that saturation is left alone.
        pixel_aspect: width / height of one pixel in the artwork's true geometry.
    """

    wrap: tuple[bool, bool] = (False, False)
    tiles: bool = True
    inverting: bool = False
    inverting_single: bool = False
    pixel_aspect: float = 1.0


PLAIN = Traits()


class Finish(Settings):
    """Adjustments of the finished picture; all off by default."""

    levels: Literal["auto"] | tuple[Level, Level] | None = None
    """`auto` stretches black and white points; `[low, high]` sets them; null leaves them."""
    contrast: float = Field(default=1.0, gt=0, le=10)
    """Factor about mid-grey."""
    saturation: float = Field(default=1.0, ge=0, le=10)
    """Factor about the mean of the channels; left alone where a colour action inverts single channels."""
    sharpen: float = Field(default=0.0, ge=0, le=10)
    """Strength of the unsharp mask."""
    radius: float = Field(default=1.0, gt=0, le=50)
    """Radius of the unsharp mask in pixels."""
    enlarge: Literal[2, 4, 16] | None = None
    """How many times as wide and high a network draws the picture before anything else of the finish: crisp, without a
    seam, its symmetry kept. None: as it is."""
    cites: ClassVar[tuple[str, ...]] = ("mindseye",)

    def cited(self) -> tuple[str, ...]:
        """With the network's paper where it enlarges."""
        return self.cites if self.enlarge is None else (*self.cites, *CITES)

    def weight_names(self) -> tuple[str, ...]:
        """Weights that finishing needs."""
        return () if self.enlarge is None else (WEIGHTS,)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the finished picture."""
        factor = self.enlarge or 1
        return factor * width, factor * height

    def apply(self, pixels: F32, traits: Traits = PLAIN) -> F32:
        """The finished picture of one that is as large as it is to be: (height, width, 3) in [0, 1] -> the same."""
        done = self._toned(pixels, self._levels(pixels, traits.inverting), traits.inverting_single)
        if self.sharpen > 0:
            done = tone.sharpen(done, self.sharpen, self.radius, wrap=traits.wrap, pixel_aspect=traits.pixel_aspect)
        return np.clip(done, 0, 1).astype(np.float32)

    def tone(self, pixels: F32, traits: Traits = PLAIN) -> Tone:
        """The finish of single colours, without sharpening: for products that show the picture's colours.

        Args:
            pixels: (height, width, 3), the picture that automatic levels are taken from.
            traits: what its symmetry allows.
        """
        span = self._levels(pixels, traits.inverting)

        def toned(other: F32) -> F32:
            return np.clip(self._toned(other, span, traits.inverting_single), 0, 1).astype(np.float32)

        return toned

    def _levels(self, pixels: F32, inverting: bool) -> tuple[float, float] | None:
        """Black and white points, or None to leave them."""
        if self.levels is None:
            return None
        if self.levels == "auto":
            return tone.automatic_levels(pixels.astype(np.float32), symmetric=inverting)
        low, high = sorted(float(value) for value in self.levels)
        return tone.evened(low, high) if inverting else (low, high)

    def _toned(self, pixels: F32, span: tuple[float, float] | None, inverting_single: bool) -> F32:
        done = pixels.astype(np.float32)
        if span is not None:
            done = tone.levels(done, *span)
        if self.contrast != 1.0:
            done = tone.contrast(done, self.contrast)
        if self.saturation != 1.0 and not inverting_single:
            done = tone.saturation(done, self.saturation)
        return done
