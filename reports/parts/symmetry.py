"""What the symmetry promises and what the pixels say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_int, as_mapping, as_number, as_text, as_texts, as_tuple
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
    near: tuple[ClaimRow, ...]
    unclaimed: tuple[ClaimRow, ...]


MAX_KEPT_RESIDUAL = 0.05
"""Residual below which a claimed symmetry counts as kept, in runs that were made before each claim said so itself."""


MIN_ABSENT_RESIDUAL = 0.2
"""Residual above which an unclaimed symmetry counts as absent (measured: they lie above 0.6)."""


MAX_NEAR_RESIDUAL = 0.5
"""Residual below which a near symmetry that was wanted is seen: half way to what has nothing to do with it."""


VISIBILITIES = ((0.12, "seen at a glance"), (0.05, "seen on a closer look"), (0.0, "reads as a carpet"))
"""What a visibility means, from the least that does. Judged on three dozen pictures: carpets lie below 0.04, those
whose group is seen from across a room mostly above 0.12."""


_TOO_FINE, _UNSEEN = "too small to be judged", "not shown enough"


_CHANNEL = re.compile(r"(-?)\s*([rgb])\b", re.IGNORECASE)


def _row(record: object, verdict: str, tone: str) -> ClaimRow:
    """One row of a table of symmetries."""
    claim = as_mapping(record)
    colour = as_text(claim.get("colour"))
    inks = tuple(ColourChannel(("n" if sign else "") + name.lower()) for sign, name in _CHANNEL.findall(colour))
    return ClaimRow(
        name=as_text(claim.get("name"), "unnamed"),
        colour=colour,
        inks=inks if len(inks) == 3 else (),
        residual=format_number(as_number(claim.get("residual")), 2),
        second=format_number(as_number(claim.get("second")), 2),
        verdict=verdict,
        tone=tone,
    )


def _claim(record: object, grain: float) -> ClaimRow:
    """A symmetry that the picture should have.

    Args:
        grain: residual up to which the picture is too small to be judged.
    """
    residual = as_number(as_mapping(record).get("residual"))
    if residual is None:
        return _row(record, "not measured", "calm")
    holds = as_mapping(record).get("holds", residual < MAX_KEPT_RESIDUAL)
    if holds is True:
        return _row(record, "kept", "good")
    if as_text(as_mapping(record).get("best")) and residual < MAX_KEPT_RESIDUAL:
        return _row(record, "other colours fit better", "bad")
    return _row(record, _TOO_FINE, "calm") if residual <= grain else _row(record, "not exact", "bad")


def _near(record: object) -> ClaimRow:
    """A symmetry that the picture should have nearly."""
    residual = as_number(as_mapping(record).get("residual"))
    if residual is None:
        return _row(record, "not measured", "calm")
    if residual < MAX_NEAR_RESIDUAL:
        return _row(record, "near, as wanted", "good")
    return _row(record, "hardly seen", "caution")


def _unclaimed(record: object) -> ClaimRow:
    """A symmetry that the picture should not have."""
    residual = as_number(as_mapping(record).get("residual"))
    if residual is None:
        return _row(record, "not measured", "calm")
    absent = residual > MIN_ABSENT_RESIDUAL
    return _row(record, "absent" if absent else "nearly present", "good" if absent else "caution")


def _judge(claims: tuple[ClaimRow, ...], near: tuple[ClaimRow, ...], worst: float | None) -> tuple[str, str]:
    """What all rows of a finished picture amount to, and its tone."""
    sentences, tones = [], {claim.tone for claim in claims}
    kept = sum(claim.tone == "good" for claim in claims)
    if worst is not None and claims:
        sentences.append(
            f"{kept} of {format_count(len(claims), 'claim')} kept; the largest residual is {format_number(worst, 2)}."
        )
    open_claims = sum(claim.tone == "calm" for claim in claims)
    if open_claims:
        sentences.append(
            f"{format_count(open_claims, 'claim')} cannot be judged: the picture is too small, or shows too little, "
            "to tell."
        )
    if near:
        listed = ", ".join(f"{row.name}: {row.residual}" for row in near[:3]) + (", ..." if len(near) > 3 else "")
        seen = all(row.tone == "good" for row in near)
        sentences.append(f"Nearly symmetric, as wanted ({listed})." if seen else f"Hardly seen as wanted ({listed}).")
        tones |= {row.tone for row in near}
    tone = next((item for item in ("bad", "caution", "good") if item in tones), "calm")
    return " ".join(sentences), tone


def _visibility(value: float) -> str:
    """`0.31, seen at a glance`."""
    return f"{format_number(value, 2)}, {next(words for least, words in VISIBILITIES if value >= least)}"


_HANDS = {"right": "with hooks clockwise", "left": "with hooks counter-clockwise"}


def _emblem_words(record: object, width: int) -> str:
    """What a centre looks like, where, how large and how much, and what changes it; "" if it does not say.

    Args:
        width: of the finished picture in pixels.
    """
    emblem = as_mapping(record)
    name, score = as_text(emblem.get("name")), as_number(emblem.get("score"))
    x, y = (as_number(part) for part in (*as_tuple(emblem.get("place")), None, None)[:2])
    if not name or score is None or x is None or y is None:
        return ""
    hand = _HANDS.get(as_text(emblem.get("hand")), "")
    pixels = round((as_number(emblem.get("size")) or 0.0) * width)
    looks = " ".join(word for word in (name, hand) if word) + (f", about {pixels} pixels wide" if pixels else "")
    cures = "another seed, another colour action for its turn" + (", or a group with mirrors" if hand else "")
    return (
        f"Around ({100 * x:.0f} %, {100 * y:.0f} %) from the top left, a centre of {as_text(emblem.get('fold'))}-fold "
        f"turns, the picture looks somewhat like a {looks} (likeness {format_number(score, 2)} of 1). If that is not "
        f"wanted: {cures} changes it."
    )


def symmetry_section(run: RunRecord) -> SymmetrySection | None:
    """The claims of the symmetry, each with its residual; None where there is no symmetry."""
    record = as_mapping(run.record.get("symmetry"))
    if not record:
        return None
    grain = as_number(record.get("grain")) or 0.0
    claims = tuple(_claim(item, grain) for item in as_tuple(record.get("claims")))
    claims += tuple(_row({"name": name}, _UNSEEN, "calm") for name in as_texts(record.get("unmeasured")))
    near = tuple(_near(item) for item in as_tuple(record.get("near")))
    unclaimed = tuple(_unclaimed(item) for item in as_tuple(record.get("unclaimed")))
    if claims or near:
        verdict, tone = _judge(claims, near, as_number(record.get("worst")))
    else:
        verdict, tone = "Not measured yet: only the finished picture is measured.", "calm"
        if run.status == "done":
            verdict = "No claim can be measured on the picture; symmetries that it may have by chance are listed below."
        elif not run.running:
            verdict = "Not measured: there is no finished picture."
    visibility = as_number(record.get("visibility"))
    notes = as_texts(record.get("notes"))
    remark = as_text(record.get("remark"))
    if remark:
        notes += (f"{remark[:1].upper()}{remark[1:]}.",)
    if visibility is not None and visibility < VISIBILITIES[1][0]:
        notes += (
            "Most of the picture is finer than a fundamental domain by far, so it reads as a carpet from a distance; "
            "larger motifs show the symmetry: magnifications: auto, or larger numbers.",
        )
    emblems = record.get("emblems")
    notes += tuple(
        words for item in as_tuple(emblems) if (words := _emblem_words(item, as_int(run.final.get("width")) or 0))
    )
    facts = (
        Fact("Group", as_text(record.get("group"))),
        Fact("Cells in the picture", as_text(record.get("cells"))),
        Fact("Visibility", "" if visibility is None else _visibility(visibility)),
        Fact("Emblems", "none found at the centres of turns" if emblems == [] else ""),
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
        notes=notes,
        claims=claims,
        near=near,
        unclaimed=unclaimed,
    )
