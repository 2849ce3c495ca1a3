"""Sweeps on a shelf: (sweeps, newest first) -> cards with a few small pictures, for galleries and recipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orbifolio.reports.links import STATUSES, Link, Place, Status
from orbifolio.reports.media.img import PageImage, sample_evenly
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.thumbnail_grid import cover_image
from orbifolio.reports.sweep.arranging import sweep_axes
from orbifolio.reports.sweep.record import SWEEPS_FOLDER
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.wording import format_count, format_date


@dataclass(frozen=True)
class SweepCard:
    """A sweep on the shelf: a few of its pictures, small; `words` are what a search finds it by."""

    href: str
    title: str
    pictures: tuple[PageImage, ...]
    facts: tuple[str, ...]
    status: Status | None
    words: str = ""


@dataclass(frozen=True)
class SweepShelf(Part):
    """Sweeps, newest first; `more` leads to all of them."""

    template: ClassVar[str] = "parts/sweep_shelf.html"
    styles: ClassVar[tuple[str, ...]] = ("gallery.css", "sweep.css")
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "sweeps"
    title: str
    cards: tuple[SweepCard, ...]
    more: Link | None = None


MAX_SHOWN = 6
"""Sweeps on a gallery's own page; the page of sweeps has all."""


MAX_MOSAIC = 6
"""Pictures on the card of a sweep: two rows of three."""


def _pictures(snapshot: SweepSnapshot, gallery: Path, place: Place) -> tuple[PageImage, ...]:
    """A few pictures of the sweep, evenly spread over it."""
    previews = [snapshot.previews[run] for run in snapshot.sweep.runs if run in snapshot.previews]
    covered = [preview.card for preview in previews if preview.card.cover is not None]
    count = MAX_MOSAIC if len(covered) >= MAX_MOSAIC else 4  # five would leave a hole
    pictures = (cover_image(card, gallery, place, sizes="8rem") for card in sample_evenly(covered, count))
    return tuple(picture for picture in pictures if picture is not None)


def _card(snapshot: SweepSnapshot, gallery: Path, place: Place) -> SweepCard:
    sweep = snapshot.sweep
    axes = sweep_axes(sweep)
    facts = (
        format_count(len(sweep.members), "run"),
        " × ".join(axis.name for axis in axes),
        format_date(sweep.started) if sweep.started else "",
    )
    return SweepCard(
        href=place.to(gallery / SWEEPS_FOLDER / sweep.name / "index.html"),
        title=sweep.title,
        pictures=_pictures(snapshot, gallery, place),
        facts=tuple(fact for fact in facts if fact),
        status=None if sweep.status == "done" else STATUSES.get(sweep.status),
        words=" ".join((sweep.title, sweep.name, *(axis.name for axis in axes))).casefold(),
    )


def sweep_shelf(
    sweeps: Sequence[SweepSnapshot], gallery: Path, place: Place, *, title: str = "Sweeps", limit: int = MAX_SHOWN
) -> SweepShelf | None:
    """A shelf of sweeps, newest first, or None if there are none.

    Args:
        sweeps: all of them, newest first.
        gallery: the folder that holds all runs.
        place: the folder of the page that shows it.
        title: the heading over the shelf.
        limit: how many it shows; a link leads to the others.
    """
    if not sweeps:
        return None
    more = Link(f"All {len(sweeps)} sweeps", place.to(gallery / SWEEPS_FOLDER / "index.html"))
    cards = tuple(_card(snapshot, gallery, place) for snapshot in sweeps[:limit])
    return SweepShelf(title, cards, more if len(sweeps) > limit else None)


def sweeps_with_runs(sweeps: Sequence[SweepSnapshot], runs: Sequence[str]) -> list[SweepSnapshot]:
    """The sweeps in which any of these runs took part."""
    wanted = set(runs)
    return [snapshot for snapshot in sweeps if wanted & set(snapshot.sweep.runs)]
