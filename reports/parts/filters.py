"""Ways to choose among the pictures of a gallery: links to its themes, a search, menus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.caption import group_words
from orbifolio.reports.data.card import Card
from orbifolio.reports.links import status_label
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.thumbnail_grid import DURATIONS, LONGER, duration_class, month
from orbifolio.reports.wording import MONTHS


@dataclass(frozen=True)
class MenuChoice:
    """One value of a menu, its label, and how many runs have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class FilterMenu:
    """A menu over one property of the pictures; `every` is its text while nothing is selected."""

    name: str
    label: str
    every: str
    choices: tuple[MenuChoice, ...]


@dataclass(frozen=True)
class ThemeSection:
    """A theme: where its pictures are on the page, and how many there are."""

    value: str
    label: str
    href: str
    count: int


@dataclass(frozen=True)
class Filters(Part):
    """Above the pictures: links to each theme and, with JavaScript, search, menus and order."""

    template: ClassVar[str] = "parts/filters.html"
    styles: ClassVar[tuple[str, ...]] = ("gallery.css",)
    scripts: ClassVar[tuple[str, ...]] = ("notes.js", "gallery.js")
    noun: str
    total: int
    sections: tuple[ThemeSection, ...]
    choosers: tuple[FilterMenu, ...]
    compare: str
    blind: str
    sweeps: str
    searched: bool


_MAX_SEEDS = 30  # a longer menu does not help; the search finds them


def _group_label(group: str) -> str:
    words = group_words(group)
    return group if words in ("", group) else f"{group}: {words}"


def _month_words(value: str) -> str:
    year, _, month = value.partition("-")
    return f"{MONTHS[int(month) - 1]} {year}"


def _menu(
    name: str,
    label: str,
    every: str,
    candidates: Iterable[str],
    *,
    spell: Callable[[str], str] = str,
    order: Callable[[str], object] = str.casefold,
    reverse: bool = False,
) -> FilterMenu | None:
    """A menu, or None if there is nothing to choose."""
    counts = Counter(value for value in candidates if value)
    if len(counts) < 2:
        return None
    values = sorted(sorted(counts), key=order, reverse=reverse)  # type: ignore[arg-type]
    choices = tuple(MenuChoice(value, spell(value), counts[value]) for value in values)
    return FilterMenu(name, label, every, choices)


def filter_menus(cards: Sequence[Card]) -> tuple[FilterMenu, ...]:
    """The menus by which these runs can be filtered."""
    lengths = {name: words for name, words, _ in DURATIONS} | dict((LONGER,))
    seeds = {card.seed for card in cards}
    menus = (
        _menu("group", "Symmetry group", "Any group", (card.group for card in cards), spell=_group_label),
        _menu("style", "Picture that went in", "Any picture", (name for card in cards for name in card.styles)),
        _menu("tag", "Tag", "Any tag", (name for card in cards for name in card.tags)),
        _menu(
            "status",
            "Status",
            "Any status",
            (card.status for card in cards),
            spell=status_label,
        ),
        _menu("month", "Date", "Any date", (month(card) for card in cards), spell=_month_words, reverse=True),
        _menu(
            "length",
            "Duration",
            "Any duration",
            (duration_class(card) for card in cards),
            spell=lambda value: lengths[value],
            order=list(lengths).index,
        ),
        _menu(
            "seed",
            "Seed",
            "Any seed",
            (card.seed for card in cards) if len(seeds) <= _MAX_SEEDS else (),
            spell=lambda value: f"seed {value}",
            order=lambda value: (len(value), value),
        ),
    )
    return tuple(each for each in menus if each is not None)
