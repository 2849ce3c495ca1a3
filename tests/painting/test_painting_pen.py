"""Lines of a pen: evenly spaced, only where they may be, darker where the picture is."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage import data

from orbifolio.runner.painting.looks import PenAndInk
from orbifolio.runner.painting.pen_lines import PenField, PenRules, draw_lines
from orbifolio.runner.painting.session import Brief, PaintingSession

CONTOURS_LEVEL = 6  # after six families for tones


def test_lines_keep_their_distance_and_stay_inside() -> None:
    y, x = np.mgrid[0:150, 0:200]
    angles = (0.4 * np.sin(x / 40) + 0.3).astype(np.float32)
    inside = ((x - 100) ** 2 + (y - 75) ** 2 < 60**2).astype(np.float32)
    seeds = np.random.default_rng(1).uniform(0, [200, 150], (3000, 2))
    seeds = seeds[inside[seeds[:, 1].astype(int), seeds[:, 0].astype(int)] > 0]
    points, offsets, kept = draw_lines(PenField(angles, inside, 8.0), seeds, np.full(len(seeds), 1.0), PenRules(80, 7))
    assert len(kept) == len(offsets) - 1 > 8
    assert (inside[points[:, 1].astype(int), points[:, 0].astype(int)] == 1).all()
    line = np.repeat(np.arange(len(kept)), np.diff(offsets))
    pairs = np.array(sorted(cKDTree(points).query_pairs(4.0)))
    apart = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)[line[pairs[:, 0]] != line[pairs[:, 1]]]
    assert apart.min() > 1  # only where a line ends at another does it come nearer than half the spacing
    assert (apart < 3).mean() < 0.25
    # and no gap is left where another line would fit
    gaps = cKDTree(points).query(seeds)[0]
    assert np.quantile(gaps, 0.95) < 8


def test_ink_is_darkest_where_the_picture_is() -> None:
    picture = np.ascontiguousarray(data.coffee()[20:260, 100:460]).astype(np.float32) / 255
    work = PaintingSession(Brief(PenAndInk(), seed=1, plan_side=360), picture, (360, 240))
    for number in range(len(work.passes)):
        work.paint_pass(number)
    drawn, wanted = (ndimage.gaussian_filter(item.mean(2), 8) for item in (work.picture(), work.subject.picture))
    assert np.corrcoef(drawn.ravel(), wanted.ravel())[0, 1] > 0.6
    colours = np.unique(work.strokes.colours, axis=0)
    assert len(colours) == 1
    few = PaintingSession(Brief(PenAndInk(), seed=1, plan_side=360, most_strokes=100), picture, (360, 240))
    for number in range(len(few.passes)):
        few.paint_pass(number)
    assert few.strokes.size <= 100


def drawn_in(work: PaintingSession, inside: np.ndarray) -> set[int]:
    """Families that have lines where a mask is."""
    strokes = work.strokes
    columns, rows = strokes.points[:, :2].astype(int).T
    line = np.repeat(np.arange(strokes.size), np.diff(strokes.offsets))
    return set(strokes.layers[line[inside[rows, columns]]].tolist())


def test_a_soft_shadow_on_a_light_thing_is_hatched_lighter_than_an_eye() -> None:
    y, x = np.mgrid[0:240, 0:240]
    face, shadow = np.hypot(x - 120, y - 120), np.hypot(x - 140, y - 120)
    tone = np.where(face < 70, 0.74 - 0.24 * np.exp(-((shadow / 9) ** 2)), 0.85)
    tone[190:] = 0.05  # a coat
    tone[100:106, 95:101] = 0.1  # an eye
    picture = np.repeat(tone[..., None], 3, 2).astype(np.float32)
    work = PaintingSession(Brief(PenAndInk(), seed=1, plan_side=240), picture, (240, 240))
    for number in range(len(work.passes)):
        work.paint_pass(number)
    tones = drawn_in(work, shadow < 7) - {CONTOURS_LEVEL}
    assert {0, 1} <= tones
    dense = {3, 4, 5}  # lines crossed more than once
    assert not tones & dense
    assert drawn_in(work, y > 200) >= dense
    assert drawn_in(work, np.hypot(x - 98, y - 103) < 4) & dense


def test_few_lines_are_shared_by_tones_and_contours() -> None:
    picture = np.ascontiguousarray(data.coffee()[20:260, 100:460]).astype(np.float32) / 255
    few = PaintingSession(Brief(PenAndInk(), seed=1, plan_side=360, most_strokes=200), picture, (360, 240))
    for number in range(len(few.passes)):
        few.paint_pass(number)
    assert few.strokes.size <= 200
    assert set(few.strokes.layers.tolist()) == set(range(CONTOURS_LEVEL + 1))
