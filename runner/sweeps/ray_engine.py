"""An existing Ray cluster as an engine: one task per member, on whatever node has room for it.

The gallery lies on a disk that all nodes see, at the same path; or runs travel through a store: see `MemberBundle`. A
node that is lost loses its tasks; Ray starts them again elsewhere, and their runs resume from the checkpoints.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.run.run_folder import is_locked
from orbifolio.runner.run.subprocess import LOCK, Ending, read_result, write_result
from orbifolio.runner.sweeps.bundle import ArchiveInbox, MemberBundle, pack_member, store_of
from orbifolio.runner.sweeps.engine import SweepEngine
from orbifolio.runner.sweeps.spec import SweepSpec, member_folder, private_folder
from orbifolio.runner.sweeps.task import UNSEEN, NodeTask, run_task

_RAY_RETRIES = 2
"""How often Ray starts a task again whose node or worker was lost."""
_MAX_THREADS = 4
"""Threads of a run without a GPU: with more, many runs side by side are done sooner than few with more threads."""


def _ray() -> Any:
    """Ray, imported when first needed.

    Raises:
        MissingProgram: it is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before the import: Ray sends no usage statistics
    try:
        import ray
    except ImportError:
        raise MissingProgram(
            "--engine ray: Ray is not installed; it joins the machines of a cluster; pip install 'orbifolio[ray]', or "
            "leave --engine out to run on this machine"
        ) from None
    return ray


class RayEngine(SweepEngine):
    """Tasks on a Ray cluster.

    Args:
        address: the cluster's; `auto` for the one that this machine belongs to, `local` to start one here.
        devices: `auto`, `cpu` or `cuda`.
        threads: processor threads of each run, 0 for what fits.
        store: settings of the store that runs travel through, as JSON; "" where all nodes see the gallery.

    Raises:
        MissingProgram: Ray is not installed.
        InputError: there is no cluster, or it lacks the devices.
    """

    name = "ray"
    here = False
    kind = "auto"  # this machine's: what the nodes have is not asked

    def __init__(self, address: str, *, devices: str = "auto", threads: int = 0, store: str = "") -> None:
        self._ray = _ray()
        if devices not in ("auto", "cpu", "cuda"):
            raise InputError(f"--devices {devices}: a cluster chooses among its devices; write auto, cpu or cuda")
        self._connect(address)
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        self._gpus = int(sum(node.get("GPU", 0) for node in nodes))
        if devices == "cuda" and not self._gpus:
            raise InputError("--devices cuda: no node of the cluster has a GPU; write auto or cpu")
        self._device = "cuda" if self._gpus and devices != "cpu" else "cpu"
        cores = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]
        if not cores:
            raise InputError("--engine ray: no node of the cluster has a processor to spare (--num-cpus 0); add one")
        self._threads = threads or (1 if self._device == "cuda" else min(_MAX_THREADS, *cores))
        self._fitting = self._gpus if self._device == "cuda" else sum(count // self._threads for count in cores)
        if not self._fitting:
            raise InputError(f"--threads {threads}: no node has so many processors; the largest has {max(cores)}")
        self._nodes = len(cores)
        self._members: dict[Any, int] = {}  # Ray's reference -> member
        self._ending: dict[int, str] = {}
        self._gallery, self._sweep = Path(), ""
        self._spec: SweepSpec | None = None
        self._task: Any = None
        self._log = contextlib.ExitStack()
        self._settings = store
        self._inbox = ArchiveInbox(store_of(store)) if store else None

    def _connect(self, address: str) -> None:
        try:
            self._ray.init(
                address=address,
                namespace="orbifolio",
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=True,
            )
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            why = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise InputError(
                f"--address {address}: no Ray cluster can be used there ({why[:200]}); start one with `ray "
                "start --head`, join it with `ray start --address=...`, or use --address local for this machine alone"
            ) from None

    @property
    def slots(self) -> int:
        """Tasks at once, if nobody else uses the cluster."""
        return max(1, self._fitting)

    @property
    def threads(self) -> int:
        """Processors of each task."""
        return self._threads

    @property
    def shown(self) -> str:
        """How many nodes the cluster has, and how many runs fit at once."""
        return f"{self._nodes} node{'s' if self._nodes > 1 else ''} ({self.slots} runs at once)"

    def open(self, gallery: Path, sweep: str, spec: SweepSpec) -> None:
        """Remember whose members are run; a sweep keeps the threads that it began with."""
        self._gallery, self._sweep, self._spec = gallery, sweep, spec
        # Ray prints at length about lost nodes on stdout, which belongs to scripts.
        log = self._log.enter_context((private_folder(gallery, sweep) / "ray.log").open("a", encoding="utf-8"))
        self._log.enter_context(contextlib.redirect_stdout(log))
        self._threads = spec.threads or self._threads
        self._task = self._ray.remote(run_task)

    def free(self) -> bool:
        """Always: what does not fit yet waits in the cluster's queue."""
        return True

    def start(self, number: int) -> None:
        """Hand a member to the cluster."""
        bundle = self._pack(number)
        task = NodeTask(str(self._gallery), self._sweep, number, self._device, self._threads, bundle)
        remote = self._task.options(
            name=f"orbifolio {self._sweep} #{number}",
            num_cpus=self._threads,
            num_gpus=1 if self._device == "cuda" else 0,
            max_retries=_RAY_RETRIES,
            retry_exceptions=False,
        )
        reference = remote.remote(task)
        self._members[reference] = number

    def _pack(self, number: int) -> MemberBundle | None:
        if self._inbox is None or self._spec is None:
            return None
        folder, key = private_folder(self._gallery, self._sweep), f"{self._sweep}/{number}.tar"
        self._inbox.expect(number, key, self._gallery, member_folder(folder, number))
        return pack_member(folder, self._spec, number, self._settings, key)

    def _is_over(self, number: int, folder: Path) -> bool:
        """Whether nothing more comes of a member whose task is gone."""
        return not is_locked(folder / LOCK) if self._inbox is None else self._inbox.is_complete(number)

    def ended(self) -> list[tuple[int, Ending]]:
        """Those whose task is over; of a cancelled one the process is waited for."""
        if self._inbox is not None:
            self._inbox.pull_next()
        if self._members:
            ready, _ = self._ray.wait(list(self._members), num_returns=len(self._members), timeout=0)
            for reference in ready:
                number = self._members.pop(reference)
                self._ending[number] = self._how(reference, number)
        endings = []
        for number, how in list(self._ending.items()):
            folder = member_folder(private_folder(self._gallery, self._sweep), number)
            if not self._is_over(number, folder):
                continue  # its process ends its present step
            del self._ending[number]
            if how == UNSEEN:
                write_result(folder, "failed", self._unseen())
            endings.append((number, Ending(*read_result(folder), how)))
        return endings

    def _broken(self, number: int, why: str) -> None:
        write_result(
            member_folder(private_folder(self._gallery, self._sweep), number),
            "failed",
            f"a node of the cluster could not start it ({why}); every node needs this program, in the same version; "
            "pip install 'orbifolio[ray]' there",
        )

    def _how(self, reference: Any, number: int) -> str:
        try:
            return str(self._ray.get(reference))
        except self._ray.exceptions.TaskCancelledError:
            return "it was cancelled"
        except self._ray.exceptions.RayTaskError as error:  # the task itself could not start
            self._broken(number, str(error).strip().splitlines()[-1][:300])
            return "it could not start"
        except self._ray.exceptions.RayError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            return f"the cluster lost it ({type(error).__name__}: {lines[-1][:200] if lines else 'no reason is given'})"

    def _unseen(self) -> str:
        return (
            f"a node of the cluster does not see {self._gallery}; all nodes write into one gallery; put it on a disk "
            "that they share, at the same path (--out), or let runs travel through a bucket (--work s3://BUCKET/PREFIX)"
        )

    def stop(self) -> None:
        """Ask them to end after their present step, and take the others out of the queue."""
        for reference in self._members:
            self._ray.cancel(reference, force=False)

    def kill(self) -> None:
        """End them at once."""
        for reference in self._members:
            with contextlib.suppress(ValueError, self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        self._ending.clear()

    def close(self) -> None:
        """Leave the cluster; tasks that are still there end with us."""
        self._ray.shutdown()
        self._log.close()
