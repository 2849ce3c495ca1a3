"""The sheet of a drawing as a PDF file of one page: (sheet) -> bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orbifolio.runner.gas.drawing.sheet import Areas, Dots, DrawingSheet, Labels, Mark, Polylines

if TYPE_CHECKING:
    from orbifolio.runner.vector.pdf_pages import PdfPages

LONG_SIDE = 842.0  # points of an A4 page's longer side; the shorter follows from the sheet
SEAM = 0.2  # picture pixels: a hairline of the same colour closes the seams that viewers leave between areas


def pdf(sheet: DrawingSheet) -> bytes:
    """The sheet as a PDF file of one page, as large as fits an A4 page."""
    from orbifolio.runner.vector.pdf_pages import PdfPages  # of a library that only this needs

    pages = PdfPages(sheet.width, sheet.height, unit=LONG_SIDE / max(sheet.width, sheet.height))
    pages.rectangle(0, 0, sheet.width, sheet.height, sheet.paper)
    for mark in sheet.marks:
        _draw(pages, mark)
    return pages.to_bytes()


def _draw(pages: PdfPages, mark: Mark) -> None:
    if isinstance(mark, Polylines):
        for path, width, colour in zip(mark.paths, mark.widths, mark.colours, strict=True):
            pages.line(path.tolist(), colour, float(width))
    elif isinstance(mark, Dots):
        for centre, radius, colour in zip(mark.centres.tolist(), mark.radii, mark.colours, strict=True):
            pages.circle(centre, float(radius), colour)
    elif isinstance(mark, Areas):
        for ring, colour in zip(mark.rings, mark.colours, strict=True):
            pages.polygon(ring.tolist(), colour, outline=SEAM)
    elif isinstance(mark, Labels):
        for (x, y), text in zip(mark.anchors.tolist(), mark.texts, strict=True):
            pages.words(text, x, y, mark.size, mark.colour)
