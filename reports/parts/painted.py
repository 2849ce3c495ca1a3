"""The part that shows a painting beside the same strokes in real paint, with what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.links import Link
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.run import StageCard


@dataclass(frozen=True)
class StrokeComparison(Part):
    """A painting and its doubles.

    Attributes:
        cards: the neural canvas and the real program's, if it is there.
        facts: strokes, decibels, pens.
        notes: how to have it again, what is missing.
        links: to its files.
    """

    template: ClassVar[str] = "parts/painted.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "painted"
    title: ClassVar[str] = "In real paint"
    cards: tuple[StageCard, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    links: tuple[Link, ...]
