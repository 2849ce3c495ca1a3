"""Comparing runs: (cards) -> the compare page and its index of runs; (run) -> what that page loads of it.

`runs.js` at the gallery's root calls `orbifolio.runs(...)` with an index, `compare.js` in a run's folder calls
`orbifolio.compared(...)`. The page's fragment names the runs to compare. It is untrusted: only runs of the index
are ever loaded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orbifolio.reports.charts.curves import steps_by_position
from orbifolio.reports.charts.thinning import choose_positions
from orbifolio.reports.data.card import Card
from orbifolio.reports.data.differences import DESCRIPTIVE, plain_value
from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.files import data_script, write_text
from orbifolio.reports.links import Header, Link, Place, status_label
from orbifolio.reports.parts.compare import COMPARE_PAGE, RUN_INDEX, Compare
from orbifolio.reports.parts.scrubber import pack_frames
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import format_count, format_date, format_duration, format_integer, format_pixels

COMPARED_NAME = "compare.js"

_MAX_POINTS = 240  # of a curve, which shares its chart with those of other runs
_DIGITS = 5  # of a loss; its drawing is 1000 units wide and 400 high


def _thumb(card: Card) -> str:
    """The narrowest copy of a run's picture, relative to its folder."""
    return quote(card.cover.versions[0][0]) if card.cover else ""


def run_index(recipes: Mapping[str, Sequence[Card]]) -> str:
    """`runs.js`: all runs by recipe, newest first, each as [id, date, status, thumb, ratio]."""
    listed = []
    for type_, cards in recipes.items():
        runs = []
        for card in cards:
            status = "" if card.status == "done" else status_label(card.status)
            ratio = round(card.cover.ratio, 3) if card.cover else 1
            runs.append([card.id, format_date(card.started), status, _thumb(card), ratio])
        listed.append({"type": type_, "title": cards[0].title, "runs": runs})
    return data_script("runs", sorted(listed, key=lambda entry: (str(entry["title"]).casefold(), str(entry["type"]))))


def _number(value: float) -> float | None:
    """A loss with as many digits as a drawing shows; None where it is no number."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _curve(run: RunRecord) -> dict[str, list[float | None]]:
    """The total loss by position over the whole run, thinned."""
    loss = {float(position): step.loss for position, step in steps_by_position(run.phases)}
    positions = choose_positions([sorted(loss.items())], _MAX_POINTS)
    return {"at": list(positions), "loss": [_number(loss[position]) for position in positions]}


def compared_run(run: RunRecord, card: Card) -> dict[str, Any]:
    """All that the compare page shows of a run; addresses are relative to its folder."""
    cover = card.cover
    facts = {
        "Run": card.id,
        "Date": format_date(card.started),
        "Status": status_label(card.status),
        "Seed": card.seed,
        "Time": format_duration(card.seconds),
        "Device": card.device,
        "Size": format_pixels(card.width, card.height),
        "Steps": format_integer(card.steps) if card.steps else "",
    }
    return {
        "key": card.key,
        "title": card.title,
        "date": format_date(card.started),
        "finished": bool(run.record.get("final")) and cover is not None,
        "picture": cover
        and {
            "width": cover.width,
            "height": cover.height,
            "copies": [[width, quote(path)] for path, width in cover.versions],
        },
        "facts": facts,
        "frames": pack_frames(Place(run.folder), run, run.phases),
        "last": max((position for position, _ in steps_by_position(run.phases)), default=0),
        "curve": _curve(run),
        "parameters": {
            name: plain_value(value)
            for name, value in card.parameters.items()
            if name.partition(".")[0] not in DESCRIPTIVE
        },
    }


def write_compared(run: RunRecord, card: Card) -> None:
    """Write what the compare page loads of a run, beside the run's card."""
    write_text(run.folder / COMPARED_NAME, data_script("compared", compared_run(run, card)))


def compare_page(gallery: Path, recipes: Mapping[str, Sequence[Card]]) -> Page:
    """The page on which runs are compared.

    Args:
        gallery: the folder that holds all runs.
        recipes: cards of each type, none empty.
    """
    place = Place(gallery)
    several = [cards[0] for cards in recipes.values() if len(cards) > 1] or [cards[0] for cards in recipes.values()]
    links = [
        Link(
            f"{card.title} ({format_count(len(recipes[card.type]), 'run')})",
            place.to(gallery / card.type / "index.html"),
        )
        for card in sorted(several, key=lambda card: (card.title.casefold(), card.type))
    ]
    return Page(
        path=gallery / COMPARE_PAGE,
        kind="compare",
        root="./",
        header=Header("Compare"),
        crumbs=(Link("Gallery", "index.html"), Link("Compare")),
        parts=(Compare(RUN_INDEX, tuple(links)),),
        description="Runs side by side.",
    )
