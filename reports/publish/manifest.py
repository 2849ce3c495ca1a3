"""A run's manifest: run -> what a store holds of it, kept in the store itself.

    .orbifolio/runs/<type>/<id>.json    {"schema": 1, "complete": true, "card": {...}, "files": {path: {...}}}

It is written before the first upload (so that every key which may come to be is known to be ours), now and
then while uploading (so that little is uploaded twice after an interruption) and at the end. An entry
whose SHA-256 is empty was about to be uploaded. What is not in the manifest is never deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from orbifolio.reports.data.card import Card, card_from_json
from orbifolio.reports.data.values import as_finite, as_int, as_mapping, as_text, as_tuple
from orbifolio.reports.publish import serving
from orbifolio.reports.publish.store import Stored, inner

RUNS = f"{serving.STATE}/runs/"


@dataclass(frozen=True)
class Entry:
    """One file as it was uploaded: its content, its length, and how it is handed out."""

    sha256: str
    bytes: int
    served: str

    def stands(self, stored: Stored) -> bool:
        """Whether an object is this file, as far as the store knows."""
        return stored.sha256 == self.sha256 and stored.served in ("", self.served)


@dataclass(frozen=True)
class Manifest:
    """What a store holds of a run.

    Attributes:
        run: `type/id`.
        complete: whether all its files and pages were there when this was written.
        every: seconds between two publications while the run goes on, 0 if there was only one.
        card: what the index pages know of the run; None until it is complete for the first time.
        files: by path below the run's folder.
    """

    run: str
    complete: bool = False
    every: float = 0.0
    card: Card | None = None
    files: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where it is kept."""
        return f"{RUNS}{self.run}.json"

    @property
    def digest(self) -> str:
        """Equal for equal files, cards and pace."""
        return hashlib.sha256(replace(self, complete=True).to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """As it is kept; the same text for the same manifest."""
        files = {path: [entry.sha256, entry.bytes, entry.served] for path, entry in sorted(self.files.items())}
        record = {
            "schema": 1,
            "run": self.run,
            "complete": self.complete,
            "every": self.every,
            "card": json.loads(self.card.to_json()) if self.card else None,
            "files": files,
        }
        return json.dumps(record, ensure_ascii=False, sort_keys=True, indent=0) + "\n"


def _entries(record: object) -> Iterator[tuple[str, Entry]]:
    for path, item in as_mapping(record).items():
        parts = as_tuple(item)
        if inner(path) and len(parts) == 3:
            yield path, Entry(as_text(parts[0]), as_int(parts[1]) or 0, as_text(parts[2]))


def from_json(run: str, content: bytes) -> Manifest:
    """A manifest as it was kept; what cannot be read counts as nothing uploaded."""
    try:
        record = as_mapping(json.loads(content))
    except (ValueError, RecursionError):
        record = {}
    found = card_from_json(record.get("card"))
    return Manifest(
        run=run,
        complete=record.get("complete") is True and found is not None,
        every=max(0.0, as_finite(record.get("every")) or 0.0),
        card=found if found is not None and found.key == run else None,
        files=dict(_entries(record.get("files"))),
    )


def run_of(key: str) -> str:
    """The run whose manifest lies at a key, or "".

    >>> run_of(".orbifolio/runs/whirlpool/20261121-101500-4f2a.json")
    'whirlpool/20261121-101500-4f2a'
    """
    run = key.removeprefix(RUNS).removesuffix(".json")
    good = key == f"{RUNS}{run}.json" and run.count("/") == 1 and inner(run)
    return run if good else ""
