"""A run in a few words: (card) -> `six-fold, three colours`, the pictures that went in, how long it took."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from orbifolio.reports.data.card import Card
from orbifolio.reports.data.values import as_int, as_mapping, as_text, as_tuple
from orbifolio.reports.wording import format_duration

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MAX_PICTURES = 2  # that a caption names

_PLANE = {
    "p1": "shifts",
    "p2": "half turns",
    "pm": "mirrors",
    "pg": "glides",
    "cm": "mirrors and glides",
    "p2mm": "mirrors that cross",
    "p2mg": "mirrors and half turns",
    "p2gg": "glides that cross",
    "c2mm": "mirrors that cross",
    "p3": "three-fold",
    "p3m1": "three-fold, mirrored",
    "p31m": "three-fold, mirrored",
    "p4": "four-fold",
    "p4mm": "four-fold, mirrored",
    "p4gm": "four-fold, mirrored",
    "p6": "six-fold",
    "p6mm": "six-fold, mirrored",
    "p11g": "a glide",
    "p1m1": "mirrors",
    "p11m": "a mirror",
}
"""Groups of the plane and of friezes; one name means the same movements in both."""
_SPHERE = {"T": "tetrahedral", "O": "octahedral", "I": "icosahedral"}


def group_words(group: str) -> str:
    """A symmetry group for people who know no symbols; the symbol itself where there are no words.

    >>> [group_words(group) for group in ("p6mm", "{7, 3}", "Oh", "D12", "C5", "p1 zooming")]
    ['six-fold, mirrored', 'seven-fold, hyperbolic', 'octahedral, mirrored', 'twelve-fold, mirrored', 'five-fold', '']
    """
    if group in _PLANE:
        return _PLANE[group]
    if match := re.fullmatch(r"\{(\d+), ?(\d+)\}.*", group):
        return f"{number_word(int(match[1]))}-fold, hyperbolic"
    if match := re.fullmatch(r"([TOI])([hd]?)", group):
        return _SPHERE[match[1]] + (", mirrored" if match[2] else "")
    if match := re.fullmatch(r"([CD])(\d+)", group):
        if match[2] == "1":
            return "a mirror"
        return f"{number_word(int(match[2]))}-fold" + (", mirrored" if match[1] == "D" else "")
    return "" if " " in group else group


def number_word(number: int) -> str:
    """A small number in words.

    >>> number_word(3), number_word(24)
    ('three', '24')
    """
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else str(number)


def picture_word(entry: Mapping[str, Any]) -> str:
    """What went into a run, as people call it.

    >>> [picture_word({"name": "style 1", "source": source}) for source in
    ...  ("orbifolio:stained-glass", "upload:photo=skimage:hubble_deep_field", "../cats/My cat.jpg", "")]
    ['stained glass', 'hubble deep field', 'My cat', 'style 1']
    """
    source = as_text(entry.get("source"))
    last = PurePosixPath(source.rpartition("=")[2].rpartition(":")[2]).stem
    return re.sub(r"[-_]+", " ", last).strip() or as_text(entry.get("name"))


def symmetry_words(record: Mapping[str, Any]) -> str:
    """The symmetry, and in how many colourings it shows one pattern, or "".

    Args:
        record: the `symmetry` block of `run.json`.

    >>> symmetry_words({"group": "p6", "claims": [{"colour": "[g, b, r]"}]})
    'six-fold, three colours'
    >>> symmetry_words({"group": "p2", "colour_count": 3, "claims": [{"colour": "[g, r, b]"}, {"colour": "[b, g, r]"}]})
    'half turns, three colours'
    """
    claims = [as_text(as_mapping(claim).get("colour")) for claim in as_tuple(record.get("claims"))]
    count = as_int(record.get("colour_count")) or colouring_count(claims)
    colours = f"{number_word(count)} colours" if count > 1 else ""
    zooms = "zooming" in as_text(record.get("title"))
    shape = "endless zoom" if zooms else group_words(as_text(record.get("group")))
    return ", ".join(word for word in (shape, colours) if word)


def colouring_count(elements: Iterable[str]) -> int:
    """How many colour elements some of them make together, the neutral one included.

    Args:
        elements: each as a claim spells it: what the new red, green and blue are.

    >>> colouring_count(["[g, b, r]"]), colouring_count(["[-r, -g, -b]", "[g, r, b]"]), colouring_count(["?"])
    (3, 4, 1)
    """
    makers = {_signed(text) for text in elements} - {()}
    found: set[tuple[int, ...]] = {(1, 2, 3)}
    waiting = list(found)
    while waiting:
        here = waiting.pop()
        for maker in makers:
            product = tuple(here[abs(part) - 1] * (1 if part > 0 else -1) for part in maker)
            if product not in found:
                found.add(product)
                waiting.append(product)
    return len(found)


def _signed(text: str) -> tuple[int, ...]:
    """A signed permutation of 1, 2, 3, or ()."""
    parts = re.findall(r"(-?)\s*([rgb])\b", text)
    places = tuple((-1 if sign else 1) * (1 + "rgb".index(name)) for sign, name in parts)
    return places if sorted(map(abs, places)) == [1, 2, 3] else ()


def caption(card: Card) -> tuple[str, ...]:
    """Symmetry and colours, pictures, time; each only where it is known."""
    pictures = ", ".join(card.styles[:_MAX_PICTURES])
    return tuple(
        fact for fact in (card.symmetry, pictures, format_duration(card.seconds) if card.seconds else "") if fact
    )
