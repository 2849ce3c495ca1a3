"""The page of a recipe: (cards of its runs) -> all of them as pictures and as a table of what differs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orbifolio.reports.data.card import Card
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.parts.run_table import run_table
from orbifolio.reports.parts.sweep_shelf import sweep_shelf, sweeps_with_runs
from orbifolio.reports.parts.thumbnail_grid import ThumbnailGrid, thumbnail
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import format_count, format_date, format_integer

MAX_PICTURES = 120
"""Pictures on the page; a recipe with more runs has all of them in its table only."""


def recipe_page(gallery: Path, cards: Sequence[Card], sweeps: Sequence[SweepSnapshot] = ()) -> Page:
    """The page of a recipe.

    Args:
        gallery: the folder that holds all runs.
        cards: of its runs, newest first, at least one.
        sweeps: of the gallery, newest first; those in which its runs took part are shown.
    """
    newest = cards[0]
    place = Place(gallery / newest.type)
    table = run_table(cards, gallery, place)
    pictured = []
    for card in cards[:MAX_PICTURES]:
        facts = (card.size, f"seed {card.seed}" if card.seed else "")
        pictured.append(thumbnail(card, gallery, place, title=format_date(card.started), facts=facts, more=None))
    own = sweeps_with_runs(sweeps, [card.key for card in cards])
    shelf = sweep_shelf(own, gallery, place, title="In sweeps", limit=len(own))
    note = f"The newest {MAX_PICTURES}; the table lists all {format_integer(len(cards))}."
    return Page(
        path=place.folder / "index.html",
        kind="recipe",
        root=place.root(gallery),
        header=Header(newest.title, above=newest.theme, facts=(newest.type, format_count(len(cards), "run"))),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link(newest.type)),
        parts=(
            ThumbnailGrid("pictures", "Pictures", tuple(pictured), note if len(cards) > MAX_PICTURES else ""),
            table,
            *((shelf,) if shelf else ()),
        ),
        description=newest.title,
        refresh=REFRESH_SECONDS if any(card.running for card in cards) else None,
    )
