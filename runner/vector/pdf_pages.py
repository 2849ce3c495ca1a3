"""Vector pages as a PDF, drawn by reportlab: what drawings and the sheets of paintings are made on.

Convention: lengths are in the pages' own unit from the top-left corner, x to the right, y down; colours are sRGB in
[0, 1]. No date and no random identity is written, so equal pages give equal bytes.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfdoc import PDFImageXObject
from reportlab.pdfgen.canvas import FILL_NON_ZERO, Canvas

from orbifolio.runner.arrays import F64, Bools
from orbifolio.runner.vector.hex_colours import Colour

FONT = "Helvetica"  # every viewer has it, so nothing is embedded
Point = Sequence[float]


class PdfPages:
    """A PDF under way; marks go to its last page."""

    def __init__(self, width: float, height: float, *, unit: float, title: str = "") -> None:
        """Open the first page.

        Args:
            width: of every page in units.
            height: of every page in units.
            unit: its length in points (1/72 inch).
            title: for the viewer's window; empty for none.
        """
        self.height, self.unit = height, unit
        self._buffer = io.BytesIO()
        # binary streams are a fifth smaller than the printable ones that reportlab writes by default
        rl_config.useA85 = 0
        size = (width * unit, height * unit)
        self._canvas = Canvas(self._buffer, pagesize=size, pageCompression=1, invariant=1)
        if title:
            self._canvas.setTitle(title)
        self._open()

    def _open(self) -> None:
        self._canvas.transform(self.unit, 0, 0, -self.unit, 0, self.height * self.unit)
        self._canvas.setLineCap(1)
        self._canvas.setLineJoin(1)

    def next_page(self) -> None:
        """Close the page and open another."""
        self._canvas.showPage()
        self._open()

    def to_bytes(self) -> bytes:
        """The finished file; nothing can be drawn afterwards."""
        self._canvas.save()
        return self._buffer.getvalue()

    def line(self, points: Iterable[Point], colour: F64 | Colour, width: float) -> None:
        """An open line with round ends and corners."""
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(width)
        self._canvas.drawPath(self._path(points), stroke=1, fill=0)

    def polygon(self, points: Iterable[Point], colour: F64 | Colour, *, outline: float = 0) -> None:
        """A polygon filled by the nonzero rule, with an outline of the same colour if its width is above 0."""
        path = self._path(points)
        path.close()
        self._canvas.setFillColorRGB(*colour)
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(outline)
        self._canvas.drawPath(path, stroke=int(outline > 0), fill=1, fillMode=FILL_NON_ZERO)

    def circle(self, centre: Point, radius: float, colour: F64 | Colour) -> None:
        """A filled circle."""
        self._canvas.setFillColorRGB(*colour)
        self._canvas.circle(*centre, radius, stroke=0, fill=1)

    def ring(self, centre: Point, radius: float, colour: F64 | Colour, width: float) -> None:
        """A circle's outline."""
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(width)
        self._canvas.circle(*centre, radius, stroke=1, fill=0)

    def rectangle(
        self, left: float, top: float, width: float, height: float, colour: Colour, outline: Colour | None = None
    ) -> None:
        """A filled rectangle by its top-left corner, with a hairline around it if `outline` gives its colour."""
        self._canvas.setFillColorRGB(*colour)
        if outline is not None:
            self._canvas.setStrokeColorRGB(*outline)
            self._canvas.setLineWidth(0.3 / self.unit)
        self._canvas.rect(left, top, width, height, stroke=int(outline is not None), fill=1)

    def words(self, text: str, left: float, base: float, size: float, colour: Colour, *, centred: bool = False) -> None:
        """A line of text whose left end, or its middle if `centred`, lies at `left` on the baseline `base`.

        Letters outside code page 1252 (Western European) become question marks; `size` is in units.
        """
        with self._upright(left, base):
            self._canvas.setFillColorRGB(*colour)
            self._canvas.setFont(FONT, size)
            draw = self._canvas.drawCentredString if centred else self._canvas.drawString
            draw(0, 0, text.encode("cp1252", "replace").decode("cp1252"))

    def boxes(self, *, trim: Sequence[float], bleed: Sequence[float]) -> None:
        """Say where the page will be cut, and how far what is printed goes beyond: (left, top, right, bottom) each."""
        for name, (left, top, right, bottom) in (("trim", trim), ("bleed", bleed)):
            corners = (left, self.height - bottom, right, self.height - top)
            self._canvas.setCropBox([length * self.unit for length in corners], name=name)

    def picture(self, jpeg: bytes, left: float, top: float, width: float, height: float | None = None) -> float:
        """Embed a JPEG file unchanged, by its top-left corner and its size on the page; returns its height there.

        Args:
            jpeg: the file.
            left: of its corner.
            top: of its corner.
            width: on the page.
            height: on the page; None keeps its shape.
        """
        image = ImageReader(io.BytesIO(jpeg))
        columns, rows = image.getSize()
        height = width * rows / columns if height is None else height
        with self._upright(left, top + height):
            self._canvas.drawImage(image, 0, 0, width, height)
        return height

    def bits(self, black: Bools, left: float, top: float, width: float, height: float) -> None:
        """Embed a picture of one bit a pixel, by its top-left corner and its size on the page.

        Args:
            black: (rows, columns), what is black; the rest is white.
            left: of its corner.
            top: of its corner.
            width: on the page.
            height: on the page.
        """
        rows = np.packbits(~black, axis=1).tobytes()  # 0 is black
        name = hashlib.sha256(repr(black.shape).encode() + rows).hexdigest()
        document = self._canvas._doc  # its own way to add a picture only writes eight bits
        reference = document.getXObjectName(name)
        if reference not in document.idToObject:
            image = PDFImageXObject(name)
            image.height, image.width = black.shape
            image.streamContent, image._filters = zlib.compress(rows, 9), ("FlateDecode",)
            document.Reference(image, reference)
            document.addForm(name, image)
        with self._upright(left, top + height):
            self._canvas.scale(width, height)
            self._canvas._code.append(f"/{reference} Do")
        self._canvas._formsinuse.append(name)

    @contextmanager
    def clipped(self, left: float, top: float, width: float, height: float) -> Iterator[None]:
        """What is drawn meanwhile shows inside a rectangle only."""
        self._canvas.saveState()
        outline = self._canvas.beginPath()
        outline.rect(left, top, width, height)
        self._canvas.clipPath(outline, stroke=0, fill=0)
        yield
        self._canvas.restoreState()

    @contextmanager
    def _upright(self, left: float, base: float) -> Iterator[None]:
        """Origin at a point and y upwards, as letters and pictures need it."""
        self._canvas.saveState()
        self._canvas.transform(1, 0, 0, -1, left, base)
        yield
        self._canvas.restoreState()

    def _path(self, points: Iterable[Point]):  # type: ignore[no-untyped-def]  # reportlab has no types
        (x, y), *others = points
        path = self._canvas.beginPath()
        path.moveTo(x, y)
        for x, y in others:
            path.lineTo(x, y)
        return path
