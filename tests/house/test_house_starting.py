"""What is imported when: a refusal waits for nothing that computes, and a recipe for nothing that it does not name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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


@pytest.mark.parametrize(
    "kind",
    [
        "image-optimisation",
        "patches",
        "painting",
        "class-pictures",
        "class-comparison",
        "growing-neural-gas",
        "self-organising-map",
        "survey",
    ],
)
def test_what_is_wrong_inside_of_a_kind_is_told_without_anything_that_computes(kind, tmp_path):
    (tmp_path / "faulty.yaml").write_text(f"title: a\nrenderer: {{kind: {kind}, image: nosuch.png, frequncy: 3}}\n")
    code, modules = after("check", "faulty.yaml", folder=tmp_path)
    assert code == 2
    assert not modules & HEAVY


def test_what_is_wrong_inside_of_a_tiling_is_told_without_anything_that_computes(tmp_path):
    symmetry = "{kind: isohedral, figre: cat, type: IH99}"
    (tmp_path / "faulty.yaml").write_text(f"title: a\nrenderer: {{kind: image-optimisation, symmetry: {symmetry}}}\n")
    code, modules = after("check", "faulty.yaml", folder=tmp_path)
    assert code == 2
    assert "orbifolio.runner.symmetry.kinds.isohedral" in modules
    assert not modules & HEAVY


def test_a_missing_picture_and_what_only_meaning_forbids_are_told_without_anything_that_computes(tmp_path):
    (tmp_path / "faulty.yaml").write_text(
        "title: a\nrenderer: {kind: painting, image: nosuch.png, look: watercolour, symmetry: {kind: plane, group: p6, "
        "colours: {turn6: [g, b, r]}}}\n"
    )
    code, modules = after("check", "faulty.yaml", folder=tmp_path)
    assert code == 2
    assert not modules & HEAVY


@pytest.mark.parametrize("recipe", ["plane/rainbow-hexagon", "painting/paint-a-photo"])
def test_a_good_recipe_is_checked_without_torch(recipe, tmp_path):
    code, modules = after("check", str(ROOT / "recipes" / f"{recipe}.yaml"), folder=tmp_path)
    assert code == 0
    assert not modules & {"torch", "numba"}


FIRST_SIGHT = """\
import json, sys
from orbifolio.runner.events import FrameSaved
from orbifolio.runner.run import listeners
from orbifolio.runner.cli import main
write = listeners.LogWriter.__call__
def seen(self, event):
    write(self, event)
    if isinstance(event, FrameSaved):
        print("\\n" + json.dumps(["torch" in sys.modules, "numba" in sys.modules]), flush=True)
        import os
        os._exit(0)
listeners.LogWriter.__call__ = seen
main()
"""


def test_the_first_sight_of_a_painted_photo_does_not_wait_for_torch(tmp_path):
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8)[:, None, None], (1, 96, 3))).save(tmp_path / "photo.png")
    done = subprocess.run(
        [sys.executable, "-c", FIRST_SIGHT, "paint", "photo.png", "--size", "64"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [False, True]


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
