"""Machines that can be rented: (memory needed, GPU or not) -> candidates, cheapest first.

List prices are of us-east-1, on demand, Linux, as of 2026; they are what is reckoned with where the account may
not ask for the present ones. Speed is relative to the GPU of `runner/run/plan.py`'s figures, from the
machines' published arithmetic and memory bandwidth; it decides how long a run is *expected* to take, never
how long it may.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from orbifolio.runner.errors import InputError

DISTANT = 1.75
"""List prices elsewhere are at most so many times those of us-east-1 (the dearest region stands at 1.7)."""
_CHEAP_REGIONS = ("", "us-east-1", "us-east-2", "us-west-2")


@dataclass(frozen=True)
class Machine:
    """A type of machine.

    Attributes:
        name: AWS's.
        gpu: its GPU, "" if it has none.
        gpu_bytes: the GPU's memory.
        cores: virtual processors, two of which are one core.
        memory_bytes: of the machine.
        price: US dollars an hour, on demand, in us-east-1.
        speed: relative to the figures of the plan for its kind of device.
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
        """The arithmetic that a network will use on it."""
        return "bf16" if self.bf16 else "fp32"

    def list_price(self, region: str) -> float:
        """US dollars an hour, an upper bound outside the cheapest regions; of us-east-1 where none is named."""
        return self.price * (1.0 if region in _CHEAP_REGIONS else DISTANT)


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
"""A machine is taken only if it has so many times the memory that the plan expects."""
MOST_CANDIDATES = 3
DISK_BYTES = 100e9


def fits(machine: Machine, memory: dict[str, float], *, gpu: bool) -> bool:
    """Whether a run has room on a machine.

    Args:
        machine: the machine.
        memory: expected peak in bytes by arithmetic (`bf16`, `fp32`).
        gpu: whether a GPU is wanted.
    """
    need = memory[machine.precision] * RESERVE
    return bool(machine.gpu) == gpu and need <= (machine.gpu_bytes if gpu else machine.memory_bytes)


def choose(memory: dict[str, float], *, gpu: bool, wish: str | None = None) -> tuple[Machine, ...]:
    """Machines for a run, the best first: the least for the money that an hour's work costs.

    Args:
        memory: expected peak in bytes by arithmetic.
        gpu: whether a GPU is wanted.
        wish: the one that the user named.

    Raises:
        InputError: it is not known, or none is large enough.
    """
    if wish is not None:
        return (_named(wish),)
    found = [machine for machine in MACHINES if fits(machine, memory, gpu=gpu)]
    if not found:
        raise InputError(
            f"the run needs about {memory['bf16'] / 1e9:.0f} GB; no machine of the list has as much; make the last "
            "phase smaller, or name a machine with --instance"
        )
    return tuple(sorted(found, key=lambda machine: (machine.price / machine.speed**0.5, machine.name)))[
        :MOST_CANDIDATES
    ]


def _named(wish: str) -> Machine:
    if wish in BY_NAME:
        return BY_NAME[wish]
    near = difflib.get_close_matches(wish, BY_NAME, n=2, cutoff=0.5) or list(BY_NAME)
    raise InputError(
        f"--instance {wish}: no price is known for it, and nothing is rented without one; did you mean "
        f"{' or '.join(near)}?"
    )
