"""What a Ray task does: (member) -> its process on the task's node, watched until it is gone.

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
from orbifolio.runner.sweeps.spec import member_place, place_of, read_order

if TYPE_CHECKING:
    from orbifolio.runner.sweeps.bundle import Travel

UNSEEN = "unseen"
"""Told by a node that does not see the gallery."""
_LOOK = 0.5  # seconds between two looks at the process


@dataclass(frozen=True)
class Duty:
    """One member, as it goes to a node.

    Attributes:
        gallery: absolute, the same on all nodes.
        sweep: name of the sweep's folder.
        number: of the member.
        device: `cpu`, or `cuda` for the GPU that Ray lets the task see.
        threads: processor threads.
        travel: what the node needs where it does not see the gallery, else None.
    """

    gallery: str
    sweep: str
    number: int
    device: str
    threads: int
    travel: Travel | None = None


def do(duty: Duty) -> str:
    """Run a member; returns how its process ended, or `UNSEEN`.

    Raises:
        RunFailed: the process could not start.

    A node that is lost takes this task with it, and with the task the pipe that tells the process to stop.
    """
    if duty.travel is not None:
        return _far(duty, duty.travel)
    place = place_of(Path(duty.gallery), duty.sweep)
    return UNSEEN if read_order(place) is None else _process(duty, Path(duty.gallery), duty.number, [])


def _far(duty: Duty, travel: Travel) -> str:
    """Run a member in a gallery of its own, which goes when the run has travelled home."""
    from orbifolio.runner.sweeps.bundle import unpack_member

    user = os.getuid() if hasattr(os, "getuid") else 0
    gallery = Path(tempfile.gettempdir(), f"orbifolio-{user}", duty.sweep, str(duty.number))
    unpack_member(gallery, duty.sweep, travel, duty.threads)
    sent = member_place(place_of(gallery, duty.sweep), 0) / SENT
    sent.unlink(missing_ok=True)
    how = _process(duty, gallery, 0, ["--store", travel.store, "--key", travel.key])
    if sent.exists():
        shutil.rmtree(gallery, ignore_errors=True)
        with contextlib.suppress(OSError):
            gallery.parent.rmdir()
    return how


def _process(duty: Duty, gallery: Path, number: int, further: list[str]) -> str:
    import ray

    node = f"node {ray.get_runtime_context().get_node_id()[:6]}"
    arguments = [str(gallery), duty.sweep, str(number), "--device", duty.device, "--worker", node, *further]
    place = member_place(place_of(gallery, duty.sweep), number)
    runner = JobRunner[int](main.__module__, tied=True)
    runner.start(number, place, arguments, node, environment("", duty.threads, os.environ))
    with contextlib.suppress(ValueError):  # not the main thread: Ray's affair
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
    while True:
        try:
            for _, ending in runner.ended():
                if not ending.started:
                    raise RunFailed(ending.message)
                return ending.how
            time.sleep(_LOOK)  # a cancellation reaches only a thread that does something
        except KeyboardInterrupt:  # how Ray cancels a task
            runner.stop()
