"""The queue: jobs on disk -> one process at a time on each device; it goes on where a restarted server finds it.

A job's process outlives a server that is killed. A server that begins finds such processes by their locks,
waits for them, and queues again what was cut short; the run continues from its checkpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError
from orbifolio.runner.run.run_folder import is_locked
from orbifolio.runner.run.subprocess import LOCK, RESULT, python_path, read_result
from orbifolio.runner.server import job as jobs
from orbifolio.runner.server.job import Job, JobStore

MOST_WAITING = 100
_LOOK = 0.5  # seconds between two looks at a process that is not our child
_GRACE = 20.0  # seconds that a process gets to write its checkpoint when the server ends


class Queue:
    """Runs the jobs of a store.

    Args:
        store: of the jobs.
        devices: one job at a time runs on each.
        folder_of: that relative paths of a job's recipe start from.
        overrides: put into every recipe, as the operator wished (where it is published).
    """

    def __init__(
        self,
        store: JobStore,
        devices: Sequence[str],
        folder_of: Callable[[Job], Path],
        overrides: Sequence[str] = (),
    ) -> None:
        self.store = store
        self.devices = tuple(devices)
        self.folder_of = folder_of
        self.overrides = tuple(overrides)
        self.touched = time.monotonic()
        """When there was last something to do, for the idle time-out."""
        self._busy: dict[str, str] = {}  # device -> id of its job
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return bool(self._busy) or any(job.state == jobs.QUEUED for job in self.store.all())

    def open(self) -> None:
        """Take up what is on disk; call inside the event loop."""
        for job in self.store.all():
            if job.state != jobs.RUNNING:
                continue
            if is_locked(self.store.place(job.id) / LOCK):
                self._busy[job.device or self.devices[0]] = job.id
                self._begin(self._watch(job))
            else:
                self._ended(job)
        self.go_on()

    async def close(self) -> None:
        """Let the running jobs write their checkpoints; they go on when a server begins again."""
        self._closing = True
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_GRACE)
            for task in late:
                task.cancel()

    def add(self, text: str, pictures: dict[str, Path], **told: object) -> Job:
        """Queue a job.

        Raises:
            InputError: too many wait already.
            OSError: the disk is full.
        """
        waiting = sum(job.state == jobs.QUEUED for job in self.store.all())
        if waiting >= MOST_WAITING:
            raise InputError(f"{waiting} pictures wait already; no more are taken; try again later")
        found = self.store.add(text, pictures, **told)
        self.go_on()
        return self.store.read(found.id)

    def position(self, job: Job) -> int:
        """How many come before a queued job, itself included; 0 for one that does not wait."""
        waiting = [other.id for other in self.store.all() if other.state == jobs.QUEUED]
        return waiting.index(job.id) + 1 if job.id in waiting else 0

    def pause(self, job: Job) -> Job:
        """Stop a running job after its present step, or take a queued one out of the queue."""
        if job.state == jobs.RUNNING:
            self.store.wish(job, "pause")
            return job
        return self._changed(job, jobs.PAUSED, (jobs.QUEUED,), "paused")

    def resume(self, job: Job) -> Job:
        """Queue a paused job, or one that failed, to go on from its checkpoint."""
        changed = self._changed(job, jobs.QUEUED, (jobs.PAUSED, jobs.FAILED), "resumed")
        self.store.wish(job, "")
        self.go_on()
        return self.store.read(changed.id)

    def keep(self, job: Job) -> Job:
        """End a job after its present step, and keep what is there as the finished picture.

        Raises:
            InputError: it has not begun, or is over.
        """
        if job.state == jobs.RUNNING:
            self.store.wish(job, "keep")
            return job
        if job.state == jobs.PAUSED and job.run:
            self.store.wish(job, "keep")
            changed = self.store.change(job, state=jobs.QUEUED, message="")
            self.go_on()
            return changed
        raise InputError(f"this picture is {job.state}; only one that has begun can be kept; start it first")

    def cancel(self, job: Job) -> Job:
        """Stop a job for good; what its run has written stays in the gallery."""
        if job.state == jobs.RUNNING:
            self.store.wish(job, "cancel")
            return job
        return self._changed(job, jobs.CANCELLED, (jobs.QUEUED, jobs.PAUSED), "cancelled")

    def _changed(self, job: Job, state: str, allowed: tuple[str, ...], word: str) -> Job:
        if job.state not in allowed:
            raise InputError(f"this picture is {job.state}; only one that is {' or '.join(allowed)} can be {word}")
        return self.store.change(job, state=state, message="")

    def go_on(self) -> None:
        """Give every free device the next job that waits."""
        if self._closing:
            return
        for device in self.devices:
            if device in self._busy:
                continue
            job = next((job for job in self.store.all() if job.state == jobs.QUEUED), None)
            if job is None:
                return
            self._busy[device] = job.id
            self._begin(self._run(self.store.change(job, state=jobs.RUNNING, device=device)))

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, job: Job) -> None:
        place = self.store.place(job.id)
        (place / RESULT).unlink(missing_ok=True)
        if self.store.wished(job) != "keep":
            self.store.wish(job, "")
        command = [sys.executable, "-m", "orbifolio.runner.server.work", str(self.store.gallery), job.id]
        command += ["--device", job.device, "--folder", str(self.folder_of(job))]
        command += [f"--override={override}" for override in self.overrides]
        try:
            with (place / "work.log").open("ab") as log:
                child = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C at the server is the server's to hand on
                    env={**os.environ, "PYTHONPATH": python_path()},
                )
            self._children[job.id] = child
            await child.wait()
        except OSError as error:
            self.store.change(job, state=jobs.FAILED, message=f"no process could be started: {error.strerror}")
        finally:
            self._children.pop(job.id, None)
            self._free(job)

    async def _watch(self, job: Job) -> None:
        """Wait for a process that an earlier server has started."""
        while is_locked(self.store.place(job.id) / LOCK):
            await asyncio.sleep(_LOOK)
        self._free(job)

    def _free(self, job: Job) -> None:
        for device in [device for device, identity in self._busy.items() if identity == job.id]:
            del self._busy[device]
        self.touched = time.monotonic()
        with contextlib.suppress(KeyError, OSError):
            self._ended(self.store.read(job.id))
        self.go_on()

    def _ended(self, job: Job) -> None:
        """What became of a job whose process is gone."""
        if job.state != jobs.RUNNING:
            return
        wish = self.store.wished(job)
        outcome, message = read_result(self.store.place(job.id))
        if outcome == "done":
            self.store.change(job, state=jobs.DONE, message="")
        elif wish == "cancel":
            self.store.change(job, state=jobs.CANCELLED, message="")
        elif outcome == "failed":
            self.store.change(job, state=jobs.FAILED, message=message)
        elif wish == "pause":
            self.store.change(job, state=jobs.PAUSED, message="")
        elif outcome == "" and not self._closing and self._children_died(job):
            self.store.change(job, state=jobs.FAILED, message=_DIED)
        else:  # the server ended, or the machine: go on when it is back
            self.store.change(job, state=jobs.QUEUED, message="")

    def _children_died(self, job: Job) -> bool:
        """Whether a job was cut short a second time in a row: a third try would end no better."""
        path = self.store.place(job.id) / "cut-short"
        if path.exists():
            path.unlink()
            return True
        path.touch()
        return False


_DIED = (
    "its process ended without a word, twice; usually the machine's memory was full; make the last phase smaller, or "
    "free memory, then resume"
)
