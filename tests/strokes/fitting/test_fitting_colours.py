"""Colours in closed form, gains, palettes; where strokes begin; in which order they are told."""

import numpy as np
import pytest
from brush_here import rasteriser, strokes
from scipy.optimize import lsq_linear

from orbifolio.runner.strokes.fitting.colour_solver import (
    ColourRules,
    choose_palette,
    seen_colours,
    solve_colours,
    stroke_gains,
)
from orbifolio.runner.strokes.fitting.levels import budgets, radius_of
from orbifolio.runner.strokes.fitting.ordering import by_hand, chained
from orbifolio.runner.strokes.fitting.seeding import seed_strokes
from orbifolio.runner.strokes.fitting.stroke_set import StrokeSet

WIDTH, HEIGHT = 36, 24
PAPER = np.ones((WIDTH * HEIGHT, 3), np.float32)
WEIGHTS = np.ones(WIDTH * HEIGHT, np.float32)


def scene(count: int = 8, seed: int = 0):
    some, colours = strokes(count, WIDTH, HEIGHT, seed)
    brush = rasteriser(WIDTH, HEIGHT)
    target = np.random.default_rng(seed + 9).random((WIDTH * HEIGHT, 3)).astype(np.float32)
    return brush, some, colours, target, brush.composite(some, colours, PAPER)


def error(brush, some, colours, target) -> float:
    return float(np.square(brush.composite(some, colours, PAPER).canvas - target).sum())


def test_solved_colours_are_bounded_least_squares():
    brush, some, colours, target, composite = scene()
    found = solve_colours(composite, colours, target, WEIGHTS, ColourRules(), sweeps=200)
    numbers = composite.pairs.numbers()
    design = np.zeros((WIDTH * HEIGHT, some.size))
    np.add.at(design, (composite.cells[numbers], composite.pairs.owners()), composite.shares()[numbers])
    for channel in range(3):
        rest = target[:, channel] - (1 - design.sum(1))
        best = lsq_linear(design, rest, (0, 1)).x
        ours = np.square(design @ found[:, channel] - rest).sum()
        assert ours <= np.square(design @ best - rest).sum() * 1.002


def test_a_ridge_leads_from_the_best_fit_to_the_colours_under_the_strokes():
    brush, some, colours, target, composite = scene()
    numbers, shares = composite.pairs.numbers(), composite.shares()
    owners, cells = composite.pairs.owners(), composite.cells[numbers]
    means = seen_colours(composite, colours, target, WEIGHTS)
    for n in range(some.size):
        part = owners == n
        if shares[numbers[part]].sum() > 1e-3:
            expected = np.average(target[cells[part]], axis=0, weights=shares[numbers[part]])
            assert np.allclose(means[n], expected, atol=1e-4)
    away = [
        np.abs(solve_colours(composite, colours, target, WEIGHTS, ColourRules(), sweeps=60, ridge=ridge) - means).max()
        for ridge in (0.0, 1.0, 1e4)
    ]
    assert away[0] > away[1] > away[2]
    assert away[2] < 0.01


@pytest.mark.parametrize(
    "rules",
    [ColourRules(grey=True), ColourRules(palette=np.array([[0, 0, 0], [1, 0.5, 0], [0.2, 0.4, 0.9]], np.float32))],
    ids=["grey", "palette"],
)
def test_rules_are_kept_exactly_and_still_help(rules):
    brush, some, colours, target, _ = scene()
    first = rules.nearest(colours)
    found = solve_colours(brush.composite(some, first, PAPER), first, target, WEIGHTS, rules, sweeps=6)
    assert np.allclose(rules.nearest(found), found, atol=1e-6)
    assert error(brush, some, found, target) <= error(brush, some, first, target) + 1e-3
    if rules.grey:
        assert np.ptp(found, axis=1).max() < 1e-6
    else:
        assert {tuple(row) for row in found.tolist()} <= {tuple(row) for row in rules.palette.tolist()}


def test_gains_are_what_the_error_grows_by_without_a_stroke():
    brush, some, colours, target, composite = scene()
    whole = error(brush, some, colours, target)
    for number, gain in enumerate(stroke_gains(composite, colours, target, WEIGHTS)):
        rest = np.arange(some.size) != number
        without = error(brush, some.take(rest), colours[rest], target)
        assert gain == pytest.approx(without - whole, rel=1e-3, abs=1e-2)


def test_a_palette_finds_the_colours_of_a_picture():
    held = np.array([[0.1, 0.1, 0.1], [0.9, 0.2, 0.1], [0.2, 0.4, 0.9]], np.float32)
    random = np.random.default_rng(0)
    picture = held[random.integers(3, size=3000)] + random.normal(0, 0.01, (3000, 3)).astype(np.float32)
    found = choose_palette(picture, 3, random)
    assert min(np.abs(found - colour).max(1).min() for colour in held) < 0.02


def test_budgets_are_exact_and_radii_within_limits():
    for strokes_asked in (1, 3, 17, 500, 12345):
        assert sum(budgets(strokes_asked, (32, 64, 128))) == strokes_asked
    assert radius_of(10, 0, 100 * 100, 1, 3) == 3
    assert radius_of(100000, 3, 100 * 100, 1, 30) == 1


def test_strokes_begin_where_the_error_is_along_the_edges():
    target = np.ones((40, 40, 3), np.float32)
    target[:, 24:30] = 0.1  # a dark upright stripe
    seeds = seed_strokes(
        target, np.ones_like(target), np.ones((40, 40), np.float32), 5, 3.0, 30.0, np.random.default_rng(0)
    )
    across = np.abs(seeds.curves[:, 4] - seeds.curves[:, 0])
    along = np.abs(seeds.curves[:, 5] - seeds.curves[:, 1])
    assert ((seeds.curves[:, 2] > 21) & (seeds.curves[:, 2] < 33)).all()
    assert np.median(along) > 4 * np.median(across)
    assert (seeds.colours < 0.6).all()


def test_an_order_for_a_hand_leaves_the_picture_as_it_is_and_is_shorter():
    some, colours = strokes(60, 200, 150, seed=5)
    some.log_radii[:] = 0.3
    brush = rasteriser(200, 150)
    painting = StrokeSet(some, colours, np.zeros(60, np.int32))
    order = by_hand(brush, painting)
    assert sorted(order) == list(range(60))
    paper = np.ones((200 * 150, 3), np.float32)
    before = brush.composite(some, colours, paper).canvas
    ordered = painting.take(order)
    assert np.abs(brush.composite(ordered.strokes, ordered.colours, paper).canvas - before).max() < 0.02

    def travel(item: StrokeSet) -> float:
        return float(np.hypot(*(item.strokes.starts[1:] - item.strokes.ends[:-1]).T).sum())

    assert travel(ordered) < 0.8 * travel(painting)
    assert travel(painting.take(chained(some, None))) < 0.6 * travel(painting)


def test_an_even_level_begins_in_calm_parts_too():
    target = np.full((40, 60, 3), 0.5, np.float32)
    target[:, :20] = np.random.default_rng(1).random((40, 20, 3))
    canvas, weights = np.full_like(target, 0.52), np.ones((40, 60), np.float32)

    def calm(evenness: float) -> float:
        found = seed_strokes(target, canvas, weights, 90, 3.0, 20.0, np.random.default_rng(0), evenness=evenness)
        return float((found.curves[:, 2] > 24).mean())

    assert calm(0.0) < 0.05 < 0.3 < calm(3.0)
