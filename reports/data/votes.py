"""Votes of the blind page as it exports them: (JSON files of several people) -> votes, each counted once -> a ranking.

    {"orbifolio": "votes", "version": 1, "votes": [
      {"id": "9f3c01d2a4b5", "left": "hexagon/1", "right": "hexagon/2", "better": "left", "time": 1763720000}]}

`left` and `right` name runs as `type/id`, `better` is left, right or neither, `time` is in seconds since the epoch.
A vote has an identity of its own, so that files which overlap can be merged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orbifolio.reports.data.bradley_terry import Duel, fit_strengths
from orbifolio.reports.data.values import as_text, as_tuple

SHARES = {"left": 1.0, "right": 0.0, "neither": 0.5}
"""What the left run gets of a vote."""


@dataclass(frozen=True)
class Vote:
    """One judgement of two pictures; `better` is a key of `SHARES`."""

    id: str
    left: str
    right: str
    better: str


@dataclass(frozen=True)
class RankedRun:
    """A run's place in a ranking.

    Attributes:
        run: `type/id`.
        chance: that it is preferred to a run of mean strength.
        low: lower end of that chance's 95 % interval.
        high: upper end.
        wins: votes for it.
        losses: votes for the other.
        ties: votes for neither.
    """

    run: str
    chance: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int


def _vote(entry: object) -> Vote | None:
    fields: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
    id_, left, right, better = (as_text(fields.get(name)) for name in ("id", "left", "right", "better"))
    usable = id_ and left and right and left != right and better in SHARES
    return Vote(id_, left, right, better) if usable else None


def votes_from_text(text: str) -> list[Vote]:
    """The votes of one exported file.

    Raises:
        ValueError: it is not such a file, or holds a vote that cannot be read; the message says which.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON; export it again from the gallery's blind page") from None
    if not isinstance(record, Mapping) or record.get("orbifolio") != "votes":
        raise ValueError('does not hold votes ("orbifolio": "votes" is missing); export it from the blind page')
    if record.get("version") != 1:
        raise ValueError(f"is of version {record.get('version')!r}; this program reads version 1; update it")
    votes = [_vote(entry) for entry in as_tuple(record.get("votes"))]
    if None in votes:
        raise ValueError(
            f"vote {votes.index(None) + 1} cannot be read; a vote has an id, two different runs as left and right, "
            f"and better: {', '.join(SHARES)}"
        )
    return [vote for vote in votes if vote is not None]


def merge_votes(files: Iterable[Iterable[Vote]]) -> list[Vote]:
    """The votes of several files, each vote once, in the order in which they were met."""
    return list({vote.id: vote for votes in files for vote in votes}.values())


def rank_runs(votes: Sequence[Vote]) -> list[RankedRun]:
    """All runs that took part, the strongest first; equal ones by name.

    >>> votes = [Vote("1", "a/1", "b/1", "left"), Vote("2", "b/1", "a/1", "neither")]
    >>> [(each.run, each.wins, each.losses, each.ties) for each in rank_runs(votes)]
    [('a/1', 1, 0, 1), ('b/1', 0, 1, 1)]
    """
    runs = sorted({run for vote in votes for run in (vote.left, vote.right)})
    if not runs:
        return []
    places = {run: place for place, run in enumerate(runs)}
    duels = [Duel(places[vote.left], places[vote.right], SHARES[vote.better]) for vote in votes]
    fit = fit_strengths(len(runs), duels)
    shares = Counter(share for duel in duels for share in ((duel.first, duel.share), (duel.second, 1.0 - duel.share)))
    ranked = [
        RankedRun(
            run,
            fit.chance(place),
            *fit.interval(place),
            wins=shares[place, 1.0],
            losses=shares[place, 0.0],
            ties=shares[place, 0.5],
        )
        for run, place in places.items()
    ]
    return sorted(ranked, key=lambda each: (-round(each.chance, 9), each.run))  # equal but for rounding is equal
