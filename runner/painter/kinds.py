"""The family of painters."""

from runner.painter.gan import Gan
from runner.painter.learning import Implicit
from runner.painter.vae import Vae
from runner.settings import family

PAINTERS = (Implicit, Vae, Gan)
AnyPainter = family(*PAINTERS)
