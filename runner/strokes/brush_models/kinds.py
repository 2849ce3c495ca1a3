"""The family of painters."""

from orbifolio.runner.settings import family
from orbifolio.runner.strokes.brush_models.gan import Gan
from orbifolio.runner.strokes.brush_models.implicit_training import Implicit
from orbifolio.runner.strokes.brush_models.vae import Vae

PAINTERS = (Implicit, Vae, Gan)
AnyPainter = family(*PAINTERS)
