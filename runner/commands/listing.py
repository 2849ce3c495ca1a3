"""`orbifolio recipes`: what comes with the program, with its symmetry, its cost and a line of words."""

from __future__ import annotations

import difflib
import json
import re
import shutil
import sys
from collections.abc import Sequence

import click

from orbifolio.runner.errors import InputError
from orbifolio.runner.server.catalogue import RecipeCatalogue, RecipeEntry

WIDTH = 80  # columns of the table where the terminal is no wider, or there is none
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_TIMES = {
    "a fraction of a second": "< 1 s",
    "a quarter of a minute": "15 s",
    "half a minute": "30 s",
    "a minute and a half": "90 s",
    "a minute": "1 min",
    "a second": "1 s",
    "some seconds": "seconds",
    "seconds": "seconds",
}
_TIME = re.compile(f"{'|'.join(_TIMES)}|({'|'.join(_NUMBERS)}) (minutes|seconds)")


@click.command(short_help="List the recipes that come with the program.")
@click.argument("word", required=False)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def recipes(word: str | None, as_json: bool) -> None:
    """List the recipes that come with the program, or those that have WORD in their name, text or symmetry.

    Each can be run, checked, swept and launched by its name. Example: orbifolio recipes zoom
    """
    entries = list(RecipeCatalogue().entries().values())
    found = [entry for entry in entries if word is None or _has(entry, word)]
    if not found:
        raise InputError(_nothing(word or "", entries))
    if as_json:
        click.echo(json.dumps([_record(entry) for entry in found], indent=1, ensure_ascii=False))
        return
    columns = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH
    click.echo("\n".join(table(found, max(WIDTH, columns))))


def table(entries: Sequence[RecipeEntry], columns: int) -> list[str]:
    """Lines of at most so many columns: a heading for each theme, and name, symmetry, cost and title of its recipes."""
    name = max(len(entry.name) for entry in entries)
    group = max(len(entry.group) for entry in entries)
    costs = {entry.key: short_cost(entry.cost) for entry in entries}
    cost = max(map(len, costs.values()))
    lines: list[str] = []
    for number, entry in enumerate(entries):
        if number == 0 or entry.theme != entries[number - 1].theme:
            lines += [*([""] if number else []), entry.theme]
        start = f"  {entry.name:<{name}}  {entry.group:<{group}}  {costs[entry.key]:<{cost}}  "
        lines.append(f"{start}{_shortened(entry.title, columns - len(start))}".rstrip())
    return lines


def short_cost(cost: str) -> str:
    """How long a recipe takes, of the sentence that says so; "" where that names no time.

    >>> [short_cost(f"about {time} on two CPU cores") for time in ("half a minute", "two minutes", "some seconds")]
    ['30 s', '2 min', 'seconds']
    """
    found = _TIME.search(cost)
    if found is None:
        return ""
    number, unit = found.groups()
    if number is None:
        return _TIMES.get(found.group(), found.group())
    return f"{_NUMBERS.index(number)} {'min' if unit == 'minutes' else 's'}"


def _shortened(text: str, columns: int) -> str:
    return text if len(text) <= columns else text[: columns - 1].rstrip() + "…"


def _has(entry: RecipeEntry, word: str) -> bool:
    texts = (entry.name, entry.theme, entry.title, entry.about, entry.group)
    return any(word.casefold() in text.casefold() for text in texts)


def _nothing(word: str, entries: Sequence[RecipeEntry]) -> str:
    words = {part for entry in entries for part in (entry.name, entry.theme, *entry.name.split("-"))}
    near = difflib.get_close_matches(word, sorted(words), n=3, cutoff=0.6)
    cure = f"did you mean {' or '.join(near)}?" if near else "leave the word out to see all"
    return f"{word}: no recipe that comes with the program has this word; {cure}"


def _record(entry: RecipeEntry) -> dict[str, str]:
    return {
        "name": entry.name,
        "theme": entry.theme,
        "title": entry.title,
        "group": entry.group,
        "cost": entry.cost,
        "about": entry.about,
        "path": str(entry.path),
    }
