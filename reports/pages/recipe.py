"""The page of a recipe: (cards of its runs) -> all of them as pictures and as a table of what differs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orbifolio.reports.data.card import Card
from orbifolio.reports.data.differences import naming_words, parameter_differences
from orbifolio.reports.data.gallery_facts import gallery_facts
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.parts.run_table import run_table
from orbifolio.reports.parts.sweep_shelf import sweep_shelf, sweeps_with_runs
from orbifolio.reports.parts.thumbnail_grid import ThumbnailGrid, thumbnail
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import format_count, format_date, format_duration, format_integer

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
    differences = parameter_differences([card.parameters for card in cards])
    for number, card in enumerate(cards[:MAX_PICTURES]):
        date = format_date(card.started)
        name = naming_words(differences, number)
        words = (date if name else "", card.size, format_duration(card.seconds) if card.seconds else "")
        pictured.append(thumbnail(card, gallery, place, title=name or date, facts=words, more=None))
    own = sweeps_with_runs(sweeps, [card.key for card in cards])
    shelf = sweep_shelf(own, gallery, place, title="In sweeps", limit=len(own))
    facts = (newest.type, newest.symmetry, format_count(len(cards), "run"))
    note = f"The newest {MAX_PICTURES}; the table lists all {format_integer(len(cards))}."
    return Page(
        path=place.folder / "index.html",
        kind="recipe",
        root=place.root(gallery),
        header=Header(newest.title, above=newest.theme, facts=tuple(fact for fact in facts if fact)),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link(newest.type)),
        parts=(
            ThumbnailGrid("pictures", "Pictures", tuple(pictured), note if len(cards) > MAX_PICTURES else ""),
            table,
            *((shelf,) if shelf else ()),
        ),
        description=newest.about or newest.title,
        facts=gallery_facts(gallery),
        image=next((made.picture.large for made in pictured if made.picture), ""),
        refresh=REFRESH_SECONDS if any(card.running for card in cards) else None,
    )
