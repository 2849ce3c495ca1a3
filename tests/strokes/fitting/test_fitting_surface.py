"""Strokes under a symmetry: exactly symmetric, the same as all images painted one by one, with true gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from orbifolio.runner.strokes.brush_models.weights import load_painter
from orbifolio.runner.strokes.fitting.colour_solver import ColourRules, solve_colours
from orbifolio.runner.strokes.fitting.stroke_set import StrokeSet
from orbifolio.runner.strokes.fitting.surface import OrbifoldSurface, PlainSurface, surface_of
from orbifolio.runner.strokes.rasteriser.brush_table import fit_table
from orbifolio.runner.strokes.rasteriser.differentiable import Rasteriser
from orbifolio.runner.strokes.stroke_array import StrokeArray
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
    return painter, fit_table(painter)


def orbifold(settings, width: int) -> tuple[OrbifoldSurface, object]:
    symmetry = settings.build()
    size = symmetry.fit(width, multiple=1, ratio=symmetry.ratio or 1.0)
    surface = surface_of(symmetry.layout(*size), symmetry, size)
    assert isinstance(surface, OrbifoldSurface)
    return surface, symmetry


def strokes(surface: OrbifoldSurface, count: int, length: float) -> StrokeSet:
    """Short strokes all over the domain."""
    random = np.random.default_rng(4)
    left, top = surface.window[:2]
    rows, columns = np.nonzero(surface.share)
    chosen = random.choice(len(rows), count)
    middle = np.stack([columns[chosen] + left, rows[chosen] + top], axis=1) + 0.5
    angle = random.uniform(0, math.pi, count)
    way = length / 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    bent = middle + random.normal(size=(count, 2)) * length / 10
    numbers = np.tile([1.2, 0.7, 0.6], (count, 1))
    lines = np.concatenate([middle - way, bent, middle + way, numbers], axis=1).astype(np.float32)
    colours = random.uniform(0.0, 1.0, (count, 3)).astype(np.float32)
    units = np.full(count, length / 12, np.float32)
    return StrokeSet(StrokeArray(lines, units), colours, np.zeros(count, np.int32))


def painted(surface, brush, painting: StrokeSet, paper: float = 0.5) -> np.ndarray:
    rasteriser = Rasteriser(brush[1], surface.blocks, brush[0])
    blank = np.full((surface.blocks.cell_count, 3), paper, np.float32)
    return rasteriser.composite(painting.strokes, painting.colours, blank).canvas


@pytest.mark.parametrize("settings", FLAT[1:] + CURVED, ids=lambda item: item.kind)
def test_a_painting_has_its_symmetry_and_no_other(settings, brush) -> None:
    surface, symmetry = orbifold(settings, 200)
    cells = painted(surface, brush, strokes(surface, 16, 14.0))
    found = summarise(symmetry, settings.kind, surface.picture(cells))
    assert found["worst"] < 0.02
    assert found["closest_unclaimed"] > 0.2


@pytest.mark.parametrize("settings", [*FLAT, CURVED[0]], ids=lambda item: f"{item.kind}-{getattr(item, 'group', '')}")
def test_it_is_what_all_images_paint_one_by_one(settings, brush) -> None:
    surface, _ = orbifold(settings, 240)
    painting = strokes(surface, 10, 16.0)
    seen = surface.picture(painted(surface, brush, painting))
    images = surface.images(painting)
    assert len(images) > len(painting)
    plain = PlainSurface(NoSymmetry().build().layout(surface.layout.width, surface.layout.height))
    alone = plain.picture(painted(plain, brush, images))
    # where images of one stroke lie over each other the order decides, and beyond the disk nothing is painted
    x, y = np.meshgrid(np.linspace(-1, 1, seen.shape[1]), np.linspace(-1, 1, seen.shape[0]))
    inside = (np.hypot(x, y) < 0.6) if settings.kind == "hyperbolic" else np.ones_like(x, bool)
    away = np.abs(seen - alone)[inside]
    assert seen.std() > 0.02
    assert away.mean() < 0.1 * np.abs(seen - 0.5)[inside].mean()


def test_gradients_through_colours_that_turn(brush) -> None:
    surface, _ = orbifold(COLOURED, 96)
    assert len(surface.blocks.actions.signs) == 3
    painting = strokes(surface, 6, 12.0)
    rasteriser = Rasteriser(brush[1], surface.blocks, brush[0])
    blank = np.full((surface.blocks.cell_count, 3), 0.5, np.float32)
    weight = torch.randn(len(blank), 3, generator=torch.Generator().manual_seed(1))
    colours = torch.from_numpy(painting.colours.copy()).requires_grad_()
    loss = (rasteriser(torch.from_numpy(painting.strokes.rows), painting.strokes.units, colours, blank) * weight).sum()
    (gradient,) = torch.autograd.grad(loss, colours)
    # the picture is linear in the colour of a stroke
    rows, units = painting.strokes
    for stroke, channel in ((0, 0), (2, 1), (5, 2)):
        moved = colours.detach().clone()
        moved[stroke, channel] += 0.25
        other = (rasteriser(torch.from_numpy(rows), units, moved, blank) * weight).sum()
        expected = float((other - loss).detach()) / 0.25
        assert float(gradient[stroke, channel]) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_colours_in_closed_form_under_a_symmetry_with_colours(brush) -> None:
    surface, _ = orbifold(COLOURED, 96)
    painting = strokes(surface, 8, 14.0)
    rasteriser = Rasteriser(brush[1], surface.blocks, brush[0])
    blank = np.full((surface.blocks.cell_count, 3), 0.5, np.float32)
    target = painted(surface, brush, painting)
    wrong = np.full_like(painting.colours, 0.4)
    composite = rasteriser.composite(painting.strokes, wrong, blank)
    found = solve_colours(composite, wrong, target, surface.weights, ColourRules(), sweeps=60)
    np.testing.assert_allclose(found, painting.colours, atol=0.03)


def test_a_picture_without_symmetry_is_a_sheet() -> None:
    symmetry = NoSymmetry().build()
    surface = surface_of(symmetry.layout(30, 20), symmetry, (30, 20))
    assert isinstance(surface, PlainSurface)
    picture = np.random.default_rng(0).random((20, 30, 3), np.float32)
    values = surface.layout.sample(torch.from_numpy(picture).permute(2, 0, 1)[None])
    np.testing.assert_allclose(surface.view(surface.cells(values)), picture, atol=1e-6)
    np.testing.assert_allclose(surface.values(torch.from_numpy(surface.cells(values))), values, atol=1e-6)
