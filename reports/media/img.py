"""From files to `<img>`: (place, prepared picture) -> `Picture` with its addresses, sizes and words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orbifolio.reports.data import values
from orbifolio.reports.data.log import Frame, Phase, Run
from orbifolio.reports.links import Place
from orbifolio.reports.media import thumbnails
from orbifolio.reports.parts.base import Picture
from orbifolio.reports.parts.run import FrameCard


def show(
    place: Place, source: thumbnails.Source | None, *, alt: str, sizes: str, loading: str = "lazy"
) -> Picture | None:
    """An `<img>` of a prepared picture.

    Args:
        place: the page's folder.
        source: the picture, or None if it could not be read.
        alt: what it shows, for whoever cannot see it.
        sizes: how wide it will stand, as the HTML attribute says it.
        loading: `eager` for what is seen first.
    """
    if source is None:
        return None
    versions = [f"{place.to(path)} {width}w" for path, width in source.versions]
    middle = source.versions[min(1, len(source.versions) - 1)][0]
    return Picture(
        src=place.to(middle),
        srcset=", ".join(versions) if len(versions) > 1 else "",
        sizes=sizes if len(versions) > 1 else "",
        width=source.width,
        height=source.height,
        alt=alt,
        full=place.to(source.path),
        ratio=f"{source.ratio:.4f}",
        loading=loading,
        large=place.to(source.versions[-1][0]),
    )


def final_source(run: Run) -> thumbnails.Source | None:
    """The finished picture, or None if there is none yet."""
    final = values.mapping(run.record.get("final"))
    return thumbnails.prepare(run.folder, values.inner_path(final.get("path")))


def portrait_source(run: Run) -> thumbnails.Source | None:
    """A picture that says more than the finished one where that is a map: a globe, a painted model; or None."""
    return thumbnails.prepare(run.folder, values.inner_path(run.record.get("cover")))


def newest_frame(run: Run) -> tuple[Phase, Frame] | None:
    """The latest saved frame whose file is there, and its phase."""
    for phase in reversed(run.phases):
        for frame in reversed(phase.frames):
            if (run.folder / frame.path).is_file():
                return phase, frame
    return None


def frame_name(phase: Phase, frame: Frame) -> str:
    """A frame in words."""
    return f"{phase.title}, step {frame.step}" if frame.step else f"{phase.title}, beginning"


def present(run: Run, phase: Phase) -> tuple[Frame, ...]:
    """The frames of a phase whose files are there."""
    return tuple(frame for frame in phase.frames if (run.folder / frame.path).is_file())


def phase_page(run: Run, phase: Phase) -> Path:
    """The file of a phase's page."""
    return run.folder / phase.folder / "index.html"


def step_page(run: Run, phase: Phase, frame: Frame) -> Path:
    """The file of a frame's page."""
    return run.folder / phase.folder / "steps" / f"{frame.step:05d}" / "index.html"


def frame_card(place: Place, run: Run, phase: Phase, frame: Frame) -> FrameCard:
    """A frame in a strip, leading to its page."""
    source = thumbnails.prepare(run.folder, frame.path, widths=thumbnails.SMALL)
    alt = f"{run.title}: {frame_name(phase, frame)}"
    return FrameCard(
        href=place.to(step_page(run, phase, frame)),
        picture=show(place, source, alt=alt, sizes="10rem"),
        label=f"step {frame.step}" if frame.step else "beginning",
    )


def sampled(frames: Sequence[Frame], limit: int) -> tuple[Frame, ...]:
    """At most so many frames, evenly spaced, the first and the last among them."""
    if len(frames) <= limit:
        return tuple(frames)
    return tuple(frames[round(index * (len(frames) - 1) / (limit - 1))] for index in range(limit))
