"""The phases of a run, a card each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import PhaseRecord, RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import phase_page_path, present_frames, sample_evenly
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.frames import FrameCard, frame_card
from orbifolio.reports.wording import format_count, format_duration, format_integer, format_number, format_pixels


@dataclass(frozen=True)
class PhaseCard:
    """One phase on the run's page."""

    id: str
    title: str
    href: str
    facts: tuple[str, ...]
    frames: tuple[FrameCard, ...]
    more: str
    status: str


@dataclass(frozen=True)
class Phases(Part):
    """All phases, a card each."""

    template: ClassVar[str] = "parts/phases.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "phases"
    title: ClassVar[str] = "Phases"
    cards: tuple[PhaseCard, ...]


MAX_CARD_FRAMES = 12
"""Frames of a phase on the run's page; the phase's own page has more."""


def phase_facts(phase: PhaseRecord) -> tuple[str, ...]:
    """Size, steps, time and last loss of a phase, in words."""
    done = len(phase.steps)
    loss = phase.steps[-1].loss if phase.steps else math.fsum(phase.terms.values()) if phase.terms else None
    steps = format_count(max(done, phase.planned), "step")
    if done and not phase.finished and done < phase.planned:
        steps = f"{format_integer(done)} of {steps}"
    return tuple(
        fact
        for fact in (
            format_pixels(phase.width, phase.height) if phase.width else "",
            steps if phase.planned or done else "",
            format_duration(phase.seconds) if phase.seconds else "",
            f"loss {format_number(loss, 3)}" if loss is not None else "",
        )
        if fact
    )


def phases_part(run: RunRecord, place: Place) -> Phases | None:
    """All phases, or None if the log names none yet."""
    cards = []
    for phase in run.phases:
        frames = present_frames(run, phase)
        shown = sample_evenly(frames, MAX_CARD_FRAMES)
        more = "Open this phase"
        if len(frames) > len(shown):
            more = f"All {len(frames)} frames, curves and notes"
        state = "" if phase.finished else "pending"
        if phase.started and not phase.finished:
            state = "in progress" if run.running else "not finished"
        cards.append(
            PhaseCard(
                id=f"phase-{phase.index + 1}",
                title=f"{phase.index + 1}. {phase.title}",
                href=place.to(phase_page_path(run, phase)) if phase.started else "",
                facts=phase_facts(phase),
                more=more,
                status=state,
                frames=tuple(frame_card(place, run, phase, frame) for frame in shown),
            )
        )
    return Phases(tuple(cards)) if cards else None
