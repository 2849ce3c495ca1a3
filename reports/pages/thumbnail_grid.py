"""Walls of pictures: (cards of runs) -> finished wall parts, and the choices among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from orbifolio.reports.data.card import Card
from orbifolio.reports.links import STATUSES, Link, Place
from orbifolio.reports.media.img import page_image
from orbifolio.reports.media.thumbnails import PreparedImage
from orbifolio.reports.parts.base import PageImage
from orbifolio.reports.parts.gallery import FilterMenu, MenuChoice, Thumbnail
from orbifolio.reports.wording import MONTHS, format_iso, format_pixels

THEMES = ("plane", "sphere", "hyperbolic", "zoom", "style", "dream", "painting", "gas", "survey")
"""The order of the gallery's sections; other themes follow by name."""

_NARROWEST, _WIDEST = 0.7, 1.9  # beyond these, a picture on the wall is cropped
_MOST_SEEDS = 30  # of more, a menu is no help; the search finds them
_MOST_WORDS = 300  # letters of a recipe's first words that the search looks through
_DURATIONS = (
    ("minute", "under a minute", 60.0),
    ("ten", "1 to 10 minutes", 600.0),
    ("hour", "10 minutes to an hour", 3600.0),
)
_LONGER = ("longer", "over an hour")


def theme_order(theme: str) -> tuple[int, str]:
    """Where a theme stands among the others."""
    return (THEMES.index(theme) if theme in THEMES else len(THEMES), theme)


def theme_of(card: Card) -> str:
    """A run's theme; every run has one."""
    return card.theme or "other"


def title_from_name(name: str) -> str:
    """A name from a folder as a heading.

    >>> title_from_name("deep-dream")
    'Deep dream'
    """
    return name.replace("-", " ").capitalize()


def card_size(card: Card) -> str:
    """The picture's size in words, or ""."""
    return format_pixels(card.width, card.height) if card.width and card.height else ""


def duration_class(card: Card) -> str:
    """Which of the menu's durations a run has, or ""."""
    if card.seconds is None:
        return ""
    return next((name for name, _, most in _DURATIONS if card.seconds < most), _LONGER[0])


def _month(card: Card) -> str:
    return format_iso(card.started)[:7]


def _data(card: Card) -> tuple[tuple[str, str], ...]:
    """What a script chooses and sorts by."""
    words = " ".join((card.title, card.type, card.theme, card.group, *card.styles, card.about[:_MOST_WORDS]))
    return (
        ("theme", theme_of(card)),
        ("group", card.group),
        ("status", card.status),
        ("month", _month(card)),
        ("length", duration_class(card)),
        ("seed", card.seed),
        ("style", "\n".join(card.styles)),
        ("started", f"{card.started or 0:.0f}"),
        ("seconds", f"{card.seconds or 0:.1f}"),
        ("words", f"{words} {card.id} seed {card.seed}".casefold()),
    )


def cover_image(card: Card, gallery: Path, place: Place, *, sizes: str) -> PageImage | None:
    """A run's cover as it stands on a page."""
    cover = card.cover
    if cover is None:
        return None
    folder = gallery / card.key
    versions = tuple((folder / path, width) for path, width in cover.versions)
    source = PreparedImage(folder / cover.path, cover.width, cover.height, versions)
    # its link is named by the title under it: saying it twice helps nobody
    return page_image(place, source, alt="", sizes=sizes)


def thumbnail(
    card: Card, gallery: Path, place: Place, *, title: str, facts: Sequence[str], more: Link | None, told: bool = False
) -> Thumbnail:
    """A run on the wall.

    Args:
        card: the run's.
        gallery: the folder that holds all runs.
        place: the page's folder.
        title: under the picture.
        facts: after it; empty ones are left out.
        more: a link after them.
        told: whether a script is to choose among the pictures.
    """
    ratio = card.cover.ratio if card.cover else 1.0
    kept = min(_WIDEST, max(_NARROWEST, ratio))
    wide = f"{19 * kept:.0f}rem"  # a row is about so high, and what it lacks is shared out
    return Thumbnail(
        href=place.to(gallery / card.key / "index.html"),
        picture=cover_image(card, gallery, place, sizes=f"(max-width: 30rem) 60vw, (max-width: 75rem) 40vw, {wide}"),
        ratio=f"{kept:.4f}",
        title=title,
        facts=tuple(fact for fact in facts if fact),
        status=None if card.status == "done" else STATUSES.get(card.status),
        more=more,
        data=_data(card) if told else (),
    )


def _months(value: str) -> str:
    year, _, month = value.partition("-")
    return f"{MONTHS[int(month) - 1]} {year}"


def _chooser(
    name: str,
    label: str,
    every: str,
    found: Iterable[str],
    *,
    spell: Callable[[str], str] = str,
    order: Callable[[str], object] = str.casefold,
    reverse: bool = False,
) -> FilterMenu | None:
    """A menu, or None if there is nothing to choose."""
    counts = Counter(value for value in found if value)
    if len(counts) < 2:
        return None
    values = sorted(sorted(counts), key=order, reverse=reverse)  # type: ignore[arg-type]
    choices = tuple(MenuChoice(value, spell(value), counts[value]) for value in values)
    return FilterMenu(name, label, every, choices)


def filter_menus(cards: Sequence[Card]) -> tuple[FilterMenu, ...]:
    """The menus that help to choose among these runs."""
    lengths = {name: words for name, words, _ in _DURATIONS} | dict((_LONGER,))
    seeds = {card.seed for card in cards}
    found = (
        _chooser("group", "Symmetry group", "Any group", (card.group for card in cards)),
        _chooser("style", "Style picture", "Any style", (name for card in cards for name in card.styles)),
        _chooser(
            "status",
            "Status",
            "Any status",
            (card.status for card in cards),
            spell=lambda value: STATUSES[value].label if value in STATUSES else value,
        ),
        _chooser("month", "Date", "Any date", (_month(card) for card in cards), spell=_months, reverse=True),
        _chooser(
            "length",
            "Duration",
            "Any duration",
            (duration_class(card) for card in cards),
            spell=lambda value: lengths[value],
            order=list(lengths).index,
        ),
        _chooser(
            "seed",
            "Seed",
            "Any seed",
            (card.seed for card in cards) if len(seeds) <= _MOST_SEEDS else (),
            spell=lambda value: f"seed {value}",
            order=lambda value: (len(value), value),
        ),
    )
    return tuple(each for each in found if each is not None)
