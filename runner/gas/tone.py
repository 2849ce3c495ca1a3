"""From a picture to a grey one: crop, size, luma, Gaussian blur, inversion, mask; then contrast, levels and a portrait.

Convention: (height, width) float64 in [0, 1], 0 is black; the points of a gas come from what is dark.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.deferred import color, exposure, ndimage, transform
from orbifolio.runner.errors import ImageError
from orbifolio.runner.gas.portrait import Portrait, Sitter
from orbifolio.runner.named_files import FileName
from orbifolio.runner.settings import Settings, switched

REGIONS = 5  # along each side, whose contrast is equalised: about the size of a head in a portrait
CLIP_LIMIT = (
    0.012  # of the equalisation: scikit-image's default, 0.01, a little stronger; more shows the noise of a wall
)
SHARPENING_SHARE = 1 / 165  # of the picture's width, the deviation that sharpening compares with: a lid, a lip


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
    mask: FileName | None = None
    """A picture, scaled to the size of the part, that is dark where nothing must be drawn."""
    contrast: float = Field(default=0, ge=0, le=1)
    """How far contrast is evened out between regions (CLAHE), which brings out what lies in shade; 0 for not at all."""
    sharpness: float = Field(default=0, ge=0, le=4)
    """How much lids, lips and hair are set off from what is around them (unsharp masking); 0 for not at all."""
    levels: Annotated[tuple[float, float], Field(min_length=2, max_length=2)] = (0.0, 1.0)
    """Greys, from 0 to 1, that become black and white paper."""
    portrait: switched(Portrait) = None  # type: ignore[valid-type]
    """Look for a face, and draw it with more care than the rest; true, or its settings."""

    def cited(self) -> tuple[str, ...]:
        """The paper of the equalisation, where contrast is evened out."""
        return ("zuiderveld1994",) if self.contrast else ()

    def complaints(self) -> list[tuple[str, str]]:
        """A crop without an inside, levels in the wrong order, as (path, message)."""
        problems = []
        if self.crop is not None and (min(self.crop[:2]) < 0 or min(self.crop[2:]) < 1):
            problems.append(
                (
                    "crop",
                    f"{list(self.crop)} is not a part of a picture; a crop is left, top, width and height; "
                    "give a place inside and a size of at least 1 x 1",
                )
            )
        black, white = self.levels
        if not 0 <= black < white <= 1:
            problems.append(
                ("levels", f"{list(self.levels)}; black comes before white, both in 0..1; give e.g. [0.05, 0.8]")
            )
        return problems

    def size(self, rows: int, columns: int) -> tuple[int, int]:
        """(height, width) of the part that is used of a picture, at its size.

        Args:
            rows: of the picture.
            columns: of the picture.

        Raises:
            ImageError: nothing is left of it.
        """
        height, width = rows, columns
        if self.crop is not None:
            left, top, width, height = self.crop
            if min(left, top) < 0 or min(width, height) < 1 or left + width > columns or top + height > rows:
                raise ImageError(
                    f"renderer.tone.crop: {list(self.crop)} (left, top, width, height); the picture has "
                    f"{columns} x {rows} pixels and the part must lie in it; make it smaller"
                )
        if self.width is None or self.width == width:
            return height, width
        return max(1, round(height * self.width / width)), self.width

    def coarser(self, factor: float, width: int) -> Tone:
        """The same for a part at another size, for a plan.

        Args:
            factor: by which lengths in pixels are smaller.
            width: of the part in pixels.
        """
        return self.model_copy(update={"width": max(1, round(width / factor)), "blur": self.blur / factor})

    def part(self, picture: F32) -> F32:
        """The part of a picture that is used, at its size.

        Args:
            picture: (height, width, 3) in [0, 1].

        Raises:
            ImageError: nothing is left of it.
        """
        size = self.size(*picture.shape[:2])
        if self.crop is not None:
            left, top, width, height = self.crop
            picture = picture[top : top + height, left : left + width]
        if size != picture.shape[:2]:
            picture = transform.resize(picture, size, order=1, anti_aliasing=True).astype(np.float32)
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
        grey = np.asarray(color.rgb2gray(exact), dtype=np.float64)
        return 1.0 - grey if self.invert else grey

    def blurred(self, grey: F64) -> F64:
        """The grey picture after a Gaussian blur; beyond the border its pixels are repeated."""
        if self.blur == 0:
            return grey
        return np.asarray(ndimage.gaussian_filter(grey, self.blur, mode="nearest"), dtype=np.float64)

    def toned(self, blurred: F64, sitter: Sitter | None) -> F64:
        """The tones that are drawn: contrast, sharpness and levels, and what is far from the face faded to paper.

        Args:
            blurred: (h, w) grey after the blur.
            sitter: of the face that was found; None for none.
        """
        tones = blurred
        if self.contrast:
            size = tuple(max(8, side // REGIONS) for side in tones.shape)
            even = exposure.equalize_adapthist(np.clip(tones, 0, 1), kernel_size=size, clip_limit=CLIP_LIMIT)
            tones = (1 - self.contrast) * tones + self.contrast * even
        if self.sharpness:
            around = ndimage.gaussian_filter(tones, tones.shape[1] * SHARPENING_SHARE, mode="nearest")
            tones = tones + self.sharpness * (tones - around)
        if self.levels != (0.0, 1.0) or sitter is not None:
            black, white = self.levels
            top = white if sitter is None else sitter.white(white)
            tones = np.clip((tones - black) / (top - black), 0, 1)
        if sitter is not None:
            tones = 1 - (1 - tones) * sitter.presence
        return tones

    def allowed(self, mask: F32, shape: tuple[int, int]) -> Bools:
        """(height, width) where something may be drawn.

        Args:
            mask: (h, w, 3) in [0, 1], of any size.
            shape: (height, width) of the part.
        """
        grey = color.rgb2gray(mask.astype(np.float64))
        return np.asarray(transform.resize(grey, shape, order=1, anti_aliasing=False) >= 0.5, dtype=np.bool_)
