"""Colours that a file names by code points: (primaries, transfer function) -> how its values come to be sRGB.

PNG has them in `cICP` (PNG 3, 11.3.2.6), AVIF and HEIC in a `colr` box of type `nclx` (ISO/IEC 14496-12, 12.1.5); both
take the numbers of ITU-T H.273. Still pictures with a camera's curve (BT.709 and its like) are looked at on screens
with sRGB's, and taken as such. Of high dynamic range, light of `WHITE` is white (ITU-R BT.2408): what is brighter lies
above 1, and whoever reads the picture clips it.

Convention: values are (rows, columns, channels), 0 to 1.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.images import oklab

Conversion = Callable[[F32], F32]

WHITE = 203.0
"""Candela for each square metre of the white of paper or of a screen's page, in pictures of high dynamic range."""
PEAK = 1000.0
"""The same of the screen that hybrid log-gamma is shown on."""

_SRGB_PRIMARIES = 1
_PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709, sRGB
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),  # BT.601 with 625 lines
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),  # BT.601 with 525 lines
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020, BT.2100
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
"""Chromaticities of red, green and blue; all with white D65."""
_D65 = (0.3127, 0.3290)
_UNSAID = 2
_AS_SRGB = (1, 6, 13, 14, 15, _UNSAID)
_PQ, _HLG = 16, 18


@dataclass(frozen=True)
class ColourCodes:
    """How a file names its colours.

    Attributes:
        primaries: ITU-T H.273, table 2.
        transfer: table 3.
        full: values reach from 0 to the top; else they keep room below and above, as video does.
    """

    primaries: int
    transfer: int
    full: bool = True

    @property
    def is_hdr(self) -> bool:
        """Whether it is made for more light than white paper has."""
        return self.transfer in (_PQ, _HLG)


def to_srgb(codes: ColourCodes) -> Conversion | None:
    """How values come to be sRGB, or None where they are it already.

    Raises:
        ValueError: a code point that is not known here.
    """
    primaries = _SRGB_PRIMARIES if codes.primaries == _UNSAID else codes.primaries
    if primaries not in _PRIMARIES:
        raise ValueError(f"its primaries are number {codes.primaries} of ITU-T H.273, which are not known here")
    if codes.transfer not in (*_AS_SRGB, *_TO_LIGHT):
        raise ValueError(f"its transfer function is number {codes.transfer} of ITU-T H.273, which is not known here")
    to_light = _TO_LIGHT.get(codes.transfer, oklab.linear)
    mixed = np.linalg.inv(_to_xyz(_SRGB_PRIMARIES)) @ _to_xyz(primaries)
    if codes.transfer in _AS_SRGB and primaries == _SRGB_PRIMARIES and codes.full:
        return None

    def convert(values: F32) -> F32:
        given = np.broadcast_to(values, (*values.shape[:2], 3)).astype(np.float64)
        if not codes.full:
            given = (given * 255 - 16) / 219  # the same share of the range for any number of bits
        return oklab.encoded(to_light(np.clip(given, 0, 1)) @ mixed.T).astype(np.float32)

    return convert


def _to_xyz(primaries: int) -> F64:
    """Linear light to XYZ: the primaries' directions, so long that together they are D65."""
    chromaticities = np.array([*_PRIMARIES[primaries], _D65])
    x, y = chromaticities.T
    directions = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    lengths = np.linalg.solve(directions[:, :3], directions[:, 3])
    xyz: F64 = directions[:, :3] * lengths
    return xyz


def _of_pq(values: F64) -> F64:
    """Perceptual quantiser (SMPTE ST 2084): values to light, white being 1."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = values ** (1 / m2)
    light: F64 = (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light * 10_000 / WHITE


def _of_hlg(values: F64) -> F64:
    """Hybrid log-gamma (ITU-R BT.2100): values to the light of a screen of `PEAK`, white being 1."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    brightness = scene @ (0.2627, 0.6780, 0.0593)
    light: F64 = scene * np.maximum(brightness, 1e-12)[..., None] ** 0.2
    return light * PEAK / WHITE


_TO_LIGHT: dict[int, Callable[[F64], F64]] = {
    4: lambda values: values**2.2,
    5: lambda values: values**2.8,
    8: lambda values: values,
    _PQ: _of_pq,
    _HLG: _of_hlg,
}
"""By the number of the transfer function, where it is not sRGB's."""


def codes_of_png(data: bytes) -> ColourCodes | None:
    """Of the `cICP` chunk before the pixels; None where there is none, or one that says nothing of RGB."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        if kind == b"IDAT":
            return None
        if kind == b"cICP" and length == 4 and data[at + 10] == 0:
            primaries, transfer, _, full = data[at + 8 : at + 12]
            return ColourCodes(primaries, transfer, bool(full))
        at += 12 + length
    return None


def codes_of_heif(data: bytes) -> ColourCodes | None:
    """Of the first `nclx` in the description of an AVIF's or HEIC's pictures, which decoders turn to full-range RGB."""
    start = data.find(b"meta", 0, 4096)
    if start < 4:
        return None
    (length,) = struct.unpack_from(">I", data, start - 4)
    at = data.find(b"colrnclx", start, start - 4 + length)
    if at < 0 or at + 12 > len(data):
        return None
    primaries, transfer = struct.unpack_from(">HH", data, at + 8)
    return ColourCodes(primaries, transfer)
