"""A tiny recipe, and sweeps of it whose members are run by a stand-in that needs no torch."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from orbifolio.runner.sweeps.local_engine import LocalEngine
from orbifolio.runner.sweeps.sweep import StoredSweep, create_sweep, make_spec, run_sweep
from orbifolio.runner.sweeps.validate import MemberForecast
from orbifolio.runner.sweeps.variations import product, varied_keys

ROOT = Path(__file__).resolve().parents[2]
TINY = """\
schema: 1
title: Tiny
about: A test.
seed: 7
renderer:
  kind: image-optimisation
  symmetry: {kind: plane, group: p4}
  vision: untrained
  objectives:
    - {kind: style, images: ["skimage:coffee"], layers: [conv1_1]}
  phases: [{size: 16, steps: 4}]
frames: 2
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch) -> Path:
    """`plane/tiny.yaml`, as typed in the test's folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("plane/tiny.yaml")
    path.parent.mkdir()
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Subprocesses find the sources, and the stand-in, from any folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(Path(__file__).parent))))
    monkeypatch.setenv("NO_COLOR", "1")


class StandIns:
    """Sweeps over `fault=...`, which tells the stand-in how to behave."""

    def __init__(self, folder: Path, recipe: Path) -> None:
        self.gallery = folder / "gallery"
        self.recipe = recipe
        self.said = io.StringIO()

    def begin(self, *arguments: str) -> StoredSweep:
        """A sweep on disk; the recipe is not looked into."""
        variations = product(self.recipe, arguments)
        forecasts = [MemberForecast("Tiny", (), 1.0, 1.0, ())] * len(variations)
        order = make_spec(variations, forecasts, {}, threads=1, options=())
        return create_sweep(
            self.gallery,
            order,
            variations,
            forecasts,
            {},
            title="Tiny",
            command="orbifolio sweep ...",
            about="",
            shown=Path("gallery"),
            varied=varied_keys(arguments),
            engine="local",
        )

    def carry_out(self, sweep: StoredSweep, *, jobs: int = 2) -> str:
        """Run it."""
        engine = LocalEngine(["cpu"], jobs=jobs, threads=1)
        return run_sweep(sweep, self.gallery, engine, Console(file=self.said, width=200))


@pytest.fixture
def stand_ins(tmp_path, recipe, monkeypatch) -> StandIns:
    """Members are run by the stand-in."""
    monkeypatch.setattr(LocalEngine, "module", "standin")
    return StandIns(tmp_path, recipe)
