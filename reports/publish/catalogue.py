"""A store's catalogue: the cards of all runs that are published there, and all sweeps, from every publisher.

    .orbifolio/gallery.json    {"schema": 1, "conditions": "kept", "runs": {"type/id": {"card": ..., ...}},
                                "sweeps": {"name": {...}}}

The index pages are made from it alone. It repeats what the runs' manifests say, so that two requests fetch everything
about a gallery of a thousand runs; a run that it lacks (after an interrupted publisher, or a store that lost a write)
is restored from its manifest. It is changed by compare-and-swap only: read, merge, write if nobody else has written
since, otherwise start again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from orbifolio.reports.data.card import Card, card_from_json
from orbifolio.reports.data.values import as_finite, as_mapping, as_text, as_texts, folder_name, parse_json
from orbifolio.reports.publish.manifest import RUNS_PREFIX, Manifest, parse_manifest, run_of_key
from orbifolio.reports.publish.serving import STATE_FOLDER, headers_for
from orbifolio.reports.publish.store import (
    MISSING,
    ConditionsUnsupported,
    Missing,
    PreconditionFailed,
    Store,
    stays_inside,
)
from orbifolio.reports.sweep.record import RecordedSweep, sweep_from_record
from orbifolio.reports.sweep.run_preview import SweepSnapshot, snapshots_from_cards

CATALOGUE_KEY = f"{STATE_FOLDER}/gallery.json"
_PROBE = f"{STATE_FOLDER}/conditions.txt"
_SINGLE_SLACK = 3600.0
"""Seconds for which a run that was published once, in the middle, counts as running. Nobody knows when it is published
again: with more a dead run looks alive, with less a slow one looks dead."""
_HEADERS = headers_for(CATALOGUE_KEY)


@dataclass(frozen=True)
class CatalogueEntry:
    """A run in the catalogue.

    Attributes:
        card: what the index pages show of it.
        every: seconds between two publications while it is running, 0 if there was only one.
        tag: of its manifest when this was written.
        digest: of its manifest, as `Manifest.digest`.
    """

    card: Card
    every: float
    tag: str
    digest: str

    @classmethod
    def of(cls, manifest: Manifest, tag: str) -> CatalogueEntry:
        """The entry of a complete manifest."""
        assert manifest.card is not None
        return cls(manifest.card, manifest.every, tag, manifest.digest)

    def at(self, now: float) -> Card:
        """The card as of a moment; a run is silent between two publications without having stopped."""
        return self.card.at(now, slack=2 * self.every or _SINGLE_SLACK)


@dataclass(frozen=True)
class GalleryCatalogue:
    """What a store holds.

    Attributes:
        conditions: whether conditional writes are `kept` or `ignored` by the store, "" while that is not known.
        runs: by `type/id`.
        pages: keys of the pages above the runs.
        tag: of the catalogue itself as it was read.
        tags: of all manifests, incomplete ones too, by `type/id`.
        sweeps: by name; their pages show only those of their runs that are in the store.
    """

    conditions: str = ""
    runs: Mapping[str, CatalogueEntry] = field(default_factory=dict)
    pages: tuple[str, ...] = ()
    tag: str | Missing = MISSING
    tags: Mapping[str, str] = field(default_factory=dict)
    sweeps: Mapping[str, RecordedSweep] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text that the store keeps; equal for equal catalogues."""
        runs = {
            run: {
                "card": json.loads(entry.card.to_json()),
                "every": entry.every,
                "tag": entry.tag,
                "digest": entry.digest,
            }
            for run, entry in self.runs.items()
        }
        record = {"schema": 1, "conditions": self.conditions, "pages": self.pages, "runs": runs}
        if self.sweeps:
            record["sweeps"] = {name: sweep.to_record() for name, sweep in self.sweeps.items()}
        return json.dumps(record, ensure_ascii=False, sort_keys=True, indent=0) + "\n"

    def cards(self, now: float) -> list[Card]:
        """All cards as of a moment."""
        return [entry.at(now) for entry in self.runs.values()]

    def shown(self, now: float) -> list[SweepSnapshot]:
        """Previews of the sweeps that have a run in the store, as of a moment, newest first."""
        return snapshots_from_cards(self.sweeps.values(), self.cards(now), now, slack=_SINGLE_SLACK)


def _runs(record: object) -> Iterator[tuple[str, CatalogueEntry]]:
    for run, item in as_mapping(record).items():
        entry = as_mapping(item)
        card = card_from_json(entry.get("card"))
        if card is not None and card.key == run:
            every = max(0.0, as_finite(entry.get("every")) or 0.0)
            yield run, CatalogueEntry(card, every, as_text(entry.get("tag")), as_text(entry.get("digest")))


def parse_catalogue(content: bytes) -> GalleryCatalogue:
    """A catalogue from its text; what cannot be read is restored from the manifests."""
    record = parse_json(content)
    pages = tuple(page for page in as_texts(record.get("pages")) if stays_inside(page))
    sweeps = {
        name: sweep_from_record(name, entry)
        for name, entry in as_mapping(record.get("sweeps")).items()
        if folder_name(name)
    }
    conditions = as_text(record.get("conditions"))
    return GalleryCatalogue(
        conditions if conditions in ("kept", "ignored") else "", dict(_runs(record.get("runs"))), pages, sweeps=sweeps
    )


def read_manifest(store: Store, run: str) -> tuple[Manifest, str]:
    """A run's manifest and its tag; an empty one and "" where there is none."""
    stored = store.get(Manifest(run).key)
    return (Manifest(run), "") if stored is None else (parse_manifest(run, stored[0]), stored[1])


def read_catalogue(store: Store) -> GalleryCatalogue:
    """The catalogue, brought in line with the manifests that are really there.

    The manifests are listed after the catalogue is read: every run that it names had its manifest before.
    """
    stored = store.get(CATALOGUE_KEY)
    catalogue, tag = (GalleryCatalogue(), MISSING) if stored is None else (parse_catalogue(stored[0]), stored[1])
    tags = {run: tag for key, tag in store.keys(RUNS_PREFIX) if (run := run_of_key(key))}
    runs = {run: entry for run, entry in catalogue.runs.items() if run in tags}
    for run in sorted(set(tags) - set(runs)):
        manifest, its_tag = read_manifest(store, run)
        if manifest.complete:
            runs[run] = CatalogueEntry.of(manifest, its_tag)
    return replace(catalogue, runs=runs, tag=tag, tags=tags)


def write_catalogue(store: Store, new: GalleryCatalogue, before: GalleryCatalogue) -> str:
    """Replace the catalogue that a new one was made from.

    Returns:
        The new tag.

    Raises:
        PreconditionFailed: another publisher has replaced it since; read it again.
    """
    condition = before.tag if new.conditions != "ignored" else None
    return store.put(CATALOGUE_KEY, new.to_json().encode(), _HEADERS, condition=condition)


def keeps_conditions(store: Store) -> bool:
    """Try whether a store honours conditional writes: some accept the condition and write all the same."""
    if store.trusted:
        return True
    try:
        store.put(_PROBE, b"written on a condition\n", headers_for(_PROBE))
        for condition in (MISSING, f'"{"0" * 32}"'):
            try:
                store.put(_PROBE, b"written against a condition\n", headers_for(_PROBE), condition=condition)
            except PreconditionFailed:
                continue
            return False
    except ConditionsUnsupported:
        return False
    return True
