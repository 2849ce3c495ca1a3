"""The family of objectives."""

from orbifolio.runner.objectives.content import Content
from orbifolio.runner.objectives.dream import Dream
from orbifolio.runner.objectives.pixels import Pixels
from orbifolio.runner.objectives.smoothness import Range, Smoothness
from orbifolio.runner.objectives.style import Style
from orbifolio.runner.settings import family

OBJECTIVES = (Style, Content, Pixels, Dream, Smoothness, Range)
AnyObjective = family(*OBJECTIVES)
