"""Embedded colour profiles: (profile, values in its colours) -> sRGB.

Most profiles are three curves and a matrix, or one curve for grey (ICC.1:2022, 8.3.3 and 8.4.2): these are worked out
here, so that 16-bit and floating-point values keep what they have, linear light above all. Profiles with tables, as
those of printers, go through Little CMS, which Pillow offers for 8 bits alone.

Convention: values are (rows, columns, channels), 0 to 1; of CIELAB, lightness / 100 and (a, b) + 128 over 255. sRGB is
encoded; what is brighter than white lies above 1.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.images import oklab

Conversion = Callable[[F32], F32]

_LIGHT_TO_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""Linear sRGB to XYZ adapted to D50, in which profiles are written (Lindbloom)."""
_D50 = (0.96422, 1.0, 0.82521)  # white in XYZ
_SAME = 1 / 510  # half a step of 8 bits: curves that change no grey by more are sRGB's own
_SAME_LIGHT = 5e-3  # of its primaries: makers of sRGB profiles round them differently
_MODES = {"grey": (b"GRAY", "L"), "rgb": (b"RGB ", "RGB"), "cmyk": (b"CMYK", "CMYK")}


def to_srgb(profile: bytes, colours: str) -> Conversion | None:
    """How values come to be sRGB, or None where they are it already.

    Args:
        profile: the bytes of an ICC profile.
        colours: `grey`, `rgb` or `cmyk`, which the profile must be for.

    Raises:
        ValueError: the profile cannot be used.
    """
    space, mode = _MODES[colours]
    if profile[16:20] != space:
        raise ValueError(f"it is for other colours than {colours}")
    try:
        if colours in ("grey", "rgb") and _is_of_curves(profile):
            return _by_curves(profile, colours)
        return _by_tables(ImageCms.ImageCmsProfile(io.BytesIO(profile)), mode)
    except (KeyError, struct.error, np.linalg.LinAlgError) as error:
        raise ValueError(f"it is damaged ({error})") from None
    except (ImageCms.PyCMSError, OSError, TypeError) as error:
        raise ValueError(str(error)) from None


def from_power(power: float) -> Conversion:
    """How values come to be sRGB whose linear light is a power of them."""

    def convert(values: F32) -> F32:
        light = np.maximum(values.astype(np.float64), 0) ** power
        return np.broadcast_to(oklab.encoded(light), (*values.shape[:2], 3)).astype(np.float32)

    return convert


def lab_to_srgb(values: F32) -> F32:
    """CIELAB under D50 as sRGB, by its definition."""
    lightness, a, b = np.moveaxis(values.astype(np.float64) * (100, 255, 255) - (0, 128, 128), 2, 0)
    y = (lightness + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200], axis=2)
    straight = (roots - 4 / 29) * (3 * (6 / 29) ** 2)
    xyz = np.where(roots > 6 / 29, roots**3, straight) * _D50
    return oklab.encoded(xyz @ np.linalg.inv(_LIGHT_TO_D50).T).astype(np.float32)


def _is_of_curves(profile: bytes) -> bool:
    return profile[20:24] == b"XYZ " and b"A2B0" not in _tags(profile)


def _by_curves(profile: bytes, colours: str) -> Conversion | None:
    tags = _tags(profile)
    curves = [_curve(tags[name]) for name in ((b"kTRC",) if colours == "grey" else (b"rTRC", b"gTRC", b"bTRC"))]
    mixed = np.eye(3)
    if colours == "rgb":
        colorants = np.column_stack([_numbers(tags[name], 8, 3) for name in (b"rXYZ", b"gXYZ", b"bXYZ")])
        mixed = np.linalg.inv(_LIGHT_TO_D50) @ colorants
    steps = np.linspace(0, 1, 256)
    if abs(mixed - np.eye(3)).max() < _SAME_LIGHT and all(
        abs(oklab.encoded(curve(steps)) - steps).max() < _SAME for curve in curves
    ):
        return None

    def convert(values: F32) -> F32:
        light = np.stack([curve(values[..., each].astype(np.float64)) for each, curve in enumerate(curves)], axis=2)
        light = np.broadcast_to(light, (*light.shape[:2], 3)) @ mixed.T
        return oklab.encoded(light).astype(np.float32)

    return convert


def _by_tables(profile: Any, mode: str) -> Conversion:
    transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")

    def convert(values: F32) -> F32:
        rounded = np.rint(np.clip(values, 0, 1) * np.float32(255)).astype(np.uint8)
        image = Image.frombytes(mode, (rounded.shape[1], rounded.shape[0]), rounded.tobytes())
        converted: Any = ImageCms.applyTransform(image, transform)
        return np.asarray(converted, np.float32) / np.float32(255)

    return convert


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """The parts of a profile by their signatures."""
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * each) for each in range(min(count, 200)))
    return {name: profile[start : start + size] for name, start, size in entries}


def _numbers(part: bytes, start: int, count: int) -> F64:
    """Fixed-point numbers with 16 bits after the point."""
    return np.array(struct.unpack_from(f">{count}i", part, start), np.float64) / 65536


# Parameters of the five kinds of formula, in the order in which a profile has them (ICC.1:2022, table 68).
_FORMULAS = ("g", "gab", "gabc", "gabcd", "gabcdef")


def _curve(part: bytes) -> Callable[[F64], F64]:
    """A tone curve: a table, a power, or a formula with a straight part below `d`."""
    if part[:4] == b"para":
        (kind,) = struct.unpack_from(">H", part, 8)
        if kind >= len(_FORMULAS):
            raise ValueError(f"it has a tone curve of unknown kind {kind}")
        given = dict(zip(_FORMULAS[kind], _numbers(part, 12, len(_FORMULAS[kind])), strict=True))
        return _formula(kind, given)
    if part[:4] != b"curv":
        raise ValueError("it has a tone curve of an unknown kind")
    (count,) = struct.unpack_from(">I", part, 8)
    if count == 0:
        return lambda values: values
    if count == 1:
        (power,) = struct.unpack_from(">H", part, 12)
        return lambda values: np.maximum(values, 0) ** (power / 256)
    table = np.frombuffer(part, ">u2", count=count, offset=12) / 65535
    return lambda values: np.interp(values, np.linspace(0, 1, count), table)


def _formula(kind: int, given: dict[str, float]) -> Callable[[F64], F64]:
    g, a, b = given["g"], given.get("a", 1.0), given.get("b", 0.0)
    # Kinds 1 and 2 are level where the power's base is negative; 3 and 4 have a straight part below d.
    slope, d = (given["c"], given["d"]) if kind >= 3 else (0.0, -b / (a or 1.0))
    above, below = (given.get("e", 0.0), given.get("f", 0.0)) if kind >= 3 else (given.get("c", 0.0),) * 2
    return lambda values: np.where(values >= d, np.maximum(a * values + b, 0) ** g + above, slope * values + below)
