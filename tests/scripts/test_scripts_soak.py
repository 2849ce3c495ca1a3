"""The soak: some seconds of it with a fixed seed; `scripts/soak --minutes 60` is the whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def soak(minutes: float, seed: int) -> str:
    command = [sys.executable, "scripts/soak.py", "--minutes", str(minutes), "--seed", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_a_short_soak_finds_nothing() -> None:
    assert "everything held" in soak(0.8, 1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_three_minutes_of_soak_with_the_control_page_and_a_bucket_find_nothing() -> None:
    assert "everything held" in soak(3, 2)
