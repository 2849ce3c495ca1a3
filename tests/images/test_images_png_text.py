"""A recipe inside a PNG: other programs read it, and what they or strangers write is read or refused."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from orbifolio.runner.cli import cli
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.png_text import MAX_BYTES, RECIPE, read_text, with_text
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.images.writing import write_png8, write_png16
from orbifolio.runner.recipe.shipped import shipped_recipes

WORDS = "title: Sechs Füße ☃\nseed: 3\n"
PIXELS = np.random.default_rng(1).random((8, 12, 3), dtype=np.float32)


@pytest.mark.parametrize("write", [write_png16, write_png8])
def test_other_programs_read_the_words_and_the_pixels(tmp_path: Path, write) -> None:
    path = tmp_path / "a.png"
    data = write(path, PIXELS, recipe=WORDS)
    with Image.open(path) as image:
        image.load()
        assert image.text[RECIPE] == WORDS
    assert read_text(path, RECIPE) == WORDS
    assert data == write(tmp_path / "b.png", PIXELS, recipe=WORDS)
    plain = write(tmp_path / "c.png", PIXELS)
    assert read_text(tmp_path / "c.png", RECIPE) == ""
    one, other = (read_picture(each, "x").pixels for each in (data, plain))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("zip_", [True, False])
def test_words_of_other_programs_are_read(tmp_path: Path, zip_: bool) -> None:
    notes = PngInfo()
    notes.add_itxt("Comment", "no", zip=zip_)
    notes.add_itxt(RECIPE, WORDS, lang="en", tkey="Rezept", zip=zip_)
    Image.new("RGB", (3, 2)).save(tmp_path / "a.png", pnginfo=notes)
    assert read_text(tmp_path / "a.png", RECIPE) == WORDS


def chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    told = len(body) if length is None else length
    return struct.pack(">I", told) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        RECIPE.encode(),
        RECIPE.encode() + b"\0\1\0\0\0not zlib",
        RECIPE.encode() + b"\0\1\0\0\0" + zlib.compress(b"x" * (MAX_BYTES + 1)),
        RECIPE.encode() + b"\0\0",
    ],
)
def test_damaged_and_swollen_words_are_none(tmp_path: Path, body: bytes) -> None:
    data = with_text((write_png8(tmp_path / "a.png", PIXELS)), "Other", "x")
    (tmp_path / "a.png").write_bytes(data[:33] + chunk(b"iTXt", body) + data[33:])
    assert read_text(tmp_path / "a.png", RECIPE) == ""
    (tmp_path / "a.png").write_bytes(data[:33] + chunk(b"iTXt", body, 2**31) + data[33:])
    assert read_text(tmp_path / "a.png", RECIPE) == ""


def test_too_many_words_are_left_out_and_other_files_refused(tmp_path: Path) -> None:
    data = write_png8(tmp_path / "a.png", PIXELS)
    assert with_text(data, RECIPE, "x" * MAX_BYTES) == data
    (tmp_path / "b.png").write_bytes(b"GIF89a")
    for name, told in (("b.png", "is no PNG"), ("none.png", "cannot be read")):
        with pytest.raises(InputError, match=told):
            read_text(tmp_path / name, RECIPE)


def test_a_picture_gives_its_recipe_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = shipped_recipes()["simple-square"].read_text()
    write_png16(tmp_path / "a picture.png", PIXELS, recipe=text)
    answer = CliRunner().invoke(cli, ["new", "--from", "a picture.png"])
    assert (answer.exit_code, answer.output) == (0, "a picture.yaml\n"), answer.output
    lines = (tmp_path / "a picture.yaml").read_text().splitlines()
    assert lines[1:] == text.splitlines()[1:]
    schema = lines[0].partition("$schema=")[2]
    assert (tmp_path / schema).is_file()
    write_png16(tmp_path / "b.png", PIXELS)
    bare = CliRunner().invoke(cli, ["new", "mine", "--from", "b.png"])
    assert isinstance(bare.exception, InputError)
    assert "b.png: holds no recipe" in str(bare.exception)
    assert not (tmp_path / "mine.yaml").exists()
