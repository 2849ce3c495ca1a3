"""OKLab against published values, and what is done with colours that no screen shows."""

import numpy as np
import pytest
from skimage.color import rgb2xyz

from orbifolio.runner.images import oklab

# CSS Color 4 gives these for the corners of sRGB; Ottosson's own page has four digits of the same.
PUBLISHED = {
    (1, 1, 1): (1.0, 0.0, 0.0),
    (1, 0, 0): (0.62796, 0.22486, 0.12585),
    (0, 1, 0): (0.86644, -0.23389, 0.17950),
    (0, 0, 1): (0.45201, -0.03246, -0.31153),
    (0, 0, 0): (0.0, 0.0, 0.0),
}


@pytest.mark.parametrize(("rgb", "lab"), PUBLISHED.items(), ids=str)
def test_corners_of_the_cube_are_as_published(rgb, lab):
    np.testing.assert_allclose(oklab.from_srgb(np.array(rgb, float)), lab, atol=6e-6)


def test_it_is_ottossons_definition_by_way_of_xyz():
    colours = np.random.default_rng(0).random((200, 3))
    first = [[0.8189330101, 0.3618667424, -0.1288597137], [0.0329845436, 0.9293118715, 0.0361456387]]
    to_cones = np.array([*first, [0.0482003018, 0.2643662691, 0.6338517070]])
    second = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099]]
    to_lab = np.array([*second, [0.0259040371, 0.7827717662, -0.8086757660]])
    expected = np.cbrt(rgb2xyz(colours) @ to_cones.T) @ to_lab.T
    np.testing.assert_allclose(oklab.from_srgb(colours), expected, atol=5e-4)  # XYZ of four digits


def test_there_and_back():
    colours = np.random.default_rng(1).random((40, 50, 3))
    np.testing.assert_allclose(oklab.to_srgb(oklab.from_srgb(colours)), colours, atol=1e-9)


def test_greys_have_no_chroma():
    greys = np.repeat(np.linspace(0, 1, 20)[:, None], 3, axis=1)
    assert np.abs(oklab.from_srgb(greys)[:, 1:]).max() < 1e-6


def test_what_no_screen_shows_keeps_lightness_and_hue():
    wild = np.array([[0.7, 0.4, 0.1], [0.5, -0.3, 0.3], [0.3, 0.1, -0.4], [0.6, 0.05, 0.02]])
    tame = oklab.into_gamut(wild)
    np.testing.assert_allclose(tame[:, 0], wild[:, 0])
    np.testing.assert_allclose(np.arctan2(tame[:, 2], tame[:, 1]), np.arctan2(wild[:, 2], wild[:, 1]))
    assert np.array_equal(tame[3], wild[3])
    assert (np.hypot(*tame[:3, 1:].T) < np.hypot(*wild[:3, 1:].T)).all()
    back = oklab.from_srgb(oklab.to_srgb(wild))
    np.testing.assert_allclose(back, tame, atol=2e-3)
    np.testing.assert_allclose(oklab.to_srgb(np.array([[-0.2, 0.1, 0.1]])), [[0, 0, 0]], atol=1e-3)
    np.testing.assert_allclose(oklab.to_srgb(np.array([[1.3, 0.1, 0.1]])), [[1, 1, 1]], atol=1e-3)


def test_the_last_colour_shown_on_a_way_is_at_the_rim():
    yellow = oklab.from_srgb(np.array([0.98, 0.93, 0.56]))
    ends = yellow + np.array([[0.04, 0, 0], [-0.1, 0, 0], [0, 0.3, 0]])
    reached = oklab.last_shown(np.broadcast_to(yellow, ends.shape), ends)
    assert np.array_equal(reached[1], ends[1])
    share = (reached - yellow)[[0, 2], [0, 1]] / (ends - yellow)[[0, 2], [0, 1]]
    assert (share > 0).all()
    assert (share < 1).all()
    np.testing.assert_allclose(oklab.from_srgb(oklab.to_srgb(reached)), reached, atol=2e-3)
    assert oklab.to_srgb(reached[[0, 2]]).max(1) == pytest.approx([1, 1], abs=1e-3)
