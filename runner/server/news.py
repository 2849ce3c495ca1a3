"""How a job stands, for people: (job, its run's log) -> `messages.Run`; made anew only when the log has grown."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import quote

from orbifolio.reports.data.log import RunRecord, read_run
from orbifolio.reports.media.img import final_image, newest_frame, portrait_image
from orbifolio.reports.parts.progress import progress_part
from orbifolio.runner.server import job as jobs
from orbifolio.runner.server import messages
from orbifolio.runner.server.job import Job
from orbifolio.runner.server.queue import Queue

MOST_POINTS = 200
_WORDS = {
    jobs.QUEUED: "Waiting for its turn",
    jobs.PAUSED: "Paused",
    jobs.DONE: "Finished",
    jobs.FAILED: "It could not be finished",
    jobs.CANCELLED: "Cancelled",
}


class News:
    """Tells of the jobs of a queue.

    Args:
        queue: of the jobs.
    """

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._read: dict[Path, tuple[tuple[int, int], RunRecord]] = {}

    def stamp(self, job: Job) -> str:
        """Changes when there is news of a job."""
        folder = self.queue.store.run_folder(job)
        sizes = _sizes(folder) if folder is not None else (0, 0)
        wish = self.queue.store.wished(job) if job.state == jobs.RUNNING else ""
        return f"{job.state}.{self.queue.position(job)}.{wish}.{sizes[0]}.{sizes[1]}"

    def of(self, job: Job) -> messages.Run:
        """All that is known of a job."""
        store = self.queue.store
        folder = store.run_folder(job)
        run = self._run(folder) if folder is not None else None
        progress = progress_part(run) if run is not None and job.state in (jobs.RUNNING, jobs.PAUSED) else None
        picture, width, height = _picture(run) if run is not None and folder is not None else ("", 0, 0)
        done = job.state == jobs.DONE and folder is not None and (folder / "final.png").is_file()
        line = _WORDS.get(job.state, "")
        if job.state == jobs.RUNNING:
            line = progress.line if progress else "Getting ready"
        return messages.Run(
            id=job.id,
            title=job.title,
            recipe=job.origin,
            look=job.look,
            state=job.state,
            wish=store.wished(job) if job.state == jobs.RUNNING else "",
            position=self.queue.position(job) if job.state == jobs.QUEUED else 0,
            created=job.created,
            line=line,
            share=float(progress.share) if progress and progress.share else None,
            left=progress.left if progress and job.state == jobs.RUNNING else "",
            message=job.message,
            photo=f"/api/runs/{job.id}/images/{job.photo}" if job.photo else "",
            picture=f"/gallery/{quote(job.run)}/{quote(picture)}" if picture else "",
            result=f"/api/runs/{job.id}/result" if done else "",
            report=f"/gallery/{quote(job.run)}/index.html" if run is not None else "",
            width=width,
            height=height,
            curve=[_thinned(points) for points in _losses(run)] if run is not None else [],
        )

    def _run(self, folder: Path) -> RunRecord:
        sizes = _sizes(folder)
        kept = self._read.get(folder)
        if kept is None or kept[0] != sizes:
            if len(self._read) > 64:
                self._read.clear()
            kept = (sizes, read_run(folder))
            self._read[folder] = kept
        return kept[1]


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
    found, before = [], 0
    for phase in run.phases:
        points = [(float(before + step.step), step.loss) for step in phase.steps if math.isfinite(step.loss)]
        if points:
            found.append(points)
        before += phase.planned
    return found


def _thinned(points: list[tuple[float, float]]) -> list[float]:
    every = max(1, -(-len(points) // MOST_POINTS))
    kept = points[::every] if every == 1 or points[-1] in points[::every] else [*points[::every], points[-1]]
    return [value for pair in kept for value in pair]
