"""The page of a run whose report cannot be made: (its card) -> a page that says why, and what to do."""

from __future__ import annotations

from pathlib import Path

from orbifolio.reports.data.card import Card
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.parts.notice import Notice
from orbifolio.reports.tree import Page


def stub_page(card: Card, gallery: Path) -> Page:
    """The page in place of a run's report.

    Args:
        card: of the run, which says what the problem is.
        gallery: the folder that holds all runs.
    """
    place = Place(gallery / card.key)
    lines = (
        f"What stopped it: {card.problem}.",
        "The run's files are as they were. Correct or remove what is wrong with them, then make the reports again:",
    )
    return Page(
        path=place.folder / "index.html",
        kind="run",
        root=place.root(gallery),
        header=Header(card.title, status=STATUSES[card.status]),
        crumbs=(
            Link("Gallery", place.to(gallery / "index.html")),
            Link(card.type, place.to(place.folder.parent / "index.html")),
            Link(card.id),
        ),
        parts=(Notice("bad", "The report of this run could not be made", lines, "orbifolio gallery"),),
        description=f"{card.title}: its report could not be made",
    )
