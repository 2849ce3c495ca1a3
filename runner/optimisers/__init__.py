"""The family of optimisers."""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

OPTIMISERS = KindFamily(
    {
        "lbfgs": "orbifolio.runner.optimisers.lbfgs:Lbfgs",
        "adam": "orbifolio.runner.optimisers.adam:Adam",
    },
    default="lbfgs",
    others=plugins("optimisers", "orbifolio.runner.optimisers.base:OptimiserSettings"),
)
AnyOptimiser = Annotated[Any, OPTIMISERS]
