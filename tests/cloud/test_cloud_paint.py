"""The paint program on a rented machine: fetched where a recipe paints, and never in the way of the run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from orbifolio.runner.cloud.aws_cli_script import aws_cli_script
from orbifolio.runner.cloud.node_script import NodeWork, body, user_data, uses_mypaint
from orbifolio.runner.recipe.model import load

ROOT = Path(__file__).parents[2]


def after_the_program(folder: Path, *, value: str, status: int) -> tuple[int, str, list[str]]:
    """Run that part of the machine's script with a stand-in for apt-get: (exit code, output, what it was asked)."""
    part = re.search(r"^paint\(\) \{.*?^\[ .*? && paint$", body(), re.DOTALL | re.MULTILINE)
    assert part is not None
    asked = folder / "asked"
    programs = folder / "bin"
    programs.mkdir()
    (programs / "apt-get").write_text(f'#!/bin/sh\necho "$@" >>"{asked}"\nexit {status}\n')
    (programs / "apt-get").chmod(0o755)
    text = f"set -uo pipefail\n{value}\n{part[0]}\necho the run begins\n"
    path = f"{programs}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", text], env={"PATH": path}, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr, asked.read_text().splitlines() if asked.exists() else []


@pytest.mark.parametrize("status", [0, 100])
def test_it_is_fetched_and_the_run_begins_whatever_comes_of_it(tmp_path: Path, status: int) -> None:
    code, said, asked = after_the_program(tmp_path, value="paints=yes", status=status)
    assert code == 0
    assert said.endswith("the run begins\n")
    assert [line.split()[3] for line in asked] == ["update", "install"]
    assert asked[1].endswith("libmypaint-1.5-1 mypaint-brushes")
    assert ("cannot be installed" in said) == bool(status)


@pytest.mark.parametrize("value", ["paints=", "true # a script from before there was such a word"])
def test_where_nothing_is_painted_nothing_is_fetched(tmp_path: Path, value: str) -> None:
    assert after_the_program(tmp_path, value=value, status=1) == (0, "the run begins\n", [])


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [("painting/learnt-brush", True), ("painting/painter-implicit", True), ("plane/simple-square", False)],
)
def test_recipes_with_a_brush_paint(recipe: str, expected: bool) -> None:
    assert uses_mypaint(load(ROOT / "recipes" / f"{recipe}.yaml").parameters) == expected


def test_the_word_reaches_the_machine() -> None:
    orders = NodeWork("l", "s3://b/l", "us-east-1", 60, "w.whl", ("run",), paints=True)
    assert "\npaints=yes\n" in user_data(orders)
    values = {"name": "n", "theme": "t", "title": "T", "recipe": "r", "machine": "m", "price": 1.0, "hours": 1.0}
    assert "\npaints=yes\n" in aws_cli_script(**values, paints=True)
    assert 'paints "$paints"' in aws_cli_script(**values)
