"""The runs of a sweep as cells: picture, what differs, loss and time; or why there is no picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orbifolio.reports.charts.chart import LINE_STYLES
from orbifolio.reports.links import Place, Status
from orbifolio.reports.media.img import PageImage
from orbifolio.reports.parts.thumbnail_grid import cover_image
from orbifolio.reports.sweep.arranging import SweepAxis, value_of
from orbifolio.reports.sweep.record import RecordedMember
from orbifolio.reports.sweep.run_preview import ELSEWHERE, RunPreview, SweepSnapshot
from orbifolio.reports.wording import format_duration, format_number, title_from_name


@dataclass(frozen=True)
class MemberCell:
    """A run of the sweep.

    Attributes:
        number: its place in the sweep, from 0.
        href: of its page, or "".
        ratio: width / height, kept within what a row can show.
        title: what differs; `hint` is the whole of it.
        style: of its curve, or -1 where it has none.
        nothing: text in the picture's place while there is none.
        facts: loss and time.
        share: percent done while it runs, "" if unknown; None if it does not run.
        message: why it failed, cut to what a cell has room for.
    """

    number: int
    href: str
    picture: PageImage | None
    ratio: str
    title: str
    hint: str
    style: int
    status: Status
    nothing: str
    facts: tuple[str, ...]
    share: str | None = None
    line: str = ""
    message: str = ""

    @property
    def done(self) -> bool:
        """Whether the picture alone says everything."""
        return self.status.kind == "done"


MIN_RATIO, MAX_RATIO = 0.6, 2.2  # beyond these, a picture is cropped


_MAX_LETTERS = 400  # letters of a message in a cell


_NOTHING = {"failed": "Failed before its first picture", "running": "No picture yet"}


@dataclass(frozen=True)
class CellBuilder:
    """Makes the cells of one sweep.

    Attributes:
        snapshot: the sweep as of a moment.
        gallery: the folder that holds all runs.
        place: the folder of the page that shows it.
        sizes: the displayed width of a picture, as an HTML `sizes` attribute.
        axes: the parameters that vary, outermost first.
    """

    snapshot: SweepSnapshot
    gallery: Path
    place: Place
    sizes: str
    axes: Sequence[SweepAxis] = field(default=())

    def name(self, member: RecordedMember) -> tuple[str, str]:
        """What differs from the other runs, short and in full."""
        varied = [(axis, value) for axis in self.axes if (value := value_of(member, axis)) is not None]
        if varied:
            short = ", ".join(f"{axis.name} {axis.label(value)}" for axis, value in varied)
            return short, " ".join(f"{axis.key}={value}" for axis, value in varied)
        if member.overrides:
            whole = " ".join(f"{key}={value}" for key, value in member.overrides.items())
            return whole, whole
        preview = self.snapshot.preview(member)
        title = preview.card.title if preview else member.title or title_from_name(member.type)
        return title, member.recipe

    def address(self, preview: RunPreview | None) -> str:
        """The address of a run's page, or "" while there is none."""
        return self.place.to(self.gallery / preview.card.key / "index.html") if preview and preview.paged else ""

    def style(self, member: RecordedMember) -> int:
        """The line style of the member's curve, or -1 if it has none."""
        preview = self.snapshot.preview(member)
        return (
            member.number % LINE_STYLES
            if preview is not None and any(each.points for each in preview.card.curve)
            else -1
        )

    def ratio(self, member: RecordedMember) -> float:
        """Width / height of the member's picture; the first one's of all where it has none."""
        preview = self.snapshot.preview(member)
        if preview is None or preview.card.cover is None:
            seen = next((each.card.cover for each in self.snapshot.previews.values() if each.card.cover), None)
            return seen.ratio if seen else 1.0
        return preview.card.cover.ratio

    def cell(self, member: RecordedMember) -> MemberCell:
        """The cell of a member."""
        preview, status = self.snapshot.preview(member), self.snapshot.state(member)
        short, whole = self.name(member)
        running = status.kind == "running"
        ended = status.kind not in ("running", "waiting")
        progress = preview.progress if preview is not None and running else None
        return MemberCell(
            number=member.number,
            href=self.address(preview),
            picture=cover_image(preview.card, self.gallery, self.place, sizes=self.sizes) if preview else None,
            ratio=f"{min(MAX_RATIO, max(MIN_RATIO, self.ratio(member))):.4f}",
            title=short,
            hint=f"#{member.number}: {whole}",
            style=self.style(member),
            status=status,
            nothing=_NOTHING.get(status.kind, status.label),
            facts=_facts(preview, member) if ended and preview else _unseen(member, gone=status is ELSEWHERE),
            share=(progress.percent if progress else "") if running else None,
            line=_line(preview, member) if running else "",
            message=_message(member) if status.kind in ("failed", "interrupted") else "",
        )


def _facts(preview: RunPreview, member: RecordedMember) -> tuple[str, ...]:
    """Loss and time, and the number of attempts if more than one."""
    card = preview.card
    loss = card.measures.get("loss")
    facts = (
        f"loss {format_number(loss, 3)}" if loss is not None else "",
        format_duration(card.seconds) if card.seconds else "",
        *_again(member),
    )
    return tuple(fact for fact in facts if fact)


def _again(member: RecordedMember) -> tuple[str, ...]:
    return (f"started {member.attempts} times",) if member.attempts > 1 else ()


def _unseen(member: RecordedMember, *, gone: bool) -> tuple[str, ...]:
    """A line for a finished run whose report is not in this gallery; nothing for one that waits."""
    return ("finished, but its report is elsewhere",) if gone else ()


def _line(preview: RunPreview | None, member: RecordedMember) -> str:
    """How far a run is."""
    progress = preview.progress if preview else None
    if progress is None:
        return "Getting ready" if preview is None or not preview.card.steps else ""
    return f"{progress.line}, {progress.time_left}" if progress.time_left else progress.line


def _message(member: RecordedMember) -> str:
    text = " ".join(member.message.split())
    return f"{text[: _MAX_LETTERS - 1]}…" if len(text) > _MAX_LETTERS else text
