"""The family of painters."""

from runner.painter.learning import Implicit
from runner.settings import family

PAINTERS = (Implicit,)
AnyPainter = family(*PAINTERS)
