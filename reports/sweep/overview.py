"""How a sweep stands: (what is shown) -> counts in words, share done, time left."""

from __future__ import annotations

from collections import Counter
from statistics import median

from orbifolio.reports.data.progress import ProgressEstimate
from orbifolio.reports.sweep.faces import SweepSnapshot

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


def sweep_progress(shown: SweepSnapshot) -> ProgressEstimate | None:
    """How far a sweep is, or None if it does not go on."""
    if not shown.sweep.running:
        return None
    return ProgressEstimate(share_done(shown), seconds_left(shown), describe_states(shown))
