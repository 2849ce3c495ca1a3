"""Reading runs that are torn, old, odd or gone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic_run import BEGAN

from orbifolio.reports.data.log import STALE_AFTER, read_run
from orbifolio.reports.data.progress import measure_progress
from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import rebuild_gallery

NOW = BEGAN + 5
MakeRun = Callable[..., Path]


def append(run: Path, *events: dict[str, Any]) -> None:
    with (run / "events.jsonl").open("a") as log:
        log.writelines(json.dumps({"time": BEGAN + 90.0, **event}) + "\n" for event in events)


def test_a_whole_log_is_read(make_run: MakeRun) -> None:
    run = read_run(make_run(), now=NOW)
    assert [phase.title for phase in run.phases] == ["16 px", "32 px"]
    assert [len(phase.steps) for phase in run.phases] == [6, 6]
    assert [frame.step for frame in run.phases[0].frames] == [0, 3, 6]
    assert run.phases[0].steps[1].loss == pytest.approx(100 * (1 + 2 + 3 + 4 + 5) / 2)
    assert run.phases[0].notes == ("16 wide as asked",)
    assert all(phase.finished for phase in run.phases)


def test_a_torn_line_costs_only_itself(make_run: MakeRun) -> None:
    folder = make_run(status="running", until=9)
    log = folder / "events.jsonl"
    content = log.read_bytes()
    log.write_bytes(b"\xff\xfe nonsense\n[1]\n" + content[: len(content) - 20])
    run = read_run(folder, now=NOW)
    assert sum(len(phase.steps) for phase in run.phases) >= 8


def test_a_repeated_step_replaces_the_earlier_one(make_run: MakeRun) -> None:
    folder = make_run(status="running", until=8)
    append(
        folder,
        {"event": "run-started", "resumed": True},
        {"event": "stepped", "phase": 1, "step": 2, "terms": {"gram": 4.5}, "seconds": 1.0},
    )
    phase = read_run(folder, now=NOW).phases[1]
    assert [(step.step, step.loss) for step in phase.steps][-1] == (2, 4.5)
    assert len(phase.steps) == 2


def test_a_loss_that_is_not_a_number_is_shown_as_such(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run(status="failed", until=8, message="the loss is not a number")
    append(folder, {"event": "stepped", "phase": 1, "step": 3, "terms": {"a": math.nan, "b": math.inf}})
    append(folder, {"event": "stepped", "phase": 1, "step": 4, "terms": {"a": math.inf, "b": -math.inf}})
    assert math.isnan(read_run(folder, now=NOW).phases[1].steps[-1].loss)
    assert "not a number" in write_report(folder, gallery=gallery, now=NOW).read_text()


@pytest.mark.parametrize(("silence", "status"), [(STALE_AFTER - 1, "running"), (STALE_AFTER + 1, "stopped")])
def test_silence_means_that_the_process_is_gone(make_run: MakeRun, silence: float, status: str) -> None:
    folder = make_run(status="running", until=8)
    last = read_run(folder, now=NOW).last
    assert last is not None
    assert read_run(folder, now=last + silence).status == status


def test_slow_steps_are_no_silence(make_run: MakeRun) -> None:
    folder = make_run(status="running", until=8)
    append(folder, {"event": "stepped", "phase": 1, "step": 3, "seconds": 300.0})
    assert read_run(folder, now=BEGAN + 90 + 2 * STALE_AFTER).status == "running"
    assert read_run(folder, now=BEGAN + 90 + 6 * STALE_AFTER).status == "stopped"


def test_the_log_knows_an_end_that_run_json_missed(make_run: MakeRun) -> None:
    folder = make_run(status="running", until=8)
    append(folder, {"event": "run-finished", "outcome": "interrupted", "message": "Ctrl-C"})
    run = read_run(folder, now=NOW + 10**6)
    assert (run.status, run.message) == ("interrupted", "Ctrl-C")
    append(folder, {"event": "run-started", "resumed": True, "time": NOW + 10**6})
    assert read_run(folder, now=NOW + 10**6).status == "running"


def test_time_left_scales_with_pixels(make_run: MakeRun) -> None:
    # half a second a step at 16 px; the parameters plan phase 2 twice as wide, so four times as slow
    progress = measure_progress(read_run(make_run(status="running", until=3), now=NOW))
    assert progress.left == pytest.approx(3 * 0.5 + 6 * 0.5 * 4)
    assert progress.share == pytest.approx(1.5 / (1.5 + 1.5 + 12))
    assert progress.line == "Phase 1 of 2, step 3 of 6"


def test_a_branch_does_not_count_what_its_parent_did(make_run: MakeRun) -> None:
    waiting = measure_progress(read_run(make_run(status="running", until=3, branched={"phase": 0, "step": 3}), now=NOW))
    assert waiting.share == 0
    assert waiting.line == "Getting ready to go on from phase 1, step 3 of 6"
    going = make_run(identity="b", status="running", until=4, branched={"phase": 0, "step": 3})
    progress = measure_progress(read_run(going, now=NOW))
    assert progress.share == pytest.approx(0.5 / (0.5 + 1.0 + 12))
    assert progress.line == "Phase 1 of 2, step 4 of 6"
    torn = make_run(identity="c", status="running", until=3, branched={"phase": "x"})
    assert read_run(torn, now=NOW).branched == (-1, 0)


def test_a_missing_picture_leaves_a_readable_page(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run()
    (folder / "final.png").unlink()
    (folder / "phases/1-16px/frames/00003.webp").unlink()
    (folder / "phases/2-32px/frames/00006.webp").write_bytes(b"RIFF torn")
    (folder / "inputs/style-1.webp").write_bytes(b"")
    page = write_report(folder, gallery=gallery, now=NOW).read_text()
    assert "The latest frame: 32 px, step" in page
    assert "steps/00003" in (folder / "phases/2-32px/index.html").read_text()
    assert not (folder / "phases/1-16px/steps/00003").exists()


@pytest.mark.parametrize(
    "key",
    [
        "theme",
        "title",
        "about",
        "status",
        "started",
        "final",
        "phases",
        "symmetry",
        "inputs",
        "extras",
        "weights",
        "references",
        "parameters",
        "network",
        "rerun",
        "system",
    ],
)
@pytest.mark.parametrize("value", [..., None, 3, "text", [1, None], {"odd": [1]}, [{"path": 3, "size": "x"}]])
def test_odd_values_leave_gaps_not_errors(make_run: MakeRun, gallery: Path, key: str, value: object) -> None:
    make_run(sizes=((16, 28),), steps=1, every=1, **{key: value})
    rebuild_gallery(gallery, now=NOW)
    assert "</html>" in next(gallery.glob("*/*/index.html")).read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00", '{"status": "done"', "[" * 100_000])
def test_a_torn_summary_is_replaced_by_the_log(make_run: MakeRun, gallery: Path, content: str) -> None:
    folder = make_run()
    (folder / "run.json").write_text(content)
    rebuild_gallery(gallery, now=NOW)
    assert "Rainbow hexagon" in (folder / "index.html").read_text()  # from the folder's name
    assert read_run(folder, now=NOW).status == "done"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.dictionaries(
            st.sampled_from(
                [
                    "event",
                    "time",
                    "phase",
                    "step",
                    "terms",
                    "seconds",
                    "path",
                    "width",
                    "steps",
                    "phases",
                    "outcome",
                    "notes",
                    "message",
                    "metrics",
                    "memory",
                ]
            ),
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(-3, 10**18),
                st.floats(),
                st.text(max_size=6),
                st.sampled_from(
                    [
                        "stepped",
                        "frame-saved",
                        "phase-started",
                        "run-started",
                        "run-finished",
                        "phase-finished",
                        "warned",
                    ]
                ),
                st.lists(st.integers(), max_size=2),
                st.dictionaries(st.text(max_size=2), st.floats(), max_size=2),
            ),
            max_size=8,
        ),
        max_size=6,
    )
)
def test_no_log_breaks_the_report(tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, Any]]) -> None:
    gallery = tmp_path_factory.mktemp("fuzz")
    folder = gallery / "recipe" / "run"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text(
        "".join(json.dumps({"event": "stepped", "time": 1.0, **line}) + "\n" for line in lines)
    )
    rebuild_gallery(gallery, now=NOW)
    assert (folder / "index.html").is_file()
