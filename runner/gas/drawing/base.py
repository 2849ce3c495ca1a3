"""A drawing is a function (graph, picture, mask) -> pixels and files; a style says which marks a graph becomes.

`DrawingSettings` holds what all styles share (theme, colours, improvement, plotter); a style adds its `marks`, and
changes `prepare` where it draws another graph than the one that grew. The rest follows: raster, SVG, PDF, plotter file,
graph exports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from orbifolio.runner.gas.drawing.colours import THEMES, AnyColouring, Hex, Ink, Theme, parse, spell, under
from orbifolio.runner.gas.drawing.exports import arrays, graphml
from orbifolio.runner.gas.drawing.improve import Improve
from orbifolio.runner.gas.drawing.pdf import pdf
from orbifolio.runner.gas.drawing.plotter import Plotter, plot
from orbifolio.runner.gas.drawing.raster import draw
from orbifolio.runner.gas.drawing.sheet import Colour, Floats, Mark, Mask, Pixels, Sheet, Strokes
from orbifolio.runner.gas.drawing.svg import svg
from orbifolio.runner.gas.graph import Graph, Positions
from orbifolio.runner.settings import Settings

SAMPLES = (np.arange(5) + 0.5) / 5
"""Places along an edge at which the picture is looked at."""


def _switched(settings: type[Settings]) -> Any:
    """A field that is off (null or false), on with defaults (true), or a mapping."""

    def expand(value: Any) -> Any:
        if value is True:
            return {}
        return None if value is False else value

    return Annotated[settings | None, BeforeValidator(expand, json_schema_input_type=settings | bool | None)]


@dataclass(frozen=True)
class Scene:
    """What a style draws.

    Attributes:
        graph: prepared.
        picture: (h, w, 3) sRGB in [0, 1], of the graph's size.
        mask: (h, w), or None without a threshold.
        paper: colour.
        ink: colour.
    """

    graph: Graph
    picture: Pixels
    mask: Mask | None
    paper: Colour
    ink: Colour

    @property
    def unit(self) -> float:
        """Picture pixels of a thousandth of the drawing's longer side: line widths are told in it."""
        return max(self.graph.width, self.graph.height) / 1000

    @property
    def scale(self) -> Floats:
        """(n,) of the picture at each node: widths and radii follow it."""
        return np.ones(len(self.graph.nodes)) if self.graph.scale is None else self.graph.scale

    def along(self, paths: Sequence[Positions]) -> Floats:
        """(m, 3) mean colour of the picture under each path's ends and middle."""
        if not len(paths):
            return np.zeros((0, 3))
        ends = np.array([[path[0], path[len(path) // 2] if len(path) > 2 else path[-1]] for path in paths])
        samples = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * SAMPLES[None, :, None]
        return under(self.picture, samples)


class DrawingSettings(Settings):
    """What all styles share."""

    theme: Theme = "white"
    """Paper and ink: black on `white`, warm `paper`, light on dark `ink` or `night`, `blueprint`, `sepia`."""
    paper: Hex | None = None
    """Colour of the paper as `#rrggbb`, instead of the theme's."""
    ink: Hex | None = None
    """Colour of the ink as `#rrggbb`, instead of the theme's."""
    colour: AnyColouring = Ink()
    """Colour of the marks: the ink, the picture's, a palette's or a ramp's."""
    improve: _switched(Improve) = None  # type: ignore[valid-type]
    """Bring the drawing to the picture's contour and close its mesh; true, or its settings. Needs a threshold."""
    plotter: _switched(Plotter) = None  # type: ignore[valid-type]
    """Write a file for a pen plotter as well; true, or its settings."""

    def build(self) -> Drawing:
        """The working drawing."""
        return Drawing(self)

    def prepare(self, graph: Graph, mask: Mask | None) -> Graph:
        """The graph that is drawn: improved, if wished and if there is a mask."""
        improve: Improve | None = self.improve
        return improve(graph, mask) if improve is not None and mask is not None else graph

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """What is drawn on the paper, in order."""
        raise NotImplementedError(type(self).__name__)

    def pen_strokes(self, scene: Scene) -> Mapping[str, Sequence[Positions]]:
        """What a plotter draws, by colour: the marks that are lines, as they are."""
        layers: dict[str, list[Positions]] = {}
        for mark in self.marks(scene):
            if isinstance(mark, Strokes):
                for path, colour in zip(mark.paths, mark.colours, strict=True):
                    layers.setdefault(spell(colour), []).append(path)
        return layers

    def facts(self, scene: Scene) -> Mapping[str, Any]:
        """What else is known of the drawing, for `extras/drawing.json`."""
        return {}


class Drawing:
    """The working drawing; see the module's docstring."""

    def __init__(self, settings: DrawingSettings) -> None:
        self.settings = settings

    def scene(self, graph: Graph, picture: Pixels, mask: Mask | None) -> Scene:
        """The graph as it is drawn, and its colours."""
        paper, ink = THEMES[self.settings.theme]
        return Scene(
            self.settings.prepare(graph, mask),
            picture,
            mask,
            parse(self.settings.paper or paper),
            parse(self.settings.ink or ink),
        )

    def sheet(self, graph: Graph, picture: Pixels, mask: Mask | None) -> Sheet:
        """Paper and marks in picture pixels."""
        return self._sheet(self.scene(graph, picture, mask))

    def _sheet(self, scene: Scene) -> Sheet:
        return Sheet(scene.graph.width, scene.graph.height, scene.paper, self.settings.marks(scene))

    def draw(self, graph: Graph, picture: Pixels, mask: Mask | None, *, width: int, height: int) -> Pixels:
        """The drawing as pixels.

        Args:
            graph: what grew.
            picture: (h, w, 3) sRGB in [0, 1], of the graph's size.
            mask: (h, w), True where the picture is to be drawn; None without a threshold.
            width: of the result.
            height: of the result.

        Returns:
            (height, width, 3) float32 sRGB in [0, 1].
        """
        return draw(self.sheet(graph, picture, mask), width=width, height=height)

    def files(self, graph: Graph, picture: Pixels, mask: Mask | None, *, title: str = "") -> Mapping[str, bytes]:
        """Files by name: drawing.svg, drawing.pdf, graph.json, graph.graphml, graph.npz, and plotter.svg if wished.

        The graph is the one that is drawn, after improvement.

        Args:
            graph: what grew.
            picture: (h, w, 3) sRGB in [0, 1], of the graph's size.
            mask: (h, w), or None.
            title: of the drawing.
        """
        scene = self.scene(graph, picture, mask)
        sheet = self._sheet(scene)
        facts = dict(self.settings.facts(scene))
        found = {
            "drawing.svg": svg(sheet, title=title),
            "drawing.pdf": pdf(sheet),
            "graph.json": scene.graph.to_json().encode(),
            "graph.graphml": graphml(scene.graph),
            "graph.npz": arrays(scene.graph),
        }
        if self.settings.plotter is not None:
            layers = self.settings.pen_strokes(scene)
            plotted = plot(layers, self.settings.plotter, width=sheet.width, height=sheet.height)
            found["plotter.svg"] = plotted.data
            facts["plotter"] = {
                "layers": len(layers),
                "strokes": plotted.strokes,
                "drawn_mm": round(plotted.drawn),
                "travelled_mm": round(plotted.travelled),
            }
        if facts:
            found["drawing.json"] = (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode()
        return found


LineWidth = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
