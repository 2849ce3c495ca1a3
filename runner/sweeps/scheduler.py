"""The one loop of a sweep: (record, order, engine) -> members started, watched, tried again; `sweep.json`.

It knows no device and no cluster: engines start processes, and what these write lies in their folders. A process that
ends without a word is tried again from its run's checkpoint, twice at most; one that says why it failed is not,
since it would fail again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from orbifolio.runner.run.subprocess import RESULT, Ending, last_line
from orbifolio.runner.sweeps.engine import SweepEngine
from orbifolio.runner.sweeps.member_state import MemberState, read_member_state
from orbifolio.runner.sweeps.progress import MemberProgress
from orbifolio.runner.sweeps.record import (
    DONE,
    FAILED,
    INTERRUPTED,
    RUNNING,
    WAITING,
    SweepMember,
    SweepRecord,
    now_text,
    write_record,
)
from orbifolio.runner.sweeps.spec import member_folder, private_folder

MAX_ATTEMPTS = 3
"""Processes tried for a member whose process ends without a result, as when the system kills it for memory."""
_POLL_SECONDS = 0.2  # between two looks at the engine: a free device waits so long for its next member
_READ_SECONDS = 1.0  # between two readings of the logs, which take longer: one for each member that runs


class Reporter(Protocol):
    """Shows the progress of a sweep, as a terminal does."""

    def __call__(self, record: SweepRecord, progress: dict[int, MemberProgress]) -> None:
        """Show the state of all members."""

    def say(self, text: str) -> None:
        """Show one line about what has just happened."""


@dataclass
class StopFlag:
    """What the person at the terminal wants; set by a signal handler."""

    count: int = 0

    def stop(self) -> None:
        """Stop after the present steps; at once if said again."""
        self.count += 1


@dataclass
class Scheduler:
    """A sweep being run.

    Attributes:
        gallery: the folder that holds all runs, absolute.
        folder: the sweep's, with its record.
        record: the state of all members, kept on disk.
        engine: starts the members, and tells when they are gone.
        reporter: shows the state of all members, about once a second.
        write_page: rewrites the sweep's page; told whether that is urgent.
        stop_flag: of the person at the terminal.
    """

    gallery: Path
    folder: Path
    record: SweepRecord
    engine: SweepEngine
    reporter: Reporter
    write_page: Callable[[bool], None] = lambda urgent: None
    stop_flag: StopFlag = field(default_factory=StopFlag)
    progress: dict[int, MemberProgress] = field(default_factory=dict)
    _started: dict[int, int] = field(default_factory=dict)  # processes since this one runs the sweep
    _before: dict[int, int] = field(default_factory=dict)  # attempts until then
    _under_way: set[int] = field(default_factory=set)
    _obeyed: int = 0
    _read_at: float = 0.0
    _warned: str = ""

    def run(self) -> str:
        """Run all that is not done; returns the sweep's status."""
        self._open()
        try:
            while self._go_on():
                time.sleep(_POLL_SECONDS)
        finally:
            self.engine.close()
            self._close()
        return self.record.status

    def _open(self) -> None:
        for member in self.record.unfinished:
            self._before[member.number] = self._member_state(member).attempts
            (self._member_folder(member) / RESULT).unlink(missing_ok=True)
            member.state, member.message = WAITING, ""
        self.record.status, self.record.finished = RUNNING, None
        self._write(urgent=True)

    def _go_on(self) -> bool:
        """One look at everything; False when there is nothing left to wait for."""
        self._pass_on_stop()
        changed = False
        for number, ending in self.engine.ended():
            self._settle(self.record.members[number], ending)
            changed = True
        if not self.stop_flag.count:
            changed |= self._start()
        now = time.monotonic()
        if changed or now - self._read_at > _READ_SECONDS:
            self._read_at = now
            changed |= self._read_members()
            self.reporter(self.record, self.progress)
            self._write(urgent=False, changed=changed)
        waiting = any(member.state == WAITING for member in self.record.members)
        return bool(self._under_way) or (waiting and not self.stop_flag.count)

    def _pass_on_stop(self) -> None:
        """Pass each request to stop on to the members, once."""
        if self.stop_flag.count == self._obeyed:
            return
        self._obeyed = self.stop_flag.count
        if self._obeyed == 1:
            self.reporter.say("stopping after the current steps; press Ctrl-C again to stop at once")
            self.engine.stop()
        else:
            self.engine.kill()

    def _start(self) -> bool:
        changed = False
        for member in self.record.members:
            if member.state != WAITING or member.number in self._under_way:
                continue
            if not self.engine.free():
                break
            self._started[member.number] = self._started.get(member.number, 0) + 1
            self.engine.start(member.number)
            self._under_way.add(member.number)
            changed = True
        return changed

    def _read_members(self) -> bool:
        """Read what the members under way have written; whether their record changes by it."""
        changed = False
        for number in self._under_way:
            member, state = self.record.members[number], self._member_state(self.record.members[number])
            if state.attempts - self._before.get(number, 0) >= self._started[number] and member.state != RUNNING:
                member.state = RUNNING
                changed = True
            changed |= self._note(member, state)
            if member.run is not None:
                if number not in self.progress:
                    self.progress[number] = MemberProgress(self.gallery / member.run)
                self.progress[number].update()
        return changed

    def _note(self, member: SweepMember, state: MemberState) -> bool:
        """Put what a process has written of itself into the record; whether that was new."""
        seen = (state.run or None, state.attempts, state.worker or member.worker)
        if seen == (member.run, member.attempts, member.worker):
            return False
        member.run, member.attempts, member.worker = seen
        return True

    def _settle(self, member: SweepMember, ending: Ending) -> None:
        """What becomes of a member whose process is gone."""
        self._under_way.discard(member.number)
        self._read_last(member)
        if ending.outcome == DONE:
            member.state, member.message = DONE, ""
        elif ending.outcome == FAILED:
            member.state, member.message = FAILED, ending.message
        elif self.stop_flag.count:
            member.state, member.message = INTERRUPTED if member.run else WAITING, ""
        elif self._tried(member) < MAX_ATTEMPTS:
            member.state = WAITING
            self.reporter.say(f"{member.listing}: {ending.how}; it resumes from its checkpoint")
            return
        else:
            member.state, member.message = FAILED, _died(ending.how, last_line(self._member_folder(member)))
        self.reporter.say(f"{member.listing}: {member.state}{f': {member.message}' if member.message else ''}")

    def _read_last(self, member: SweepMember) -> None:
        self._note(member, self._member_state(member))
        if member.number in self.progress:
            self.progress[member.number].update()

    def _tried(self, member: SweepMember) -> int:
        """Processes since this one runs the sweep, also those that the engine itself has started again."""
        return max(self._started[member.number], member.attempts - self._before.get(member.number, 0))

    def _write(self, *, urgent: bool, changed: bool = True) -> None:
        """Write the record if it changed, and its page."""
        try:
            if changed or urgent:
                write_record(self.folder, self.record)
            self.write_page(urgent)
        except OSError as error:  # the members can continue, or report for themselves that they cannot
            why = f"warning: {self.folder}: cannot be written ({error.strerror or error})"
            if why != self._warned:
                self._warned = why
                self.reporter.say(why)

    def _close(self) -> None:
        """Say how it ended, whatever ended it."""
        for member in self.record.members:
            if member.state in (RUNNING, WAITING):
                member.state = INTERRUPTED if member.run else WAITING
        states = {member.state for member in self.record.members}
        if states == {DONE}:
            self.record.status = DONE
        else:
            self.record.status = INTERRUPTED if self.stop_flag.count or states & {WAITING, INTERRUPTED} else FAILED
        self.record.finished = now_text()
        self.reporter(self.record, self.progress)
        self._write(urgent=True)

    def _member_folder(self, member: SweepMember) -> Path:
        return member_folder(private_folder(self.gallery, self.folder.name), member.number)

    def _member_state(self, member: SweepMember) -> MemberState:
        return read_member_state(self._member_folder(member))


def _died(how: str, words: str) -> str:
    last = f"; its last words: {words}" if words else ""
    return (
        f"{how}, {MAX_ATTEMPTS} times, without saying why{last}; usually the machine's memory was full; make the last "
        "phase smaller, run fewer at once (--jobs), or free memory, then use --resume"
    )
