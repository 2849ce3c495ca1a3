"""The plan's times against what the recipes say they took, and how they grow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orbifolio.runner.recipe.model import load
from orbifolio.runner.renderers.base import GPU_GAIN
from orbifolio.runner.run.plan import in_words, make_plan
from orbifolio.runner.vision.ensemble import Ensemble
from orbifolio.runner.vision.vgg import Vgg16, Vgg19

ROOT = Path(__file__).parents[2]
NUMBERS = {"half a": 0.5, "a": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "fifteen": 15.0}
THEMES = ("dream", "gas", "painting", "plane", "style")  # of the others, some take seconds to lay out
COST = re.compile(r"Cost:\s+(?:about )?(half a|a|two|three|four|five|six|fifteen) (second|minute)s?( and a half)?")


def stated() -> dict[Path, float]:
    """Recipe -> seconds on two quiet cores, as measured by whoever wrote it."""
    found = {}
    for path in sorted(ROOT.glob("recipes/*/*.yaml")):
        told = COST.search(path.read_text(encoding="utf-8"))
        if told and path.parent.name in THEMES:
            unit = 60.0 if told[2] == "minute" else 1.0
            found[path] = unit * (NUMBERS[told[1]] + 0.5 * bool(told[3]))
    return found


STATED = stated()


def test_the_oracle_reads_recipes_of_all_renderers() -> None:
    assert len(STATED) > 30
    assert {path.parent.name for path in STATED} == set(THEMES)


@pytest.mark.parametrize("path", STATED, ids=lambda path: path.stem)
def test_a_time_is_between_a_third_and_three_times_what_was_measured(path: Path) -> None:
    told = max(20.0, STATED[path])  # loading the program takes some, too
    assert told / 3 < make_plan(load(path), "cpu").seconds < 3 * told


@pytest.mark.parametrize(
    ("recipe", "override", "grows"),
    [
        ("gas/stipple", "renderer.phases.0.epochs", 1.1),
        ("painting/painter-implicit", "renderer.phases.0.steps", 2.0),
        ("painting/painter-vae", "renderer.painter.batch", 2.0),
        ("plane/simple-square", "renderer.phases.0.steps", 1.5),
        ("painting/agent-digits", "renderer.manner.strokes", 2.0),
    ],
)
def test_what_makes_it_longer_makes_the_time_longer(recipe: str, override: str, grows: float) -> None:
    path = ROOT / "recipes" / f"{recipe}.yaml"
    before = make_plan(load(path), "cpu").seconds
    value = load(path).parameters
    for key in override.split("."):
        value = value[int(key) if key.isdigit() else key]
    assert make_plan(load(path, (f"{override}={4 * value:g}",)), "cpu").seconds > grows * before


def test_a_network_costs_by_its_depth() -> None:
    vgg = Vgg16()
    assert vgg.work(()) == 0
    assert vgg.work(("conv4_1",)) == pytest.approx(1.0)
    works = [vgg.work((name,)) for name in vgg.layer_names()]
    assert works == sorted(works)
    assert works[0] < 0.02
    assert Vgg19().work(("conv4_1",)) > 1.1
    assert Ensemble().work(("logits",)) == pytest.approx(3 * 0.35)
    assert GPU_GAIN > 1


def test_times_are_told_as_roughly_as_they_are_known() -> None:
    told = [in_words(seconds) for seconds in (1, 45, 95, 600, 1500, 5399, 5400, 20_000, 129_600, 10**7)]
    assert told == [
        "less than half a minute",
        "about a minute",
        "about 2 minutes",
        "about 10 minutes",
        "about 20 minutes",
        "about 90 minutes",
        "about 1.5 hours",
        "about 5.5 hours",
        "about 2 days",
        "about 116 days",
    ]
