"""Sweeps on a shelf: (what is shown of each) -> cards with a few small pictures, for galleries and recipes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orbifolio.reports import parts, wording
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.pages import thumbnail_grid
from orbifolio.reports.pages.run import REFRESH
from orbifolio.reports.sweep import arranging
from orbifolio.reports.sweep.faces import Shown
from orbifolio.reports.sweep.record import FOLDER
from orbifolio.reports.tree import Page

FEW = 6
"""Sweeps on a gallery's own page; the page of sweeps has all."""

PICTURES = 6


def _pictures(shown: Shown, gallery: Path, place: Place) -> tuple[parts.Picture, ...]:
    """A few pictures of the sweep, evenly spread over it."""
    faces = [shown.faces[run] for run in shown.sweep.runs if run in shown.faces]
    seen = [face.card for face in faces if face.card.cover is not None]
    most = PICTURES if len(seen) >= PICTURES else min(4, len(seen))  # as many as leave no hole
    if len(seen) > most:
        seen = [seen[round(at * (len(seen) - 1) / (most - 1))] for at in range(most)]
    found = (thumbnail_grid.picture(card, gallery, place, sizes="8rem") for card in seen)
    return tuple(picture for picture in found if picture is not None)


def _card(shown: Shown, gallery: Path, place: Place) -> parts.SweepCard:
    sweep = shown.sweep
    axes = arranging.axes(sweep)
    facts = (
        wording.count(len(sweep.members), "run"),
        " × ".join(axis.name for axis in axes),
        wording.date(sweep.started) if sweep.started else "",
    )
    return parts.SweepCard(
        href=place.to(gallery / FOLDER / sweep.name / "index.html"),
        title=sweep.title,
        pictures=_pictures(shown, gallery, place),
        facts=tuple(fact for fact in facts if fact),
        status=None if sweep.status == "done" else STATUSES.get(sweep.status),
    )


def shelf(
    sweeps: Sequence[Shown], gallery: Path, place: Place, *, title: str = "Sweeps", most: int = FEW
) -> parts.SweepShelf | None:
    """A shelf of sweeps, newest first, or None if there are none.

    Args:
        sweeps: all of them, newest first.
        gallery: the folder that holds all runs.
        place: the page's folder.
        title: its heading.
        most: how many stand on it; a link leads to the others.
    """
    if not sweeps:
        return None
    more = Link(f"All {len(sweeps)} sweeps", place.to(gallery / FOLDER / "index.html"))
    cards = tuple(_card(shown, gallery, place) for shown in sweeps[:most])
    return parts.SweepShelf(title, cards, more if len(sweeps) > most else None)


def of_runs(sweeps: Sequence[Shown], runs: Sequence[str]) -> list[Shown]:
    """The sweeps in which any of these runs took part."""
    wanted = set(runs)
    return [shown for shown in sweeps if wanted & set(shown.sweep.runs)]


def sweeps_page(gallery: Path, sweeps: Sequence[Shown]) -> Page:
    """The page of all sweeps.

    Args:
        gallery: the folder that holds all runs.
        sweeps: newest first, at least one.
    """
    place = Place(gallery / FOLDER)
    hung = shelf(sweeps, gallery, place, title="All sweeps", most=len(sweeps))
    return Page(
        path=place.folder / "index.html",
        kind="sweeps",
        root=place.root(gallery),
        header=Header("Sweeps", facts=(wording.count(len(sweeps), "sweep"),)),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link("Sweeps")),
        parts=(hung,) if hung else (),
        description="Runs of one recipe, or of a folder of them, side by side.",
        refresh=REFRESH if any(shown.sweep.running for shown in sweeps) else None,
    )
