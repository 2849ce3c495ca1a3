"""The pages below a run: (run, gallery) -> its phases, the steps of a phase, the system that computed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orbifolio.reports.charts.curves import charted_metrics, loss_charts, step_position
from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.live_updates import is_at_rest, run_update
from orbifolio.reports.media.img import phase_page_path, present_frames, sample_evenly, step_page_path
from orbifolio.reports.pages.run import run_crumbs
from orbifolio.reports.pages.step import step_pages
from orbifolio.reports.pages.system import system_page
from orbifolio.reports.pages.zoom import zoom_page
from orbifolio.reports.parts.base import Cell, DataTable, Part, column_heads, numeric_cells
from orbifolio.reports.parts.curves import Curves
from orbifolio.reports.parts.frames import Frames, frame_card
from orbifolio.reports.parts.hero import phase_hero
from orbifolio.reports.parts.notice import Notice
from orbifolio.reports.parts.phases import phase_facts
from orbifolio.reports.parts.scrubber import make_scrubber
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import DASH, format_bytes, format_duration, format_number

MAX_FRAMES_SHOWN = 48
"""Pictures on a phase's page, which more would make slow to load; its table leads to every frame."""


def _is_open(run: RunRecord, phase: PhaseRecord) -> bool:
    """Whether the pages of this phase may still change: until the next one has a frame to lead to."""
    later = [other for other in run.phases if other.index > phase.index and other.frames]
    return run.running and not (phase.finished and later)


def _frame_table(phase: PhaseRecord, frames: tuple[FrameRecord, ...], place: Place, run: RunRecord) -> DataTable | None:
    """Loss, time and memory of the step of each saved frame, with a link to the frame's page."""
    steps = {step.step: step for step in phase.steps}
    shown = [(frame, steps[frame.step]) for frame in frames if frame.step in steps]
    if not shown:
        return None
    rows = tuple(
        (
            Cell(f"step {frame.step}", place.to(step_page_path(run, phase, frame))),
            *numeric_cells(
                format_number(step.loss),
                format_duration(step.seconds),
                format_bytes(step.memory) if step.memory else DASH,
            ),
        )
        for frame, step in shown
    )
    return DataTable(
        "table",
        "In numbers",
        "The state at every saved frame",
        column_heads("Frame", "Loss", "Step time", "Peak memory"),
        rows,
    )


def phase_page(run: RunRecord, phase: PhaseRecord, gallery: Path) -> Page:
    """The page of a phase: its last frame, all frames, its curves, its numbers."""
    path = phase_page_path(run, phase)
    place = Place(path.parent)
    frames = present_frames(run, phase)
    scrubber = make_scrubber(place, run, [phase], label="Frames of this phase")
    charts = loss_charts([phase], charted_metrics(run))
    shown = sample_evenly(frames, MAX_FRAMES_SHOWN)
    cards = tuple(frame_card(place, run, phase, frame) for frame in shown)
    note = f"{len(shown)} of {len(frames)} frames, evenly spaced; the table below links to all of them."
    parts: tuple[Part | None, ...] = (
        phase_hero(run, phase, place, scrubber),
        Notice("calm", "Notes", phase.notes) if phase.notes else None,
        Frames(cards, note if len(shown) < len(frames) else "") if cards else None,
        Curves(charts, before=step_position(run.phases, phase, 0)) if charts else None,
        _frame_table(phase, frames, place, run),
    )
    started = [other for other in run.phases if other.started]
    at = started.index(phase)
    earlier, later = started[at - 1] if at else None, started[at + 1] if at + 1 < len(started) else None
    return Page(
        path=path,
        kind="phase",
        root=place.root(gallery),
        header=Header(
            phase.title, above=f"{run.title} · phase {phase.index + 1} of {len(run.phases)}", facts=phase_facts(phase)
        ),
        crumbs=run_crumbs(run, gallery, place, Link(phase.title)),
        parts=tuple(part for part in parts if part is not None),
        description=f"{run.title}: {phase.title}",
        refresh=REFRESH_SECONDS if _is_open(run, phase) else None,
        live=run_update(run, scrubber.data if scrubber else None, phase),
        previous=Link(earlier.title, place.to(phase_page_path(run, earlier))) if earlier else None,
        following=Link(later.title, place.to(phase_page_path(run, later))) if later else None,
    )


def pages_below(run: RunRecord, gallery: Path, *, all_of_them: bool = True) -> Iterator[Page]:
    """The pages below the run's own; a page comes after those that it leads to.

    Args:
        run: as read from its folder.
        gallery: the folder that holds all runs.
        all_of_them: if False, pages of phases and frames that exist and will not change are skipped, so
            that a report that is written every few seconds costs no more as the run grows.
    """
    zoom = zoom_page(run, gallery)
    if zoom is not None:
        yield zoom
    for phase in run.phases:
        settled = not all_of_them and not _is_open(run, phase) and is_at_rest(phase_page_path(run, phase))
        if phase.started and not settled:
            yield from step_pages(run, phase, gallery, all_of_them=all_of_them)
            yield phase_page(run, phase, gallery)
    yield system_page(run, gallery)  # its table leads to the phases
