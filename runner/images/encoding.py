"""Pictures to bytes of common files, the same for equal pictures; loops of pictures to animated WebP.

Convention: pictures are (height, width, 3), or (height, width, 4) with opacity, sRGB-encoded in [0, 1].
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32


def image(picture: F32) -> Image.Image:
    """A Pillow image, rounded to 8 bits."""
    return Image.fromarray(np.rint(np.clip(picture, 0, 1) * np.float32(255)).astype(np.uint8))


def on_white(opened: Image.Image) -> Image.Image:
    """An image in RGB, what is transparent on white: for formats and uses that have no opacity."""
    if not opened.has_transparency_data:
        return opened.convert("RGB")
    shown = opened.convert("RGBA")
    white = Image.new("RGBA", shown.size, "white")
    white.alpha_composite(shown)
    return white.convert("RGB")


def _bytes(opened: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    opened.save(buffer, kind, **options)
    return buffer.getvalue()


def png(picture: F32) -> bytes:
    """An 8-bit PNG, compressed by zlib's own default."""
    return _bytes(image(picture), "PNG", compress_level=6)


def webp(picture: F32, *, quality: int = 92) -> bytes:
    """Lossy WebP; its opacity is lossless."""
    return _bytes(image(picture), "WEBP", quality=quality, method=4)


def jpeg(picture: F32, *, quality: int = 94) -> bytes:
    """JPEG with full colour resolution, which models and old programs read."""
    return _bytes(image(picture), "JPEG", quality=quality, subsampling=0)


def animated(
    pictures: Iterable[F32], *, milliseconds: int | Sequence[int], quality: int = 80, whole: bool = True
) -> bytes:
    """A loop without end as animated WebP.

    Args:
        pictures: all of one size.
        milliseconds: each is shown for, or one for each.
        quality: 1 to 100, of the lossy encoder.
        whole: every frame is a picture of its own, not a difference from the one before; for loops in which all moves.
    """
    first, *others = [image(picture) for picture in pictures]
    return _bytes(
        first,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=milliseconds if isinstance(milliseconds, int) else list(milliseconds),
        loop=0,
        quality=quality,
        method=2,  # slower searches save a tenth of the bytes for three times the time
        minimize_size=False,
        **({"kmax": 0} if whole else {}),  # a turning picture has little in common with the one before
    )
