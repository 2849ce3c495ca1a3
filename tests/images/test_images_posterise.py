"""Flat colours are closed under the colour action, the nearest ones, and commute with it pixel for pixel."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from orbifolio.runner.images import oklab
from orbifolio.runner.images.finish import Finish, Traits
from orbifolio.runner.images.posterise import Posterise, choose, given, missing_colours
from orbifolio.runner.images.sources import Images
from orbifolio.runner.symmetry import colour
from orbifolio.runner.vector.hex_colours import from_hex

ACTIONS = {
    "none": [],
    "cycle": ["[g, b, r]"],
    "exchange": ["[b, g, r]"],
    "negative": ["[-r, -g, -b]"],
    "one inverted": ["[-r, g, b]"],
    "all permutations": ["[g, b, r]", "[g, r, b]"],
}


def group(*spelt: str) -> tuple[int, ...]:
    return colour.generate(colour.parse(text) for text in spelt)


def act(element: int, pixels: np.ndarray) -> np.ndarray:
    return ((pixels - 0.5) @ colour.MATRICES[element].T.astype(np.float64) + 0.5).astype(np.float32)


def random() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> np.ndarray:
    """A cat; noise takes it off the levels of eight bits, which are equally far from too many colours."""
    pixels = Images(tmp_path_factory.getbasetemp()).load("skimage:chelsea").pixels[::8, ::8]
    noise = np.random.default_rng(0).normal(scale=1e-3, size=pixels.shape)
    return np.clip(pixels + noise, 0, 1).astype(np.float32)


def blobs(colours: list[str], size: int = 60) -> np.ndarray:
    """A picture of patches in given colours with a little noise."""
    which = np.random.default_rng(1).integers(len(colours), size=(size // 4, size // 4)).repeat(4, 0).repeat(4, 1)
    noise = np.random.default_rng(2).normal(scale=0.01, size=(size, size, 3))
    return np.clip(np.array([from_hex(name) for name in colours])[which] + noise, 0, 1).astype(np.float32)


def test_colours_that_are_there_are_found():
    wanted = ["#f6e2bf", "#afac73", "#c13c42", "#20262e"]
    flat = choose(blobs(wanted), 4, group(), random())
    found = np.array([from_hex(name) for name in flat.names])
    np.testing.assert_allclose(found, [from_hex(name) for name in wanted], atol=0.01)  # the lightest first, too


def test_it_is_k_means_no_worse_than_scipys(photo):
    from scipy.cluster.vq import kmeans2, vq

    colours = oklab.from_srgb(photo.reshape(-1, 3).astype(np.float64))
    centres, _ = kmeans2(colours[::3], 6, seed=1, minit="++")
    theirs = float((vq(colours, centres)[1] ** 2).mean())
    flat = choose(photo, 6, group(), random())
    ours = float((vq(colours, oklab.from_srgb(flat.colours))[1] ** 2).mean())
    assert ours < 1.1 * theirs


def test_each_pixel_takes_the_nearest_in_oklab(photo):
    flat = given(["#ffffff", "#e63946", "#457b9d", "#1d3557"])
    pixels = oklab.from_srgb(photo.reshape(-1, 1, 3).astype(np.float64))
    expected = np.square(pixels - oklab.from_srgb(flat.colours)).sum(2).argmin(1)
    assert np.array_equal(flat.numbers(photo).ravel(), expected)


@pytest.mark.parametrize("count", [2, 3, 5, 8, 64])
def test_no_more_colours_than_asked_for(photo, count):
    done = Finish(posterise={"colours": count, "edges": "sharp"}).finished(photo)
    assert done.flat is not None
    assert len(np.unique(done.picture.reshape(-1, 3), axis=0)) <= len(done.flat.colours) <= count
    assert len(done.flat.colours) >= min(count, 8)
    steps = done.picture * 255
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)  # eight bits, so that hex names are exact


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("count", [3, 6, 7])
def test_chosen_colours_are_closed_and_commute(photo, action, count):
    elements = group(*ACTIONS[action])
    traits = Traits(elements=elements, wrap=(True, True))
    for edges in ("sharp", "soft"):
        finish = Finish(posterise={"colours": count, "edges": edges})
        if finish.complaints(elements):
            assert count < 6
            continue
        done = finish.finished(photo, traits)
        assert done.flat is not None
        assert len(done.flat.colours) <= count
        assert missing_colours(done.flat.names, elements) == []
        for element in elements:
            again = done.flat.posterised(act(element, photo))
            np.testing.assert_allclose(again, act(element, done.flat.posterised(photo)), atol=1e-6)
            soft = done.flat.softened(act(element, photo), wrap=(True, True))
            np.testing.assert_allclose(soft, act(element, done.flat.softened(photo, wrap=(True, True))), atol=1e-6)


def test_an_action_that_has_hues_keeps_some():
    elements = group("[g, b, r]")
    one = blobs(["#d04040", "#303030"])
    here = np.concatenate([act(element, one) for element in elements])
    flat = choose(here, 4, elements, random())
    assert flat.names == ("#40d040", "#d04040", "#4040d0", "#303030")


def test_colours_that_an_element_fixes_take_one_that_it_fixes():
    elements = group("[b, g, r]")
    flat = replace(given(["#e08020", "#2080e0", "#406040"], elements), edges="sharp")
    purple = np.array([[[0.5, 0.4, 0.5], [0.9, 0.9, 0.9], [0.6, 0.4, 0.5]]], np.float32)
    assert [flat.names[number] for number in flat.numbers(purple)[0]] == ["#406040", "#406040", "#e08020"]
    assert flat.undecided(purple) == 0
    assert replace(given(["#e08020", "#2080e0"], elements), edges="sharp").undecided(purple) == pytest.approx(2 / 3)


def test_a_soft_edge_along_a_mirror_that_exchanges_colours_is_symmetric():
    elements = group("[b, g, r]")
    half = np.random.default_rng(3).random((9, 4, 3)) * [0.4, 0.2, 0.4] + [0.5, 0.4, 0.1]
    line = np.full((9, 1, 3), 0.4)
    here = np.concatenate([half, line, act(elements[1], half[:, ::-1])], axis=1).astype(np.float32)
    flat = given(["#e08020", "#2080e0"], elements)
    done = flat.softened(here, wrap=(False, False))
    np.testing.assert_allclose(done[:, ::-1], act(elements[1], done), atol=1e-6)
    assert np.abs(flat.posterised(here)[:, ::-1] - act(elements[1], flat.posterised(here))).max() > 0.1


def test_soft_edges_mix_what_lies_beside_them_and_nothing_else():
    here = np.zeros((12, 12, 3), np.float32)
    here[:, 5:] = 1
    here[:, [0, 4]] = 0.3
    flat = given(["#000000", "#ffffff"])
    done = flat.softened(here, wrap=(False, False))
    assert set(np.unique(done[:, [0, 1, 2, 6, 7, 8, 11]])) == {0.0, 1.0}
    assert 0 < done[0, 4, 0] < 1
    around = flat.softened(here, wrap=(True, True))
    assert np.array_equal(around[:, 3:8], done[:, 3:8])
    assert 0 < around[0, 0, 0] < 1  # over the seam


@pytest.mark.parametrize("shift", [(0, 0), (5, 7)])
def test_a_tile_commutes_with_shifts_and_quarter_turns(photo, shift):
    here = photo[:60, :60]
    flat = choose(here, 5, group(), random())
    done = flat.softened(here, wrap=(True, True))
    np.testing.assert_allclose(
        flat.softened(np.rot90(np.roll(here, shift, (0, 1))).copy(), wrap=(True, True)),
        np.rot90(np.roll(done, shift, (0, 1))),
        atol=1e-6,
    )


def test_mid_grey_is_what_an_inversion_fixes():
    elements = group("[-r, -g, -b]")
    flat = given(["#808080", "#101010", "#efefef"], elements)
    assert missing_colours(["#808080", "#101010", "#efefef"], elements) == []
    assert flat.names == ("#efefef", "#808080", "#101010")
    assert flat.colours[1].tolist() == [0.5, 0.5, 0.5]


def test_missing_appearances_are_told_with_a_cure():
    elements = group("[g, b, r]")
    assert Finish(posterise=["#102030", "#203010", "#301020", "#777777"]).complaints(elements) == []
    ((where, message),) = Finish(posterise=["#102030", "#203010"]).complaints(elements)
    assert where == "posterise"
    assert message == (
        "#203010 becomes #301020 under [g, b, r], which is not among the colours; the picture shows each colour in all "
        "appearances of its symmetry's colour action; add #301020, or give a number and let the colours be chosen"
    )
    cured = Finish(posterise=["#102030", "#203010", "#301020"])
    assert cured.complaints(elements) == []


def test_too_few_colours_for_an_action_are_refused():
    ((_, message),) = Finish(posterise=2).complaints(group("[g, b, r]"))
    assert message == (
        "2 colours are fewer than the 3 appearances that one colour has at least under the symmetry's colour action; "
        "nothing but greys would be left; give 3 or more"
    )
    assert Finish(posterise=2).complaints(group("[-r, -g, -b]")) == []
    assert Finish(posterise=2).complaints(group()) == []


def test_areas_that_cannot_keep_the_symmetry_are_warned_of():
    elements = group("[g, b, r]")
    here = np.concatenate([act(element, blobs(["#d04040", "#a05010"])) for element in elements])
    here[:40] = 0.2
    finish = Finish(posterise=["#d04040", "#40d040", "#4040d0"])
    (warning,) = finish.finished(here, Traits(elements=elements)).warnings
    assert "21." in warning or "22." in warning
    assert "allow one or two more colours, or add a grey" in warning
    assert Finish(posterise=4).finished(here, Traits(elements=elements)).warnings == ()


def test_the_seed_decides_and_equal_seeds_agree(photo):
    finish = Finish(posterise=6)
    first, again, other = (finish.finished(photo, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.picture, again.picture)
    assert first.flat is not None
    assert other.flat is not None
    assert first.flat.names != other.flat.names


def test_single_colours_get_the_flat_ones_too(photo):
    done = Finish(posterise=4, contrast=1.1).finished(photo)
    assert done.flat is not None
    shown = done.tone(photo[:5, :7])
    assert {tuple(each) for each in shown.reshape(-1, 3)} <= {tuple(each) for each in done.flat.colours.astype("f4")}


def test_smoothing_takes_specks_away(photo):
    def borders(picture: np.ndarray) -> float:
        return float((np.abs(np.diff(picture, axis=1)).max(2) > 0).mean())

    rough, smooth = (Finish(posterise={"colours": 4, "smooth": each}).apply(photo) for each in (0, 2))
    assert borders(smooth) < 0.6 * borders(rough)


@pytest.mark.parametrize("wrong", [1, 65, [], ["red"], {"smooth": 1}, {"colours": 3, "edges": "hard"}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        Finish(posterise=wrong)
    assert Posterise(colours=3).edges == "soft"
