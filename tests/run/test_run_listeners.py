"""Listeners: the log's cut at resuming, the estimate of the time left, plain lines, bounded cost."""

import io
import time

from rich.console import Console

from orbifolio.runner.events import (
    FrameSaved,
    PhaseStarted,
    PictureFinished,
    RunFinished,
    RunStarted,
    Stepped,
    Warned,
    read_events,
)
from orbifolio.runner.run.listeners import LogWriter, Pace, ReportWriter, Terminal, clock


def test_the_log_is_cut_where_a_resumed_run_goes_on(tmp_path):
    path = tmp_path / "events.jsonl"
    log = LogWriter(path)
    log(Warned(time=1.0, message="kept"))
    length = log.sync()
    log(Warned(time=2.0, message="done again later"))
    log.close()
    log = LogWriter(path, keep=length)
    log(Warned(time=3.0, message="after"))
    log.close()
    assert [event.message for event in read_events(path)] == ["kept", "after"]


def test_the_estimate_counts_later_phases_by_their_pixels():
    pace = Pace()
    pace.plan((100, 400), (10, 5))
    assert pace.left(0, 0) is None
    pace.add(1.0)
    assert pace.left(0, 4) == 6 + 5 * 4
    pace.begin_phase()
    assert pace.left(1, 0) is None
    pace.add(3.0)
    assert pace.left(1, 1) == 12


def test_plain_lines_where_there_is_no_terminal():
    text = io.StringIO()
    show = Terminal(Console(file=text, force_terminal=False, width=100), (64, 64), every=0.0)
    show(RunStarted(time=0.0, phases=("a",), steps=(2,)))
    show(PhaseStarted(time=0.0, title="8 px", width=8, height=8, steps=2, notes=("rounded",)))
    show(Stepped(time=0.0, step=1, terms={"a": 1.0, "b": 0.5}, seconds=2.0))
    show(RunFinished(time=0.0, outcome="failed", message="disk full"))
    said = text.getvalue()
    assert "phase 1/1: 8 x 8 px, 2 steps" in said
    assert "rounded" in said
    assert "step 1/2  loss 1.5  about 0:02 left" in said
    assert "\x1b" not in said


def test_reports_are_written_seldom_but_at_the_ends():
    written = []
    writer = ReportWriter(lambda: written.append(time.monotonic()), every=60.0)
    writer(RunStarted(time=0.0))
    for step in range(5):
        writer(Stepped(time=0.0, step=step))
    assert len(written) == 1
    writer(RunFinished(time=0.0))
    assert len(written) == 2


def test_reports_are_written_at_once_for_the_first_sight_and_the_picture():
    written = []
    writer = ReportWriter(lambda: written.append(len(events)), every=60.0)
    events = []
    for event in (
        RunStarted(time=0.0),
        FrameSaved(time=0.0, step=0),
        Stepped(time=0.0, step=1),
        FrameSaved(time=0.0, step=1),
        FrameSaved(time=0.0, step=2),
        PictureFinished(time=0.0),
    ):
        events.append(event)
        writer(event)
    assert written == [1, 4, 6]


def test_clock():
    assert [clock(value) for value in (0, 59.6, 61, 3599, 7325)] == ["0:00", "1:00", "1:01", "59:59", "2:02:05"]
