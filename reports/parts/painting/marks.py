"""How a picture is painted: texture, colours, lengths and widths of strokes, in words for a painter and as bars.

Read from `extras/painting.json`, which the painter writes.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_finite, as_int, as_mapping, as_tuple
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.painting.stroke_comparison import painting_figures
from orbifolio.reports.wording import format_integer, format_number, format_percentage

PAINTED = 0.012
"""Texture of calm places from which paint is seen; as in `runner/strokes/document/figures.py`."""

TALLEST = 100
"""Height of the tallest bar, in units of the drawing."""

MAX_BINS = 32
"""Of a histogram; more were not written by this program."""

AGREEMENTS = ((0.8, "closely"), (0.6, "mostly"), (0.3, "loosely"), (-2.0, "hardly"))
"""How strokes follow the edges, from the least that does; a photograph under a blur of 1 % has 0.9."""


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: `x`, `y` and `height` in units of the drawing; `title` says what it counts."""

    x: int
    y: float
    height: float
    title: str


@dataclass(frozen=True)
class Histogram:
    """A few bars with their bounds below.

    Attributes:
        summary: in words, for those who do not see it.
        labels: of the bounds, one at the left of each bar.
    """

    title: str
    summary: str
    bars: tuple[Bar, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class PaintedMarks(Part):
    """Figures of a painting, decibels last, and its strokes' sizes as bars."""

    template: ClassVar[str] = "parts/marks.html"
    styles: ClassVar[tuple[str, ...]] = ("marks.css",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "marks"
    title: ClassVar[str] = "How it is painted"
    facts: tuple[Fact, ...]
    histograms: tuple[Histogram, ...]
    notes: tuple[str, ...]


def marks_part(run: RunRecord) -> PaintedMarks | None:
    """The part, or None for what was not painted or not measured."""
    marks = as_mapping(painting_figures(run).get("marks"))
    strokes = as_int(marks.get("strokes"))
    if not strokes:
        return None
    facts = (
        Fact("Paint in calm places", _texture(marks)),
        Fact("Colours at their limit", _clipped(as_finite(marks.get("clipped")))),
        Fact("Strokes", format_integer(strokes)),
        Fact("Strokes on a square of a tenth of the side", _density(as_finite(marks.get("density")))),
        Fact("Length of a stroke", _between(as_mapping(marks.get("lengths")))),
        Fact("Width of a stroke", _between(as_mapping(marks.get("widths")))),
        Fact("Strokes along edges", _agreement(as_finite(marks.get("edges")))),
        Fact("Likeness to the eye (LPIPS)", _likeness(as_finite(marks.get("lpips")))),
        Fact(
            "Likeness to a network (VGG)",
            _rounded(as_finite(marks.get("vgg")), "0 the same; every mark raises it"),
        ),
        Fact("Likeness by pixels (PSNR)", _decibels(as_finite(marks.get("decibels")))),
    )
    drawn = (
        _histogram("Lengths", as_mapping(marks.get("lengths"))),
        _histogram("Widths", as_mapping(marks.get("widths"))),
    )
    return PaintedMarks(
        facts=tuple(fact for fact in facts if fact.value),
        histograms=tuple(item for item in drawn if item is not None),
        notes=(
            "Lengths and widths are per cent of the picture's shorter side. No figure says whether a painting is good; "
            "by pixels, a photograph out of focus is liker than any painting.",
        ),
    )


def _texture(marks: Mapping[str, Any]) -> str:
    painted, own = as_finite(marks.get("texture")), as_finite(marks.get("picture_texture"))
    if painted is None or own is None:
        return ""
    words = "paint is seen" if painted >= min(own, PAINTED) else "smoother than the picture, as if out of focus"
    return f"texture {format_number(painted, 2)}, the picture's own {format_number(own, 2)}: {words}"


def _density(value: float | None) -> str:
    return "" if value is None else f"{value:.{0 if value >= 10 else 1}f}"


def _clipped(share: float | None) -> str:
    if share is None:
        return ""
    return (
        "none" if share == 0 else f"{format_percentage(share)} of strokes, as dark, light or strong as a screen shows"
    )


def _between(spread: Mapping[str, Any]) -> str:
    """The middle half of a distribution."""
    quartiles = [as_finite(value) for value in as_tuple(spread.get("quartiles"))]
    if len(quartiles) != 3 or None in quartiles:
        return ""
    low, middle, high = (format_number(value, 2) for value in quartiles)
    return f"half of them {low} to {high} %, median {middle} %"


def _agreement(value: float | None) -> str:
    if value is None:
        return ""
    words = next(words for least, words in AGREEMENTS if value >= least)
    return f"{format_number(value, 2)}: edges are {words} followed (1 along them, 0 by chance)"


def _likeness(value: float | None) -> str:
    return _rounded(value, "0 the same, about 0.7 another picture")


def _rounded(value: float | None, scale: str) -> str:
    return "" if value is None else f"{format_number(value, 2)} ({scale})"


def _decibels(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} dB"


def _histogram(title: str, spread: Mapping[str, Any]) -> Histogram | None:
    """Bars of one height for the most frequent size; None for anything but counts between bounds."""
    bounds = [as_finite(value) for value in as_tuple(spread.get("bounds"))]
    counts = [as_int(value) for value in as_tuple(spread.get("counts"))]
    known = [bound for bound in bounds if bound is not None]
    numbers = [count for count in counts if count is not None and count >= 0]
    if len(known) != len(bounds) or len(numbers) != len(counts) or len(known) != len(numbers) + 1:
        return None
    if not 0 < len(numbers) <= MAX_BINS or not max(numbers):
        return None
    labels = tuple(format_number(bound, 2) for bound in known)
    bars = []
    for number, (count, (low, high)) in enumerate(zip(numbers, itertools.pairwise(labels), strict=True)):
        height = round(TALLEST * count / max(numbers), 2)
        span = f"{low} % and more" if number == len(numbers) - 1 else f"{low} to {high} %"
        bars.append(Bar(number, TALLEST - height, height, f"{span}: {format_integer(count)}"))
    most = max(range(len(numbers)), key=numbers.__getitem__)
    summary = f"{title} of strokes in per cent of the shorter side; most have {bars[most].title.rpartition(':')[0]}"
    return Histogram(title, summary, tuple(bars), labels[:-1])
