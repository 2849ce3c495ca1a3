"""Picture bytes of any kind to (height, width, 3) float32 sRGB in [0, 1], or a clear refusal.

One way for all depths: a decoder gives samples (`decoding`, `tiff`), and what they mean is decided once (`samples`), so
that a picture with 16 bits or floating point is read as its twin with 8 bits. Refused before decoding: more pixels
or bytes than `Limits` allow, JPEGs of absurdly many scans, and formats whose readers start other programs.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from orbifolio.runner.arrays import F32, U8
from orbifolio.runner.errors import ImageError
from orbifolio.runner.files import open_regular
from orbifolio.runner.images.decoding import Limits, decode
from orbifolio.runner.images.formats import READ
from orbifolio.runner.images.samples import ColourReader, UnreadablePicture, turned

MAX_BYTES = 500_000_000  # of a file on disk: about the largest picture that is read, in 8 bits and uncompressed
_INFLATED = "Decompressed data too large"  # Pillow's words for it
MAX_PIXELS = 170_000_000  # Pillow itself stops at 179 million


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        pixels: (height, width, 3) float32 sRGB in [0, 1], composited on white.
        alpha: (height, width) float32 in [0, 1], or None where every pixel is opaque.
        source: as the recipe names it.
        sha256: of the file's bytes.
        notes: what the reader should know of how it was read, as "has ...".
    """

    pixels: F32
    alpha: F32 | None
    source: str
    sha256: str
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """In pixels, after turning by EXIF."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels, after turning by EXIF."""
        return int(self.pixels.shape[0])

    @property
    def vanishes(self) -> bool:
        """Whether nothing of it is left on white paper, as of a white logo that was cut out."""
        return self.alpha is not None and float(self.pixels.min()) > 1 - 1 / 255


def read_picture(data: bytes, source: str) -> Picture:
    """The picture in a file's bytes.

    Args:
        data: all bytes of the file.
        source: how the recipe names it, for messages.

    Raises:
        ImageError: not a picture, damaged, too large or too small.
    """
    with _told(source, Limits(MAX_PIXELS)) as limits:
        reader = ColourReader(decode(data, limits))
        height, width = reader.samples.values.shape[:2]
        pixels = np.empty((height, width, 3), np.float32)
        opacity = None if reader.samples.opaque else np.empty((height, width), np.float32)
        for rows, colours, share in reader.bands():
            if share is None or opacity is None:
                pixels[rows] = colours
            else:
                opacity[rows] = share
                pixels[rows] = colours * share[..., None] + (1 - share[..., None])
        turn = reader.samples.orientation
        alpha = None if opacity is None or bool((opacity == 1).all()) else turned(opacity, turn)
        digest = hashlib.sha256(data).hexdigest()
        return Picture(turned(pixels, turn), alpha, source, digest, tuple(reader.notes))


def read_file(path: Path, shown: str = "") -> Picture:
    """The picture in a file.

    Args:
        path: of the file.
        shown: how messages call it; as `path` by default.

    Raises:
        ImageError: it is no plain file, cannot be read, or is no picture.
    """
    return read_picture(file_bytes(path, shown or str(path)), shown or str(path))


def file_bytes(path: Path, shown: str) -> bytes:
    """The bytes of a file that may be anything: neither a pipe that nobody fills nor an endless device is waited for.

    Raises:
        ImageError: it is no plain file, too large, or cannot be read.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise ImageError(f"{shown}: has more than {MAX_BYTES // 10**6} MB; scale it down first")
            return file.read(size)
    except (OSError, ValueError) as error:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "a device or a pipe"
            raise ImageError(f"{shown}: is {what}; a picture is a plain file; name one") from None
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{shown}: cannot be read ({reason})") from error


def read_plain(data: bytes, source: str, most_pixels: int) -> U8:
    """The picture in a file's bytes with 8 bits, for a copy of it: (height, width, 3), or 4 with straight opacity.

    Args:
        data: all bytes of the file.
        source: how its sender calls it, for messages.
        most_pixels: that it may have.

    Raises:
        ImageError: not a picture, damaged, too large or too small.
    """
    with _told(source, Limits(most_pixels)) as limits:
        reader = ColourReader(decode(data, limits))
        height, width = reader.samples.values.shape[:2]
        copy = np.empty((height, width, 3 if reader.samples.opaque else 4), np.uint8)
        for rows, colours, share in reader.bands():
            copy[rows, :, :3] = np.rint(colours * np.float32(255))
            if share is not None:
                copy[rows, :, 3] = np.rint(share * np.float32(255))
        if copy.shape[2] == 4 and bool((copy[..., 3] == 255).all()):
            copy = copy[..., :3]
        return turned(copy, reader.samples.orientation)


@contextmanager
def _told(source: str, limits: Limits) -> Iterator[Limits]:
    """Every way in which a file cannot be read, as an `ImageError`."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns of bombs below twice its limit; ours is checked by hand.
            warnings.simplefilter("ignore")
            yield limits
    except UnreadablePicture as refusal:
        raise ImageError(f"{source}: {refusal}") from None
    except UnidentifiedImageError:
        raise ImageError(
            f"{source}: is not a picture that can be read; supported are {READ}; save it again as one of these"
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(f"{source}: {limits.refusal('far too many pixels')}") from None
    except MemoryError:
        raise ImageError(f"{source}: {limits.refusal('more than fits in memory')}") from None
    except Exception as error:  # decoders raise what they like on damaged files
        reason = str(error).strip() or type(error).__name__
        if reason.startswith(_INFLATED):
            raise ImageError(
                f"{source}: holds a text or a profile that inflates beyond 1 MB; a picture's have kilobytes; save it "
                "again without"
            ) from None
        raise ImageError(
            f"{source}: is damaged or cut short ({reason}); the file must be whole; copy or save it again"
        ) from error
