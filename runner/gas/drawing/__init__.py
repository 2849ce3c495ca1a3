"""The family of drawings: from a graph to marks on paper, and to raster, SVG, PDF, plotter strokes and data."""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.settings import KindFamily

DRAWINGS = KindFamily(
    {
        "lines": "orbifolio.runner.gas.drawing.meshes:Lines",
        "tonal": "orbifolio.runner.gas.drawing.tonal:TonalLines",
        "nodes": "orbifolio.runner.gas.drawing.meshes:Nodes",
        "triangles": "orbifolio.runner.gas.drawing.meshes:Triangles",
        "polygons": "orbifolio.runner.gas.drawing.meshes:Polygons",
        "tsp": "orbifolio.runner.gas.drawing.onelines:OneLine",
        "signature": "orbifolio.runner.gas.drawing.onelines:Signature",
        "words": "orbifolio.runner.gas.drawing.onelines:Words",
    },
    default="lines",
)
AnyDrawing = Annotated[Any, DRAWINGS]
