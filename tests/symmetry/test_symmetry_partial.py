"""Means of copies: the waves they keep and take, the symmetries that survive, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_symmetry_flat import texture

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.kinds.partial import CopyMean, CopySettings, Partial, PartialSymmetry, moves
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout
from orbifolio.runner.symmetry.verify.measure import measure_symmetry


def partial(base: object, *folds: tuple[dict[str, object], ...]) -> PartialSymmetry:
    settings = {"base": base, "folds": [{"elements": list(fold)} for fold in folds]}
    return Partial.model_validate(settings).build()


SIXTH = ({}, {"turn": 60})
CASES = {
    "similar hexagon": partial("none", SIXTH),
    "coloured copy": partial("none", ({}, {"turn": 120, "colours": ["g", "b", "r"]})),
    "flipped": partial("none", ({"weight": 3}, {"mirror": True})),
    "grid": partial({"kind": "plane", "group": "p1"}, ({}, {"shift": ["1/5", 0]}), ({}, {"shift": [0, "1/5"]})),
    "hexagonal": partial({"kind": "plane", "group": "p3", "colours": {"r3": ["g", "b", "r"]}}, SIXTH),
    "frieze": partial({"kind": "frieze", "group": "p11m"}, ({}, {"shift": ["1/4", 0]})),
    "rotor": partial({"kind": "rotor", "order": 2}, ({}, {"turn": 120})),
    "tunnel": partial({"kind": "droste", "zoom": 2}, ({"weight": 2}, {"turn": 120, "colours": ["g", "b", "r"]})),
    "sphere": partial({"kind": "sphere", "group": "D3"}, ({}, {"turn": 40})),
    "hyperbolic": partial({"kind": "hyperbolic", "p": 3, "q": 8}, ({}, {"turn": 40})),
}


@pytest.mark.parametrize("wave", range(7))
def test_a_sixth_of_a_turn_is_the_multiplier_of_angular_waves(wave: int) -> None:
    """{1, r60} keeps |cos(30 k)| of the waves of order k: 1, .866, .5, 0, .5, .866, 1."""
    layout = CASES["similar hexagon"].layout(160, 160)
    assert isinstance(layout, BlendedLayout)
    points = layout.lookup.representatives()
    values = np.cos(wave * np.arctan2(points[:, 1], points[:, 0])) * 0.3
    picture = layout.render(torch.from_numpy(np.repeat(values[:, None], 3, 1)))[0, 0].numpy() - 0.5
    x, y = np.meshgrid((np.arange(160) + 0.5) / 80 - 1, 1 - (np.arange(160) + 0.5) / 80)
    ring = (np.hypot(x, y) > 0.4) & (np.hypot(x, y) < 0.95)
    kept = np.abs(np.mean(picture[ring] * np.exp(-1j * wave * np.arctan2(y, x)[ring]))) / 0.3 * (2 if wave else 1)
    assert kept == pytest.approx(abs(math.cos(math.radians(30 * wave))), abs=3e-3)


@pytest.mark.parametrize("wave", range(6))
def test_a_fifth_of_a_tile_is_the_multiplier_of_its_waves(wave: int) -> None:
    """{1, shift 1/5} keeps |cos(pi k / 5)| of the waves of order k, exactly, as shifts are whole pixels."""
    symmetry = partial({"kind": "plane", "group": "p1"}, ({}, {"shift": ["1/5", 0]}))
    width, height = symmetry.fit(64, multiple=4, ratio=1.0)
    assert width % 20 == 0
    layout = symmetry.layout(width, height)
    angle = 2 * np.pi * wave * np.arange(width) / width
    line = torch.from_numpy(np.cos(angle) * 0.3)
    picture = line.expand(1, 3, height, width) + 0.5
    shown = layout.render(layout.sample(picture))[0, 0, 3].numpy() - 0.5
    kept = abs(np.mean(shown * np.exp(-1j * angle))) / abs(np.mean(line.numpy() * np.exp(-1j * angle)))
    assert kept == pytest.approx(abs(math.cos(math.pi * wave / 5)), abs=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_mean_is_the_mean_of_the_copies(name: str) -> None:
    """Every single copy, rendered alone, weighted and added, is the artwork."""
    symmetry = CASES[name]
    size = symmetry.fit(40, multiple=4, ratio=1.0)
    layout = symmetry.layout(*size)
    values = torch.randn(layout.parameters, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert sum(move.weight for move in symmetry.copies) == pytest.approx(1)
    total = torch.zeros(())
    for move in symmetry.copies:
        single = [replace(other, weight=float(other is move)) for other in symmetry.copies]
        alone = symmetry.base.layout(*size).mixed(single)
        total = total + move.weight * (alone.render(values) - 0.5)
    torch.testing.assert_close(layout.render(values), total + 0.5, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_adjoint_and_phases_carry(name: str) -> None:
    symmetry = CASES[name]
    layout = symmetry.layout(*symmetry.fit(40, multiple=4, ratio=1.0))
    random = torch.Generator().manual_seed(0)
    values = torch.randn(layout.parameters, 3, generator=random, dtype=torch.float64).requires_grad_(True)
    cotangent = torch.rand(1, 3, layout.height, layout.width, generator=random, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((layout.render(values) * cotangent).sum(), values)
    direction = torch.randn(layout.parameters, 3, generator=random, dtype=torch.float64)
    moved = layout.render(values.detach() + direction) - layout.render(values.detach())
    torch.testing.assert_close((moved * cotangent).sum(), (gradient * direction).sum(), rtol=1e-4, atol=1e-4)
    assert (gradient != 0).any(1).double().mean() > 0.5
    larger = symmetry.layout(*symmetry.fit(80, multiple=4, ratio=1.0))
    carried = larger.carry(layout.constrain(values.detach()), layout)
    assert carried.shape == (larger.parameters, 3)
    begun = larger.sample(torch.full((1, 3, 20, 20), 0.4, dtype=torch.float64))
    grey = larger.render(begun)
    if not any(item.colour for item in (*symmetry.copies, *symmetry.base.claims())):
        torch.testing.assert_close(grey, torch.full_like(grey, 0.4), rtol=0, atol=1e-5)


def test_folds_multiply_and_equal_copies_come_together() -> None:
    half = CopyMean(elements=(CopySettings(), CopySettings(turn=180)))
    found = moves([half, half])
    assert sorted((move.turn, move.weight) for move in found) == [(0.0, 0.5), (180.0, 0.5)]
    third = CopyMean(elements=(CopySettings(weight=2), CopySettings(shift=("1/5", "0"), colours=("g", "b", "r"))))
    (first, second) = moves([third])
    assert first.weight == pytest.approx(2 / 3)
    assert second.shift == (0.2, 0.0)
    assert second.colour == colour.parse("g,b,r")


def test_symmetries_that_every_copy_keeps_stay_claimed() -> None:
    assert {claim.name for claim in CASES["rotor"].claims()} == {"180 degree rotation about the middle"}
    assert [claim.name for claim in CASES["tunnel"].claims()] == ["zoom by 2"]
    assert CASES["similar hexagon"].claims() == ()
    assert {claim.name for claim in CASES["frieze"].claims()} == {"mirror in the line at 0 degrees through (0, 1/2)"}
    turned = partial({"kind": "rotor", "order": 3, "mirrors": True}, ({}, {"turn": 40}))
    assert not any("mirror" in claim.name for claim in turned.claims())
    assert "3 of the base's symmetries are lost in the copies" in turned.notes[0]
    clash = partial(
        {"kind": "rotor", "order": 2, "colours": {"r": ["g", "r", "b"]}}, ({}, {"turn": 60, "colours": ["g", "b", "r"]})
    )
    assert clash.claims() == ()


def test_a_whole_group_of_copies_is_a_symmetry() -> None:
    """A fold over all thirds, colours and all, makes any picture symmetric, and says so; measured as claimed."""
    thirds = ({}, {"turn": 120, "colours": ["g", "b", "r"]}, {"turn": 240, "colours": ["b", "r", "g"]})
    symmetry = partial("none", thirds)
    assert [(claim.name, claim.colour) for claim in symmetry.claims()] == [
        ("turned by 120 degrees and [g, b, r]", colour.parse("g,b,r")),
        ("turned by 240 degrees and [b, r, g]", colour.parse("b,r,g")),
    ]
    measured = measure_symmetry(texture(symmetry, 144), symmetry)
    assert measured.worst is not None
    assert measured.worst < 0.02
    assert (
        partial({"kind": "plane", "group": "p1"}, ({}, {"shift": ["1/2", 0]})).claims()[0].name == "shifted by (1/2, 0)"
    )
    assert partial("none", ({"weight": 2}, {"turn": 180})).claims() == ()


@pytest.mark.parametrize(
    ("group", "elements", "claimed"),
    [
        ("C3", ({}, {"turn": 180}), 3),  # C6, generated by a third and a half
        ("C3", ({}, {"turn": 60, "mirror": True}), 3),  # C3v
        ("Ci", ({}, {"turn": 90}), 1),  # half a turn is not the inversion: nothing new
        ("D3", ({}, {"turn": 40}), 2),  # the thirds alone
    ],
)
def test_copies_of_a_sphere_claim_what_its_map_shows(
    group: str, elements: tuple[dict[str, object], ...], claimed: int
) -> None:
    symmetry = partial({"kind": "sphere", "group": group}, elements)
    assert len(symmetry.claims()) == claimed
    measured = measure_symmetry(texture(symmetry, 192), symmetry)
    assert len(measured.claims) == claimed
    assert measured.worst is not None
    assert measured.worst < 0.02
    assert measured.closest_unclaimed is not None
    assert measured.closest_unclaimed > 0.2


@pytest.mark.parametrize("name", ["similar hexagon", "grid", "tunnel", "sphere", "hyperbolic"])
def test_a_few_copies_are_nearly_a_symmetry_as_wanted(name: str) -> None:
    symmetry = CASES[name]
    measured = measure_symmetry(texture(symmetry, 160), symmetry)
    assert [item.name for item in measured.near] == [claim.name for claim in symmetry.near_claims()]
    assert all(0.25 < item.residual < 0.95 for item in measured.near)
    assert not {item.name for item in measured.near} & {item.name for item in measured.unclaimed}


def test_more_copies_come_nearer() -> None:
    """Of 0, 60, 120 and 180 degrees, three of four copies of a sixth of a turn are copies again."""
    four = partial("none", ({}, {"turn": 60}, {"turn": 120}, {"turn": 180}))
    residuals = [
        measure_symmetry(texture(item, 160), item).near[0].residual for item in (four, CASES["similar hexagon"])
    ]
    assert residuals[0] < residuals[1]


def test_emblems_in_the_middle_of_copies_are_told() -> None:
    assert any("nearly six-fold" in item for item in CASES["similar hexagon"].advisories())
    assert any("nearly four-fold" in item for item in partial("none", ({}, {"turn": -90})).advisories())
    coloured = partial("none", ({}, {"turn": 60, "colours": ["g", "b", "r"]}))
    assert not any("nearly" in item for item in coloured.advisories())


@pytest.mark.parametrize(
    ("base", "element", "text"),
    [
        ({"kind": "plane", "group": "p1"}, {"turn": 60}, "a copy turned by 60 degrees does not repeat with the tile"),
        ("none", {"shift": ["1/2", 0]}, "a shift leads out of a picture that does not repeat"),
        ({"kind": "frieze", "group": "p1"}, {"shift": [0, "1/2"]}, "copies of a frieze can only be shifted along it"),
        ({"kind": "droste"}, {"shift": ["1/2", 0]}, "a shift moves the middle"),
        (
            {"kind": "sphere", "group": "O"},
            {"shift": ["1/2", 0]},
            "a shift of the picture does not move a curved surface",
        ),
    ],
)
def test_copies_that_cannot_be_are_refused(base: object, element: dict[str, object], text: str) -> None:
    with pytest.raises(IllegalSymmetry) as caught:
        partial(base, ({}, element))
    assert str(caught.value).startswith(text)
    assert caught.value.where == "folds.0.elements.1"


def test_colours_that_cancel_are_warned_of() -> None:
    assert any(
        "cancel" in item for item in partial("none", ({}, {"turn": 180, "colours": ["-r", "-g", "-b"]})).advisories()
    )
    assert CASES["tunnel"].advisories() == ()


def test_wrong_settings_are_explained() -> None:
    with pytest.raises(ValueError, match="not a part of a side; write a fraction like 1/5"):
        partial({"kind": "plane", "group": "p1"}, ({}, {"shift": ["a", 0]}))
    with pytest.raises(IllegalSymmetry, match="at most 64 can be mixed"):
        partial("none", *[tuple({"turn": 0.3 * step * 9**fold} for step in range(9)) for fold in range(3)])
