"""A self-organising map: signals, and units on a lattice that become like them; it continues bit for bit.

som = SelfOrganisingMap(signals, shape, seed=0);  som.present(schedule, 0, 1000);  som.units
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.som.kernel import present, spread
from orbifolio.runner.som.lattice import LatticeShape, coordinates, edges_held, neighbours
from orbifolio.runner.vector.nearest import Nearest

ERROR_SAMPLES = 20_000
"""About how many signals the errors are measured on: their standard error is then well below 1 %."""

Decay = Literal["linear", "exponential", "inverse"]
DECAYS: dict[Decay, Callable[[float, float, F64], F64]] = {
    "linear": lambda start, end, t: start + (end - start) * t,
    "exponential": lambda start, end, t: start * (end / start) ** t,
    "inverse": lambda start, end, t: start / (1 + (start / end - 1) * t),
}
"""From a start to an end, both above 0, as t goes from 0 to 1."""


@dataclass(frozen=True)
class MapSchedule:
    """How radius and learning rate fall over a phase.

    Attributes:
        presentations: of the phase.
        radius: of the neighbourhood at its start and end, in distances of neighbours.
        rate: learning rate at its start and end.
        decay: how both fall.
    """

    presentations: int
    radius: tuple[float, float]
    rate: tuple[float, float]
    decay: Decay

    def at(self, ends: tuple[float, float], done: F64) -> F64:
        """A value after some presentations of the phase."""
        return DECAYS[self.decay](*ends, done / self.presentations)


class SelfOrganisingMap:
    """The units, and how many signals they were presented."""

    def __init__(
        self, signals: F64, shape: LatticeShape, *, seed: int, scattered: bool = False, framed: bool = False
    ) -> None:
        """A map that has seen nothing.

        Args:
            signals: (s, d), the first two coordinates places in the picture.
            shape: of the lattice.
            seed: of the order of presentation, and of where units start.
            scattered: units start on random signals, and not as an even net over all of them.
            framed: the edges of the map stay on those of the signals.
        """
        self.signals = np.ascontiguousarray(signals, dtype=np.float64)
        self.shape, self.seed = shape, seed
        self.presented = 0
        self._order: tuple[int, I64] | None = None
        self._across, self._down = np.empty(2 * shape.columns + 1), np.empty(shape.rows)
        count = shape.rows * shape.columns
        self._held = np.zeros((count, self.signals.shape[1]), dtype=np.bool_)
        if framed:
            self._held[:, :2] = edges_held(shape)
        places = coordinates(shape)
        low, high = self.signals[:, :2].min(axis=0), self.signals[:, :2].max(axis=0)
        # half a mesh is left at free edges, where signals end
        even = places / places.max(axis=0) if framed else (places + 0.5) / (places.max(axis=0) + 1)
        self.units = np.empty((count, self.signals.shape[1]))
        self.units[:, :2] = low + even * (high - low)
        if scattered:
            random = np.random.default_rng((seed, 0x50A1, 0))
            self.units = np.where(self._held, self.units, self.signals[random.integers(len(signals), size=count)])
        elif self.signals.shape[1] > 2:
            nearest = Nearest(self.signals[:, :2]).one(self.units[:, :2])[1]
            self.units[:, 2:] = self.signals[nearest, 2:]

    def _epoch(self, number: int) -> I64:
        """A random permutation of the signals, the same whenever it is asked for."""
        if self._order is None or self._order[0] != number:
            random = np.random.default_rng((self.seed, 0x50A1, 1, number))
            self._order = (number, random.permutation(len(self.signals)))
        return self._order[1]

    def present(self, schedule: MapSchedule, done: int, count: int) -> None:
        """Present signals one by one, as Kohonen (1982) does; every signal comes once an epoch.

        Args:
            schedule: of the phase.
            done: presentations of the phase so far.
            count: presentations to do.
        """
        while count > 0:
            number, position = divmod(self.presented, len(self.signals))
            order = self._epoch(number)[position : position + count]
            times = np.arange(done, done + len(order), dtype=np.float64)
            radii, rates = schedule.at(schedule.radius, times), schedule.at(schedule.rate, times)
            present(self.signals, order, radii, rates, self.units, self._held, self.shape, self._across, self._down)
            self.presented += len(order)
            done, count = done + len(order), count - len(order)

    def average(self, radius: float) -> None:
        """One epoch of the batch map: each unit becomes the mean of the signals that its neighbourhood won.

        Args:
            radius: of the neighbourhood.
        """
        winners = Nearest(self.units).one(self.signals)[1]
        count, width = self.units.shape
        sums = np.empty((count, width + 1))
        for axis in range(width):
            sums[:, axis] = np.bincount(winners, weights=self.signals[:, axis], minlength=count)
        sums[:, width] = np.bincount(winners, minlength=count)
        result = np.zeros_like(sums)
        half = np.zeros((2 if self.shape.hexagonal else 1, *sums.shape))
        spread(sums, radius, self.shape, half, self._across, self._down, result)
        heard = result[:, width] > 1e-9  # a unit far from all winners stays where it is
        free = heard[:, None] & ~self._held
        self.units[free] = (result[:, :width] / np.maximum(result[:, width:], 1e-9))[free]
        self.presented += len(self.signals)

    def errors(self) -> tuple[float, float]:
        """Quantisation error (mean distance of signals to their winners) and topographic error.

        The latter is the share of signals whose two nearest units are no neighbours on the map (Kiviluoto 1996).
        """
        sample = self.signals[:: max(1, len(self.signals) // ERROR_SAMPLES)]
        distances, numbers = Nearest(self.units).some(sample, 2)
        pairs = np.sort(numbers, axis=1)
        total = len(self.units)
        known = neighbours(self.shape)
        near = np.isin(pairs[:, 0] * total + pairs[:, 1], known[:, 0] * total + known[:, 1])
        return float(distances[:, 0].mean()), float(1 - near.mean())

    def save(self) -> dict[str, Any]:
        """The state by name, without the signals and their order, which follow from the recipe."""
        return {"units": self.units.copy(), "presented": self.presented}

    def load(self, saved: Mapping[str, Any]) -> None:
        """Take a saved state; training continues as if it had never stopped.

        Args:
            saved: what `save` returned, of a map of the same signals and lattice.
        """
        self.units = np.array(saved["units"], dtype=np.float64)
        self.presented = int(saved["presented"])
