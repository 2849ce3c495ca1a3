"""A slider between two pictures: (run) -> pairs of beginning, inputs and result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_mapping, as_text, as_tuple, inner_path
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import PageImage, final_image, newest_frame, page_image, present_frames
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, PreparedImage, prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.wording import capitalise


@dataclass(frozen=True)
class ImagePair:
    """Two pictures to lay over each other; the second one sets the shape of the frame."""

    id: str
    label: str
    before: PageImage
    before_label: str
    after: PageImage
    after_label: str


@dataclass(frozen=True)
class ImagePairs(Part):
    """A slider between two pictures, and a choice of pairs."""

    template: ClassVar[str] = "parts/image_pairs.html"
    styles: ClassVar[tuple[str, ...]] = ("slider.css",)
    scripts: ClassVar[tuple[str, ...]] = ("slider.js",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "comparison"
    title: ClassVar[str] = "Before and after"
    pairs: tuple[ImagePair, ...]


_MAX_PAIRS = 8  # a longer list of buttons is slower to read than the pictures


_SHAPE_TOLERANCE = 0.08
"""Relative difference of width / height below which a beginning is compared with a result: phases round their sides,
but two shapes do not lie well over each other."""


_SIZES = "(min-width: 62rem) 40rem, 94vw"


def _beginning(run: RunRecord) -> PreparedImage | None:
    """The state that the first phase began with."""
    frames = present_frames(run, run.phases[0]) if run.phases else ()
    return prepare_image(run.folder, frames[0].path) if frames and frames[0].step == 0 else None


def _result(run: RunRecord) -> tuple[PreparedImage | None, str]:
    """The finished picture, or how far an unfinished run came; none while it is running."""
    source = final_image(run)
    if source is None and not run.running and (newest := newest_frame(run)):
        return prepare_image(run.folder, newest[1].path), "Latest frame"
    return source, "Result"


def _pairs(run: RunRecord, place: Place) -> Iterator[ImagePair]:
    def shown(source: PreparedImage | None, words: str) -> PageImage | None:
        return page_image(place, source, alt=f"{run.title}: {words[0].lower()}{words[1:]}", sizes=_SIZES)

    def pair(label: str, before: tuple[PageImage, str], after: tuple[PageImage, str]) -> ImagePair:
        return ImagePair("", label, *before, *after)

    result, called = _result(run)
    after = shown(result, called)
    beginning = _beginning(run)
    before = None
    if after and result and beginning and abs(beginning.ratio / result.ratio - 1) < _SHAPE_TOLERANCE:
        before = shown(beginning, "Beginning")
    compared: list[ImagePair] = []
    styles: list[ImagePair] = []
    preparations: list[ImagePair] = []
    for entry in map(as_mapping, as_tuple(run.record.get("inputs"))):
        name = as_text(entry.get("name"), "picture")
        words = capitalise(name)
        given, made = (inner_path(entry.get(key)) for key in ("original", "prepared"))
        original = shown(prepare_image(run.folder, given, widths=MEDIUM_WIDTHS), f"{name}, original")
        if original is None or name.startswith(("mask", "target")):
            continue
        if after and not (before and name.startswith("initial")):  # that is what it began with
            found = pair(f"{words} and result", (original, words), (after, called))
            (styles if name.startswith("style") else compared).append(found)
        if made and made != given:
            prepared = shown(prepare_image(run.folder, made, widths=MEDIUM_WIDTHS), f"{name}, prepared")
            if prepared:
                names = (original, "Original"), (prepared, "Prepared")
                preparations.append(pair(f"{words}, original and prepared", *names))
    yield from compared  # a photograph beside its painting says most
    if after and before:
        yield pair("Beginning and result", (before, "Beginning"), (after, called))
    yield from styles
    yield from preparations


def image_pairs(run: RunRecord, place: Place) -> ImagePairs | None:
    """The slider between two pictures, or None where there are no two."""
    pairs = list(_pairs(run, place))[:_MAX_PAIRS]
    numbered = tuple(replace(pair, id=f"pair-{number}") for number, pair in enumerate(pairs, 1))
    return ImagePairs(numbered) if numbered else None
