"""The pages below a run: its phases, the steps of a phase, and the system that computed it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from reports import curves, imaging, parts, pictures, values, wording
from reports.compose import REFRESH, crumbs, elapsed, phase_facts
from reports.log import Frame, Phase, Run, Step
from reports.tree import Header, Link, Page, Place

_Row = tuple[parts.Cell, ...]


def _numeric(*texts: str) -> _Row:
    return tuple(parts.Cell(text, numeric=True) for text in texts)


def _heads(first: str, *others: str) -> _Row:
    return (parts.Cell(first), *_numeric(*others))


def _phase_file(run: Run, phase: Phase) -> Path:
    return run.folder / phase.folder / "index.html"


def _is_open(run: Run, phase: Phase) -> bool:
    """Whether a page of this phase may still change."""
    return run.running and not phase.finished


def _terms_table(phase: Phase, frames: tuple[Frame, ...], place: Place, run: Run) -> parts.Table | None:
    """The loss at every saved frame, each leading to the frame's page."""
    steps = {step.step: step for step in phase.steps}
    shown = [(frame, steps[frame.step]) for frame in frames if frame.step in steps]
    if not shown:
        return None
    rows = tuple(
        (
            parts.Cell(f"step {frame.step}", place.to(imaging.step_page(run, phase, frame))),
            *_numeric(
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
        _heads("Frame", "Loss", "Time of the step", "Peak memory"),
        rows,
    )


def phase_page(run: Run, phase: Phase, gallery: Path) -> Page:
    """The page of a phase: its last frame, all frames, its curves, its numbers."""
    path = _phase_file(run, phase)
    place = Place(path.parent)
    frames = imaging.present(run, phase)
    last = frames[-1] if frames else None
    source = pictures.prepare(run.folder, last.path) if last else None
    caption = imaging.frame_name(phase, last) if last else "No frame was saved"
    facts = (
        parts.Fact("Size", wording.pixels(phase.width, phase.height)),
        parts.Fact("Free parameters", wording.integer(phase.parameters) if phase.parameters else ""),
        parts.Fact("Steps", f"{len(phase.steps)} of {phase.planned}" if phase.planned else ""),
        parts.Fact("Time", wording.duration(phase.seconds) if phase.seconds else ""),
        parts.Fact("Frames", str(len(frames))),
    )
    hero = parts.Hero(
        picture=imaging.show(
            place, source, alt=f"{run.title}: {caption}", sizes="(min-width: 62rem) 60vw, 94vw", loading="eager"
        ),
        caption=caption,
        stops=imaging.stops(place, run, [phase]),
        about=Markup(""),
        facts=tuple(fact for fact in facts if fact.value not in ("", wording.MISSING)),
        links=(),
    )
    charts = curves.loss_charts([phase])
    cards = tuple(imaging.frame_card(place, run, phase, frame) for frame in frames)
    found: tuple[parts.Part | None, ...] = (
        hero,
        parts.Notice("calm", "Notes", phase.notes) if phase.notes else None,
        parts.Frames(cards) if cards else None,
        parts.Curves(charts) if charts else None,
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
        previous=Link(earlier.title, place.to(_phase_file(run, earlier))) if earlier else None,
        following=Link(later.title, place.to(_phase_file(run, later))) if later else None,
    )


def _change(now: float, before: float | None) -> str:
    """A term's relative change, in words."""
    if before is None or not before or not math.isfinite(now) or not math.isfinite(before):
        return wording.MISSING
    share = (now - before) / abs(before)
    return f"{'+' if share > 0 else '−' if share < 0 else ''}{wording.percentage(abs(share))}"


def _step_tables(step: Step, before: Step | None, between: tuple[Step, ...]) -> Iterator[parts.Part]:
    """What one step says: terms, metrics, and the steps since the frame before."""
    if step.terms:
        sizes = [abs(value) for value in step.terms.values()]
        total = math.fsum(sizes) if math.isfinite(step.loss) else math.nan
        rows = tuple(
            (
                parts.Cell(name),
                *_numeric(
                    wording.number(value),
                    wording.percentage(value / total) if total else wording.MISSING,
                    _change(value, before.terms.get(name) if before else None),
                ),
            )
            for name, value in sorted(step.terms.items(), key=lambda item: -abs(item[1]))
        )
        yield parts.Table(
            "terms",
            "Terms",
            "Weighted terms of the loss, largest first",
            _heads("Term", "Value", "Share", "Since the frame before"),
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
            (parts.Cell(f"step {item.step}"), *_numeric(wording.number(item.loss), wording.duration(item.seconds)))
            for item in between
        )
        yield parts.Table(
            "steps", "Steps since the frame before", "Every optimisation step", _heads("Step", "Loss", "Time"), rows
        )


def _step_link(place: Place, run: Run, phase: Phase, frame: Frame) -> Link:
    return Link(imaging.frame_name(phase, frame), place.to(imaging.step_page(run, phase, frame)))


def step_pages(run: Run, phase: Phase, gallery: Path, *, all_of_them: bool = True) -> Iterator[Page]:
    """A page for each saved frame, chained to its neighbours, over the borders of phases too.

    Args:
        run: the run.
        phase: the phase.
        gallery: the folder that holds all runs.
        all_of_them: or leave out pages that exist and whose neighbours were known when they were made.
    """
    frames = imaging.present(run, phase)
    around = [other for other in run.phases if other.started]
    at = around.index(phase)
    outer_before = imaging.present(run, around[at - 1]) if at else ()
    outer_after = imaging.present(run, around[at + 1]) if at + 1 < len(around) else ()
    steps = {step.step: step for step in phase.steps}
    for index, frame in enumerate(frames):
        path = imaging.step_page(run, phase, frame)
        if not all_of_them and index < len(frames) - 2 and path.is_file():
            continue
        place = Place(path.parent)
        last = frames[index - 1] if index else None
        step = steps.get(frame.step)
        between = tuple(
            steps[number] for number in range((last.step if last else 0) + 1, frame.step + 1) if number in steps
        )
        facts = (
            parts.Fact("Step", f"{frame.step} of {phase.planned}" if phase.planned else str(frame.step)),
            parts.Fact("Loss", wording.number(step.loss) if step else ""),
            parts.Fact("Time of the step", wording.duration(step.seconds) if step else ""),
            parts.Fact("Peak memory", wording.size(step.memory) if step and step.memory else ""),
        )
        hero = parts.Hero(
            picture=imaging.show(
                place,
                pictures.prepare(run.folder, frame.path),
                alt=f"{run.title}: {imaging.frame_name(phase, frame)}",
                sizes="(min-width: 62rem) 60vw, 94vw",
                loading="eager",
            ),
            caption="The state that the phase begins with" if not frame.step else f"After step {frame.step}",
            stops=(),
            about=Markup(""),
            facts=tuple(fact for fact in facts if fact.value),
            links=(Link("The frame as a file", place.to(run.folder / frame.path)),),
        )
        previous = following = None
        if last:
            previous = _step_link(place, run, phase, last)
        elif outer_before:
            previous = _step_link(place, run, around[at - 1], outer_before[-1])
        if index + 1 < len(frames):
            following = _step_link(place, run, phase, frames[index + 1])
        elif outer_after:
            following = _step_link(place, run, around[at + 1], outer_after[0])
        tables = _step_tables(step, steps.get(last.step) if last else None, between) if step else ()
        label = f"Step {frame.step}" if frame.step else "Beginning"
        parent = Link(phase.title, place.to(_phase_file(run, phase)))
        yield Page(
            path=path,
            kind="step",
            root=place.root(gallery),
            header=Header(label, above=f"{run.title} · {phase.title}"),
            crumbs=crumbs(run, gallery, place, parent, Link(label)),
            parts=(hero, *tables),
            description=f"{run.title}: {imaging.frame_name(phase, frame)}",
            previous=previous,
            following=following,
        )


def _facts_of(record: object, names: dict[str, str]) -> Iterator[parts.Fact]:
    """Known keys under their reader's names, then whatever else was recorded."""
    entries = values.mapping(record)
    for key in (*names, *(key for key in entries if key not in names)):
        name = names.get(key, str(key).replace("_", " "))
        value = values.text(entries.get(key))
        amount = values.whole(entries.get(key))
        if "bytes" in key:
            value = wording.size(amount) if amount else ""
            name = name.removesuffix(" bytes")
        if value:
            yield parts.Fact(name[:1].upper() + name[1:], value)


def system_page(run: Run, gallery: Path) -> Page:
    """The machine, the versions, where the time went, and the printed network."""
    place = Place(run.folder / "system")
    record = run.record
    memory = values.whole(record.get("peak_memory_bytes"))
    overall = (
        parts.Fact("Started", wording.date(run.started) if run.started else ""),
        parts.Fact("Finished", wording.date(run.finished) if run.finished else ""),
        parts.Fact("Computing", wording.duration(elapsed(run)) if elapsed(run) else ""),
        parts.Fact("Peak memory", wording.size(memory) if memory else ""),
        parts.Fact("Device", values.text(record.get("device"))),
    )
    rows = []
    for phase in run.phases:
        if phase.started:
            done = len(phase.steps)
            each = phase.seconds / done if done else None
            peak = max((step.memory for step in phase.steps), default=0)
            rows.append(
                (
                    parts.Cell(phase.title, place.to(_phase_file(run, phase))),
                    *_numeric(
                        wording.pixels(phase.width, phase.height),
                        wording.integer(done),
                        wording.duration(phase.seconds) if phase.seconds else wording.MISSING,
                        wording.duration(each),
                        wording.size(peak) if peak else wording.MISSING,
                    ),
                )
            )
    pace = curves.pace_chart(run.phases)
    network = values.text(record.get("network"))
    system = {
        "platform": "Platform",
        "processor": "Processor",
        "threads": "Threads",
        "precision": "Precision",
        "memory_bytes": "Memory",
    }
    found: tuple[parts.Part | None, ...] = (
        parts.Facts("overall", "Overall", tuple(fact for fact in overall if fact.value)),
        parts.Table(
            "timing",
            "Time by phase",
            "Where the time went",
            _heads("Phase", "Size", "Steps", "Time", "Each step", "Peak memory"),
            tuple(rows),
        )
        if rows
        else None,
        parts.Curves((pace,), "pace", "Pace") if pace else None,
        parts.Facts("machine", "Machine", tuple(_facts_of(record.get("system"), system))),
        parts.Facts("versions", "Versions", tuple(_facts_of(record.get("versions"), {}))),
        parts.Listing("network", "Objective and network", network) if network.strip() else None,
    )
    return Page(
        path=place.folder / "index.html",
        kind="system",
        root=place.root(gallery),
        header=Header("System and timing", above=run.title),
        crumbs=crumbs(run, gallery, place, Link("System and timing")),
        parts=tuple(part for part in found if part is not None and getattr(part, "facts", True)),
        description=f"{run.title}: system and timing",
        refresh=REFRESH if run.running else None,
    )


def pages(run: Run, gallery: Path, *, all_of_them: bool = True) -> Iterator[Page]:
    """The pages below the run's own; `all_of_them` as for `step_pages`."""
    yield system_page(run, gallery)
    for phase in run.phases:
        if phase.started:
            yield phase_page(run, phase, gallery)
            yield from step_pages(run, phase, gallery, all_of_them=all_of_them)
