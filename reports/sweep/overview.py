"""The progress of a sweep: (snapshot) -> counts in words, share done, time left."""

from __future__ import annotations

from collections import Counter
from statistics import median

from orbifolio.reports.data.progress import ProgressEstimate
from orbifolio.reports.sweep.run_preview import SweepSnapshot

_STATE_ORDER = ("done", "running", "waiting", "failed", "interrupted", "stopped")


def state_counts(snapshot: SweepSnapshot) -> Counter[str]:
    """How many members are in each state; one that is done, but not here, is done."""
    kinds = (snapshot.state(member).kind for member in snapshot.sweep.members)
    return Counter("done" if kind == "gone" else kind for kind in kinds)


def describe_states(snapshot: SweepSnapshot) -> str:
    """The members counted by state, finished ones first.

    Example: `5 of 12 done, 2 running, 5 waiting`.
    """
    counts = state_counts(snapshot)
    total = len(snapshot.sweep.members)
    words = [f"{counts['done']} of {total} done"]
    words += [f"{counts[kind]} {kind}" for kind in _STATE_ORDER[1:] if counts[kind]]
    return ", ".join(words)


def share_done(snapshot: SweepSnapshot) -> float:
    """The share done, in [0, 1]; runs that ended in any way count as done."""
    ended = 0.0
    for member in snapshot.sweep.members:
        kind, preview = snapshot.state(member).kind, snapshot.preview(member)
        if kind == "running":
            ended += (preview.progress.share or 0.0) if preview and preview.progress else 0.0
        elif kind != "waiting":
            ended += 1.0
    return ended / max(1, len(snapshot.sweep.members))


def seconds_left(snapshot: SweepSnapshot) -> float | None:
    """Seconds until all have ended, or None while unknown.

    Assumes that a waiting run costs the median, and that as many run at once as do now.
    """
    costs, now = [], []
    for member in snapshot.sweep.members:
        kind, preview = snapshot.state(member).kind, snapshot.preview(member)
        if preview is None:
            continue
        if kind == "done" and preview.card.seconds:
            costs.append(preview.card.seconds)
        elif kind == "running" and preview.progress is not None and preview.progress.left is not None:
            now.append(preview.progress.left)
            costs.append((preview.card.seconds or 0.0) + preview.progress.left)
    waiting = state_counts(snapshot)["waiting"]
    at_once = state_counts(snapshot)["running"]
    if not costs or not at_once or (not waiting and len(now) < at_once):
        return None
    rest = (sum(now) + (at_once - len(now) + waiting) * median(costs)) / at_once
    return max([rest, *now])


def sweep_progress(snapshot: SweepSnapshot) -> ProgressEstimate | None:
    """How far a sweep is, or None if it is not running."""
    if not snapshot.sweep.running:
        return None
    return ProgressEstimate(share_done(snapshot), seconds_left(snapshot), describe_states(snapshot))
