"""From files to `<img>`: (place, prepared picture) -> `PageImage` with its addresses, sizes and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord
from orbifolio.reports.data.values import inner_path
from orbifolio.reports.links import Place
from orbifolio.reports.media.thumbnails import PreparedImage, prepare_image
from orbifolio.runner.files import is_file

Item = TypeVar("Item")


@dataclass(frozen=True)
class PageImage:
    """An `<img>`: `full` and `large` are addresses of the original and of its widest copy; `ratio` is for CSS."""

    src: str
    srcset: str
    sizes: str
    width: int
    height: int
    alt: str
    full: str
    ratio: str
    loading: str = "lazy"
    large: str = ""


def page_image(
    place: Place, source: PreparedImage | None, *, alt: str, sizes: str, loading: str = "lazy"
) -> PageImage | None:
    """An `<img>` of a prepared picture.

    Args:
        place: the folder of the page that shows it.
        source: the picture, or None if it could not be read.
        alt: what it shows, for readers who cannot see it.
        sizes: its displayed width, as an HTML `sizes` attribute.
        loading: `eager` for what is seen first.
    """
    if source is None:
        return None
    versions = [f"{place.to(path)} {width}w" for path, width in source.versions]
    middle = source.versions[min(1, len(source.versions) - 1)][0]
    return PageImage(
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


def final_image(run: RunRecord) -> PreparedImage | None:
    """The finished picture, or None if there is none yet."""
    return prepare_image(run.folder, run.final_path)


def portrait_image(run: RunRecord) -> PreparedImage | None:
    """The cover of a run whose finished picture is a map, such as a globe or a painted model; None for other runs."""
    return prepare_image(run.folder, inner_path(run.record.get("cover")))


def newest_frame(run: RunRecord) -> tuple[PhaseRecord, FrameRecord] | None:
    """The latest saved frame whose file is there, and its phase."""
    for phase in reversed(run.phases):
        for frame in reversed(phase.frames):
            if is_file(run.folder / frame.path):
                return phase, frame
    return None


def frame_name(phase: PhaseRecord, frame: FrameRecord) -> str:
    """A frame in words."""
    return f"{phase.title}, step {frame.step}" if frame.step else f"{phase.title}, beginning"


def present_frames(run: RunRecord, phase: PhaseRecord) -> tuple[FrameRecord, ...]:
    """The frames of a phase whose files are there."""
    return tuple(frame for frame in phase.frames if is_file(run.folder / frame.path))


def phase_page_path(run: RunRecord, phase: PhaseRecord) -> Path:
    """The file of a phase's page."""
    return run.folder / phase.folder / "index.html"


def step_page_path(run: RunRecord, phase: PhaseRecord, frame: FrameRecord) -> Path:
    """The file of a frame's page."""
    return run.folder / phase.folder / "steps" / f"{frame.step:05d}" / "index.html"


def sample_evenly(items: Sequence[Item], limit: int) -> tuple[Item, ...]:
    """At most so many items (at least 2), evenly spaced, the first and the last among them.

    >>> sample_evenly("abcdefghi", 4)
    ('a', 'd', 'f', 'i')
    """
    if len(items) <= limit:
        return tuple(items)
    return tuple(items[round(index * (len(items) - 1) / (limit - 1))] for index in range(limit))
