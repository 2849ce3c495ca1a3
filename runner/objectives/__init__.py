"""The family of objectives."""

from orbifolio.runner.objectives.base import ObjectiveSettings
from orbifolio.runner.objectives.content import Content
from orbifolio.runner.objectives.dream import Dream
from orbifolio.runner.objectives.pixels import PixelDifference
from orbifolio.runner.objectives.smoothness import Range, Smoothness
from orbifolio.runner.objectives.statistics_prior import StatisticsPrior
from orbifolio.runner.objectives.style import Style
from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.settings import family

OBJECTIVES = with_plugins(
    "objectives", ObjectiveSettings, Style, Content, PixelDifference, Dream, StatisticsPrior, Smoothness, Range
)
AnyObjective = family(*OBJECTIVES)
