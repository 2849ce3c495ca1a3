"""The style distance: its scale, what it does not punish, and that it tells styles apart."""

from __future__ import annotations

import pytest
import torch
from made_up_eyes import ColourEye, LightEye
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.errors import MissingWeights
from orbifolio.runner.images.sources import Images, own_pictures
from orbifolio.runner.judge.crops import windows
from orbifolio.runner.judge.eyes import EYES
from orbifolio.runner.judge.style_distance import StyleDistance, StylePicture, far_enough, style_distance
from orbifolio.runner.objectives.base import PLAIN, Appearance
from orbifolio.runner.objectives.style import show

EYE_PAIR = (ColourEye(), LightEye())
CYCLE = (
    PLAIN,
    Appearance(120.0, False, ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))),
    Appearance(240.0, False, ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))),
)


def style(name: str) -> Tensor:
    """One of our style pictures, (3, h, w), its longer side 512 px."""
    (pixels,) = Images(own_pictures()[name].parent).load(f"orbifolio:{name}").pixels[None]
    picture = torch.from_numpy(pixels).permute(2, 0, 1)
    factor = 512 / max(picture.shape)
    return functional.interpolate(picture[None], scale_factor=factor, mode="bicubic", antialias=True)[0].clamp(0, 1)


def judged(picture: Tensor, wanted: Tensor, appearances=(PLAIN,), eyes=EYE_PAIR) -> StyleDistance:
    return style_distance(windows(picture, wrap=(False, False)), [StylePicture(wanted)], eyes, appearances)


def value(found: StyleDistance) -> float:
    assert found.value is not None
    return found.value


def test_a_piece_of_the_style_is_nearer_than_anything_else():
    glass, waves, mosaic = (style(name) for name in ("stained-glass", "waves", "mosaic"))
    own, *others = (value(judged(glass[:, 60:420, 60:420], wanted)) for wanted in (glass, waves, mosaic))
    assert own < 0.15
    assert min(others) > own + 0.25


def test_an_unrelated_picture_is_about_1():
    coffee = torch.from_numpy(Images(own_pictures()["ikat"].parent).load("skimage:coffee").pixels).permute(2, 0, 1)
    assert 0.4 < value(judged(coffee, style("ikat"))) < 2


def test_it_is_the_same_every_time():
    picture, wanted = style("agate"), style("marbling")
    assert judged(picture, wanted) == judged(picture.clone(), wanted.clone())


def test_how_large_the_style_is_shown_is_not_punished():
    glass = style("stained-glass")
    for factor in (0.6, 0.75, 1.0):
        size = [round(side * factor) for side in glass.shape[1:]]
        smaller = functional.interpolate(glass[None], size=size, mode="bicubic", antialias=True)[0].clamp(0, 1)
        found = judged(smaller, glass)
        assert value(found) < 0.2
        assert found.side == pytest.approx(factor * min(glass.shape[1:]), rel=0.35)


def test_colours_of_the_symmetry_are_not_punished():
    page, eyes = style("calligraphy"), (ColourEye(),)
    shown = [show(page[None], item, pixels=1e9)[0][:, 50:350, 50:350] for item in CYCLE]
    all_three = torch.cat(shown, dim=2)
    pooled, plain = value(judged(all_three, page, CYCLE, eyes)), value(judged(all_three, page, eyes=eyes))
    assert pooled < 0.15
    assert plain > pooled + 0.1
    assert value(judged(page, page, CYCLE, eyes)) > pooled + 0.1


def test_a_blurred_style_is_farther_than_the_style():
    glass = style("stained-glass")
    soft = functional.avg_pool2d(glass[None], 9, 1, 4, count_include_pad=False)[0]
    assert value(judged(soft, glass)) > value(judged(glass, glass)) + 0.02


def test_styles_are_pooled_by_their_weights():
    glass, waves = style("stained-glass"), style("waves")

    def both(first: float, second: float) -> float:
        styles = [StylePicture(glass, first), StylePicture(waves, second)]
        return value(style_distance(windows(glass, wrap=(False, False)), styles, EYE_PAIR, (PLAIN,)))

    assert both(9, 1) < both(1, 1) < both(1, 9)
    assert both(2, 2) == pytest.approx(both(1, 1))


def test_an_eye_that_sees_no_difference_is_left_out():
    class Blind(ColourEye):
        name = "blind"

        def distance(self, first: Tensor, second: Tensor) -> float:
            return 1.0

    found = judged(style("ikat"), style("ikat"), eyes=(*EYE_PAIR, Blind()))
    assert found.blind == ("blind",)
    assert set(found.scores) == {"gram", "features"}
    nothing = judged(style("ikat"), style("ikat"), eyes=(Blind(),))
    assert nothing.value is None


def test_large_pictures_are_looked_at_from_farther_away():
    assert far_enough(torch.zeros(3, 600, 800)).shape == (3, 600, 800)
    assert far_enough(torch.zeros(3, 1000, 4000)).shape == (3, 512, 2048)


@pytest.mark.slow
def test_the_published_eyes_know_a_piece_of_the_style():
    try:
        eyes = [kind.open() for kind in EYES]
    except MissingWeights as error:
        pytest.skip(f"weights cannot be fetched here: {str(error).splitlines()[0]}")
    glass, agate = style("stained-glass"), style("agate")
    own, other = judged(glass[:, 50:450, 50:450], glass, eyes=eyes), judged(agate, glass, eyes=eyes)
    assert value(own) < 0.2  # pieces of six styles: -0.07 to 0.16; other styles 0.38 to 0.84
    assert value(other) > 0.4
    for name, score in own.scores.items():
        assert score.score < other.scores[name].score - 0.2
