"""Kinds of other packages: the example is installed and used; one that is broken is named, and its cause."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orbifolio.runner.errors import InputError
from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

ROOT = Path(__file__).resolve().parents[2]
RECIPE = """
schema: 1
title: Contrast
renderer:
  kind: image-optimisation
  objectives: [{kind: contrast, deviation: 0.25}]
  optimiser: adam
  phases: [{size: 16, steps: 3}]
"""


def orbifolio(folder: Path, *arguments: str, packages: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orbifolio.runner.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(packages)])},
        capture_output=True,
        text=True,
        check=False,
    )


def package(folder: Path, name: str, code: str, kind: str = "Kind", group: str = "objectives") -> None:
    """Install a package of one module, as pip leaves it."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(code)
    facts = folder / f"{module}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[orbifolio.{group}]\nany = {module}:{kind}\n")


def kind(name: str) -> str:
    return (
        "from typing import Literal\n"
        "from orbifolio.runner.objectives.base import ObjectiveSettings\n"
        "class Kind(ObjectiveSettings):\n"
        f'    kind: Literal["{name}"] = "{name}"\n'
    )


def completed() -> KindFamily:
    """A family of one kind, with those of the packages that are installed now."""
    own = {"smoothness": "orbifolio.runner.objectives.smoothness:Smoothness"}
    return KindFamily(own, others=plugins("objectives", "orbifolio.runner.objectives.base:ObjectiveSettings"))


def test_the_example_package_is_installed_and_used_in_a_run(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "example-plugin", tmp_path / "source")
    packages = tmp_path / "packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(packages), str(tmp_path / "source")], check=True)
    (tmp_path / "contrast.yaml").write_text(RECIPE)
    done = orbifolio(tmp_path, "run", "contrast.yaml", "--device", "cpu", "--out", "gallery", packages=packages)
    assert done.returncode == 0, done.stderr
    (log,) = tmp_path.glob("gallery/*/*/events.jsonl")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    losses = [event["terms"]["contrast"] for event in events if "terms" in event]
    assert len(losses) >= 3
    assert losses[-1] < losses[0]
    without = orbifolio(tmp_path, "check", "contrast.yaml", packages=tmp_path)
    assert without.returncode == 2
    assert "contrast" in without.stderr


def test_a_broken_package_ends_a_command_with_one_message(tmp_path: Path) -> None:
    package(tmp_path, "broken-kind", "raise RuntimeError('no licence key')\n")
    (tmp_path / "contrast.yaml").write_text(RECIPE)
    done = orbifolio(tmp_path, "check", "contrast.yaml", packages=tmp_path)
    assert done.returncode == 2
    assert " ".join(done.stderr.split()) == (
        "error: broken-kind: its plug-in broken_kind:Kind for orbifolio.objectives cannot be imported (RuntimeError: "
        "no licence key); update or uninstall broken-kind"
    )


def test_kinds_come_after_the_programs_own_in_the_order_of_their_packages(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("plugin-b", "plugin-a"):
        package(tmp_path, name, kind(name))
    package(tmp_path, "plugin-c", kind("plugin-c"), group="canvases")
    assert completed().names == ("smoothness", "plugin-a", "plugin-b")


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        (
            {"plugin-d": kind("smoothness")},
            "plugin-d: its kind 'smoothness' in orbifolio.objectives has the name of one from orbifolio; names are "
            "unique in a family; uninstall one of the packages",
        ),
        (
            {"plugin-e": kind("soft"), "plugin-f": kind("soft")},
            "plugin-f: its kind 'soft' in orbifolio.objectives has the name of one from plugin-e; names are unique in "
            "a family; uninstall one of the packages",
        ),
        (
            {"plugin-g": "Kind = 3\n"},
            "plugin-g: plugin_g:Kind is not a kind for orbifolio.objectives; a kind is a subclass of "
            "orbifolio.runner.objectives.base.ObjectiveSettings with a field `kind`; update or uninstall plugin-g",
        ),
        (
            {"plugin-h": "class Other: pass\n"},
            "plugin-h: its plug-in plugin_h:Kind for orbifolio.objectives cannot be imported (AttributeError: module "
            "'plugin_h' has no attribute 'Kind'); update or uninstall plugin-h",
        ),
    ],
    ids=["the program's", "another's", "no kind", "not there"],
)
def test_what_is_wrong_with_a_package_is_said(packages, message, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, code in packages.items():
        package(tmp_path, name, code)
    with pytest.raises(InputError) as error:
        list(completed())
    assert str(error.value) == message
