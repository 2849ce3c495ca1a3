"""A painting in figures: each against a picture whose value is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.figures import (
    PAINTED,
    SIDE,
    StrokeMarks,
    at_side,
    calm_texture,
    clipped_share,
    edge_agreement,
    figures,
    figures_file,
    histogram,
)
from orbifolio.runner.strokes.document.products import marks_of
from orbifolio.runner.vision.weights import WeightsStore

RANDOM = np.random.default_rng(1)


def stripes(degrees: float) -> np.ndarray:
    """(160, 200, 3) sine waves whose crests run in a direction."""
    turn = np.radians(degrees)
    y, x = np.mgrid[0:160, 0:200]
    wave = 0.5 + 0.3 * np.sin((x * -np.sin(turn) + y * np.cos(turn)) / 3)
    return np.repeat(wave[..., None], 3, axis=2).astype(np.float32)


@pytest.mark.parametrize(("turned", "agreement"), [(0, 1), (45, 0), (90, -1)])
def test_edges_agree_by_twice_their_angle(turned: int, agreement: float) -> None:
    assert edge_agreement(stripes(20 + turned), stripes(20)) == pytest.approx(agreement, abs=0.02)


def test_noise_agrees_by_chance() -> None:
    assert abs(edge_agreement(RANDOM.random((160, 200, 3)).astype(np.float32), stripes(20))) < 0.15


def test_texture_is_that_of_calm_places_alone() -> None:
    picture = np.full((300, 400, 3), 0.5, np.float32)
    picture[:, 200:] += RANDOM.normal(0, 0.2, (300, 200, 3)).astype(np.float32)  # half of it is restless
    noise = RANDOM.normal(0, 0.02, picture.shape).astype(np.float32)
    assert calm_texture(picture + noise, picture) == pytest.approx(0.02, rel=0.05)  # white noise loses 1 % to the blur
    assert calm_texture(picture, picture) < 1e-3
    blurred = ndimage.gaussian_filter(picture + noise, (4, 4, 0))
    assert calm_texture(blurred, picture) < PAINTED / 4  # out of focus


def test_strokes_are_clipped_by_any_channel() -> None:
    colours = np.array([[0, 0.5, 0.5], [0.5, 0.5, 1], [0.4, 0.5, 0.6], [0.01, 0.99, 0.5]], np.float32)
    assert clipped_share(colours) == 0.5
    assert clipped_share(colours[:0]) == 0


def test_each_stroke_is_in_one_bin() -> None:
    values = RANDOM.exponential(3, 500)
    counts = histogram(values, (0.0, 1.0, 2.0, 4.0))
    assert counts[0] == (values < 1).sum()
    assert sum(counts) == 500


def test_a_learnt_brush_has_marks_too() -> None:
    straight = [10, 20, 40, 20, 70, 20, 3, 0.5, 0.5, 1]
    bent = [0, 0, 50, 0, 50, 50, 1, 0.5, 0.5, 1]  # a parabola: 0.8117 of its two legs
    columns, colours = np.array([straight, bent], np.float32), np.zeros((2, 3), np.float32)
    painting = Painting(200, 100, "classic/dry_brush", (1, 1, 1), 1, columns, colours, np.zeros(2, np.int32))
    marks = marks_of(painting)
    np.testing.assert_allclose(marks.lengths, [60, 81.17], rtol=0.002)
    np.testing.assert_allclose(marks.widths, [6, 2])


def test_figures_need_no_network_and_are_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = WeightsStore(tmp_path / "none")
    monkeypatch.setattr("orbifolio.runner.strokes.document.figures.default_store", lambda: empty)
    marks = StrokeMarks(np.array([1.0, 2, 3]), np.array([0.5, 0.5, 1]), np.full((3, 3), 0.5, np.float32))
    picture = RANDOM.random((60, 90, 3)).astype(np.float32)
    found = figures(marks, np.repeat(np.repeat(picture, 2, 0), 2, 1), picture)
    assert "lpips" not in found
    assert "vgg" not in found
    assert list(found)[-1] == "decibels"
    assert found["density"] == pytest.approx(3 / 150)  # 10 by 15 squares
    assert found["lengths"]["quartiles"] == [1.5, 2, 2.5]
    assert json.loads(figures_file({"marks": found}))["marks"]["strokes"] == 3
    assert at_side(picture).shape == (341, SIDE, 3)
    assert not (tmp_path / "none").exists()
