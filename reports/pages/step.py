"""The pages of the steps of a phase, one for each saved frame: (Run, Phase, gallery) -> `Page`s."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from orbifolio.reports import parts, tables, wording
from orbifolio.reports.charts import curves
from orbifolio.reports.charts.chart import Chart
from orbifolio.reports.data.log import Frame, Phase, Run, Step
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.media import img, thumbnails
from orbifolio.reports.pages.run import crumbs
from orbifolio.reports.tree import Page


def _step_tables(step: Step, before: Step | None, between: tuple[Step, ...]) -> Iterator[parts.Part]:
    """What one step says: terms, metrics, and the steps since the frame before."""
    if step.terms:
        sizes = [abs(value) for value in step.terms.values()]
        total = math.fsum(sizes) if math.isfinite(step.loss) else math.nan
        rows = tuple(
            (
                parts.Cell(name),
                *tables.numeric(
                    wording.number(value),
                    wording.percentage(value / total) if total else wording.MISSING,
                    wording.change(value, before.terms.get(name) if before else None),
                ),
            )
            for name, value in sorted(step.terms.items(), key=lambda item: -abs(item[1]))
        )
        yield parts.Table(
            "terms",
            "Terms",
            "Weighted terms of the loss, largest first",
            tables.heads("Term", "Value", "Share", "Since the frame before"),
            rows,
        )
    if step.metrics:
        yield parts.Facts(
            "metrics",
            "Measured along the way",
            tuple(parts.Fact(name.replace("_", " "), wording.number(value)) for name, value in step.metrics.items()),
        )
    if len(between) > 1:
        rows = tuple(
            (
                parts.Cell(f"step {item.step}"),
                *tables.numeric(wording.number(item.loss), wording.duration(item.seconds)),
            )
            for item in between
        )
        heads = tables.heads("Step", "Loss", "Time")
        yield parts.Table("steps", "Steps since the frame before", "Every optimisation step", heads, rows)


_Stop = tuple[Phase, Frame]


def _link(run: Run, place: Place, stop: _Stop | None) -> Link | None:
    """A link to a frame's page."""
    if stop is None:
        return None
    return Link(img.frame_name(*stop), place.to(img.step_page(run, *stop)))


def _hero(run: Run, phase: Phase, frame: Frame, step: Step | None, place: Place) -> parts.Hero:
    """The frame's picture and what is known of its step."""
    facts = (
        parts.Fact("Step", f"{frame.step} of {phase.planned}" if phase.planned else str(frame.step)),
        parts.Fact("Loss", wording.number(step.loss) if step else ""),
        parts.Fact("Time of the step", wording.duration(step.seconds) if step else ""),
        parts.Fact("Peak memory", wording.size(step.memory) if step and step.memory else ""),
    )
    return parts.Hero(
        picture=img.show(
            place,
            thumbnails.prepare(run.folder, frame.path),
            alt=f"{run.title}: {img.frame_name(phase, frame)}",
            sizes="(min-width: 62rem) 60vw, 94vw",
            loading="eager",
        ),
        caption="The state that the phase begins with" if not frame.step else f"After step {frame.step}",
        scrubber=None,
        about=Markup(""),
        facts=tuple(fact for fact in facts if fact.value),
        links=(Link("The frame as a file", place.to(run.folder / frame.path)),),
    )


def _numbers(phase: Phase, frame: Frame, before: _Stop | None) -> Iterator[parts.Part]:
    """The tables of a frame's step, with what changed since the frame before it in the phase."""
    steps = {step.step: step for step in phase.steps}
    last = before[1].step if before and before[0] is phase else 0
    if step := steps.get(frame.step):
        between = tuple(item for number, item in sorted(steps.items()) if last < number <= frame.step)
        yield from _step_tables(step, steps.get(last), between)


def _page(run: Run, stop: _Stop, before: _Stop | None, after: _Stop | None, gallery: Path, whole: Chart | None) -> Page:
    """The page of a frame, between those of its neighbours."""
    phase, frame = stop
    path = img.step_page(run, phase, frame)
    place = Place(path.parent)
    step = next((step for step in phase.steps if step.step == frame.step), None)
    label = f"Step {frame.step}" if frame.step else "Beginning"
    parent = Link(phase.title, place.to(img.phase_page(run, phase)))
    return Page(
        path=path,
        kind="step",
        root=place.root(gallery),
        header=Header(label, above=f"{run.title} · {phase.title}"),
        crumbs=crumbs(run, gallery, place, parent, Link(label)),
        parts=(
            _hero(run, phase, frame, step, place),
            *curves.whereabouts(run, phase, frame.step, whole),
            *_numbers(phase, frame, before),
        ),
        description=f"{run.title}: {img.frame_name(phase, frame)}",
        previous=_link(run, place, before),
        following=_link(run, place, after),
    )


def step_pages(run: Run, phase: Phase, gallery: Path, *, all_of_them: bool = True) -> Iterator[Page]:
    """A page for each saved frame, chained to its neighbours, over the borders of phases too.

    Args:
        run: the run.
        phase: the phase.
        gallery: the folder that holds all runs.
        all_of_them: or leave out pages that exist and whose neighbours were known when they were made.
    """
    chain = [(each, frame) for each in run.phases for frame in img.present(run, each)]
    last = max((at for at, (each, _) in enumerate(chain) if each is phase), default=0)
    whole = None if run.running else curves.total_chart(run.phases)  # it would change every page with every step
    for at, stop in enumerate(chain):
        known = not all_of_them and at < last - 1 and img.step_page(run, *stop).is_file()
        if stop[0] is not phase or known:
            continue
        before, after = chain[at - 1] if at else None, chain[at + 1] if at + 1 < len(chain) else None
        yield _page(run, stop, before, after, gallery, whole)
