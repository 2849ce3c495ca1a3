"""Written textures are measured by code that knows no orbits: true claims hold, false ones do not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy import ndimage

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane, PlaneSymmetry
from orbifolio.runner.symmetry.verify.measure import measure, measure_symmetry
from orbifolio.runner.symmetry.verify.residuals import ABSENT, EXACT, colour_residuals
from orbifolio.runner.symmetry.verify.summary import summarise


def plane(group: str, **colours: str) -> PlaneSymmetry:
    elements = {name: value.split(",") for name, value in colours.items()}
    return Plane.model_validate({"group": group, "colours": elements}).build()


def texture(symmetry: PlaneSymmetry, width: int = 192, *, coarse: float = 2.5, seed: int = 0) -> np.ndarray:
    """A generic texture with this symmetry, written and read as 8 bits."""
    layout = symmetry.layout(*symmetry.fit(width, multiple=8, ratio=1.0))
    grain = np.random.default_rng(seed).standard_normal((layout.height, layout.width, 3))
    grain = ndimage.gaussian_filter(grain, (coarse, coarse, 0), mode="wrap")
    values = layout.sample(torch.from_numpy(grain).permute(2, 0, 1)[None] + 0.5)
    picture = layout.render(values / values.std() * 0.17)[0].permute(1, 2, 0).numpy()
    result: np.ndarray = np.rint(np.clip(picture, 0, 1) * 255) / 255
    return result


CASES = [
    *((name, {}) for name in GROUPS),
    ("p6", {"r6": "g,b,r"}),
    ("p6mm", {"r6": "g,r,b"}),
    ("p31m", {"r3": "g,b,r", "m": "g,r,b"}),
    ("p4", {"r4": "g,-r,b"}),
    ("p4gm", {"r4": "-r,-g,-b"}),
    ("p2", {"r2": "g,r,b", "t1": "-r,-g,-b"}),
    ("p3", {"t1": "g,b,r"}),
    ("pg", {"g": "g,b,-r"}),
    ("c2mm", {"r2": "g,r,b", "m": "-r,-g,-b"}),
]


@pytest.mark.parametrize(("group", "colours"), CASES)
def test_true_claims_hold(group: str, colours: dict[str, str]) -> None:
    symmetry = plane(group, **colours)
    measured = measure_symmetry(texture(symmetry), symmetry)
    assert len(measured.claims) == len(symmetry.claims())
    for item in measured.claims:
        assert item.holds, item
        assert item.residual < EXACT, item
    assert measured.closest_unclaimed is not None
    assert measured.closest_unclaimed > ABSENT, measured.unclaimed[0]
    assert measured.holds


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (plane("p1"), plane("p2")),
        (plane("p3"), plane("p6")),
        (plane("p2mm"), plane("p4mm")),
        (plane("pm"), plane("pg")),
        (plane("p3m1"), plane("p31m")),
        (plane("p4"), plane("p4gm")),
        (plane("p6"), plane("p6", r6="g,b,r")),
        (plane("p6", r6="g,b,r"), plane("p6", r6="b,r,g")),
    ],
)
def test_false_claims_fail(true: PlaneSymmetry, false: PlaneSymmetry) -> None:
    measured = measure_symmetry(texture(true), false)
    assert not measured.holds
    assert measured.worst is not None
    assert measured.worst > 0.4


def test_unclaimed_symmetry_is_found() -> None:
    measured = measure_symmetry(texture(plane("p6mm")), plane("p6"))
    assert all(item.holds for item in measured.claims)
    assert measured.unclaimed[0].name.startswith("mirror")
    assert measured.unclaimed[0].residual < EXACT
    assert not measured.holds


def test_the_wrong_colour_is_named() -> None:
    measured = measure_symmetry(texture(plane("p2", r2="g,r,b")), plane("p2", r2="b,g,r"))
    turn = measured.claims[0]
    assert turn.best == colour.parse("g,r,b")
    assert not turn.holds
    assert turn.as_record()["best"] == "[g, r, b]"


def test_monochrome_does_not_pass_for_a_colour_cycle() -> None:
    grey = texture(plane("p6"))[..., :1].repeat(3, axis=2)
    measured = measure_symmetry(grey, plane("p6", r6="g,b,r"))
    assert measured.worst is not None
    assert measured.worst < EXACT
    assert all(item.second < ABSENT for item in measured.claims)
    assert not measured.holds


def test_a_pale_picture_is_not_taken_for_symmetric() -> None:
    pale = 0.9 + 0.1 * (texture(plane("p1")) - 0.5)
    measured = measure_symmetry(pale, plane("p2"))
    assert measured.worst is not None
    assert measured.worst > 0.4


def test_flat_pictures_tell_nothing() -> None:
    measured = measure_symmetry(np.full((64, 64, 3), 0.5), plane("p4"))
    assert not measured.holds


def test_residual_is_the_plain_formula() -> None:
    generator = np.random.default_rng(0)
    here, there = generator.normal(size=(50, 3)), generator.normal(size=(50, 3))
    fast = colour_residuals(here, there)
    spread = ((here - here.mean(0)) ** 2).sum() + ((there - there.mean(0)) ** 2).sum()
    for element in range(48):
        plain = np.sqrt(((there - here @ colour.MATRICES[element].T) ** 2).sum() / spread)
        assert fast[element] == pytest.approx(plain)


def test_claims_alone_can_be_measured() -> None:
    symmetry = plane("p4", r4="g,r,b")
    picture = texture(symmetry)
    chart = symmetry.chart_for(picture.shape[1], picture.shape[0])
    measured = measure(picture, chart, symmetry.claims())
    assert measured.holds
    assert measured.unclaimed == ()
    shifted = [
        dataclasses.replace(claim, matrix=claim.matrix + [[0, 0, 0.05], [0, 0, 0]]) for claim in symmetry.claims()
    ]
    assert not measure(picture, chart, shifted).holds
    with pytest.raises(ValueError, match="must be"):
        measure(picture[..., 0], chart, symmetry.claims())


def test_summary_has_what_run_json_wants() -> None:
    symmetry = plane("p6", r6="g,b,r")
    summary = summarise(symmetry, "plane", texture(symmetry).astype(np.float32))
    assert summary["worst"] < EXACT
    assert summary["closest_unclaimed"] > ABSENT
    assert summary["claims"][0]["name"] == "60 degree rotation about (0, 0)"
    assert summary["claims"][0]["colour"] == "[g, b, r]"
    assert set(summary["claims"][0]) == {"name", "colour", "residual", "second"}
    assert len(summary["unclaimed"]) == 5
    assert measure_symmetry(texture(symmetry), NoSymmetry().build()).claims == ()


def test_grain_grows_with_finer_detail() -> None:
    symmetry = plane("p6")
    fine, coarse = (measure_symmetry(texture(symmetry, coarse=item), symmetry) for item in (1.0, 4.0))
    assert fine.grain > 2 * coarse.grain > 0
    assert coarse.holds
    record = fine.as_record()
    assert record["unmeasured"] == []
    assert record["grain"] == round(fine.grain, 6)
