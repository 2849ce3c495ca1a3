"""Refining: gradients agree with the paint itself, strokes keep their body, and equal seeds give equal bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from bristled import some_strokes, strokes_of
from skimage import data

from orbifolio.runner.images import oklab
from orbifolio.runner.objectives.pixels import PixelDifference
from orbifolio.runner.painting.bristle_canvas import BristleCanvas
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.document import BristlePainting, PaintedSymmetry
from orbifolio.runner.painting.folded_canvas import FoldedCanvas
from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.painting.refining.movable_strokes import END, GAMUT, Leeway, MovableStrokes, stretched
from orbifolio.runner.painting.refining.pull_back import START, STOP, WIDTH, pulled_back
from orbifolio.runner.painting.refining.refiner import RefiningContext, StrokeRefiner, held_to
from orbifolio.runner.painting.refining.settings import StrokeRefinement
from orbifolio.runner.symmetry.kinds.plane import Plane

SIZE = (96, 72)
EVEN = Oil(pickup=0.0, streaks=0.0, dryness=0.0, relief=0.0, weave=0.0, varnish=0.0)
"""Paint whose bristles leave the colour of the stroke as it is, and do not run dry."""


def painting(strokes: BristleStrokes, look: Oil = EVEN, symmetric: PaintedSymmetry | None = None) -> BristlePainting:
    size = SIZE if symmetric is None else symmetric.size
    return BristlePainting(size, size, look, (0.5, 0.4, 0.3), 7, strokes, (strokes.size,), symmetric=symmetric)


def under_p4() -> PaintedSymmetry:
    return PaintedSymmetry(Plane(group="p4", colours={"r4": ["r", "b", "g"]}), None, (96, 96))


def towards(of: BristlePainting) -> np.ndarray:
    """A gradient of any kind: that of sum(towards * colours)."""
    width, height = of.size
    return np.random.default_rng(4).normal(size=(height, width, 3)).astype(np.float32)


def score(of: BristlePainting) -> float:
    return float((towards(of) * of.drawn().colours().astype(np.float64)).sum())


def gradient(of: BristlePainting) -> np.ndarray:
    return of.drawn().passed_back(of.strokes, of.plan_size, towards(of), pulled_back)


@pytest.mark.parametrize("symmetric", [None, under_p4()], ids=["plain", "p4 with colours"])
def test_colours_are_passed_back_as_they_are_painted(symmetric: PaintedSymmetry | None) -> None:
    strokes = some_strokes(40, 70, 60)
    strokes = strokes._replace(colours=0.2 + 0.6 * strokes.colours)
    before = painting(strokes, symmetric=symmetric)
    found = gradient(before)[:, :3]
    assert (np.abs(found) > 1).sum() > 40  # strokes that are seen
    for stroke in (3, 20, 39):
        for channel in range(3):
            colours = strokes.colours.copy()
            colours[stroke, channel] += 0.1
            change = score(replace(before, strokes=strokes._replace(colours=colours))) - score(before)
            assert change / 0.1 == pytest.approx(found[stroke, channel], abs=0.02 * np.abs(found).max())


def moved_ends(strokes: BristleStrokes, stroke: int, end: int, by: float) -> BristleStrokes:
    moved = np.zeros((strokes.size, 2))
    moved[stroke, end] = by
    return strokes._replace(points=stretched(strokes.points, strokes.offsets, moved))


def test_ends_and_widths_are_passed_back_as_they_are_painted() -> None:
    """Strokes apart from each other on a plain ground: what they gain at an end is their colour beside the ground's."""
    strokes = strokes_of(
        [(15, 15), (40, 15)], [(15, 40), (45, 40)], [(70, 15), (70, 55)], radius=6.0, colour=(0.9, 0.2, 0.3)
    )
    before = painting(strokes)
    smooth = np.ones((SIZE[1], SIZE[0], 3), np.float32)
    smooth[:, :, 1:] *= np.array([0.5, -0.7])

    def seen(of: BristlePainting) -> float:
        return float((smooth * of.drawn().colours().astype(np.float64)).sum())

    found = before.drawn().passed_back(strokes, SIZE, smooth, pulled_back)
    for stroke in range(3):
        for end, column in ((0, START), (1, STOP)):
            longer = seen(replace(before, strokes=moved_ends(strokes, stroke, end, 1.0)))
            shorter = seen(replace(before, strokes=moved_ends(strokes, stroke, end, -1.0)))
            assert found[stroke, column] == pytest.approx((longer - shorter) / 2, rel=0.35)
        changes = []
        for factor in (0.95, 1.05):
            radii = strokes.radii.copy()
            radii[stroke] *= factor
            changes.append(seen(replace(before, strokes=strokes._replace(radii=radii))))
        # what a wider stroke's ends gain by being rounder is left out
        assert 0.4 < found[stroke, WIDTH] / ((changes[1] - changes[0]) / 0.1) < 1.6


def test_lines_are_stretched_along_themselves() -> None:
    strokes = strokes_of([(0, 0), (10, 0), (10, 10)], [(0, 5), (20, 5)])
    kept = stretched(strokes.points, strokes.offsets, np.zeros((2, 2)))
    assert kept.tobytes() == strokes.points.tobytes()
    moved = strokes._replace(points=stretched(strokes.points, strokes.offsets, np.array([[5.0, -5.0], [-5.0, 10.0]])))
    assert moved.points[[0, 2, 3, 4], :2].tolist() == [[-5, 0], [10, 5], [5, 5], [30, 5]]
    assert moved.lengths()[1] == 25


def test_strokes_keep_their_body() -> None:
    strokes = some_strokes(30, *SIZE)
    movable = MovableStrokes(strokes, Leeway(ends=2.0, widths=0.2, shortest=0.6))
    random = torch.Generator().manual_seed(1)
    for tensor in movable.parameters():
        tensor.copy_(torch.randn(tensor.shape, generator=random))
    movable.keep_body()
    now = movable.strokes()
    assert (now.lengths() >= 0.57 * strokes.lengths()).all()  # a bend is cut where its points come nearer
    assert (np.abs(np.log(now.radii / strokes.radii)) <= np.log(1.2) + 1e-5).all()
    assert (np.abs(movable.ends.numpy()) * END <= 2.0 + 1e-5).all()
    low, high = np.minimum(strokes.colours, GAMUT[0]), np.maximum(strokes.colours, GAMUT[1])
    assert ((now.colours >= low) & (now.colours <= high)).all()
    assert (now.bodies == strokes.bodies).all()
    assert (now.seeds == strokes.seeds).all()


def test_a_palette_is_kept_to() -> None:
    paints = oklab.from_srgb(np.array([[0.1, 0.1, 0.15], [0.95, 0.9, 0.8]]))
    held = oklab.from_srgb(held_to(np.random.default_rng(2).random((50, 3)), paints, 1.0).astype(np.float64))
    way = paints[1] - paints[0]
    off = np.linalg.norm(np.cross(held - paints[0], way), axis=1) / np.linalg.norm(way)
    assert off.max() < 0.005


def refiner(symmetric: PaintedSymmetry | None = None) -> StrokeRefiner:
    strokes = some_strokes(80, *SIZE)
    coffee = torch.from_numpy(data.coffee()[:360, :480].astype(np.float32) / 255).permute(2, 0, 1)[None]

    def subject(size: tuple[int, int]) -> torch.Tensor:
        return torch.nn.functional.interpolate(coffee, size=size[::-1], mode="area")

    settings = StrokeRefinement(steps=6, size=64, objectives=(PixelDifference(weight=40),))
    context = RefiningContext(3, 0, "cpu", lambda name: coffee, lambda name: coffee, subject)
    return StrokeRefiner(settings, painting(strokes, Oil(), symmetric), context)


@pytest.mark.parametrize("symmetric", [None, under_p4()], ids=["plain", "p4 with colours"])
def test_steps_lower_the_loss_of_the_paint(symmetric: PaintedSymmetry | None) -> None:
    work = refiner(symmetric)
    losses = [sum(work.step()[0].values()) for _ in range(6)]
    assert losses[-1] < 0.9 * losses[0]
    shown = work.painting().drawn()
    assert isinstance(shown, BristleCanvas if symmetric is None else FoldedCanvas)
    assert work.painting().passes == work.placed.passes


def test_a_refiner_continues_with_the_same_bytes() -> None:
    whole, first, second = refiner(), refiner(), refiner()
    for _ in range(5):
        whole.step()
    for _ in range(2):
        first.step()
    second.load_state_dict(first.state_dict())
    for _ in range(3):
        second.step()
    assert second.picture().tobytes() == whole.picture().tobytes()
