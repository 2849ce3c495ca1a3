"""Sphere and hyperbolic plane: exact symmetry of what is drawn, legal colours, charts, windows, measurements."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.charts import (
    Band,
    Camera,
    Chart,
    Disk,
    Equirectangular,
    HalfPlane,
    Klein,
    Square,
    lemniscate_sine,
)
from orbifolio.runner.symmetry.groups.polyhedral import point_group
from orbifolio.runner.symmetry.groups.presentation import homomorphisms
from orbifolio.runner.symmetry.groups.triangle import on_surface
from orbifolio.runner.symmetry.kinds.curved import CurvedSymmetry, random_turn
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic, presentation
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.verify.measure import measure, measure_symmetry
from orbifolio.runner.symmetry.verify.residuals import ABSENT, EXACT
from orbifolio.runner.symmetry.verify.summary import summarise

SPHERES = [
    {"group": "none"},
    {"group": "T", "colours": {"r3": "[g,b,r]"}},
    {"group": "O", "colours": {"r4": "[g,r,b]"}},
    {"group": "I"},
    {"group": "Td", "colours": {"m": "[-r,-g,-b]"}},
    {"group": "Oh", "colours": {"r3": "[g,b,r]"}},
    {"group": "Ih", "colours": {"m": "[-r,-g,-b]"}},
    {"group": "Th", "colours": {"r3": "[g,b,r]", "i": "[-r,-g,-b]"}},
    {"group": "Ci", "colours": {"i": "[-r,-g,-b]"}},
    {"group": "C6", "colours": {"r6": "[-g,-b,-r]"}},
    {"group": "C3v"},
    {"group": "D5", "colours": {"f": "[-r,-g,-b]"}},
    {"group": "D4d", "colours": {"s": "[-r,-g,-b]"}},
    {"group": "S6", "colours": {"s": "[-g,-b,-r]"}},
]
PLANES = [
    {"p": 7, "q": 3},
    {"p": 4, "q": 6, "colours": {"face": "[-r,-g,-b]"}},
    {"p": 3, "q": 8, "colours": {"vertex": "[g,r,b]"}},
    {"p": 5, "q": 4, "mirrors": True, "colours": {"mirror": "[-r,-g,-b]"}},
    {"p": 6, "q": 8, "colours": {"face": "[g,b,r]"}},
    {"p": 3, "q": 20},
    {"p": 4, "q": 4, "r": 3, "colours": {"edge": "[g,b,r]"}},
    {"p": 3, "q": 8, "mirrors": "sides", "colours": {"side": "[b,g,r]"}},
    {"p": 6, "q": 4, "mirrors": "sides"},
]


def build(settings: dict) -> CurvedSymmetry:
    return (Sphere if "group" in settings else Hyperbolic)(**settings).build()


def surface_points(symmetry: CurvedSymmetry, count: int = 500) -> np.ndarray:
    random = np.random.default_rng(2)
    if symmetry.chart.curvature > 0:
        return on_surface(random.normal(size=(count, 3)), 1)
    x, y = random.uniform(-0.6, 0.6, (2, count))
    return Disk().look(x, y).points


def shown(symmetry: CurvedSymmetry, surface, values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """What points show, by plain sums over the taps: nothing of the gather is used."""
    taps = surface.taps(points)
    values = values.copy()
    special, projectors = surface.texture.special
    values[special] = np.einsum("nij,nj->ni", projectors, values[special])
    matrices = colour.MATRICES[taps.elements].astype(float)
    return np.einsum("nk,nkij,nkj->ni", taps.weights, matrices, values[taps.orbits])


@pytest.mark.parametrize("settings", SPHERES + PLANES, ids=str)
def test_every_generator_moves_the_texture_to_its_recoloured_self(settings: dict) -> None:
    symmetry = build(settings)
    surface = symmetry.surface(0.1)
    values = np.random.default_rng(0).normal(size=(surface.texture.count, 3))
    points = surface_points(symmetry)
    before = shown(symmetry, surface, values, points)
    for name, matrix, element in symmetry.generators():
        after = shown(symmetry, surface, values, points @ matrix.T)
        np.testing.assert_allclose(after, before @ colour.MATRICES[element].T.astype(float), atol=1e-7, err_msg=name)


@pytest.mark.parametrize("settings", SPHERES + PLANES, ids=str)
def test_the_texture_has_no_seam(settings: dict) -> None:
    symmetry = build(settings)
    surface = symmetry.surface(0.2)
    values = np.random.default_rng(0).normal(size=(surface.texture.count, 3))
    folded = symmetry.triangle.fold(surface_points(symmetry, 2000))
    random = np.random.default_rng(1)
    worst = 0.0
    for side in range(3):  # points on each mirror, looked at from both sides of it
        weights = folded.weights[:200].copy()
        weights[:, side] = 0
        on_side = on_surface(weights @ symmetry.triangle.corners, symmetry.chart.curvature)
        step = 1e-9 * random.normal(size=(200, 3))
        there, beyond = (on_surface(on_side + sign * step, symmetry.chart.curvature) for sign in (1, -1))
        word = symmetry.triangle.reflection(random.integers(3)) @ symmetry.triangle.reflection(random.integers(3))
        both = [shown(symmetry, surface, values, points @ word.T) for points in (there, beyond)]
        worst = max(worst, float(np.abs(both[0] - both[1]).max()))
    assert worst < 1e-4


@pytest.mark.parametrize(
    ("name", "order", "count", "classes"),
    [
        ("T", 12, 32, 2),
        ("O", 24, 115, 9),
        ("I", 60, 0, 0),
        ("Td", 24, 115, 9),
        ("Th", 24, 83, 9),
        ("Oh", 48, 399, 51),
        ("Ih", 120, 19, 5),
        ("C2", 2, 19, 5),
        ("C3", 3, 8, 1),
        ("C4", 4, 31, 7),
        ("C5", 5, 0, 0),
        ("C6", 6, 35, 7),
        ("D2", 4, 207, 43),
        ("D3", 6, 67, 7),
        ("D4", 8, 303, 51),
        ("D5", 10, 19, 5),
        ("D6", 12, 303, 47),
    ],
)
def test_groups_have_their_order_and_their_number_of_colour_actions(
    name: str, order: int, count: int, classes: int
) -> None:
    group = point_group(name)
    members, _ = group.members(dict.fromkeys(group.matrices, 0))
    assert len(members) == order
    actions = homomorphisms(group.presentation)
    assert len(actions) == count + 1
    assert _classes(actions) == classes + 1


@pytest.mark.parametrize(
    ("p", "q", "mirrors", "count", "classes"),
    [(5, 4, False, 19, 5), (5, 4, True, 207, 43), (4, 6, False, 495, 59), (5, 5, False, 0, 0), (7, 3, True, 19, 5)]
    + [(8, 3, False, 115, 9), (6, 6, False, 527, 59), (9, 3, False, 32, 2), (12, 3, False, 179, 13)],
)
def test_tilings_have_their_number_of_colour_actions(p: int, q: int, mirrors: bool, count: int, classes: int) -> None:
    actions = homomorphisms(presentation(p, q, 2, mirrors=mirrors))
    assert len(actions) == count + 1
    assert _classes(actions) == classes + 1


def _classes(actions: np.ndarray) -> int:
    seen: set[tuple[int, ...]] = set()
    number = 0
    for row in actions.tolist():
        if tuple(row) not in seen:
            number += 1
            seen |= {
                tuple(colour.compose(by, element, colour.INVERSE[by]) for element in row) for by in range(colour.COUNT)
            }
    return number


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"group": "I", "colours": {"r5": "[g,b,r]"}}, "no colour element has order 5; use Ih"),
        ({"group": "O", "colours": {"r4": "[g,b,r]"}}, "a quarter of a turn 4 times is the identity"),
        ({"group": "O", "colours": {"x": "[g,b,r]"}}, "'x' is not a generator; those of the rotations O"),
        ({"p": 7, "q": 3, "colours": {"face": "[g,b,r]"}}, "a 7th of a turn about a tile's middle 7 times"),
    ],
)
def test_illegal_colours_are_refused_with_a_witness(settings: dict, told: str) -> None:
    with pytest.raises(IllegalSymmetry, match=told):
        build(settings)


@pytest.mark.parametrize(("p", "q", "kind"), [(4, 4, "plane"), (6, 3, "plane"), (4, 3, "sphere"), (5, 3, "sphere")])
def test_what_is_not_hyperbolic_is_sent_to_its_kind(p: int, q: int, kind: str) -> None:
    with pytest.raises(ValidationError, match=f"use kind {kind}"):
        Hyperbolic(p=p, q=q)


@pytest.mark.parametrize("settings", [{"p": 8, "q": 3}, {"p": 4, "q": 4, "r": 3}], ids=str)
def test_tiles_mirrored_in_their_sides_must_close_at_corners(settings: dict) -> None:
    with pytest.raises(ValidationError, match="make q even|r is 2"):
        Hyperbolic(mirrors="sides", **settings)


def test_a_tile_mirrored_in_its_sides_has_no_symmetry_of_its_own() -> None:
    symmetry = build({"p": 6, "q": 4, "mirrors": "sides"})
    surface = symmetry.surface(0.1)
    values = np.random.default_rng(0).normal(size=(surface.texture.count, 3))
    points = symmetry.triangle.normalised(
        np.random.default_rng(1).dirichlet(np.ones(3), 300) @ symmetry.triangle.corners
    )
    before = shown(symmetry, surface, values, points)
    own = [(name, matrix) for name, matrix in symmetry.strangers() if "tile's middle" in name]
    assert len(own) >= 5
    for name, matrix in own:
        after = shown(symmetry, surface, values, points @ matrix.T)
        assert np.abs(after - before).mean() > 0.3, name


@pytest.mark.parametrize("name", ["X", "C99", "S5", "Cd", ""])
def test_unknown_groups_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match="choose another|write one of them"):
        point_group(name)


CHARTS: list[Chart] = [Equirectangular(), Disk(), Disk(0.7), Klein(), HalfPlane(3, 2), Band(6.0), Square()]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: type(chart).__name__)
def test_charts_know_the_way_back_and_their_scale(chart: Chart) -> None:
    x, y = np.random.default_rng(3).uniform(-0.6, 0.6, (2, 300))
    sights = chart.look(x, y)
    assert sights.there.all()
    back = chart.place(sights.points)
    np.testing.assert_allclose(back, (x, y), atol=1e-9)
    # lengths on the surface by finite differences: `spacing` is the longest of all directions
    step, found = 1e-6, []
    form = np.array([1.0, 1.0, float(chart.curvature)])
    for angle in np.linspace(0, np.pi, 24, endpoint=False):
        right = step * np.cos(angle) / max(chart.ratio, 1.0)
        up = step * np.sin(angle) * min(chart.ratio, 1.0)
        moved = chart.look(x + right, y + up).points - sights.points
        found.append(np.sqrt(np.abs((moved**2 * form).sum(1))) / step)
    np.testing.assert_allclose(np.max(found, axis=0), sights.spacing, rtol=2e-2)


def test_the_lemniscate_sine_obeys_its_equation() -> None:
    x, y = np.random.default_rng(4).uniform(-0.6, 0.6, (2, 200))
    z, step = x + 1j * y, 1e-5
    slope = (lemniscate_sine(z + step) - lemniscate_sine(z - step)) / (2 * step)
    np.testing.assert_allclose(slope**2, 1 - lemniscate_sine(z) ** 4, atol=1e-7)
    np.testing.assert_allclose(lemniscate_sine(1j * z), 1j * lemniscate_sine(z), atol=1e-12)


@pytest.mark.parametrize(
    "settings", [SPHERES[2], SPHERES[6], PLANES[0], PLANES[3], {**PLANES[1], "chart": "square"}], ids=str
)
def test_claims_hold_on_a_written_picture_and_nothing_else_does(settings: dict) -> None:
    symmetry = build(settings)
    coarse = symmetry.layout(*symmetry.fit(64, multiple=1, ratio=1.0))
    fine = symmetry.layout(*symmetry.fit(360, multiple=1, ratio=1.0))
    random = torch.Generator().manual_seed(1)
    values = fine.carry(0.2 * torch.randn(coarse.parameters, 3, generator=random), coarse)
    picture = fine.render(values)[0].permute(1, 2, 0).clamp(0, 1).numpy()
    record = summarise(symmetry, "any", np.round(picture * 255) / 255)
    assert record["claims"]
    assert record["worst"] < EXACT
    assert record["closest_unclaimed"] > ABSENT


@pytest.mark.parametrize("settings", [SPHERES[1], PLANES[1]], ids=str)
def test_layouts_are_linear_smooth_and_carry_their_texture(settings: dict) -> None:
    symmetry = build(settings)
    layout = symmetry.layout(*symmetry.fit(64, multiple=1, ratio=1.0))
    values = torch.randn(layout.parameters, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) / 9
    values.requires_grad_(True)
    picture = layout.render(values)
    assert picture.shape == (1, 3, layout.height, layout.width)
    other = torch.randn(picture.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (gradient,) = torch.autograd.grad((picture * other).sum(), values)
    direction = torch.randn(values.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    moved = layout.render(values.detach() + direction) - layout.render(values.detach())
    assert float((gradient * direction).sum()) == pytest.approx(float((moved * other).sum()), rel=1e-6)
    whole = layout.constrain(values)
    torch.testing.assert_close(layout.carry(whole, layout), whole, atol=1e-9, rtol=0)
    again = symmetry.layout(layout.width, layout.height)
    assert torch.equal(again.render(values), picture)


@pytest.mark.parametrize("settings", [SPHERES[0], SPHERES[2], PLANES[0]], ids=str)
def test_windows_are_random_by_the_generator_alone_and_see_everything(settings: dict) -> None:
    symmetry = build(settings)
    layout = symmetry.layout(*symmetry.fit(48, multiple=1, ratio=1.0))
    size = symmetry.crop_size(layout.width, layout.height, multiple=8)
    assert size[0] % 8 == 0
    values = torch.ones(layout.parameters, 3, requires_grad=True)
    total = torch.zeros_like(values)
    for seed in range(24):
        random = torch.Generator().manual_seed(seed)
        first = symmetry.crops(layout, size, random)
        second = symmetry.crops(layout, size, torch.Generator().manual_seed(seed))
        for one, two in zip(first, second, strict=True):
            assert one.render(values).shape == (1, 3, size[1], size[0])
            assert torch.equal(one.render(values), two.render(values))
            (gradient,) = torch.autograd.grad(one.render(values).sum(), values)
            total += gradient.abs()
    assert float((total.sum(1) > 0).float().mean()) > 0.97


def test_a_camera_sees_the_globe_from_outside() -> None:
    sights = Camera(np.eye(3)).look(np.array([0.0, 0.9, 0.8]), np.array([0.0, 0.0, 0.8]))
    np.testing.assert_allclose(sights.points[0], [0, 0, 1])
    assert sights.there.tolist() == [True, True, False]


def test_emblems_and_grey_centres_are_told() -> None:
    (swastika,) = Sphere(group="O").build().advisories()
    assert swastika.startswith(
        "four-fold axes without a colour action tend to read as swastikas; colours {r4: [g, r, b]}"
    )
    (pentagram,) = Sphere(group="I").build().advisories()
    assert pentagram.startswith("five-fold axes without a colour action tend to read as pentagrams; no colours can")
    (grey,) = Sphere.model_validate({"group": "T", "colours": {"r3": ["g", "b", "r"]}}).build().advisories()
    assert grey.startswith("three-fold axes carry [")
    assert Sphere(group="D3").build().advisories() == ()
    both = Hyperbolic(p=4, q=6).build().advisories()
    assert [item.partition(" without")[0] for item in both] == [
        "four-fold turns about tiles' middles",
        "six-fold turns about tiles' corners",
    ]
    assert Hyperbolic(p=7, q=3).build().advisories() == ()
    sides = Hyperbolic(p=4, q=8, mirrors="sides").build().advisories()
    assert sides[0].startswith("tiles' corners without a colour action tend to read as swastikas")


@pytest.mark.parametrize(
    "settings", [Sphere(group="O"), Sphere(group="C6"), Hyperbolic(p=4, q=6), Hyperbolic(p=5, q=4)]
)
def test_cures_of_emblems_work(settings: Sphere | Hyperbolic) -> None:
    for advisory in settings.build().advisories():
        for cure in advisory.split("{")[1:]:
            generator, value = cure.split("}")[0].split(": ")
            colours = {generator: value.strip("[]").replace(" ", "").split(",")}
            cured = type(settings).model_validate({**settings.model_dump(), "colours": colours}).build()
            assert advisory not in cured.advisories()


@pytest.mark.parametrize("settings", [{"p": 4, "q": 6}, {"p": 7, "q": 3}], ids=str)
def test_what_a_small_picture_cannot_show_is_told_from_what_it_does_not_have(settings: dict) -> None:
    """Detail of two pixels: residuals of true claims lie within the grain, those of false ones beyond it."""
    symmetry = build(settings)
    coarse, fine = (symmetry.layout(*symmetry.fit(width, multiple=1, ratio=1.0)) for width in (48, 128))
    random = torch.Generator().manual_seed(1)
    values = fine.carry(0.2 * torch.randn(coarse.parameters, 3, generator=random), coarse)
    picture = fine.render(values)[0].permute(1, 2, 0).clamp(0, 1).numpy()
    true = measure_symmetry(picture, symmetry)
    false = measure(picture, symmetry.chart, Hyperbolic(p=5, q=4).build().claims())
    assert true.worst is not None
    assert 0.01 < true.worst < true.grain
    assert false.worst is not None
    assert false.worst > 2 * false.grain


def test_random_turns_are_turns_in_all_directions() -> None:
    random = torch.Generator().manual_seed(1)
    turns = np.array([random_turn(random) for _ in range(500)])
    assert np.abs(turns @ turns.transpose(0, 2, 1) - np.eye(3)).max() < 1e-12
    assert np.abs(np.linalg.det(turns) - 1).max() < 1e-12
    assert np.abs(turns.mean(0)).max() < 0.1  # of uniform ones zero, with a deviation of 1 / sqrt(3 * 500)
    assert np.abs((turns**2).mean(0) - 1 / 3).max() < 0.05


def test_a_globe_from_far_away_ends_at_its_limb() -> None:
    x = np.array([0.0, 0.99, 0.6, 1.01, 0.8])
    y = np.array([0.0, 0.0, 0.79, 0.0, 0.8])
    seen = Camera(np.eye(3)).look(x, y)
    assert seen.there.tolist() == [True, True, True, False, False]
    assert np.abs(np.linalg.norm(seen.points, axis=1) - 1).max() < 1e-12
    assert np.abs(seen.points[:3, :2] - np.stack([x, y], axis=1)[:3]).max() < 1e-12
