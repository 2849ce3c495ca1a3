"""Pages with pictures, lines and words as a PDF: pages -> bytes, written by hand as `gas.drawing.pdf` is.

Convention: millimetres from the page's top-left corner, y down; colours are sRGB in [0, 1]. No date is written, so
equal pages give equal bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import ImageFont

from orbifolio.runner.images import encoding
from orbifolio.runner.strokes.document.document import Floats
from orbifolio.runner.vector.svg_path import number

WIDE, HIGH = 210.0, 297.0  # A4
POINT = 72 / 25.4  # points to a millimetre
Colour = tuple[float, float, float]
Place = tuple[float, float]


@dataclass
class Page:
    """A page under way."""

    operators: list[str] = field(default_factory=list)
    pictures: list[tuple[bytes, int, int]] = field(default_factory=list)

    def picture(self, pixels: Floats, left: float, top: float, wide: float) -> float:
        """Lay a picture on the page.

        Args:
            pixels: (h, w, 3).
            left: mm.
            top: mm.
            wide: mm.

        Returns:
            Its height in mm.
        """
        rows, columns = map(int, pixels.shape[:2])
        high = wide * rows / columns
        name = len(self.pictures)
        self.pictures.append((encoding.jpeg(pixels, quality=88), columns, rows))
        corner = f"{number(left * POINT)} {number((HIGH - top - high) * POINT)} cm"
        self.operators.append(f"q {number(wide * POINT)} 0 0 {number(high * POINT)} {corner} /P{name} Do Q")
        return high

    def rectangle(self, left: float, top: float, wide: float, high: float, colour: Colour) -> None:
        """A filled one with a hairline around it."""
        where = f"{_at(left, top + high)} {number(wide * POINT)} {number(high * POINT)} re"
        self.operators.append(f"{_colour(colour)} rg 0.7 0.7 0.72 RG 0.3 w {where} B")

    def line(self, points: Sequence[Place], colour: Colour, width: float) -> None:
        """An open line of a width in mm, with round ends."""
        first, *rest = (_at(x, y) for x, y in points)
        path = f"{first} m " + " ".join(f"{place} l" for place in rest)
        self.operators.append(f"1 J 1 j {_colour(colour)} RG {number(width * POINT)} w {path} S")

    def shape(self, points: Sequence[Place], colour: Colour) -> None:
        """A filled polygon."""
        first, *rest = (_at(x, y) for x, y in points)
        path = f"{first} m " + " ".join(f"{place} l" for place in rest)
        self.operators.append(f"{_colour(colour)} rg {path} f")

    def words(self, text: str, left: float, base: float, size: float, colour: Colour, *, middle: bool = False) -> None:
        """A line of text.

        Args:
            text: Latin letters; others become question marks.
            left: mm, or the middle if `middle`.
            base: of its baseline, mm.
            size: in points.
            colour: of the letters.
            middle: centre it, as far as another typeface tells its width.
        """
        shift = ImageFont.load_default(64).getlength(text) / 64 * size / POINT / 2 if middle else 0.0
        plain = text.encode("cp1252", "replace").decode("cp1252")
        told = plain.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        where = _at(left - shift, base)
        self.operators.append(f"BT {_colour(colour)} rg /F {number(size)} Tf 1 0 0 1 {where} Tm ({told}) Tj ET")

    def clipped(self, left: float, top: float, wide: float, high: float) -> None:
        """What follows shows inside a rectangle only, until `unclipped`."""
        self.operators.append(f"q {_at(left, top + high)} {number(wide * POINT)} {number(high * POINT)} re W n")

    def unclipped(self) -> None:
        """The whole page again."""
        self.operators.append("Q")


def bound(pages: Sequence[Page], title: str) -> bytes:
    """Pages as a PDF file (ISO 32000-1)."""
    objects: list[bytes] = [
        b"",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for page in pages:
        names = []
        for data, columns, rows in page.pictures:
            names.append(len(objects) + 1)
            head = f"/Subtype /Image /Width {columns} /Height {rows} /ColorSpace /DeviceRGB /BitsPerComponent 8"
            objects.append(_stream(f"/Type /XObject {head} /Filter /DCTDecode", data))
        content = zlib.compress("\n".join(page.operators).encode("cp1252", "replace"), 9)
        objects.append(_stream("/Filter /FlateDecode", content))
        inside = " ".join(f"/P{index} {name} 0 R" for index, name in enumerate(names))
        size = f"[0 0 {number(WIDE * POINT)} {number(HIGH * POINT)}]"
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox {size} /Contents {len(objects)} 0 R "
            f"/Resources << /Font << /F 3 0 R >> /XObject << {inside} >> >> >>".encode()
        )
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] /Count {len(kids)} >>".encode()
    told = "".join(f"{ord(letter):04x}" for letter in title if ord(letter) < 1 << 16)
    objects.append(f"<< /Title <feff{told}> >>".encode())
    return _file(objects)


def _stream(head: str, data: bytes) -> bytes:
    return f"<< {head} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    """Objects (the last is the information about the file), their table of places and the trailer."""
    out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for index, item in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{index} 0 obj\n".encode() + item + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    head = f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R /Info {len(objects)} 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + (head + trailer).encode()


def _at(x: float, y: float) -> str:
    return f"{number(x * POINT)} {number((HIGH - y) * POINT)}"


def _colour(colour: Colour) -> str:
    return " ".join(number(float(value)) for value in colour)
