"""The family of canvases: image parameterisations."""

from runner.canvas.fourier import Fourier
from runner.canvas.pixels import Pixels
from runner.settings import family

CANVASES = (Pixels, Fourier)
AnyCanvas = family(*CANVASES, default=Pixels)
