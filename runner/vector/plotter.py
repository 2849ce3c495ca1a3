"""A plotter file is an SVG in millimetres with a layer for each pen, of strokes in their order and direction.

`Plotter` names the paper; `plot` scales the drawing into its margins, with the paper in landscape for a wide picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import quoteattr

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64
from orbifolio.runner.settings import Settings
from orbifolio.runner.vector.svg_path import number, path_data

PAPERS = {
    "a6": (105, 148),
    "a5": (148, 210),
    "a4": (210, 297),
    "a3": (297, 420),
    "a2": (420, 594),
    "letter": (216, 279),
}
"""Width and height in mm, upright."""


class Plotter(Settings):
    """A file for a pen plotter: lines only, in millimetres."""

    paper: Literal["a6", "a5", "a4", "a3", "a2", "letter"] = "a4"
    """Size of the paper; in landscape for pictures that are wider than high."""
    margin: float = Field(15.0, ge=0, le=50)
    """Width of the empty border in mm."""
    pen: float = Field(0.3, gt=0, le=5)
    """Width of the pen's line in mm, as previews show it."""

    def fit(self, width: float, height: float) -> tuple[float, float, float]:
        """(width of the paper, its height, mm of a pixel) for a picture of a size in pixels, within the margins."""
        across, down = PAPERS[self.paper]
        if width > height:
            across, down = down, across
        return across, down, min((across - 2 * self.margin) / width, (down - 2 * self.margin) / height)


@dataclass(frozen=True)
class Plot:
    """A plotter file and what drawing it takes.

    Attributes:
        data: SVG in UTF-8.
        strokes: times that the pen comes down.
        drawn: mm with the pen down.
        travelled: mm with the pen up.
    """

    data: bytes
    strokes: int
    drawn: float
    travelled: float


@dataclass(frozen=True)
class PlotLayout:
    """Strokes on paper, in the order and direction to draw them.

    Attributes:
        width: of the paper in mm.
        height: of the paper in mm.
        layers: colour of a pen (`#rrggbb`) -> (k, 2) strokes in mm from the top-left corner.
    """

    width: float
    height: float
    layers: Mapping[str, Sequence[F64]]


def lay_out(layers: Mapping[str, Sequence[F64]], settings: Plotter, *, width: float, height: float) -> PlotLayout:
    """Strokes of each pen, scaled into the paper's margins and put in order.

    Args:
        layers: colour (`#rrggbb`) -> (k, 2) strokes in pixels of the picture.
        settings: its paper and margin are used.
        width: of the picture in pixels.
        height: of the picture in pixels.
    """
    from orbifolio.runner.vector.travel import ordered  # compiles, so not before it is needed

    across, down, scale = settings.fit(width, height)
    shift = np.array([across - scale * width, down - scale * height]) / 2
    limits = np.array([width, height])
    # a plotter has no edge to cut at: what lies beyond the picture is drawn on its edge
    return PlotLayout(
        across,
        down,
        {
            colour: ordered([np.clip(path, 0, limits) * scale + shift for path in paths])
            for colour, paths in layers.items()
        },
    )


def plot(layers: Mapping[str, Sequence[F64]], settings: Plotter, *, width: float, height: float) -> Plot:
    """Strokes of each pen on paper as a file; see `lay_out`."""
    return draw_layout(lay_out(layers, settings, width=width, height=height), pen=settings.pen)


def draw_layout(layout: PlotLayout, *, pen: float) -> Plot:
    """Strokes on paper as an SVG file.

    Args:
        pen: width of its line in mm, as previews show it.
    """
    from orbifolio.runner.vector.travel import air

    width, height = layout.width, layout.height
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
        f'width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">',
    ]
    strokes, drawn, travelled = 0, 0.0, 0.0
    for index, (colour, paths) in enumerate(layout.layers.items(), start=1):
        lines.append(
            f'<g id="layer{index}" inkscape:groupmode="layer" inkscape:label={quoteattr(f"{index} {colour}")} '
            f'fill="none" stroke="{colour}" stroke-width="{number(pen)}" stroke-linecap="round" '
            'stroke-linejoin="round">'
        )
        lines += [f'<path d="{path_data(path)}"/>' for path in paths]
        lines.append("</g>")
        strokes += len(paths)
        drawn += sum(float(np.hypot(*np.diff(path, axis=0).T).sum()) for path in paths)
        travelled += air(paths)
    return Plot("\n".join([*lines, "</svg>", ""]).encode(), strokes, drawn, travelled)
