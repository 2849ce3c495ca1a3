"""The picture of a run, a phase or a frame, with a slider through the frames before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import (
    PageImage,
    final_image,
    frame_name,
    newest_frame,
    page_image,
    portrait_image,
    present_frames,
)
from orbifolio.reports.media.thumbnails import prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.overlay import SymmetryOverlay, symmetry_overlay
from orbifolio.reports.parts.scrubber import Scrubber, make_scrubber


@dataclass(frozen=True)
class LeadImage(Part):
    """A picture, its symmetry to show over it, and the slider through its frames."""

    template: ClassVar[str] = "parts/lead_image.html"
    styles: ClassVar[tuple[str, ...]] = ("viewer.css", "lightbox.css")
    scripts: ClassVar[tuple[str, ...]] = ("zooming.js", "lightbox.js", "frames.js", "scrubber.js")
    picture: PageImage | None
    caption: str
    scrubber: Scrubber | None
    overlay: SymmetryOverlay | None = None


_SIZES = "(min-width: 62rem) 60vw, 94vw"


def run_scrubber(run: RunRecord, place: Place) -> Scrubber | None:
    """The slider under the picture: through all frames, and on to the finished picture."""
    finished = final_image(run) is not None
    return make_scrubber(
        place,
        run,
        run.phases,
        label="Frames of the whole run",
        ends_with="The finished picture" if finished else "",
        latest="" if finished else "The latest frame",
    )


def run_lead_image(run: RunRecord, place: Place, scrubber: Scrubber | None, *, first: bool = True) -> LeadImage:
    """The finished picture of a run, or its newest frame.

    Args:
        run: as read from its folder.
        place: that folder.
        scrubber: the slider under the picture.
        first: whether the page begins with it, so that its symmetry can be shown.
    """
    portrait = portrait_image(run)
    source, caption = portrait or final_image(run), "The finished picture"
    overlay = symmetry_overlay(run, place) if first and source is not None and portrait is None else None
    if source is None:
        newest = newest_frame(run)
        caption = "No picture yet" if run.running else "No picture was saved"
        if newest is not None:
            phase, frame = newest
            source = prepare_image(run.folder, frame.path)
            caption = f"The latest frame: {frame_name(phase, frame)}"
        elif run.record.get("final"):
            caption = "The finished picture is missing or cannot be read"
    return LeadImage(
        picture=page_image(
            place,
            source,
            alt=f"{run.title}: {caption[0].lower()}{caption[1:]}",
            sizes=_SIZES,
            loading="eager",
        ),
        caption=caption,
        scrubber=scrubber,
        overlay=overlay,
    )


def phase_lead_image(run: RunRecord, phase: PhaseRecord, place: Place, scrubber: Scrubber | None) -> LeadImage:
    """The last frame of a phase, with a slider through all of them."""
    frames = present_frames(run, phase)
    last = frames[-1] if frames else None
    source = prepare_image(run.folder, last.path) if last else None
    caption = frame_name(phase, last) if last else "No frame was saved"
    return LeadImage(
        picture=page_image(place, source, alt=f"{run.title}: {caption}", sizes=_SIZES, loading="eager"),
        caption=caption,
        scrubber=scrubber,
    )


def frame_lead_image(run: RunRecord, phase: PhaseRecord, frame: FrameRecord, place: Place) -> LeadImage:
    """The frame's picture."""
    return LeadImage(
        picture=page_image(
            place,
            prepare_image(run.folder, frame.path),
            alt=f"{run.title}: {frame_name(phase, frame)}",
            sizes=_SIZES,
            loading="eager",
        ),
        caption="Start of the phase" if not frame.step else f"After step {frame.step}",
        scrubber=None,
    )
