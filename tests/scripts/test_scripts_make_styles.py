from __future__ import annotations

import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.make_styles import LARGEST_FILE, STYLES, compress, main, render
from scripts.styles.fields import colours, encode, panes, scatter
from scripts.styles.marbling import Comb, Drop, Swirl

FOLDER = Path(__file__).parents[2] / "recipes" / "styles"


@pytest.fixture(scope="module")
def small() -> dict[str, np.ndarray]:
    return {name: render(name, 64) for name in STYLES}


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize("name", STYLES)
def test_the_same_seed_makes_the_same_picture(name: str, small: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(render(name, 64), small[name])


@pytest.mark.parametrize("name", STYLES)
def test_pictures_are_rich(name: str, small: dict[str, np.ndarray]) -> None:
    picture = small[name]
    assert picture.shape == (64, 64, 3)
    assert picture.min() == 0
    assert picture.max() == 255
    chroma = picture.max(-1).astype(int) - picture.min(-1)
    assert chroma.mean() > 40  # saturated
    strong = picture[chroma > 60]
    assert len({(int(pixel.argmax()), int(pixel.argmin())) for pixel in strong}) >= 4  # sextants of hue
    tiles = picture.reshape(8, 8, 8, 8, 3).swapaxes(1, 2).reshape(64, 64, 3)
    assert tiles.std(1).mean(-1).min() > 5  # no empty area as large as an eighth of the width


def test_pictures_are_distinct(small: dict[str, np.ndarray]) -> None:
    assert all(likeness(small[a], small[b]) < 0.5 for a, b in combinations(STYLES, 2))


def test_the_table_is_what_is_shipped() -> None:
    assert {path.stem for path in FOLDER.glob("*.jpg")} == set(STYLES)
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.jpg" for name in STYLES} | {"README.md"}
    lines = (FOLDER / "README.md").read_text("utf-8")
    assert all(f"`{name}.jpg`" in lines for name in STYLES)


@pytest.mark.parametrize("name", STYLES)
def test_the_shipped_picture_is_the_one_the_script_makes(name: str, small: dict[str, np.ndarray]) -> None:
    path = FOLDER / f"{name}.jpg"
    assert path.stat().st_size <= LARGEST_FILE
    with Image.open(path) as image:
        assert image.size == (768, 768)
        reduced = np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX))
    # Not equal: 64 px are averaged from 192, where threads and bristles are finer than a sample.
    assert likeness(reduced, small[name]) > 0.75


def test_files_keep_to_their_limit() -> None:
    grain = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    with Image.open(io.BytesIO(compress(grain))) as image:
        assert image.size == (64, 64)
    assert len(compress(np.tile(grain, (6, 6, 1)))) <= LARGEST_FILE


def test_the_command_writes_what_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["ikat", "--size", "32", "--folder", str(tmp_path / "new")])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["ikat.jpg"]
    with pytest.raises(SystemExit):
        main(["cubism", "--folder", str(tmp_path)])
    assert "no style is called cubism" in capsys.readouterr().err


@pytest.mark.parametrize(
    "stroke",
    [
        Drop(0.4, 0.5, 0.1, 0),
        Comb(0.3, 0.2, 0.1, 0.03, phase=0.02),
        Comb(1.2, 0.2, 0.1, 0.03, wave=0.05, period=0.4),
        Swirl(0.4, 0.5, 0.1, 0.1, 0.05),
    ],
)
def test_strokes_keep_areas(stroke: Drop | Comb | Swirl) -> None:
    # Ink is incompressible: the map's Jacobian is 1, by central differences away from its kinks.
    x, y = np.random.default_rng(1).uniform(0, 1, (2, 4000))
    if isinstance(stroke, Drop):
        outside = stroke.undo(x, y)[2] > 1.1
        x, y = x[outside], y[outside]
    h = 1e-5
    (ax, ay), (bx, by) = stroke.undo(x + h, y)[:2], stroke.undo(x - h, y)[:2]
    (cx, cy), (dx, dy) = stroke.undo(x, y + h)[:2], stroke.undo(x, y - h)[:2]
    jacobian = ((ax - bx) * (cy - dy) - (ay - by) * (cx - dx)) / (4 * h * h)
    np.testing.assert_allclose(np.quantile(jacobian, [0.01, 0.99]), 1, atol=1e-3)


def test_panes_have_exact_borders() -> None:
    random = np.random.default_rng(2)
    sites = scatter(random, 60, 0.08)
    x, y = random.uniform(0, 1, (2, 10, 10)).astype(np.float32)
    owner, border = panes(sites, x, y)
    for index in np.ndindex(10, 10):
        here = np.array([x[index], y[index]])
        distances = np.hypot(*(sites - here).T)
        assert owner[index] == distances.argmin()
        # A disc of the border's radius stays inside the cell, a slightly larger one does not.
        angle = np.linspace(0, 2 * np.pi, 2000)
        for factor, inside in ((0.99, True), (1.01, False)):
            disc = here + factor * border[index] * np.stack([np.cos(angle), np.sin(angle)], -1)
            owners = np.hypot(*(disc[:, None] - sites).transpose(2, 0, 1)).argmin(1)
            assert (owners == owner[index]).all() == inside


def test_colours_and_encoding_are_inverse() -> None:
    codes = ("000000", "0a0b0c", "c9152b", "ffffff")
    expected = [[int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for code in codes]
    np.testing.assert_allclose(encode(colours(*codes)), expected, atol=1e-6)
