"""What is done to the finished picture: levels, contrast, saturation, sharpening; symmetry is kept.

The article this program grew from advises such a finish by hand. Here each operation commutes with the
artwork's colour action (see `tone.py` for the algebra), so that a finished picture measures as exactly
symmetric as an unfinished one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.images import tone
from orbifolio.runner.images.tone import Pixels
from orbifolio.runner.settings import Settings

Level = Annotated[float, Field(ge=-1, le=2)]


class Finish(Settings):
    """The last touches; all off by default."""

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
    cites: ClassVar[tuple[str, ...]] = ("mindseye",)

    def apply(
        self,
        pixels: Pixels,
        *,
        wrap: tuple[bool, bool] = (False, False),
        permuting: bool = False,
        inverting: bool = False,
        pixel_aspect: float = 1.0,
        inverting_single: bool = False,
    ) -> Pixels:
        """The finished picture.

        Args:
            pixels: (height, width, 3) in [0, 1].
            wrap: it continues over its (top-bottom, left-right) edges.
            permuting: its colour action permutes channels (all operations allow that).
            inverting: its colour action inverts channels: levels are cut alike at both ends.
            pixel_aspect: true width / height of a pixel.
            inverting_single: the action inverts some channels and not others: saturation is left alone.

        Returns:
            (height, width, 3) float32 in [0, 1].
        """
        done = self._toned(pixels, self._levels(pixels, inverting), inverting_single)
        if self.sharpen > 0:
            done = tone.sharpen(done, self.sharpen, self.radius, wrap=wrap, pixel_aspect=pixel_aspect)
        return np.clip(done, 0, 1).astype(np.float32)

    def tone(
        self, pixels: Pixels, *, inverting: bool = False, inverting_single: bool = False
    ) -> Callable[[Pixels], Pixels]:
        """What is done to single colours, without sharpening: for whatever else shows the picture's colours.

        Args:
            pixels: the picture, for automatic levels.
            inverting: see `apply`.
            inverting_single: see `apply`.
        """
        span = self._levels(pixels, inverting)

        def toned(other: Pixels) -> Pixels:
            return np.clip(self._toned(other, span, inverting_single), 0, 1).astype(np.float32)

        return toned

    def _levels(self, pixels: Pixels, inverting: bool) -> tuple[float, float] | None:
        """Black and white points, or None to leave them."""
        if self.levels is None:
            return None
        if self.levels == "auto":
            return tone.automatic_levels(pixels.astype(np.float32), symmetric=inverting)
        low, high = sorted(float(value) for value in self.levels)
        if inverting:
            reach = max(0.5 - low, high - 0.5)
            low, high = 0.5 - reach, 0.5 + reach
        return low, high

    def _toned(self, pixels: Pixels, span: tuple[float, float] | None, inverting_single: bool) -> Pixels:
        done = pixels.astype(np.float32)
        if span is not None:
            low, high = span
            done = tone.levels(done, low, max(high, low + 1e-3))
        if self.contrast != 1.0:
            done = tone.contrast(done, self.contrast)
        if self.saturation != 1.0 and not inverting_single:
            done = tone.saturation(done, self.saturation)
        return done
