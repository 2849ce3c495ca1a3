"""Written pictures: bytes that depend on nothing but the picture, 16 bits, atomic."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from orbifolio.runner.errors import ShapeMismatch
from orbifolio.runner.images.writing import write_png8, write_png16, write_webp


def picture() -> np.ndarray:
    return np.random.default_rng(1).random((9, 13, 3)).astype(np.float32)


def chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG, each one's checksum verified."""
    found, position = {}, 8
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        name, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        (crc,) = struct.unpack(">I", data[position + 8 + length : position + 12 + length])
        assert crc == zlib.crc32(name + body)
        found[name] = found.get(name, b"") + body
        position += 12 + length
    return found


def unfilter(raw: bytes, height: int, width: int) -> np.ndarray:
    """16-bit RGB rows of a PNG, by the five filters of the specification."""
    stride, step, rows, before = width * 6, 6, [], bytearray(width * 6)
    for row in range(height):
        kind, line = raw[row * (stride + 1)], bytearray(raw[row * (stride + 1) + 1 : (row + 1) * (stride + 1)])
        for i in range(stride):
            a, b, c = (line[i - step] if i >= step else 0), before[i], (before[i - step] if i >= step else 0)
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        rows.append(bytes(line))
        before = line
    return np.frombuffer(b"".join(rows), ">u2").reshape(height, width, 3)


@pytest.mark.parametrize("many", [4_000_000, 10])
def test_sixteen_bits_survive(tmp_path, many, monkeypatch):
    monkeypatch.setattr("orbifolio.runner.images.writing._MANY", many)
    monkeypatch.setattr("orbifolio.runner.images.writing._ROWS", 4)
    data = write_png16(tmp_path / "a.png", picture(), title="Blätter")
    found = chunks(data)
    assert struct.unpack(">IIBB", found[b"IHDR"][:10]) == (13, 9, 16, 2)
    assert found[b"sRGB"] == b"\0"
    values = unfilter(zlib.decompress(found[b"IDAT"]), 9, 13)
    assert np.array_equal(values, np.rint(picture().astype(np.float64) * 65535))


def test_equal_pictures_give_equal_bytes_and_no_clock(tmp_path):
    first = write_png16(tmp_path / "a.png", picture())
    assert write_png16(tmp_path / "b.png", picture()) == first
    assert b"Creation" not in first
    assert (tmp_path / "a.png").read_bytes() == first


@pytest.mark.parametrize(("write", "tolerance"), [(write_png8, 0), (write_webp, 40)])
def test_eight_bits_are_rounded(tmp_path, write, tolerance):
    smooth = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], (32, 64, 3))
    write(tmp_path / "new" / "a", smooth)
    with Image.open(tmp_path / "new" / "a") as image:
        read = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(read - np.rint(smooth * 255)).max() <= tolerance


def test_values_outside_are_clipped(tmp_path):
    write_png8(tmp_path / "a.png", np.full((2, 2, 3), 1.7, np.float32))
    with Image.open(tmp_path / "a.png") as image:
        assert image.getpixel((0, 0)) == (255, 255, 255)


def test_a_grey_array_is_no_picture(tmp_path):
    with pytest.raises(ShapeMismatch, match="height"):
        write_png8(tmp_path / "a.png", np.zeros((4, 4), np.float32))


def test_no_half_file_is_left(tmp_path, monkeypatch):
    write_png8(tmp_path / "a.png", picture())
    before = (tmp_path / "a.png").read_bytes()
    monkeypatch.setattr("os.fsync", lambda number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_png8(tmp_path / "a.png", picture() * 0)
    assert (tmp_path / "a.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
