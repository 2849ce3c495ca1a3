"""What a launch will cost: (plan, machine, hours at most) -> expected and highest price in US dollars.

The highest price holds whatever happens: it reckons with the dearest candidate on demand for the whole time that
the machine may live, plus what AWS needs to end it. The expected one is a guess from the plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from orbifolio.runner.cloud.machines import DISK_BYTES, Machine
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.renderers.base import Phase
from orbifolio.runner.run.plan import BASE_MEMORY, MEMORY_PER_PIXEL, SECONDS_PER_PIXEL, make_plan

SETUP_SECONDS = 480.0  # booting, 3 GB of packages, weights
DISK_PRICE = 0.08 / 730 / 1e9  # dollars for a byte and hour of gp3
ADDRESS_PRICE = 0.005  # dollars an hour for a public IPv4 address
ENDING_HOURS = 0.25
"""How long a machine may outlive its time: the guard strikes after some minutes, and ending takes some more."""
LONGEST_UNASKED = 12.0  # hours
LONGEST = 168.0  # hours
BUDGET = 25.0  # dollars


@dataclass(frozen=True)
class Work:
    """What a run asks of a machine.

    Attributes:
        memory: expected peak in bytes by arithmetic.
        pixels: pixels seen, over all steps.
        gpu: whether it runs faster on a GPU.
        picture: the last phase's size, for a reader.
        share: what a pixel costs on average, beside VGG16 to its fourth block.
        told: seconds on two processor cores of what is not reckoned by pixels.
    """

    memory: dict[str, float]
    pixels: float
    gpu: bool
    picture: str
    share: float = 1.0
    told: float = 0.0

    def seconds(self, machine: Machine) -> float:
        """Expected on a machine, without setting it up."""
        rate = SECONDS_PER_PIXEL[machine.device, machine.precision]
        return 10 + (1.1 * self.pixels * self.share * rate + self.told) / machine.speed


def work_of(loaded: LoadedRecipe) -> Work:
    """What a recipe asks for; loads no network.

    Raises:
        ImageError: an input picture cannot be read.
    """
    return work_of_phases(loaded, make_plan(loaded, "cpu").phases)


def work_of_phases(loaded: LoadedRecipe, phases: Sequence[Phase]) -> Work:
    """What a recipe asks for whose phases are known."""
    memory = {
        precision: BASE_MEMORY + max(_seen(phase) * rate + phase.table_bytes for phase in phases)
        for precision, rate in MEMORY_PER_PIXEL.items()
    }
    last = phases[-1]
    reckoned = [phase for phase in phases if phase.seconds is None]
    pixels = float(sum(_seen(phase) * phase.steps for phase in reckoned))
    weighted = sum(_seen(phase) * phase.steps * phase.work for phase in reckoned)
    return Work(
        memory=memory,
        pixels=pixels,
        share=weighted / pixels if pixels else 1.0,
        told=sum(phase.seconds for phase in phases if phase.seconds is not None),
        gpu=bool(loaded.recipe.renderer.networks()),
        picture=f"{last.width} x {last.height} px",
    )


def _seen(phase: Phase) -> int:
    return phase.seen or phase.width * phase.height


@dataclass(frozen=True)
class Cost:
    """What a launch costs.

    Attributes:
        hours: the hard limit.
        seconds: expected, from launch to end.
        price: dollars an hour that are reckoned with, on demand, the dearest candidate's.
        spot: dollars an hour on the spot market at present, or None if unknown.
        asked: whether AWS was asked for the prices, or they come from the list.
    """

    hours: float
    seconds: float
    price: float
    spot: float | None = None
    asked: bool = False

    @property
    def hourly(self) -> float:
        """Dollars an hour with disk and address."""
        return self.price + DISK_BYTES * DISK_PRICE + ADDRESS_PRICE

    @property
    def highest(self) -> float:
        """Dollars, whatever happens."""
        return self.hourly * (self.hours + ENDING_HOURS)

    @property
    def expected(self) -> float:
        """Dollars, if all goes well."""
        hourly = self.hourly - self.price + (self.price if self.spot is None else self.spot)
        return hourly * min(self.seconds / 3600, self.hours)

    def lines(self) -> list[str]:
        """For a reader."""
        source = "asked of AWS just now" if self.asked else "list price; the account was not asked"
        spot = "" if self.spot is None else f", ${self.spot:.3f} an hour on the spot market"
        return [
            f"price      ${self.price:.3f} an hour on demand ({source}){spot}",
            f"expected   about {math.ceil(self.seconds / 60):,} min with setting up: ${self.expected:.2f}",
            f"at most    {self.hours:g} h, then the machine is ended: ${self.highest:.2f} whatever happens",
        ]


def time_limit(expected: float, wish: float | None) -> float:
    """Hours after which the machine is ended.

    Args:
        expected: seconds, with setting up.
        wish: hours that the user named.

    Raises:
        InputError: the wish is out of range, or the expected time is too long to be started unasked.
    """
    if wish is not None:
        if not 0.25 <= wish <= LONGEST:
            raise InputError(
                f"--hours {wish:g}: a machine lives 0.25 to {LONGEST:g} hours; name as many as it may cost"
            )
        return wish
    hours = max(1.0, math.ceil(4 * 3 * expected / 3600) / 4)
    if hours > LONGEST_UNASKED:
        raise InputError(
            f"the run is expected to take {expected / 3600:.1f} hours; more than {LONGEST_UNASKED:g} are never rented "
            "unasked; say --hours"
        )
    return hours


def check_budget(cost: Cost, budget: float) -> None:
    """Refuse what may cost more than the user wants to spend.

    Raises:
        InputError: it may.
    """
    if cost.highest > budget:
        raise InputError(
            f"this may cost up to ${cost.highest:.2f}; the budget is ${budget:.2f}; say fewer --hours, a smaller "
            f"--instance, or --budget {math.ceil(cost.highest)}"
        )
