"""Tables over several quantities: SciPy's interpolation is the oracle."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from orbifolio.runner.strokes.rasteriser.interpolation_table import TableAxis, weights

AXES = (TableAxis(-1.6, 1.6, 5), TableAxis(0.0, 2.0, 6), TableAxis(0.0, 1.0, 7))


@pytest.fixture
def random():
    return np.random.default_rng(4)


def test_rows_of_weights_interpolate(random):
    table = random.random([axis.count for axis in AXES])
    places = [random.uniform(axis.low, axis.high, 300) for axis in AXES]
    oracle = RegularGridInterpolator([np.linspace(axis.low, axis.high, axis.count) for axis in AXES], table)
    found = weights(places, AXES) @ table.ravel()
    assert np.allclose(found, oracle(np.stack(places, axis=1)), atol=1e-12)


def test_what_lies_outside_is_moved_to_the_end():
    axis = TableAxis(-1.0, 1.0, 5)
    index, part = axis.knot(np.array([-7.0, -1.0, 0.25, 1.0, 9.0]))
    assert index.tolist() == [0, 0, 2, 3, 3]
    assert part == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-5)
    rows = weights([np.array([-7.0, 9.0])], [axis]).toarray()
    assert np.allclose(rows, [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], atol=1e-5)


def test_the_density_is_the_slope_of_a_knots_number():
    for axis in AXES:
        step = (axis.high - axis.low) / 1000
        index, part = axis.knot(np.array([axis.low, axis.low + step]))
        assert np.diff(index + part)[0] / step == pytest.approx(float(axis.density), rel=1e-6)
