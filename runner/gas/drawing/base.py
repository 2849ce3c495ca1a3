"""A drawing is a function (graph, picture, mask) -> pixels and files; a style says which marks a graph becomes.

`DrawingSettings` holds what all styles share (theme, colours, improvement, plotter); a style adds its `marks`, and
overrides `prepare` where it draws a graph other than the one that grew. The rest follows: raster, SVG, PDF, plotter
file, graph exports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.gas.drawing.colours import THEMES, AnyColouring, Ink, Theme, darkness, under
from orbifolio.runner.gas.drawing.exports import arrays, graphml
from orbifolio.runner.gas.drawing.improve import Improve
from orbifolio.runner.gas.drawing.pdf import pdf
from orbifolio.runner.gas.drawing.raster import draw
from orbifolio.runner.gas.drawing.sheet import DrawingSheet, Mark, Polylines
from orbifolio.runner.gas.drawing.svg import svg
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.settings import Settings, switched
from orbifolio.runner.vector.hex_colours import Colour, Hex, from_hex, to_hex
from orbifolio.runner.vector.plotter import Plotter, plot

SAMPLES = (np.arange(5) + 0.5) / 5
"""Points along an edge, as shares of its length, whose colours in the picture are averaged: more are smoother over a
noisy picture, and take longer."""


@dataclass(frozen=True)
class Scene:
    """What a style makes its marks from.

    Attributes:
        graph: the one that is drawn.
        picture: (h, w, 3) sRGB in [0, 1], of the graph's size.
        mask: (h, w), True where the picture is to be drawn; None without a threshold.
        paper: sRGB in [0, 1].
        ink: sRGB in [0, 1].
        tones: (h, w) in [0, 1], the greys to draw, 0 for black; None for those of the picture.
    """

    graph: Graph
    picture: F32
    mask: Bools | None
    paper: Colour
    ink: Colour
    tones: F64 | None = None

    @property
    def dark(self) -> F64:
        """(h, w) in [0, 1], how dark the drawing is to be."""
        if self.tones is not None:
            return 1 - self.tones
        return darkness(self.picture.reshape(-1, 3).astype(np.float64)).reshape(self.picture.shape[:2])

    @property
    def unit(self) -> float:
        """A thousandth of the drawing's longer side in picture pixels: the unit of line widths."""
        return max(self.graph.width, self.graph.height) / 1000

    @property
    def scale(self) -> F64:
        """(n,) how large the picture shows things at each node: widths and radii are multiplied by it."""
        return np.ones(len(self.graph.nodes)) if self.graph.scale is None else self.graph.scale

    def along(self, paths: Sequence[F64]) -> F64:
        """(m, 3) mean colour of the picture under each path's ends and middle."""
        if not len(paths):
            return np.zeros((0, 3))
        ends = np.array([[path[0], path[len(path) // 2] if len(path) > 2 else path[-1]] for path in paths])
        samples = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * SAMPLES[None, :, None]
        return under(self.picture, samples)


class DrawingSettings(Settings):
    """What all styles share."""

    coloured: ClassVar[bool] = False
    """Whether it draws nodes that stand for colours, as a map of colours has them."""
    theme: Theme = "white"
    """Paper and ink: black on `white`, warm `paper`, light on dark `ink` or `night`, `blueprint`, `sepia`."""
    paper: Hex | None = None
    """Colour of the paper as `#rrggbb`, instead of the theme's."""
    ink: Hex | None = None
    """Colour of the ink as `#rrggbb`, instead of the theme's."""
    colour: AnyColouring = Ink()
    """Colour of the marks: the ink, the picture's, a palette's or a ramp's."""
    improve: switched(Improve) = None  # type: ignore[valid-type]
    """Fit the drawing to the picture's contour and close its mesh; true, or its settings. Needs a threshold."""
    plotter: switched(Plotter) = None  # type: ignore[valid-type]
    """Also write a file for a pen plotter; true, or its settings."""

    def build(self) -> Drawing:
        """The drawing that makes pixels and files by these settings."""
        return Drawing(self)

    def prepare(self, graph: Graph, mask: Bools | None) -> Graph:
        """The graph that is drawn: the one that grew, improved if `improve` is on and there is a mask."""
        improve: Improve | None = self.improve
        return improve(graph, mask) if improve is not None and mask is not None else graph

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """The marks on the paper, in the order of drawing."""
        raise NotImplementedError(type(self).__name__)

    def pen_strokes(self, scene: Scene) -> Mapping[str, Sequence[F64]]:
        """What a plotter draws, by colour (`#rrggbb`): the polylines among the marks, as they are."""
        layers: dict[str, list[F64]] = {}
        for mark in self.marks(scene):
            if isinstance(mark, Polylines):
                for path, colour in zip(mark.paths, mark.colours, strict=True):
                    layers.setdefault(to_hex(colour), []).append(path)
        return layers

    def facts(self, scene: Scene) -> Mapping[str, Any]:
        """Facts about the drawing for `extras/drawing.json`, as JSON values."""
        return {}


class Drawing:
    """Turns graphs into pixels and files; see the module's docstring."""

    def __init__(self, settings: DrawingSettings) -> None:
        self.settings = settings

    def scene(self, graph: Graph, picture: F32, mask: Bools | None, tones: F64 | None = None) -> Scene:
        """The prepared graph with its picture, mask, colours and tones."""
        paper, ink = THEMES[self.settings.theme]
        return Scene(
            self.settings.prepare(graph, mask),
            picture,
            mask,
            from_hex(self.settings.paper or paper),
            from_hex(self.settings.ink or ink),
            tones,
        )

    def sheet(self, graph: Graph, picture: F32, mask: Bools | None) -> DrawingSheet:
        """Paper and marks, in picture pixels."""
        return self._sheet(self.scene(graph, picture, mask))

    def _sheet(self, scene: Scene) -> DrawingSheet:
        return DrawingSheet(scene.graph.width, scene.graph.height, scene.paper, self.settings.marks(scene))

    def draw(
        self,
        graph: Graph,
        picture: F32,
        mask: Bools | None,
        *,
        width: int,
        height: int,
        tones: F64 | None = None,
    ) -> F32:
        """The drawing as pixels.

        Args:
            graph: as it grew, not yet improved.
            picture: (h, w, 3) sRGB in [0, 1], of the graph's size.
            mask: (h, w), True where the picture is to be drawn; None without a threshold.
            width: of the result in pixels.
            height: of the result in pixels.
            tones: (h, w) in [0, 1], the greys to draw; None for those of the picture.

        Returns:
            (height, width, 3) float32 sRGB in [0, 1].
        """
        return draw(self._sheet(self.scene(graph, picture, mask, tones)), width=width, height=height)

    def files(
        self, graph: Graph, picture: F32, mask: Bools | None, *, title: str = "", tones: F64 | None = None
    ) -> Mapping[str, bytes]:
        """Files by name: drawing.svg, drawing.pdf, graph.json, graph.graphml, graph.npz, and plotter.svg if it is on.

        The graph is the one that is drawn, after improvement.

        Args:
            graph: as it grew, not yet improved.
            picture: (h, w, 3) sRGB in [0, 1], of the graph's size.
            mask: (h, w), True where the picture is to be drawn; None without a threshold.
            title: for screen readers; none if empty.
            tones: (h, w) in [0, 1], the greys to draw; None for those of the picture.
        """
        scene = self.scene(graph, picture, mask, tones)
        sheet = self._sheet(scene)
        facts = dict(self.settings.facts(scene))
        files = {
            "drawing.svg": svg(sheet, title=title),
            "drawing.pdf": pdf(sheet),
            "graph.json": scene.graph.to_json().encode(),
            "graph.graphml": graphml(scene.graph),
            "graph.npz": arrays(scene.graph),
        }
        if self.settings.plotter is not None:
            layers = self.settings.pen_strokes(scene)
            plotted = plot(layers, self.settings.plotter, width=sheet.width, height=sheet.height)
            files["plotter.svg"] = plotted.data
            facts["plotter"] = {
                "layers": len(layers),
                "strokes": plotted.strokes,
                "drawn_mm": round(plotted.drawn),
                "travelled_mm": round(plotted.travelled),
            }
        if facts:
            files["drawing.json"] = (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode()
        return files


LineWidth = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
