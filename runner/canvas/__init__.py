"""The family of canvases: image parameterisations."""

from orbifolio.runner.canvas.fourier import Fourier
from orbifolio.runner.canvas.pixels import Pixels
from orbifolio.runner.canvas.stroke_grid import StrokeGrid
from orbifolio.runner.canvas.strokes import Strokes
from orbifolio.runner.settings import family

CANVASES = (Pixels, Fourier, Strokes, StrokeGrid)
AnyCanvas = family(*CANVASES, default=Pixels)
