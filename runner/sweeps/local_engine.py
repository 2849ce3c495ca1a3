"""This machine as an engine: (devices, runs side by side on each) -> one process per run, one run per slot."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orbifolio.runner.errors import InputError, RunFailed
from orbifolio.runner.run.subprocess import python_path
from orbifolio.runner.sweeps.engine import Engine
from orbifolio.runner.sweeps.spec import Order, member_place, place_of

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
VISIBLE = "CUDA_VISIBLE_DEVICES"


def choose_devices(wish: str) -> tuple[str, ...]:
    """The devices that runs are spread over.

    Args:
        wish: `auto` for every GPU, or the processor if there is none; or names with commas: `cuda:0,cuda:1`, `cpu`.

    Raises:
        InputError: there is no such device, or it stands twice.
    """
    import torch

    from orbifolio.runner.devices import choose_device

    if wish == "auto":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        return tuple(f"cuda:{number}" for number in range(count)) or ("cpu",)
    found: list[str] = []
    for name in wish.split(","):
        try:
            chosen = choose_device(name.strip())
        except InputError as error:
            raise InputError(str(error).replace("--device ", "--devices ", 1)) from None
        chosen = "cuda:0" if chosen == "cuda" else chosen
        if chosen in found:
            raise InputError(f"--devices {wish}: {chosen} stands twice; several runs on one device are --jobs")
        found.append(chosen)
    return tuple(found)


def threads_for(devices: Sequence[str], jobs: int) -> int:
    """Processor threads of each run; 0 for torch's own choice, where only one runs at a time."""
    side_by_side = len(devices) * jobs
    if side_by_side == 1:
        return 0  # exactly as `orbifolio run`, also in the last bits
    wished = os.environ.get("OMP_NUM_THREADS", "")
    most = int(wished) if wished.isdecimal() and int(wished) else _cores()
    return max(1, most // side_by_side)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment(device: str, threads: int, before: Mapping[str, str]) -> dict[str, str]:
    """The surroundings of a process that sees one device only.

    Args:
        device: `cpu` or `cuda:N`, counted among what is visible here.
        threads: processor threads, 0 for torch's own choice.
        before: the surroundings here.

    >>> environment("cuda:1", 0, {"CUDA_VISIBLE_DEVICES": "4,6"})["CUDA_VISIBLE_DEVICES"]
    '6'
    """
    found = {**before, "PYTHONPATH": python_path()}
    if threads:
        found |= dict.fromkeys(_THREADS, str(threads))
    kind, _, number = device.partition(":")
    if kind == "cuda" and number:
        visible = [name.strip() for name in before.get(VISIBLE, "").split(",") if name.strip()]
        found[VISIBLE] = visible[int(number)] if int(number) < len(visible) else number
    return found


def how_ended(code: int) -> str:
    """The end of a process in words.

    >>> how_ended(-9), how_ended(1)
    ('it was killed by SIGKILL', 'it ended with exit code 1')
    """
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    slot: str


class Local(Engine):
    """Processes on this machine.

    Args:
        devices: that runs are spread over, as `choose_devices` has them.
        jobs: runs side by side on each.
        threads: processor threads of each, 0 for what fits.
    """

    name = "local"
    here = True
    program: tuple[str, ...] = ("-m", "orbifolio.runner.sweeps.member")
    """What Python is given to run a member."""

    def __init__(self, devices: Sequence[str], *, jobs: int = 1, threads: int = 0) -> None:
        self.devices = tuple(devices)
        self.kind = self.devices[0]
        self._jobs = jobs
        self._threads = threads or threads_for(self.devices, jobs)
        self._children: dict[int, _Child] = {}
        self._gallery = Path()
        self._sweep = ""

    @property
    def slots(self) -> int:
        """One for each device and job."""
        return len(self.devices) * self._jobs

    @property
    def threads(self) -> int:
        """The machine's, divided."""
        return self._threads

    @property
    def shown(self) -> str:
        """The devices."""
        return ", ".join(self.devices)

    def warning(self, memory: float) -> str:
        """Whether the runs fit side by side; a GPU's memory is not looked at."""
        if not hasattr(os, "sysconf") or not self.kind.startswith("cpu"):
            return ""
        here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if memory * self.slots <= here:
            return ""
        return (
            f"{self.slots} runs at once need about {memory * self.slots / 1e9:.1f} GB of {here / 1e9:.1f}; see --jobs"
        )

    def open(self, gallery: Path, sweep: str, order: Order) -> None:
        """Remember whose members are run; a sweep keeps the threads that it began with."""
        self._gallery, self._sweep, self._threads = gallery, sweep, order.threads

    def free(self) -> bool:
        """Whether a slot is empty."""
        return len(self._children) < self.slots

    def start(self, number: int) -> None:
        """Start a member on the device with the fewest runs.

        Raises:
            RunFailed: the system lets no process begin.
        """
        taken = [child.slot for child in self._children.values()]
        device = min(self.devices, key=taken.count)
        place = member_place(place_of(self._gallery, self._sweep), number)
        command = [sys.executable, *self.program, str(self._gallery), self._sweep, str(number)]
        command += ["--device", device.partition(":")[0], "--worker", device]
        try:
            with (place / "work.log").open("ab") as log:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,  # closes when this process is gone, whatever ends it
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C here is ours to hand on
                    env=environment(device, self._threads, os.environ),
                )
        except OSError as error:
            raise RunFailed(f"#{number}: no process could be started: {error.strerror or error}; free memory") from None
        self._children[number] = _Child(process, device)

    def ended(self) -> list[tuple[int, str]]:
        """Those whose process is gone."""
        found = []
        for number, child in list(self._children.items()):
            code = child.process.poll()
            if code is not None:
                found.append((number, how_ended(code)))
                self._forget(number)
        return found

    def _forget(self, number: int) -> None:
        child = self._children.pop(number)
        if child.process.stdin is not None:
            with contextlib.suppress(OSError):
                child.process.stdin.close()

    def stop(self) -> None:
        """Ask them to end after their present step."""
        for child in self._children.values():
            child.process.terminate()

    def kill(self) -> None:
        """End them at once; what they did since their checkpoints is lost."""
        for child in self._children.values():
            child.process.kill()

    def close(self) -> None:
        """Leave nothing running."""
        self.kill()
        for number, child in list(self._children.items()):
            child.process.wait()
            self._forget(number)
