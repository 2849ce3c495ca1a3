"""Transfers give the other picture's statistics, and commute with every colour action."""

import itertools
import time

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import wasserstein_distance

from orbifolio.runner.images import oklab
from orbifolio.runner.images.colour_transfer import TRANSFERS, ColourTransfer, freedom
from orbifolio.runner.images.finish import Finish, Traits
from orbifolio.runner.settings import kind_of
from orbifolio.runner.symmetry import colour

WAYS = [kind_of(kind) for kind in TRANSFERS]
ACTIONS = {
    "cycle": ["[g, b, r]"],
    "exchange": ["[b, g, r]"],
    "negative": ["[-r, -g, -b]"],
    "one inverted": ["[-r, g, b]"],
    "all permutations": ["[g, b, r]", "[g, r, b]"],
    "fours": ["[g, -r, b]"],
}


def group(*spelt: str) -> tuple[int, ...]:
    return colour.generate(colour.parse(text) for text in spelt)


def act(element: int, pixels: np.ndarray) -> np.ndarray:
    return ((pixels - 0.5) @ colour.MATRICES[element].T.astype(np.float64) + 0.5).astype(np.float32)


def gaussian(seed: int, size: int = 120) -> np.ndarray:
    """A picture whose colours are normal in OKLab, well inside what a screen shows."""
    random = np.random.default_rng(seed)
    mixing = np.diag([0.05, 0.014, 0.011]) + np.tril(random.uniform(-0.012, 0.012, (3, 3)), -1)
    lab = random.normal(size=(size, size, 3)) @ mixing.T + [0.55 + 0.03 * seed, 0.01 * seed - 0.02, 0.01]
    return oklab.to_srgb(lab).astype(np.float32)


def two_tone(seed: int, size: int = 100) -> np.ndarray:
    """A picture of two clusters, which no linear map makes of one."""
    random = np.random.default_rng(seed)
    which = random.random((size, size, 1)) < 0.3
    pixels = np.where(which, [0.85, 0.6, 0.2], [0.15, 0.3, 0.5]) + 0.03 * random.normal(size=(size, size, 3))
    return np.clip(pixels, 0, 1).astype(np.float32)


def transfer(by: str, **more: object) -> ColourTransfer:
    return ColourTransfer.model_validate({"from": "other.png", "by": by, **more})


def lab(picture: np.ndarray) -> np.ndarray:
    return oklab.from_srgb(picture.reshape(-1, 3).astype(np.float64))


def sliced_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Over fixed directions, by SciPy: (n, 3), (m, 3)."""
    directions = np.random.default_rng(99).normal(size=(30, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return float(np.mean([wasserstein_distance(first @ way, second @ way) for way in directions]))


def test_deviation_gives_mean_and_deviation():
    here, there = gaussian(1), gaussian(2)
    done = lab(transfer("deviation").move(here, there)(here))
    np.testing.assert_allclose(done.mean(0), lab(there).mean(0), atol=1e-3)
    np.testing.assert_allclose(done.std(0), lab(there).std(0), rtol=0.02)


def test_linear_gives_mean_and_covariance_by_the_monge_kantorovich_map():
    here, there = gaussian(1), gaussian(2)
    done = lab(transfer("linear").move(here, there)(here))
    ours, theirs = np.cov(lab(here).T), np.cov(lab(there).T)
    np.testing.assert_allclose(done.mean(0), lab(there).mean(0), atol=1e-3)
    assert np.abs(np.cov(done.T) - theirs).max() < 0.02 * np.abs(theirs).max()
    root = sqrtm(ours)
    expected = np.linalg.inv(root) @ sqrtm(root @ theirs @ root) @ np.linalg.inv(root)
    away = lab(here) - lab(here).mean(0)
    fitted = np.linalg.lstsq(away, done - done.mean(0), rcond=None)[0].T
    np.testing.assert_allclose(fitted, expected, atol=0.02)


def test_sliced_takes_the_whole_distribution():
    here, there = gaussian(1), two_tone(2)
    left = {way: sliced_distance(lab(transfer(way).move(here, there)(here)), lab(there)) for way in WAYS}
    before = sliced_distance(lab(here), lab(there))
    assert left["sliced"] < 0.1 * before
    assert left["sliced"] < 0.3 * left["linear"] < 0.3 * before


@pytest.mark.parametrize("way", WAYS)
def test_the_same_picture_changes_nothing(way):
    here = gaussian(3)
    np.testing.assert_allclose(transfer(way).move(here, here)(here), here, atol=0.02 if way == "sliced" else 1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_amounts_lie_on_the_way(way):
    here, there = gaussian(1), gaussian(2)
    none, half, whole = (lab(transfer(way, amount=share).move(here, there)(here)) for share in (0, 0.5, 1))
    np.testing.assert_allclose(none, lab(here), atol=1e-4)
    np.testing.assert_allclose(half, (none + whole) / 2, atol=2e-3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("action", ACTIONS)
def test_moves_commute_with_the_colour_action(way, action):
    elements = group(*ACTIONS[action])
    here, there = two_tone(4, 40), gaussian(2, 40)
    move = transfer(way).move(here, there, elements)
    done = move(here)
    assert np.abs(done - here).max() > 0.02
    for element in elements:
        np.testing.assert_allclose(move(act(element, here)), act(element, done), atol=3e-6)


def test_under_an_action_the_other_picture_is_taken_in_all_appearances():
    elements = group("[b, g, r]")
    here = np.concatenate([two_tone(4, 60), act(elements[1], two_tone(4, 60))])
    there = gaussian(2)
    every = np.concatenate([there, act(elements[1], there)]).reshape(-1, 3).astype(np.float64)
    done = transfer("linear").move(here, there, elements)(here).reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(done.mean(0), every.mean(0), atol=5e-3)
    np.testing.assert_allclose(np.cov(done.T), np.cov(every.T), atol=6e-4)


@pytest.mark.parametrize("way", WAYS)
def test_pictures_without_spread_are_no_trouble(way):
    flat = np.full((8, 8, 3), 0.4, np.float32)
    grey = np.repeat(np.random.default_rng(0).random((20, 20, 1)), 3, axis=2).astype(np.float32)
    for here, there in itertools.permutations([flat, grey, gaussian(1, 20)], 2):
        done = transfer(way).move(here, there)(here)
        assert np.isfinite(done).all()
        assert done.min() >= 0
        assert done.max() <= 1
    np.testing.assert_allclose(transfer(way).move(grey, flat)(grey), 0.4, atol=0.03)
    if way != "sliced":
        assert np.ptp(transfer(way).move(grey, gaussian(1))(grey), axis=2).std() < 0.02  # a grey stays without hues


@pytest.mark.parametrize("way", WAYS)
def test_it_is_deterministic_and_leaves_shapes(way):
    here, there = gaussian(1, 24), two_tone(2)
    first, second = (transfer(way).move(here, there) for _ in range(2))
    assert np.array_equal(first(here), second(here))
    assert first(here[None, 3:5]).shape == (1, 2, 24, 3)
    assert np.array_equal(first(here)[3:5], first(here[3:5]))


@pytest.mark.parametrize(("way", "seconds"), [("deviation", 1), ("linear", 1), ("sliced", 5)])
def test_a_thousand_pixels_square_are_quick(way, seconds):
    here, there = np.tile(gaussian(1, 128), (8, 8, 1)), gaussian(2)
    began = time.process_time()
    transfer(way).move(here, there)(here)
    assert time.process_time() - began < 2 * seconds  # a busy machine


def test_freedom_counts_what_commutes():
    assert freedom(group()) == (3, 6)
    assert freedom(group("[b, g, r]")) == (2, 4)
    assert freedom(group("[-r, -g, -b]")) == (0, 6)
    assert freedom(range(48)) == (0, 1)


def test_an_action_that_leaves_nothing_is_refused():
    finish = Finish.model_validate({"colours": "sea.jpg"})
    assert finish.complaints(group("[g, b, r]")) == []
    ((where, message),) = finish.complaints(group("[g, b, r]", "[-r, g, b]"))
    assert where == "colours"
    assert message == (
        "nothing of 'sea.jpg' but its contrast could be taken; what is taken must commute with the symmetry's colour "
        "action, which has 24 elements and mixes all colours; use `contrast`, give the picture's colours to the styles "
        "by style_preparation.palette, or choose a smaller colour action"
    )


def test_what_an_action_leaves_is_told():
    finish = Finish.model_validate({"colours": {"from": "sea.jpg", "by": "sliced"}})
    assert finish.advisories(group()) == []
    (told,) = finish.advisories(group("[g, b, r]"))
    assert "appears in 3 ways" in told
    assert "1 of the 3 numbers of their mean and 2 of the 6 of their spread are left" in told
    assert Finish().advisories(group("[g, b, r]")) == []


def test_finish_moves_colours_before_all_else():
    here, there = gaussian(1), two_tone(2)
    finish = Finish.model_validate({"colours": "sea.jpg", "contrast": 1.2})
    moved = transfer("linear").move(here, there)(here)
    assert np.array_equal(finish.apply(here, reference=there), Finish(contrast=1.2).apply(moved))
    elements = group("[g, b, r]")
    tone = finish.tone(here, Traits(elements=elements), reference=there)
    np.testing.assert_allclose(tone(act(elements[1], here)), act(elements[1], tone(here)), atol=1e-5)
