"""The pages below a run: (Run, gallery) -> its phases, the steps of a phase, the system that computed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from orbifolio.reports import parts, tables, wording
from orbifolio.reports.charts import curves
from orbifolio.reports.data import frame_strip
from orbifolio.reports.data.log import Frame, Phase, Run
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.media import deepzoom, img, thumbnails
from orbifolio.reports.pages import live_updates
from orbifolio.reports.pages.run import REFRESH, crumbs, phase_facts
from orbifolio.reports.pages.step import step_pages
from orbifolio.reports.pages.system import system_page
from orbifolio.reports.tree import Page

FRAMES_SHOWN = 48
"""Pictures on a phase's page at most; its table leads to every frame."""


def _is_open(run: Run, phase: Phase) -> bool:
    """Whether the pages of this phase may still change: until the next one has a frame to lead to."""
    later = [other for other in run.phases if other.index > phase.index and other.frames]
    return run.running and not (phase.finished and later)


def _terms_table(phase: Phase, frames: tuple[Frame, ...], place: Place, run: Run) -> parts.Table | None:
    """The loss at every saved frame, each leading to the frame's page."""
    steps = {step.step: step for step in phase.steps}
    shown = [(frame, steps[frame.step]) for frame in frames if frame.step in steps]
    if not shown:
        return None
    rows = tuple(
        (
            parts.Cell(f"step {frame.step}", place.to(img.step_page(run, phase, frame))),
            *tables.numeric(
                wording.number(step.loss),
                wording.duration(step.seconds),
                wording.size(step.memory) if step.memory else wording.MISSING,
            ),
        )
        for frame, step in shown
    )
    return parts.Table(
        "table",
        "In numbers",
        "The state at every saved frame",
        tables.heads("Frame", "Loss", "Time of the step", "Peak memory"),
        rows,
    )


def phase_page(run: Run, phase: Phase, gallery: Path) -> Page:
    """The page of a phase: its last frame, all frames, its curves, its numbers."""
    path = img.phase_page(run, phase)
    place = Place(path.parent)
    frames = img.present(run, phase)
    last = frames[-1] if frames else None
    source = thumbnails.prepare(run.folder, last.path) if last else None
    caption = img.frame_name(phase, last) if last else "No frame was saved"
    facts = (
        parts.Fact("Size", wording.pixels(phase.width, phase.height)),
        parts.Fact("Free parameters", wording.integer(phase.parameters) if phase.parameters else ""),
        parts.Fact("Steps", f"{len(phase.steps)} of {phase.planned}" if phase.planned else ""),
        parts.Fact("Time", wording.duration(phase.seconds) if phase.seconds else ""),
        parts.Fact("Frames", str(len(frames))),
    )
    scrubber = frame_strip.scrubber(place, run, [phase], label="Frames of this phase")
    hero = parts.Hero(
        picture=img.show(
            place, source, alt=f"{run.title}: {caption}", sizes="(min-width: 62rem) 60vw, 94vw", loading="eager"
        ),
        caption=caption,
        scrubber=scrubber,
        about=Markup(""),
        facts=tuple(fact for fact in facts if fact.value not in ("", wording.MISSING)),
        links=(),
    )
    charts = curves.loss_charts([phase], curves.charted(run))
    shown = img.sampled(frames, FRAMES_SHOWN)
    cards = tuple(img.frame_card(place, run, phase, frame) for frame in shown)
    note = f"{len(shown)} of {len(frames)} frames, evenly spaced; the table below leads to each."
    found: tuple[parts.Part | None, ...] = (
        hero,
        parts.Notice("calm", "Notes", phase.notes) if phase.notes else None,
        parts.Frames(cards, note if len(shown) < len(frames) else "") if cards else None,
        parts.Curves(charts, before=curves.position(run.phases, phase, 0)) if charts else None,
        _terms_table(phase, frames, place, run),
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
        crumbs=crumbs(run, gallery, place, Link(phase.title)),
        parts=tuple(part for part in found if part is not None),
        description=f"{run.title}: {phase.title}",
        refresh=REFRESH if _is_open(run, phase) else None,
        live=live_updates.of_run(run, scrubber.data if scrubber else None, phase),
        previous=Link(earlier.title, place.to(img.phase_page(run, earlier))) if earlier else None,
        following=Link(later.title, place.to(img.phase_page(run, later))) if later else None,
    )


def pages(run: Run, gallery: Path, *, all_of_them: bool = True) -> Iterator[Page]:
    """The pages below the run's own, those first to which others lead.

    Args:
        run: the run.
        gallery: the folder that holds all runs.
        all_of_them: or leave out pages of phases and frames that are there already and will not change, so
            that a report that is written every few seconds costs no more as the run grows.
    """
    yield system_page(run, gallery)
    zoom = deepzoom.page(run, gallery, crumbs(run, gallery, Place(deepzoom.page_path(run).parent)))
    if zoom is not None:
        yield zoom
    for phase in run.phases:
        settled = not all_of_them and not _is_open(run, phase) and live_updates.at_rest(img.phase_page(run, phase))
        if phase.started and not settled:
            yield from step_pages(run, phase, gallery, all_of_them=all_of_them)
            yield phase_page(run, phase, gallery)
