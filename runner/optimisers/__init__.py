"""The family of optimisers."""

from runner.optimisers.adam import Adam
from runner.optimisers.lbfgs import Lbfgs
from runner.settings import family

OPTIMISERS = (Lbfgs, Adam)
AnyOptimiser = family(*OPTIMISERS, default=Lbfgs)
