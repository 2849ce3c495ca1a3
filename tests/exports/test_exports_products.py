"""Files beside a picture: what they hold, and that `run.json` lists them all."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orbifolio.runner.exports import products
from orbifolio.runner.exports.products import write_products
from orbifolio.runner.images.finish import Traits


def art(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * (x / width + y / height))
    return np.stack([wave, 1 - wave, np.full_like(wave, 0.3)], -1).astype(np.float32)


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("wrap", [(True, True), (False, True), (False, False)])
def test_every_file_is_listed_and_every_entry_is_there(tmp_path: Path, wrap: tuple[bool, bool]) -> None:
    block = write_products(tmp_path, art(40, 60), Traits(wrap=wrap), {"mesh.glb": b"glb", "group.png": b"png"})
    listed = {entry["path"]: entry for entry in block}
    assert {f"extras/{path.name}" for path in (tmp_path / "extras").iterdir()} == set(listed)
    assert listed["extras/mesh.glb"]["kind"] == "data"
    assert listed["extras/group.png"]["kind"] == "picture"
    assert ("extras/tile.png" in listed) == any(wrap)
    assert ("extras/swatch.webp" in listed) == any(wrap)
    assert ("extras/picture.png" in listed) != any(wrap)
    assert all(entry["title"] for entry in block)


def test_pictures_are_the_picture(tmp_path: Path) -> None:
    image = art(40, 60)
    write_products(tmp_path, image, Traits(wrap=(True, True)), {})
    assert np.array_equal(read(tmp_path / "extras" / "tile.png"), np.rint(image.astype(np.float64) * 255))
    web = read(tmp_path / "extras" / "picture.webp")
    assert web.shape == image.shape
    assert np.abs(web - image * 255).mean() < 6
    swatch = read(tmp_path / "extras" / "swatch.webp")
    rows, columns = swatch.shape[0] // 40, swatch.shape[1] // 60
    assert swatch.shape[:2] == (rows * 40, columns * 60)
    assert min(rows, columns) >= 2
    assert np.abs(swatch - np.tile(image, (rows, columns, 1)) * 255).mean() < 6


def test_a_picture_too_long_for_webp_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "MAX_WEBP_SIDE", 59)
    block = write_products(tmp_path, art(40, 60), Traits(wrap=(False, False)), {})
    assert [entry["path"] for entry in block] == ["extras/picture.png"]
    assert not (tmp_path / "extras" / "picture.webp").exists()


def test_large_tiles_have_no_swatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "SWATCH_PIXELS", 1000)
    block = write_products(tmp_path, art(40, 60), Traits(wrap=(True, True)), {})
    assert [entry["path"] for entry in block] == ["extras/tile.png", "extras/picture.webp"]
