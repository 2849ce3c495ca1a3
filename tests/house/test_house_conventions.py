"""What holds for every kind, every recipe and every import, so that a new one cannot be half there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orbifolio.reports.data.references import REFERENCES
from orbifolio.reports.publish import PUBLISHERS
from orbifolio.runner.canvas import CANVASES
from orbifolio.runner.canvas.initial import INITIALS
from orbifolio.runner.gas.drawing import DRAWINGS
from orbifolio.runner.gas.drawing.colours import COLOURINGS
from orbifolio.runner.gas.points import SAMPLINGS
from orbifolio.runner.gas.rules import RULES
from orbifolio.runner.gas.stops import STOPS
from orbifolio.runner.images.colour_transfer import TRANSFERS
from orbifolio.runner.mail import MAILERS
from orbifolio.runner.objectives import OBJECTIVES
from orbifolio.runner.objectives.statistics import STATISTICS
from orbifolio.runner.optimisers import OPTIMISERS
from orbifolio.runner.recipe.annotations import fields, keys_of
from orbifolio.runner.recipe.model import Recipe, load
from orbifolio.runner.renderers import RENDERERS
from orbifolio.runner.settings import KindFamily, field_help, kind_of
from orbifolio.runner.strokes.agent.data import TARGETS
from orbifolio.runner.strokes.brush_models.data import DATA
from orbifolio.runner.strokes.brush_models.kinds import PAINTERS
from orbifolio.runner.symmetry import SYMMETRIES
from orbifolio.runner.views import VIEWS
from orbifolio.runner.vision import NETWORKS

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {
    "canvas": CANVASES,
    "colouring": COLOURINGS,
    "drawing": DRAWINGS,
    "gas": RULES,
    "init": INITIALS,
    "mailer": MAILERS,
    "objective": OBJECTIVES,
    "statistic": STATISTICS,
    "stop": STOPS,
    "optimiser": OPTIMISERS,
    "painter": PAINTERS,
    "painter data": DATA,
    "points": SAMPLINGS,
    "publisher": PUBLISHERS,
    "renderer": RENDERERS,
    "symmetry": SYMMETRIES,
    "targets": TARGETS,
    "transfer": TRANSFERS,
    "view": VIEWS,
    "vision": NETWORKS,
}
KINDS = [kind for kinds in FAMILIES.values() for kind in kinds]
RECIPES = sorted((ROOT / "recipes").glob("*/*.yaml"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_explains_itself(kind):
    assert kind.__doc__
    assert kind.model_config["frozen"]
    assert kind.model_config["extra"] == "forbid"
    for name, field in kind.model_fields.items():
        assert name == "kind" or field_help(kind).get(field.alias or name), f"{name} has no help"
    for key in kind.cites:
        assert key in REFERENCES, key


@pytest.mark.parametrize("family", FAMILIES)
def test_kinds_of_a_family_have_names_of_their_own(family):
    names = [kind_of(kind) for kind in FAMILIES[family]]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() for name in names)


def test_the_reference_is_in_step_with_the_code():
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from make_reference import reference
    finally:
        sys.path.pop(0)
    text = reference()
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == text, "run python scripts/make_reference.py"
    for kind in KINDS:
        assert f"### {kind_of(kind)}\n" in text


def test_the_schema_is_in_step_with_the_code():
    from orbifolio.runner.recipe.schema import schema_text

    shipped = (ROOT / "recipes" / "recipe.schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "run orbifolio schema --write recipes/recipe.schema.json"


@pytest.mark.parametrize("family", FAMILIES)
def test_keys_of_a_kind_are_the_same_by_the_shipped_schema_as_by_the_class(family):
    fresh = KindFamily({kind_of(kind): f"{kind.__module__}:{kind.__qualname__}" for kind in FAMILIES[family]})
    for kind in FAMILIES[family]:
        assert set(keys_of(fresh, kind_of(kind))) == set(fields(kind)), kind


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_is_valid_by_model_and_schema(path):
    import json

    import jsonschema

    loaded = load(path)
    assert isinstance(loaded.recipe, Recipe)
    assert "Cost:" in loaded.recipe.about
    schema = json.loads((ROOT / "recipes" / "recipe.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../recipe.schema.json"


def test_the_recipes_that_were_promised_are_there():
    assert {path.stem for path in RECIPES} >= {
        "rainbow-hexagon",
        "simple-square",
        "upside-down",
        "simple-triangle",
        "rainbow-triangle",
        "hex-tiled-triangle",
        "four-colour-pinwheel",
        "mirror-rooms",
        "glide-frieze-cloth",
        "style-transfer",
        "deep-dream",
        "class-dream",
        "all-17",
        "similar-hexagon",
        "similarity-grid",
        "triangular-rainbow",
        "kaleidoscope",
        "tunnel",
        "whirlpool",
        "droste-spiral",
        *(f"frieze-{step}" for step in ("hop", "step", "sidle", "jump")),
        *(f"frieze-spinning-{step}" for step in ("hop", "sidle", "jump")),
    }


def imports(path: Path) -> set[str]:
    """Everything that a module imports, also inside functions and for types alone."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_reports_know_no_torch_and_numerics_no_pages():
    for path in (ROOT / "reports").rglob("*.py"):
        assert not any(name.split(".")[0] == "torch" for name in imports(path)), path
    for room in ("canvas", "gas", "objectives", "optimisers", "strokes", "symmetry", "views", "vision", "renderers"):
        for path in (ROOT / "runner" / room).rglob("*.py"):
            names = imports(path)
            assert not {name.split(".")[0] for name in names} & {"jinja2", "boto3", "starlette", "markdown"}, path
            assert not any(name.startswith("orbifolio.reports") for name in names), path


@pytest.mark.parametrize(
    "module",
    [
        "reports.write_gallery",
        "reports.write",
        "runner.commands.publishing",
        "runner.cloud.nodes",
        "runner.cli",
        "runner.events",
    ],
)
def test_commands_that_compute_nothing_start_without_torch(module):
    code = f"import sys, orbifolio.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_wheel_names_every_package():
    import tomllib

    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    here = {
        ".".join(["orbifolio", *path.parent.relative_to(ROOT).parts])
        for top in ("runner", "reports")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert here | {"orbifolio", "orbifolio.reports._templates", "orbifolio.runner._recipes"} == listed
