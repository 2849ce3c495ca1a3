"""What a reader must be told first: a run that failed, stopped or goes on, and its advisories."""

from __future__ import annotations

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.progress import measure_progress
from orbifolio.reports.data.values import as_mapping, as_text, as_texts
from orbifolio.reports.parts.base import Notice, ProgressDisplay
from orbifolio.reports.wording import format_count, format_date, format_duration


def resume_command(run: RunRecord) -> str:
    """The command that goes on with a run; made up from the recipe's name if none was recorded."""
    rerun = as_mapping(run.record.get("rerun"))
    return as_text(rerun.get("resume")) or f"orbifolio run {run.recipe}.yaml --resume"


def progress_part(run: RunRecord) -> ProgressDisplay:
    """The progress of a run that goes on."""
    found = measure_progress(run)
    left = ""
    if found.left is not None:
        left = f"about {format_duration(max(1.0, found.left))} left"
    share = "" if found.share is None else f"{100 * found.share:.0f}"
    return ProgressDisplay(share=share, line=found.line, left=left)


def outcome_notice(run: RunRecord) -> Notice | None:
    """What happened to a run that did not finish, and how to go on; None for any other."""
    message = tuple(line for line in run.message.splitlines() if line.strip())
    done = sum(len(phase.steps) for phase in run.phases)
    kept = f"{format_count(done, 'step')} and every frame so far are kept below." if done else ""
    if run.status == "failed":
        lines = message or ("The computation could not go on; the log holds no reason.",)
        return Notice("bad", "This run failed", (*lines, kept) if kept else lines, resume_command(run))
    if run.status == "interrupted":
        lines = message or ("It was stopped on request.",)
        return Notice("caution", "This run was interrupted", (*lines, kept) if kept else lines, resume_command(run))
    if run.status == "stopped":
        seen = f"Its last sign of life was at {format_date(run.last)}." if run.last else "Its log is empty."
        first = "The process ended without a word: it was killed, or the machine went down."
        lines = tuple(
            line for line in (first, seen, kept, "Going on gives the same picture as if it had never stopped.") if line
        )
        return Notice("bad", "This run stopped unexpectedly", lines, resume_command(run))
    return None


def advisory_notice(run: RunRecord) -> Notice | None:
    """Warnings of the symmetry and of the run itself."""
    symmetry = as_mapping(run.record.get("symmetry"))
    lines = tuple(dict.fromkeys((*as_texts(symmetry.get("advisories")), *run.warnings)))
    return Notice("caution", "Worth knowing", lines) if lines else None


def status_parts(run: RunRecord) -> tuple[Notice | ProgressDisplay, ...]:
    """Everything that stands above the picture."""
    found = [progress_part(run) if run.running else outcome_notice(run)]
    return tuple(item for item in found if item is not None)
