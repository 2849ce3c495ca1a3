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
from orbifolio.runner.symmetry.verify.residuals import ABSENT, EXACT, Hues, colour_residuals
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


def tones(grain: np.ndarray) -> dict[str, np.ndarray]:
    """A scalar field in the tones that drawings and prints have, each (height, width, 3) as 8 bits.

    Ink and ribbons follow the field's zero line, 2 and 7 pixels wide, with soft edges; spots are few.
    """
    grain = (grain - grain.mean()) / grain.std()
    light = 1 / (1 + np.exp(-1.7 * grain))
    away = np.abs(grain) / (np.hypot(*np.gradient(grain)) + 1e-6)  # pixels from the zero line

    def between(share: np.ndarray, dark: tuple[float, ...], bright: tuple[float, ...]) -> np.ndarray:
        mixed = (1 - share)[..., None] * np.array(dark) + share[..., None] * np.array(bright)
        return np.rint(np.clip(mixed, 0, 1) * 255) / 255

    black, white = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return {
        "grey": between(light, black, white),
        "nearly grey": between(light, black, (1.0, 0.97, 0.95)),
        "sepia": between(light, (0.2, 0.1, 0.05), (0.98, 0.93, 0.8)),
        "red as green": between(light, (0.1, 0.1, 0.7), (0.9, 0.9, 0.2)),
        "red against cyan": between(light, (0.9, 0.1, 0.1), (0.1, 0.9, 0.9)),
        "pale": between(light, (0.88, 0.88, 0.88), (0.92, 0.92, 0.92)),
        "black and white": between((grain > 0).astype(float), black, white),
        "ink": between(np.clip(away - 0.5, 0, 1), black, white),
        "ribbons": between(np.clip(away - 3, 0, 1), (0.7, 0.1, 0.1), (0.95, 0.93, 0.88)),
    }


QUICK = ("cm", "p2gg", "p4", "p6")  # groups of all lattices; the others take as long again, three times


def patched(picture: np.ndarray) -> np.ndarray:
    """A disc of a fiftieth of the picture shows another place of it, turned."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - 0.4 * height, x - 0.6 * width) < 0.08 * min(height, width)
    moved = np.roll(picture[::-1, ::-1], (height // 3 + 5, width // 4 + 3), (0, 1))
    return np.where(inside[..., None], moved, picture)


@pytest.mark.parametrize(
    "group", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in GROUPS if name != "p1"]
)
def test_every_tone_is_measured_alike(group: str) -> None:
    symmetry = plane(group)
    for tone, picture in tones(texture(symmetry, coarse=4.0)[..., 0]).items():
        chart = symmetry.chart_for(picture.shape[1], picture.shape[0])
        measured = measure(picture, chart, symmetry.claims())
        assert measured.holds, (tone, measured.objections)
        broken = measure(patched(picture), chart, symmetry.claims())
        assert broken.worst > 0.05, tone
        assert not broken.holds, tone
        if tone == "ribbons":  # candidates take long, so one tone stands for all
            assert measure_symmetry(picture, symmetry).holds


def test_thin_lines_without_soft_edges_are_judged_by_what_the_turned_grid_can_show() -> None:
    """Under quarter turns pixels go to pixels, so that nothing is allowed for; under sixths they do not."""
    for group, permuted in (("p4", True), ("p6", False)):
        symmetry = plane(group)
        grain = texture(symmetry, coarse=4.0)[..., 0]
        grain = (grain - grain.mean()) / grain.std()
        away = np.abs(grain) / (np.hypot(*np.gradient(grain)) + 1e-6)
        lines = np.where(away < 0.7, 0.0, 1.0)[..., None].repeat(3, 2)
        chart = symmetry.chart_for(lines.shape[1], lines.shape[0])
        measured = measure(lines, chart, symmetry.claims())
        assert measured.holds, measured.objections
        assert (measured.worst < EXACT) == permuted
        broken = measure(patched(lines), chart, symmetry.claims())
        assert not broken.holds
        assert (max(item.steps for item in broken.claims) == 0) == permuted


def test_colours_that_cannot_be_told_apart_are_said() -> None:
    symmetry = plane("p4")
    remarks = {
        tone: Hues.of_picture(picture - 0.5).remark
        for tone, picture in tones(texture(symmetry, coarse=4.0)[..., 0]).items()
    }
    assert remarks == {
        "grey": "the picture is grey: colours cannot be told apart",
        "nearly grey": "the picture is nearly grey: colours can hardly be told apart",
        "sepia": "in this picture red equals green, nearly: colours can hardly be told apart",
        "red as green": "in this picture red equals green: colours cannot be told apart",
        "red against cyan": "in this picture green equals blue: colours cannot be told apart",
        "pale": "the picture is grey: colours cannot be told apart",
        "black and white": "the picture is grey: colours cannot be told apart",
        "ink": "the picture is grey: colours cannot be told apart",
        "ribbons": "in this picture green equals blue, nearly: colours can hardly be told apart",
    }


def test_a_grey_picture_keeps_any_exchange_of_channels_and_no_inversion() -> None:
    grey = tones(texture(plane("p4"), coarse=4.0)[..., 0])["nearly grey"]
    assert measure_symmetry(grey.mean(2, keepdims=True).repeat(3, 2), plane("p4", r4="g,r,b")).holds
    tinted = measure_symmetry(grey, plane("p4", r4="g,r,b"))  # the tint reads 0.03
    assert [item.holds for item in tinted.claims] == [False, True, False]
    assert tinted.objections[0] == "90 degree rotation about (0, 0): other colours fit better, [r, g, b]"
    assert not measure_symmetry(grey, plane("p4", r4="-r,-g,-b")).holds


def test_a_pale_picture_is_not_taken_for_symmetric() -> None:
    pale = 0.9 + 0.1 * (texture(plane("p1")) - 0.5)
    measured = measure_symmetry(pale, plane("p2"))
    assert measured.worst is not None
    assert measured.worst > 0.4


@pytest.mark.parametrize(("value", "inverts"), [(0.5, True), (1.0, False), (0.25, False)])
def test_an_even_colour_keeps_every_movement_and_says_so(value: float, inverts: bool) -> None:
    steps = np.random.default_rng(0).integers(0, 2, (64, 64, 3)) / 255  # what rounding leaves of an even ground
    for picture in (np.full((64, 64, 3), value), value - steps):
        measured = measure_symmetry(picture, plane("p4"))
        assert measured.holds
        assert measured.hues.remark.startswith("the picture has one even colour: ")
        assert measure_symmetry(picture, plane("p4", r4="-r,-g,-b")).holds == inverts
    dotted = np.full((64, 64, 3), value)
    dotted[20:24, 30:34] -= 0.2
    assert not measure_symmetry(dotted, plane("p4")).holds


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
    assert set(summary["claims"][0]) == {"name", "colour", "residual", "holds", "second"}
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
