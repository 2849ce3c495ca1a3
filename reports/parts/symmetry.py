"""What the symmetry promises and what the pixels say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_mapping, as_number, as_text, as_texts, as_tuple
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.wording import format_count, format_number


@dataclass(frozen=True)
class ColourChannel:
    """One output channel of a colour action: `name` is r, g, b, or nr, ng, nb where inverted."""

    name: str


@dataclass(frozen=True)
class ClaimRow:
    """One symmetry, claimed or not, and what was measured."""

    name: str
    colour: str
    inks: tuple[ColourChannel, ...]
    residual: str
    second: str
    verdict: str
    tone: str


@dataclass(frozen=True)
class SymmetrySection(Part):
    """What the symmetry promises and what the pixels say."""

    template: ClassVar[str] = "parts/symmetry.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "symmetry"
    title: ClassVar[str] = "Symmetry"
    lead: str
    verdict: str
    tone: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    claims: tuple[ClaimRow, ...]
    unclaimed: tuple[ClaimRow, ...]


MAX_KEPT_RESIDUAL = 0.05
"""Residual below which a claimed symmetry counts as kept (measured: true ones lie below 0.01)."""


MIN_ABSENT_RESIDUAL = 0.2
"""Residual above which an unclaimed symmetry counts as absent (measured: they lie above 0.6)."""


_CHANNEL = re.compile(r"(-?)\s*([rgb])\b", re.IGNORECASE)


def _claim(record: object, *, claimed: bool) -> ClaimRow:
    """One row of the symmetry table."""
    claim = as_mapping(record)
    residual = as_number(claim.get("residual"))
    colour = as_text(claim.get("colour"))
    inks = tuple(ColourChannel(("n" if sign else "") + name.lower()) for sign, name in _CHANNEL.findall(colour))
    if residual is None:
        verdict, tone = "not measured", "calm"
    elif claimed:
        verdict, tone = ("kept", "good") if residual < MAX_KEPT_RESIDUAL else ("not exact", "bad")
    else:
        verdict, tone = ("absent", "good") if residual > MIN_ABSENT_RESIDUAL else ("nearly present", "caution")
    second = as_number(claim.get("second"))
    return ClaimRow(
        name=as_text(claim.get("name"), "unnamed"),
        colour=colour,
        inks=inks if len(inks) == 3 else (),
        residual=format_number(residual, 2),
        second=format_number(second, 2),
        verdict=verdict,
        tone=tone,
    )


def symmetry_section(run: RunRecord) -> SymmetrySection | None:
    """The claims of the symmetry, each with its residual; None where there is no symmetry."""
    record = as_mapping(run.record.get("symmetry"))
    if not record:
        return None
    claims = tuple(_claim(item, claimed=True) for item in as_tuple(record.get("claims")))
    others = as_tuple(record.get("unclaimed"))
    unclaimed = tuple(_claim(item, claimed=False) for item in others)
    worst = as_number(record.get("worst"))
    if worst is None or not claims:
        verdict, tone = "Not measured yet: only the finished picture is measured.", "calm"
        if run.status == "done" and not claims:
            verdict = "No claim can be measured on the picture; symmetries that it may have by chance are listed below."
        if not run.running and run.status != "done":
            verdict = "Not measured: there is no finished picture."
    else:
        kept = sum(claim.tone == "good" for claim in claims)
        tone = "good" if kept == len(claims) and worst < MAX_KEPT_RESIDUAL else "bad"
        verdict = f"{kept} of {format_count(len(claims), 'claim')} kept; the largest residual is "
        verdict += f"{format_number(worst, 2)}."
    facts = (
        Fact("Group", as_text(record.get("group"))),
        Fact("Cells in the picture", as_text(record.get("cells"))),
        Fact(
            "Closest unclaimed",
            format_number(as_number(record.get("closest_unclaimed")), 2) if unclaimed else "",
        ),
    )
    return SymmetrySection(
        lead=as_text(record.get("title")) or as_text(record.get("group")),
        verdict=verdict,
        tone=tone,
        facts=tuple(fact for fact in facts if fact.value),
        notes=as_texts(record.get("notes")),
        claims=claims,
        unclaimed=unclaimed,
    )
