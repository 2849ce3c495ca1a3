"""Both eyes see the depth: phases differ by one repeat across each separation, and matching finds the depth again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from orbifolio.runner.images.autostereogram import autostereogram, cushion, phases, separations

PERIOD, RELIEF = 48.0, 0.4
X, Y = np.meshgrid(np.arange(400), np.arange(60))
HILL = np.exp(-(((X - 230) / 60) ** 2) - ((Y - 30) / 25) ** 2)


def test_separations_are_those_of_the_eyes_geometry() -> None:
    eyes = 2 * PERIOD
    for depth in (0.0, 0.3, 1.0):
        # the screen halfway between the viewer and the farthest: eyes (+-E / 2, 2), screen at height 1, the point at z
        height = RELIEF * depth
        seen = [side * eyes / 2 * (1 - height) / (2 - height) for side in (-1, 1)]
        assert separations(np.array(depth), PERIOD, RELIEF) == pytest.approx(seen[1] - seen[0])


def test_a_flat_surface_repeats_exactly() -> None:
    for depth in (0.0, 1.0):
        flat = np.full((3, 400), depth)
        found, apart = phases(flat, PERIOD, RELIEF), float(separations(np.array(depth), PERIOD, RELIEF))
        x = np.arange(100, 390.0)
        for row in found:
            step = np.interp(x, np.arange(400), row) - np.interp(x - apart, np.arange(400), row)
            assert np.abs(step - 1).max() < 0.02


def test_a_place_shows_the_same_to_both_eyes() -> None:
    found, apart = phases(HILL, PERIOD, RELIEF), separations(HILL, PERIOD, RELIEF)
    places = np.arange(400)
    for row in range(0, 60, 7):
        middle = np.arange(40, 360)
        right = np.interp(middle + apart[row, middle] / 2, places, found[row])
        left = np.interp(middle - apart[row, middle] / 2, places, found[row])
        wrong = np.abs(right - left - 1)
        assert np.median(wrong) < 0.005
        assert (wrong < 0.05).mean() > 0.97  # but where one eye cannot see the place


def test_matching_finds_the_depth_again() -> None:
    pattern = np.random.default_rng(3).random((64, 64, 3)).astype(np.float32)
    picture = autostereogram(pattern, HILL, PERIOD, RELIEF)
    candidates = np.arange(30, 50)
    costs = []
    for apart in candidates:
        left, right = apart // 2, apart - apart // 2
        difference = np.full((60, 400), 9.0)
        difference[:, left : 400 - right] = np.abs(picture[:, apart:] - picture[:, : 400 - apart]).sum(2)
        costs.append(ndimage.uniform_filter(difference, 9))
    best = candidates[np.argmin(costs, axis=0)]
    inner = (slice(8, 52), slice(60, 340))
    error = np.abs(best - separations(HILL, PERIOD, RELIEF))[inner]
    assert np.median(error) < 0.8
    assert (error < 2.5).mean() > 0.9


def test_without_relief_it_is_the_pattern_side_by_side() -> None:
    pattern = np.random.default_rng(4).random((20, 20, 3)).astype(np.float32)
    picture = autostereogram(pattern, np.zeros((40, 100)), 20.0, 0.4)
    assert np.abs(picture[:, 20:] - picture[:, :-20]).max() < 1e-5
    assert np.abs(picture[20:] - picture[:-20]).max() < 1e-5
    assert np.abs(picture[:20, 50:70] - pattern).max() < 0.51  # half a pixel aside
    assert picture.shape == (40, 100, 3)


def test_a_silhouette_becomes_a_cushion() -> None:
    shape = (np.hypot(X - 200, 3 * (Y - 30)) < 80).astype(np.float32)
    depth = cushion(shape)
    assert depth[30, 200] > 0.95
    assert depth[30, 10] == pytest.approx(0, abs=1e-6)
    assert (np.diff(depth[30, 125:200]) >= -1e-9).all()
    assert cushion(np.zeros((8, 8), np.float32)).max() == 0
