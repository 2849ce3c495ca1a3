"""The family of optimisers."""

from orbifolio.runner.optimisers.adam import Adam
from orbifolio.runner.optimisers.lbfgs import Lbfgs
from orbifolio.runner.settings import family

OPTIMISERS = (Lbfgs, Adam)
AnyOptimiser = family(*OPTIMISERS, default=Lbfgs)
