"""The family of objectives."""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

OBJECTIVES = KindFamily(
    {
        "style": "orbifolio.runner.objectives.style:Style",
        "content": "orbifolio.runner.objectives.content:Content",
        "pixels": "orbifolio.runner.objectives.pixels:PixelDifference",
        "dream": "orbifolio.runner.objectives.dream:Dream",
        "statistics-prior": "orbifolio.runner.objectives.statistics_prior:StatisticsPrior",
        "smoothness": "orbifolio.runner.objectives.smoothness:Smoothness",
        "range": "orbifolio.runner.objectives.smoothness:Range",
    },
    others=plugins("objectives", "orbifolio.runner.objectives.base:ObjectiveSettings"),
)
AnyObjective = Annotated[Any, OBJECTIVES]
