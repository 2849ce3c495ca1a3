"""The phases of a run, a card each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import PhaseRecord, RunRecord
from orbifolio.reports.data.values import as_text
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import PageImage, page_image, phase_page_path, present_frames
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, SMALL_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.lead_image import LeadImage
from orbifolio.reports.wording import format_count, format_duration, format_integer, format_number, format_pixels


@dataclass(frozen=True)
class PhaseCard:
    """One phase on the run's page; `picture` is its last frame."""

    id: str
    title: str
    href: str
    facts: tuple[str, ...]
    picture: PageImage | None
    status: str


@dataclass(frozen=True)
class Phases(Part):
    """How the picture came to be: its frames, unless the page begins with them, and all phases, a card each.

    Attributes:
        atlas: whether the phases are pictures of their own, to be looked at side by side.
    """

    template: ClassVar[str] = "parts/phases.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "phases"
    cards: tuple[PhaseCard, ...]
    player: LeadImage | None = None
    title: str = "How it came to be"
    atlas: bool = False

    @property
    def inner(self) -> tuple[Part, ...]:
        """The slider through all frames."""
        return () if self.player is None else (self.player,)


PHASE = "phase"
"""What phases are called where a renderer has no other word for them."""


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


def phases_part(run: RunRecord, place: Place, player: LeadImage | None) -> Phases | None:
    """All phases, or None if the log names none yet.

    Args:
        run: as read from its folder.
        place: that folder.
        player: of all frames, or None if it stands elsewhere on the page.
    """
    cards = []
    noun = as_text(run.record.get("phase_noun"), PHASE)
    atlas = noun != PHASE
    widths = MEDIUM_WIDTHS if atlas else SMALL_WIDTHS
    for phase in run.phases:
        frames = present_frames(run, phase)
        last = prepare_image(run.folder, frames[-1].path, widths=widths) if frames else None
        state = "" if phase.finished else "pending"
        if phase.started and not phase.finished:
            state = "in progress" if run.running else "not finished"
        cards.append(
            PhaseCard(
                id=f"phase-{phase.index + 1}",
                title=phase.title if atlas else f"{phase.index + 1}. {phase.title}",
                href=place.to(phase_page_path(run, phase)) if phase.started else "",
                facts=() if atlas else phase_facts(phase),
                picture=page_image(place, last, alt="", sizes="14rem"),
                status=state,
            )
        )
    title = f"All {format_count(len(cards), noun)}" if atlas else Phases.title
    return Phases(tuple(cards), player, title, atlas) if cards else None
