"""Pictures of runs in rows of equal height: (cards) -> thumbnails with what a script chooses and sorts them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from orbifolio.reports.data.caption import caption
from orbifolio.reports.data.card import Card
from orbifolio.reports.links import STATUSES, Link, Place, Status
from orbifolio.reports.media.img import PageImage, page_image
from orbifolio.reports.media.thumbnails import PreparedImage
from orbifolio.reports.parts.base import Part
from orbifolio.reports.wording import format_iso


@dataclass(frozen=True)
class Thumbnail:
    """A picture of a run in the grid.

    Attributes:
        ratio: width / height, kept within what a row can show.
        data: (name, value) of the attributes `data-<name>`, by which a script chooses and sorts.
        id: to lead to it from elsewhere on the page, or "".
    """

    href: str
    picture: PageImage | None
    ratio: str
    title: str
    facts: tuple[str, ...]
    status: Status | None
    more: Link | None
    data: tuple[tuple[str, str], ...] = ()
    id: str = ""


@dataclass(frozen=True)
class ThumbnailGrid(Part):
    """Pictures in rows of equal height.

    Attributes:
        bare: whether its heading is for those alone who do not see the page.
    """

    template: ClassVar[str] = "parts/thumbnail_grid.html"
    listed: ClassVar[bool] = True
    styles: ClassVar[tuple[str, ...]] = ("gallery.css",)
    scripts: ClassVar[tuple[str, ...]] = ("notes.js",)
    id: str
    title: str
    cards: tuple[Thumbnail, ...]
    note: str = ""
    bare: bool = False


_MIN_RATIO, _MAX_RATIO = 0.7, 1.9  # beyond these, a picture is cropped


_SEARCHED_LETTERS = 300  # of a recipe's first words; a card from elsewhere may hold more than ours do


DURATIONS = (
    ("minute", "under a minute", 60.0),
    ("ten", "1 to 10 minutes", 600.0),
    ("hour", "10 minutes to an hour", 3600.0),
)


LONGER = ("longer", "over an hour")


def duration_class(card: Card) -> str:
    """Which of the menu's durations a run has, or ""."""
    if card.seconds is None:
        return ""
    return next((name for name, _, limit in DURATIONS if card.seconds < limit), LONGER[0])


def month(card: Card) -> str:
    """The month in which a run began, `2026-11`, or ""."""
    return format_iso(card.started)[:7]


def _data(card: Card) -> tuple[tuple[str, str], ...]:
    """The attributes by which a script filters and sorts."""
    words = " ".join(
        (card.title, card.type, card.theme, *card.tags, *caption(card), card.group, card.about[:_SEARCHED_LETTERS])
    )
    return (
        ("theme", card.section),
        ("group", card.group),
        ("status", card.status),
        ("month", month(card)),
        ("length", duration_class(card)),
        ("seed", card.seed),
        ("style", "\n".join(card.styles)),
        ("tag", "\n".join(card.tags)),
        ("started", f"{card.started or 0:.0f}"),
        ("seconds", f"{card.seconds or 0:.1f}"),
        ("words", f"{words} {card.id} seed {card.seed}".casefold()),
    )


def cover_image(card: Card, gallery: Path, place: Place, *, sizes: str) -> PageImage | None:
    """A run's cover as an `<img>`."""
    cover = card.cover
    if cover is None:
        return None
    folder = gallery / card.key
    versions = tuple((folder / path, width) for path, width in cover.versions)
    source = PreparedImage(folder / cover.path, cover.width, cover.height, versions)
    # the title below already names the link, so the alt text stays empty
    return page_image(place, source, alt="", sizes=sizes)


def _badge(card: Card, newer: Card | None) -> Status | None:
    """What is not as it should be: with the run that is shown, else with a newer one."""
    if card.status != "done":
        return STATUSES.get(card.status)
    status = None if newer is None or newer.status == "done" else STATUSES.get(newer.status)
    return None if status is None else replace(status, label=f"Newer run: {status.label.lower()}")


def thumbnail(
    card: Card,
    gallery: Path,
    place: Place,
    *,
    title: str,
    facts: Sequence[str],
    more: Link | None,
    filtered: bool = False,
    newer: Card | None = None,
    anchor: str = "",
) -> Thumbnail:
    """The thumbnail of a run.

    Args:
        gallery: the folder that holds all runs.
        place: the folder of the page that shows it.
        facts: after it; empty ones are left out. Why a report could not be made comes last.
        more: a link after them.
        filtered: whether a script filters the pictures, and needs their data.
        newer: a run of the same recipe that is not finished, told by a badge.
        anchor: its id on the page, or "".
    """
    ratio = card.cover.ratio if card.cover else 1.0
    shown_ratio = min(_MAX_RATIO, max(_MIN_RATIO, ratio))
    wide = f"{19 * shown_ratio:.0f}rem"  # a row is about so high, and what it lacks is shared out
    return Thumbnail(
        href=place.to(gallery / card.key / "index.html"),
        picture=cover_image(card, gallery, place, sizes=f"(max-width: 30rem) 60vw, (max-width: 75rem) 40vw, {wide}"),
        ratio=f"{shown_ratio:.4f}",
        title=title,
        facts=tuple(fact for fact in (*facts, card.problem) if fact),
        status=_badge(card, newer),
        more=more,
        data=_data(card) if filtered else (),
        id=anchor,
    )
