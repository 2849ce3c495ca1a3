"""A colour element is a signed permutation of the channels, RGB -> RGB; there are 48 of them.

`[g, b, r]` reads "the new red is the old green, the new green the old blue, the new blue the old red";
a minus inverts a channel about mid-grey, so `[-r, -g, -b]` is the negative. The 48 elements are the
symmetries of the RGB cube (Coxeter's B3), after Senechal (1979), who colours patterns by homomorphisms.

Convention: an element is an index 0..47 (permutation in lexicographic order times 8, plus one bit for
each inverted channel), 0 is the identity; on colours centred at mid-grey, out_i = sign_i * in_{p_i}.
A product is read like one of matrices: the right factor acts first. This is a left action, so that
I(g x) = c(g) I(x) makes c a homomorphism.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator

from orbifolio.runner.arrays import F64

CHANNELS = ("r", "g", "b")
CHANNEL_NAMES = ("red", "green", "blue")
COUNT = 48  # 3! permutations times 2^3 signs
IDENTITY = 0

_PERMUTATIONS = tuple(itertools.permutations(range(3)))


def permutation(element: int) -> tuple[int, int, int]:
    """Which old channel each new channel shows."""
    first, second, third = _PERMUTATIONS[element // 8]
    return first, second, third


def signs(element: int) -> tuple[int, int, int]:
    """+1 or -1 for each new channel."""
    bits = element % 8
    return 1 - 2 * (bits & 1), 1 - (bits & 2), 1 - (bits & 4) // 2


def _build_tables() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], tuple[int, ...], tuple[int, ...]]:
    """The 48 matrices, the product table, the inverses and the orders."""
    matrices = np.zeros((COUNT, 3, 3), dtype=np.int8)
    for element in range(COUNT):
        for row, (column, sign) in enumerate(zip(permutation(element), signs(element), strict=True)):
            matrices[element, row, column] = sign
    index = {matrix.tobytes(): element for element, matrix in enumerate(matrices)}
    product = np.array([[index[(left @ right).tobytes()] for right in matrices] for left in matrices], dtype=np.int8)
    inverse = tuple(int(np.argmin(row)) for row in product)  # the column that gives the identity, 0
    orders = []
    for element in range(COUNT):
        power, order = element, 1
        while power != IDENTITY:
            power, order = int(product[power, element]), order + 1
        orders.append(order)
    for table in (matrices, product):
        table.flags.writeable = False
    return matrices, product, inverse, tuple(orders)


MATRICES, PRODUCT, INVERSE, ORDER = _build_tables()


def compose(*elements: int) -> int:
    """The product; the rightmost acts first.

    >>> spell(compose(parse("[g, b, r]"), parse("[g, b, r]")))
    '[b, r, g]'
    """
    result = IDENTITY
    for element in elements:
        result = int(PRODUCT[result, element])
    return result


def power(element: int, exponent: int) -> int:
    """An element applied `exponent` times; negative exponents are powers of the inverse."""
    return compose(*[element] * (exponent % ORDER[element]))


def spell(element: int) -> str:
    """As a recipe writes it.

    >>> spell(7)
    '[-r, -g, -b]'
    """
    return f"[{', '.join(as_list(element))}]"


def as_list(element: int) -> list[str]:
    """The three entries of `spell`."""
    return [
        ("-" if sign < 0 else "") + CHANNELS[source]
        for source, sign in zip(permutation(element), signs(element), strict=True)
    ]


def parse(value: str | Sequence[object]) -> int:
    """The element that a recipe or a command line spells.

    Args:
        value: `["g", "b", "r"]`, `"[g, b, r]"` or `"g,b,r"`; a minus before a channel inverts it. Channels may be
            numbered from 1: `[2, 3, 1]`, `(2,3,1)`.

    Raises:
        ValueError: what is wrong; the rule; a cure.
    """
    text = value.strip().strip("[()]").split(",") if isinstance(value, str) else value
    entries = [str(entry).strip() for entry in text]
    words = [_lettered(entry.lower().replace(" ", "")) for entry in entries]
    more = ["..."] if len(words) > 6 else []
    shown = f"[{', '.join([entry[:12] for entry in entries[:6]] + more)}]"
    rule = "a colour is r, g and b in some order, each with or without a minus"
    guess = [_guess(word) for word in words]
    unknown = [entry for entry, word in zip(entries, words, strict=True) if word.removeprefix("-") not in CHANNELS]
    letters = [word.removeprefix("-") for word in guess if word]
    if len(words) != 3 or unknown or sorted(letters) != sorted(CHANNELS):
        if unknown:
            what = f"{unknown[0][:20]!r} is not a channel"
        elif len(words) != 3:
            what = f"{len(words)} {'entry' if len(words) == 1 else 'entries'} where there are 3 channels"
        else:
            what = f"{next(item for item in CHANNELS if item not in letters)!r} is missing"
        cure = _repair([word for word in guess if word])
        raise ValueError(f"{shown}: {what}; {rule}; did you mean {cure}?")
    source = tuple(CHANNELS.index(letter) for letter in letters)
    inverted = sum(1 << bit for bit, word in enumerate(words) if word.startswith("-"))
    return _PERMUTATIONS.index(source) * 8 + inverted


def _lettered(word: str) -> str:
    """A channel that is numbered from 1 by its letter; any other word as it is.

    >>> _lettered("-2"), _lettered("g"), _lettered("4")
    ('-g', 'g', '4')
    """
    minus, number = word[: word.startswith("-")], word.removeprefix("-")
    return minus + CHANNELS[int(number) - 1] if number in ("1", "2", "3") else word


def _guess(word: str) -> str:
    """The channel that was probably meant (`red` is `r`, `~g` is `-g`), or ""."""
    sign = "-" if word[:1] in ("-", "~", "!", "1") and len(word) > 1 else ""
    letter = word.lstrip("-~!+1")[:1]
    return sign + letter if letter in CHANNELS else ""


def _repair(words: Sequence[str]) -> str:
    """A legal spelling near a faulty one: first mentions keep their positions, gaps are filled."""
    entries: list[str] = []
    for word in words[:3]:
        entries.append("" if word.removeprefix("-") in [item.removeprefix("-") for item in entries] else word)
    entries += [""] * (3 - len(entries))
    missing = [letter for letter in CHANNELS if letter not in [item.removeprefix("-") for item in entries]]
    return f"[{', '.join(item or missing.pop(0) for item in entries)}]"


def _validate(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str | list | tuple):
        raise ValueError(f"{value!r} is not a colour; write three channels, e.g. [g, b, r] or [-r, -g, -b]")
    return tuple(as_list(parse(value)))


Colour = Annotated[tuple[str, str, str], BeforeValidator(_validate)]
"""The field type of a colour element in a recipe; `parse` gives its index."""


def generate(elements: Iterable[int]) -> tuple[int, ...]:
    """The subgroup that these elements generate, identity first, sorted."""
    subgroup, frontier = {IDENTITY}, [IDENTITY]
    generators = tuple(elements)
    while frontier:
        frontier = sorted({compose(item, step) for item in frontier for step in generators} - subgroup)
        subgroup.update(frontier)
    return tuple(sorted(subgroup))


def projector(elements: Iterable[int]) -> F64:
    """The orthogonal projector on the colours that all these elements leave fixed.

    Args:
        elements: generators of a subgroup, any number.

    Returns:
        (3, 3), the mean of the subgroup's matrices; symmetric and idempotent.
    """
    mean: F64 = np.mean(MATRICES[list(generate(elements))], axis=0, dtype=np.float64)
    return mean


def fixed_dimension(elements: Iterable[int]) -> int:
    """How many of the three colour dimensions stay free where all these elements act."""
    return int(np.rint(np.trace(projector(elements))))


def describe_fixed(element: int) -> str:
    """What an element demands of a colour that it leaves fixed, in words.

    >>> describe_fixed(parse("[g, r, b]"))
    'red equals green'
    """
    if element == IDENTITY:
        return "any colour"
    matrix = projector([element])
    grey = [channel for channel in range(3) if not matrix[channel, channel]]
    parts = []
    if len(grey) == 3:
        return "mid-grey"
    for channel in grey:
        parts.append(f"{CHANNEL_NAMES[channel]} is one half")
    done: set[int] = set(grey)
    for first in range(3):
        for second in range(first + 1, 3):
            entry = matrix[first, second]
            if entry and second not in done:
                relation = "equals" if entry > 0 else "is the inverse of"
                parts.append(f"{CHANNEL_NAMES[first]} {relation} {CHANNEL_NAMES[second]}")
                done.add(second)
    return " and ".join(parts)


def describe(element: int) -> str:
    """How an element moves colours, in words.

    >>> describe(parse("[g, b, r]"))
    'red to blue to green'
    """
    source, sign = permutation(element), signs(element)
    if element == IDENTITY:
        return "colours unchanged"
    if source == (0, 1, 2):
        inverted = [CHANNEL_NAMES[channel] for channel in range(3) if sign[channel] < 0]
        return "colours inverted" if len(inverted) == 3 else f"{' and '.join(inverted)} inverted"
    goes_to = {source[channel]: channel for channel in range(3)}
    start = next(channel for channel in range(3) if goes_to[channel] != channel)
    path, channel = [start], goes_to[start]
    while channel != start:
        path.append(channel)
        channel = goes_to[channel]
    words = f"{CHANNEL_NAMES[path[0]]} and {CHANNEL_NAMES[path[1]]} exchanged"
    if len(path) == 3:
        words = " to ".join(CHANNEL_NAMES[channel] for channel in path)
    inverted = [CHANNEL_NAMES[channel] for channel in range(3) if sign[channel] < 0]
    return words + (f", {' and '.join(inverted)} inverted" if inverted else "")


def distance(left: int, right: int) -> tuple[int, int, int]:
    """How far apart two elements are spelt; smaller sorts first.

    Returns:
        (channels that read another channel, signs that differ, tie-breaker: the later element first,
        so that of the three exchanges, all equally near to a cycle, red with blue is proposed).
    """
    moved = sum(a != b for a, b in zip(permutation(left), permutation(right), strict=True))
    turned = sum(a != b for a, b in zip(signs(left), signs(right), strict=True))
    return moved, turned, -right
