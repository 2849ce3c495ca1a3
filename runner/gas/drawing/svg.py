"""An SVG is a sheet as text: one element per mark, grouped by kind, coordinates in pixels of the picture."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from orbifolio.runner.gas.drawing.colours import spell
from orbifolio.runner.gas.drawing.sheet import Areas, Dots, Labels, Mark, Sheet, Strokes
from orbifolio.runner.gas.graph import Positions


def svg(sheet: Sheet, *, title: str = "") -> bytes:
    """The sheet as an SVG file.

    Args:
        sheet: what to draw.
        title: told to readers and screen readers.

    Returns:
        UTF-8 text; equal sheets give equal bytes.
    """
    wide, high = number(sheet.width), number(sheet.height)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">',
        f"<title>{escape(title)}</title>" if title else "",
        f'<rect width="{wide}" height="{high}" fill="{spell(sheet.paper)}"/>',
    ]
    for mark in sheet.marks:
        lines += _group(mark)
    lines.append("</svg>\n")
    return "\n".join(line for line in lines if line).encode()


def number(value: float) -> str:
    """A number with three decimals at most, as short as it goes.

    >>> number(2.50), number(-0.0001)
    ('2.5', '0')
    """
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def path_data(points: Positions) -> str:
    """A polyline as the `d` of a path.

    Args:
        points: (k, 2).
    """
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points.tolist())


def _group(mark: Mark) -> Iterable[str]:
    """A mark as lines of SVG."""
    if isinstance(mark, Strokes):
        yield '<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
        for path, width, colour in zip(mark.paths, mark.widths, mark.colours, strict=True):
            yield f'<path d="{path_data(path)}" stroke="{spell(colour)}" stroke-width="{number(width)}"/>'
    elif isinstance(mark, Dots):
        yield "<g>"
        for (x, y), radius, colour in zip(mark.centres.tolist(), mark.radii, mark.colours, strict=True):
            yield f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{spell(colour)}"/>'
    elif isinstance(mark, Areas):
        # A hairline of the same colour closes the seams that viewers leave between neighbours.
        yield '<g stroke-width="0.2" stroke-linejoin="round">'
        for ring, colour in zip(mark.rings, mark.colours, strict=True):
            yield f'<path d="{path_data(ring)}Z" fill="{spell(colour)}" stroke="{spell(colour)}"/>'
    elif isinstance(mark, Labels):
        size, fill = number(mark.size), quoteattr(spell(mark.colour))
        yield f'<g font-family="sans-serif" font-size="{size}" fill={fill}>'
        for (x, y), text in zip(mark.places.tolist(), mark.texts, strict=True):
            yield f'<text x="{number(x)}" y="{number(y)}">{escape(text)}</text>'
    yield "</g>"
