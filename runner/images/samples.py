"""The samples that a decoder gives -> straight sRGB and opacity, the same way whatever their depth and format.

Everything that is easily read in one way at 8 bits and in another at 16 is decided here, once: premultiplied opacity,
transparent colours, inverted greys, profiles, values beyond [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import code_points, profiles
from orbifolio.runner.images.code_points import ColourCodes

_BAND = 1 << 20  # pixels that are worked on at once: what is made in between stays small beside the picture
_BEYOND = 1 / 510  # outside [0, 1] that is worth a word: half a step of 8 bits
_MOSTLY = 0.9  # of all samples above 1: values on another scale, of which clipping would leave white paper


class UnreadablePicture(Exception):
    """Why a file is not read, as "is what; rule; cure": a whole sentence after its name."""


@dataclass(frozen=True)
class StoredPicture:
    """A decoded picture before its values mean colours.

    Attributes:
        values: (height, width, channels) uint8, uint16 or float32; opacity comes last.
        colours: what the channels before opacity are.
        top: the value that stands for 1.
        opacity: whether there is opacity, and whether colours are already multiplied by it.
        inverted: 0 is white.
        key: the one colour that is transparent, in `values`.
        profile: an ICC profile for `colours`, b"" for none.
        power: of the values that gives linear light, where there is no profile; 0 for sRGB's own curve.
        codes: what the colours are by code points, which go before a profile in PNG; None where nothing says so.
        orientation: EXIF's number 1 to 8.
        notes: what the reader should know of how the file was read.
    """

    values: npt.NDArray[Any]
    colours: Literal["grey", "rgb", "cmyk", "lab"]
    top: float = 255
    opacity: Literal["none", "straight", "premultiplied"] = "none"
    inverted: bool = False
    key: tuple[int, ...] | None = None
    profile: bytes = b""
    power: float = 0.0
    codes: ColourCodes | None = None
    orientation: int = 1
    notes: tuple[str, ...] = ()

    @property
    def opaque(self) -> bool:
        """Whether every pixel is opaque, as far as the file's form says."""
        return self.opacity == "none" and self.key is None


class ColourReader:
    """Reads samples band by band.

    Args:
        samples: what is read.

    Attributes:
        notes: the samples' own, and what was met on the way.
    """

    def __init__(self, samples: StoredPicture) -> None:
        self.samples = samples
        self.notes = list(samples.notes)
        self._convert = self._conversion()
        self._outside, self._above, self._most = 0, 0, 1.0  # pixels, samples, value

    def bands(self) -> Iterator[tuple[slice, F32, F32 | None]]:
        """(rows, (n, width, 3) straight sRGB in [0, 1], (n, width) opacity or None) from top to bottom, unturned.

        Raises:
            UnreadablePicture: values are no numbers, or on another scale.
        """
        height, width = self.samples.values.shape[:2]
        step = max(1, _BAND // width)
        for start in range(0, height, step):
            rows = slice(start, min(height, start + step))
            yield rows, *self._band(rows)
        self._close()

    def _band(self, rows: slice) -> tuple[F32, F32 | None]:
        given = self.samples
        values = given.values[rows]
        opacity: F32 | None = None
        if given.key is not None:
            opacity = (~(values == np.array(given.key)).all(axis=2)).astype(np.float32)
        scaled = values.astype(np.float32) / np.float32(given.top)
        if given.opacity != "none":
            if given.values.dtype.kind == "f":
                self._refuse_nan(scaled[..., -1:], rows.start)
            scaled, opacity = scaled[..., :-1], np.clip(scaled[..., -1], 0, 1)
        if opacity is not None:
            visible = opacity[..., None] > 0
            if given.opacity == "premultiplied":
                scaled = scaled / np.where(visible, opacity[..., None], 1)
            scaled = np.where(visible, scaled, np.float32(1))
        if given.values.dtype.kind == "f":
            self._inspect(scaled, rows.start)
            scaled = np.clip(scaled, 0, 1)  # before its profile, as its twin with 8 bits
        if given.inverted:
            scaled = 1 - scaled
        return np.clip(self._convert(scaled), 0, 1), opacity

    def _conversion(self) -> profiles.Conversion:
        colours = self.samples.colours
        if colours == "lab":
            return profiles.lab_to_srgb
        convert: profiles.Conversion | None = None
        codes = self.samples.codes
        if codes is not None and colours != "cmyk":
            try:
                convert = code_points.to_srgb(codes)
            except ValueError as error:
                self.notes.append(f"the name of its colours is left out: {error}")
            else:
                if codes.is_hdr:
                    self.notes.append(
                        f"is of high dynamic range: what is brighter than {code_points.WHITE:g} cd/m² is shown as white"
                    )
                return convert or _as_they_are
        if self.samples.profile:
            try:
                convert = profiles.to_srgb(self.samples.profile, colours)
            except ValueError as error:
                self.notes.append(f"its colour profile is left out: {error}")
        if convert is None and colours == "cmyk":
            return _plain_cmyk
        if not self.samples.profile and self.samples.power:
            return profiles.from_power(self.samples.power)
        return convert or _as_they_are

    def _inspect(self, scaled: F32, first: int) -> None:
        """Look for values that are no numbers, and count those outside [0, 1]."""
        self._refuse_nan(scaled, first)
        above = scaled > 1 + _BEYOND
        self._outside += int((above | (scaled < -_BEYOND)).any(axis=2).sum())
        self._above += int(above.sum())
        self._most = max(self._most, float(scaled.max()))

    def _refuse_nan(self, scaled: F32, first: int) -> None:
        wrong = np.isnan(scaled).any(axis=2)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise UnreadablePicture(
                f"has a pixel that is not a number (NaN), the first of them at column {column + 1}, row "
                f"{first + row + 1}; every sample must be a number; fill such pixels in and save it again"
            )

    def _close(self) -> None:
        """Say what was met in all bands."""
        height, width, channels = self.samples.values.shape
        if self._above > _MOSTLY * height * width * (channels - (self.samples.opacity != "none")):
            raise UnreadablePicture(
                f"has floating-point samples that are nearly all above 1, up to {self._most:.6g}; such pictures are "
                "read from 0 for black to 1 for white; scale them and save it again"
            )
        if self._outside:
            self.notes.append(
                f"{self._outside:,} of its {height * width:,} pixels have values outside 0 to 1 (the largest is "
                f"{self._most:.6g}); they are shown as black or white"
            )


def _as_they_are(values: F32) -> F32:
    return np.broadcast_to(values, (*values.shape[:2], 3))


def _plain_cmyk(values: F32) -> F32:
    """Without a profile: Pillow's rule, paper less each ink."""
    rounded = np.rint(np.clip(values, 0, 1) * np.float32(255)).astype(np.uint8)
    image = Image.frombytes("CMYK", (rounded.shape[1], rounded.shape[0]), rounded.tobytes())
    return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)


def turned(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Rows and columns turned and mirrored as EXIF's number 1 to 8 says."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
