"""A plain scalar's text -> a value, by YAML 1.2's core schema rather than YAML 1.1.

What differs from PyYAML's own rules: `1e-3` is a number; `yes`, `no`, `on`, `off`, `y`, `n` are text;
`1:30` and `3:2` are text, not base 60; `010` is ten; `0b1`, `1_000` and dates are text. Infinities and
"not a number" are refused, as no setting has a use for them, and integers end at 64 bits.
"""

from __future__ import annotations

import math
import re
from typing import Any

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class ScalarFault(ValueError):
    """A scalar that is a number by its form, but not one that a recipe can hold."""


def resolve(text: str) -> Any:
    """The value of a plain (unquoted) scalar.

    Args:
        text: as written, without the white space around.

    Returns:
        None, a bool, an int, a float, or the text itself.

    Raises:
        ScalarFault: an infinity, "not a number", or a number too large.

    >>> [resolve(text) for text in ("1e-3", "on", "3:2", "010", "~")]
    [0.001, 'on', '3:2', 10, None]
    """
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    for form, base in ((_INTEGER, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if form.fullmatch(text):
            return _integer(text, base)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ScalarFault(f"{shown(text)} is too large; numbers end at 1.8e308; write a smaller one")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ScalarFault(
            f"{text} is not finite; every number in a recipe must be; write a finite one, or leave the key out for "
            "its default"
        )
    return text


def shown(value: object, *, length: int = 60) -> str:
    """A value for an error message: short, on one line, printable, spelt as YAML spells it.

    >>> shown("a" * 100, length=10), shown(True), shown({"a": 1}), shown([1, 2])
    ("'aaaaaa...'", 'true', 'a mapping', 'a list of 2')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= length else value[: length - 4] + "...")
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= length else text[: length - 3] + "..."


def _integer(text: str, base: int) -> int:
    # Digits are counted first: Python refuses to read (and to print) integers of thousands of digits.
    digits = text.lstrip("+-").lower().removeprefix("0o").removeprefix("0x").lstrip("0")
    if len(digits) <= 22:
        number = int(text.lower().replace("0o", "").replace("0x", ""), base)
        if -(2**63) <= number < 2**64:
            return number
    raise ScalarFault(f"{shown(text, length=24)} is too large; integers have at most 64 bits; write a smaller one")
