"""What can be laid over what: (run, place) -> `Comparison` of beginning, inputs and result."""

from __future__ import annotations

from collections.abc import Iterator

from orbifolio.reports import parts
from orbifolio.reports.data import values
from orbifolio.reports.data.log import Run
from orbifolio.reports.links import Place
from orbifolio.reports.media import img, thumbnails

_MOST = 8
_SAME_SHAPE = 0.08
"""Relative difference of width / height below which a beginning and a result are the same picture's."""

_SIZES = "(min-width: 62rem) 40rem, 94vw"


def _beginning(run: Run) -> thumbnails.Source | None:
    """The state that the first phase began with."""
    frames = img.present(run, run.phases[0]) if run.phases else ()
    return thumbnails.prepare(run.folder, frames[0].path) if frames and frames[0].step == 0 else None


def _result(run: Run) -> tuple[thumbnails.Source | None, str]:
    """The finished picture, or how far an unfinished run came; none while it goes on."""
    source = img.final_source(run)
    if source is None and not run.running and (newest := img.newest_frame(run)):
        return thumbnails.prepare(run.folder, newest[1].path), "As far as it came"
    return source, "Result"


def _pairs(run: Run, place: Place) -> Iterator[parts.Pair]:
    def shown(source: thumbnails.Source | None, words: str) -> parts.Picture | None:
        return img.show(place, source, alt=f"{run.title}: {words[0].lower()}{words[1:]}", sizes=_SIZES)

    def pair(label: str, before: tuple[parts.Picture, str], after: tuple[parts.Picture, str]) -> parts.Pair:
        return parts.Pair("", label, *before, *after)

    result, called = _result(run)
    after = shown(result, called)
    beginning = _beginning(run)
    before = None
    if after and result and beginning and abs(beginning.ratio / result.ratio - 1) < _SAME_SHAPE:
        before = shown(beginning, "Beginning")
    if after and before:
        yield pair("Beginning and result", (before, "Beginning"), (after, called))
    for entry in map(values.mapping, values.sequence(run.record.get("inputs"))):
        name = values.text(entry.get("name"), "picture")
        words = name[:1].upper() + name[1:]
        given, made = (values.inner_path(entry.get(key)) for key in ("original", "prepared"))
        original = shown(thumbnails.prepare(run.folder, given, widths=(320, 640)), f"{name}, as given")
        if original is None or name.startswith(("mask", "target")):
            continue
        if after and not (before and name.startswith("initial")):  # that is what it began with
            yield pair(f"{words} and result", (original, words), (after, called))
        if made and made != given:
            prepared = shown(thumbnails.prepare(run.folder, made, widths=(320, 640)), f"{name}, as prepared")
            if prepared:
                yield pair(f"{words}, as given and as prepared", (original, "As given"), (prepared, "As prepared"))


def comparison(run: Run, place: Place) -> parts.Comparison | None:
    """The slider between two pictures, or None where there are no two."""
    found = list(_pairs(run, place))[:_MOST]
    numbered = tuple(
        parts.Pair(
            f"pair-{number}",
            each.label,
            each.before,
            each.before_label,
            each.after,
            each.after_label,
        )
        for number, each in enumerate(found, 1)
    )
    return parts.Comparison(numbered) if numbered else None
