"""A sheet to print: (picture) -> a PDF in true size with bleed and crop marks, of one picture or of repeats for fabric.

The sheet is cut at the trim; the picture goes on beyond it for the bleed, so that a cut that is a little off shows no
white. In a half drop every other column of copies hangs half a copy lower, in a brick every other row lies half a copy
aside: both hide the grid of a motif that stands alone, such as a rosette. A tile that continues straight does not also
continue half a copy lower, unless its pattern repeats twice along that side; its edges show then, and `joint` says
by how much.

Convention: lengths on paper are in millimetres, pictures (height, width, 3) in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from orbifolio.runner.arrays import F32, I64
from orbifolio.runner.images import encoding
from orbifolio.runner.vector.pdf_pages import PdfPages

Repeat = Literal["straight", "half-drop", "brick"]
REPEATS: tuple[Repeat, ...] = ("straight", "half-drop", "brick")

INCH = 25.4  # mm
_MARK, _GAP, _PEN = 5.0, 2.0, 0.1  # length of a crop mark, its distance from the bleed, its width in mm: usual in print
_LETTERS = 2.5  # height of the line below the sheet in mm
_MOUNTED = 0.9  # of the sheet's sides is the most that a picture with an outside takes: as wide a margin as a mount's
_QUALITY = 95  # of the JPEG inside: no blocks are seen in print


@dataclass(frozen=True)
class Sheet:
    """What is cut, and how finely it is printed.

    Attributes:
        width: of the trimmed sheet in mm.
        height: of the trimmed sheet in mm.
        bleed: beyond each edge in mm.
        dpi: pixels in an inch.
    """

    width: float
    height: float
    bleed: float
    dpi: float

    @property
    def pixels(self) -> tuple[int, int]:
        """(width, height) of the picture with its bleed."""
        across, down = (self.to_pixels(length + 2 * self.bleed) for length in (self.width, self.height))
        return round(across), round(down)

    @property
    def margin(self) -> float:
        """From the page's edge to the trim in mm."""
        return self.bleed + _GAP + _MARK

    def to_pixels(self, length: float) -> float:
        """A length in mm."""
        return length / INCH * self.dpi


def tiled(tile: F32, sheet: Sheet, repeat: Repeat) -> F32:
    """The sheet with its bleed, full of copies; one begins at the trim's upper left corner."""
    width, height = sheet.pixels
    bleed = round(sheet.to_pixels(sheet.bleed))
    rows, columns = np.arange(height)[:, None] - bleed, np.arange(width)[None] - bleed
    side, across = tile.shape[:2]
    down_shift: I64 = (columns // across % 2) * (side // 2 if repeat == "half-drop" else 0)
    side_shift: I64 = (rows // side % 2) * (across // 2 if repeat == "brick" else 0)
    filled: F32 = tile[(rows - down_shift) % side, (columns - side_shift) % across]
    return filled


def cover_scale(size: tuple[int, int], sheet: Sheet) -> float:
    """By how much a picture of a size, (width, height), is scaled to cover the sheet with its bleed."""
    return max(wanted / there for wanted, there in zip(sheet.pixels, size, strict=True))


def covering(picture: F32, sheet: Sheet) -> F32:
    """The middle of a picture that is at least as large as the sheet with its bleed."""
    width, height = sheet.pixels
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def fit_scale(size: tuple[int, int], sheet: Sheet) -> float:
    """By how much a picture of a size, (width, height), is scaled to lie whole within the sheet with a margin."""
    inside = [_MOUNTED * sheet.to_pixels(length) for length in (sheet.width, sheet.height)]
    return min(wanted / there for wanted, there in zip(inside, size, strict=True))


def mounted(picture: F32, sheet: Sheet) -> F32:
    """A picture in the middle of a sheet with its bleed, whose ground goes on from the picture's corners."""
    width, height = sheet.pixels
    page = np.empty((height, width, 3), np.float32)
    page[:] = picture[0, 0]
    top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    page[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return page


def joint(tile: F32, repeat: Repeat) -> float:
    """How much copies differ where they meet, over what neighbours inside differ: about 1 where nothing shows."""
    down = tile.shape[0] // 2 if repeat == "half-drop" else 0
    across = tile.shape[1] // 2 if repeat == "brick" else 0

    def step(picture: F32, shift: int) -> float:
        inner = np.abs(np.diff(picture, axis=1)).mean()
        edge = np.abs(np.roll(picture[:, 0], shift, axis=0) - picture[:, -1]).mean()
        return float(edge / max(inner, 1e-6))

    return max(step(tile, down), step(tile.swapaxes(0, 1), across))


def print_pdf(picture: F32, sheet: Sheet, *, title: str) -> bytes:
    """A page with the picture, crop marks, and a line that says what it is.

    Args:
        picture: of `sheet.pixels`, bleed included.
        sheet: its size on paper.
        title: of the picture.
    """
    margin, bleed = sheet.margin, sheet.bleed
    width, height = sheet.width + 2 * margin, sheet.height + 2 * margin
    page = PdfPages(width, height, unit=72 / INCH, title=title)
    jpeg = encoding.jpeg(picture, quality=_QUALITY)
    page.picture(jpeg, margin - bleed, margin - bleed, sheet.width + 2 * bleed, sheet.height + 2 * bleed)
    mark_cut(page, sheet)
    words = f"{title}   {sheet.width / 10:g} x {sheet.height / 10:g} cm   {sheet.dpi:g} dpi   bleed {bleed:g} mm"
    page.words(words, margin + _LETTERS, height - _LETTERS / 2, _LETTERS, (0.0, 0.0, 0.0))
    return page.to_bytes()


def mark_cut(page: PdfPages, sheet: Sheet) -> None:
    """Say where a page is cut: by its boxes, and by two lines at each corner."""
    margin, bleed = sheet.margin, sheet.bleed
    width, height = sheet.width + 2 * margin, sheet.height + 2 * margin
    trim = (margin, margin, width - margin, height - margin)
    page.boxes(trim=trim, bleed=(trim[0] - bleed, trim[1] - bleed, trim[2] + bleed, trim[3] + bleed))
    for x in (margin, width - margin):
        for start in (0.0, height - _MARK):
            page.line([(x, start), (x, start + _MARK)], (0.0, 0.0, 0.0), _PEN)
    for y in (margin, height - margin):
        for start in (0.0, width - _MARK):
            page.line([(start, y), (start + _MARK, y)], (0.0, 0.0, 0.0), _PEN)
