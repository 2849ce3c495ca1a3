"""What a key of a sweep takes, one after the other: `KEY=A,B,C` -> its key and the text of each value.

The grammar is that of Hydra's sweeps, over the recipe's own spelling of values:

    seed=1,2,3                        commas separate values,
    symmetry.colours.r6=[g, b, r]     but not inside brackets, braces or quotes: this is one value;
    seed=range(1,10)                  1 to 9, the end left out as in Python; range(1,10,3) is 1, 4, 7
    symmetry={kind: none},{kind: plane, group: p6}      whole objects are values, too
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from orbifolio.runner.errors import InputError

MAX_VALUES = 10_000
"""Of one key: beyond this, a range is taken for a typing error."""
_PAIRS = {"[": "]", "{": "}", "(": ")"}
_RANGE = re.compile(r"range\s*\((.*)\)", re.DOTALL)


@dataclass(frozen=True)
class VariedKey:
    """A key and its values.

    Attributes:
        key: dotted path in the recipe.
        values: their texts, as they would be written in an override; never empty.
    """

    key: str
    values: tuple[str, ...]


def read_varied(argument: str) -> VariedKey:
    """The key and values of one argument.

    >>> read_varied("seed=1, range(4,6)")
    VariedKey(key='seed', values=('1', '4', '5'))

    Raises:
        InputError: a bracket or quote stays open, a value is empty or listed twice, or a range is not one.
    """
    key, equals, text = argument.partition("=")
    if not equals or not key.strip():
        raise InputError(f"{argument}: this is not KEY=A,B,C; a sweep varies values by their path; write seed=1,2,3")
    parts = _split(text, argument)
    if len(parts) == 1 and not parts[0]:
        return VariedKey(key.strip(), ("",))
    values: list[str] = []
    for part in parts:
        if not part:
            raise InputError(f"{argument}: a value is empty; commas separate values; remove one, or write null")
        spread = _RANGE.fullmatch(part)
        values += [part] if spread is None else _range(spread[1], argument)
        if len(values) > MAX_VALUES:
            raise InputError(f"{argument}: more than {MAX_VALUES:,} values; that is too many to look at; take fewer")
    for number, value in enumerate(values):
        if value in values[:number]:
            raise InputError(f"{argument}: {value} is listed twice; equal runs give equal pictures; leave one out")
    return VariedKey(key.strip(), tuple(values))


def _split(text: str, argument: str) -> list[str]:
    """The parts between the commas of the top level, without the spaces around them."""
    parts: list[str] = []
    begin = 0
    closing: list[str] = []
    quote, escaped = "", False
    for at, letter in enumerate(text):
        if quote:
            over = letter == quote and not escaped
            escaped = quote == '"' and letter == "\\" and not escaped
            quote = "" if over else quote
        elif letter in "\"'" and not text[begin:at].rstrip()[-1:].isalnum():
            quote = letter  # in the middle of a word it is an apostrophe
        elif letter in _PAIRS:
            closing.append(_PAIRS[letter])
        elif closing and letter == closing[-1]:
            closing.pop()
        elif letter in _PAIRS.values():
            raise InputError(
                f"{argument}: {letter} has no opening bracket; brackets come in pairs; put quotes around the value"
            )
        elif letter == "," and not closing:
            parts.append(text[begin:at].strip())
            begin = at + 1
    if quote or closing:
        raise InputError(
            f"{argument}: {quote or closing[-1]} is missing at the end; commas inside brackets and quotes do not "
            "separate values; close it (and put quotes around the whole argument, for the shell)"
        )
    return [*parts, text[begin:].strip()]


def _range(inside: str, argument: str) -> list[str]:
    """The numbers from a start to before an end, in exact decimal arithmetic."""
    rule = "write range(START,END) or range(START,END,STEP); END itself is left out"
    try:
        numbers = [Decimal(part.strip()) for part in inside.split(",")]
    except InvalidOperation:
        raise InputError(f"{argument}: range({inside}) holds something that is not a number; {rule}") from None
    if not 2 <= len(numbers) <= 3 or not all(number.is_finite() for number in numbers):
        raise InputError(f"{argument}: range({inside}) is not a range; {rule}")
    start, end, step = [*numbers, Decimal(1)][:3]
    if not step or (end - start) / step <= 0:
        raise InputError(f"{argument}: range({inside}) holds no number; {rule}")
    if (end - start) / step > MAX_VALUES:
        raise InputError(f"{argument}: range({inside}) is longer than {MAX_VALUES:,}; take fewer values")
    texts = []
    while (start < end) if step > 0 else (start > end):
        texts.append(f"{start.normalize():f}")
        start += step
    return texts
