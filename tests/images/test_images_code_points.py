"""Colours by code points (cICP of PNG, nclx of AVIF), against published matrices and levels of light."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from orbifolio.runner.images import oklab
from orbifolio.runner.images.code_points import ColourCodes, to_srgb
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.images.writing import write_png16

# linear light in other primaries to linear sRGB: CSS Color 4's sample code, and ITU-R BT.2087 turned round
DISPLAY_P3 = [[1.2249401, -0.2249402, 0.0], [-0.0420570, 1.0420571, 0.0], [-0.0196376, -0.0786361, 1.0982735]]
BT2020 = [[1.6604910, -0.5876411, -0.0728499], [-0.1245505, 1.1328999, -0.0083494], [-0.0181508, -0.1005789, 1.1187297]]


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    checked = kind + body
    return png[:33] + struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked)) + png[33:]


def colours() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (9, 11, 3), dtype=np.uint8)


def png(pixels: np.ndarray, codes: tuple[int, int, int, int], **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return with_chunk(buffer.getvalue(), b"cICP", bytes(codes))


@pytest.mark.parametrize(("primaries", "matrix"), [(12, DISPLAY_P3), (9, BT2020)])
def test_primaries_are_those_of_the_standards(primaries: int, matrix: list[list[float]]) -> None:
    pixels = colours()
    wanted = oklab.encoded(oklab.linear(pixels / 255) @ np.array(matrix).T)
    read = read_picture(png(pixels, (primaries, 13, 0, 1)), "x").pixels
    assert abs(read - np.clip(wanted, 0, 1)).max() < 2e-3
    assert abs(read - pixels / 255).max() > 0.05  # as sRGB it would be another picture


def test_code_points_go_before_a_profile_and_gamma() -> None:
    pixels = colours()
    plain = read_picture(png(pixels, (1, 13, 0, 1), gamma=1.0), "x")
    assert abs(plain.pixels - pixels / 255).max() < 1e-6
    assert not plain.notes


def test_sixteen_bits_are_read_as_eight(tmp_path: Path) -> None:
    pixels = colours()
    deep = write_png16(tmp_path / "deep.png", pixels.astype(np.float32) / 255)
    codes = (12, 13, 0, 1)
    read = [read_picture(data, "x").pixels for data in (with_chunk(deep, b"cICP", bytes(codes)), png(pixels, codes))]
    assert abs(read[0] - read[1]).max() < 1 / 255


# Values and the light that they stand for in cd/m2: SMPTE ST 2084 and ITU-R BT.2408, table 1
@pytest.mark.parametrize(
    ("transfer", "value", "light"),
    [(16, 0.5081, 100.0), (16, 0.5807, 203.0), (16, 0.38, 26.0), (18, 0.75, 203.0), (18, 0.38, 26.0), (18, 0.0, 0.0)],
)
def test_high_dynamic_range_has_paper_white_at_203_candela(transfer: int, value: float, light: float) -> None:
    convert = to_srgb(ColourCodes(9, transfer))
    assert convert is not None
    found = oklab.linear(convert(np.full((1, 1, 3), value, np.float32)).astype(np.float64))
    assert found == pytest.approx(light / 203, rel=0.02, abs=1e-6)


def test_high_dynamic_range_is_said() -> None:
    read = read_picture(png(np.full((9, 9, 3), 200, np.uint8), (9, 16, 0, 1)), "x")
    assert read.pixels.min() == 1.0  # brighter than paper
    assert "high dynamic range" in read.notes[0]


def test_video_s_range_is_stretched() -> None:
    ramp = np.broadcast_to(np.linspace(16, 235, 9).round().astype(np.uint8)[None, :, None], (9, 9, 3))
    read = read_picture(png(ramp, (1, 13, 0, 0)), "x").pixels
    assert read[0, 0].max() < 1e-6
    assert read[0, -1].min() > 1 - 1e-6


@pytest.mark.parametrize("codes", [(12, 99, 0, 1), (77, 13, 0, 1)])
def test_unknown_code_points_are_said(codes: tuple[int, int, int, int]) -> None:
    pixels = colours()
    read = read_picture(png(pixels, codes), "x")
    assert abs(read.pixels - pixels / 255).max() < 1e-6
    assert "H.273" in read.notes[0]


@pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")
def test_an_avif_names_its_colours() -> None:
    buffer = io.BytesIO()
    flat = np.broadcast_to(np.array([200, 90, 40], np.uint8), (32, 32, 3))
    Image.fromarray(flat).save(buffer, "AVIF", quality=100, subsampling="4:4:4", icc_profile=None)
    data = buffer.getvalue()
    at = data.index(b"colrnclx") + 8
    read = [
        read_picture(data[:at] + struct.pack(">HH", *codes) + data[at + 4 :], "x").pixels[16, 16]
        for codes in ((1, 13), (12, 13))
    ]
    wanted = oklab.encoded(oklab.linear(read[0].astype(np.float64)) @ np.array(DISPLAY_P3).T)
    assert abs(read[1] - np.clip(wanted, 0, 1)).max() < 2e-3
