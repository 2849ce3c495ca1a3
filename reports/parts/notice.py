"""Notices that must be read first: a run or a sweep that failed, stopped or was interrupted, and advisories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_mapping, as_text, as_texts
from orbifolio.reports.parts.base import Part
from orbifolio.reports.sweep.faces import SweepSnapshot
from orbifolio.reports.sweep.record import SweepMember
from orbifolio.reports.wording import format_count, format_date


@dataclass(frozen=True)
class Notice(Part):
    """Something that must be read: `tone` is `bad`, `caution` or `calm`."""

    template: ClassVar[str] = "parts/notice.html"
    tone: str
    heading: str
    lines: tuple[str, ...]
    command: str = ""


def resume_command(run: RunRecord) -> str:
    """The command that goes on with a run; made up from the recipe's name if none was recorded."""
    rerun = as_mapping(run.record.get("rerun"))
    return as_text(rerun.get("resume")) or f"orbifolio run {run.recipe}.yaml --resume"


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


_MAX_REASONS = 4  # above the pictures; every failed run tells its own


_MAX_LETTERS = 240  # of a reason


def _faults(failed: Sequence[SweepMember]) -> list[str]:
    """Each reason once, with the runs that failed for it."""
    reasons: dict[str, list[SweepMember]] = {}
    for member in failed:
        reasons.setdefault(" ".join(member.message.split()), []).append(member)
    lines = []
    for why, members in list(reasons.items())[:_MAX_REASONS]:
        which = ", ".join(f"#{member.number}" for member in members)
        lines.append(f"{which}: {why[:_MAX_LETTERS] or 'the log may tell why'}")
    if len(reasons) > _MAX_REASONS:
        lines.append(f"Every other one of the {len(failed)} tells its reason below.")
    return lines


def sweep_notice(shown: SweepSnapshot) -> Notice | None:
    """What went wrong, and how to go on."""
    sweep = shown.sweep
    failed = [member for member in sweep.members if shown.state(member).kind == "failed"]
    if sweep.status in ("running", "done") and not failed:
        return None
    lines = _faults(failed)
    headings = {
        "failed": ("bad", "This sweep has failed"),
        "interrupted": ("caution", "This sweep was interrupted"),
        "stopped": ("bad", "This sweep stopped unexpectedly"),
    }
    tone, heading = headings.get(sweep.status, ("bad", ""))
    if failed:
        heading = f"{format_count(len(failed), 'run')} of {len(sweep.members)} failed"
    if sweep.status == "stopped":
        lines.insert(0, "Nothing has been heard of it for a while: it was killed, or the machine went down.")
    if sweep.status != "running":
        lines.append("Going on repeats nothing that is finished.")
    again = sweep.resume or (f"{sweep.command} --resume" if sweep.command else "")
    return Notice(tone, heading, tuple(lines), again if sweep.status != "running" else "")
