"""The page of the machine: (Run, gallery) -> `Page`: versions, where the time went, the printed network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orbifolio.reports.charts.curves import pace_chart
from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_int, as_mapping, as_text
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.media.img import phase_page_path
from orbifolio.reports.pages.run import run_crumbs
from orbifolio.reports.parts.base import Cell, DataTable, Fact, FactList, Listing, Part, column_heads, numeric_cells
from orbifolio.reports.parts.curves import Curves
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import (
    DASH,
    capitalise,
    format_bytes,
    format_date,
    format_duration,
    format_integer,
    format_pixels,
)


def _facts_of(record: object, names: dict[str, str]) -> Iterator[Fact]:
    """Known keys under their reader's names, then whatever else was recorded."""
    entries = as_mapping(record)
    for key in (*names, *(key for key in entries if key not in names)):
        name = names.get(key, str(key).replace("_", " "))
        value = as_text(entries.get(key))
        amount = as_int(entries.get(key))
        if "bytes" in key:
            value = format_bytes(amount) if amount else ""
            name = name.removesuffix(" bytes")
        if value:
            yield Fact(capitalise(name), value)


def system_page(run: RunRecord, gallery: Path) -> Page:
    """The machine, the versions, where the time went, and the printed network."""
    place = Place(run.folder / "system")
    record = run.record
    memory = as_int(record.get("peak_memory_bytes"))
    overall = (
        Fact("Started", format_date(run.started) if run.started else ""),
        Fact("Finished", format_date(run.finished) if run.finished else ""),
        Fact("Compute time", format_duration(run.work_seconds) if run.work_seconds else ""),
        Fact("Peak memory", format_bytes(memory) if memory else ""),
        Fact("Device", as_text(record.get("device"))),
    )
    rows = []
    for phase in run.phases:
        if phase.started:
            done = len(phase.steps)
            each = phase.seconds / done if done else None
            peak = max((step.memory for step in phase.steps), default=0)
            rows.append(
                (
                    Cell(phase.title, place.to(phase_page_path(run, phase))),
                    *numeric_cells(
                        format_pixels(phase.width, phase.height),
                        format_integer(done),
                        format_duration(phase.seconds) if phase.seconds else DASH,
                        format_duration(each),
                        format_bytes(peak) if peak else DASH,
                    ),
                )
            )
    pace = pace_chart(run.phases)
    network = as_text(record.get("network"))
    system = {
        "platform": "Platform",
        "processor": "Processor",
        "threads": "Threads",
        "precision": "Precision",
        "memory_bytes": "Memory",
    }
    parts: tuple[Part | None, ...] = (
        FactList("overall", "Overall", tuple(fact for fact in overall if fact.value)),
        DataTable(
            "timing",
            "Time by phase",
            "Where the time went",
            column_heads("Phase", "Size", "Steps", "Time", "Per step", "Peak memory"),
            tuple(rows),
        )
        if rows
        else None,
        Curves((pace,), "pace", "Pace") if pace else None,
        FactList("machine", "Machine", tuple(_facts_of(record.get("system"), system))),
        FactList("versions", "Versions", tuple(_facts_of(record.get("versions"), {}))),
        Listing("network", "Objective and network", network) if network.strip() else None,
    )
    return Page(
        path=place.folder / "index.html",
        kind="system",
        root=place.root(gallery),
        header=Header("System and timing", above=run.title),
        crumbs=run_crumbs(run, gallery, place, Link("System and timing")),
        parts=tuple(part for part in parts if part is not None and getattr(part, "facts", True)),
        description=f"{run.title}: system and timing",
        refresh=REFRESH_SECONDS if run.running else None,
    )
