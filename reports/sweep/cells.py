"""A sweep's runs as cells: (what is shown, member) -> picture, what differs, loss and time; or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orbifolio.reports.charts.chart import LINE_STYLES
from orbifolio.reports.links import Place
from orbifolio.reports.pages.thumbnail_grid import cover_image, title_from_name
from orbifolio.reports.parts.sweep import MemberCell
from orbifolio.reports.sweep.arranging import SweepAxis, value_of
from orbifolio.reports.sweep.faces import ELSEWHERE, RunPreview, SweepSnapshot
from orbifolio.reports.sweep.record import SweepMember
from orbifolio.reports.wording import format_duration, format_number

NARROWEST, WIDEST = 0.6, 2.2  # beyond these, a picture is cropped
_LONGEST = 400  # letters of a message in a cell

_NOTHING = {"failed": "Failed before its first picture", "running": "No picture yet"}


@dataclass(frozen=True)
class CellBuilder:
    """Makes the cells of one sweep.

    Attributes:
        shown: the sweep.
        gallery: the folder that holds all runs.
        place: the page's folder.
        sizes: how wide a picture stands, as the HTML attribute says it.
        axes: what varies.
    """

    shown: SweepSnapshot
    gallery: Path
    place: Place
    sizes: str
    axes: Sequence[SweepAxis] = field(default=())

    def name(self, member: SweepMember) -> tuple[str, str]:
        """What differs, short and whole."""
        told = [(axis, value) for axis in self.axes if (value := value_of(member, axis)) is not None]
        if told:
            short = ", ".join(f"{axis.name} {axis.label(value)}" for axis, value in told)
            return short, " ".join(f"{axis.key}={value}" for axis, value in told)
        if member.overrides:
            whole = " ".join(f"{key}={value}" for key, value in member.overrides.items())
            return whole, whole
        face = self.shown.face(member)
        title = face.card.title if face else member.title or title_from_name(member.type)
        return title, member.recipe

    def address(self, face: RunPreview | None) -> str:
        """Of a run's page, or "" while there is none."""
        return self.place.to(self.gallery / face.card.key / "index.html") if face and face.paged else ""

    def style(self, member: SweepMember) -> int:
        """Of the member's curve, or -1."""
        face = self.shown.face(member)
        return member.number % LINE_STYLES if face is not None and any(each.points for each in face.card.curve) else -1

    def ratio(self, member: SweepMember) -> float:
        """Width / height of the member's picture; the first one's of all where it has none."""
        face = self.shown.face(member)
        if face is None or face.card.cover is None:
            seen = next((each.card.cover for each in self.shown.faces.values() if each.card.cover), None)
            return seen.ratio if seen else 1.0
        return face.card.cover.ratio

    def cell(self, member: SweepMember) -> MemberCell:
        """A member as its cell shows it."""
        face, status = self.shown.face(member), self.shown.state(member)
        short, whole = self.name(member)
        running = status.kind == "running"
        ended = status.kind not in ("running", "waiting")
        progress = face.progress if face is not None and running else None
        return MemberCell(
            number=member.number,
            href=self.address(face),
            picture=cover_image(face.card, self.gallery, self.place, sizes=self.sizes) if face else None,
            ratio=f"{min(WIDEST, max(NARROWEST, self.ratio(member))):.4f}",
            title=short,
            hint=f"#{member.number}: {whole}",
            style=self.style(member),
            status=status,
            nothing=_NOTHING.get(status.kind, status.label),
            facts=_facts(face, member) if ended and face else _unseen(member, gone=status is ELSEWHERE),
            share=("" if progress is None or progress.share is None else f"{100 * progress.share:.0f}")
            if running
            else None,
            line=_line(face, member) if running else "",
            message=_message(member) if status.kind in ("failed", "interrupted") else "",
        )


def _facts(face: RunPreview, member: SweepMember) -> tuple[str, ...]:
    """Loss and time, and how often it was begun if more than once."""
    card = face.card
    loss = card.measures.get("loss")
    found = (
        f"loss {format_number(loss, 3)}" if loss is not None else "",
        format_duration(card.seconds) if card.seconds else "",
        *_again(member),
    )
    return tuple(fact for fact in found if fact)


def _again(member: SweepMember) -> tuple[str, ...]:
    return (f"begun {member.attempts} times",) if member.attempts > 1 else ()


def _unseen(member: SweepMember, *, gone: bool) -> tuple[str, ...]:
    """Of a run that is finished but not in this gallery, that it is; of one that waits, nothing."""
    return ("finished, but its report is elsewhere",) if gone else ()


def _line(face: RunPreview | None, member: SweepMember) -> str:
    """How far a run is."""
    progress = face.progress if face else None
    if progress is None:
        return "Getting ready" if face is None or not face.card.steps else ""
    left = "" if progress.left is None else f", {format_duration(max(1.0, progress.left))} left"
    return f"{progress.line}{left}"


def _message(member: SweepMember) -> str:
    text = " ".join(member.message.split())
    return f"{text[: _LONGEST - 1]}…" if len(text) > _LONGEST else text
