"""The family of canvases: image parameterisations."""

from orbifolio.runner.canvas.base import CanvasSettings
from orbifolio.runner.canvas.fourier import Fourier
from orbifolio.runner.canvas.pixels import Pixels
from orbifolio.runner.canvas.stroke_grid import StrokeGrid
from orbifolio.runner.canvas.strokes import Strokes
from orbifolio.runner.canvas.waves import Waves
from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.settings import family

CANVASES = with_plugins("canvases", CanvasSettings, Pixels, Fourier, Strokes, StrokeGrid, Waves)
AnyCanvas = family(*CANVASES, default=Pixels)
