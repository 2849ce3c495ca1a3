"""The family of optimisers."""

from orbifolio.runner.optimisers.adam import Adam
from orbifolio.runner.optimisers.base import OptimiserSettings
from orbifolio.runner.optimisers.lbfgs import Lbfgs
from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.settings import family

OPTIMISERS = with_plugins("optimisers", OptimiserSettings, Lbfgs, Adam)
AnyOptimiser = family(*OPTIMISERS, default=Lbfgs)
