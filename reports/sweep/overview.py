"""How a sweep stands: (what is shown) -> counts in words, share done, time left, what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from orbifolio.reports.parts.base import Notice, ProgressDisplay
from orbifolio.reports.sweep.faces import SweepSnapshot
from orbifolio.reports.sweep.record import SweepMember
from orbifolio.reports.wording import format_count, format_duration

_MOST = 4  # reasons that are told above the pictures; every failed run tells its own
_LONGEST = 240  # letters of a reason
_TOLD = ("done", "running", "waiting", "failed", "interrupted", "stopped")


def state_counts(shown: SweepSnapshot) -> Counter[str]:
    """How many members are in each state; one that is done, but not here, is done."""
    kinds = (shown.state(member).kind for member in shown.sweep.members)
    return Counter("done" if kind == "gone" else kind for kind in kinds)


def describe_states(shown: SweepSnapshot) -> str:
    """Which members are how far, most finished first.

    Example: `5 of 12 done, 2 running, 5 waiting`.
    """
    found = state_counts(shown)
    total = len(shown.sweep.members)
    told = [f"{found['done']} of {total} done"]
    told += [f"{found[kind]} {kind}" for kind in _TOLD[1:] if found[kind]]
    return ", ".join(told)


def share_done(shown: SweepSnapshot) -> float:
    """Done, in [0, 1]; what has ended counts as done, whichever way."""
    ended = 0.0
    for member in shown.sweep.members:
        kind, face = shown.state(member).kind, shown.face(member)
        if kind == "running":
            ended += (face.progress.share or 0.0) if face and face.progress else 0.0
        elif kind != "waiting":
            ended += 1.0
    return ended / max(1, len(shown.sweep.members))


def seconds_left(shown: SweepSnapshot) -> float | None:
    """Seconds until all have ended, or None while that cannot be told.

    A waiting run is taken to cost what a usual one does, and as many go on at once as do now.
    """
    costs, now = [], []
    for member in shown.sweep.members:
        kind, face = shown.state(member).kind, shown.face(member)
        if face is None:
            continue
        if kind == "done" and face.card.seconds:
            costs.append(face.card.seconds)
        elif kind == "running" and face.progress is not None and face.progress.left is not None:
            now.append(face.progress.left)
            costs.append((face.card.seconds or 0.0) + face.progress.left)
    waiting = state_counts(shown)["waiting"]
    at_once = state_counts(shown)["running"]
    if not costs or not at_once or (not waiting and len(now) < at_once):
        return None
    rest = (sum(now) + (at_once - len(now) + waiting) * median(costs)) / at_once
    return max([rest, *now])


def sweep_progress(shown: SweepSnapshot) -> ProgressDisplay | None:
    """The bar over a sweep that goes on."""
    if not shown.sweep.running:
        return None
    seconds = seconds_left(shown)
    told = "" if seconds is None else f"about {format_duration(max(1.0, seconds))} left"
    return ProgressDisplay(share=f"{100 * share_done(shown):.0f}", line=describe_states(shown), left=told)


def _faults(failed: Sequence[SweepMember]) -> list[str]:
    """Each reason once, with the runs that failed for it."""
    reasons: dict[str, list[SweepMember]] = {}
    for member in failed:
        reasons.setdefault(" ".join(member.message.split()), []).append(member)
    lines = []
    for why, members in list(reasons.items())[:_MOST]:
        which = ", ".join(f"#{member.number}" for member in members)
        lines.append(f"{which}: {why[:_LONGEST] or 'the log may tell why'}")
    if len(reasons) > _MOST:
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
