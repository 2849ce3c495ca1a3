"""Rules of learning: a rule is `(map, schedule, from, to) -> a map that has learnt`, for a share of a phase.

`online` is Kohonen's paper of 1982, signal by signal; `batch` his later rule, which needs no learning rate, is many
times faster, and ends with no noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from orbifolio.runner.settings import Settings, family

if TYPE_CHECKING:
    from orbifolio.runner.som.map import MapSchedule, SelfOrganisingMap


class MapRule(Settings):
    """The base of both rules."""

    learns_by_rate: ClassVar[bool] = True
    """Whether a learning rate has an effect."""

    def seconds(self, units: int) -> float:
        """About what a presentation takes on one core, for the plan.

        Args:
            units: of the map.
        """
        raise NotImplementedError(type(self).__name__)

    def learn(self, som: SelfOrganisingMap, schedule: MapSchedule, begin: int, end: int) -> None:
        """Learn for some presentations of a phase.

        Args:
            som: changed in place.
            schedule: of the phase.
            begin: presentations of the phase so far.
            end: presentations of the phase when it is done.
        """
        raise NotImplementedError(type(self).__name__)


class OnlineMap(MapRule):
    """One signal at a time: the winner and its neighbours move a share of the way towards it."""

    cites = ("kohonen1982",)

    kind: Literal["online"] = "online"

    def seconds(self, units: int) -> float:
        """Proportional to the units: each is compared with the signal."""
        return 2.5e-9 * units

    def learn(self, som: SelfOrganisingMap, schedule: MapSchedule, begin: int, end: int) -> None:
        """Present the signals; see the base class."""
        som.present(schedule, begin, end - begin)


class BatchMap(MapRule):
    """All signals at once: each unit becomes the mean of what its neighbourhood won."""

    cites = ("kohonen1982", "kohonen2013")

    kind: Literal["batch"] = "batch"
    learns_by_rate: ClassVar[bool] = False

    def seconds(self, units: int) -> float:
        """That of finding the nearest unit in a tree, and of measuring the errors."""
        return 8e-7

    def learn(self, som: SelfOrganisingMap, schedule: MapSchedule, begin: int, end: int) -> None:
        """Those epochs that end within these presentations; see the base class."""
        size = len(som.signals)
        last = max(1, schedule.presentations // size - 1)
        for epoch in range(begin // size, end // size):
            # the first epoch has the first radius, the last one the last
            done = np.array([min(1.0, epoch / last) * schedule.presentations])
            som.average(float(schedule.at(schedule.radius, done)[0]))


MAP_RULES = (OnlineMap, BatchMap)
AnyMapRule = family(*MAP_RULES, default=BatchMap)
