"""Plates give the picture back pixel for pixel, with or without a trap; their pages carry bits and marks."""

from __future__ import annotations

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import ImageColor

from orbifolio.runner.exports.print_sheet import Sheet
from orbifolio.runner.exports.separations import Plate, overprint, plates_pdf, recombined, separated, trapped
from orbifolio.runner.images.posterise import given
from orbifolio.runner.vector.hex_colours import from_hex

INKS = ("#f6e2bf", "#e63946", "#457b9d", "#1d3557")
MM = 72 / 25.4  # points


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Patches of every colour, some of single pixels."""
    random = np.random.default_rng(0)
    coarse = random.integers(4, size=(15, 20)).repeat(8, 0).repeat(8, 1)
    return np.where(random.random(coarse.shape) < 0.02, random.integers(4, size=coarse.shape), coarse)


def picture(numbers: np.ndarray) -> np.ndarray:
    return np.array([from_hex(ink) for ink in INKS], np.float32)[numbers]


@pytest.mark.parametrize("paper", ["#ffffff", INKS[0], INKS[2]])
@pytest.mark.parametrize("radius", [0, 1, 3.5])
def test_plates_give_the_picture_back(numbers, paper, radius):
    plates = trapped(separated(numbers, INKS, paper), radius)
    assert [plate.ink for plate in plates] == [ink for ink in INKS if ink != paper]
    assert np.array_equal(recombined(plates, paper), picture(numbers))


def test_flat_colours_and_their_plates_agree():
    pixels = np.random.default_rng(1).random((40, 50, 3)).astype(np.float32)
    flat = given(INKS)
    plates = separated(flat.numbers(pixels), flat.names, INKS[0])
    assert np.array_equal(recombined(plates, INKS[0]), flat.posterised(pixels))


def test_without_a_trap_each_pixel_has_one_ink(numbers):
    plates = separated(numbers, INKS, "#ffffff")
    assert (np.sum([plate.mask for plate in plates], axis=0) == 1).all()
    assert sum(plate.share for plate in plates) == pytest.approx(1)
    assert len(separated(np.zeros((3, 3), int), INKS, "#ffffff")) == 1  # an ink without a pixel has no plate


def test_a_trap_goes_below_darker_inks_and_not_onto_paper():
    numbers = np.zeros((21, 40), int)
    numbers[:, 10:20], numbers[:, 20:30] = 1, 3  # paper, red, blue, paper
    light, dark = trapped(separated(numbers, INKS, INKS[0]), 3)
    assert np.flatnonzero(light.mask[10]).tolist() == list(range(10, 23))
    assert np.array_equal(dark.mask, numbers == 3)
    seen = overprint([light, dark], "#ffffff")
    np.testing.assert_allclose(seen[10, 15], from_hex(INKS[1]), atol=1e-3)
    np.testing.assert_allclose(seen[10, 26], from_hex(INKS[3]), atol=1e-3)
    assert (seen[10, 21] < seen[10, 26]).all()  # both inks: darker than either
    assert np.array_equal(seen[10, 0], [1, 1, 1])


def test_a_plate_says_its_ink():
    assert Plate("#e63946", np.zeros((1, 1), bool)).name == "#e63946 crimson"
    ImageColor.getrgb("black")  # Pillow keeps what it has been asked for in its table of names
    assert Plate("#000000", np.zeros((1, 1), bool)).name == "#000000 black"


def test_pages_carry_bits_marks_and_names(numbers):
    sheet = Sheet(numbers.shape[1] * 25.4 / 100 - 4, numbers.shape[0] * 25.4 / 100 - 4, 2, 100)
    assert sheet.pixels == (numbers.shape[1], numbers.shape[0])
    plates = separated(numbers, INKS, INKS[0])
    data = plates_pdf(plates, INKS[0], sheet, title="Ä picture")
    assert data == plates_pdf(plates, INKS[0], sheet, title="Ä picture")
    document = pdfium.PdfDocument(data)
    assert len(document) == len(plates) + 1
    for page, plate in zip(document, plates, strict=False):
        width, height = sheet.width + 2 * sheet.margin, sheet.height + 2 * sheet.margin
        assert page.get_size() == pytest.approx((width * MM, height * MM), abs=0.01)
        (image,) = page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE])
        bits = np.asarray(image.get_bitmap().to_pil().convert("L"))
        assert image.get_metadata().bits_per_pixel == 1
        assert np.array_equal(bits == 0, plate.mask)
        left, bottom, right, top = image.get_bounds()
        assert (left, bottom) == pytest.approx((7 * MM, 7 * MM), abs=0.01)
        assert (right, top) == pytest.approx(((width - 7) * MM, (height - 7) * MM), abs=0.01)
        text = page.get_textpage().get_text_bounded()
        assert plate.name in text
        assert "Ä picture" in text
    assert "Proof" in document[len(plates)].get_textpage().get_text_bounded()
    scale = 10  # pixels in a mm
    seen = np.asarray(document[0].render(scale=scale / MM).to_pil().convert("L"))
    for x, y in ((seen.shape[1] // 2, 21), (21, seen.shape[0] // 2)):
        assert seen[y - 3 : y + 4, x - 3 : x + 4].min() < 128  # the middle of a registration mark
