import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from skimage import color, data, filters

from orbifolio.runner.errors import ImageError
from orbifolio.runner.gas.network import Network
from orbifolio.runner.gas.points import SAMPLINGS, Darkness, Edges, Local, MultiOtsu, Niblack, Otsu, Sauvola
from orbifolio.runner.gas.rules import NeuPy
from orbifolio.runner.gas.tone import Tone


@pytest.fixture(scope="module")
def grey():
    """A dark disk in front of a slope, with some grain."""
    rows, columns = np.mgrid[0:60, 0:80]
    picture = 0.55 + columns / 200 + np.random.default_rng(0).normal(0, 0.01, rows.shape)
    picture[np.hypot(rows - 30, columns - 40) < 15] -= 0.45
    return np.clip(picture, 0, 1)


def levels(sampling, grey, allowed=None):
    return sampling.levels(grey, allowed, np.random.default_rng(4))


def test_points_are_the_centres_of_the_dark_pixels_row_by_row(grey):
    (level,) = levels(Otsu(offset=0.05), grey)
    dark = grey < filters.threshold_otsu(grey) + 0.05
    assert np.array_equal(level.mask, dark)
    assert level.points.tolist() == [[j + 0.5, i + 0.5] for i in range(60) for j in range(80) if dark[i, j]]


@pytest.mark.parametrize(
    ("sampling", "threshold"),
    [
        (Local(window=21, offset=0.03), lambda grey: filters.threshold_local(grey, 21, offset=0.03)),
        (Sauvola(window=15, k=0.1), lambda grey: filters.threshold_sauvola(grey, 15, k=0.1, r=0.5)),
        (Niblack(window=14, k=0.4), lambda grey: filters.threshold_niblack(grey, 15, k=0.4)),
    ],
    ids=["local", "sauvola", "niblack"],
)
def test_a_local_threshold_is_that_of_its_method(grey, sampling, threshold):
    (level,) = levels(sampling, grey)
    assert np.array_equal(level.mask, grey < threshold(grey))


def test_each_class_of_grey_gets_points_of_its_own(grey):
    found = levels(MultiOtsu(classes=4), grey)
    limits = filters.threshold_multiotsu(grey, classes=4)
    assert len(found) == 3
    total = sum(level.mask.astype(int) for level in found)
    assert total.max() == 1
    assert total.sum() == (grey < limits[-1]).sum()


def test_by_darkness_there_are_more_points_where_it_is_darker(grey):
    (level,) = levels(Darkness(count=200_000, power=2), grey)
    columns, rows = level.points.T.astype(int)
    counts = np.zeros(grey.shape)
    np.add.at(counts, (rows, columns), 1)
    inside = np.hypot(*np.mgrid[-30:30, -40:40]) < 15
    wanted = (1 - grey) ** 2
    assert counts[inside].sum() / 200_000 == pytest.approx(wanted[inside].sum() / wanted.sum(), abs=0.005)
    assert level.points.min() >= 0
    assert (level.points.max(axis=0) < (80, 60)).all()
    assert np.unique(level.points % 1).size > 1000  # anywhere within a pixel


def test_by_edges_points_lie_along_the_contour(grey):
    (level,) = levels(Edges(count=20_000, power=3), grey)
    far = np.abs(np.hypot(level.points[:, 0] - 40.5, level.points[:, 1] - 30.5) - 15)
    assert np.median(far) < 1.5


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=lambda kind: kind.__name__)
def test_nothing_is_drawn_where_a_mask_forbids(grey, sampling):
    allowed = np.zeros(grey.shape, dtype=bool)
    allowed[:, :45] = True
    for level in levels(sampling(), grey, allowed):
        assert level.points[:, 0].max() < 45


def test_the_same_seed_draws_the_same_points(grey):
    (one,), (other,) = levels(Darkness(count=500), grey), levels(Darkness(count=500), grey)
    assert np.array_equal(one.points, other.points)


@pytest.mark.parametrize(
    ("sampling", "picture", "text"),
    [
        (Otsu(), "even", "one even grey (0.50)"),
        (Otsu(offset=1), "disk", "every pixel of the picture is a point"),
        (Otsu(offset=-1), "disk", "fewer than 3 points are left"),
        (MultiOtsu(classes=4), "two", "fewer than 4 different greys"),
        (Darkness(), "white", "fewer than 3 points are left"),
        (Edges(), "even", "fewer than 3 points are left"),
    ],
)
def test_pictures_without_points_are_refused_with_a_cure(grey, sampling, picture, text):
    pictures = {
        "even": np.full((20, 20), 0.5),
        "white": np.ones((20, 20)),
        "two": np.repeat([[0.1], [0.9]], 20, axis=1),
        "disk": grey,
    }
    with pytest.raises(ImageError) as caught:
        levels(sampling, pictures[picture])
    assert text in str(caught.value)
    assert str(caught.value).startswith("renderer.points")
    assert str(caught.value).count(";") >= 2


def test_grey_is_what_eight_bits_give_and_inverts(grey):
    picture = data.astronaut()
    tone = Tone(crop=(150, 30, 150, 150), blur=0.6)
    part = tone.part(picture.astype(np.float32) / 255)
    wanted = color.rgb2gray(picture[30:180, 150:300] / 255)
    assert np.array_equal(tone.grey(part), wanted)
    assert np.array_equal(tone.blurred(wanted), filters.gaussian(wanted, sigma=0.6))
    assert np.array_equal(Tone(invert=True).grey(part), 1 - wanted)
    assert Tone(width=75).part(part).shape == (75, 75, 3)


def test_a_crop_beyond_the_picture_is_refused():
    with pytest.raises(ImageError, match=r"renderer\.tone\.crop: \[60, 0, 30, 10\].*80 x 40"):
        Tone(crop=(60, 0, 30, 10)).part(np.zeros((40, 80, 3), dtype=np.float32))


@pytest.fixture
def article() -> Network:
    """The gas of NeuPy's article before its first presentation."""
    tone = Tone(crop=(150, 30, 150, 150), blur=0.6)
    blurred = tone.blurred(tone.grey(tone.part(data.astronaut().astype(np.float32) / 255)))
    (level,) = levels(Otsu(offset=0.1), blurred)
    assert len(level.points) == 11_931
    rules = NeuPy()
    return Network(level.points, rules.law(), rules.order(0, 0), unit=rules.unit, origin=rules.origin)


NEUPY = json.loads(Path(__file__).with_name("neupy-0.8.2.json").read_text())


def test_the_graph_is_that_of_neupy_bit_for_bit(article):
    """Every place and edge after 5,000 presentations, as the package itself has them."""
    article.grow(NEUPY["presentations"], 2400)
    nodes = article.nodes
    slots = np.flatnonzero(nodes.degrees >= 0)
    slots = slots[np.argsort(nodes.serials[slots])]
    assert np.array_equal(nodes.places[slots], np.array(NEUPY["places"], dtype=np.float32))
    number = {slot: place for place, slot in enumerate(slots.tolist())}
    ends = [nodes.neighbours[slot, : nodes.degrees[slot]].tolist() for slot in slots]
    edges = {(number[slot], number[end]) for slot, row in zip(slots.tolist(), ends, strict=True) for end in row}
    assert sorted(edge for edge in edges if edge[0] < edge[1]) == [tuple(edge) for edge in NEUPY["edges"]]


def test_the_article_is_repeated_to_its_last_digit(article):
    """The five training errors that NeuPy's notebook prints for seed 0, and the graph's size in the package itself."""
    gas = article
    errors = [gas.grow(11_931, 2400) / 1000 for _ in range(20)]
    told = [f"{errors[epoch - 1]:.6f}" for epoch in (1, 2, 5, 10, 20)]
    assert told == ["0.008212", "0.003526", "0.002027", "0.001393", "0.000962"]
    assert gas.presented == 238_620
    last = NEUPY["after 20 epochs"]
    assert (gas.alive, gas.edges) == (last["nodes"], last["edges"])
    slots = np.flatnonzero(gas.nodes.degrees >= 0)
    places = gas.nodes.places[slots[np.argsort(gas.nodes.serials[slots])]].astype("<f4")
    assert hashlib.sha256(places.tobytes()).hexdigest() == last["sha256 of places"]
    assert gas.quantisation_error() == pytest.approx(0.8725, abs=5e-5)
