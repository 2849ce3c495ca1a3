"""An SVG is a sheet as text: one element per mark, grouped by kind, coordinates in pixels of the picture."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from orbifolio.runner.gas.drawing.sheet import Areas, Dots, DrawingSheet, Labels, Mark, Polylines
from orbifolio.runner.vector.hex_colours import to_hex
from orbifolio.runner.vector.svg_path import number, path_data


def svg(sheet: DrawingSheet, *, title: str = "") -> bytes:
    """The sheet as an SVG file.

    Args:
        sheet: its size becomes the SVG's, in pixels.
        title: for screen readers and the browser's tab; none if empty.

    Returns:
        UTF-8 text; equal sheets give equal bytes.
    """
    wide, high = number(sheet.width), number(sheet.height)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">',
        f"<title>{escape(title)}</title>" if title else "",
        f'<rect width="{wide}" height="{high}" fill="{to_hex(sheet.paper)}"/>',
    ]
    for mark in sheet.marks:
        lines += _group(mark)
    lines.append("</svg>\n")
    return "\n".join(line for line in lines if line).encode()


def _group(mark: Mark) -> Iterable[str]:
    if isinstance(mark, Polylines):
        yield '<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
        for path, width, colour in zip(mark.paths, mark.widths, mark.colours, strict=True):
            yield f'<path d="{path_data(path)}" stroke="{to_hex(colour)}" stroke-width="{number(width)}"/>'
    elif isinstance(mark, Dots):
        yield "<g>"
        for (x, y), radius, colour in zip(mark.centres.tolist(), mark.radii, mark.colours, strict=True):
            yield f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{to_hex(colour)}"/>'
    elif isinstance(mark, Areas):
        # A hairline of the same colour closes the seams that viewers leave between neighbours.
        yield '<g stroke-width="0.2" stroke-linejoin="round">'
        for ring, colour in zip(mark.rings, mark.colours, strict=True):
            yield f'<path d="{path_data(ring)}Z" fill="{to_hex(colour)}" stroke="{to_hex(colour)}"/>'
    elif isinstance(mark, Labels):
        size, fill = number(mark.size), quoteattr(to_hex(mark.colour))
        yield f'<g font-family="sans-serif" font-size="{size}" fill={fill}>'
        for (x, y), text in zip(mark.anchors.tolist(), mark.texts, strict=True):
            yield f'<text x="{number(x)}" y="{number(y)}">{escape(text)}</text>'
    yield "</g>"
