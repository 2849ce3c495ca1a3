"""From a picture to a grey one: crop, size, luma, Gaussian blur, inversion, mask.

Convention: (height, width) float64 in [0, 1], 0 is black; the points of a gas come from what is dark.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field
from scipy import ndimage
from skimage.color import rgb2gray
from skimage.transform import resize

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.errors import ImageError
from orbifolio.runner.settings import Settings


class Tone(Settings):
    """How a picture becomes grey."""

    crop: Annotated[tuple[int, int, int, int], Field(min_length=4, max_length=4)] | None = None
    """Left, top, width and height of the part to use, in pixels; the whole picture if left out."""
    width: int | None = Field(default=None, ge=8, le=8192)
    """Width in pixels to scale the part to; unscaled if left out."""
    blur: float = Field(default=0.6, ge=0, le=100)
    """Standard deviation of the Gaussian blur in pixels; 0 for none."""
    invert: bool = False
    """Draw what is light instead of what is dark."""
    mask: str | None = None
    """A picture, scaled to the size of the part, that is dark where nothing must be drawn."""

    def part(self, picture: F32) -> F32:
        """The part of a picture that is used, at its size.

        Args:
            picture: (height, width, 3) in [0, 1].

        Raises:
            ImageError: nothing is left of it.
        """
        if self.crop is not None:
            left, top, width, height = self.crop
            rows, columns = picture.shape[:2]
            if min(left, top) < 0 or min(width, height) < 1 or left + width > columns or top + height > rows:
                raise ImageError(
                    f"renderer.tone.crop: {list(self.crop)} (left, top, width, height); the picture has "
                    f"{columns} x {rows} pixels and the part must lie in it; make it smaller"
                )
            picture = picture[top : top + height, left : left + width]
        if self.width is not None and self.width != picture.shape[1]:
            height = max(1, round(picture.shape[0] * self.width / picture.shape[1]))
            picture = resize(picture, (height, self.width), order=1, anti_aliasing=True).astype(np.float32)
        return picture

    def grey(self, part: F32) -> F64:
        """Luma with the weights of Rec. 709, before the blur.

        Args:
            part: (height, width, 3) in [0, 1].
        """
        exact = part.astype(np.float64)
        steps = np.rint(exact * 255)
        if np.abs(exact * 255 - steps).max() < 1e-4:
            exact = steps / 255  # single precision moved an 8-bit picture by less than this; thresholds notice
        grey = np.asarray(rgb2gray(exact), dtype=np.float64)
        return 1.0 - grey if self.invert else grey

    def blurred(self, grey: F64) -> F64:
        """The grey picture after a Gaussian blur; beyond the border its pixels are repeated."""
        if self.blur == 0:
            return grey
        return np.asarray(ndimage.gaussian_filter(grey, self.blur, mode="nearest"), dtype=np.float64)

    def allowed(self, mask: F32, shape: tuple[int, int]) -> Bools:
        """(height, width) where something may be drawn.

        Args:
            mask: (h, w, 3) in [0, 1], of any size.
            shape: (height, width) of the part.
        """
        grey = rgb2gray(mask.astype(np.float64))
        return np.asarray(resize(grey, shape, order=1, anti_aliasing=False) >= 0.5, dtype=np.bool_)
