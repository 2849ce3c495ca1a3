"""The picture of a run, a phase or a frame, large and first, with the words that belong beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord, StepRecord
from orbifolio.reports.data.values import as_int, as_mapping, as_text
from orbifolio.reports.links import Link, Place
from orbifolio.reports.media.deepzoom import find_pyramid, zoom_page_path
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
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.compare import compare_address
from orbifolio.reports.parts.scrubber import Scrubber, make_scrubber
from orbifolio.reports.prose import markdown_to_html
from orbifolio.reports.sweep.membership import sweeps_of_run
from orbifolio.reports.sweep.record import SWEEPS_FOLDER
from orbifolio.reports.wording import DASH, format_bytes, format_duration, format_integer, format_number, format_pixels
from orbifolio.runner.files import is_file


@dataclass(frozen=True)
class LeadImage(Part):
    """The picture, large and first, with the words that belong beside it."""

    template: ClassVar[str] = "parts/lead_image.html"
    styles: ClassVar[tuple[str, ...]] = ("viewer.css", "lightbox.css")
    scripts: ClassVar[tuple[str, ...]] = ("zooming.js", "lightbox.js", "frames.js", "scrubber.js")
    picture: PageImage | None
    caption: str
    scrubber: Scrubber | None
    about: Markup
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]


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


def picture_size(run: RunRecord) -> str:
    """The artwork's size in words, or "" while there is none."""
    width, height = as_int(run.final.get("width")), as_int(run.final.get("height"))
    return format_pixels(width, height) if width and height else ""


def symmetry_group(run: RunRecord) -> str:
    """The symmetry group's name, or ""."""
    return as_text(as_mapping(run.record.get("symmetry")).get("group"))


def run_lead_image(run: RunRecord, place: Place, scrubber: Scrubber | None) -> LeadImage:
    """The finished picture of a run, or its newest frame, with the main facts beside it."""
    source, caption = portrait_image(run) or final_image(run), "The finished picture"
    if source is None:
        newest = newest_frame(run)
        caption = "No picture yet" if run.running else "No picture was saved"
        if newest is not None:
            phase, frame = newest
            source = prepare_image(run.folder, frame.path)
            caption = f"The latest frame: {frame_name(phase, frame)}"
        elif run.record.get("final"):
            caption = "The finished picture is missing or cannot be read"
    record = run.record
    steps = as_int(record.get("steps")) or sum(len(phase.steps) for phase in run.phases)
    symmetry = as_mapping(record.get("symmetry"))
    facts = (
        Fact("Symmetry", as_text(symmetry.get("title")) or symmetry_group(run)),
        Fact("Size", picture_size(run)),
        Fact("Steps", format_integer(steps) if steps else ""),
        Fact("Time", format_duration(run.work_seconds) if run.work_seconds else ""),
        Fact("Seed", as_text(record.get("seed"))),
        Fact("Device", as_text(record.get("device"))),
    )
    links = []
    if run.final_path and is_file(run.folder / run.final_path):
        links.append(Link("Download the picture", place.to(run.folder / run.final_path)))
    if find_pyramid(run) is not None:
        links.append(Link("Zoom into the picture", place.to(zoom_page_path(run))))
    gallery = run.folder.parent.parent
    links.append(Link("Compare with other runs", compare_address(place, gallery, f"{run.type}/{run.id}")))
    for name, title in sweeps_of_run(gallery, f"{run.type}/{run.id}"):
        links.append(Link(f"Part of a sweep: {title}", place.to(gallery / SWEEPS_FOLDER / name / "index.html")))
    links.append(Link("System and timing", place.to(run.folder / "system" / "index.html")))
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
        about=markdown_to_html(run.about) if run.about.strip() else Markup(""),
        facts=tuple(fact for fact in facts if fact.value),
        links=tuple(links),
    )


def phase_lead_image(run: RunRecord, phase: PhaseRecord, place: Place, scrubber: Scrubber | None) -> LeadImage:
    """The last frame of a phase, with a slider through all of them."""
    frames = present_frames(run, phase)
    last = frames[-1] if frames else None
    source = prepare_image(run.folder, last.path) if last else None
    caption = frame_name(phase, last) if last else "No frame was saved"
    facts = (
        Fact("Size", format_pixels(phase.width, phase.height)),
        Fact("Free parameters", format_integer(phase.parameters) if phase.parameters else ""),
        Fact("Steps", f"{len(phase.steps)} of {phase.planned}" if phase.planned else ""),
        Fact("Time", format_duration(phase.seconds) if phase.seconds else ""),
        Fact("Frames", str(len(frames))),
    )
    return LeadImage(
        picture=page_image(place, source, alt=f"{run.title}: {caption}", sizes=_SIZES, loading="eager"),
        caption=caption,
        scrubber=scrubber,
        about=Markup(""),
        facts=tuple(fact for fact in facts if fact.value not in ("", DASH)),
        links=(),
    )


def frame_lead_image(
    run: RunRecord, phase: PhaseRecord, frame: FrameRecord, step: StepRecord | None, place: Place
) -> LeadImage:
    """The frame's picture and the facts of its step."""
    facts = (
        Fact("Step", f"{frame.step} of {phase.planned}" if phase.planned else str(frame.step)),
        Fact("Loss", format_number(step.loss) if step else ""),
        Fact("Step time", format_duration(step.seconds) if step else ""),
        Fact("Peak memory", format_bytes(step.memory) if step and step.memory else ""),
    )
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
        about=Markup(""),
        facts=tuple(fact for fact in facts if fact.value),
        links=(Link("Frame as a file", place.to(run.folder / frame.path)),),
    )
