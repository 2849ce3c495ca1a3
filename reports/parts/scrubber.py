"""A slider through frames: (place, run, phases) -> plain data for the page's script.

A run may have hundreds of frames, so nothing is repeated: a phase names its folder once, and a frame is
its step's number and its loss. The script knows the rest:

    <root><folder>/frames/<step, five digits>.webp      the frame
    <root>thumbs/<folder>/frames/<step>-<width>.webp    its copies, for each width in `copies`
    <root><folder>/steps/<step>/index.html              its page
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from orbifolio.reports.charts.curves import step_position
from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import present_frames
from orbifolio.reports.media.thumbnails import worthwhile_widths
from orbifolio.reports.wording import format_number


@dataclass(frozen=True)
class Scrubber:
    """A slider through frames.

    Attributes:
        label: what it runs through.
        data: the frames, packed by `pack_frames`, for the page's script.
    """

    label: str
    data: Mapping[str, Any]


def _plain(phase: PhaseRecord, frame: FrameRecord) -> bool:
    """Whether a frame lies where the page's script would look for it."""
    return frame.path == f"{phase.folder}/frames/{frame.step:05d}.webp"


def _packed(run: RunRecord, phase: PhaseRecord, frames: Sequence[FrameRecord]) -> dict[str, Any]:
    steps = {step.step: step for step in phase.steps}
    losses = [steps[frame.step].loss if frame.step in steps else None for frame in frames]
    packed: dict[str, Any] = {
        "number": phase.index + 1,
        "title": phase.title,
        "folder": quote(phase.folder),
        "before": step_position(run.phases, phase, 0),
        "width": phase.width,
        "height": phase.height,
        "copies": worthwhile_widths(phase.width),
        "steps": [frame.step for frame in frames],
        "loss": ["" if loss is None else format_number(loss, 3) for loss in losses],
    }
    if not all(_plain(phase, frame) for frame in frames):
        packed["files"] = [quote(str(PurePosixPath(frame.path))) for frame in frames]
    return packed


def pack_frames(place: Place, run: RunRecord, phases: Sequence[PhaseRecord]) -> dict[str, Any]:
    """The frames of these phases whose files are there."""
    frames_of = [(phase, present_frames(run, phase)) for phase in phases]
    return {
        "root": f"{place.to(run.folder)}/",
        "phases": [_packed(run, phase, frames) for phase, frames in frames_of if frames],
    }


def make_scrubber(
    place: Place, run: RunRecord, phases: Sequence[PhaseRecord], *, label: str, ends_with: str = "", latest: str = ""
) -> Scrubber | None:
    """A slider through the frames of these phases, or None if there is nothing to slide through.

    Args:
        place: the folder of the page that shows it.
        run: as read from its folder.
        label: what the slider runs through.
        ends_with: what the picture shows after the last frame, in words, or "" if it shows the last frame.
        latest: what the last frame is called then.
    """
    data = pack_frames(place, run, phases) | {"end": ends_with, "latest": latest}
    stops = sum(len(phase["steps"]) for phase in data["phases"]) + bool(ends_with)
    return Scrubber(label, data) if stops > 1 else None
