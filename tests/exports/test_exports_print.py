"""Pages to print and wallpapers: true size, boxes and marks, copies where they belong."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from orbifolio.runner.exports import wallpapers as module
from orbifolio.runner.exports.print_sheet import Sheet, cover_scale, covering, joint, print_pdf, tiled
from orbifolio.runner.exports.wallpapers import repeated, rescaled, wallpapers

MM = 72 / 25.4  # points


def coordinates(height: int, width: int) -> np.ndarray:
    """A picture whose red says the column and whose green says the row."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x / width, y / height, 0 * x], axis=2)


def place(pixel: np.ndarray, height: int, width: int) -> tuple[int, int]:
    return round(float(pixel[1]) * height), round(float(pixel[0]) * width)


def test_a_sheet_counts_its_pixels():
    assert Sheet(600, 900, 3, 150).pixels == (round(606 / 25.4 * 150), round(906 / 25.4 * 150))


@pytest.mark.parametrize(("repeat", "down", "aside"), [("straight", 0, 0), ("half-drop", 5, 0), ("brick", 0, 8)])
def test_copies_lie_as_the_repeat_says(repeat, down, aside):
    tile = coordinates(10, 16)
    sheet = Sheet(64 * 25.4 / 100, 40 * 25.4 / 100, 0, 100)
    page = tiled(tile, sheet, repeat)
    assert page.shape[:2] == (40, 64)
    assert place(page[0, 0], 10, 16) == (0, 0)
    assert place(page[down, 16], 10, 16) == (0, 0)  # the next copy to the right begins half a copy lower, or not
    assert place(page[10, aside], 10, 16) == (0, 0)
    assert np.array_equal(page[:, 32:], page[:, :32])  # two columns, or rows, are the unit
    assert np.array_equal(page[20:], page[:20])


def test_a_copy_begins_at_the_trim_and_goes_on_in_the_bleed():
    page = tiled(coordinates(10, 16), Sheet(25.4, 25.4, 2.54, 100), "straight")
    assert page.shape[:2] == (120, 120)
    assert place(page[10, 10], 10, 16) == (0, 0)
    assert place(page[9, 9], 10, 16) == (9, 15)


def test_any_other_picture_covers_the_sheet_with_its_middle():
    sheet = Sheet(20, 10, 1, 254)
    factor = cover_scale((400, 300), sheet)
    assert factor == pytest.approx(220 / 400)
    page = covering(coordinates(round(300 * factor), 220), sheet)
    assert page.shape == (120, 220, 3)
    rows = page[:, 0, 1]
    assert rows[0] + rows[-1] == pytest.approx(1, abs=0.02)


def test_joints_tell_where_copies_do_not_continue():
    y, x = np.mgrid[:40, :40] * (2 * np.pi / 40)
    straight = np.repeat((0.5 + 0.3 * np.sin(x + 2 * y) * np.cos(y))[..., None], 3, axis=2).astype(np.float32)
    twice = np.repeat((0.5 + 0.3 * np.sin(x + 2 * y))[..., None], 3, axis=2).astype(np.float32)  # in a tile's height
    assert joint(straight, "straight") < 1.5
    assert joint(straight, "half-drop") > 2
    assert joint(straight, "brick") > 2
    assert joint(twice, "half-drop") < 1.5
    assert joint(twice, "brick") > 2
    assert joint(coordinates(40, 40), "straight") > 2


def test_the_page_has_its_true_size_boxes_and_marks():
    sheet = Sheet(100, 60, 3, 100)
    page = np.full((*reversed(sheet.pixels), 3), 0.5, np.float32)
    page[:, :, 0] = 0.9
    data = print_pdf(page, sheet, title="Ä picture")
    assert data == print_pdf(page, sheet, title="Ä picture")
    document = pdfium.PdfDocument(data)
    opened = document[0]
    margin = 10  # bleed 3, gap 2, mark 5
    assert opened.get_size() == pytest.approx(((100 + 2 * margin) * MM, (60 + 2 * margin) * MM), abs=0.01)
    assert opened.get_trimbox() == pytest.approx((margin * MM, margin * MM, 110 * MM, 70 * MM), abs=0.01)
    assert opened.get_bleedbox() == pytest.approx((7 * MM, 7 * MM, 113 * MM, 73 * MM), abs=0.01)
    scale = 10  # pixels in a mm
    seen = np.asarray(opened.render(scale=scale / MM).to_pil().convert("RGB")).astype(int)
    red = np.abs(seen - [230, 128, 128]).max(2) < 12
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    assert (rows[0], rows[-1]) == pytest.approx((7 * scale, 73 * scale), abs=2)
    assert (columns[0], columns[-1]) == pytest.approx((7 * scale, 113 * scale), abs=2)
    dark = seen.max(2) < 128
    for x, y in ((10, 2), (110, 2), (10, 78), (110, 78), (2, 10), (2, 70), (118, 10), (118, 70)):
        assert dark[y * scale - 2 : y * scale + 3, x * scale - 2 : x * scale + 3].any(), (x, y)
    assert not dark[: 5 * scale, 12 * scale : 108 * scale].any()  # marks stand at the corners only
    assert "Ä picture" in opened.get_textpage().get_text_bounded()


def test_wallpapers_are_cut_from_copies():
    tile = np.repeat(coordinates(900, 1000), 1, axis=0)
    files = wallpapers(tile)
    sizes = {name: Image.open(io.BytesIO(data)).size for name, data in files.items()}
    assert sizes == {"wallpaper-4k.jpg": (3840, 2160), "wallpaper-phone.jpg": (1440, 3120)}
    shown = np.asarray(Image.open(io.BytesIO(files["wallpaper-4k.jpg"]))).astype(int)
    assert np.abs(shown[:, :1000] - shown[:, 1000:2000]).mean() < 2
    assert np.abs(shown[:900] - shown[900:1800]).mean() < 2


def test_a_small_tile_makes_none_and_a_large_one_is_scaled_down(monkeypatch):
    assert wallpapers(coordinates(64, 64)) == {}
    monkeypatch.setattr(module, "SCREENS", {"small.jpg": (96, 60)})
    (data,) = wallpapers(coordinates(240, 480)).values()
    assert Image.open(io.BytesIO(data)).size == (96, 60)
    assert rescaled(coordinates(240, 480), (120, 60), wrap=(True, True)).shape == (60, 120, 3)


def test_one_copy_stands_in_the_middle():
    page = repeated(coordinates(10, 16), (36, 30))
    assert place(page[10, 10], 10, 16) == (0, 0)
