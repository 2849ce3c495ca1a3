"""This machine as an engine: (devices, runs side by side on each) -> one process per run, one run per slot."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from orbifolio.runner.errors import InputError, RunFailed
from orbifolio.runner.run.subprocess import Ending, JobRunner
from orbifolio.runner.sweeps.engine import SweepEngine
from orbifolio.runner.sweeps.member import main
from orbifolio.runner.sweeps.spec import SweepSpec, member_folder, private_folder
from orbifolio.runner.threads import cores

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
VISIBLE = "CUDA_VISIBLE_DEVICES"


def choose_devices(names: str) -> tuple[str, ...]:
    """The devices that runs are spread over.

    Args:
        names: `auto` for every GPU, or the processor if there is none; or names with commas: `cuda:0,cuda:1`, `cpu`.

    Raises:
        InputError: there is no such device, or it is listed twice.
    """
    import torch

    from orbifolio.runner.devices import choose_device

    if names == "auto":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        return tuple(f"cuda:{number}" for number in range(count)) or ("cpu",)
    devices: list[str] = []
    for name in names.split(","):
        try:
            chosen = choose_device(name.strip())
        except InputError as error:
            raise InputError(str(error).replace("--device ", "--devices ", 1)) from None
        chosen = "cuda:0" if chosen == "cuda" else chosen
        if chosen in devices:
            raise InputError(f"--devices {names}: {chosen} is listed twice; use --jobs for several runs on one device")
        devices.append(chosen)
    return tuple(devices)


def threads_for(devices: Sequence[str], jobs: int) -> int:
    """Processor threads of each run; 0 for torch's own choice, where only one runs at a time."""
    side_by_side = len(devices) * jobs
    if side_by_side == 1:
        return 0  # exactly as `orbifolio run`, also in the last bits
    limit = os.environ.get("OMP_NUM_THREADS", "")
    total = int(limit) if limit.isdecimal() and int(limit) else cores()
    return max(1, total // side_by_side)


def environment(device: str, threads: int, before: Mapping[str, str]) -> dict[str, str]:
    """Environment variables of a process that sees one device only.

    Args:
        device: `cpu` or `cuda:N`, counted among what is visible here.
        threads: processor threads, 0 for torch's own choice.
        before: the variables of this process.

    >>> environment("cuda:1", 0, {"CUDA_VISIBLE_DEVICES": "4,6"})["CUDA_VISIBLE_DEVICES"]
    '6'
    """
    variables = dict(before)
    if threads:
        variables |= dict.fromkeys(_THREADS, str(threads))
    kind, _, number = device.partition(":")
    if kind == "cuda" and number:
        visible = [name.strip() for name in before.get(VISIBLE, "").split(",") if name.strip()]
        variables[VISIBLE] = visible[int(number)] if int(number) < len(visible) else number
    return variables


class LocalEngine(SweepEngine):
    """Processes on this machine.

    Args:
        devices: that runs are spread over, from `choose_devices`.
        jobs: runs side by side on each.
        threads: processor threads of each, 0 for what fits.
    """

    name = "local"
    here = True
    module: str = main.__module__
    """What a member's process runs."""

    def __init__(self, devices: Sequence[str], *, jobs: int = 1, threads: int = 0) -> None:
        self.devices = tuple(devices)
        self.kind = self.devices[0]
        self._jobs = jobs
        self._threads = threads or threads_for(self.devices, jobs)
        self._runner = JobRunner[int](self.module, tied=True)
        self._gallery = Path()
        self._sweep = ""

    @property
    def slots(self) -> int:
        """One for each device and job."""
        return len(self.devices) * self._jobs

    @property
    def threads(self) -> int:
        """The machine's threads, divided among the slots."""
        return self._threads

    @property
    def shown(self) -> str:
        """The devices, with commas."""
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

    def open(self, gallery: Path, sweep: str, spec: SweepSpec) -> None:
        """Remember whose members are run; a sweep keeps the threads that it began with."""
        self._gallery, self._sweep, self._threads = gallery, sweep, spec.threads

    def free(self) -> bool:
        """Whether a slot is empty."""
        return len(self._runner.slots) < self.slots

    def start(self, number: int) -> None:
        """Start a member on the device with the fewest runs.

        Raises:
            RunFailed: the system lets no process begin.
        """
        taken = list(self._runner.slots.values())
        device = min(self.devices, key=taken.count)
        arguments = [str(self._gallery), self._sweep, str(number)]
        arguments += ["--device", device.partition(":")[0], "--worker", device]
        folder = member_folder(private_folder(self._gallery, self._sweep), number)
        try:
            self._runner.start(number, folder, arguments, device, environment(device, self._threads, os.environ))
        except RunFailed as error:
            raise RunFailed(f"#{number}: {error}") from None

    def ended(self) -> list[tuple[int, Ending]]:
        """Those whose process is gone."""
        return self._runner.ended()

    def stop(self) -> None:
        """Ask them to end after their present step."""
        self._runner.stop()

    def kill(self) -> None:
        """End them at once; what they did since their checkpoints is lost."""
        self._runner.kill()

    def close(self) -> None:
        """End the processes that are still there."""
        self._runner.close()
