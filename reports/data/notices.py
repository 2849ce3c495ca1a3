"""What a reader must be told first: a run that failed, stopped or goes on, and its advisories."""

from __future__ import annotations

from orbifolio.reports import wording
from orbifolio.reports.data import progress, values
from orbifolio.reports.data.log import Run
from orbifolio.reports.parts import Progress
from orbifolio.reports.parts.base import Notice


def resume_command(run: Run) -> str:
    """The command that goes on with a run; made up from the recipe's name if none was recorded."""
    rerun = values.mapping(run.record.get("rerun"))
    return values.text(rerun.get("resume")) or f"orbifolio run {run.recipe}.yaml --resume"


def running(run: Run) -> Progress:
    """The progress of a run that goes on."""
    found = progress.measure(run)
    left = ""
    if found.left is not None:
        left = f"about {wording.duration(max(1.0, found.left))} left"
    share = "" if found.share is None else f"{100 * found.share:.0f}"
    return Progress(share=share, line=found.line, left=left)


def outcome(run: Run) -> Notice | None:
    """What happened to a run that did not finish, and how to go on; None for any other."""
    message = tuple(line for line in run.message.splitlines() if line.strip())
    done = sum(len(phase.steps) for phase in run.phases)
    kept = f"{wording.count(done, 'step')} and every frame so far are kept below." if done else ""
    if run.status == "failed":
        lines = message or ("The computation could not go on; the log holds no reason.",)
        return Notice("bad", "This run failed", (*lines, kept) if kept else lines, resume_command(run))
    if run.status == "interrupted":
        lines = message or ("It was stopped on request.",)
        return Notice("caution", "This run was interrupted", (*lines, kept) if kept else lines, resume_command(run))
    if run.status == "stopped":
        seen = f"Its last sign of life was at {wording.date(run.last)}." if run.last else "Its log is empty."
        first = "The process ended without a word: it was killed, or the machine went down."
        lines = tuple(
            line for line in (first, seen, kept, "Going on gives the same picture as if it had never stopped.") if line
        )
        return Notice("bad", "This run stopped unexpectedly", lines, resume_command(run))
    return None


def advisories(run: Run) -> Notice | None:
    """Warnings of the symmetry and of the run itself."""
    symmetry = values.mapping(run.record.get("symmetry"))
    lines = tuple(dict.fromkeys((*values.texts(symmetry.get("advisories")), *run.warnings)))
    return Notice("caution", "Worth knowing", lines) if lines else None


def all_of(run: Run) -> tuple[Notice | Progress, ...]:
    """Everything that stands above the picture."""
    found = [running(run) if run.running else outcome(run)]
    return tuple(item for item in found if item is not None)
