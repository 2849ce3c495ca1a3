"""A tiny recipe that runs in seconds with the network that needs no weights, and the command to run it.

Fixtures for the folders that import them.
"""

import subprocess
from pathlib import Path

import pytest
from typed import typed

ROOT = Path(__file__).resolve().parents[2]

TINY = """\
schema: 1
title: Tiny
about: A test.
seed: 7
renderer:
  kind: image-optimisation
  symmetry: {kind: plane, group: p4, colours: {r4: [g, r, b]}}
  vision: untrained
  objectives:
    - {kind: style, images: ["skimage:coffee"], layers: [conv1_1, conv2_1]}
    - {kind: smoothness}
    - {kind: range}
  phases: [{size: 16, steps: 6}, {size: 24, steps: 6}]
frames: 4
"""


@pytest.fixture(scope="session")
def tiny() -> str:
    """The recipe's text."""
    return TINY


@pytest.fixture
def recipe(tmp_path) -> Path:
    """`plane/tiny.yaml` below the test's folder."""
    path = tmp_path / "plane" / "tiny.yaml"
    path.parent.mkdir()
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture
def orbifolio(tmp_path):
    """Runs the command line as a user would, in the test's folder."""

    def run(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
        return typed(*arguments, cwd=tmp_path, **options)

    return run


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Subprocesses find the sources from any folder."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("NO_COLOR", "1")
