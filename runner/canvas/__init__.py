"""The family of canvases: image parameterisations."""

from runner.canvas.fourier import Fourier
from runner.canvas.pixels import Pixels
from runner.canvas.stroke_grid import StrokeGrid
from runner.canvas.strokes import Strokes
from runner.settings import family

CANVASES = (Pixels, Fourier, Strokes, StrokeGrid)
AnyCanvas = family(*CANVASES, default=Pixels)
