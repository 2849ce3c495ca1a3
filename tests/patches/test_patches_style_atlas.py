"""Styles side by side: samples between pixels are a cubic spline's, and budgets follow detail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from orbifolio.runner.patches.style_atlas import CELL, PatchStyle, style_tables


def noise(tall: int, wide: int, seed: int = 1) -> np.ndarray:
    coarse = np.random.default_rng(seed).random((tall // 4 + 2, wide // 4 + 2, 3))
    rows, columns = np.mgrid[0:tall, 0:wide] / 4
    return np.stack([map_coordinates(coarse[..., c], [rows, columns], order=3) for c in range(3)], 2).clip(0, 1)


def test_pixels_stand_at_even_samples_and_a_cubic_spline_between_them() -> None:
    picture = noise(40, 60).astype(np.float32)
    tables = style_tables([PatchStyle(picture, 40.0)], 1.0, 1000)
    fine = tables.fine[:79, :119]
    np.testing.assert_allclose(fine[::2, ::2], picture - 0.5, atol=1e-6)
    rows, columns = np.mgrid[0:39.5:0.5, 0:59.5:0.5]
    for channel in range(3):
        oracle = map_coordinates(picture[..., channel] - 0.5, [rows, columns], order=3, mode="mirror")
        np.testing.assert_allclose(fine[..., channel], np.clip(oracle, -0.5, 0.5), atol=1e-4)


def test_styles_have_cells_of_their_own() -> None:
    tables = style_tables([PatchStyle(noise(40, 60), 40.0), PatchStyle(noise(33, 30, 2), 30.0, weight=3.0)], 1.0, 10)
    (first, second), rows = tables.bounds, tables.bounds[:, [1, 3]] / CELL
    assert np.floor(rows[0, 1]) < np.floor(rows[1, 0])
    assert first.tolist() == [0, 0, 59, 39]
    assert (second[2] - second[0] + 1, second[3] - second[1] + 1) == (30, 33)
    assert tables.shares.tolist() == [0.25, 1.0]


def test_details_have_more_of_the_budget_than_skies() -> None:
    picture = np.full((64, 64, 3), 0.5, np.float32)
    picture[:, 32:] = noise(64, 32)
    tables = style_tables([PatchStyle(picture, 64.0)], 1.0, 0)
    sky, detail = tables.budget[:16, :6].sum(), tables.budget[:16, 10:16].sum()
    assert detail > 4 * sky > 0
    # With many orbits for each pixel every cell may be used in proportion.
    many = style_tables([PatchStyle(picture, 64.0)], 1.0, 64 * 64 * 7)
    np.testing.assert_allclose(many.budget, 7 * tables.budget)


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.1])
def test_a_style_is_scaled_by_its_shorter_side(scale: float) -> None:
    tables = style_tables([PatchStyle(noise(80, 120), 60.0)], scale, 10)
    left, top, right, bottom = tables.bounds[0]
    assert bottom - top + 1 == max(12, round(60 * scale))
    assert right - left + 1 == pytest.approx(1.5 * (bottom - top + 1), abs=1)
