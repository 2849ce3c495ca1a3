"""Rules of growing: settings -> (`Law`, `PresentationOrder`), in the words of Fritzke's paper.

`fritzke` is the paper, `neupy` is what NeuPy 0.8.2 does, `utility` is the paper with Fritzke's removal of
nodes of little use. All of them present every point once an epoch, in a new order each time; the paper draws with
replacement, which leaves some points out for long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import I64
from orbifolio.runner.settings import Settings, family

if TYPE_CHECKING:
    from orbifolio.runner.gas.tables import Law


class Shuffled:
    """Every epoch in a new order, from the run's seed and the epoch's number."""

    def __init__(self, seed: int, stream: int = 0) -> None:
        self.seed, self.stream = seed, stream

    def start(self, points: int, nodes: int) -> I64:
        """Points for the first nodes, all different."""
        random = np.random.default_rng((self.seed, self.stream, 0))
        return random.choice(points, size=min(nodes, points), replace=False)

    def epoch(self, points: int, number: int) -> I64:
        """A random permutation of the points."""
        return np.random.default_rng((self.seed, self.stream, 1, number)).permutation(points)


class Legacy:
    """What NumPy's legacy generator gives after `seed`: start nodes first, then one shuffle an epoch."""

    def __init__(self, seed: int, stream: int = 0) -> None:
        self.seed = (seed + stream) % 2**32
        self.points = self.nodes = 0
        self.number = -1
        self.random = np.random.RandomState(self.seed)

    def start(self, points: int, nodes: int) -> I64:
        """Points for the first nodes; two may be the same."""
        self.points, self.nodes, self.number = points, nodes, -1
        self.random = np.random.RandomState(self.seed)
        return np.asarray(self.random.choice(points, nodes), dtype=np.int64)

    def epoch(self, points: int, number: int) -> I64:
        """A random permutation of the points; those of earlier epochs are drawn on the way to it."""
        if number <= self.number:
            self.start(points, self.nodes)
        order = np.arange(points)
        while self.number < number:
            order = np.arange(points)
            self.random.shuffle(order)
            self.number += 1
        return order


class GrowthRules(Settings):
    """The base of every set of rules: the paper's parameters."""

    epsilon_b: float = Field(default=0.2, gt=0, le=1)
    """Share of the way to a point that the nearest node moves."""
    epsilon_n: float = Field(default=0.006, ge=0, le=1)
    """Share of the way that its neighbours move."""
    a_max: int = Field(default=50, ge=1, le=1_000_000)
    """Age at which an edge dies: presentations that one of its ends won without the other being second."""
    interval: int = Field(default=100, ge=1, le=1_000_000)
    """Presentations between two new nodes (lambda)."""
    alpha: float = Field(default=0.5, gt=0, le=1)
    """Factor of the errors of the two nodes that a new one comes between."""
    d: float = Field(default=0.995, gt=0.5, le=1)
    """Factor of all errors at each presentation."""
    start: int = Field(default=2, ge=2, le=100_000)
    """Nodes at the start, on random points."""

    unit: ClassVar[float] = 1.0
    """Length of a pixel in the gas's own coordinates, which distances and errors are counted in."""
    origin: ClassVar[float] = 0.0
    """x and y in pixels of the point where these coordinates start."""
    symmetric: ClassVar[bool] = True
    """Whether a gas under a symmetry may grow by these rules."""

    def law(self) -> Law:
        """These rules as numbers for the kernel."""
        return self._law()

    def order(self, seed: int, stream: int) -> Shuffled | Legacy:
        """The order of presentation.

        Args:
            stream: number of the gas, where a picture has several: each has its own order.
        """
        return Shuffled(seed, stream)

    def _law(
        self,
        *,
        nearer: float = 0.0,
        squared: bool = True,
        inherit: bool = True,
        link_first: bool = False,
        utility: float = 0.0,
        single: bool = False,
    ) -> Law:
        from orbifolio.runner.gas.tables import Law

        number = (lambda value: float(np.float32(value))) if single else float
        return Law(
            number(self.epsilon_b),
            number(self.epsilon_n),
            self.a_max,
            self.interval,
            number(self.alpha),
            number(self.d),
            nearer,
            squared,
            inherit,
            link_first,
            utility,
            single,
        )


class Fritzke(GrowthRules):
    """Growing neural gas as published: squared errors, a new node inherits its neighbour's error."""

    cites = ("fritzke1995", "fiser2013")

    kind: Literal["fritzke"] = "fritzke"


class NeuPy(GrowthRules):
    """Growing neural gas as NeuPy 0.8.2 implements it, to reproduce its drawings exactly.

    It differs from the paper: errors are distances, not their squares; a new node begins with error 0; the edge to
    the second nearest is made before the neighbours move; a point very near a node is skipped. Points, places and
    distances are in single precision, as NeuPy has them; errors are not, since they only choose the largest.
    """

    cites = ("fritzke1995", "fiser2013")

    kind: Literal["neupy"] = "neupy"
    epsilon_n: float = Field(default=0.005, ge=0, le=1)
    """Share of the way that its neighbours move (`neighbour_step`)."""
    min_distance: float = Field(default=0.01, ge=0)
    """`min_distance_for_update` in thousands of pixels; NeuPy compares its square with a distance, so that 0.01 skips
    points within 0.1 pixels, not 10."""

    symmetric: ClassVar[bool] = False
    unit: ClassVar[float] = 0.001  # it counts thousands of pixels from the centre of the first one
    origin: ClassVar[float] = 0.5

    def law(self) -> Law:
        """These rules as numbers for the kernel."""
        return self._law(nearer=self.min_distance**2, squared=False, inherit=False, link_first=True, single=True)

    def order(self, seed: int, stream: int) -> Legacy:
        """The order that NumPy's legacy generator gives, as in NeuPy."""
        return Legacy(seed, stream)


class Utility(GrowthRules):
    """GNG-U: nodes whose loss would cost little are removed and put to better use elsewhere."""

    cites = ("fritzke1997", "fritzke1995", "fiser2013")

    kind: Literal["utility"] = "utility"
    d: float = Field(default=0.9999, gt=0.5, le=1)
    """Factor of all errors and utilities at each presentation; near 1, so that a node among thousands keeps its
    utility until it wins again."""
    symmetric: ClassVar[bool] = False
    k: float = Field(default=8.0, gt=1)
    """Largest error / least utility at which the least useful node is removed; checked whenever a node may be added."""

    def law(self) -> Law:
        """These rules as numbers for the kernel."""
        return self._law(utility=self.k)


RULES = (Fritzke, NeuPy, Utility)
AnyRules = family(*RULES, default=Fritzke)
