"""Cards of runs that never were, for the pages above the runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from synthetic_run import BEGAN

from orbifolio.reports.data.card import Card, Cover

HOSTILE = "\"><script>alert('x')</script> &amp; ☃ 𝔘 \u202e" + "wide" * 80


def a_card(number: int = 0, **changes: Any) -> Card:
    """A finished run's card, without any file."""
    made = Card(
        type=f"recipe-{number}",
        id="20261121-000000-0000",
        title=f"Recipe {number}",
        theme="plane",
        about="Words.",
        status="done",
        started=BEGAN + number,
        finished=BEGAN + number + 60,
        last=BEGAN + number + 60,
        patience=600.0,
        seconds=60.0,
        group="p6",
        seed=str(number),
        device="cpu",
        width=32,
        height=32,
        steps=8,
        styles=("oil",),
        overrides=(),
        parameters={"seed": str(number), "renderer.phases.0.size": "32"},
        cover=Cover("final.png", 32, 32, (("thumbs/final-32.webp", 32),)),
    )
    return replace(made, **changes)
