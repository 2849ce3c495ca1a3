"""Pictures to files: 16-bit PNG for the artwork, WebP for frames, 8-bit PNG for tiles; atomic, deterministic.

Convention: pictures are (height, width, 3) float arrays, or (height, width, 4) with opacity, sRGB-encoded in [0, 1],
rounded (not cut) to integers. Every function writes beside the target and renames, so no reader sees half a file, and
returns the bytes it wrote.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpngw
import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.errors import InputError, ShapeMismatch
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images.png_text import RECIPE, with_text
from orbifolio.runner.images.reading import MAX_PIXELS

MAX_WEBP_SIDE = 16383  # pixels along a side that the format can hold
_MANY = 4_000_000  # pixels from which the faster filter is taken, which needs less memory, too
_UP, _PAETH = 2, 4
"""Filters by their numbers. Paeth's won on every picture tried, and `auto`, which compresses with all five, takes five
times as long to find that out."""
_ROWS = 256  # quantised at once: the whole of a poster in float64 would be the most memory that it ever takes
WEBP_QUALITY = 90  # frames are looked at, not measured; the artwork itself is lossless


def write_png16(path: Path, pixels: F32, *, title: str = "", recipe: str = "") -> bytes:
    """Write a 16-bit PNG, marked as sRGB.

    Args:
        path: of the file, which is replaced if it exists.
        pixels: (height, width, 3 or 4) in [0, 1]; values outside are clipped.
        title: for the file's text chunk.
        recipe: YAML for another, from which `orbifolio new --from` makes a file again; "" for none.

    Returns:
        The file's bytes; equal pixels, titles and recipes give equal bytes.

    Raises:
        ShapeMismatch: not a picture of colours.
        OSError: the disk is full or the folder not writable; the file before stays.
    """
    # None keeps numpngw from writing the present time, which would make equal pictures differ.
    text = [("Software", "orbifolio"), ("Creation Time", None)]
    if title:
        text.append(("Title", _latin(title)))
    buffer = io.BytesIO()
    samples = np.empty(pixels.shape, np.uint16)
    for first in range(0, len(pixels), _ROWS):
        samples[first : first + _ROWS] = quantise(pixels[first : first + _ROWS], 65535)
    filters = _PAETH if samples.size < 3 * _MANY else _UP
    numpngw.write_png(buffer, samples, text_list=text, filter_type=filters, interlace=0)
    data = buffer.getvalue()
    # The sRGB chunk (perceptual intent) goes between header and pixels; numpngw has no option for it.
    data = data[:33] + b"\x00\x00\x00\x01sRGB\x00\xae\xce\x1c\xe9" + data[33:]
    data = with_text(data, RECIPE, recipe)
    write_atomically(path, data)
    return data


def write_png8(path: Path, pixels: F32, *, recipe: str = "") -> bytes:
    """Write an 8-bit PNG; see `write_png16`."""
    data = with_text(_encoded(pixels, "PNG", optimize=False, compress_level=6), RECIPE, recipe)
    write_atomically(path, data)
    return data


def write_webp(path: Path, pixels: F32, *, quality: int = WEBP_QUALITY, effort: int = 4) -> bytes:
    """Write a lossy WebP.

    Args:
        path: of the file, which is replaced if it exists.
        pixels: (height, width, 3 or 4) in [0, 1].
        quality: of the lossy encoding, 1 to 100.
        effort: 0 to 6; at 2 a file is 2 % larger than at 4, and there in less than half the time.
    """
    longest = max(pixels.shape[:2])
    if longest > MAX_WEBP_SIDE:
        every = -(-longest // MAX_WEBP_SIDE)
        pixels = pixels[::every, ::every]  # a larger WebP cannot exist; the artwork itself is PNG
    return _write(path, pixels, "WEBP", quality=quality, method=effort)


def _encoded(pixels: F32, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(quantise(pixels, 255).astype(np.uint8)).save(buffer, kind, **options)
    return buffer.getvalue()


def _write(path: Path, pixels: F32, kind: str, **options: Any) -> bytes:
    data = _encoded(pixels, kind, **options)
    write_atomically(path, data)
    return data


def quantise(pixels: F32, maximum: int) -> F64:
    """Values in [0, 1] as whole numbers from 0 to `maximum`, rounded to the nearest.

    Raises:
        ShapeMismatch: not (height, width, 3 or 4).
    """
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ShapeMismatch("picture", expected=("height", "width", 3), actual=pixels.shape)
    return np.rint(np.clip(pixels.astype(np.float64), 0, 1) * maximum)


def _latin(text: str) -> str:
    """PNG's plain text is Latin-1; anything else becomes a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")


def check_size(size: tuple[int, int], what: str) -> None:
    """Refuse a picture that nothing could open again.

    Args:
        size: (width, height) of the picture to be made.
        what: asks for it, as the user wrote it.

    Raises:
        InputError: it has too many pixels.
    """
    width, height = size
    if width * height > MAX_PIXELS:
        most = math.floor(max(size) * math.sqrt(MAX_PIXELS / (width * height)))
        raise InputError(
            f"{what}: makes {width:,} x {height:,} pixels, {width * height / 1e6:,.0f} megapixels; at most "
            f"{MAX_PIXELS // 10**6} are written, since few programs open larger pictures; ask for at most {most:,} "
            "along the longer side"
        )
