"""Machines that can be rented: (memory needed, GPU or not) -> candidates, cheapest first.

List prices are those of us-east-1, on demand, Linux, as of 2026; they are used where the account may not ask for the
current ones. Speed is relative to the devices of the plan's figures, by the machines' published arithmetic and memory
bandwidth; it decides how long a run is *expected* to take, never how long it may take.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from orbifolio.runner.errors import InputError

DISTANT_FACTOR = 1.75
"""An upper bound of prices elsewhere relative to us-east-1 (the most expensive region is at 1.7)."""
CHEAP_REGIONS = ("us-east-1", "us-east-2", "us-west-2")
MIN_HOURS, MAX_HOURS = 0.25, 168.0
"""Of a machine's life: setting it up takes some minutes; nothing that is rented lives for more than a week."""


@dataclass(frozen=True)
class Machine:
    """A type of machine.

    Attributes:
        name: AWS's name of the type.
        gpu: model of its GPU, "" if it has none.
        gpu_bytes: memory of the GPU.
        cores: virtual processors; two share a physical core.
        price: US dollars per hour, on demand, in us-east-1.
        speed: relative to the plan's figures for its kind of device.
        bf16: whether the GPU computes in bfloat16.
    """

    name: str
    gpu: str
    gpu_bytes: float
    cores: int
    memory_bytes: float
    price: float
    speed: float
    bf16: bool = True

    @property
    def device(self) -> str:
        """`cuda` or `cpu`, as the plan calls it."""
        return "cuda" if self.gpu else "cpu"

    @property
    def precision(self) -> str:
        """The precision in which it computes a network."""
        return "bf16" if self.bf16 else "fp32"

    def list_price(self, region: str) -> float:
        """US dollars per hour: an upper bound outside the cheapest regions; us-east-1's if `region` is ""."""
        return self.price * (1.0 if region in ("", *CHEAP_REGIONS) else DISTANT_FACTOR)


_GIB = 2.0**30
MACHINES = (
    Machine("g4dn.xlarge", "T4", 16 * _GIB, 4, 16 * _GIB, 0.526, 0.3, bf16=False),
    Machine("g4dn.2xlarge", "T4", 16 * _GIB, 8, 32 * _GIB, 0.752, 0.3, bf16=False),
    Machine("g6.xlarge", "L4", 24 * _GIB, 4, 16 * _GIB, 0.8048, 0.35),
    Machine("g6.2xlarge", "L4", 24 * _GIB, 8, 32 * _GIB, 0.9776, 0.35),
    Machine("g5.xlarge", "A10G", 24 * _GIB, 4, 16 * _GIB, 1.006, 0.45),
    Machine("g5.2xlarge", "A10G", 24 * _GIB, 8, 32 * _GIB, 1.212, 0.45),
    Machine("g6e.xlarge", "L40S", 48 * _GIB, 4, 32 * _GIB, 1.861, 0.9),
    Machine("g6e.2xlarge", "L40S", 48 * _GIB, 8, 64 * _GIB, 2.2421, 0.9),
    Machine("p5.4xlarge", "H100", 80 * _GIB, 16, 256 * _GIB, 6.88, 2.5),
    Machine("c7i.2xlarge", "", 0, 8, 16 * _GIB, 0.357, 3.0),
    Machine("c7i.4xlarge", "", 0, 16, 32 * _GIB, 0.714, 5.0),
    Machine("m7i.4xlarge", "", 0, 16, 64 * _GIB, 0.8064, 5.0),
    Machine("m7i.8xlarge", "", 0, 32, 128 * _GIB, 1.6128, 8.0),
)
BY_NAME = {machine.name: machine for machine in MACHINES}
RESERVE = 1.15
"""A machine must have this many times the memory that the plan expects, which is an estimate."""
MAX_CANDIDATES = 3
"""Types to try in turn; more would only raise the highest price, which the most expensive one decides."""
DISK_BYTES = 100e9
"""Of a node: room for its system, packages, weights and a gallery of many runs; it costs a cent an hour."""


def check_hours(hours: float, name: str) -> float:
    """A machine's time limit, if it is within `MIN_HOURS` and `MAX_HOURS`.

    Args:
        hours: the limit.
        name: what gives it, for the message.

    Raises:
        InputError: it is out of range, or no number.
    """
    if not MIN_HOURS <= hours <= MAX_HOURS:
        raise InputError(
            f"{name} {hours:g}: is out of range; a machine may live for {MIN_HOURS:g} to {MAX_HOURS:g} hours"
        )
    return hours


def fits(machine: Machine, memory: dict[str, float], *, gpu: bool) -> bool:
    """Whether a run has room on a machine.

    Args:
        machine: a type of machine.
        memory: expected peak in bytes, by precision (`bf16`, `fp32`).
        gpu: whether the run needs a GPU.
    """
    need = memory[machine.precision] * RESERVE
    return bool(machine.gpu) == gpu and need <= (machine.gpu_bytes if gpu else machine.memory_bytes)


def choose(memory: dict[str, float], *, gpu: bool, requested: str | None = None) -> tuple[Machine, ...]:
    """Machines for a run, the best first: price weighed against speed.

    Args:
        memory: expected peak in bytes, by precision.
        gpu: whether the run needs a GPU.
        requested: the type that the user chose, if any.

    Raises:
        InputError: the chosen type has no known price, or no type is large enough.
    """
    if requested is not None:
        return (_named(requested),)
    fitting = [machine for machine in MACHINES if fits(machine, memory, gpu=gpu)]
    if not fitting:
        raise InputError(
            f"the run needs about {memory['bf16'] / 1e9:.0f} GB, more than any machine of the list has; make the last "
            "phase smaller, or choose a machine with --instance"
        )
    return tuple(sorted(fitting, key=lambda machine: (machine.price / machine.speed**0.5, machine.name)))[
        :MAX_CANDIDATES
    ]


def _named(requested: str) -> Machine:
    if requested in BY_NAME:
        return BY_NAME[requested]
    near = difflib.get_close_matches(requested, BY_NAME, n=2, cutoff=0.5) or list(BY_NAME)
    raise InputError(
        f"--instance {requested}: its price is unknown, and nothing is rented without one; did you mean "
        f"{' or '.join(near)}?"
    )
