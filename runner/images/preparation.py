"""Changes to style pictures before their statistics are taken.

Texture synthesis reproduces whatever the statistics contain, haze and dullness included: a style picture with
full contrast and crisp edges gives a better texture. The palette option first gives all style pictures the
colours of another picture, so that several styles agree.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import tone
from orbifolio.runner.images.colour_transfer import ColoursOf, ColourTransfer
from orbifolio.runner.images.finish import Level
from orbifolio.runner.settings import Settings


class StylePreparation(Settings):
    """Changes to every style picture; all off by default."""

    palette: ColoursOf | None = None
    """Picture whose colours all style pictures take on, or `{from: PICTURE, by: deviation|linear|sliced}`."""
    levels: Literal["auto"] | tuple[Level, Level] | None = None
    """`auto` stretches black and white points (auto-contrast); `[low, high]` sets them."""
    gamma: float = Field(default=1.0, gt=0, le=10)
    """Exponent of the curve: above 1 darkens the middle, below 1 brightens it."""
    contrast: float = Field(default=1.0, gt=0, le=10)
    """Factor about mid-grey."""
    saturation: float = Field(default=1.0, ge=0, le=10)
    """Factor about the mean of the channels."""
    sharpen: float = Field(default=0.0, ge=0, le=10)
    """Strength of the unsharp mask."""
    radius: float = Field(default=1.0, gt=0, le=50)
    """Radius of the unsharp mask in pixels."""

    def pictures(self) -> dict[str, str]:
        """Image sources by their path in these settings."""
        transfer: ColourTransfer | None = self.palette
        return {} if transfer is None else {"palette.from": transfer.source}

    def apply(self, pixels: F32, *, palette: F32 | None = None) -> F32:
        """A style picture, ready for its statistics to be taken.

        Args:
            pixels: (height, width, 3) in [0, 1].
            palette: (any, any, 3) in [0, 1], the picture that `palette` names, or None.

        Returns:
            (height, width, 3) float32 in [0, 1].
        """
        done = pixels.astype(np.float32)
        transfer: ColourTransfer | None = self.palette
        if transfer is not None and palette is not None:
            done = transfer.move(done, palette)(done)
        if self.levels is not None:
            low, high = tone.automatic_levels(done, symmetric=False) if self.levels == "auto" else sorted(self.levels)
            done = np.clip(tone.levels(done, float(low), float(high)), 0, 1)
        if self.gamma != 1.0:
            done = np.clip(done, 0, 1) ** np.float32(self.gamma)
        if self.contrast != 1.0:
            done = tone.contrast(done, self.contrast)
        if self.saturation != 1.0:
            done = tone.saturation(done, self.saturation)
        if self.sharpen > 0:
            done = tone.sharpen(done, self.sharpen, self.radius, wrap=(False, False))
        return np.clip(done, 0, 1).astype(np.float32)
