"""The family of drawings: from a graph to marks on paper, and to raster, SVG, PDF, plotter strokes and data."""

from orbifolio.runner.gas.drawing.meshes import Lines, Nodes, Polygons, Triangles
from orbifolio.runner.gas.drawing.onelines import OneLine, Signature, Words
from orbifolio.runner.gas.drawing.tonal import TonalLines
from orbifolio.runner.settings import family

DRAWINGS = (Lines, TonalLines, Nodes, Triangles, Polygons, OneLine, Signature, Words)
AnyDrawing = family(*DRAWINGS, default=Lines)
