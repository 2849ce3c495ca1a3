"""Notices that must be read first: a run or a sweep that failed, stopped or was interrupted, and advisories."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_mapping, as_text, as_texts
from orbifolio.reports.parts.base import Part
from orbifolio.reports.sweep.record import RecordedMember
from orbifolio.reports.sweep.run_preview import SweepSnapshot
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
    """The command that resumes a run; derived from the recipe's name if none was recorded."""
    rerun = as_mapping(run.record.get("rerun"))
    return as_text(rerun.get("resume")) or f"orbifolio run {run.recipe}.yaml --resume"


def outcome_notice(run: RunRecord) -> Notice | None:
    """What happened to a run that did not finish, and how to resume it; None for any other run."""
    message = tuple(line for line in run.message.splitlines() if line.strip())
    done = sum(len(phase.steps) for phase in run.phases)
    saved = (f"{format_count(done, 'step')} and all frames so far are kept below.",) if done else ()
    if run.status == "failed":
        lines = message or ("The computation failed; the log gives no reason.",)
        return Notice("bad", "This run failed", (*lines, *saved), resume_command(run))
    if run.status == "interrupted":
        lines = message or ("It was stopped on request.",)
        return Notice("caution", "This run was interrupted", (*lines, *saved), resume_command(run))
    if run.status == "stopped":
        lines = (
            "The process ended without a message: it was killed, or the machine went down.",
            f"Its last log entry is from {format_date(run.last)}." if run.last else "Its log is empty.",
            *saved,
            "Resuming gives the same picture as an uninterrupted run.",
        )
        return Notice("bad", "This run stopped unexpectedly", lines, resume_command(run))
    return None


def advisory_notice(run: RunRecord) -> Notice | None:
    """Warnings of the symmetry and of the run itself."""
    symmetry = as_mapping(run.record.get("symmetry"))
    lines = dict.fromkeys((*as_texts(symmetry.get("advisories")), *run.warnings))
    return Notice("caution", "Worth knowing", tuple(map(_with_capital, lines))) if lines else None


_FIRST_WORD = re.compile(r"(?!c?p[mg]{1,2}\b|cm{1,2}\b)(?:a|[a-z][a-z'-]+)(?=[\s,;])")
"""A word to begin a sentence with: no file, setting, channel or plane group, which are spelt in one way."""


def _with_capital(text: str) -> str:
    """A sentence that a terminal shows behind a file's name, on a line of its own.

    >>> _with_capital("six-fold centres look dull"), _with_capital("photo.jpg is small"), _with_capital("pmg repeats")
    ('Six-fold centres look dull', 'photo.jpg is small', 'pmg repeats')
    """
    return text[0].upper() + text[1:] if _FIRST_WORD.match(text) else text


_MAX_REASONS = 4  # above the pictures, which more would push off the screen; each failed run shows its own


_MAX_LETTERS = 240  # of a reason: two lines of the notice


def _faults(failed: Sequence[RecordedMember]) -> list[str]:
    """Each reason once, with the runs that failed for it."""
    reasons: dict[str, list[RecordedMember]] = {}
    for member in failed:
        reasons.setdefault(" ".join(member.message.split()), []).append(member)
    lines = []
    for why, members in list(reasons.items())[:_MAX_REASONS]:
        which = ", ".join(f"#{member.number}" for member in members)
        lines.append(f"{which}: {why[:_MAX_LETTERS] or 'see its log'}")
    if len(reasons) > _MAX_REASONS:
        lines.append(f"The other reasons of the {len(failed)} failures are listed with the runs below.")
    return lines


def sweep_notice(snapshot: SweepSnapshot) -> Notice | None:
    """What went wrong in a sweep, and how to resume it; None if nothing did."""
    sweep = snapshot.sweep
    failed = [member for member in sweep.members if snapshot.state(member).kind == "failed"]
    if sweep.status in ("running", "done") and not failed:
        return None
    lines = _faults(failed)
    headings = {
        "failed": ("bad", "This sweep failed"),
        "interrupted": ("caution", "This sweep was interrupted"),
        "stopped": ("bad", "This sweep stopped unexpectedly"),
    }
    tone, heading = headings.get(sweep.status, ("bad", ""))
    if failed:
        heading = f"{format_count(len(failed), 'run')} of {len(sweep.members)} failed"
    if sweep.status == "stopped":
        lines.insert(0, "It has been silent for a while: it was killed, or the machine went down.")
    if sweep.status != "running":
        lines.append("Resuming skips the runs that are finished.")
    again = sweep.resume or (f"{sweep.command} --resume" if sweep.command else "")
    return Notice(tone, heading, tuple(lines), again if sweep.status != "running" else "")
