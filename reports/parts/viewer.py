"""Parts that move: the slider through the frames, and the slider between two pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.parts.base import PageImage, Part


@dataclass(frozen=True)
class Scrubber:
    """A slider through frames.

    Attributes:
        label: what it runs through.
        data: the frames, packed by `stops.pack`, for the page's script.
    """

    label: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class ImagePair:
    """Two pictures to lay over each other; the later one gives the frame its shape."""

    id: str
    label: str
    before: PageImage
    before_label: str
    after: PageImage
    after_label: str


@dataclass(frozen=True)
class ImagePairs(Part):
    """A slider between two pictures, and a choice of pairs."""

    template: ClassVar[str] = "parts/comparison.html"
    styles: ClassVar[tuple[str, ...]] = ("slider.css",)
    scripts: ClassVar[tuple[str, ...]] = ("slider.js",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "comparison"
    title: ClassVar[str] = "Before and after"
    pairs: tuple[ImagePair, ...]
