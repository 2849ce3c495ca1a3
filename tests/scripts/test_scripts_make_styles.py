from __future__ import annotations

import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.make_styles import LARGEST_FILE, LARGEST_SUBJECT, STYLES, compress, main, render
from scripts.styles.drawing import Frame, curve, lens, ribbon, sheet
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
    subject = STYLES[name].subject
    assert chroma.mean() > (25 if subject else 40)  # saturated; birds may be white
    strong = picture[chroma > 60]
    hues = {(int(pixel.argmax()), int(pixel.argmin())) for pixel in strong}
    assert len(hues) >= (3 if subject else 4)  # sextants
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
    assert path.stat().st_size <= (LARGEST_SUBJECT if STYLES[name].subject else LARGEST_FILE)
    with Image.open(path) as image:
        assert image.size == (768, 768)
        reduced = np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX))
    # Not equal: 64 px are averaged from 192, where threads, bristles and dots of wax are finer than a sample.
    assert likeness(reduced, small[name]) > 0.7


def test_files_keep_to_their_limit() -> None:
    grain = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    with Image.open(io.BytesIO(compress(grain, subject=False))) as image:
        assert image.size == (64, 64)
    assert len(compress(np.tile(grain, (6, 6, 1)), subject=False)) <= LARGEST_FILE
    assert len(compress(np.tile(grain, (6, 6, 1)), subject=True)) <= LARGEST_SUBJECT


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


def test_curves_pass_through_their_points() -> None:
    points = [(0.1, 0.2), (0.4, 0.3), (0.5, 0.7), (0.2, 0.8)]
    for closed in (False, True):
        path = curve(points, 4000, closed=closed)
        for point in points:
            assert np.hypot(*(path - point).T).min() < 1e-3
    ring = curve(points, 4000, closed=True)
    assert np.hypot(*(ring[0] - ring[-1])) < 1e-3


@pytest.mark.parametrize("flip", [False, True])
def test_frames_measure_what_they_place(flip: bool) -> None:
    random = np.random.default_rng(3)
    board = sheet(random, np.zeros((256, 256), np.float32), np.zeros(3))
    frame = Frame(0.4, 0.5, 0.7, 0.3, flip, 0.4)
    area = board.cover([frame.place(lens(0.5))])
    assert area is not None
    u, v = frame.measure(area)
    back = frame.place(np.stack([u.ravel(), v.ravel()], 1))
    np.testing.assert_allclose(back, np.stack([area.x.ravel(), area.y.ravel()], 1), atol=1e-5)
    assert (np.abs(v[area.inside]) < 0.3).all()  # the lens is half a unit wide
    inner = frame.within(0.2, 0.1, 0.3, 0.5)
    np.testing.assert_allclose(inner.place([(0, 0)]), frame.place([(0.2, 0.1)]), atol=1e-6)


def test_areas_are_exact() -> None:
    board = sheet(np.random.default_rng(4), np.zeros((600, 600), np.float32), np.zeros(3))
    disc = board.cover([], np.array([[0.5, 0.4, 0.2]]))
    assert disc is not None
    assert disc.inside.sum() / 600**2 == pytest.approx(np.pi * 0.2**2, rel=0.02)
    assert disc.depth.max() == pytest.approx(0.2, abs=0.005)
    # An area that leaves the sheet has the depths of the whole, cut.
    cut = board.cover([], np.array([[0.0, 0.4, 0.2]]))
    assert cut is not None
    assert cut.depth[:, 0].max() == pytest.approx(0.2, abs=0.005)
    assert board.cover([], np.array([[-0.3, 0.4, 0.2]])) is None
    # A ribbon's area is its length times its breadth.
    path = curve([(0.2, 0.2), (0.5, 0.35), (0.8, 0.2)], 200)
    band = board.cover([ribbon(path, 0.02)])
    assert band is not None
    length = np.hypot(*np.diff(path, axis=0).T).sum()
    assert band.inside.sum() / 600**2 == pytest.approx(length * 0.04, rel=0.06)


def test_strokes_may_cross_themselves() -> None:
    board = sheet(np.random.default_rng(5), np.zeros((200, 200), np.float32), np.zeros(3))
    turn = np.linspace(0, 4 * np.pi, 100)  # round twice: an outline's inside would cancel
    board.stroke(np.stack([0.5 + 0.2 * np.cos(turn), 0.5 + 0.2 * np.sin(turn)], 1), 0.02, np.ones(3))
    assert board.light[100, 140].min() == 1
    assert board.light[100, 100].max() == 0
