"""Runs in a table: (cards) -> a row for each, with a column for each parameter that is not the same in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orbifolio.reports.data.card import Card
from orbifolio.reports.data.differences import parameter_differences, plain_value
from orbifolio.reports.links import STATUSES, Place, Status
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.blind import blind_address
from orbifolio.reports.parts.compare import compare_address
from orbifolio.reports.wording import DASH, format_count, format_date, format_duration, format_integer


@dataclass(frozen=True)
class Column:
    """A column of a table: `hint` is its full name if `name` is a short one, `key` names it in an address."""

    name: str
    numeric: bool = False
    hint: str = ""
    key: str = ""


@dataclass(frozen=True)
class Value:
    """A cell of a table: `order` is what it is sorted by, `hint` its whole text if `text` is cut.

    `best` marks the value of its column that is highlighted.
    """

    text: str
    order: str
    numeric: bool = False
    status: Status | None = None
    hint: str = ""
    best: bool = False


@dataclass(frozen=True)
class RunRow:
    """A run in the table: `key` names it for the compare page."""

    key: str
    href: str
    name: str
    date: str
    order: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class RunTable(Part):
    """All runs of a recipe, and what differs between them.

    Attributes:
        blind: where the finished ones can be judged without their names, or "" if there are fewer than two.
    """

    template: ClassVar[str] = "parts/run_table.html"
    listed: ClassVar[bool] = True
    styles: ClassVar[tuple[str, ...]] = ("gallery.css",)
    scripts: ClassVar[tuple[str, ...]] = ("run-table.js",)
    id: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    differing: tuple[Column, ...]
    rows: tuple[RunRow, ...]
    compare: str
    blind: str = ""
    note: str = ""


MAX_COLUMNS = 40
"""Differing parameters in the table, which more would make too wide to read; the compare page shows all."""


_MAX_LETTERS = 60  # letters of a value in the table: a longer one would push the other columns off the screen


@dataclass(frozen=True)
class _CardColumn:
    """A property of a card as a column."""

    name: str
    value: Callable[[Card], str]
    order: Callable[[Card], object]
    numeric: bool = True


_ALWAYS = (_CardColumn("Time", lambda card: format_duration(card.seconds), lambda card: card.seconds or 0.0),)


_IF_DIFFERENT = (
    _CardColumn("Size", lambda card: card.size, lambda card: card.width * card.height),
    _CardColumn("Steps", lambda card: format_integer(card.steps) if card.steps else "", lambda card: card.steps),
    _CardColumn("Device", lambda card: card.device, lambda card: card.device, numeric=False),
)


def are_numbers(texts: Iterable[str]) -> bool:
    """Whether all texts are numbers, so that their column is aligned and sorted as numbers."""
    try:
        for text in texts:
            float(text)
    except ValueError:
        return False
    return True


def _value(text: str, *, numeric: bool, order: str | None = None) -> Value:
    cut = len(text) > _MAX_LETTERS
    shown = f"{text[: _MAX_LETTERS - 1]}…" if cut else text or DASH
    return Value(shown, text[:_MAX_LETTERS] if order is None else order, numeric, hint=text if cut else "")


def run_table(cards: Sequence[Card], gallery: Path, place: Place) -> RunTable:
    """The table of a recipe's runs.

    Args:
        cards: of the runs, newest first.
        gallery: the folder that holds all runs.
        place: the folder of the page that shows it.
    """
    shown = (*_ALWAYS, *(each for each in _IF_DIFFERENT if len({each.value(card) for card in cards}) > 1))
    # cards of old runs have no parameters; their seeds are compared all the same
    differences = parameter_differences([card.parameters or {"seed": card.seed} for card in cards])
    differing = differences[:MAX_COLUMNS]
    numeric = {
        each.name: are_numbers(plain_value(value) for value in each.values if value is not None) for each in differing
    }
    rows = []
    for number, card in enumerate(cards):
        status = STATUSES.get(card.status)
        values = [Value("", status.label if status else card.status, status=status)]
        values += [_value(each.value(card), numeric=each.numeric, order=str(each.order(card))) for each in shown]
        values += [_value(plain_value(each.values[number]), numeric=numeric[each.name]) for each in differing]
        href = place.to(gallery / card.key / "index.html")
        date = format_date(card.started)
        rows.append(RunRow(card.key, href, card.id, date, f"{card.started or 0:.0f}", tuple(values)))
    note = ""
    if hidden := len(differences) - len(differing):
        differ = "differs" if hidden == 1 else "differ"
        note = f"{format_count(hidden, 'more parameter')} {differ}: compare runs to see all."
    elif len(cards) > 1 and not differences:
        note = "All runs use the same parameters."
    return RunTable(
        id="runs",
        title="Runs and their differences" if differences else "Runs",
        caption="All runs of this recipe, newest first" + (", with the parameters that differ" if differences else ""),
        columns=(Column("Status"), *(Column(each.name, each.numeric) for each in shown)),
        differing=tuple(Column(each.short, numeric[each.name], hint=each.name) for each in differing),
        rows=tuple(rows),
        compare=compare_address(place, gallery),
        blind=blind_address(place, gallery, f"recipe/{cards[0].type}")
        if sum(card.presentable for card in cards) > 1
        else "",
        note=note,
    )
