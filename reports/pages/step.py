"""The pages of the steps of a phase, one for each saved frame: (run, phase, gallery) -> pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from orbifolio.reports.charts.chart import LineChart
from orbifolio.reports.charts.curves import total_chart
from orbifolio.reports.data.log import FrameRecord, PhaseRecord, RunRecord, StepRecord
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.media.img import frame_name, phase_page_path, present_frames, step_page_path
from orbifolio.reports.pages.run import run_crumbs
from orbifolio.reports.parts.base import Cell, DataTable, Fact, FactList, Part, column_heads, numeric_cells
from orbifolio.reports.parts.curves import position_marker
from orbifolio.reports.parts.hero import frame_hero
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import DASH, format_change, format_duration, format_number, format_percentage


def _step_tables(step: StepRecord, before: StepRecord | None, between: tuple[StepRecord, ...]) -> Iterator[Part]:
    """The tables of one step: terms, metrics, and the steps since the previous frame."""
    if step.terms:
        sizes = [abs(value) for value in step.terms.values()]
        total = math.fsum(sizes) if math.isfinite(step.loss) else math.nan
        rows = tuple(
            (
                Cell(name),
                *numeric_cells(
                    format_number(value),
                    format_percentage(value / total) if total else DASH,
                    format_change(value, before.terms.get(name) if before else None),
                ),
            )
            for name, value in sorted(step.terms.items(), key=lambda item: -abs(item[1]))
        )
        yield DataTable(
            "terms",
            "Terms",
            "Weighted terms of the loss, largest first",
            column_heads("Term", "Value", "Share", "Since previous frame"),
            rows,
        )
    if step.metrics:
        yield FactList(
            "metrics",
            "Metrics",
            tuple(Fact(name.replace("_", " "), format_number(value)) for name, value in step.metrics.items()),
        )
    if len(between) > 1:
        rows = tuple(
            (
                Cell(f"step {item.step}"),
                *numeric_cells(format_number(item.loss), format_duration(item.seconds)),
            )
            for item in between
        )
        heads = column_heads("Step", "Loss", "Time")
        yield DataTable("steps", "Steps since the previous frame", "Every optimisation step", heads, rows)


_Stop = tuple[PhaseRecord, FrameRecord]


def _link(run: RunRecord, place: Place, stop: _Stop | None) -> Link | None:
    """A link to a frame's page."""
    if stop is None:
        return None
    return Link(frame_name(*stop), place.to(step_page_path(run, *stop)))


def _numbers(phase: PhaseRecord, frame: FrameRecord, before: _Stop | None) -> Iterator[Part]:
    """The tables of a frame's step, with what changed since the frame before it in the phase."""
    steps = {step.step: step for step in phase.steps}
    last = before[1].step if before and before[0] is phase else 0
    if step := steps.get(frame.step):
        between = tuple(item for number, item in sorted(steps.items()) if last < number <= frame.step)
        yield from _step_tables(step, steps.get(last), between)


def _page(
    run: RunRecord, stop: _Stop, before: _Stop | None, after: _Stop | None, gallery: Path, whole: LineChart | None
) -> Page:
    """The page of a frame, between those of its neighbours."""
    phase, frame = stop
    path = step_page_path(run, phase, frame)
    place = Place(path.parent)
    step = next((step for step in phase.steps if step.step == frame.step), None)
    label = f"Step {frame.step}" if frame.step else "Beginning"
    parent = Link(phase.title, place.to(phase_page_path(run, phase)))
    return Page(
        path=path,
        kind="step",
        root=place.root(gallery),
        header=Header(label, above=f"{run.title} · {phase.title}"),
        crumbs=run_crumbs(run, gallery, place, parent, Link(label)),
        parts=(
            frame_hero(run, phase, frame, step, place),
            *position_marker(run, phase, frame.step, whole),
            *_numbers(phase, frame, before),
        ),
        description=f"{run.title}: {frame_name(phase, frame)}",
        previous=_link(run, place, before),
        following=_link(run, place, after),
    )


def step_pages(run: RunRecord, phase: PhaseRecord, gallery: Path, *, all_of_them: bool = True) -> Iterator[Page]:
    """A page for each saved frame, chained to its neighbours, over the borders of phases too.

    Args:
        run: as read from its folder.
        phase: whose frames get pages.
        gallery: the folder that holds all runs.
        all_of_them: if False, pages that exist are skipped, unless a neighbour was saved after they were made.
    """
    chain = [(each, frame) for each in run.phases for frame in present_frames(run, each)]
    last = max((at for at, (each, _) in enumerate(chain) if each is phase), default=0)
    whole = None if run.running else total_chart(run.phases)  # it would change every page with every step
    for at, stop in enumerate(chain):
        settled = not all_of_them and at < last - 1 and step_page_path(run, *stop).is_file()
        if stop[0] is not phase or settled:
            continue
        before, after = chain[at - 1] if at else None, chain[at + 1] if at + 1 < len(chain) else None
        yield _page(run, stop, before, after, gallery, whole)
