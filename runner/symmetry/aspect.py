"""An aspect is text -> `Ratio`, width:height kept exact as the square root of a fraction.

The forms are `3:2`, `16:9`, `1.5`, `1:sqrt(3)`, `sqrt(3):2`, `2*sqrt(3):5`. Exactness matters: a lattice
with a 3- or 6-fold rotation fills a rectangle only if width:height is a rational number times the square
root of 3, and no decimal fraction is that.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator

MAX_RATIO = 16
"""Longer side over shorter side; more is a slip of the pen."""

_SIDE = re.compile(
    r"(?P<factor>\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})?"
    r"(?:\s*\*?\s*(?:sqrt|√)\s*(?P<open>\()?\s*(?P<root>\d{1,9}(?:\.\d{1,9})?)\s*(?(open)\)))?"
)
_RULE = "an aspect is width:height, like 3:2, 1:sqrt(3) or 1.5"


@dataclass(frozen=True)
class Ratio:
    """A width:height ratio kept exact: (numerator / denominator) * sqrt(root).

    Attributes:
        text: as the recipe spells it, e.g. `1:sqrt(3)`.
        square: the ratio's square as an exact fraction (numerator, denominator); every ratio of the
            forms `a:b`, `a:sqrt(b)`, `sqrt(a):b`, `1.5` has one.
    """

    text: str
    square: tuple[int, int]

    @property
    def value(self) -> float:
        """Width / height, rounded once."""
        return math.sqrt(self.square[0] / self.square[1])


def parse_ratio(value: str | int | float | Ratio) -> Ratio:
    """The exact ratio that a recipe spells.

    Args:
        value: the text, or the number that YAML reads from it.

    Returns:
        The ratio, its text stripped.

    Raises:
        ValueError: what is wrong; the rule; a cure.

    >>> parse_ratio("sqrt(3):2").square
    (3, 4)
    """
    if isinstance(value, Ratio):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{str(value)[:40]!r} is not an aspect; {_RULE}")
    text = value.strip() if isinstance(value, str) else f"{value:.9g}"
    sides = re.split(r"[:/]", text.lower())
    if len(sides) > 2 or not all(side.strip() for side in sides):
        raise ValueError(f"{text[:40]!r} is not an aspect; {_RULE}; write two sides with one colon")
    squares = [_square(side.strip(), text) for side in sides]
    square = squares[0] / squares[1] if len(squares) == 2 else squares[0]
    if not Fraction(1, MAX_RATIO**2) <= square <= MAX_RATIO**2:
        near = f"{MAX_RATIO}:1" if square > 1 else f"1:{MAX_RATIO}"
        raise ValueError(
            f"{text[:40]!r} is too long a picture; one side is at most {MAX_RATIO} times the other; use {near} or less"
        )
    return Ratio(text, (square.numerator, square.denominator))


def _square(side: str, text: str) -> Fraction:
    """The square of one side."""
    match = _SIDE.fullmatch(side)
    if match is None or (match["factor"] is None and match["root"] is None):
        raise ValueError(
            f"{text[:40]!r} is not an aspect: {side[:20]!r} is not a length; {_RULE}; "
            "a length is a number, sqrt(number) or number*sqrt(number)"
        )
    result = Fraction(match["factor"] or 1) ** 2 * Fraction(match["root"] or 1)
    if result == 0:
        raise ValueError(f"{text[:40]!r} has a side of zero; {_RULE}; write two positive lengths")
    return result


def exact_root(square: Fraction) -> Fraction | None:
    """The rational square root of a positive fraction, or None where it is irrational."""
    top, bottom = math.isqrt(square.numerator), math.isqrt(square.denominator)
    if top * top == square.numerator and bottom * bottom == square.denominator:
        return Fraction(top, bottom)
    return None


def spell_ratio(square: Fraction) -> str:
    """A ratio as a recipe would write it, from its square.

    >>> spell_ratio(Fraction(1, 3)), spell_ratio(Fraction(3, 4)), spell_ratio(Fraction(4, 27))
    ('1:sqrt(3)', 'sqrt(3):2', '2:3*sqrt(3)')
    """
    root = exact_root(square)
    if root is not None:
        return f"{root.numerator}:{root.denominator}"
    (top, top_root), (bottom, bottom_root) = _extract(square.numerator), _extract(square.denominator)
    return f"{_spell_side(top, top_root)}:{_spell_side(bottom, bottom_root)}"


def _extract(number: int) -> tuple[int, int]:
    """The largest factor that comes out of the square root, and what stays inside."""
    factor = max(item for item in range(1, math.isqrt(number) + 1) if number % (item * item) == 0)
    return factor, number // (factor * factor)


def _spell_side(factor: int, root: int) -> str:
    if root == 1:
        return str(factor)
    return f"sqrt({root})" if factor == 1 else f"{factor}*sqrt({root})"


def _validate(value: Any) -> str:
    return parse_ratio(value).text


Aspect = Annotated[str, BeforeValidator(_validate)]
"""The field type of an aspect in a recipe; `parse_ratio` gives its exact value."""
