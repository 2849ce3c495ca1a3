"""What a sweep consists of: (recipe, `KEY=A,B,C` ...) or (folder of recipes) -> its members, not yet validated."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orbifolio.runner.errors import InputError
from orbifolio.runner.sweeps.values import VariedKey, read_varied

MAX_UNCONFIRMED = 256
"""Runs that begin without --yes: a range mistyped by a digit should not cost a week."""
MAX_RUNS = 10_000
"""More than one page can compare; each member is validated before the first one starts."""
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Variation:
    """One member to be.

    Attributes:
        number: its position in the listing, from 0.
        recipe: its path as typed.
        varied: (key, value) of what differs between members.
        overrides: all `KEY=VALUE` texts, in the order typed.
    """

    number: int
    recipe: Path
    varied: tuple[tuple[str, str], ...]
    overrides: tuple[str, ...]

    @property
    def listing(self) -> str:
        """As it is listed: `#0 : seed=1 renderer.phases.0.size=64`."""
        return f"#{self.number} : {' '.join(f'{key}={value}' for key, value in self.varied) or self.recipe}"


def product(recipe: Path, arguments: Sequence[str], *, yes: bool = False) -> tuple[Variation, ...]:
    """Every combination of the values, the last key varying fastest.

    Args:
        recipe: path of its file, as typed.
        arguments: `KEY=A,B,C`; a key with one value is the same in all.
        yes: also more than `MAX_UNCONFIRMED`.

    Raises:
        InputError: everything that is wrong with the arguments, or nothing varies, or there are too many.
    """
    keys = _read_all(arguments)
    count = math.prod(len(item.values) for item in keys)
    if count == 1:
        raise InputError(
            f"{' '.join(arguments) or recipe}: nothing varies; a sweep needs a key with several values; write "
            "seed=1,2,3, or use `orbifolio run`"
        )
    check_count(count, yes=yes)
    variations = []
    for number, values in enumerate(itertools.product(*(item.values for item in keys))):
        pairs = tuple(zip((item.key for item in keys), values, strict=True))
        varied = tuple(pair for pair, item in zip(pairs, keys, strict=True) if len(item.values) > 1)
        variations.append(Variation(number, recipe, varied, tuple(f"{key}={value}" for key, value in pairs)))
    return tuple(variations)


def varied_keys(arguments: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The keys with several values, in the order typed."""
    return tuple((item.key, item.values) for item in _read_all(arguments) if len(item.values) > 1)


def _read_all(arguments: Sequence[str]) -> list[VariedKey]:
    keys: list[VariedKey] = []
    errors: list[str] = []
    for argument in arguments:
        try:
            keys.append(read_varied(argument))
        except InputError as error:
            errors.append(str(error))
    for number, item in enumerate(keys):
        before = [other for other in keys[:number] if other.key == item.key]
        if before and (len(item.values) > 1 or any(len(other.values) > 1 for other in before)):
            errors.append(
                f"{item.key}: is given twice; a key that varies has one list of values; join them with commas"
            )
    if errors:
        raise InputError("\n".join(errors))
    return keys


def recipes_below(folder: Path, overrides: Sequence[str]) -> tuple[Variation, ...]:
    """Every recipe in a folder and the folders in it, by path.

    Raises:
        InputError: the folder holds no recipe.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in _ENDINGS and path.is_file())
    shown = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if not shown:
        raise InputError(f"{folder}: holds no recipe; recipes are .yaml files; name a folder that has some")
    check_count(len(shown), yes=True)
    return tuple(Variation(number, path, (), tuple(overrides)) for number, path in enumerate(shown))


def check_count(count: int, *, yes: bool) -> None:
    """Refuse what cannot have been meant.

    Raises:
        InputError: there are too many.
    """
    if count > MAX_RUNS:
        raise InputError(
            f"{count:,} runs; more than {MAX_RUNS:,} in one sweep are too many to look at; take fewer values"
        )
    if count > MAX_UNCONFIRMED and not yes:
        raise InputError(
            f"{count:,} runs; more than {MAX_UNCONFIRMED} start only with --yes; add it, list them with --dry-run, or "
            "take fewer values"
        )
