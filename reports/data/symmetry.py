"""What the symmetry promises and what the pixels say: (run) -> `Symmetry`."""

from __future__ import annotations

import re

from orbifolio.reports import parts, wording
from orbifolio.reports.data import values
from orbifolio.reports.data.log import Run

CLOSE = 0.05
"""Residual below which a claimed symmetry counts as kept (measured: true ones lie below 0.01)."""

DISTINCT = 0.2
"""Residual above which an unclaimed symmetry counts as absent (measured: they lie above 0.6)."""

_INK = re.compile(r"(-?)\s*([rgb])\b", re.IGNORECASE)


def _claim(record: object, *, claimed: bool) -> parts.ClaimRow:
    """One row of the symmetry table."""
    claim = values.mapping(record)
    residual = values.number(claim.get("residual"))
    colour = values.text(claim.get("colour"))
    inks = tuple(parts.Ink(("n" if sign else "") + name.lower()) for sign, name in _INK.findall(colour))
    if residual is None:
        verdict, tone = "not measured", "calm"
    elif claimed:
        verdict, tone = ("kept", "good") if residual < CLOSE else ("not exact", "bad")
    else:
        verdict, tone = ("absent", "good") if residual > DISTINCT else ("nearly present", "caution")
    second = values.number(claim.get("second"))
    return parts.ClaimRow(
        name=values.text(claim.get("name"), "unnamed"),
        colour=colour,
        inks=inks if len(inks) == 3 else (),
        residual=wording.number(residual, 2),
        second=wording.number(second, 2),
        verdict=verdict,
        tone=tone,
    )


def symmetry(run: Run) -> parts.Symmetry | None:
    """The claims of the symmetry, each with its residual; None where there is no symmetry."""
    record = values.mapping(run.record.get("symmetry"))
    if not record:
        return None
    claims = tuple(_claim(item, claimed=True) for item in values.sequence(record.get("claims")))
    others = values.sequence(record.get("unclaimed"))
    unclaimed = tuple(_claim(item, claimed=False) for item in others)
    worst = values.number(record.get("worst"))
    if worst is None or not claims:
        verdict, tone = "Not measured yet: this happens on the finished picture.", "calm"
        if run.status == "done" and not claims:
            verdict = "Nothing is claimed that can be measured on the picture; below is what it might have by accident."
        if not run.running and run.status != "done":
            verdict = "Not measured: there is no finished picture."
    else:
        kept = sum(claim.tone == "good" for claim in claims)
        tone = "good" if kept == len(claims) and worst < CLOSE else "bad"
        verdict = f"{kept} of {wording.count(len(claims), 'claim')} kept; the largest residual is "
        verdict += f"{wording.number(worst, 2)}."
    facts = (
        parts.Fact("Group", values.text(record.get("group"))),
        parts.Fact("Cells in the picture", values.text(record.get("cells"))),
        parts.Fact(
            "Closest unclaimed",
            wording.number(values.number(record.get("closest_unclaimed")), 2) if unclaimed else "",
        ),
    )
    return parts.Symmetry(
        lead=values.text(record.get("title")) or values.text(record.get("group")),
        verdict=verdict,
        tone=tone,
        facts=tuple(fact for fact in facts if fact.value),
        notes=values.texts(record.get("notes")),
        claims=claims,
        unclaimed=unclaimed,
    )
