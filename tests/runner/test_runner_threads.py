"""Threads: one for each core unless told, known without torch, and asleep while they wait."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orbifolio.runner.threads import WAITING, cores

ROOT = Path(__file__).resolve().parents[2]
SETTLED = """\
import json, os, sys
from orbifolio.runner.threads import settle, thread_count
chosen = settle(int(sys.argv[1]))
before = thread_count(), "torch" in sys.modules
import torch
waiting = {name: os.environ.get(name) for name in json.loads(sys.argv[2])}
print(json.dumps([chosen, *before, torch.get_num_threads(), waiting]))
"""


def settled(asked: int, **told: str) -> list:
    plain = {name: value for name, value in os.environ.items() if name not in WAITING and "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", SETTLED, str(asked), json.dumps(list(WAITING))],
        env={**plain, "PYTHONPATH": str(ROOT), **told},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("asked", "told", "expected"),
    [(0, {}, cores()), (0, {"OMP_NUM_THREADS": "1,1"}, 1), (1, {"OMP_NUM_THREADS": "2"}, 1)],
    ids=["cores", "environment", "option"],
)
def test_torch_computes_with_as_many_threads_as_were_settled_before_it_was_imported(asked, told, expected):
    chosen, known, imported, used, waiting = settled(asked, **told)
    assert (chosen, known, used) == (expected, expected, expected)
    assert not imported
    assert waiting == WAITING


def test_how_threads_wait_is_the_users_choice_where_there_is_one():
    *_, waiting = settled(1, OMP_WAIT_POLICY="ACTIVE")
    assert waiting == {**WAITING, "OMP_WAIT_POLICY": "ACTIVE"}
