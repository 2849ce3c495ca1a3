"""SVG of a painting: a shape of varying width for each stroke, a layer for each level -> bytes.

Outlines are quadratic curves that touch the middles of the shapes' sides, so they are smooth at any size. Programs with
layers (Inkscape) show each level as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.outlines import Outlines
from orbifolio.runner.strokes.document.timelapse_states import runs
from orbifolio.runner.vector.hex_colours import to_hex
from orbifolio.runner.vector.svg_path import number


def svg(painting: Painting, shapes: Outlines, *, title: str = "") -> bytes:
    """The painting as an SVG file.

    Args:
        title: of the picture, for screen readers.
    """
    groups = []
    for level, begin, end in runs(painting):
        paths = [
            path(
                smooth(shapes.ring(stroke)),
                to_hex(painting.colours[stroke].astype(np.float64)),
                float(shapes.opacity[stroke]),
            )
            for stroke in range(begin, end)
        ]
        groups.append((f"level {level}: strokes {begin + 1} to {end}", paths))
    return layered_svg((painting.width, painting.height), to_hex(painting.paper), groups, title=title)


def layered_svg(
    size: tuple[int, int], paper: str, groups: Iterable[tuple[str, Sequence[str]]], *, title: str = ""
) -> bytes:
    """Layers of paths as an SVG file.

    Args:
        size: (width, height) in pixels.
        paper: colour of the background.
        groups: name and elements of each layer, undermost first.
        title: of the picture, for screen readers.
    """
    wide, high = size
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
        f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">',
        *([f"<title>{escape(title)}</title>"] if title else []),
        f'<rect width="{wide}" height="{high}" fill="{paper}"/>',
    ]
    for index, (label, elements) in enumerate(groups, start=1):
        lines.append(f'<g id="layer{index}" inkscape:groupmode="layer" inkscape:label={quoteattr(label)}>')
        lines += elements
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""]).encode()


def path(data: str, colour: str, opacity: float) -> str:
    """A filled shape of path data."""
    return f'<path d="{data}" fill="{colour}" fill-opacity="{number(opacity)}"/>'


def smooth(ring: F64) -> str:
    """Path data of a closed quadratic curve whose control points are the corners (k, 2) of a ring, k >= 3."""
    middles = (ring + np.roll(ring, -1, axis=0)) / 2
    first = f"M{_place(middles[-1])}"
    # After the first, each control point mirrors the one before, which is what `T` draws.
    return first + f"Q{_place(ring[0])} {_place(middles[0])}T" + " ".join(map(_place, middles[1:])) + "Z"


def _place(point: F64) -> str:
    return f"{number(float(point[0]))} {number(float(point[1]))}"
