"""Stands in for a member's process: the same files and signals, and a picture that is a chain of hashes.

Its task's `fault=` says how it behaves: `none`, `die` (a kill -9 at its first attempt), `always` (at each), `fail`
(it says why), `slow` (a tenth of a second a step).
"""

import argparse
import hashlib
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from orbifolio.runner.events import PhaseStarted, RunStarted, Stepped, to_line
from orbifolio.runner.run.run_folder import make_folder, write_summary
from orbifolio.runner.run.subprocess import report_outcome, run_child, stop_with_parent
from orbifolio.runner.sweeps.member_state import MemberState, read_member_state, write_member_state
from orbifolio.runner.sweeps.spec import member_folder, private_folder, read_spec

STEPS = 20


class Told:
    """A wish to stop."""

    wished = False

    def request(self, *_: object) -> None:
        """Stop after this step."""
        self.wished = True


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("gallery", type=Path)
    parser.add_argument("sweep")
    parser.add_argument("number", type=int)
    parser.add_argument("--device")
    parser.add_argument("--worker", default="")
    told = parser.parse_args()
    place = private_folder(told.gallery, told.sweep)
    here = member_folder(place, told.number)
    stop = Told()
    signal.signal(signal.SIGTERM, stop.request)
    stop_with_parent()

    def run() -> SimpleNamespace:
        order = read_spec(place)
        assert order is not None
        values = dict(text.split("=", 1) for text in order.tasks[told.number].overrides)
        before = read_member_state(here)
        run = told.gallery / before.run if before.run else make_folder(told.gallery, "tiny", time.time())
        write_member_state(here, MemberState(before.attempts + 1, f"tiny/{run.name}", told.worker))
        outcome, message = compute(run, values, stop, before.attempts == 0)
        code = {"done": 0, "interrupted": 130}.get(outcome, 1)
        return SimpleNamespace(outcome=outcome, message=message, exit_code=code)

    return run_child(here, lambda: report_outcome(here, run))


def compute(run: Path, values: dict[str, str], stop: Told, first: bool) -> tuple[str, str]:
    fault = values.get("fault", "none")
    write_summary(run, {"phases": [{"size": [16, 16]}], "status": "running", "attempt": first})
    checkpoint = run / "state"
    state = checkpoint.read_bytes() if checkpoint.exists() else b"\0" + repr(sorted(values.items())).encode()
    with (run / "events.jsonl").open("a") as log:
        print(to_line(RunStarted(time.time(), phases=("16 px",), steps=(STEPS,))), file=log, flush=True)
        print(to_line(PhaseStarted(time.time(), title="16 px", steps=STEPS)), file=log, flush=True)
        for step in range(state[0] + 1, STEPS + 1):
            time.sleep(0.1 if fault == "slow" else 0.005)  # stands for the computing of a step
            state = bytes([step]) + hashlib.sha256(state).digest()
            checkpoint.with_suffix(".part").write_bytes(state)
            checkpoint.with_suffix(".part").replace(checkpoint)
            print(to_line(Stepped(time.time(), step=step, terms={"a": 1.0}, seconds=0.01)), file=log, flush=True)
            if step == STEPS // 2 and fault == "fail":
                return "failed", "the loss is NaN; take another seed"
            if step == STEPS // 2 and (fault == "always" or (fault == "die" and first)):
                os.kill(os.getpid(), signal.SIGKILL)
            if stop.wished:
                return "interrupted", ""
            if fault == "always":
                os.kill(os.getpid(), signal.SIGKILL)
    (run / "final.png").write_bytes(hashlib.sha256(state).digest())
    write_summary(run, {"phases": [{"size": [16, 16]}], "status": "done"})
    return "done", ""


if __name__ == "__main__":
    sys.exit(main())
