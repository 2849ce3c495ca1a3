"""The action's meaning: order, curve through its via point, pressure profile, connected strokes; NumPy and torch."""

import numpy as np
import pytest
import torch

from orbifolio.runner.strokes.mypaint.actions import (
    NAMES,
    Space,
    bezier,
    bezier_velocity,
    connect,
    draw_actions,
    pressure_at,
)


def action(**values: float) -> np.ndarray:
    row = np.full(12, 0.5, np.float32)
    for name, value in values.items():
        row[NAMES.index(name.replace("_", " "))] = value
    return row[None]


def test_the_order_is_the_papers():
    short = ["end pressure", "size", "via x", "via y", "end x", "end y"]
    assert list(NAMES) == [*short, "red", "green", "blue", "start x", "start y", "entry pressure"]


def test_the_curve_passes_through_start_via_and_end():
    one = action(start_x=0.1, start_y=0.2, via_x=0.9, via_y=0.3, end_x=0.4, end_y=1.0)
    curve = Space(points=101).curve(one)[0]
    assert np.allclose(curve[[0, 50, 100]], [[6.4, 12.8], [57.6, 19.2], [25.6, 64.0]], atol=1e-4)


def test_a_stroke_without_a_bend_moves_evenly():
    one = action(start_x=0, start_y=0, via_x=0.5, via_y=0.25, end_x=1, end_y=0.5)
    curve = Space().curve(one)[0]
    assert np.allclose(np.diff(curve, axis=0), [[64 / 99, 32 / 99]] * 99, atol=1e-4)


def test_the_pressure_ramps_holds_and_ramps():
    profile = Space(points=9).pressures(action(entry_pressure=0.2, end_pressure=1.0))[0]
    assert np.allclose(profile, 0.8 * np.array([0.2, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6, 0.8, 1.0]), atol=1e-6)


def test_a_scale_enlarges_everything_alike():
    one = action(size=0.7)
    assert np.allclose(Space(scale=3).curve(one), 3 * Space().curve(one))
    assert np.exp(Space(scale=3).log_radii(one)) == pytest.approx(3 * np.exp(Space().log_radii(one)))
    assert np.array_equal(Space(scale=3).pressures(one), Space().pressures(one))


def test_connected_strokes_go_on_where_the_one_before_ended():
    actions = draw_actions(5, np.random.default_rng(0))
    joined = connect(actions)
    assert np.array_equal(joined[1:, 9:11], joined[:-1, 4:6])
    assert np.array_equal(joined[1:, 11], joined[:-1, 0])
    assert np.array_equal(joined[:, :9], actions[:, :9])
    assert np.array_equal(joined[0], actions[0])


def test_arrays_and_tensors_agree_and_the_velocity_is_the_derivative():
    random = np.random.default_rng(1)
    start, via, end = random.random((3, 4, 1, 2))
    t = np.linspace(0, 1, 7)[None, :, None]
    tensors = [torch.from_numpy(value) for value in (start, via, end, t)]
    assert np.allclose(bezier(start, via, end, t), bezier(*tensors).numpy())
    slope = (bezier(start, via, end, t + 1e-6) - bezier(start, via, end, t - 1e-6)) / 2e-6
    assert np.allclose(slope, bezier_velocity(start, via, end, t), atol=1e-6)
    entry, leave = random.random((2, 4, 1))
    flat = [torch.from_numpy(value) for value in (entry, leave, t[0, :, 0])]
    assert np.allclose(pressure_at(entry, leave, t[0, :, 0]), pressure_at(*flat).numpy())
