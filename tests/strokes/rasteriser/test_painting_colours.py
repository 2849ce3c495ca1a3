"""Colours in closed form, gains, palettes; where strokes begin; in which order they are told."""

import numpy as np
import pytest
from brush_here import strokes, work
from scipy.optimize import lsq_linear

from orbifolio.runner.strokes.fitting.colour_solver import Rules, choose_palette, parse, solve_colours, stroke_gains
from orbifolio.runner.strokes.fitting.levels import budgets, radius_of
from orbifolio.runner.strokes.fitting.ordering import by_hand, chained
from orbifolio.runner.strokes.fitting.seeding import seed_strokes
from orbifolio.runner.strokes.fitting.stroke_set import Pile
from orbifolio.runner.strokes.rasteriser.network_opacity import listed

WIDTH, HEIGHT = 36, 24
PAPER = np.ones((WIDTH * HEIGHT, 3), np.float32)
WEIGHTS = np.ones(WIDTH * HEIGHT, np.float32)


def scene(count: int = 8, seed: int = 0):
    rows, units, colours = strokes(count, WIDTH, HEIGHT, seed)
    brush = work(WIDTH, HEIGHT)
    target = np.random.default_rng(seed + 9).random((WIDTH * HEIGHT, 3)).astype(np.float32)
    return brush, rows, units, colours, target, brush.lay(rows, units, colours, PAPER)


def error(brush, rows, units, colours, target) -> float:
    return float(np.square(brush.lay(rows, units, colours, PAPER).canvas - target).sum())


def test_solved_colours_are_bounded_least_squares():
    brush, rows, units, colours, target, laid = scene()
    found = solve_colours(laid, colours, target, WEIGHTS, Rules(), sweeps=200)
    index = listed(laid.pairs)
    design = np.zeros((WIDTH * HEIGHT, len(rows)))
    stroke = np.repeat(np.arange(len(rows)), laid.pairs.ends - laid.pairs.starts)
    np.add.at(design, (laid.cells[index], stroke), laid.shares()[index])
    for channel in range(3):
        rest = target[:, channel] - (1 - design.sum(1))
        best = lsq_linear(design, rest, (0, 1)).x
        ours = np.square(design @ found[:, channel] - rest).sum()
        assert ours <= np.square(design @ best - rest).sum() * 1.002


@pytest.mark.parametrize(
    "rules",
    [Rules(grey=True), Rules(palette=np.array([[0, 0, 0], [1, 0.5, 0], [0.2, 0.4, 0.9]], np.float32))],
    ids=["grey", "palette"],
)
def test_rules_are_kept_exactly_and_still_help(rules):
    brush, rows, units, colours, target, _ = scene()
    begun = rules.keep(colours)
    laid = brush.lay(rows, units, begun, PAPER)
    found = solve_colours(laid, begun, target, WEIGHTS, rules)
    assert np.allclose(rules.keep(found), found, atol=1e-6)
    assert error(brush, rows, units, found, target) <= error(brush, rows, units, begun, target) + 1e-3
    if rules.grey:
        assert np.ptp(found, axis=1).max() < 1e-6
    else:
        assert {tuple(row) for row in found.tolist()} <= {tuple(row) for row in rules.palette.tolist()}


def test_gains_are_what_the_error_grows_by_without_a_stroke():
    brush, rows, units, colours, target, laid = scene()
    whole = error(brush, rows, units, colours, target)
    for number, gain in enumerate(stroke_gains(laid, colours, target, WEIGHTS)):
        rest = np.arange(len(rows)) != number
        without = error(brush, rows[rest], units[rest], colours[rest], target)
        assert gain == pytest.approx(without - whole, rel=1e-3, abs=1e-2)


def test_a_palette_finds_the_colours_of_a_picture():
    held = np.array([[0.1, 0.1, 0.1], [0.9, 0.2, 0.1], [0.2, 0.4, 0.9]], np.float32)
    random = np.random.default_rng(0)
    picture = held[random.integers(3, size=3000)] + random.normal(0, 0.01, (3000, 3)).astype(np.float32)
    found = choose_palette(picture, 3, random)
    assert min(np.abs(found - colour).max(1).min() for colour in held) < 0.02
    assert parse("#ff0080") == (1.0, 0.0, 128 / 255)


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
    across = np.abs(seeds.lines[:, 4] - seeds.lines[:, 0])
    along = np.abs(seeds.lines[:, 5] - seeds.lines[:, 1])
    assert ((seeds.lines[:, 2] > 21) & (seeds.lines[:, 2] < 33)).all()
    assert np.median(along) > 4 * np.median(across)
    assert (seeds.colours < 0.6).all()


def test_an_order_for_a_hand_leaves_the_picture_as_it_is_and_is_shorter():
    rows, units, colours = strokes(60, 200, 150, seed=5)
    rows[:, 6] = 0.3
    brush = work(200, 150)
    pile = Pile(rows, units, colours, np.zeros(60, np.int32))
    order = by_hand(brush, pile)
    assert sorted(order) == list(range(60))
    paper = np.ones((200 * 150, 3), np.float32)
    before = brush.lay(rows, units, colours, paper).canvas
    told = pile.take(order)
    assert np.abs(brush.lay(told.rows, units, told.colours, paper).canvas - before).max() < 0.02

    def travel(held):
        return np.hypot(*(held.rows[1:, 0:2] - held.rows[:-1, 4:6]).T).sum()

    assert travel(told) < 0.8 * travel(pile)
    chain = pile.take(chained(rows, None))
    assert travel(chain) < 0.6 * travel(pile)
