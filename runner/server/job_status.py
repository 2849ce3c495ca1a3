"""A job's status for people: (job, its run's log) -> `RunStatus`; made again only when the log has grown."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import quote

from orbifolio.reports.data.log import RunRecord, read_run
from orbifolio.reports.media.img import final_image, newest_frame, portrait_image
from orbifolio.reports.parts.progress import progress_part
from orbifolio.runner.run.subprocess import STARTED, last_line
from orbifolio.runner.server.job_queue import JobQueue
from orbifolio.runner.server.job_store import CANCELLED, DONE, FAILED, OVER, PAUSED, QUEUED, RUNNING, Job
from orbifolio.runner.server.messages import RunStatus

_MAX_KEPT = 300  # statuses of jobs that are over: three times as many as a list shows
MAX_POINTS = 200  # of a phase's curve: every event of a stream carries them all
_WORDS = {
    QUEUED: "Waiting for its turn",
    PAUSED: "Paused",
    DONE: "Finished",
    FAILED: "Failed",
    CANCELLED: "Cancelled",
}


class JobStatus:
    """Describes the jobs of a queue.

    Args:
        queue: knows the position of each job.
    """

    def __init__(self, queue: JobQueue) -> None:
        self.queue = queue
        self._cache: dict[Path, tuple[tuple[int, int], RunRecord]] = {}
        self._over: dict[str, tuple[Job, tuple[int, int], RunStatus]] = {}

    def stamp(self, job: Job) -> str:
        """Changes when there is news of a job."""
        folder = self.queue.store.run_folder(job)
        sizes = _sizes(folder) if folder is not None else (0, 0)
        wish = self.queue.store.requested(job) if job.state == RUNNING else ""
        reason = _reason(self.queue.store.folder_of(job.id)) if job.state == RUNNING and folder is None else ""
        return f"{job.state}.{self.queue.position(job)}.{wish}.{reason}.{sizes[0]}.{sizes[1]}"

    def of(self, job: Job) -> RunStatus:
        """A job's status, with its newest picture and its curve."""
        folder = self.queue.store.run_folder(job)
        if job.state not in OVER:
            return self._made(job, folder)
        sizes = _sizes(folder) if folder is not None else (0, 0)
        kept = self._over.get(job.id)
        if kept is None or kept[:2] != (job, sizes):
            if len(self._over) >= _MAX_KEPT:
                self._over.pop(next(iter(self._over)))
            kept = job, sizes, self._made(job, folder)
            self._over[job.id] = kept
        return kept[2]

    def _made(self, job: Job, folder: Path | None) -> RunStatus:
        store = self.queue.store
        run = self._run(folder) if folder is not None else None
        progress = progress_part(run) if run is not None and job.state in (RUNNING, PAUSED) else None
        picture, width, height = _picture(run) if run is not None and folder is not None else ("", 0, 0)
        there = run is not None and run.picture_finished and (run.folder / "final.png").is_file()
        line = _WORDS.get(job.state, "")
        if job.state == RUNNING:
            line = progress.line if progress else f"Getting ready: {_reason(store.folder_of(job.id))}"
        return RunStatus(
            id=job.id,
            title=job.title,
            recipe=job.origin,
            look=job.look,
            state=job.state,
            wish=store.requested(job) if job.state == RUNNING else "",
            position=self.queue.position(job) if job.state == QUEUED else 0,
            created=job.created,
            line=line,
            share=float(progress.share) if progress and progress.share else None,
            left=progress.left if progress and job.state == RUNNING else "",
            message=job.message,
            photo=f"/api/runs/{job.id}/images/{job.photo}" if job.photo else "",
            picture=f"/gallery/{quote(job.run)}/{quote(picture)}" if picture else "",
            result=f"/api/runs/{job.id}/result" if there and job.state in (RUNNING, DONE) else "",
            report=f"/gallery/{quote(job.run)}/index.html" if run is not None else "",
            width=width,
            height=height,
            curve=[_thinned(points) for points in _losses(run)] if run is not None else [],
        )

    def _run(self, folder: Path) -> RunRecord:
        sizes = _sizes(folder)
        cached = self._cache.get(folder)
        if cached is None or cached[0] != sizes:
            if len(self._cache) > 64:
                self._cache.clear()
            cached = (sizes, read_run(folder))
            self._cache[folder] = cached
        return cached[1]


def _reason(folder: Path) -> str:
    """What a job's process does before its run begins, by what it has said so far."""
    if not (folder / STARTED).exists():
        return "the program is starting"
    said = last_line(folder)
    return said if said.startswith("fetching ") else "networks and pictures are being loaded"


def _sizes(folder: Path) -> tuple[int, int]:
    """Of the log in bytes, and the summary's time of writing."""
    try:
        return (folder / "events.jsonl").stat().st_size, (folder / "run.json").stat().st_mtime_ns
    except OSError:
        return 0, 0


def _picture(run: RunRecord) -> tuple[str, int, int]:
    """The path of the newest picture in the run's folder, its width and height."""
    source = portrait_image(run) or final_image(run) if run.status == "done" else None
    if source is not None:
        small = source.versions[-1][0] if source.versions else source.path
        return small.relative_to(run.folder).as_posix(), source.width, source.height
    newest = newest_frame(run)
    if newest is None:
        return "", 0, 0
    return newest[1].path, newest[0].width, newest[0].height


def _losses(run: RunRecord) -> list[list[tuple[float, float]]]:
    """(step, loss) of each phase, steps counted over all phases."""
    curves, before = [], 0
    for phase in run.phases:
        points = [(float(before + step.step), step.loss) for step in phase.steps if math.isfinite(step.loss)]
        if points:
            curves.append(points)
        before += phase.planned
    return curves


def _thinned(points: list[tuple[float, float]]) -> list[float]:
    every = max(1, -(-len(points) // MAX_POINTS))
    thinned = points[::every] if every == 1 or points[-1] in points[::every] else [*points[::every], points[-1]]
    return [value for pair in thinned for value in pair]
