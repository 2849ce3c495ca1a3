"""What a Ray task does: (member) -> its process on the task's node, watched until it ends.

Ray's workers import this module by name, so every node needs the program; nothing heavy is imported here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orbifolio.runner.errors import RunFailed
from orbifolio.runner.run.subprocess import JobRunner
from orbifolio.runner.sweeps.local_engine import environment
from orbifolio.runner.sweeps.member import SENT, main
from orbifolio.runner.sweeps.spec import member_folder, private_folder, read_spec

if TYPE_CHECKING:
    from orbifolio.runner.sweeps.bundle import MemberBundle

UNSEEN = "unseen"
"""The result of a task on a node that does not see the gallery."""
_POLL_SECONDS = 0.5  # between two looks at the process


@dataclass(frozen=True)
class NodeTask:
    """One member, as it goes to a node.

    Attributes:
        gallery: absolute, the same on all nodes.
        sweep: name of the sweep's folder.
        number: which member of the sweep.
        device: `cpu`, or `cuda` for the GPU that Ray lets the task see.
        threads: processor threads of the run.
        bundle: what the node needs where it does not see the gallery, else None.
    """

    gallery: str
    sweep: str
    number: int
    device: str
    threads: int
    bundle: MemberBundle | None = None


def run_task(task: NodeTask) -> str:
    """Run a member; returns how its process ended, or `UNSEEN`.

    When a node is lost, so is this task, and with it the pipe that keeps the process alive.

    Raises:
        RunFailed: the process could not start.
    """
    if task.bundle is not None:
        return _run_apart(task, task.bundle)
    folder = private_folder(Path(task.gallery), task.sweep)
    return UNSEEN if read_spec(folder) is None else _process(task, Path(task.gallery), task.number, [])


def _run_apart(task: NodeTask, bundle: MemberBundle) -> str:
    """Run a member in a temporary gallery, which is removed once the run has been sent to the store."""
    from orbifolio.runner.sweeps.bundle import unpack_member

    user = os.getuid() if hasattr(os, "getuid") else 0
    gallery = Path(tempfile.gettempdir(), f"orbifolio-{user}", task.sweep, str(task.number))
    unpack_member(gallery, task.sweep, bundle, task.threads)
    sent = member_folder(private_folder(gallery, task.sweep), 0) / SENT
    sent.unlink(missing_ok=True)
    how = _process(task, gallery, 0, ["--store", bundle.store, "--key", bundle.key])
    if sent.exists():
        shutil.rmtree(gallery, ignore_errors=True)
        with contextlib.suppress(OSError):
            gallery.parent.rmdir()
    return how


def _process(task: NodeTask, gallery: Path, number: int, store_arguments: list[str]) -> str:
    import ray

    node = f"node {ray.get_runtime_context().get_node_id()[:6]}"
    arguments = [str(gallery), task.sweep, str(number), "--device", task.device, "--worker", node, *store_arguments]
    folder = member_folder(private_folder(gallery, task.sweep), number)
    runner = JobRunner[int](main.__module__, tied=True)
    runner.start(number, folder, arguments, node, environment("", task.threads, os.environ))
    with contextlib.suppress(ValueError):  # not in the main thread, where Ray handles signals
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have made it ignored
    while True:
        try:
            for _, ending in runner.ended():
                if not ending.started:
                    raise RunFailed(ending.message)
                return ending.how
            time.sleep(_POLL_SECONDS)  # a cancellation reaches this thread only between sleeps
        except KeyboardInterrupt:  # how Ray cancels a task
            runner.stop()
