"""The loop of a sweep, with a stand-in for the runs: what is started, tried again, stopped and gone on with."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from orbifolio.runner.errors import InputError
from orbifolio.runner.run.run_folder import is_locked
from orbifolio.runner.run.subprocess import LOCK
from orbifolio.runner.sweeps import scheduler
from orbifolio.runner.sweeps.local_engine import LocalEngine
from orbifolio.runner.sweeps.record import read_record
from orbifolio.runner.sweeps.spec import FOLDER, member_folder, private_folder
from orbifolio.runner.sweeps.sweep import StoredSweep, find_unfinished


def pictures(made: StoredSweep, gallery: Path) -> list[bytes]:
    return [(gallery / member.run / "final.png").read_bytes() for member in made.record.members]


def test_all_members_run_and_what_was_needed_for_them_goes(stand_ins):
    made = stand_ins.begin("seed=1,2,3", "fault=none")
    assert stand_ins.carry_out(made) == "done"
    told = json.loads((made.folder / "sweep.json").read_text())
    assert told["status"] == "done"
    assert told["finished"] >= told["started"]
    assert [member["overrides"] for member in told["members"]] == [{"seed": "1"}, {"seed": "2"}, {"seed": "3"}]
    assert {member["state"] for member in told["members"]} == {"done"}
    assert {member["worker"] for member in told["members"]} == {"cpu"}
    assert len({member["run"] for member in told["members"]}) == 3
    assert len(set(pictures(made, stand_ins.gallery))) == 3
    assert (made.folder / "index.html").is_file()
    assert not (stand_ins.gallery / FOLDER).exists()


def test_a_killed_member_goes_on_from_its_checkpoint_and_no_other_is_touched(stand_ins):
    made = stand_ins.begin("fault=die,none")
    assert stand_ins.carry_out(made) == "done"
    killed, other = made.record.members
    assert (killed.attempts, other.attempts) == (2, 1)
    assert "#0 : fault=die: it was killed by SIGKILL; it resumes from its checkpoint" in stand_ins.said.getvalue()
    steps = (stand_ins.gallery / killed.run / "events.jsonl").read_text().count('"stepped"')
    assert steps == 20  # none was done twice


def test_a_member_that_always_dies_fails_after_three_attempts_and_the_others_are_done(stand_ins):
    made = stand_ins.begin("fault=always,none")
    assert stand_ins.carry_out(made) == "failed"
    dying, other = made.record.members
    assert (dying.state, dying.attempts, other.state) == ("failed", 3, "done")
    assert "it was killed by SIGKILL, 3 times, without saying why" in dying.message
    assert "--resume" in dying.message
    found = find_unfinished(stand_ins.gallery)
    assert stand_ins.carry_out(found) == "failed"
    assert found.record.members[0].attempts == 6
    assert found.record.members[1].attempts == 1


def test_a_member_that_says_why_is_not_tried_again(stand_ins):
    made = stand_ins.begin("fault=fail,none")
    assert stand_ins.carry_out(made) == "failed"
    failed = read_record(made.folder).members[0]
    assert (failed.state, failed.attempts) == ("failed", 1)
    assert failed.message == "the loss is NaN; take another seed"


def test_members_that_cannot_start_say_so_and_are_not_tried_again(stand_ins, monkeypatch):
    monkeypatch.setattr(LocalEngine, "module", "nothing_of_this_name")
    made = stand_ins.begin("seed=1,2")
    assert stand_ins.carry_out(made) == "failed"
    for member in made.record.members:
        assert (member.state, member.run) == ("failed", None)
        assert member.message.startswith("the run's process could not start: ")
        assert member.message.endswith("No module named nothing_of_this_name; see work.log")
    assert stand_ins.said.getvalue().count("could not start") == 2


def running(made: StoredSweep, gallery: Path) -> list[int]:
    place = private_folder(gallery, made.folder.name)
    return [member.number for member in made.record.members if is_locked(member_folder(place, member.number) / LOCK)]


def test_ctrl_c_stops_all_after_their_step_and_resuming_does_exactly_what_is_missing(stand_ins, monkeypatch):
    whole = stand_ins.begin("seed=1,2,3", "fault=slow")
    begun = threading.Event()

    def look(self, changed=scheduler.Scheduler._read_members) -> bool:
        found = changed(self)
        if all(number in self.progress and self.progress[number].step for number in (0, 1)) and not begun.is_set():
            begun.set()
            os.kill(os.getpid(), signal.SIGINT)
        return found

    monkeypatch.setattr(scheduler.Scheduler, "_read_members", look)
    before = signal.getsignal(signal.SIGINT)
    assert stand_ins.carry_out(whole) == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    assert not running(whole, stand_ins.gallery)
    assert [member.state for member in whole.record.members] == ["interrupted", "interrupted", "waiting"]
    assert not any((stand_ins.gallery / member.run / "final.png").exists() for member in whole.record.members[:2])
    found = find_unfinished(stand_ins.gallery)
    assert stand_ins.carry_out(found, jobs=3) == "done"
    assert [member.attempts for member in found.record.members] == [2, 2, 1]
    undisturbed = stand_ins.begin("seed=1,2,3", "fault=slow")
    assert stand_ins.carry_out(undisturbed, jobs=3) == "done"
    assert pictures(found, stand_ins.gallery) == pictures(undisturbed, stand_ins.gallery)
    with pytest.raises(InputError, match="no unfinished sweep"):
        find_unfinished(stand_ins.gallery)


PARENT = """
import sys
from pathlib import Path
from rich.console import Console
from orbifolio.runner.sweeps.local_engine import LocalEngine
from orbifolio.runner.sweeps.sweep import find_unfinished
from orbifolio.runner.sweeps.sweep import run_sweep
LocalEngine.module = "standin"
gallery = Path(sys.argv[1])
run_sweep(find_unfinished(gallery), gallery, LocalEngine(["cpu"], jobs=2, threads=1), Console(stderr=True))
"""


def wait_for(condition, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def test_members_of_a_killed_sweep_stop_and_are_gone_on_with(stand_ins):
    made = stand_ins.begin("seed=1,2", "fault=slow")
    program = [sys.executable, "-c", PARENT, str(stand_ins.gallery)]
    parent = subprocess.Popen(program, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(running(made, stand_ins.gallery)) == 2)
    with pytest.raises(InputError, match="running in another process"):
        stand_ins.carry_out(find_unfinished(stand_ins.gallery))
    parent.kill()
    parent.wait()
    wait_for(lambda: not running(made, stand_ins.gallery), 10)  # not orphans that go on to their end
    found = find_unfinished(stand_ins.gallery)
    assert found.record.status == "running"  # nobody could tell
    assert stand_ins.carry_out(found) == "done"
    assert [member.attempts for member in found.record.members] == [2, 2]


def test_a_full_disk_of_the_sweeps_own_files_ends_no_member(stand_ins, monkeypatch):
    made = stand_ins.begin("seed=1,2")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(scheduler, "write_record", full)
    assert stand_ins.carry_out(made) == "done"
    assert stand_ins.said.getvalue().count("cannot be written (No space left on device)") == 1
    assert len(set(pictures(made, stand_ins.gallery))) == 2
