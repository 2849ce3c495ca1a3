"""A store's catalogue: the cards of all runs that are published there, and all sweeps, whoever published them.

    .orbifolio/gallery.json    {"schema": 1, "conditions": "kept", "runs": {"type/id": {"card": ..., ...}},
                                "sweeps": {"name": {...}}}

The index pages are made from it alone. It repeats what the runs' manifests say, so that a gallery of a
thousand runs is known after two requests, and a run whose manifest it misses (an interrupted publisher, a
store that lost a write) is found again. It is changed by compare-and-swap only: read, merge, write if nobody
has written since, else begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from orbifolio.reports.data.card import Card, card_from_json
from orbifolio.reports.data.values import as_finite, as_mapping, as_text, as_texts, inner_path
from orbifolio.reports.publish import manifest, serving
from orbifolio.reports.publish.manifest import Manifest
from orbifolio.reports.publish.store import MISSING, Conflict, Missing, NoConditions, Store, inner
from orbifolio.reports.sweep.faces import SweepSnapshot, snapshots_from_cards
from orbifolio.reports.sweep.record import SweepRecord, sweep_from_record

KEY = f"{serving.STATE}/gallery.json"
_PROBE = f"{serving.STATE}/conditions.txt"
_ALONE = 3600.0  # seconds for which a run that was published only once while going on is believed to go on
SERVED = serving.served(KEY)


@dataclass(frozen=True)
class Shelved:
    """A run in the catalogue: its card, its pace, and which state of its manifest this was.

    Attributes:
        card: what the index pages know of it.
        every: seconds between two publications while it goes on.
        tag: of its manifest.
        digest: of its manifest's content.
    """

    card: Card
    every: float
    tag: str
    digest: str

    @classmethod
    def of(cls, found: Manifest, tag: str) -> Shelved:
        """The entry of a complete manifest."""
        assert found.card is not None
        return cls(found.card, found.every, tag, found.digest)

    def at(self, now: float) -> Card:
        """The card as of a moment: silence between two publications is nothing to worry about."""
        return self.card.at(now, slack=2 * self.every or _ALONE)


@dataclass(frozen=True)
class Catalogue:
    """What was read of a store.

    Attributes:
        conditions: `kept` or `ignored` by the store, or "" while that is not known.
        runs: by `type/id`.
        pages: keys of the pages above them.
        tag: of the catalogue as it was read.
        tags: of all the manifests there are, of incomplete ones too.
        sweeps: by name. Their pages show those of their runs that are here, and no others.
    """

    conditions: str = ""
    runs: Mapping[str, Shelved] = field(default_factory=dict)
    pages: tuple[str, ...] = ()
    tag: str | Missing = MISSING
    tags: Mapping[str, str] = field(default_factory=dict)
    sweeps: Mapping[str, SweepRecord] = field(default_factory=dict)

    def to_json(self) -> str:
        """As it is kept; the same text for the same catalogue."""
        runs = {
            run: {
                "card": json.loads(shelved.card.to_json()),
                "every": shelved.every,
                "tag": shelved.tag,
                "digest": shelved.digest,
            }
            for run, shelved in self.runs.items()
        }
        record = {"schema": 1, "conditions": self.conditions, "pages": self.pages, "runs": runs}
        if self.sweeps:
            record["sweeps"] = {name: sweep.to_record() for name, sweep in self.sweeps.items()}
        return json.dumps(record, ensure_ascii=False, sort_keys=True, indent=0) + "\n"

    def cards(self, now: float) -> list[Card]:
        """All cards as of a moment."""
        return [shelved.at(now) for shelved in self.runs.values()]

    def shown(self, now: float) -> list[SweepSnapshot]:
        """The sweeps of which a run is here, as of a moment, newest first."""
        return snapshots_from_cards(self.sweeps.values(), self.cards(now), now, slack=_ALONE)


def _runs(record: object) -> Iterator[tuple[str, Shelved]]:
    for run, item in as_mapping(record).items():
        entry = as_mapping(item)
        found = card_from_json(entry.get("card"))
        if found is not None and found.key == run:
            every = max(0.0, as_finite(entry.get("every")) or 0.0)
            yield run, Shelved(found, every, as_text(entry.get("tag")), as_text(entry.get("digest")))


def from_json(content: bytes) -> Catalogue:
    """A catalogue as it was kept; what cannot be read is found again from the manifests."""
    try:
        record = as_mapping(json.loads(content))
    except (ValueError, RecursionError):
        record = {}
    conditions = as_text(record.get("conditions"))
    pages = tuple(page for page in as_texts(record.get("pages")) if inner(page))
    sweeps = {
        name: sweep_from_record(name, entry)
        for name, entry in as_mapping(record.get("sweeps")).items()
        if inner_path(name) == name and "/" not in name and not name.startswith(".")
    }
    conditions = conditions if conditions in ("kept", "ignored") else ""
    return Catalogue(conditions, dict(_runs(record.get("runs"))), pages, sweeps=sweeps)


def read_manifest(store: Store, run: str) -> tuple[Manifest, str]:
    """A run's manifest and its tag; an empty one and "" where there is none."""
    found = store.get(Manifest(run).key)
    return (Manifest(run), "") if found is None else (manifest.from_json(run, found[0]), found[1])


def read(store: Store) -> Catalogue:
    """The catalogue, brought in line with the manifests that are really there.

    The manifests are listed after the catalogue was read: a run that it names had its manifest before.
    """
    kept = store.get(KEY)
    found, tag = (Catalogue(), MISSING) if kept is None else (from_json(kept[0]), kept[1])
    tags = {run: tag for key, tag in store.keys(manifest.RUNS) if (run := manifest.run_of(key))}
    runs = {run: shelved for run, shelved in found.runs.items() if run in tags}
    for run in sorted(set(tags) - set(runs)):
        lost, its_tag = read_manifest(store, run)
        if lost.complete:
            runs[run] = Shelved.of(lost, its_tag)
    return replace(found, runs=runs, tag=tag, tags=tags)


def write(store: Store, new: Catalogue, before: Catalogue) -> str:
    """Put a catalogue in the place of the one it was made from.

    Returns:
        The new tag.

    Raises:
        Conflict: somebody else has changed it since; read it again.
    """
    condition = before.tag if new.conditions != "ignored" else None
    return store.put(KEY, new.to_json().encode(), SERVED, condition=condition)


def keeps_conditions(store: Store) -> bool:
    """Try whether a store keeps the conditions of writes: some take them and write all the same."""
    if store.trusted:
        return True
    try:
        store.put(_PROBE, b"written on a condition\n", serving.served(_PROBE))
        for condition in (MISSING, f'"{"0" * 32}"'):
            try:
                store.put(_PROBE, b"written against a condition\n", serving.served(_PROBE), condition=condition)
            except Conflict:
                continue
            return False
    except NoConditions:
        return False
    return True
