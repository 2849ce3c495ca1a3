"""The queue: jobs on disk -> one process at a time on each device; a restarted server continues it.

A job's process outlives a server that is killed. The next server finds such processes by their locks, waits for them,
and queues again what was cut short; the run continues from its checkpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from orbifolio.runner.errors import InputError, RunFailed
from orbifolio.runner.run.run_folder import is_locked
from orbifolio.runner.run.subprocess import LOCK, Ending, JobRunner, read_result
from orbifolio.runner.server.job_store import DONE, FAILED, PAUSED, QUEUED, RUNNING, Job, JobStore
from orbifolio.runner.server.worker import main

MAX_WAITING = 100
"""Jobs that may wait: each keeps copies of its pictures, and visitors may be strangers."""
_POLL_SECONDS = 0.2  # between two looks at the processes: a free device waits so long for its next job
_GRACE_SECONDS = 20.0  # that processes get to end their step and write a checkpoint when the server ends


class JobQueue:
    """Runs the jobs of a store.

    Args:
        store: keeps the jobs on disk.
        devices: one job at a time runs on each.
        folder_of: gives the folder that relative paths of a job's recipe start from.
        overrides: put into every recipe, such as where pictures are published.
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
        self._runner = JobRunner[str](main.__module__, tied=False)
        self._endings: list[tuple[str, Ending]] = []  # of processes, that no job's file tells of yet
        self._vacant = False
        self._minder: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return bool(self._runner.slots) or any(job.state == QUEUED for job in self.store.active())

    def open(self) -> None:
        """Take up what is on disk; call inside the event loop."""
        for job in self.store.active():
            if job.state != RUNNING:
                continue
            folder = self.store.folder_of(job.id)
            if is_locked(folder / LOCK):
                self._runner.adopt(job.id, folder, job.device or self.devices[0])
            else:
                self._settle(job, *read_result(folder))
        self.fill()
        self._minder = asyncio.ensure_future(self._mind())

    async def _mind(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            with contextlib.suppress(OSError):  # the disk is full: again, once there is room
                self._collect()

    def _collect(self) -> None:
        """Note which processes are gone, and give their devices to others.

        Raises:
            OSError: the disk is full; what is not noted yet is kept for the next time.
        """
        ended = self._runner.ended()
        self._endings += ended
        while self._endings:
            identity, ending = self._endings[0]
            self.touched = time.monotonic()
            with contextlib.suppress(KeyError):  # the job was removed
                job = self.store.read(identity)
                if self.store.folder_of(identity).is_dir():
                    self._settle(job, ending.outcome, ending.message)
                else:  # by somebody else, while it ran
                    self.store.remove(job)
            del self._endings[0]
            self._vacant = True
        if self._vacant:
            self.fill()
            self._vacant = False

    async def close(self) -> None:
        """Let the running jobs write their checkpoints; the next server continues them."""
        self._closing = True
        self._runner.stop()
        until = time.monotonic() + _GRACE_SECONDS
        while self._runner.slots and time.monotonic() < until:
            with contextlib.suppress(OSError):
                self._collect()
            await asyncio.sleep(_POLL_SECONDS)
        if self._minder is not None:
            self._minder.cancel()

    def add(self, text: str, pictures: dict[str, Path], **attributes: object) -> Job:
        """Put a new job at the end of the queue.

        Raises:
            InputError: too many wait already.
            OSError: the disk is full.
        """
        waiting = sum(job.state == QUEUED for job in self.store.active())
        if waiting >= MAX_WAITING:
            raise InputError(f"{waiting} pictures are waiting already, the maximum; try again later")
        job = self.store.add(text, pictures, **attributes)
        self.fill()
        return self.store.read(job.id)

    def position(self, job: Job) -> int:
        """How many come before a queued job, itself included; 0 for one that does not wait."""
        waiting = [other.id for other in self.store.active() if other.state == QUEUED]
        return waiting.index(job.id) + 1 if job.id in waiting else 0

    def pause(self, job: Job) -> Job:
        """Stop a running job after its present step, or take a queued one out of the queue."""
        if job.state == RUNNING:
            self.store.request(job, "pause")
            return job
        return self._changed(job, PAUSED, (QUEUED,), "paused")

    def resume(self, job: Job) -> Job:
        """Queue a paused or failed job, to continue from its checkpoint."""
        changed = self._changed(job, QUEUED, (PAUSED, FAILED), "resumed")
        self.store.request(job, "")
        self.fill()
        return self.store.read(changed.id)

    def keep(self, job: Job) -> Job:
        """End a job after its present step, and keep what is there as the finished picture.

        Raises:
            InputError: it has not started, or is over.
        """
        if job.state == RUNNING:
            self.store.request(job, "keep")
            return job
        if job.state == PAUSED and job.run:
            self.store.request(job, "keep")
            changed = self.store.change(job, state=QUEUED, message="")
            self.fill()
            return changed
        raise InputError(f"this picture is {job.state}; only one that has begun can be kept; start it first")

    def cancel(self, job: Job) -> Job:
        """Stop a job for good; what its run has written stays in the gallery, what was sent for it goes.

        Raises:
            InputError: it is over.
        """
        if job.state == RUNNING:
            self.store.request(job, "cancel")
            return job
        self._refuse_unless(job, (QUEUED, PAUSED), "cancelled")
        return self.store.cancel(job)

    def _changed(self, job: Job, state: str, allowed: tuple[str, ...], word: str) -> Job:
        self._refuse_unless(job, allowed, word)
        return self.store.change(job, state=state, message="")

    def _refuse_unless(self, job: Job, allowed: tuple[str, ...], word: str) -> None:
        if job.state not in allowed:
            raise InputError(f"this picture is {job.state}; only one that is {' or '.join(allowed)} can be {word}")

    def fill(self) -> None:
        """Give every free device the next job that waits."""
        if self._closing:
            return
        for device in self.devices:
            while device not in self._runner.slots.values():
                job = next((job for job in self.store.active() if job.state == QUEUED), None)
                if job is None:
                    return
                self._start(self.store.change(job, state=RUNNING, device=device))

    def _start(self, job: Job) -> None:
        if self.store.requested(job) != "keep":
            self.store.request(job, "")
        arguments = [str(self.store.gallery), job.id, "--device", job.device, "--folder", str(self.folder_of(job))]
        arguments += [f"--override={override}" for override in self.overrides]
        try:
            self._runner.start(job.id, self.store.folder_of(job.id), arguments, job.device)
        except RunFailed as error:
            self.store.change(job, state=FAILED, message=str(error))

    def _settle(self, job: Job, outcome: str, message: str) -> None:
        """What becomes of a job whose process is gone."""
        if job.state != RUNNING:
            return
        request = self.store.requested(job)
        if outcome == "done":
            self.store.change(job, state=DONE, message="")
        elif request == "cancel":
            self.store.cancel(job)
        elif outcome == "failed":
            self.store.change(job, state=FAILED, message=message)
        elif request == "pause":
            self.store.change(job, state=PAUSED, message="")
        elif outcome == "" and not self._closing and self._was_cut_short(job):
            self.store.change(job, state=FAILED, message=_DIED)
        else:  # the server or the machine stopped: the next server continues it
            self.store.change(job, state=QUEUED, message="")

    def _was_cut_short(self, job: Job) -> bool:
        """Whether a job was cut short a second time in a row: a third try would end no better."""
        path = self.store.folder_of(job.id) / "cut-short"
        if path.exists():
            path.unlink()
            return True
        path.touch()
        return False


_DIED = (
    "its process ended twice without saying why; usually the machine's memory was full; make the last phase smaller, "
    "or free memory, then resume"
)
