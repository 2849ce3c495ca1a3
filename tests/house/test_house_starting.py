"""What is imported when: a refusal waits for nothing that computes, and a recipe for nothing that it does not name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "numba", "scipy", "skimage", "h5py", "reportlab", "boto3"}
LISTED = """\
import json, sys
from orbifolio.runner.cli import main
try:
    main()
except SystemExit as ended:
    print(json.dumps([ended.code, sorted(sys.modules)]))
"""


def after(*arguments: str, folder: Path) -> tuple[int, set[str]]:
    """(exit code, modules that are there at the end) of a command."""
    done = subprocess.run(
        [sys.executable, "-c", LISTED, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize("command", [["check"], ["run"], ["launch", "--dry-run"]], ids=lambda words: words[0])
def test_a_missing_recipe_is_told_without_anything_that_computes(command, tmp_path):
    code, modules = after(command[0], "nosuch.yaml", *command[1:], folder=tmp_path)
    assert code == 2
    assert not modules & HEAVY


@pytest.mark.parametrize(
    "text",
    [
        "title: [open\n",
        "titel: a\nrenderer: {kind: paintng}\npublish: {kind: s4}\nframes: many\n",
        "title: a\nrenderer: paintng\nfinish: {contrast: -1, colours: {from: a.png, by: best}}\n",
    ],
    ids=["no YAML", "unknown names", "wrong values"],
)
def test_what_is_wrong_outside_of_the_kinds_is_told_without_anything_that_computes(text, tmp_path):
    (tmp_path / "faulty.yaml").write_text(text)
    code, modules = after("check", "faulty.yaml", folder=tmp_path)
    assert code == 2
    assert not modules & HEAVY


def test_a_painting_imports_no_other_renderer_and_nothing_that_comes_after_it(tmp_path):
    code, modules = after("check", str(ROOT / "recipes" / "painting" / "paint-a-photo.yaml"), folder=tmp_path)
    assert code == 0
    others = ("gas", "som", "strokes.agent", "strokes.brush_models", "strokes.document", "judge", "exports", "reports")
    renderers = ("image", "training", "growing_neural_gas", "self_organising_map")
    unwanted = (*others, *(f"renderers.{name}" for name in renderers), "painting.refining.refiner", "painting.products")
    assert not [name for name in modules if name.startswith(tuple(f"orbifolio.runner.{room}" for room in unwanted))]
    assert not modules & {"h5py", "reportlab", "boto3", "scipy.optimize", "jinja2"}


def test_a_symmetry_is_imported_when_a_recipe_names_it(tmp_path):
    code, modules = after("check", str(ROOT / "recipes" / "plane" / "rainbow-hexagon.yaml"), folder=tmp_path)
    assert code == 0
    kinds = {name.rpartition(".")[2] for name in modules if name.startswith("orbifolio.runner.symmetry.kinds.")}
    assert "plane" in kinds
    assert not kinds & {"sphere", "hyperbolic", "droste", "frieze", "rotor", "model", "partial"}
