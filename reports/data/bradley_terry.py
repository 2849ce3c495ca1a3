"""Strengths from paired comparisons: (duels) -> log-strengths and their covariance, after Bradley and Terry (1952).

Run i is preferred to run j with probability `1 / (1 + exp(t_j - t_i))`. A vote for neither counts as half a vote for
each. The strengths t have a normal prior of mean 0 and deviation `PRIOR_DEVIATION`, so that a run that won its only
duel is not infinitely strong; they are the posterior's maximum, and their covariance is that of the normal
distribution with the same curvature there (Laplace). `templates/assets/bradley-terry.js` computes the same in the
browser; a test holds both against each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64

PRIOR_DEVIATION = 1.0
"""Of a log-strength: two runs picked at random then differ by about 1.4, so that the better one gets four votes of
five. A single vote moves two runs from 50 % to 58 % and 42 %, not to certainty."""

INTERVAL_DEVIATIONS = 1.96
"""Half the width of a 95 % interval, in standard deviations."""

_TOLERANCE = 1e-10  # of a log-strength between two steps of Newton's method, far below what is shown
_MAX_STEPS = 100  # the posterior is concave and smooth, so that ten are usual


@dataclass(frozen=True)
class Duel:
    """One comparison of two runs, by their places in a list.

    Attributes:
        share: of the first: 1 if it was preferred, 0 if the other was, 0.5 if neither.
    """

    first: int
    second: int
    share: float


@dataclass(frozen=True)
class Strengths:
    """What duels tell of the runs.

    Attributes:
        log_strengths: t, of mean 0. Shape (runs,).
        covariance: of the strengths against their mean. Shape (runs, runs).
    """

    log_strengths: F64
    covariance: F64

    def chance(self, run: int) -> float:
        """The probability that a run is preferred to one of mean strength."""
        return logistic(float(self.log_strengths[run]))

    def interval(self, run: int) -> tuple[float, float]:
        """Within which this probability lies with 95 %."""
        half = INTERVAL_DEVIATIONS * math.sqrt(max(0.0, float(self.covariance[run, run])))
        middle = float(self.log_strengths[run])
        return logistic(middle - half), logistic(middle + half)


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow.

    >>> logistic(0.0), logistic(-1000.0)
    (0.5, 0.0)
    """
    return (1.0 + math.tanh(value / 2.0)) / 2.0


def fit_strengths(count: int, duels: Sequence[Duel]) -> Strengths:
    """The strengths of runs from their duels, by Newton's method.

    Args:
        count: of runs, at least one; those without a duel keep the prior's.
        duels: between runs below `count`.

    Reference: Bradley and Terry (1952), Biometrika 39, 324-345; who add neither a prior nor votes for neither.

    >>> fit = fit_strengths(2, [Duel(0, 1, 1.0)] * 3)
    >>> round(fit.chance(0), 2), round(fit.chance(1), 2)
    (0.66, 0.34)
    """
    first = np.array([duel.first for duel in duels], dtype=int)
    second = np.array([duel.second for duel in duels], dtype=int)
    share = np.array([duel.share for duel in duels], dtype=float)
    precision = PRIOR_DEVIATION**-2

    def log_posterior(strengths: F64) -> float:
        gap = strengths[first] - strengths[second]
        return float((share * gap - np.logaddexp(0.0, gap)).sum() - precision * (strengths @ strengths) / 2.0)

    def curvature(strengths: F64) -> tuple[F64, F64]:
        """The gradient and the negative Hessian of the log posterior."""
        expected = (1.0 + np.tanh((strengths[first] - strengths[second]) / 2.0)) / 2.0
        gradient, hessian = -precision * strengths, precision * np.eye(count)
        np.add.at(gradient, first, share - expected)
        np.add.at(gradient, second, expected - share)
        weight = expected * (1.0 - expected)
        for row, column, sign in ((first, first, 1), (second, second, 1), (first, second, -1), (second, first, -1)):
            np.add.at(hessian, (row, column), sign * weight)
        return gradient, hessian

    strengths = np.zeros(count)
    for _ in range(_MAX_STEPS):
        gradient, hessian = curvature(strengths)
        step, before = np.linalg.solve(hessian, gradient), log_posterior(strengths)
        while log_posterior(strengths + step) < before and np.abs(step).max() > _TOLERANCE:
            step /= 2.0  # far from the maximum a whole step may overshoot
        strengths = strengths + step
        if np.abs(step).max() <= _TOLERANCE:
            break
    # The mean of all strengths is the prior's alone and says nothing of the runs: it is taken out.
    covariance: F64 = np.linalg.inv(curvature(strengths)[1]).astype(float) - PRIOR_DEVIATION**2 / count
    return Strengths(strengths, covariance)
