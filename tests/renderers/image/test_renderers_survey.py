"""A survey: every combination is a phase, resuming works inside one, the sheet holds all pictures."""

import io

import numpy as np
import pytest
import torch
import yaml
from interrupted import run
from PIL import Image
from pydantic import TypeAdapter

from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.image.survey import CELL, contact_sheet
from orbifolio.runner.settings import citations

BASE = {
    "kind": "image-optimisation",
    "symmetry": {"kind": "plane", "group": "p1"},
    "vision": "untrained",
    "objectives": [{"kind": "style", "images": ["x"], "layers": ["conv1_1"]}],
    "phases": [{"size": 16, "steps": 2}, {"size": 24, "steps": 1}],
}


def survey(**vary):
    return TypeAdapter(AnyRenderer).validate_python({"kind": "survey", "base": BASE, "vary": vary})


def context() -> RenderContext:
    def picture(source: str) -> torch.Tensor:
        return torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(1))

    return RenderContext(seed=1, device="cpu", picture=picture, plain_picture=picture)


def test_every_combination_is_a_phase_and_a_picture():
    renderer = survey(**{"symmetry.group": ["p1", "p4"], "vision.pooling": ["average", "max"]}).build(context())
    phases = renderer.phases()
    assert [phase.title for phase in phases] == [
        "group p1, pooling average",
        "group p1, pooling max",
        "group p4, pooling average",
        "group p4, pooling max",
    ]
    assert all(phase.steps == 3 for phase in phases)
    state = run(renderer)
    assert renderer.final(state).shape[1] >= 2 * CELL
    assert len(renderer.extras(state, lambda pixels: pixels)) == 8
    summary = renderer.symmetry_summary(renderer.final(state))
    assert summary["worst"] < 0.05


def test_each_variation_has_a_recipe_that_makes_it_alone():
    renderer = survey(**{"symmetry.group": ["p1", "p4"], "objectives.0.weight": [1.0, 2.5]}).build(context())
    state = run(renderer)
    files = renderer.extras(state, lambda picture: picture)
    pictures = [*state.done, renderer.image(state)]
    assert len(files) == 8
    for number, title in enumerate(renderer.labels):
        name = title.replace(", ", "--").replace(" ", "-")
        record = yaml.safe_load(files[f"{name}.yaml"])
        assert record["title"] == title
        assert record["renderer"]["objectives"][0]["weight"] == (1.0, 2.5)[number % 2]
        again = TypeAdapter(AnyRenderer).validate_python(record["renderer"]).build(context())
        assert np.array_equal(again.image(run(again)), pictures[number])
        with Image.open(io.BytesIO(files[f"{name}.png"])) as picture:
            assert picture.text["Recipe"] == files[f"{name}.yaml"].decode()


def test_a_path_that_the_recipe_leaves_open_is_in_the_variation_s_recipe():
    settings = survey(**{"canvas.init.high": [0.6, 0.9]})
    alone = settings.alone({"canvas.init.high": 0.9})
    assert alone["canvas"]["init"]["high"] == 0.9
    assert TypeAdapter(AnyRenderer).validate_python(alone) == settings.member({"canvas.init.high": 0.9})


def test_what_holds_for_all_variations_is_said_once():
    groups = survey(**{"symmetry.group": ["p1", "p4", "p4gm"]}).advisories()
    assert [text.partition(": ")[0] for text in groups] == ["p4, p4gm"]
    fours = survey(**{"symmetry.group": ["p4"], "objectives.0.weight": [1, 2, 3]})
    assert fours.advisories() == fours.member({"symmetry.group": "p4"}).advisories()


def test_two_paths_are_rows_and_columns_of_the_sheet():
    assert survey(**{"symmetry.group": ["p1", "p4"], "objectives.0.weight": [1, 2, 3]}).columns() == 3
    assert survey(**{"symmetry.group": ["p1", "p4"]}).columns() is None


@pytest.mark.parametrize("interrupt", [(0, 0), (0, 2), (1, 1)])
def test_resuming_inside_a_variation_changes_nothing(interrupt):
    settings = survey(**{"symmetry.group": ["p2", "p4"]})
    whole, broken = settings.build(context()), settings.build(context())
    assert np.array_equal(whole.final(run(whole)), broken.final(run(broken, interrupt)))


def test_what_is_wrong_with_any_variation_is_told():
    found = survey(**{"symmetry.group": ["p1", "p7"]}).complaints(lambda source: 1.0)
    assert len(found) == 1
    assert found[0][0] == "vary"
    assert found[0][1].startswith("p7: ")
    assert survey(**{"nowhere.at.all": [1]}).complaints(lambda source: 1.0)[0][0] == "vary"
    many = survey(**{"optimiser.history": list(range(1, 70))})
    assert "at most 64" in many.complaints(lambda source: 1.0)[0][1]


def test_the_sheet_fits_any_shape():
    pictures = [np.full((40, 20, 3), 0.2, np.float32), np.full((20, 60, 3), 0.8, np.float32)]
    sheet = contact_sheet(pictures, ["one", "two"])
    assert sheet.dtype == np.float32
    assert abs(float(sheet[CELL // 2, CELL // 2, 0]) - 0.2) < 0.01


def test_variations_are_called_as_one_would_say_them():
    rotor = {"kind": "rotor", "order": 5, "mirrors": True}
    settings = survey(symmetry=[{"kind": "plane", "group": "p4"}, rotor])
    assert settings.build(context()).labels == ["plane, group p4", "rotor, order 5, mirrors"]


def test_nothing_is_cited_that_was_not_used():
    looks = TypeAdapter(AnyRenderer).validate_python({**BASE, "vision": "vgg16"})
    still = looks.model_copy(update={"phases": tuple(phase.model_copy(update={"steps": 0}) for phase in looks.phases)})
    assert {"simonyan2014", "liu1989"} <= set(citations(looks))
    assert not {"simonyan2014", "liu1989"} & set(citations(still))
    assert "itc-a" in citations(still)
    untrained = TypeAdapter(AnyRenderer).validate_python({**BASE, "phases": [{"size": 16, "steps": 0}]})
    assert untrained.build(context()).weights() == ()
