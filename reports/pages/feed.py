"""The gallery's feed: (cards) -> the newest finished pictures as Atom 1.0 (RFC 4287).

It depends on the cards alone, without a clock, so that a rebuild gives the same bytes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orbifolio.reports.data.card import Card
from orbifolio.reports.links import Place
from orbifolio.reports.wording import format_iso, format_pixels

FEED_NAME = "feed.xml"
MAX_ENTRIES = 50
"""Entries of the feed, which readers fetch whole every time."""

_IMAGE_WIDTH = 640  # pixels: a feed reader's column is about as wide
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class FeedEntry:
    """A finished run: `href` and `src` are relative to the feed, or to its base address."""

    id: str
    title: str
    href: str
    updated: str
    published: str
    theme: str
    about: str
    facts: str
    src: str
    width: int
    height: int


@dataclass(frozen=True)
class Feed:
    """A finished feed; `base` is the gallery's address, or "" if it is unknown."""

    id: str
    updated: str
    base: str
    entries: tuple[FeedEntry, ...]


def _text(words: str) -> str:
    """Words without the characters that XML cannot represent."""
    return _NOT_XML.sub("", words)


def _urn(*words: object) -> str:
    """An identity that lasts: the same for the same words, wherever the gallery is."""
    name = ":".join(("orbifolio", *map(str, words)))
    return uuid.uuid5(uuid.NAMESPACE_URL, name.encode(errors="replace").decode()).urn  # a folder's need not be UTF-8


def _ended(card: Card) -> float:
    return card.finished or card.last or card.started or 0.0


def _entry(card: Card, place: Place) -> FeedEntry:
    folder = place.folder / card.key
    cover = card.cover
    src, width, height = "", 0, 0
    if cover is not None:
        path, width = next((copy for copy in cover.versions if copy[1] >= _IMAGE_WIDTH), cover.versions[-1])
        src, height = place.to(folder / path), max(1, round(width / cover.ratio))
    facts = (
        card.group,
        format_pixels(card.width, card.height) if card.width else "",
        f"seed {card.seed}" if card.seed else "",
    )
    return FeedEntry(
        id=_urn("run", card.key, card.started),
        title=_text(card.title),
        href=place.to(folder / "index.html"),
        updated=format_iso(_ended(card)) or format_iso(0.0),
        published=format_iso(card.started) or format_iso(0.0),
        theme=_text(card.theme),
        about=_text(card.about),
        facts=_text(" · ".join(fact for fact in facts if fact)),
        src=src,
        width=width,
        height=height,
    )


def build_feed(gallery: Path, cards: Iterable[Card], base: str = "") -> Feed:
    """The feed of a gallery.

    Args:
        gallery: the folder that holds all runs; no file is opened.
        cards: of all runs; those that are not done or have no picture are left out.
        base: the gallery's address, with a slash at its end, or "" if it is unknown.
    """
    every = sorted(cards, key=lambda card: (card.started or 0.0, card.key))
    done = sorted((c for c in every if c.status == "done" and c.cover), key=lambda c: (_ended(c), c.key), reverse=True)
    place = Place(gallery)
    entries = tuple(_entry(card, place) for card in done[:MAX_ENTRIES])
    return Feed(
        # a gallery is the one that began with this run
        id=_urn("gallery", every[0].key, every[0].started) if every else _urn("gallery"),
        updated=entries[0].updated if entries else format_iso(0.0),
        base=base,
        entries=entries,
    )
