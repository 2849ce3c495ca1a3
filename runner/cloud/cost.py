"""What a launch will cost: (plan, machine, hard limit in hours) -> expected and highest price in US dollars.

The highest price holds whatever happens: it assumes the most expensive candidate, on demand, for as long as the machine
may live, plus the time that AWS needs to end it. The expected price is an estimate from the plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from orbifolio.runner.cloud.machines import DISK_BYTES, Machine, check_hours
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.renderers.base import VGG16_BYTES, Phase
from orbifolio.runner.run.plan import SECONDS_PER_PIXEL, make_plan, memory_needed

SETUP_SECONDS = 480.0  # booting, 3 GB of packages, weights
DISK_PRICE = 0.08 / 730 / 1e9  # dollars per byte and hour of gp3: $0.08 per GB and month of 730 hours
ADDRESS_PRICE = 0.005  # dollars per hour of a public IPv4 address
ENDING_HOURS = 0.25
"""How long a machine may outlive its limit: the deadline schedule comes 5 minutes later, and ending takes some more."""
MAX_HOURS_BY_DEFAULT = 12.0  # longer runs are usually a mistake in the recipe
BUDGET = 25.0  # dollars, unless the user sets another
SAFETY = 3.0  # the limit is this many times the expected time, which is an estimate


@dataclass(frozen=True)
class Workload:
    """What a run needs of a machine.

    Attributes:
        memory: expected peak in bytes, by precision (`bf16`, `fp32`).
        pixels: that the networks see, over all steps.
        gpu: whether it runs faster on a GPU.
        picture: size of the last phase, for messages.
        pixel_work: mean work per pixel, relative to VGG16 up to its fourth block.
        fixed_seconds: of phases whose time does not depend on pixels, on two processor cores.
    """

    memory: dict[str, float]
    pixels: float
    gpu: bool
    picture: str
    pixel_work: float = 1.0
    fixed_seconds: float = 0.0

    def seconds(self, machine: Machine) -> float:
        """Expected time on a machine, without setting it up."""
        rate = SECONDS_PER_PIXEL[machine.device, machine.precision]
        return 10 + (1.1 * self.pixels * self.pixel_work * rate + self.fixed_seconds) / machine.speed


def workload_of(loaded: LoadedRecipe) -> Workload:
    """What a recipe needs; loads no network.

    Raises:
        ImageError: an input picture cannot be read.
    """
    return workload_of_phases(loaded, make_plan(loaded, "cpu").phases)


def workload_of_phases(loaded: LoadedRecipe, phases: Sequence[Phase]) -> Workload:
    """What a recipe with these phases needs."""
    memory = {precision: memory_needed(phases, precision) for precision in VGG16_BYTES}
    last = phases[-1]
    by_pixels = [phase for phase in phases if phase.seconds is None]
    pixels = float(sum(phase.pixels_seen * phase.steps for phase in by_pixels))
    weighted = sum(phase.pixels_seen * phase.steps * phase.work for phase in by_pixels)
    return Workload(
        memory=memory,
        pixels=pixels,
        pixel_work=weighted / pixels if pixels else 1.0,
        fixed_seconds=sum(phase.seconds for phase in phases if phase.seconds is not None),
        gpu=bool(loaded.recipe.renderer.networks()),
        picture=f"{last.width} x {last.height} px",
    )


@dataclass(frozen=True)
class Cost:
    """What a launch costs; prices in US dollars per hour.

    Attributes:
        hours: after which the machine is ended.
        seconds: expected, from launch to end.
        price: of the most expensive candidate, on demand.
        spot: on the spot market now, or None if unknown.
        current: whether the prices are AWS's current ones, or those of the list.
    """

    hours: float
    seconds: float
    price: float
    spot: float | None = None
    current: bool = False

    @property
    def hourly(self) -> float:
        """Dollars per hour, with disk and address."""
        return self.price + DISK_BYTES * DISK_PRICE + ADDRESS_PRICE

    @property
    def highest(self) -> float:
        """Dollars that are not exceeded, whatever happens."""
        return self.hourly * (self.hours + ENDING_HOURS)

    @property
    def expected(self) -> float:
        """Dollars, if all goes well."""
        hourly = self.hourly - self.price + (self.price if self.spot is None else self.spot)
        return hourly * min(self.seconds / 3600, self.hours)

    def lines(self) -> list[str]:
        """Lines for the user."""
        source = "AWS's price now" if self.current else "list price; AWS was not asked"
        spot = "" if self.spot is None else f", ${self.spot:.3f} an hour on the spot market"
        return [
            f"price      ${self.price:.3f} an hour on demand ({source}){spot}",
            f"expected   about {math.ceil(self.seconds / 60):,} min with setting up: ${self.expected:.2f}",
            f"at most    {self.hours:g} h, after which the machine ends: ${self.highest:.2f} whatever happens",
        ]


def time_limit(expected: float, requested: float | None) -> float:
    """Hours after which the machine is ended.

    Args:
        expected: seconds, with setting up.
        requested: hours that the user chose; None for a limit from the expected time.

    Raises:
        InputError: the chosen hours are out of range, or the run is too long to be started without choosing any.
    """
    if requested is not None:
        return check_hours(requested, "--hours")
    hours = max(1.0, math.ceil(4 * SAFETY * expected / 3600) / 4)  # in quarters of an hour
    if hours > MAX_HOURS_BY_DEFAULT:
        raise InputError(
            f"the run is expected to take {expected / 3600:.1f} hours; set a limit over {MAX_HOURS_BY_DEFAULT:g} hours "
            "yourself, with --hours"
        )
    return hours


def check_budget(cost: Cost, budget: float) -> None:
    """Refuse a launch that may cost more than the user wants to spend.

    Raises:
        InputError: the highest price is over the budget.
    """
    if not cost.highest <= budget:  # a budget that is no number is none
        raise InputError(
            f"this may cost up to ${cost.highest:.2f}; the budget is ${budget:.2f}; choose fewer --hours, a smaller "
            f"--instance, or --budget {math.ceil(cost.highest)}"
        )
