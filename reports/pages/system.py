"""The page of the machine: (Run, gallery) -> `Page`: versions, where the time went, the printed network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orbifolio.reports import parts, tables, wording
from orbifolio.reports.charts import curves
from orbifolio.reports.data import values
from orbifolio.reports.data.log import Run
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.media import img
from orbifolio.reports.pages.run import REFRESH, crumbs, elapsed
from orbifolio.reports.tree import Page


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
                    parts.Cell(phase.title, place.to(img.phase_page(run, phase))),
                    *tables.numeric(
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
            tables.heads("Phase", "Size", "Steps", "Time", "Each step", "Peak memory"),
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
