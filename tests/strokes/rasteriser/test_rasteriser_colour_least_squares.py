"""Coordinate descent on colours: SciPy's bounded least squares is the oracle, along any axis."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from orbifolio.runner.strokes.rasteriser.colour_least_squares import ColourBounds, ShareMatrix, WeightedError, descend

CELLS, STROKES = 40, 6


def problem(seed=0):
    """Dense shares (cells, strokes), the same sparse, a target and weights."""
    random = np.random.default_rng(seed)
    shares = random.random((CELLS, STROKES)) * (random.random((CELLS, STROKES)) < 0.5)
    places = [np.flatnonzero(shares[:, n]) for n in range(STROKES)]
    ends = np.cumsum([len(cells) for cells in places])
    cells = np.concatenate(places).astype(np.int32)
    matrix = ShareMatrix(
        np.concatenate([[0], ends[:-1]]),
        ends,
        cells,
        np.concatenate([shares[here, n] for n, here in enumerate(places)]),
        np.zeros(len(cells), np.int32),
        np.array([[0, 1, 2]]),
        np.ones((1, 3), np.float32),
    )
    return shares, matrix, random.uniform(-0.5, 1.5, (CELLS, 3)), random.uniform(0.2, 1, CELLS).astype(np.float32)


def descended(matrix, bounds, shares, target, weights, colours):
    residual = WeightedError(shares @ colours - target, weights)
    descend(matrix, bounds, residual, colours, 500, 0.0)
    np.testing.assert_allclose(residual.errors, shares @ colours - target, atol=1e-9)
    return colours


def bounds(axis=(0, 0, 0)):
    none = np.zeros((0, 3))
    return ColourBounds(np.array(axis, np.float32), none, np.zeros((STROKES, 3)), np.zeros(STROKES))


def test_free_colours_are_the_bounded_least_squares():
    shares, matrix, target, weights = problem()
    colours = descended(matrix, bounds(), shares, target, weights, np.full((STROKES, 3), 0.5))
    root = np.sqrt(weights.astype(np.float64))
    for channel in range(3):
        oracle = lsq_linear(shares * root[:, None], target[:, channel] * root, (0, 1)).x
        np.testing.assert_allclose(colours[:, channel], oracle, atol=1e-5)


@pytest.mark.parametrize("channel", range(3))
def test_colours_change_along_their_axis_alone(channel):
    shares, matrix, target, weights = problem(1)
    before, axis = np.full((STROKES, 3), 0.5), np.eye(3)[channel]
    colours = descended(matrix, bounds(axis), shares, target, weights, before.copy())
    assert np.array_equal(np.delete(colours, channel, 1), np.delete(before, channel, 1))
    root = np.sqrt(weights.astype(np.float64))
    oracle = lsq_linear(shares * root[:, None], target[:, channel] * root, (0, 1)).x
    np.testing.assert_allclose(colours[:, channel], oracle, atol=1e-5)
