"""A run's manifest: run -> what a store holds of it, kept in the store itself.

    .orbifolio/runs/<type>/<id>.json    {"schema": 1, "complete": true, "card": {...}, "files": {path: {...}}}

A folder's name that is too long with more to it is cut with `/+/` in between, as no folder of a run can be called.

It is written before the first upload (so that it names every key that may appear as ours), now and then while
uploading (so that little is uploaded twice after an interruption) and at the end. An entry with an empty SHA-256 was
about to be uploaded. What is not in the manifest is never deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from orbifolio.reports.data.card import Card, card_from_json
from orbifolio.reports.data.values import as_finite, as_int, as_mapping, as_text, as_tuple, parse_json
from orbifolio.reports.publish.serving import STATE_FOLDER
from orbifolio.reports.publish.store import StoredObject, stays_inside

RUNS_PREFIX = f"{STATE_FOLDER}/runs/"
_JOINT = "/+/"
_MAX_BYTES, _LETTERS = 200, 40  # of the 255 bytes of a name; letters of a part, four bytes each at most


@dataclass(frozen=True)
class FileEntry:
    """One file as it was uploaded: digest and length of its content, and `str(ObjectHeaders)`."""

    sha256: str
    bytes: int
    headers: str

    def matches(self, stored: StoredObject) -> bool:
        """Whether an object is this file, as far as the store knows."""
        return stored.sha256 == self.sha256 and stored.headers in ("", self.headers)


@dataclass(frozen=True)
class Manifest:
    """What a store holds of a run.

    Attributes:
        run: `type/id`.
        complete: whether all its files and pages were uploaded when this was written.
        every: seconds between two publications during the run, 0 if there was only one.
        card: what the index pages show of the run; None until it is complete for the first time.
        files: by path below the run's folder.
    """

    run: str
    complete: bool = False
    every: float = 0.0
    card: Card | None = None
    files: Mapping[str, FileEntry] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The manifest's own key in the store."""
        type_, _, identity = self.run.partition("/")
        return f"{RUNS_PREFIX}{type_}/{_cut(identity)}.json"

    @property
    def digest(self) -> str:
        """Equal for manifests with equal files, card and interval, complete or not."""
        return hashlib.sha256(replace(self, complete=True).to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The text that the store keeps; equal for equal manifests."""
        files = {path: [entry.sha256, entry.bytes, entry.headers] for path, entry in sorted(self.files.items())}
        record = {
            "schema": 1,
            "run": self.run,
            "complete": self.complete,
            "every": self.every,
            "card": json.loads(self.card.to_json()) if self.card else None,
            "files": files,
        }
        return json.dumps(record, ensure_ascii=False, sort_keys=True, indent=0) + "\n"


def _entries(record: object) -> Iterator[tuple[str, FileEntry]]:
    for path, item in as_mapping(record).items():
        parts = as_tuple(item)
        if stays_inside(path) and len(parts) == 3:
            yield path, FileEntry(as_text(parts[0]), as_int(parts[1]) or 0, as_text(parts[2]))


def parse_manifest(run: str, content: bytes) -> Manifest:
    """A manifest from its text; what cannot be read counts as not uploaded."""
    record = parse_json(content)
    card = card_from_json(record.get("card"))
    return Manifest(
        run=run,
        complete=record.get("complete") is True and card is not None,
        every=max(0.0, as_finite(record.get("every")) or 0.0),
        card=card if card is not None and card.key == run else None,
        files=dict(_entries(record.get("files"))),
    )


def _cut(name: str) -> str:
    """A folder's name in parts that leave room for an ending, and for what a folder store adds while it writes.

    >>> _cut("20261121-101500-4f2a"), _cut("n" * 204).count("/+/")
    ('20261121-101500-4f2a', 5)
    """
    if len(name.encode(errors="replace")) <= _MAX_BYTES:
        return name
    return _JOINT.join(name[at : at + _LETTERS] for at in range(0, len(name), _LETTERS))


def run_of_key(key: str) -> str:
    """The run whose manifest has this key, or "".

    >>> run_of_key(".orbifolio/runs/whirlpool/20261121-101500-4f2a.json")
    'whirlpool/20261121-101500-4f2a'
    """
    run = key.removeprefix(RUNS_PREFIX).removesuffix(".json").replace(_JOINT, "")
    good = run.count("/") == 1 and stays_inside(run) and Manifest(run).key == key
    return run if good else ""
