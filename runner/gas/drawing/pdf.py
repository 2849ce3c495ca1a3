"""A PDF is a sheet as one page of vectors: a picture pixel is as large as fits an A4 page, y turned upwards.

Written by hand: the few operators needed (ISO 32000-1, 8.5 and 9.4) are less than a dependency. No date is written, so
equal sheets give equal bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from orbifolio.runner.arrays import F64
from orbifolio.runner.gas.drawing.sheet import Areas, Dots, DrawingSheet, Labels, Mark, Polylines
from orbifolio.runner.vector.hex_colours import Colour
from orbifolio.runner.vector.svg_path import number

LONG_SIDE = 842.0
"""Points of an A4 page's longer side; the shorter follows from the sheet."""
CIRCLE = 0.5522847498
"""Control points of a quarter circle as a cubic curve: 4/3 (sqrt 2 - 1)."""


def pdf(sheet: DrawingSheet) -> bytes:
    """The sheet as a PDF file of one page.

    Args:
        sheet: what to draw.
    """
    scale = LONG_SIDE / max(sheet.width, sheet.height)
    wide, high = number(sheet.width * scale), number(sheet.height * scale)
    body = [f"{_colour(sheet.paper)} rg 0 0 {wide} {high} re f"]
    body.append(f"{number6(scale)} 0 0 {number6(-scale)} 0 {high} cm 1 J 1 j")
    for mark in sheet.marks:
        body += _operators(mark)
    content = zlib.compress("\n".join(body).encode("ascii"), 9)
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide} {high}] /Contents 4 0 R "
            "/Resources << /Font << /F 5 0 R >> >> >>".encode(),
            f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode() + content + b"\nendstream",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )


def number6(value: float) -> str:
    """A number with six decimals: scales need more than places."""
    return f"{value:.6f}"


def _file(objects: list[bytes]) -> bytes:
    """Objects, their table of places and the trailer."""
    out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for index, item in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{index} 0 obj\n".encode() + item + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    return (
        out
        + f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n".encode()
        + (f"startxref\n{len(out)}\n%%EOF\n".encode())
    )


def _operators(mark: Mark) -> Iterable[str]:
    """A mark as page operators."""
    if isinstance(mark, Polylines):
        for path, width, colour in zip(mark.paths, mark.widths, mark.colours, strict=True):
            yield f"{_colour(colour)} RG {number(width)} w {_line(path)} S"
    elif isinstance(mark, Dots):
        for (x, y), radius, colour in zip(mark.centres.tolist(), mark.radii, mark.colours, strict=True):
            yield f"{_colour(colour)} rg {_circle(x, y, float(radius))} f"
    elif isinstance(mark, Areas):
        for ring, colour in zip(mark.rings, mark.colours, strict=True):
            yield f"{_colour(colour)} rg {_colour(colour)} RG 0.2 w {_line(ring)} b"
    elif isinstance(mark, Labels):
        for (x, y), text in zip(mark.places.tolist(), mark.texts, strict=True):
            place = f"1 0 0 -1 {number(x)} {number(y)} Tm"  # upright on a page that is turned over
            yield f"BT {_colour(mark.colour)} rg /F {number(mark.size)} Tf {place} {_text(text)} Tj ET"


def _line(points: F64) -> str:
    first, *rest = points.tolist()
    return f"{number(first[0])} {number(first[1])} m " + " ".join(f"{number(x)} {number(y)} l" for x, y in rest)


def _circle(x: float, y: float, radius: float) -> str:
    """Four cubic quarters."""
    arm = radius * CIRCLE
    corners = (
        (x + radius, y + arm, x + arm, y + radius, x, y + radius),
        (x - arm, y + radius, x - radius, y + arm, x - radius, y),
        (x - radius, y - arm, x - arm, y - radius, x, y - radius),
        (x + arm, y - radius, x + radius, y - arm, x + radius, y),
    )
    curves = " ".join(" ".join(number(value) for value in corner) + " c" for corner in corners)
    return f"{number(x + radius)} {number(y)} m {curves}"


def _colour(colour: F64 | Colour) -> str:
    return " ".join(number(float(value)) for value in colour)


def _text(text: str) -> str:
    """A literal string; what is not ASCII becomes a question mark."""
    plain = text.encode("ascii", "replace").decode()
    return "(" + plain.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"
