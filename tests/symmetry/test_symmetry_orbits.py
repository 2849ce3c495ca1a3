"""The gather is exact: symmetric to rounding, linear with the right adjoint, and undone by sampling."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import parse_ratio
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.groups.legality import homomorphisms
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane, PlaneSymmetry
from orbifolio.runner.symmetry.layouts.orbits import PlaneLayout
from orbifolio.runner.symmetry.layouts.resample import resample


def plane(
    group: str, ratio: str | None = None, *, angle: float | None = None, cell: str | None = None, **colours: str
) -> PlaneSymmetry:
    elements = {name: value.split(",") for name, value in colours.items()}
    return Plane.model_validate({"group": group, "colours": elements, "angle": angle, "cell": cell}).build(
        parse_ratio(ratio) if ratio else None
    )


def layout_of(symmetry: PlaneSymmetry, width: int = 24, multiple: int = 2) -> PlaneLayout:
    return symmetry.layout(*symmetry.fit(width, multiple=multiple, ratio=1.0))


def noise(layout: PlaneLayout, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(layout.parameters, 3, generator=torch.Generator().manual_seed(seed), dtype=dtype)


CASES = {
    **{name: plane(name) for name in GROUPS},
    "p6 cycle": plane("p6", r6="g,b,r"),
    "p6 sideways": plane("p6", "sqrt(3):1", r6="g,b,r"),
    "p6 four cells": plane("p6", "sqrt(3):2", r6="-g,-b,-r"),
    "p6mm mirrors": plane("p6mm", r6="-r,-g,-b", m="g,r,b"),
    "p31m": plane("p31m", "1:sqrt(3)", r3="g,b,r", m="g,r,b"),
    "p3 supercell": plane("p3", t1="g,b,r"),
    "p3 both": plane("p3", t1="g,b,r", r3="g,b,r"),
    "p4 pinwheel": plane("p4", "3:2", r4="g,-r,b"),
    "p4 supercell": plane("p4", t1="g,r,b", r4="-r,-g,b"),
    "p4gm": plane("p4gm", r4="g,r,b"),
    "p2 oblique": plane("p2", angle=60, r2="g,r,b", t1="-r,-g,-b"),
    "p1 three ways": plane("p1", t1="-r,-g,b", t2="r,-g,-b"),
    "p1 oblique": plane("p1", "3:2", angle=110),
    "pg order 6": plane("pg", g="g,b,-r"),
    "pm two by three": plane("pm", "2:3", cell="1:1", m="g,r,b"),
    "c2mm": plane("c2mm", "2:1", r2="g,r,b", m="-r,-g,-b"),
    "cm angle": plane("cm", angle=70, m="b,g,r"),
    "p2gg supercell": plane("p2gg", r2="g,r,b", g="r,b,g"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_claim_holds_everywhere(name: str) -> None:
    symmetry = CASES[name]
    layout = layout_of(symmetry)
    values = noise(layout)
    points = np.random.default_rng(0).random((300, 2))
    here = layout.evaluate(values, torch.from_numpy(points)).numpy()
    claims = symmetry.claims()
    assert len(claims) >= symmetry.row.order - 1
    for claim in claims:
        moved = points @ claim.matrix[:, :2].T + claim.matrix[:, 2]
        there = layout.evaluate(values, torch.from_numpy(moved)).numpy()
        expected = here @ colour.MATRICES[claim.colour].T
        np.testing.assert_allclose(there, expected, atol=1e-6, err_msg=claim.name)


@pytest.mark.parametrize("name", CASES)
def test_render_shows_the_same_pattern(name: str) -> None:
    """Pixels are `evaluate` at (j / width, i / height), and the tile is periodic."""
    layout = layout_of(CASES[name])
    values = noise(layout)
    picture = layout.render(values)
    assert picture.shape == (1, 3, layout.height, layout.width)
    rows, columns = np.mgrid[: layout.height, : layout.width]
    points = np.stack([columns.ravel() / layout.width + 3, rows.ravel() / layout.height - 2], axis=1)
    shown = layout.evaluate(values, torch.from_numpy(points)) + 0.5
    torch.testing.assert_close(picture[0].permute(1, 2, 0).reshape(-1, 3), shown, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", GROUPS)
def test_random_legal_actions(name: str) -> None:
    """Colour actions drawn from all homomorphisms, supercells among them."""
    group, generator = GROUPS[name], np.random.default_rng(4)
    table = homomorphisms(group)
    for row in table[generator.choice(len(table), 4)].tolist():
        elements = {key: colour.spell(item)[1:-1] for key, item in zip(group.generators, row, strict=True)}
        symmetry = plane(name, **elements)
        layout = layout_of(symmetry, 12)
        values = noise(layout)
        points = generator.random((50, 2))
        here = layout.evaluate(values, torch.from_numpy(points)).numpy()
        for claim in symmetry.claims():
            moved = points @ claim.matrix[:, :2].T + claim.matrix[:, 2]
            there = layout.evaluate(values, torch.from_numpy(moved)).numpy()
            np.testing.assert_allclose(there, here @ colour.MATRICES[claim.colour].T, atol=1e-6)


def test_a_quarter_turn_is_counter_clockwise_as_seen() -> None:
    """Independent of all geometry code: what is right of the centre comes to stand above it."""
    layout = layout_of(plane("p4", r4="g,-r,b"))
    picture = layout.render(noise(layout))[0] - 0.5
    size = layout.width
    turn = torch.from_numpy(colour.MATRICES[colour.parse("g,-r,b")].astype(float))
    for right, down in ((1, 0), (3, 5), (7, 2)):
        there = picture[:, (-right) % size, down % size]
        torch.testing.assert_close(there, turn @ picture[:, down, right])


def test_translations_and_glides_by_hand() -> None:
    layout = layout_of(plane("pg", g="-r,-g,-b"))
    picture = layout.render(noise(layout))[0] - 0.5
    flipped = picture.flip(2).roll(1, 2).roll(layout.height // 2, 1)
    torch.testing.assert_close(flipped, -picture)
    layout = layout_of(plane("p1", t1="g,b,r"))
    picture = layout.render(noise(layout))[0]
    # a third of the picture further right, the new red is the old green, and so on
    torch.testing.assert_close(picture, picture.roll(layout.width // 3, 2)[[1, 2, 0]])


@pytest.mark.parametrize("name", ["p4mm", "p6mm mirrors", "p3 supercell", "pg order 6"])
def test_gradient(name: str) -> None:
    symmetry = CASES[name]
    layout = symmetry.layout(*symmetry.fit(8, multiple=1, ratio=1.0))
    values = noise(layout).requires_grad_()
    assert torch.autograd.gradcheck(layout.render, (values,))
    assert torch.autograd.gradcheck(layout.constrain, (values,))


@pytest.mark.parametrize("name", CASES)
def test_adjoint(name: str) -> None:
    layout = layout_of(CASES[name])
    values = noise(layout).requires_grad_()
    picture = layout.render(values)
    weights = torch.randn(picture.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (gradient,) = torch.autograd.grad(picture, values, weights)
    forward = ((picture - 0.5) * weights).sum()
    torch.testing.assert_close(forward, (values * gradient).sum(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_constrain_is_an_orthogonal_projection(name: str) -> None:
    layout = layout_of(CASES[name])
    first, second = noise(layout, 1), noise(layout, 2)
    once = layout.constrain(first)
    torch.testing.assert_close(layout.constrain(once), once)
    torch.testing.assert_close((once * second).sum(), (first * layout.constrain(second)).sum())
    torch.testing.assert_close(layout.render(once), layout.render(first))


def test_constrain_leaves_mid_grey_on_inverting_mirrors() -> None:
    layout = layout_of(plane("pm", m="-r,-g,-b"))
    picture = layout.render(noise(layout))
    for column in (0, layout.width // 2):
        assert (picture[..., column] == 0.5).all()
    assert (picture[..., 1] != 0.5).all()


@pytest.mark.parametrize("name", CASES)
def test_sample_undoes_render(name: str) -> None:
    layout = layout_of(CASES[name])
    values = layout.constrain(noise(layout))
    again = layout.sample(layout.render(values))
    if not CASES[name].frame.hexagonal:
        torch.testing.assert_close(again, values)
    else:  # pixels lie between texels: exact for what does not vary, near for what varies slowly
        flat = layout.constrain(torch.full_like(values, 0.2))
        shown = layout.sample(layout.render(flat))
        assert (shown - flat).abs().max() < 0.25
        assert (layout.orbit_size[:, None] * (again * values)).sum() > 0


@pytest.mark.parametrize("name", ["p6 cycle", "p6 sideways", "p31m", "p3 supercell"])
def test_smooth_hexagonal_pictures_survive_sampling(name: str) -> None:
    symmetry = CASES[name]
    small = symmetry.layout(*symmetry.fit(48, multiple=4, ratio=1.0))
    large = symmetry.layout(*symmetry.fit(96, multiple=4, ratio=1.0))
    spectrum = np.fft.rfft2(np.random.default_rng(8).standard_normal((3, 64, 64)))
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)[None])
    waves = np.fft.irfft2(np.where(frequency < 4 / 64, spectrum, 0))
    start = small.sample(torch.from_numpy(waves / waves.std() * 0.2)[None] + 0.5)
    picture = small.render(start)
    assert picture.std() > 0.02
    again = small.render(small.sample(picture))
    assert (again - picture).abs().max() < 0.05 * (picture - 0.5).abs().max()
    enlarged = small.render(small.sample(large.render(large.sample(picture))))
    assert (enlarged - picture).abs().max() < 0.08 * (picture - 0.5).abs().max()


def test_sampling_is_exact_for_waves_and_has_no_seam() -> None:
    layout = plane("p1").layout(60, 40)
    x = np.arange(90) / 90
    wave = torch.from_numpy(np.tile(np.sin(2 * np.pi * x), (50, 1)))[None, None].expand(1, 3, -1, -1)
    picture = layout.render(layout.sample(wave))
    expected = np.sin(2 * np.pi * np.arange(60) / 60)
    np.testing.assert_allclose(picture[0, 0, 7].numpy(), expected, atol=2e-3)


def test_reducing_averages_instead_of_aliasing() -> None:
    stripes = torch.tensor([0.0, 1.0]).repeat(64).expand(1, 3, 128, 128)
    reduced = resample(stripes, 40, 40, wrap=(True, True))
    assert (reduced - 0.5).abs().max() < 0.05
    assert resample(stripes, 128, 128, wrap=(True, True)) is stripes


@pytest.mark.parametrize("name", CASES)
def test_orbit_sizes_count_all_texels(name: str) -> None:
    symmetry, layout = CASES[name], layout_of(CASES[name])
    texels = layout.width * layout.height
    if symmetry.frame.hexagonal:
        n = int(layout._grid[0, 0])
        texels = n * n * symmetry.cells
        # texels must never be denser than pixels
        assert texels <= layout.width * layout.height * 1.02
    assert layout.orbit_size.sum() == texels
    assert layout.orbit_size.shape == (layout.parameters,)
    general = symmetry.row.order * symmetry.cells
    assert layout.orbit_size.max() <= general
    assert layout.parameters >= texels / general


def test_same_bytes_every_time() -> None:
    layout, again = (layout_of(plane("p6mm", r6="g,r,b"), 96, 8) for _ in range(2))
    values = noise(layout, dtype=torch.float32).requires_grad_()
    results = []
    for item in (layout, again):
        picture = item.render(values)
        (gradient,) = torch.autograd.grad((picture**2).sum(), values)
        results.append((picture.detach().numpy().tobytes(), gradient.numpy().tobytes()))
    assert results[0] == results[1]


def test_half_precision_values_keep_their_type() -> None:
    layout = layout_of(plane("p4"))
    picture = layout.render(noise(layout).bfloat16())
    assert picture.dtype == torch.bfloat16
    assert layout.to("cpu").render(noise(layout).float()).dtype == torch.float32


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^33 x 32 for p4; width must be a multiple of 2 and height of 2; "):
        plane("p4").layout(33, 32)
    with pytest.raises(ValueError, match="ask fit for a size"):
        plane("p6").layout(32, 55)


def test_no_symmetry_is_the_picture_itself() -> None:
    symmetry = NoSymmetry().build()
    assert (symmetry.ratio, symmetry.wrap, symmetry.claims(), symmetry.cells) == (None, (False, False), (), 1)
    layout = symmetry.layout(5, 4)
    picture = torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(layout.render(layout.sample(picture)), picture)
    assert layout.parameters == 20
    edge = torch.linspace(0, 1, 20)[None, None, None].expand(1, 3, 8, -1)
    enlarged = symmetry.layout(40, 8).render(symmetry.layout(40, 8).sample(edge))
    assert enlarged[..., 0].max() < 0.1  # nothing comes round from the other side
    assert symmetry.fit(101, multiple=8, ratio=1.9) == (104, 56)


@pytest.mark.parametrize("name", CASES)
def test_representatives_are_where_the_picture_shows_their_values(name: str) -> None:
    layout = layout_of(CASES[name], width=24)
    places = layout.representatives()
    assert (places[:, 2] == 1).all()
    values = noise(layout)
    x, y = places[:, 0] * layout.width, places[:, 1] * layout.height
    on_pixels = (np.abs(x - np.rint(x)) < 1e-9) & (np.abs(y - np.rint(y)) < 1e-9)
    picture = layout.render(values)[0].permute(1, 2, 0).numpy() - 0.5
    columns, rows = np.rint(x).astype(int) % layout.width, np.rint(y).astype(int) % layout.height
    own = layout.constrain(values).numpy()
    assert on_pixels.any()
    assert np.abs(picture[rows, columns] - own)[on_pixels].max() < 1e-12


@pytest.mark.parametrize(
    ("group", "ratio", "colours"),
    [("p1", None, {"t1": "g,b,r"}), ("p1", "2:1", {"t2": "g,b,r"}), ("p2", None, {"t1": "g,b,r"}), ("pg", None, {})],
)
def test_the_period_changes_no_colour_and_is_the_least(group: str, ratio: str | None, colours: dict[str, str]) -> None:
    symmetry = plane(group, ratio, **colours)
    period, cells = symmetry._period(), symmetry.cells
    right, up = symmetry.frame.edges
    for across, along in ((period.width, 0), (period.shear, period.height)):
        # (cells, 0) and (0, cells) are the picture's sides: in the lattice's own coordinates
        shift = [(across * right[axis] + along * up[axis]) / cells for axis in range(2)]
        assert shift == [round(number) for number in shift]
        exponents = {"t1": shift[0], "t2": shift[1]}
        turns = sum(exponents[name] for name in colours)
        assert turns % 3 == 0
    order = 3 if colours else 1
    assert period.width * period.height == pytest.approx(order * cells)
