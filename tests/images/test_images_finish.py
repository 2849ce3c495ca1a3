"""Finishing commutes with every colour action and every motion it claims to commute with."""

import numpy as np
import pytest

from orbifolio.runner.images.finish import Finish, Traits
from orbifolio.runner.images.preparation import StylePreparation
from orbifolio.runner.symmetry import colour

ALL = range(48)


def matrix(index: int) -> np.ndarray:
    return np.asarray(colour.MATRICES[index])


def picture(seed: int = 1, size: int = 24) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.random((size, size, 3)) * 0.6 + 0.2).astype(np.float32)


def act(element: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    return ((pixels - 0.5) @ element.T + 0.5).astype(np.float32)


FINISHES = {
    "levels": Finish(levels="auto"),
    "set-levels": Finish(levels=(0.3, 0.9)),
    "contrast": Finish(contrast=1.4),
    "saturation": Finish(saturation=1.5),
    "sharpen": Finish(sharpen=0.8, radius=1.5),
    "all": Finish(levels="auto", contrast=1.1, saturation=1.2, sharpen=0.5),
}


@pytest.mark.parametrize("finish", FINISHES.values(), ids=FINISHES)
@pytest.mark.parametrize("index", ALL)
def test_commutes_with_every_colour_element(finish, index):
    element = matrix(index)
    signs = element.sum(axis=1)
    traits = Traits(
        wrap=(True, True),
        inverting=bool((signs < 0).any()),
        inverting_single=bool((signs < 0).any() and (signs > 0).any()),
    )
    # A picture as the action leaves it: its values and their images occur alike, as in the artwork.
    here = picture()
    both = np.concatenate([here, act(element, here)], axis=1)
    swapped = np.concatenate([act(element, here), act(element, act(element, here))], axis=1)
    if traits.inverting:
        both = np.clip(both, 0.25, 0.75)
        swapped = act(element, both)
    done, done_swapped = finish.apply(both, traits), finish.apply(swapped, traits)
    np.testing.assert_allclose(act(element, done), done_swapped, atol=0.02 if finish.levels == "auto" else 2e-5)


@pytest.mark.parametrize("finish", FINISHES.values(), ids=FINISHES)
def test_commutes_with_shifts_and_quarter_turns_of_a_tile(finish):
    here = picture()
    done = finish.apply(here, Traits(wrap=(True, True)))
    moved = finish.apply(np.roll(here, (5, 7), (0, 1)), Traits(wrap=(True, True)))
    np.testing.assert_allclose(moved, np.roll(done, (5, 7), (0, 1)), atol=1e-5)
    np.testing.assert_allclose(
        finish.apply(np.rot90(here).copy(), Traits(wrap=(True, True))), np.rot90(done), atol=1e-5
    )


def test_nothing_asked_nothing_done():
    assert np.array_equal(Finish().apply(picture()), picture())
    assert np.array_equal(StylePreparation().apply(picture()), picture())


def test_levels_use_the_whole_range():
    done = Finish(levels="auto").apply(picture())
    assert done.min() == 0
    assert done.max() == 1
    flat = np.full((8, 8, 3), 0.4, np.float32)
    assert np.array_equal(Finish(levels="auto").apply(flat), flat)


def test_sharpening_makes_edges_steeper_and_wraps():
    step = np.zeros((8, 16, 3), np.float32) + 0.3
    step[:, 8:] = 0.7
    done = Finish(sharpen=1.0).apply(step, Traits(wrap=(True, True)))
    assert done[0, 7, 0] < 0.3
    assert done[0, 8, 0] > 0.7
    assert done[0, 0, 0] < 0.3  # the other edge, over the seam
    plain = Finish(sharpen=1.0).apply(step, Traits(wrap=(False, False)))
    assert plain[0, 0, 0] == pytest.approx(0.3, abs=1e-3)


def test_preparation_changes_what_it_says():
    here = picture()
    assert StylePreparation(saturation=0).apply(here).std(axis=2).max() < 1e-6
    assert StylePreparation(contrast=0.5).apply(here).std() == pytest.approx(here.std() / 2, rel=1e-3)
    assert StylePreparation(gamma=2).apply(here).mean() < here.mean()


@pytest.mark.parametrize("inverting", [False, True])
def test_other_pictures_get_the_colours_of_the_finished_one(inverting):
    finish = Finish(levels="auto", contrast=1.2, saturation=1.3)
    whole = picture()
    traits = Traits(inverting=inverting)
    tone = finish.tone(whole, traits)
    assert np.array_equal(tone(whole), finish.apply(whole, traits))
    part = whole[3:9, 4:7]
    assert np.array_equal(tone(part), finish.apply(whole, traits)[3:9, 4:7])
