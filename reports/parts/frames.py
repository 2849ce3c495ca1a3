"""Frames of a phase in a strip or a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import PageImage, frame_name, page_image, step_page_path
from orbifolio.reports.media.thumbnails import SMALL_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Part


@dataclass(frozen=True)
class FrameCard:
    """A frame in a strip: the picture leads to its file, the label (`href`) to its page."""

    href: str
    picture: PageImage | None
    label: str


@dataclass(frozen=True)
class Frames(Part):
    """Frames of a phase: all of them, or a sample and a note that says where the others are."""

    template: ClassVar[str] = "parts/frames.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "frames"
    title: ClassVar[str] = "Frames"
    cards: tuple[FrameCard, ...]
    note: str = ""


def frame_card(place: Place, run: RunRecord, phase: PhaseRecord, frame: FrameRecord) -> FrameCard:
    """A frame in a strip, leading to its page."""
    source = prepare_image(run.folder, frame.path, widths=SMALL_WIDTHS)
    alt = f"{run.title}: {frame_name(phase, frame)}"
    return FrameCard(
        href=place.to(step_page_path(run, phase, frame)),
        picture=page_image(place, source, alt=alt, sizes="10rem"),
        label=f"step {frame.step}" if frame.step else "beginning",
    )
