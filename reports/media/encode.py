"""Animations as files: (pictures of one size, milliseconds of each) -> WebP or AVIF bytes, equal for equal pictures.

MP4, which needs the optional extra `orbifolio[video]`, is made by `orbifolio.runner.images.mp4`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, features

TICK_MS = 20
"""Milliseconds: every duration is a multiple of it, so that a film at a fixed rate can follow."""


def encode_webp(pictures: Sequence[Image.Image], milliseconds: Sequence[int]) -> bytes:
    """An animated WebP: every browser plays it."""
    return _animated(pictures, milliseconds, "WEBP", quality=80, method=0)  # 4 takes twice as long for 12 % less


def encode_avif(pictures: Sequence[Image.Image], milliseconds: Sequence[int]) -> bytes | None:
    """An animated AVIF, a third of the WebP's size; None if this Pillow lacks AVIF."""
    if not features.check("avif"):
        return None
    # one thread: the bytes must not depend on the machine
    return without_times(_animated(pictures, milliseconds, "AVIF", quality=60, speed=8, max_threads=1))


def without_times(data: bytes) -> bytes:
    """An AVIF without its creation time, which the encoder writes into the headers of movie, track and media.

    Args:
        data: of the file; boxes as in ISO/IEC 14496-12, times after version and flags.
    """
    stripped = bytearray(data)
    start = data.find(b"moov")  # the box with the headers; outside it, the pictures' data may hold any bytes
    if start < 4:  # no such box
        return data
    end = start + int.from_bytes(data[start - 4 : start], "big") - 4
    for name in (b"mvhd", b"tkhd", b"mdhd"):
        at = data.find(name, start, end)
        while at >= 0:
            size = 16 if data[at + 4] == 1 else 8  # creation and modification, 64 or 32 bits each
            stripped[at + 8 : at + 8 + size] = bytes(size)
            at = data.find(name, at + 4, end)
    return bytes(stripped)


def _animated(pictures: Sequence[Image.Image], milliseconds: Sequence[int], kind: str, **options: int) -> bytes:
    stream = io.BytesIO()
    pictures[0].save(
        stream, kind, save_all=True, append_images=list(pictures[1:]), duration=list(milliseconds), loop=0, **options
    )
    return stream.getvalue()
