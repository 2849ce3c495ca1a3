"""PNG with 16 bits in each of several channels -> integers; Pillow would drop the lower eight.

The five filters of a PNG predict each byte from its left, upper and upper left neighbours. All pixels on
one antidiagonal (row + column = constant) depend only on the two antidiagonals before, so they are
undone together: height + width numpy steps instead of one Python step for each byte.

Convention: (height, width, channels) uint16, channels RGB or RGBA or grey with alpha.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import U8

_SIGNATURE = b"\x89PNG\r\n\x1a\n"  # of every PNG file
_CHANNELS = {2: 3, 4: 2, 6: 4}  # colour types with more than one 16-bit sample a pixel


def read_deep_png(data: bytes) -> npt.NDArray[np.uint16] | None:
    """The samples of a 16-bit colour PNG.

    Args:
        data: a file that Pillow has already read without complaint.

    Returns:
        (height, width, channels), or None for any other kind of file: not PNG, 8 bits, grey only, interlaced.

    Raises:
        ValueError: the pixels end early, or a filter is unknown.
    """
    if data[:8] != _SIGNATURE or data[12:16] != b"IHDR":
        return None
    width, height, bits, colour, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    if bits != 16 or colour not in _CHANNELS or interlace:
        return None
    step = 2 * _CHANNELS[colour]
    # The limit keeps a bomb's stream from unfolding beyond the size that the header admits.
    packed = zlib.decompressobj().decompress(_pixel_chunks(data), height * (1 + width * step))
    if len(packed) < height * (1 + width * step):
        raise ValueError("its pixels end early")
    rows = np.frombuffer(packed, np.uint8).reshape(height, 1 + width * step)
    filters, raw = rows[:, 0], rows[:, 1:].reshape(height, width, step)
    if filters.max(initial=0) > 4:
        raise ValueError("it has an unknown filter")
    return _unfilter(filters, raw).view(">u2").astype(np.uint16)


def _pixel_chunks(data: bytes) -> bytes:
    position, chunks = 8, []
    while position + 8 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        if data[position + 4 : position + 8] == b"IDAT":
            chunks.append(data[position + 8 : position + 8 + length])
        position += 12 + length
    return b"".join(chunks)


def _unfilter(filters: U8, raw: U8) -> U8:
    """Undo the filters (none, sub, up, average, Paeth), antidiagonal by antidiagonal.

    Args:
        filters: (height,), the number of each row's filter.
        raw: (height, width, bytes of a pixel).
    """
    height, width, step = raw.shape
    done = np.zeros((height + 1, width + 1, step), np.uint8)  # a border of zeros above and to the left
    for diagonal in range(height + width - 1):
        row = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        column = diagonal - row
        left, up, corner = (done[row + 1 + i, column + 1 + j].astype(np.int16) for i, j in ((0, -1), (-1, 0), (-1, -1)))
        slope = left + up - corner
        to_left, to_up, to_corner = abs(slope - left), abs(slope - up), abs(slope - corner)
        paeth = np.where((to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner))
        choices = (np.zeros_like(left), left, up, (left + up) // 2, paeth)
        predicted = np.choose(np.broadcast_to(filters[row, None], left.shape), choices)
        done[row + 1, column + 1] = (raw[row, column] + predicted).astype(np.uint8)
    return np.ascontiguousarray(done[1:, 1:])
