"""The pages above the runs: (cards, sweeps) -> the gallery's page, and those of recipes and sweeps that it leads to.

No file of a run is opened, so the runs may lie elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from orbifolio.reports.data.caption import caption
from orbifolio.reports.data.card import Card, theme_order
from orbifolio.reports.data.gallery_facts import gallery_facts
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.pages.blind import blind_page
from orbifolio.reports.pages.compare import compare_page
from orbifolio.reports.pages.recipe import recipe_page
from orbifolio.reports.pages.sweep import sweep_page, sweeps_page
from orbifolio.reports.parts.base import Empty, Part
from orbifolio.reports.parts.blind import blind_address
from orbifolio.reports.parts.compare import compare_address
from orbifolio.reports.parts.filters import Filters, ThemeSection, filter_menus
from orbifolio.reports.parts.introduction import Introduction
from orbifolio.reports.parts.sweep_shelf import SweepShelf, sweep_shelf
from orbifolio.reports.parts.thumbnail_grid import Thumbnail, ThumbnailGrid, thumbnail
from orbifolio.reports.prose import markdown_to_html, markdown_to_text
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import format_count, title_from_name

MIN_SEARCHABLE = 4
"""With fewer recipes there are no search and no menus, as all are seen at a glance."""


def _newest_first(cards: Iterable[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: (card.started or 0.0, card.id), reverse=True)


def cards_by_type(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """Cards of each recipe, newest first."""
    recipes: dict[str, list[Card]] = {}
    for card in cards:
        recipes.setdefault(card.type, []).append(card)
    return {name: _newest_first(members) for name, members in sorted(recipes.items())}


def shown_run(members: Sequence[Card]) -> Card:
    """The run that stands for a recipe: the newest finished one with a picture, else the newest.

    Args:
        members: runs of one recipe, newest first, at least one.
    """
    return next((card for card in members if card.presentable), members[0])


def gallery_page(gallery: Path, recipes: Mapping[str, Sequence[Card]], sweeps: Sequence[SweepSnapshot] = ()) -> Page:
    """The gallery's page.

    Args:
        gallery: the folder that holds all runs.
        recipes: cards of each type, newest first, none empty.
        sweeps: all of them, newest first.
    """
    place, facts = Place(gallery), gallery_facts(gallery)
    themes: dict[str, list[Sequence[Card]]] = {}
    for members in recipes.values():
        themes.setdefault(members[0].section, []).append(members)
    hung: list[Thumbnail] = []
    sections = []
    for number, theme in enumerate(sorted(themes, key=theme_order), 1):
        ordered = sorted(themes[theme], key=lambda members: (members[0].title.casefold(), members[0].type))
        for place_in_theme, members in enumerate(ordered):
            shown = shown_run(members)
            label = "1 run" if len(members) == 1 else f"All {len(members)} runs"
            hung.append(
                thumbnail(
                    shown,
                    gallery,
                    place,
                    title=shown.title,
                    facts=caption(shown),
                    more=Link(label, place.to(gallery / shown.type / "index.html")),
                    filtered=True,
                    newer=members[0] if members[0] is not shown else None,
                    anchor="" if place_in_theme else f"theme-{number}",
                )
            )
        sections.append(ThemeSection(theme, title_from_name(theme), f"#theme-{number}", len(ordered)))
    placed: list[Part] = [ThumbnailGrid("pictures", "Pictures", tuple(hung), bare=True)] if hung else []
    runs = sum(len(members) for members in recipes.values())
    newest_runs = [members[0] for members in recipes.values()]
    if len(recipes) > 1 or runs > 1:
        filters = Filters(
            noun="recipe",
            total=len(recipes),
            sections=tuple(sections) if len(sections) > 1 else (),
            choosers=filter_menus(newest_runs) if len(recipes) >= MIN_SEARCHABLE else (),
            compare=compare_address(place, gallery),
            blind=blind_address(place, gallery),
            sweeps=f"#{SweepShelf.id}" if sweeps else "",
            searched=len(recipes) >= MIN_SEARCHABLE,
        )
        placed.insert(0, filters)
    if (shelf := sweep_shelf(sweeps, gallery, place)) is not None:
        placed.append(shelf)
    if not recipes and not sweeps:
        placed.append(
            Empty(
                "No runs yet. The first one appears here as soon as it starts.",
                "orbifolio run recipes/plane/rainbow-hexagon.yaml",
            )
        )
    if facts.introduction:
        placed.insert(0, Introduction(markdown_to_html(facts.introduction)))
    counts = [format_count(len(recipes), "recipe"), format_count(runs, "run")]
    counts += [format_count(len(sweeps), "sweep")] if sweeps else []
    return Page(
        path=gallery / "index.html",
        kind="gallery",
        root="./",
        header=Header(facts.title or "Gallery", facts=(*((f"by {facts.author}",) if facts.author else ()), *counts)),
        crumbs=(Link("Gallery"),),
        parts=tuple(placed),
        description=markdown_to_text(facts.introduction) or "Pictures found by optimisation.",
        facts=facts,
        image=hung[0].picture.large if hung and hung[0].picture else "",
        refresh=REFRESH_SECONDS
        if any(card.running for card in newest_runs) or any(snapshot.sweep.running for snapshot in sweeps)
        else None,
    )


def pages_above(gallery: Path, cards: Iterable[Card], sweeps: Sequence[SweepSnapshot] = ()) -> tuple[Page, ...]:
    """The pages above these runs, the gallery's own last, so that its links lead somewhere.

    Args:
        gallery: the folder that holds all runs, or would.
        cards: of all runs, in any order.
        sweeps: all of them, newest first.
    """
    recipes = cards_by_type(cards)
    of_recipes = (recipe_page(gallery, members, sweeps) for members in recipes.values())
    of_sweeps = [sweep_page(snapshot, gallery) for snapshot in sweeps]
    if sweeps:
        of_sweeps.append(sweeps_page(gallery, sweeps))
    beside = (compare_page(gallery, recipes), blind_page(gallery))
    return (*of_sweeps, *of_recipes, *beside, gallery_page(gallery, recipes, sweeps))
