"""The page of a recipe: (cards of its runs) -> all of them as pictures and as a table of what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orbifolio.reports.compare import compare_address
from orbifolio.reports.data.card import Card
from orbifolio.reports.data.differences import parameter_differences, plain_value
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.pages.run import REFRESH
from orbifolio.reports.pages.thumbnail_grid import card_size, thumbnail
from orbifolio.reports.parts.gallery import Column, RunRow, RunTable, ThumbnailGrid, Value
from orbifolio.reports.sweep.faces import SweepSnapshot
from orbifolio.reports.sweep.shelf import sweep_shelf, sweeps_with_runs
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import DASH, format_count, format_date, format_duration, format_integer

MAX_PICTURES = 120
"""Pictures on the wall; of a recipe with more runs the table alone shows all."""

MAX_COLUMNS = 40
"""Differing parameters in the table; the compare page shows all, of the runs that are chosen there."""

_LONGEST = 60  # letters of a value in the table


@dataclass(frozen=True)
class _Told:
    """Something that a card tells of its run, as a column."""

    name: str
    value: Callable[[Card], str]
    order: Callable[[Card], object]
    numeric: bool = True


_ALWAYS = (_Told("Time", lambda card: format_duration(card.seconds), lambda card: card.seconds or 0.0),)
_IF_DIFFERENT = (
    _Told("Size", card_size, lambda card: card.width * card.height),
    _Told("Steps", lambda card: format_integer(card.steps) if card.steps else "", lambda card: card.steps),
    _Told("Device", lambda card: card.device, lambda card: card.device, numeric=False),
)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _value(text: str, *, numeric: bool, order: str | None = None) -> Value:
    cut = len(text) > _LONGEST
    shown = f"{text[: _LONGEST - 1]}…" if cut else text or DASH
    return Value(shown, text[:_LONGEST] if order is None else order, numeric, hint=text if cut else "")


def run_table(cards: Sequence[Card], gallery: Path, place: Place) -> RunTable:
    """The runs, newest first, with a column for each parameter that is not the same in all of them."""
    told = (*_ALWAYS, *(each for each in _IF_DIFFERENT if len({each.value(card) for card in cards}) > 1))
    # the seed is a column of parameters if runs differ in it, and cards of old runs have no parameters
    found = parameter_differences([card.parameters or {"seed": card.seed} for card in cards])
    differing = found[:MAX_COLUMNS]
    numeric = {
        each.name: all(_is_number(plain_value(value)) for value in each.values if value is not None)
        for each in differing
    }
    rows = []
    for number, card in enumerate(cards):
        status = STATUSES.get(card.status)
        values = [Value("", status.label if status else card.status, status=status)]
        values += [_value(each.value(card), numeric=each.numeric, order=str(each.order(card))) for each in told]
        values += [_value(plain_value(each.values[number]), numeric=numeric[each.name]) for each in differing]
        href = place.to(gallery / card.key / "index.html")
        date = format_date(card.started)
        rows.append(RunRow(card.key, href, card.id, date, f"{card.started or 0:.0f}", tuple(values)))
    left = len(found) - len(differing)
    return RunTable(
        id="runs",
        title="Runs and what differs" if found else "Runs",
        caption="All runs of this recipe, newest first" + (", with the parameters that differ" if found else ""),
        columns=(Column("Status"), *(Column(each.name, each.numeric) for each in told)),
        differing=tuple(Column(each.short, numeric[each.name], hint=each.name) for each in differing),
        rows=tuple(rows),
        compare=compare_address(place, gallery),
        note=f"{format_count(left, 'more parameter')} {'differs' if left == 1 else 'differ'}: compare runs to see all."
        if left
        else "All runs were made with the same parameters."
        if len(cards) > 1 and not found
        else "",
    )


def recipe_page(gallery: Path, cards: Sequence[Card], sweeps: Sequence[SweepSnapshot] = ()) -> Page:
    """The page of a recipe.

    Args:
        gallery: the folder that holds all runs.
        cards: of its runs, newest first, at least one.
        sweeps: of the gallery, newest first; those in which its runs took part are shown.
    """
    newest = cards[0]
    place = Place(gallery / newest.type)
    table = run_table(cards, gallery, place)
    pictured = []
    for card in cards[:MAX_PICTURES]:
        facts = (card_size(card), f"seed {card.seed}" if card.seed else "")
        pictured.append(thumbnail(card, gallery, place, title=format_date(card.started), facts=facts, more=None))
    own = sweeps_with_runs(sweeps, [card.key for card in cards])
    swept = sweep_shelf(own, gallery, place, title="In sweeps", most=len(own))
    note = f"The newest {MAX_PICTURES}; the table has all {format_integer(len(cards))}."
    return Page(
        path=place.folder / "index.html",
        kind="recipe",
        root=place.root(gallery),
        header=Header(newest.title, above=newest.theme, facts=(newest.type, format_count(len(cards), "run"))),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link(newest.type)),
        parts=(
            ThumbnailGrid("pictures", "Pictures", tuple(pictured), note if len(cards) > MAX_PICTURES else ""),
            table,
            *((swept,) if swept else ()),
        ),
        description=newest.title,
        refresh=REFRESH if any(card.running for card in cards) else None,
    )
