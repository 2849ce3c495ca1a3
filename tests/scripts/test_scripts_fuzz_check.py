"""Mutated recipes through `check --plan`: a few of them here, `scripts/fuzz_check.py --number 5000` for all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.fuzz_check import Checked

ROOT = Path(__file__).resolve().parents[2]


def fuzz(number: int, seed: int) -> str:
    command = [sys.executable, "scripts/fuzz_check.py", "--number", str(number), "--seed", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_some_mutants_are_checked_within_bounds() -> None:
    last = fuzz(12, 2).splitlines()[-1]
    assert last.startswith("12 mutants: ")
    assert " with exit code 0, " in last  # some are valid and planned,
    assert " with exit code 2; " in last  # some are refused
    assert last.endswith("; 0 faults")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_many_mutants_are_checked_within_bounds() -> None:
    fuzz(1000, 3)


def test_what_must_not_be_is_a_fault() -> None:
    assert Checked(2, 1.9, 599.0, "x.yaml:1:1: error: size").faults == []
    assert Checked(1, 0.1, 300.0, "Traceback (most recent call last)\n").faults == ["exit code 1", "traceback"]
    assert Checked(-9, 20.0, 4000.0, "").faults == ["exit code -9", "20.0 s", "4000 MB", "nothing said"]
