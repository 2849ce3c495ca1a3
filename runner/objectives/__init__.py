"""The family of objectives."""

from runner.objectives.content import Content
from runner.objectives.dream import Dream
from runner.objectives.pixels import Pixels
from runner.objectives.smoothness import Range, Smoothness
from runner.objectives.style import Style
from runner.settings import family

OBJECTIVES = (Style, Content, Pixels, Dream, Smoothness, Range)
AnyObjective = family(*OBJECTIVES)
