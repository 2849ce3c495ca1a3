"""Spot separations for screen print and risograph: (picture of flat colours, paper) -> a plate for each ink.

A plate is a mask: ink or none, one bit a pixel. Every pixel of the picture has one ink or stays paper, and inks are
printed from the lightest to the darkest. Laid over each other opaque in that order, plates give back the picture pixel
for pixel. A trap spreads lighter inks a little below darker ones, so that paper that moves between two prints shows no
white line; the darker ink hides it, and the picture is the same.

Convention: masks are (height, width), True where ink is; colours are sRGB in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor
from scipy import ndimage

from orbifolio.runner.arrays import F32, I64, Bools
from orbifolio.runner.exports.print_sheet import Sheet, mark_cut
from orbifolio.runner.images import encoding, oklab
from orbifolio.runner.vector.hex_colours import from_hex
from orbifolio.runner.vector.pdf_pages import PdfPages

_TARGET = 2.0  # radius of a registration mark in mm: fits into the margin that crop marks need
_LETTERS = 2.5  # height of the line below the sheet in mm
_PEN = 0.1  # mm
_BLACK = (0.0, 0.0, 0.0)
_QUALITY = 92  # of the proof's JPEG, which is looked at and not printed from


@dataclass(frozen=True)
class Plate:
    """What one ink prints.

    Attributes:
        ink: its colour, `#rrggbb`.
        mask: (height, width).
    """

    ink: str
    mask: Bools

    @property
    def name(self) -> str:
        """The ink's colour with the name of the nearest of the web's colours.

        >>> Plate("#e63946", np.zeros((1, 1), bool)).name
        '#e63946 crimson'
        """
        return f"{self.ink} {_nearest_name(self.ink)}"

    @property
    def share(self) -> float:
        """Of the sheet that it covers."""
        return float(self.mask.mean())


def separated(numbers: I64, inks: Sequence[str], paper: str) -> list[Plate]:
    """The plates of a picture of flat colours, in the order in which they are printed; inks without a pixel have none.

    Args:
        numbers: (height, width) of each pixel's colour.
        inks: colours by their numbers, the lightest first; the paper's own is not printed.
        paper: its colour.
    """
    masks = [(ink, numbers == number) for number, ink in enumerate(inks) if ink != paper]
    return [Plate(ink, mask) for ink, mask in masks if mask.any()]


def trapped(plates: Sequence[Plate], radius: float) -> list[Plate]:
    """Plates whose inks reach below inks that are printed later.

    Args:
        plates: in the order in which they are printed.
        radius: in pixels; 0 leaves them as they are.
    """
    reach = int(radius)
    if reach < 1:
        return list(plates)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = rows**2 + columns**2 <= radius**2
    result = []
    later = np.zeros_like(plates[0].mask)
    for plate in reversed(plates):
        spread: Bools = plate.mask | (later & ndimage.binary_dilation(plate.mask, disc))
        result.append(Plate(plate.ink, spread))
        later = later | plate.mask
    return result[::-1]


def recombined(plates: Sequence[Plate], paper: str) -> F32:
    """Opaque inks, printed one after the other: (height, width, 3)."""
    picture = np.empty((*plates[0].mask.shape, 3), np.float32)
    picture[:] = from_hex(paper)
    for plate in plates:
        picture[plate.mask] = from_hex(plate.ink)
    return picture


def overprint(plates: Sequence[Plate], paper: str) -> F32:
    """Transparent inks as they look: each takes its share of the light that what lies below gives back.

    Where inks overlap, as in a trap, it is darker; on white paper an ink alone has its own colour.
    """
    light = np.empty((*plates[0].mask.shape, 3), np.float32)
    light[:] = oklab.linear(np.array(from_hex(paper)))
    for plate in plates:
        light[plate.mask] *= oklab.linear(np.array(from_hex(plate.ink))).astype(np.float32)
    seen: F32 = oklab.encoded(light.astype(np.float64)).astype(np.float32)
    return seen


def plates_pdf(plates: Sequence[Plate], paper: str, sheet: Sheet, *, title: str) -> bytes:
    """A page for each plate, black where ink is, and a proof as the last.

    Every page has crop marks, four registration marks at the same places, the ink's colour and name, and the plate's
    number. Plates are pictures of one bit a pixel, neither smoothed nor resampled.

    Args:
        plates: masks of `sheet.pixels`, bleed included, in the order in which they are printed.
        paper: its colour.
        sheet: its size.
        title: of the picture.
    """
    margin, bleed = sheet.margin, sheet.bleed
    width, height = sheet.width + 2 * margin, sheet.height + 2 * margin
    corner, across, down = margin - bleed, sheet.width + 2 * bleed, sheet.height + 2 * bleed
    page = PdfPages(width, height, unit=72 / 25.4, title=f"{title}, plates")
    for number, plate in enumerate(plates, start=1):
        page.bits(plate.mask, corner, corner, across, down)
        _draw_marks(page, sheet)
        _draw_words(page, sheet, f"{number}/{len(plates)}   {plate.name}   {plate.share:.0%}", title)
        page.next_page()
    page.picture(encoding.jpeg(overprint(plates, paper), quality=_QUALITY), corner, corner, across, down)
    _draw_marks(page, sheet)
    _draw_words(page, sheet, f"Proof on {paper}", title)
    return page.to_bytes()


def _draw_words(page: PdfPages, sheet: Sheet, left: str, right: str) -> None:
    """A line below the sheet, to the left and the right of the registration mark."""
    width, height = sheet.width + 2 * sheet.margin, sheet.height + 2 * sheet.margin
    for words, start in ((left, sheet.margin + _LETTERS), (right, width / 2 + 2 * _TARGET)):
        page.words(words, start, height - _LETTERS / 2, _LETTERS, _BLACK)


def _draw_marks(page: PdfPages, sheet: Sheet) -> None:
    """Where it is cut, and a cross in a circle at the middle of each side."""
    mark_cut(page, sheet)
    width, height = sheet.width + 2 * sheet.margin, sheet.height + 2 * sheet.margin
    away = _TARGET + _PEN
    for x, y in ((width / 2, away), (width / 2, height - away), (away, height / 2), (width - away, height / 2)):
        page.ring((x, y), 0.6 * _TARGET, _BLACK, _PEN)
        page.line([(x - _TARGET, y), (x + _TARGET, y)], _BLACK, _PEN)
        page.line([(x, y - _TARGET), (x, y + _TARGET)], _BLACK, _PEN)


def _nearest_name(ink: str) -> str:
    """The web's colour that looks nearest."""
    place = oklab.from_srgb(np.array(from_hex(ink)))

    def away(name: str) -> float:
        # asked for, not looked up: the table holds other values for names that have been asked for
        colour = np.array(ImageColor.getrgb(name)[:3]) / 255
        return float(np.square(oklab.from_srgb(colour) - place).sum())

    return min(sorted(ImageColor.colormap), key=away)
