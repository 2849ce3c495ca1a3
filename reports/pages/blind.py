"""Judging pictures blindly: (cards, sweeps) -> the page that shows two runs without names, and its index of pictures.

`pictures.js` at the gallery's root calls `orbifolio.pictures(...)` with the finished runs of each recipe and each
sweep. Votes stay in the browser; `reports/data/votes.py` reads what the page exports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from orbifolio.reports.data.card import Card
from orbifolio.reports.files import data_script
from orbifolio.reports.links import Header, Link
from orbifolio.reports.parts.blind import BLIND_PAGE, Blind
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import format_date

PICTURE_INDEX = "pictures.js"


def picture_index(recipes: Mapping[str, Sequence[Card]], sweeps: Sequence[SweepSnapshot] = ()) -> str:
    """`pictures.js`: finished runs of recipes, as [id, date, ratio, [[width, path], ...]], and of sweeps, by key."""
    listed = []
    for type_, cards in recipes.items():
        runs = [
            [
                card.id,
                format_date(card.started),
                round(card.cover.ratio, 3),
                [[width, quote(path)] for path, width in card.cover.versions],
            ]
            for card in cards
            if card.presentable and card.cover
        ]
        if runs:
            listed.append({"type": type_, "title": cards[0].title, "runs": runs})
    finished = {card.key for cards in recipes.values() for card in cards if card.presentable}
    shown = []
    for snapshot in sweeps:
        keys = [run for run in dict.fromkeys(snapshot.sweep.runs) if run in finished]
        if keys:
            shown.append({"name": snapshot.sweep.name, "title": snapshot.sweep.title, "runs": keys})
    listed.sort(key=lambda entry: (str(entry["title"]).casefold(), str(entry["type"])))
    return data_script("pictures", {"recipes": listed, "sweeps": shown})


def blind_page(gallery: Path) -> Page:
    """The page on which pictures are judged without their names.

    Args:
        gallery: the folder that holds all runs.
    """
    return Page(
        path=gallery / BLIND_PAGE,
        kind="blind",
        root="./",
        header=Header("Which is better?"),
        crumbs=(Link("Gallery", "index.html"), Link("Blind comparison")),
        parts=(Blind(PICTURE_INDEX),),
        description="Two pictures without names: click the better one.",
    )
