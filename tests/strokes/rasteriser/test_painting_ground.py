"""Strokes under a symmetry: exactly symmetric, the same as all images painted one by one, with true gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from orbifolio.runner.strokes.brush_models.weights import load_painter
from orbifolio.runner.strokes.fitting.colour_solver import Rules, solve_colours
from orbifolio.runner.strokes.fitting.stroke_set import Pile
from orbifolio.runner.strokes.fitting.surface import Orbifold, Sheet, ground_of
from orbifolio.runner.strokes.rasteriser.brush_table import tabulate
from orbifolio.runner.strokes.rasteriser.differentiable import Brushwork
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.verify.summary import summarise

COLOURED = Plane(group="p6", colours={"r6": ["g", "b", "r"]})
FLAT = [Plane(group="p1"), Plane(group="p4gm"), COLOURED, Frieze(group="p2mg"), Rotor(order=5, mirrors=True)]
CURVED = [Hyperbolic(p=5, q=4, mirrors=True), Sphere(group="O", colours={"r4": ["g", "r", "b"]})]


@pytest.fixture(scope="module")
def brush():
    painter = load_painter("classic/dry_brush")
    return painter, tabulate(painter)


def orbifold(settings, width: int) -> tuple[Orbifold, object]:
    symmetry = settings.build()
    size = symmetry.fit(width, multiple=1, ratio=symmetry.ratio or 1.0)
    ground = ground_of(symmetry.layout(*size), symmetry, size)
    assert isinstance(ground, Orbifold)
    return ground, symmetry


def strokes(ground: Orbifold, count: int, length: float) -> Pile:
    """Short strokes all over the domain."""
    random = np.random.default_rng(4)
    left, top = ground.window[:2]
    rows, columns = np.nonzero(ground.share)
    chosen = random.choice(len(rows), count)
    middle = np.stack([columns[chosen] + left, rows[chosen] + top], axis=1) + 0.5
    angle = random.uniform(0, math.pi, count)
    way = length / 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    bent = middle + random.normal(size=(count, 2)) * length / 10
    numbers = np.tile([1.2, 0.7, 0.6], (count, 1))
    lines = np.concatenate([middle - way, bent, middle + way, numbers], axis=1).astype(np.float32)
    colours = random.uniform(0.0, 1.0, (count, 3)).astype(np.float32)
    return Pile(lines, np.full(count, length / 12, np.float32), colours, np.zeros(count, np.int32))


def painted(ground, brush, pile: Pile, paper: float = 0.5) -> np.ndarray:
    work = Brushwork(brush[1], ground.places, brush[0])
    blank = np.full((ground.places.count, 3), paper, np.float32)
    return work.lay(pile.rows, pile.units, pile.colours, blank).canvas


@pytest.mark.parametrize("settings", FLAT[1:] + CURVED, ids=lambda item: item.kind)
def test_a_painting_has_its_symmetry_and_no_other(settings, brush) -> None:
    ground, symmetry = orbifold(settings, 200)
    cells = painted(ground, brush, strokes(ground, 16, 14.0))
    found = summarise(symmetry, settings.kind, ground.picture(cells))
    assert found["worst"] < 0.02
    assert found["closest_unclaimed"] > 0.2


@pytest.mark.parametrize("settings", [*FLAT, CURVED[0]], ids=lambda item: f"{item.kind}-{getattr(item, 'group', '')}")
def test_it_is_what_all_images_paint_one_by_one(settings, brush) -> None:
    ground, _ = orbifold(settings, 240)
    pile = strokes(ground, 10, 16.0)
    seen = ground.picture(painted(ground, brush, pile))
    images = ground.images(pile)
    assert len(images) > len(pile)
    plain = Sheet(NoSymmetry().build().layout(ground.layout.width, ground.layout.height))
    alone = plain.picture(painted(plain, brush, images))
    # where images of one stroke lie over each other the order decides, and beyond the disk nothing is painted
    x, y = np.meshgrid(np.linspace(-1, 1, seen.shape[1]), np.linspace(-1, 1, seen.shape[0]))
    inside = (np.hypot(x, y) < 0.6) if settings.kind == "hyperbolic" else np.ones_like(x, bool)
    away = np.abs(seen - alone)[inside]
    assert seen.std() > 0.02
    assert away.mean() < 0.1 * np.abs(seen - 0.5)[inside].mean()


def test_gradients_through_colours_that_turn(brush) -> None:
    ground, _ = orbifold(COLOURED, 96)
    assert len(ground.places.turns.elements) == 3
    pile = strokes(ground, 6, 12.0)
    work = Brushwork(brush[1], ground.places, brush[0])
    blank = np.full((ground.places.count, 3), 0.5, np.float32)
    weight = torch.randn(len(blank), 3, generator=torch.Generator().manual_seed(1))
    colours = torch.from_numpy(pile.colours.copy()).requires_grad_()
    loss = (work(torch.from_numpy(pile.rows), pile.units, colours, blank) * weight).sum()
    (gradient,) = torch.autograd.grad(loss, colours)
    # the picture is linear in the colour of a stroke
    for stroke, channel in ((0, 0), (2, 1), (5, 2)):
        moved = colours.detach().clone()
        moved[stroke, channel] += 0.25
        other = (work(torch.from_numpy(pile.rows), pile.units, moved, blank) * weight).sum()
        expected = float((other - loss).detach()) / 0.25
        assert float(gradient[stroke, channel]) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_colours_in_closed_form_under_a_symmetry_with_colours(brush) -> None:
    ground, _ = orbifold(COLOURED, 96)
    pile = strokes(ground, 8, 14.0)
    work = Brushwork(brush[1], ground.places, brush[0])
    blank = np.full((ground.places.count, 3), 0.5, np.float32)
    target = painted(ground, brush, pile)
    wrong = np.full_like(pile.colours, 0.4)
    laid = work.lay(pile.rows, pile.units, wrong, blank)
    found = solve_colours(laid, wrong, target, ground.weights, Rules(), sweeps=60)
    np.testing.assert_allclose(found, pile.colours, atol=0.03)


def test_a_picture_without_symmetry_is_a_sheet() -> None:
    symmetry = NoSymmetry().build()
    ground = ground_of(symmetry.layout(30, 20), symmetry, (30, 20))
    assert isinstance(ground, Sheet)
    picture = np.random.default_rng(0).random((20, 30, 3), np.float32)
    values = ground.layout.sample(torch.from_numpy(picture).permute(2, 0, 1)[None])
    np.testing.assert_allclose(ground.view(ground.cells(values)), picture, atol=1e-6)
    np.testing.assert_allclose(ground.values(torch.from_numpy(ground.cells(values))), values, atol=1e-6)
