"""The trace against the same geometry in NumPy, every place of every stroke looked at with nothing left out."""

import numpy as np
import pytest
from brush_here import brush_table, strokes

from orbifolio.runner.strokes.brush_models.implicit import MARGIN
from orbifolio.runner.strokes.geometry import FLOOR
from orbifolio.runner.strokes.mypaint.actions import Space
from orbifolio.runner.strokes.rasteriser.brush_table import gentle_strokes
from orbifolio.runner.strokes.rasteriser.opacity import _heading
from orbifolio.runner.strokes.rasteriser.pixel_blocks import pixel_grid
from orbifolio.runner.strokes.rasteriser.trace import CHORDS, trace
from orbifolio.runner.strokes.stroke_array import END_PRESSURE, ENTRY_PRESSURE, LOG_RADIUS
from orbifolio.runner.strokes.stroke_profile import fade, press

WIDTH, HEIGHT = 64, 48
TRAITS = {
    "round": {},
    "flat": {"ratio": 3.0, "degrees": 40.0},
    "swelling": {"swelling": ((0.0, -0.5), (0.5, 0.0), (1.0, 0.6))},
}


def parabola(row, t):
    """(..., 2) a curve through start, via (at half the time) and end."""
    start, via, end = row[:2], row[2:4], row[4:6]
    t = np.asarray(t)[..., None]
    return start + t * (4 * via - 3 * start - end) + t * t * 2 * (start - 2 * via + end)


def geometry(row, unit, footprint, places):
    """(reached, time, distance, passing) of each place, by the nearest of all chords in their own radii."""
    times = np.arange(CHORDS + 1) / CHORDS
    curve = parabola(row.astype(np.float64), times) @ footprint.metric.T
    pressures = [press(row[ENTRY_PRESSURE], row[END_PRESSURE], t) for t in times]
    added = np.interp(pressures, *footprint.swelling.T)
    radii = (np.exp(row[LOG_RADIUS] + added) + FLOOR) * unit
    steps = np.diff(curve, axis=0)
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*steps.T))])
    away = (places @ footprint.metric.T)[:, None] - curve[:-1]
    foot = (away * steps).sum(2) / ((steps**2).sum(1) + 1e-12)
    cut = foot.clip(0, 1)
    radius = radii[:-1] + cut * np.diff(radii)
    relative = np.hypot(*np.moveaxis(away - cut[..., None] * steps, 2, 0)) / radius
    chord = relative.argmin(1)
    at = (np.arange(len(places)), chord)
    beyond = (chord == 0) & (foot[at] < 0) | (chord == CHORDS - 1) & (foot[at] > 1)
    passed = lengths[chord] + np.where(beyond, foot[at], cut[at]) * np.diff(lengths)[chord]
    ends = [
        (fade(here / r)[0] + fade((lengths[-1] - here) / r)[0]) / 2 for here, r in zip(passed, radius[at], strict=True)
    ]
    reached = relative[at] * radius[at] < footprint.reach * radius[at] + MARGIN * unit
    return reached, (chord + cut[at]) / CHORDS, relative[at], np.array(ends)


@pytest.mark.parametrize("traits", TRAITS)
def test_places_times_distances_and_ends_are_those_of_the_nearest_chord(traits):
    some, _ = strokes(24, WIDTH, HEIGHT, seed=5)
    footprint, blocks = brush_table(**TRAITS[traits]).footprint, pixel_grid(WIDTH, HEIGHT)
    pairs = trace(some, footprint, blocks)
    for number in range(some.size):
        reached, times, distances, ends = geometry(some.rows[number], some.units[number], footprint, blocks.points)
        here = slice(pairs.starts[number], pairs.ends[number])
        assert np.array_equal(np.sort(pairs.places[here]), np.flatnonzero(reached))
        order = pairs.places[here]
        np.testing.assert_allclose(pairs.distances[here], distances[order], atol=1e-4)
        # two chords may be as near but for rounding
        assert np.mean(np.abs(pairs.times[here] - times[order]) > 1e-4) < 0.002
        assert np.mean(np.abs(pairs.passings[here] - ends[order]) > 1e-3) < 0.002


def test_gentle_strokes_are_bent_across_and_go_in_all_directions():
    space = Space(log_radius=1.5)
    rows = gentle_strokes(4000, space, np.random.default_rng(2))
    start, via, end = rows[:, :2], rows[:, 2:4], rows[:, 4:6]
    along = end - start
    length = np.hypot(*along.T)
    assert np.abs(start + end).max() < 1e-12
    assert np.abs((via * along).sum(1) / length).max() < 1e-9
    assert (np.hypot(*via.T) <= 0.2 * length + 1e-9).all()
    assert 0.2 < np.abs(via @ [0, 1]).mean() / np.abs(via @ [1, 0]).mean() < 5
    assert np.histogram(np.arctan2(*along.T), bins=8, range=(-np.pi, np.pi))[0].min() > 400
    quarters = np.histogram(np.log(length), bins=4, range=(0, np.log(64)))[0]
    assert quarters.sum() == 4000
    assert quarters.min() > 850
    assert (rows[:, 6] >= 0).all()
    assert (rows[:, 7:] >= 0.02).all()
    assert (rows[:, 7:] <= 1).all()


def test_a_curve_heads_where_it_goes():
    some, _ = strokes(6, WIDTH, HEIGHT)
    metric = np.array([[1.0, 0.3], [0.2, 2.0]])
    for row in some.rows:
        for t in (0.0, 0.25, 1.0):
            step = (parabola(row.astype(np.float64), t + 1e-4) - parabola(row.astype(np.float64), t - 1e-4)) @ metric.T
            assert np.abs(np.array(_heading(row, metric, t)) - step / np.hypot(*step)).max() < 1e-3
