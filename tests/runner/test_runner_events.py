"""The log: every event survives a round trip; torn and unknown lines are passed over."""

import dataclasses

import pytest

from orbifolio.runner.events import EVENTS, Stepped, Warned, from_line, read_events, to_line

EXAMPLES = {
    "run-started": {"phases": ("a", "b"), "steps": (1, 2)},
    "phase-started": {"title": "64 px", "width": 64, "height": 32, "steps": 5, "notes": ("n",)},
    "stepped": {"phase": 1, "step": 2, "terms": {"style.gram": 0.5}, "metrics": {"evaluations": 1.0}},
    "frame-saved": {"path": "phases/1-64px/frames/00000.webp", "sha256": "ab"},
    "warned": {"message": "ä \n b"},
    "phase-finished": {"seconds": 1.5, "terms": {"x": 1.0}},
    "enlarged": {"width": 3072, "height": 1536, "share": 0.25, "seconds": 2.5},
    "picture-finished": {"path": "final.png", "width": 3072, "height": 1536},
    "run-finished": {"outcome": "failed", "message": "why"},
}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_round_trip(kind):
    event = kind(time=12.5, **EXAMPLES[kind.name])
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event
    assert dataclasses.asdict(event)["time"] == 12.5


@pytest.mark.parametrize(
    "line", ["", "{", '{"event": "unheard-of", "time": 1}', "[1]", '"x"', '{"event": "warned"}', "null"]
)
def test_lines_that_are_not_events_are_nothing(line):
    assert from_line(line) is None


def test_fields_of_a_later_version_are_ignored():
    assert from_line('{"event": "warned", "time": 1.0, "message": "m", "colour": "red"}') == Warned(
        time=1.0, message="m"
    )


def test_a_torn_log_gives_what_is_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    whole = [Stepped(time=1.0, step=1), Stepped(time=2.0, step=2)]
    path.write_text("\n".join(map(to_line, whole)) + '\n{"event": "step', encoding="utf-8")
    assert list(read_events(path)) == whole
    assert list(read_events(tmp_path / "missing.jsonl")) == []
