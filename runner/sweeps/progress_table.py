"""A sweep on a terminal: one live table of its members, or plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orbifolio.runner.run.listeners import clock
from orbifolio.runner.sweeps.progress import MemberProgress
from orbifolio.runner.sweeps.record import DONE, FAILED, INTERRUPTED, RUNNING, WAITING, SweepMember, SweepRecord

_LINE_SECONDS = 10.0  # between two lines about a member, without a terminal
_STYLES = {DONE: "green", FAILED: "red", INTERRUPTED: "yellow", RUNNING: "bold", WAITING: "dim"}
_PRIORITY = (RUNNING, FAILED, INTERRUPTED, WAITING, DONE)
"""Which members stay where the terminal is too low for all."""


class SweepTable:
    """Shows a sweep on a console.

    Args:
        console: a terminal, or a file for plain lines.
        slots: members that run side by side, for the time left.
    """

    def __init__(self, console: Console, slots: int) -> None:
        self.console = console
        self._slots = slots
        self._live: Live | None = None
        self._reported: dict[int, float] = {}
        self._started = time.monotonic()
        self._done_before: int | None = None

    def __call__(self, record: SweepRecord, progress: dict[int, MemberProgress]) -> None:
        """Show the state of all members."""
        if self._done_before is None:
            self._done_before = _count(record)[DONE]
        if not self.console.is_terminal:
            self._lines(record, progress)
            return
        if self._live is None:
            self._live = Live(console=self.console, auto_refresh=False)
            self._live.start()
        self._live.update(self._table(record, progress), refresh=True)

    def say(self, text: str) -> None:
        """One line, above the table."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Give the terminal back; the table stays."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _lines(self, record: SweepRecord, progress: dict[int, MemberProgress]) -> None:
        now = time.monotonic()
        for member in record.members:
            if member.state == RUNNING and now - self._reported.get(member.number, 0.0) >= _LINE_SECONDS:
                self._reported[member.number] = now
                line = progress[member.number].line if member.number in progress else "getting ready"
                self.say(f"{member.listing} [{member.worker}]  {line}")

    def _table(self, record: SweepRecord, progress: dict[int, MemberProgress]) -> Table:
        names = short_names([key for key, _ in record.varied])
        summary = self._summary(record, progress)
        table = Table(box=SIMPLE_HEAD, title=record.title, caption=summary, expand=True, padding=(0, 1, 0, 0))
        table.title_justify = table.caption_justify = "left"
        table.add_column("#", justify="right")
        table.add_column("varied" if record.varied else "recipe", ratio=4, no_wrap=True)
        table.add_column("on", no_wrap=True)
        table.add_column("phase", no_wrap=True)
        table.add_column("steps", ratio=1, min_width=6)
        table.add_column("loss (largest term)", ratio=3, no_wrap=True)
        table.add_column("left", justify="right", no_wrap=True)
        shown, hidden = self._visible_members(record)
        for member in shown:
            table.add_row(*_row(member, progress.get(member.number), names), style=_STYLES[member.state])
        if hidden:
            rest = ", ".join(f"{count} {state}" for state, count in hidden.items())
            table.add_row("", f"and {rest}", "", "", "", "", "", style="dim")
        return table

    def _visible_members(self, record: SweepRecord) -> tuple[list[SweepMember], dict[str, int]]:
        """(members for which there is room, how many of each state are not shown)."""
        room = max(3, self.console.size.height - 8)
        if len(record.members) <= room:
            return record.members, {}
        order = sorted(record.members, key=lambda member: (_PRIORITY.index(member.state), member.number))
        shown = sorted(order[: room - 1], key=lambda member: member.number)
        return shown, dict(Counter(member.state for member in order[room - 1 :]))

    def _summary(self, record: SweepRecord, progress: dict[int, MemberProgress]) -> str:
        counts = _count(record)
        parts = [f"{counts[state]} {state}" for state in (DONE, RUNNING, WAITING, FAILED, INTERRUPTED) if counts[state]]
        left = self._left(record, progress)
        return " · ".join([*parts, *([f"about {clock(left)} left"] if left is not None else [])])

    def _left(self, record: SweepRecord, progress: dict[int, MemberProgress]) -> float | None:
        """Seconds until all are done, at the pace since it was started or resumed."""
        counts = _count(record)
        ended = counts[DONE] - (self._done_before or 0)
        running = [progress[member.number].left for member in record.members if _runs(member, progress)]
        estimates = [left for left in running if left is not None]
        longest = max(estimates, default=0.0)
        if not counts[WAITING]:
            return longest if estimates else None
        if ended <= 0:
            return None
        return longest + (time.monotonic() - self._started) / ended * max(0, counts[WAITING] - self._slots + 1)


def _runs(member: SweepMember, progress: dict[int, MemberProgress]) -> bool:
    return member.state == RUNNING and member.number in progress


def _count(record: SweepRecord) -> Counter[str]:
    return Counter(member.state for member in record.members)


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """The shortest end of each path that no other path has.

    >>> short_names(["renderer.phases.0.size", "renderer.phases.1.size", "seed"])
    {'renderer.phases.0.size': '0.size', 'renderer.phases.1.size': '1.size', 'seed': 'seed'}
    """
    ends = {key: [key.split(".")[-count:] for count in range(1, key.count(".") + 2)] for key in keys}
    taken = Counter(".".join(end) for group in ends.values() for end in group)
    return {key: next((name for end in ends[key] if taken[name := ".".join(end)] == 1), key) for key in keys}


def _row(
    member: SweepMember, progress: MemberProgress | None, names: Mapping[str, str]
) -> tuple[str | Text | ProgressBar, ...]:
    varied = (f"{names.get(key, key)}={value}" for key, value in member.overrides.items())
    text = Text(" ".join(varied) or member.recipe, overflow="ellipsis")
    head = (str(member.number), text, member.worker)
    if member.state != RUNNING:
        why = Text(" ".join(member.message.split()) or (progress.loss if progress else ""), overflow="ellipsis")
        return (*head, member.state, _bar(progress, member.state == DONE), why, "")
    if progress is None or not progress.total:
        return (*head, "getting ready", "", "", "")
    left = "" if progress.left is None else clock(progress.left)
    return (*head, progress.title, _bar(progress, False), progress.loss, left)


def _bar(progress: MemberProgress | None, done: bool) -> ProgressBar | str:
    if done:
        return ProgressBar(total=1, completed=1)
    return ProgressBar(total=progress.total, completed=progress.done) if progress and progress.total else ""
