"""What a painter sees: edges kept, directions, paints, faces; where strokes go."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from skimage.filters import sato

from orbifolio.runner.images import oklab
from orbifolio.runner.painting.directions import directions
from orbifolio.runner.painting.grounds import grain
from orbifolio.runner.painting.looks import LOOKS, Bold, Oil
from orbifolio.runner.painting.paints import Liberty, choose_paints, desaturate, mix, saturate, take_liberties
from orbifolio.runner.painting.saliency import (
    LINE_WIDTHS,
    Face,
    find_faces,
    line_strength,
    own_texture,
    quietness,
    saliency,
    thin_lines,
)
from orbifolio.runner.painting.smoothing import smooth, smooth_within_edges
from orbifolio.runner.painting.spines import STRAIGHT, SpineField, SpineRules, trace
from orbifolio.runner.painting.subject import see, toned
from orbifolio.runner.settings import field_help


@pytest.mark.parametrize("deviation", [1.0, 7.0, 20.0])
def test_wide_gaussians_are_those_of_scipy(deviation: float) -> None:
    field = ndimage.gaussian_filter(np.random.default_rng(1).random((150, 210)), 2).astype(np.float32)
    oracle = ndimage.gaussian_filter(field, deviation)
    away = slice(40, -40)
    np.testing.assert_allclose(smooth(field, deviation)[away, away], oracle[away, away], atol=0.01)
    np.testing.assert_allclose(smooth(np.full((50, 70), 0.3, np.float32), deviation), 0.3, atol=1e-5)


def test_both_sides_of_an_edge_keep_their_colour() -> None:
    lab = np.zeros((80, 80, 3), np.float32)
    lab[:, :40], lab[:, 40:] = (0.2, 0.1, 0.0), (0.9, 0.0, -0.1)
    kept, blurred = smooth_within_edges(lab, 5, 0.001).colours, smooth(lab, 5)
    beside = [37, 42]
    assert np.abs(kept[40, beside] - lab[40, beside]).max() < 0.05
    assert np.abs(blurred[40, beside] - lab[40, beside]).max() > 0.2
    noise = np.random.default_rng(2).normal(0, 0.01, lab.shape).astype(np.float32)
    quiet = smooth_within_edges(lab + noise, 5, 0.001).colours[:, 10:25]
    assert quiet.std((0, 1)).max() < 0.003  # noise of .01 is still blurred


@pytest.mark.parametrize("degrees", [0, 30, 75, 120])
def test_strokes_go_along_stripes(degrees: int) -> None:
    turn = np.radians(degrees)
    y, x = np.mgrid[0:120, 0:120]
    stripes = 0.5 + 0.3 * np.sin((x * -np.sin(turn) + y * np.cos(turn)) / 3)
    lab = np.stack([stripes, 0 * stripes, 0 * stripes], 2).astype(np.float32)
    found = directions(lab, 6.0, flow=1.0, bearing=np.full((120, 120), 0.3, np.float32))
    middle = (slice(30, 90), slice(30, 90))
    error = np.abs(np.sin(found.angles[middle] - turn))
    assert error.max() < 0.1
    assert found.confidence[middle].min() > 0.6


def test_where_nothing_leads_the_bearing_does() -> None:
    flat = np.full((60, 60, 3), 0.5, np.float32)
    found = directions(flat, 6.0, flow=1.0, bearing=np.full((60, 60), 0.7, np.float32))
    np.testing.assert_allclose(np.sin(found.angles - 0.7), 0, atol=1e-5)
    assert found.confidence.max() == 0


def test_an_edge_leads_strokes_beside_it_and_lays_no_rings_farther_out() -> None:
    high, bearing, radius = 160, 0.9, 8.0
    y, x = np.mgrid[0:high, 0:high]
    away = np.hypot(x - 80, y - 80) - 40  # pixels from the rim of a disc, as light as anything can be on black
    lab = np.zeros((high, high, 3), np.float32)
    lab[away < 0, 0] = 1
    found = directions(lab, radius, flow=1.0, bearing=np.full((high, high), bearing, np.float32))
    along = np.arctan2(y - 80, x - 80) + np.pi / 2
    beside, farther = np.abs(away) < 0.7 * radius, away > 2.5 * radius
    assert np.abs(np.sin(found.angles - along))[beside].max() < 0.1
    assert np.abs(np.sin(found.angles - bearing))[farther].max() < 0.1


def test_spines_end_where_the_colour_does() -> None:
    wanted = np.zeros((60, 200, 3), np.float32)
    wanted[:, 100:, 0] = 0.8
    field = SpineField(np.zeros((60, 200), np.float32), wanted, np.full_like(wanted, 0.5), wanted[..., 1])
    rules = SpineRules(reach=0.2, shortest=1.0, longest=30.0, inertia=0.5)
    seed, own = np.array([[60.0, 30.0]]), wanted[30, 60:61]
    points, offsets, radii = trace(field, seed, own, np.array([5.0]), np.zeros(1), rules)
    assert offsets.tolist() == [0, len(points)]
    assert 94.5 < points[:, 0].max() <= 97.5  # its paint reaches half a radius farther
    assert radii.tolist() == [5]
    assert points[:, 0].min() < 0  # to the left nothing ends it but the picture
    np.testing.assert_allclose(points[:, 1], 30)


def test_a_smooth_surface_knows_its_edges_and_grain_is_rough() -> None:
    random = np.random.default_rng(4)
    lab = np.zeros((80, 120, 3), np.float32)
    lab[:, 60:, 0] = 0.8
    lab[:, 90:, 0] += random.normal(0, 0.1, (80, 30)).astype(np.float32)
    variance, plain = (smooth_within_edges(lab, 4, tolerance).variance[20:60] for tolerance in (0.001, 0))
    beside = [55, 64]  # a deviation from the edge
    assert variance[:, beside].max() < 0.004 < 0.05 < plain[:, beside].min()
    assert 0.005 < variance[:, 100:110].mean() < 0.02  # .1 squared, less where the quietest part is taken


@pytest.mark.parametrize("smooth_there", [0.0, 1.0])
def test_strokes_across_a_soft_shadow_are_short_and_narrow_where_it_is_smooth(smooth_there: float) -> None:
    wanted = np.zeros((200, 400, 3), np.float32)
    wanted[..., 0] = np.linspace(0, 1, 400)  # .0025 a pixel
    even = np.full((200, 400), smooth_there, np.float32)
    allowed = 0.2 * (0.3 if smooth_there else 1) / 0.0025  # pixels to where the colour is too far off: 24 or 80
    rules = SpineRules(reach=0.2, shortest=1.0, longest=30.0, inertia=0.5, tip=0.0)
    seed, own = np.array([[200.0, 100.0]]), wanted[100, 200:201]
    across = SpineField(np.zeros((200, 400), np.float32), wanted, np.full_like(wanted, 9), even)
    points, _, _ = trace(across, seed, own, np.array([5.0]), np.zeros(1), rules)
    assert np.ptp(points[:, 0]) == pytest.approx(2 * allowed, abs=6)  # two steps of 3 pixels
    along = SpineField(np.full((200, 400), np.pi / 2, np.float32), wanted, np.full_like(wanted, 9), even)
    _, _, radii = trace(along, seed, own, np.array([40.0]), np.zeros(1), rules)
    assert radii[0] == pytest.approx(min(40, allowed), abs=10)  # lanes are a quarter of the radius apart


def test_short_spines_are_lengthened_straight_as_far_as_a_narrower_brush_needs() -> None:
    wanted = np.random.default_rng(1).random((40, 40, 3)).astype(np.float32)
    field = SpineField(np.full((40, 40), 0.5, np.float32), wanted, wanted, np.zeros((40, 40), np.float32))
    seeds = np.array([[20.0, 20.0], [5.0, 5.0]])
    for slimmest, length in ((1.0, 12), (0.5, 6)):
        rules = SpineRules(reach=1e-6, shortest=4.0, longest=10.0, inertia=0.5, slimmest=slimmest)
        points, offsets, _ = trace(field, seeds, wanted[[20, 5], [20, 5]], np.full(2, 3.0), np.zeros(2), rules)
        assert np.diff(offsets).tolist() == [STRAIGHT, STRAIGHT]
        ends = points[offsets[1:] - 1] - points[offsets[:-1]]
        np.testing.assert_allclose(np.hypot(*ends.T), length, rtol=1e-5)
        np.testing.assert_allclose(np.arctan2(ends[:, 1], ends[:, 0]), 0.5, rtol=1e-4)


def test_strokes_keep_to_their_side_of_an_edge() -> None:
    wanted = np.zeros((200, 200, 3), np.float32)
    wanted[:, 100:, 0] = 0.8
    field = SpineField(np.full((200, 200), np.pi / 2, np.float32), wanted, np.full_like(wanted, 0.5), wanted[..., 1])
    for x, side in ((96.0, 1), (104.0, -1), (40.0, 1)):
        for slimmest in (0.5, 1.0):
            rules = SpineRules(reach=0.2, shortest=1.0, longest=5.0, inertia=0.5, slimmest=slimmest)
            own = wanted[100, int(x)][None]
            points, _, radii = trace(field, np.array([[x, 100.0]]), own, np.array([10.0]), np.zeros(1), rules)
            over = (side * (points[:, 0] - 100) + radii[0]).max()  # pixels of its band beyond the edge
            assert (over <= 0) == (slimmest < 1 or x == 40)
            assert 5 <= radii[0] <= 10
    assert radii[0] == 10  # far from the edge


def test_a_faint_star_becomes_no_streak() -> None:
    canvas = np.zeros((60, 200, 3), np.float32)
    wanted = canvas.copy()
    wanted[29:32, 99:102, 0] = 0.06
    field = SpineField(np.zeros((60, 200), np.float32), wanted, canvas, canvas[..., 1])
    lengths = []
    for mended in (0.5, 5.0):
        rules = SpineRules(reach=0.2, shortest=3.0, longest=12.0, inertia=0.5, mended=mended)
        points, _, _ = trace(field, np.array([[100.5, 30.5]]), wanted[30, 100:101], np.array([3.0]), np.zeros(1), rules)
        lengths.append(np.ptp(points[:, 0]))
    assert lengths[0] <= 9 < 60 < lengths[1]


def test_no_wrong_colour_is_laid_over_another() -> None:
    wanted = np.zeros((60, 200, 3), np.float32)
    wanted[:, 94:106, 0] = 0.16
    canvas = np.zeros_like(wanted)
    canvas[..., 0] = 0.18  # the sky is off by a little more than it would be in the colour of what stands before it
    field = SpineField(np.zeros((60, 200), np.float32), wanted, canvas, canvas[..., 1])
    lengths = []
    for left_wrong in (0.6, 1.0):
        rules = SpineRules(reach=0.2, shortest=3.0, longest=12.0, inertia=0.5, left_wrong=left_wrong)
        points, _, _ = trace(field, np.array([[100.5, 30.5]]), wanted[30, 100:101], np.array([3.0]), np.zeros(1), rules)
        lengths.append(np.ptp(points[:, 0]))
    assert lengths[0] < 16 < 60 < lengths[1]


def test_mixtures_lie_between_two_paints_and_near_the_colour() -> None:
    random = np.random.default_rng(3)
    paints = random.random((6, 3)) * [1, 0.2, 0.2]
    wanted = random.random((50, 3)) * [1, 0.2, 0.2]
    mixed = mix(wanted, paints, 0, random)
    for colour, given in zip(mixed, wanted, strict=True):
        pairs = [(a, b) for i, a in enumerate(paints) for b in paints[i + 1 :]]
        off = [np.linalg.norm(np.cross(colour - a, b - a)) / np.linalg.norm(b - a) for a, b in pairs]
        assert min(off) < 1e-9
        nearest = min(np.linalg.norm((paint - given) * [1, 3**0.5, 3**0.5]) for paint in paints)
        assert np.linalg.norm((colour - given) * [1, 3**0.5, 3**0.5]) <= nearest + 0.1
    assert (mix(wanted, paints[:1], 4, random) == paints[0]).all()


def test_paints_are_the_clusters_of_a_picture() -> None:
    centres = np.array([[0.2, 0.1, 0.0], [0.8, -0.1, 0.1], [0.5, 0.0, -0.2]])
    random = np.random.default_rng(4)
    lab = (centres[random.integers(0, 3, (40, 40))] + random.normal(0, 0.005, (40, 40, 3))).astype(np.float32)
    paints = choose_paints(lab, np.ones((40, 40), np.float32), 3, random)
    nearest = np.linalg.norm(paints[:, None] - centres, axis=2).min(1)
    assert nearest.max() < 0.01
    assert len({int(np.linalg.norm(centres - paint, axis=1).argmin()) for paint in paints}) == 3


def test_faces_hold_liberties_back_and_whites_stay_clean() -> None:
    liberty = Liberty(lightness=0.03, chroma=0.3, hue=0.2, warmth=0.0, saturation=1.0)
    colours = np.tile([0.6, 0.1, 0.05], (4000, 1))
    free = take_liberties(colours, colours[:, 0], np.zeros(4000, np.float32), liberty, np.random.default_rng(1))
    calm = take_liberties(colours, colours[:, 0], np.ones(4000, np.float32), liberty, np.random.default_rng(1))
    np.testing.assert_allclose((calm - colours).std(0), 0.25 * (free - colours).std(0), rtol=0.2)
    whites = np.tile([0.98, 0.001, 0.0], (4000, 1))
    white = take_liberties(whites, whites[:, 0], np.zeros(4000, np.float32), liberty, np.random.default_rng(1))
    assert np.abs(white[:, 1:]).max() < 0.003


def test_the_astronaut_has_a_face_and_coffee_has_none() -> None:
    picture = data.astronaut().astype(np.float32) / 255
    faces = find_faces(picture)
    assert len(faces) == 1
    face = faces[0]
    assert face.left < 225 < face.left + face.side  # her nose, by eye at (225, 120)
    assert face.top < 120 < face.top + face.side
    lab = oklab.from_srgb(picture.astype(np.float64)).astype(np.float32)
    seen = saliency(lab, faces)
    assert seen.calm[130, 225] > 0.9
    assert seen.map[130, 225] > 0.7
    assert find_faces(data.coffee().astype(np.float32) / 255) == ()


def test_what_stands_out_is_salient() -> None:
    lab = np.full((120, 160, 3), (0.6, 0, 0), np.float32)
    lab[50:70, 70:90] = (0.5, 0.2, 0.1)
    found = saliency(lab).map
    assert found[60, 80] > 0.6
    assert found[10, 10] < 0.2


def test_a_sky_is_quiet_and_foliage_is_not() -> None:
    random = np.random.default_rng(6)
    lab = np.zeros((120, 160, 3), np.float32)
    lab[..., 0] = np.linspace(0.9, 0.6, 120)[:, None]  # a gradient is no detail
    lab[60:, :, 0] += random.normal(0, 0.1, (60, 160)).astype(np.float32)
    quiet = quietness(lab)
    assert quiet[:45].min() > 0.95
    assert quiet[75:].max() < 0.2


def test_a_sky_is_quiet_up_to_a_roof_but_fur_is_not_beside_a_wall_of_its_colour() -> None:
    random = np.random.default_rng(8)
    lab = np.full((120, 240, 3), (0.8, 0, 0), np.float32)
    lab[:, 120:, 0] = 0.3  # an edge
    assert quietness(lab)[:, 114:126].min() > 0.6  # its own neighbourhood alone gives .07
    lab[:, 120:, 0] = 0.8 + random.normal(0, 0.1, (120, 120)).astype(np.float32)
    quiet = quietness(lab)
    assert quiet[:, :115].min() > 0.85
    assert quiet[:, 130:].mean() < 0.35


def test_the_ground_between_things_that_lie_close_together_is_quiet() -> None:
    lab = np.full((240, 240, 3), (0.3, 0, 0), np.float32)
    things = (np.indices((240, 240)) % 60 < 36).all(0)  # squares of 36 pixels, 24 from each other
    lab[things, 0] = 0.7 + np.random.default_rng(9).normal(0, 0.15, things.sum())
    quiet = quietness(lab)
    between = ndimage.distance_transform_edt(~things)[60:180, 60:180] > 8
    assert quiet[60:180, 60:180][between].mean() > 0.6  # over a thirtieth of the side alone .22
    assert quiet[things].mean() < 0.15


def test_texture_is_that_of_calm_places() -> None:
    random = np.random.default_rng(10)
    lab = np.full((360, 512, 3), (0.5, 0, 0), np.float32)
    lab[:, 300:, 0] += random.normal(0, 0.1, (360, 212))  # busy places do not count
    noise = ndimage.gaussian_filter(random.normal(size=(360, 512)), 1)
    fine = noise - ndimage.gaussian_filter(noise, 3)
    for wanted, share in ((0.005, 0.0), (0.0095, 0.5), (0.02, 1.0)):
        grained = lab.copy()
        grained[..., 0] += noise * wanted / fine.std()
        assert own_texture(grained) == pytest.approx(share, abs=0.15)


def test_the_focus_is_the_most_salient_twentieth_of_a_picture_without_faces() -> None:
    lab = np.full((120, 160, 3), (0.6, 0, 0), np.float32)
    lab[50:66, 70:86] = (0.5, 0.2, 0.1) + np.random.default_rng(7).normal(0, 0.05, (16, 16, 3))
    seen = saliency(lab)
    assert abs((seen.focus > 0).mean() - 0.05) < 0.01
    assert seen.focus[58, 78] == 1
    assert not saliency(lab, (Face(20, 20, 40),)).focus.any()
    assert not saliency(np.full_like(lab, 0.5)).focus.any()


def test_strong_colours_gain_no_more_than_others() -> None:
    colours = np.array([[0.6, 0.03, 0.04], [0.6, 0.16, 0.12]])  # of chroma .05 and .2
    stronger = np.hypot(*saturate(colours, 1.2)[:, 1:].T)
    np.testing.assert_allclose(stronger, [0.06, 0.22])
    np.testing.assert_allclose(np.hypot(*saturate(colours, 0.5)[:, 1:].T), [0.025, 0.1])
    for factor in (0.5, 1.0, 1.2):
        np.testing.assert_allclose(desaturate(saturate(colours, factor), factor), colours, atol=1e-12)


def test_grain_is_spread_over_its_range_and_repeats_by_seed() -> None:
    first, again, other = grain(200, 150, 1.5, 1), grain(200, 150, 1.5, 1), grain(200, 150, 1.5, 2)
    assert first.shape == (150, 200)
    assert (first == again).all()
    assert (first != other).any()
    assert 0.45 < first.mean() < 0.55
    assert 0.2 < first.std() < 0.35


def test_looks_differ_and_keep_the_limits_of_their_base() -> None:
    values = [look().model_dump(exclude={"kind"}) for look in LOOKS]
    assert all(first != second for number, first in enumerate(values) for second in values[:number])
    for look in LOOKS:
        assert field_help(look)["longest"] == field_help(Oil)["longest"]
        with pytest.raises(ValueError, match="less than or equal to 100"):
            look(longest=101)


def test_a_thin_line_that_stands_alone_is_seen() -> None:
    lab = np.full((120, 160, 3), (0.5, 0, 0), np.float32)
    lab[20:100, 80:82, 0] = 0.4
    lines = thin_lines(lab)
    assert lines[40:80, 80:82].min() > 0.9
    assert lines[:, :60].max() < 0.01
    edge = np.full((120, 160, 3), (0.5, 0, 0), np.float32)
    edge[:, 80:, 0] = 0.4
    assert thin_lines(edge)[:, 70:90].max() < 0.8  # an edge of as much contrast counts less


def test_lines_are_as_strong_as_in_scikit_image() -> None:
    picture = data.camera()[::4, ::4] / 255
    both = sum(sato(picture, sigmas=LINE_WIDTHS, black_ridges=dark) for dark in (True, False))
    np.testing.assert_allclose(line_strength(picture), both, atol=1e-12)


def test_light_colours_keep_their_chroma_in_strong_contrast() -> None:
    picture = np.full((60, 60, 3), 0.05, np.float32)
    picture[:, 20:40], picture[:, 40:] = (0.98, 0.93, 0.56), 0.9
    plain = oklab.from_srgb(picture.astype(np.float64))
    seen = see(picture, Bold(), seed=1, side=60).lab
    painted = saturate(seen[30, 30:31].astype(np.float64), Bold().saturation)[0]
    assert np.hypot(*painted[1:]) > 0.98 * np.hypot(*plain[30, 30, 1:])
    assert seen[30, 30, 0] >= plain[30, 30, 0] - 1e-3
    # greys are as light as asked for
    grey, mean = toned(plain.astype(np.float32), Bold())[30, 50, 0], plain[..., 0].mean()
    assert grey == pytest.approx(min(1, mean + 1.1 * (plain[30, 50, 0] - mean)), abs=1e-3)
