"""Friezes, rotors and zooming pictures: exact at every point, undone by sampling, measured as they claim."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.groups.frieze_groups import FRIEZES
from orbifolio.runner.symmetry.groups.presentation import homomorphisms
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.none import PixelLayout
from orbifolio.runner.symmetry.kinds.rotor import Rotor, presentation
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout
from orbifolio.runner.symmetry.layouts.flat_charts import PlaneChart
from orbifolio.runner.symmetry.layouts.wedge import reach
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.symmetry.verify.residuals import ABSENT, EXACT


def spelled(**colours: str) -> dict[str, list[str]]:
    return {name: value.split(",") for name, value in colours.items()}


def frieze(group: str, repeats: int = 1, **colours: str) -> Symmetry:
    return Frieze.model_validate({"group": group, "repeats": repeats, "colours": spelled(**colours)}).build()


def rotor(order: int, mirrors: bool = False, **colours: str) -> Symmetry:
    return Rotor.model_validate({"order": order, "mirrors": mirrors, "colours": spelled(**colours)}).build()


def droste(group: str = "p1", colours: dict[str, str] | None = None, **values: float) -> Symmetry:
    settings = {"group": group, "colours": spelled(**(colours or {})), **values}
    return Droste.model_validate(settings).build()


def layout_of(symmetry: Symmetry, width: int = 48, ratio: float = 1.0) -> BlendedLayout:
    layout = symmetry.layout(*symmetry.fit(width, multiple=4, ratio=ratio))
    assert isinstance(layout, BlendedLayout)
    return layout


def noise(layout: BlendedLayout, seed: int = 0) -> torch.Tensor:
    return torch.randn(layout.parameters, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def texture(symmetry: Symmetry, width: int, *, coarse: float = 4.0, ratio: float = 1.0) -> np.ndarray:
    """A generic texture with this symmetry, written and read as 8 bits."""
    layout = symmetry.layout(*symmetry.fit(width, multiple=8, ratio=ratio))
    grain = np.random.default_rng(0).standard_normal((layout.height, layout.width, 3))
    grain = ndimage.gaussian_filter(grain, (coarse, coarse, 0), mode="wrap")
    values = layout.sample(torch.from_numpy(grain).permute(2, 0, 1)[None] + 0.5)
    picture = layout.render(values / values.std() * 0.12)[0].permute(1, 2, 0).numpy()
    result: np.ndarray = np.rint(np.clip(picture, 0, 1) * 255) / 255
    return result


FRIEZE_CASES = {
    **{name: frieze(name) for name in FRIEZES},
    "p1 cycle": frieze("p1", t="g,b,r"),
    "p1 order 6": frieze("p1", t="g,b,-r"),
    "p11g order 4": frieze("p11g", g="g,-r,b"),
    "p1m1 two mirrors": frieze("p1m1", m="g,r,b", t="-r,-g,-b"),
    "p11m inverting": frieze("p11m", h="-r,-g,-b", t="g,b,r"),
    "p2 cube": frieze("p2", r2="g,r,b", t="g,b,r"),
    "p2mg all": frieze("p2mg", r2="-r,-g,-b", m="g,r,b"),
    "p2mm repeats": frieze("p2mm", 3, m="g,r,b", h="-r,-g,-b"),
}


@pytest.mark.parametrize("name", FRIEZE_CASES)
@pytest.mark.parametrize("width", [24, 52])
def test_friezes_are_permutations_of_their_pixels(name: str, width: int) -> None:
    symmetry = FRIEZE_CASES[name]
    layout = layout_of(symmetry, width)
    picture = layout.render(noise(layout))[0].permute(1, 2, 0).numpy() - 0.5
    size = np.array([layout.width, layout.height])
    rows, columns = np.divmod(np.arange(layout.width * layout.height), layout.width)
    assert symmetry.claims() or symmetry.cells == 1
    for claim in symmetry.claims():
        place = np.stack([columns, rows + 0.5]) / size[:, None]
        x, y = claim.matrix[:, :2] @ place + claim.matrix[:, 2:]
        column, row = x * layout.width, y * layout.height - 0.5
        np.testing.assert_allclose([column, row], np.rint([column, row]), atol=1e-6)
        there = picture[np.rint(row).astype(int), np.rint(column).astype(int) % layout.width]
        expected = picture[rows, columns] @ colour.MATRICES[claim.colour].T
        np.testing.assert_allclose(there, expected, atol=1e-12, err_msg=claim.name)


HOMS = {"p1": 47, "p11g": 47, "p1m1": 399, "p2": 399, "p2mg": 399, "p11m": 287, "p2mm": 2431}
CLASSES = {"p1": 9, "p11g": 9, "p1m1": 55, "p2": 55, "p2mg": 55, "p11m": 55, "p2mm": 383}


@pytest.mark.parametrize("name", FRIEZES)
def test_friezes_have_as_many_colour_actions_as_were_counted(name: str) -> None:
    """Up to conjugacy by Burnside's lemma: the mean number of actions that an element leaves alone."""
    table = homomorphisms(FRIEZES[name].presentation).astype(np.int64)
    assert len(table) - 1 == HOMS[name]
    product, inverse = colour.PRODUCT.astype(np.int64), np.array(colour.INVERSE)
    fixed = [(product[product[item, table], inverse[item]] == table).all(1).sum() for item in range(colour.COUNT)]
    assert sum(fixed) / colour.COUNT - 1 == CLASSES[name]


@pytest.mark.parametrize("name", FRIEZES)
def test_relations_of_friezes_hold_and_their_members_are_a_group(name: str) -> None:
    group = FRIEZES[name]
    for word in group.relations:
        assert group.movement(word) == (1, 0, 1), word
    orders = {"p1": 1, "p11g": 2, "p1m1": 2, "p11m": 2, "p2": 2, "p2mg": 4, "p2mm": 4}
    assert len(group.cosets()) == orders[name]


ROTOR_CASES = {
    "mirror image": rotor(1, True),
    "mirror with colours": rotor(1, True, m="g,r,b"),
    **{f"C{order}": rotor(order) for order in (2, 3, 5, 6, 24)},
    **{f"D{order}": rotor(order, True) for order in (2, 3, 4, 7, 24)},
    "C6 cycle": rotor(6, r="g,b,r"),
    "C4 order 4": rotor(4, r="g,-r,b"),
    "D6 both": rotor(6, True, r="g,r,b", m="-r,-g,-b"),
    "D3 cube": rotor(3, True, r="g,b,r", m="g,r,b"),
}


@pytest.mark.parametrize("name", ROTOR_CASES)
def test_rotors_are_exact_at_every_point(name: str) -> None:
    symmetry = ROTOR_CASES[name]
    points = np.random.default_rng(0).uniform(-1, 1, (400, 3))
    points[:, 2] = 1
    for width, ratio in ((32, 1.0), (64, 1.5)):
        layout = layout_of(symmetry, width, ratio)
        values = noise(layout)
        here = layout.evaluate(values, points).numpy()
        for claim in symmetry.claims():
            there = layout.evaluate(values, points @ claim.matrix.T).numpy()
            np.testing.assert_allclose(there, here @ colour.MATRICES[claim.colour].T, atol=1e-6, err_msg=claim.name)


@pytest.mark.parametrize("name", ROTOR_CASES)
def test_rotors_have_no_seam(name: str) -> None:
    """Across a mirror, and from sheet to sheet, neighbouring points show neighbouring colours."""
    symmetry = ROTOR_CASES[name]
    layout = layout_of(symmetry, 96)
    if any(claim.colour for claim in symmetry.claims()):
        return  # colours jump at mirrors that change them, which is what they are for
    x, y, _ = layout.lookup.representatives().T
    angle = symmetry.order * (np.arctan2(y, x) - np.pi / 2)
    radius = np.hypot(x, y)
    odd = 0 * radius if symmetry.mirrors else np.sin(angle)
    values = layout.constrain(torch.from_numpy(np.stack([radius, np.cos(angle), odd], axis=1)))
    angles = np.linspace(0, 2 * np.pi, 8001)
    circle = np.stack([0.7 * np.cos(angles), 0.7 * np.sin(angles), np.ones_like(angles)], axis=1)
    shown = layout.evaluate(values, circle).numpy()
    assert np.abs(np.diff(shown, axis=0)).max() < 0.002 * symmetry.order + 0.002


def test_a_wedge_reaches_as_far_as_the_picture() -> None:
    for p, ratio in itertools.product((2, 3, 7, 24), (0.5, 1.0, 2.0)):
        sheet = PlaneChart(ratio)
        far = reach(p, sheet.half)
        assert far <= np.hypot(*sheet.half) * 1.01
        corner = np.angle(complex(*sheet.half)) - np.pi / 2
        folded = corner % (np.pi / p) - np.pi / (2 * p)
        assert np.hypot(*sheet.half) * np.cos(folded) <= far


DROSTE_CASES = {
    "tunnel": droste(),
    "whirlpool": droste(turn=60),
    "spiral": droste(turn=60, colours={"z": "g,b,r"}),
    "backwards": droste(turn=-100, zoom=2.5, repeats=2, colours={"r": "g,r,b"}),
    "p2": droste("p2", turn=30, zoom=3, repeats=2, colours={"r2": "-r,-g,-b"}),
    "pm": droste("pm", repeats=3, colours={"m": "g,r,b"}),
    "pg": droste("pg", repeats=3, colours={"g": "g,b,r"}),
    "p2mm": droste("p2mm", zoom=3, repeats=4),
    "p2mg": droste("p2mg", zoom=2, repeats=5),
    "p2gg": droste("p2gg", zoom=2, repeats=5, colours={"r2": "g,r,b"}),
    "p4": droste("p4", repeats=6, colours={"r4": "g,-r,b"}),
    "p4gm": droste("p4gm", repeats=6, colours={"r4": "-r,-g,-b"}),
    "p4mm": droste("p4mm", repeats=5),
    "p3": droste("p3", repeats=6, colours={"r3": "g,b,r"}),
    "p3m1": droste("p3m1", repeats=7),
    "p31m": droste("p31m", repeats=8),
    "p6": droste("p6", repeats=6, colours={"r6": "g,b,r"}),
    "p6mm": droste("p6mm", repeats=5),
}


@pytest.mark.parametrize("name", DROSTE_CASES)
def test_zooming_pictures_are_exact_at_every_point(name: str) -> None:
    """In the plane of logarithms; and once around is where one was."""
    symmetry = DROSTE_CASES[name]
    random = np.random.default_rng(0)
    points = np.stack([random.uniform(-5, 2, 300), random.uniform(-9, 9, 300), np.ones(300)], axis=1)
    for width in (32, 64):
        layout = layout_of(symmetry, width)
        values = noise(layout)
        here = layout.evaluate(values, points).numpy()
        for claim in symmetry.claims():
            there = layout.evaluate(values, points @ claim.matrix.T).numpy()
            np.testing.assert_allclose(there, here @ colour.MATRICES[claim.colour].T, atol=2e-6, err_msg=claim.name)
        around = layout.evaluate(values, points + [0, 2 * np.pi, 0]).numpy()
        np.testing.assert_allclose(around, here, atol=2e-6)


ALL = {**FRIEZE_CASES, **ROTOR_CASES, **DROSTE_CASES}


@pytest.mark.parametrize("name", ALL)
def test_the_gather_has_its_adjoint_and_reaches_all_it_shows(name: str) -> None:
    """<render(v), u> = <v, gradient>; every orbit that a pixel shows has a gradient, constrained as it is."""
    layout = layout_of(ALL[name], 24)
    values = noise(layout).requires_grad_(True)
    random = torch.Generator().manual_seed(1)
    cotangent = torch.rand(1, 3, layout.height, layout.width, generator=random, dtype=torch.float64) + 0.1
    (gradient,) = torch.autograd.grad((layout.render(values) * cotangent).sum(), values)
    direction = noise(layout, 2)
    moved = layout.render(values.detach() + direction) - layout.render(values.detach())
    torch.testing.assert_close((moved * cotangent).sum(), (gradient * direction).sum(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layout.constrain(gradient), gradient, rtol=1e-6, atol=1e-6)
    reached = (gradient != 0).any(1)
    pixels = torch.ones(layout.width * layout.height, 3, dtype=torch.float64)
    _, shown = layout._gathered(pixels, pixels[:, 0])
    forced = torch.zeros(layout.parameters, dtype=torch.bool)
    forced[layout.special] = True  # a stabiliser may leave nothing but grey
    assert bool((reached | forced | (shown[:, 0] < 1e-9)).all())
    assert reached.double().mean() > 0.5


@pytest.mark.parametrize("name", ALL)
def test_constraints_are_projections(name: str) -> None:
    layout = layout_of(ALL[name], 24)
    a, b = noise(layout, 1), noise(layout, 2)
    once = layout.constrain(a)
    torch.testing.assert_close(layout.constrain(once), once)
    torch.testing.assert_close((layout.constrain(a) * b).sum(), (a * layout.constrain(b)).sum())
    torch.testing.assert_close(layout.render(a), layout.render(once))


@pytest.mark.parametrize("name", ALL)
def test_phases_carry_the_artwork_over(name: str) -> None:
    """A smooth artwork looks the same when enlarged, and comes back from its own picture."""
    symmetry = ALL[name]
    small, large = layout_of(symmetry, 48), layout_of(symmetry, 96)
    grain = np.random.default_rng(0).standard_normal((96, 96, 3))
    grain = ndimage.gaussian_filter(grain, (9, 9, 0), mode="wrap")
    begun = torch.from_numpy(grain / grain.std() * 0.15).permute(2, 0, 1)[None] + 0.5
    values = small.sample(begun)
    carried = large.carry(values, small)
    assert carried.shape == (large.parameters, 3)
    torch.testing.assert_close(large.constrain(carried), carried)
    shown = torch.nn.functional.interpolate(large.render(carried), (small.height, small.width), mode="area")
    away = (shown - small.render(values)).abs()
    ring = np.hypot(*np.meshgrid(np.linspace(-1, 1, small.width), np.linspace(-1, 1, small.height))) > 0.45
    if symmetry in DROSTE_CASES.values():
        away = away[..., torch.from_numpy(ring)]
    assert float(away.mean()) < 0.03
    again = small.render(small.sample(small.render(values)))
    close = (again - small.render(values)).abs()
    assert float(close.mean()) < 0.03


def test_layouts_are_the_same_every_time() -> None:
    for name in ("p2mg all", "D6 both", "p6"):
        first, second = layout_of(ALL[name]), layout_of(ALL[name])
        values = noise(first)
        assert torch.equal(first.render(values), second.render(values))
        assert torch.equal(first.sample(first.render(values)), second.sample(second.render(values)))


def test_tables_stay_small() -> None:
    """Numbers in all tables together, a pixel: what a large picture takes is bounded."""
    for name in ("p2mm repeats", "C6 cycle", "spiral", "p6mm"):
        layout = layout_of(ALL[name], 240)
        gathers = [gather for _, gather, _ in layout._parts] + list(layout._steps)
        entries = sum(gather.taps.numel() for gather in gathers)
        pixels = layout.width * layout.height
        assert entries < 20 * pixels + 20 * layout.parameters, (name, entries / pixels)


MEASURED = {
    **FRIEZE_CASES,
    **ROTOR_CASES,
    **{name: DROSTE_CASES[name] for name in ("tunnel", "spiral", "p2", "pm", "p2mg", "p4gm", "p6")},
}


@pytest.mark.parametrize("name", MEASURED)
def test_true_claims_hold(name: str) -> None:
    symmetry = MEASURED[name]
    width = 256 if name in DROSTE_CASES else 288 if "24" in name else 144
    picture = texture(symmetry, width)
    measured = measure_symmetry(picture, symmetry)
    assert len(measured.claims) == len(symmetry.claims())
    for item in measured.claims:
        assert item.holds, item
        assert item.residual < EXACT, item
    assert measured.closest_unclaimed is not None
    assert measured.closest_unclaimed > ABSENT, measured.unclaimed[0]


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (frieze("p1"), frieze("p2")),
        (frieze("p11g"), frieze("p11m")),
        (frieze("p1m1"), frieze("p1m1", m="g,r,b")),
        (rotor(3), rotor(6)),
        (rotor(6), rotor(6, True)),
        (rotor(6, r="g,b,r"), rotor(6, r="b,r,g")),
        (droste(zoom=3), droste(zoom=2.5)),
        (droste(turn=60), droste(turn=30)),
        (droste(turn=60), droste(turn=60, colours={"z": "g,b,r"})),
        (droste("p1", zoom=3), droste("p2", zoom=3)),
    ],
)
def test_false_claims_fail(true: Symmetry, false: Symmetry) -> None:
    measured = measure_symmetry(texture(true, 192), false)
    assert not measured.holds
    assert measured.worst is not None
    assert measured.worst > 0.4


@pytest.mark.parametrize(
    ("settings", "witness", "text"),
    [
        (
            lambda: frieze("p2", r2="g,b,r"),
            "r2^2 = 1",
            "half a turn twice is the identity, but [g, b, r] twice is [b, r, g]; try r2: [b, g, r]",
        ),
        (
            lambda: frieze("p11g", g="g,b,r", t="g,b,r"),
            "g^2 t^-1 = 1",
            "g^2 t^-1 is the identity in the frieze group p11g, but g: [g, b, r] and t: [g, b, r] make it [g, b, r]",
        ),
        (lambda: frieze("p1m1", h="g,r,b"), "", "'h' is not a generator; those of the frieze group p1m1 are m"),
        (
            lambda: rotor(5, r="g,b,r"),
            "r^5 = 1",
            "a turn by 72 degrees 5 times is the identity, but [g, b, r] 5 times is [b, r, g] and no colour element "
            "has order 5",
        ),
        (
            lambda: rotor(6, True, r="g,b,r", m="-r,-g,-b"),
            "m r m r = 1",
            "m r m r is the identity in the rotor of order 6 with mirrors",
        ),
        (
            lambda: droste(repeats=2, colours={"r": "g,b,r"}),
            "r^2 = 1",
            "a turn by 180 degrees twice is the identity, but [g, b, r] twice is [b, r, g]; try r: [b, g, r]",
        ),
    ],
)
def test_illegal_colours_are_explained(settings, witness: str, text: str) -> None:
    with pytest.raises(IllegalSymmetry) as caught:
        settings()
    assert caught.value.witness == witness
    assert str(caught.value).startswith(text)
    assert caught.value.where.startswith("colours.")


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        (Frieze, {"group": "pma2"}, "'pma2' is another name of p2mg; friezes go by their short international symbol"),
        (Frieze, {"group": "spinning hop"}, "'spinning hop' is another name of p2"),
        (Frieze, {"group": "*22∞"}, "is another name of p2mm"),
        (Frieze, {"group": "p6"}, "'p6' is not a frieze group; the 7 are p1, p11g"),
        (Rotor, {"order": 1}, "order 1 without mirrors; a rotor turns or reflects; set mirrors: true"),
        (Droste, {"group": "cm"}, "cm has a rhombic lattice"),
        (Droste, {"group": "pm", "turn": 30}, "turn 30 with pm; a rectangular lattice of logarithms has turn 0"),
        (Droste, {"group": "p4", "zoom": 4, "repeats": 6}, "zoom 4 with p4; a square lattice of logarithms"),
        (Droste, {"group": "p4", "repeats": 48}, None),
    ],
)
def test_wrong_settings_are_explained(kind, values: dict[str, object], text: str | None) -> None:
    if text is None:
        assert kind.model_validate(values).build().lattice.zoom > 1.05
        return
    with pytest.raises(ValueError, match="1 validation error") as caught:
        kind.model_validate(values)
    assert text in str(caught.value)


def test_supercells_hold_as_many_periods_as_the_colours_need() -> None:
    symmetry = frieze("p1", 2, t="g,b,r")
    assert symmetry.cells == 6
    assert symmetry.ratio == 6
    assert "the picture holds 6" in symmetry.notes[0]
    assert frieze("p2mg", 3).cells == 3


def test_mirrors_that_change_colours_are_warned_of() -> None:
    assert "mid-grey" in frieze("p11m", h="-r,-g,-b").advisories()[0]
    assert frieze("p11m").advisories() == ()
    assert any("hexagrams" in item for item in rotor(6).advisories())
    assert any("prevent it" in item for item in rotor(6).advisories())
    (grey,) = rotor(6, r="g,b,r").advisories()
    assert grey.startswith("turns about the middle carry [g, b, r]: at the centre red equals green")
    assert any("red equals green" in item for item in rotor(4, True, r="g,r,b").advisories())
    assert any("swastikas" in item for item in droste("p4", repeats=6).advisories())


def test_rotors_have_the_colour_actions_that_were_counted() -> None:
    """Those of the cyclic and dihedral groups in `geometry.md`."""
    counts = {(2, False): 19, (3, False): 8, (4, False): 31, (5, False): 0, (6, False): 35}
    counts |= {(2, True): 207, (3, True): 67, (4, True): 303, (5, True): 19, (6, True): 303}
    for (order, mirrors), count in counts.items():
        assert len(homomorphisms(presentation(order, mirrors=mirrors))) - 1 == count


def test_a_zooming_picture_looks_at_every_part_of_the_zoom() -> None:
    symmetry = droste(zoom=4, turn=30)
    layout = layout_of(symmetry, 48)
    size = symmetry.crop_size(layout.width, layout.height, multiple=4)
    assert size == (layout.width, layout.height)
    values, seen = noise(layout), set()
    for seed in range(24):
        (crop,) = symmetry.crops(layout, size, torch.Generator().manual_seed(seed))
        seen.add(round(float(crop.render(values).sum()), 6))
    assert len(seen) == 8
    again = symmetry.crops(layout, size, torch.Generator().manual_seed(3))[0].render(values)
    assert torch.equal(again, symmetry.crops(layout, size, torch.Generator().manual_seed(3))[0].render(values))


@pytest.mark.parametrize(
    ("group", "colours", "lines"),
    [
        ("p11m", {"h": "-r,-g,-b"}, ["the mirror line along the strip"]),
        ("p1m1", {"m": "-r,-g,-b"}, ["upright mirror lines"]),
        ("p2mg", {"m": "-r,-g,-b"}, ["upright mirror lines"]),
        ("p11g", {"g": "-r,-g,-b"}, []),
        ("p1", {"t": "-r,-g,-b"}, []),
        ("p2", {"r2": "-r,-g,-b"}, []),
    ],
)
def test_a_friezes_mirror_lines_are_told_apart(group: str, colours: dict[str, str], lines: list[str]) -> None:
    told = frieze(group, **colours).advisories()
    assert len(told) == len(lines)
    assert all(any(line in item for item in told) for line in lines)


def test_a_rotor_of_one_sector_is_a_mirror_image() -> None:
    assert rotor(1, True).title == "mirror image"
    assert rotor(5).title == "5-fold rotor"
    assert rotor(5, True).title == "5-fold kaleidoscope"


def test_a_picture_may_be_one_pixel() -> None:
    layout = PixelLayout(1, 1)
    assert layout.render(torch.zeros(1, 3)).shape == (1, 3, 1, 1)
    for size in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="at least one pixel"):
            PixelLayout(*size)
