"""Every objective: descends, has finite gradients, names its terms; and what is particular to each."""

import math
from functools import cache

import pytest
import torch
from pydantic import TypeAdapter
from skimage import data

from orbifolio.runner.errors import InputError
from orbifolio.runner.images.cover import cover
from orbifolio.runner.objectives import OBJECTIVES, AnyObjective
from orbifolio.runner.objectives.autograd_engine import AutogradEngine
from orbifolio.runner.objectives.base import PLAIN, Appearance, Preparation
from orbifolio.runner.objectives.dream import OTHER_THINGS, Dream, class_index, excited_channels
from orbifolio.runner.objectives.engine import padding
from orbifolio.runner.objectives.pixels import PixelDifference
from orbifolio.runner.objectives.smoothness import Range, Smoothness
from orbifolio.runner.objectives.style import MAX_APPEARANCES, Style, StyleImage, _reduce, show
from orbifolio.runner.vision.efficientnet import EfficientNetLite0
from orbifolio.runner.vision.untrained import Untrained
from orbifolio.runner.vision.vgg import Vgg16


@cache
def network(kind=""):
    """That an objective looks through; shared: orthogonal weights take a second to draw."""
    return EfficientNetLite0().build() if kind == "statistics-prior" else Untrained().build()


SWAP = ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def source(name: str) -> torch.Tensor:
    """Stripes in colours that differ by name; `mask` is bright on the left."""
    x = torch.linspace(0, 1, 40)[None, None, None, :].expand(1, 3, 32, 40)
    if name == "mask":
        return (x < 0.5).float()
    phase = torch.tensor([0.0, 1.0, 2.0])[None, :, None, None] + len(name)
    return 0.5 + 0.5 * torch.sin(20 * x + phase)


def preparation(**changes) -> Preparation:
    given = {"encoder": network(), "width": 32, "height": 32, "picture": source, "plain_picture": source}
    return Preparation(**{**given, **changes})


EXAMPLES = {
    "style": {"kind": "style", "images": ["a"], "layers": ["conv1_1", "conv2_1"]},
    "content": {"kind": "content", "image": "a", "layers": ["conv2_1"]},
    "dream": {"kind": "dream", "layer": "conv2_1", "channel": 3},
    "statistics-prior": {"kind": "statistics-prior"},
    "smoothness": {"kind": "smoothness"},
    "range": {"kind": "range"},
    "pixels": {"kind": "pixels", "image": "a"},
}


def build(record, **changes):
    return (
        TypeAdapter(AnyObjective)
        .validate_python(record)
        .build(preparation(**{"encoder": network(record["kind"]), **changes}))
    )


def start() -> torch.Tensor:
    return torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(3)) * 1.4 - 0.2


def test_every_kind_has_an_example():
    assert {kind.model_fields["kind"].default for kind in OBJECTIVES} == set(EXAMPLES)


@pytest.mark.parametrize("mask", [None, "mask"])
@pytest.mark.parametrize("kind", EXAMPLES)
def test_five_steps_downhill(kind, mask):
    objective = build({**EXAMPLES[kind], "mask": mask})
    engine = AutogradEngine(network(kind), [objective], wrap=(True, True))
    artwork = start()
    first = engine.evaluate(artwork, None)
    assert first.terms
    assert all(name.startswith(kind) for name in first.terms)
    assert torch.isfinite(first.gradient).all()
    loss = first.loss
    for _ in range(5):
        evaluation = engine.evaluate(artwork, None)
        scale = evaluation.gradient.square().mean().sqrt()
        artwork = artwork - evaluation.gradient * (2e-3 / scale)
    assert engine.evaluate(artwork, None).loss < loss


@pytest.mark.parametrize("kind", ["content", "smoothness", "range", "dream"])
def test_a_mask_leaves_the_rest_alone(kind):
    record = {**EXAMPLES[kind], "mask": "mask"}
    if kind in ("content", "dream"):
        record = {key: value for key, value in record.items() if key not in ("layers", "layer", "channel")}
        record |= {"layers": ["conv1_1"]} if kind == "content" else {"layer": "conv1_1"}
    gradient = AutogradEngine(network(), [build(record)], wrap=(False, False)).evaluate(start(), None).gradient
    assert gradient[..., :12].abs().max() > 0
    assert gradient[..., 20:].abs().max() == 0


def test_weights_scale_terms_and_negative_weights_turn_them():
    for kind, record in EXAMPLES.items():
        engine = [
            AutogradEngine(network(kind), [build({**record, "weight": weight})], wrap=(True, True))
            for weight in (1.0, 3.0, -1.0)
        ]
        one, three, minus = (each.evaluate(start(), None).loss for each in engine)
        assert three == pytest.approx(3 * one, rel=1e-4), kind
        assert minus == pytest.approx(-one, rel=1e-4), kind


def test_the_style_picture_itself_has_no_style_loss():
    picture = source("a")[..., :32]
    objective = Style(images=("a",), layers=("conv1_1", "conv2_1", "conv3_1")).build(
        preparation(picture=lambda name: picture)
    )
    engine = AutogradEngine(network(), [objective], wrap=(False, False))
    assert engine.evaluate(picture, None).loss < 1e-4
    assert engine.evaluate(start(), None).loss > 0.1


def test_style_is_pooled_over_the_appearances_of_a_symmetry():
    swapped = Appearance(0.0, False, SWAP)
    plain = Style(images=("a",), layers=("conv1_1",)).build(preparation())
    pooled = Style(images=("a",), layers=("conv1_1",)).build(preparation(appearances=(PLAIN, swapped)))
    off = Style(images=("a",), layers=("conv1_1",), pool_colours=False).build(preparation(appearances=(PLAIN, swapped)))
    means = pooled.targets["pixels"].mean
    assert float(means[0]) == pytest.approx(float(means[1]), abs=1e-6)
    assert abs(float(plain.targets["pixels"].mean[0] - plain.targets["pixels"].mean[1])) > 1e-3
    torch.testing.assert_close(off.targets["conv1_1"].second, plain.targets["conv1_1"].second)


def test_pooling_is_thinned_evenly_and_keeps_the_identity():
    many = tuple(Appearance(float(degrees), False, PLAIN.colour) for degrees in range(0, 360, 3))
    kept = _reduce(many, colours=True, turns=True)
    assert len(kept) == MAX_APPEARANCES
    assert kept[0] == PLAIN
    assert _reduce(many, colours=True, turns=False) == (PLAIN,)


def test_shown_turned_by_quarters_is_exact_and_by_others_is_close():
    picture = source("a")
    assert torch.equal(
        show(picture, Appearance(90, False, PLAIN.colour), pixels=1e9), torch.rot90(picture, 1, (-2, -1))
    )
    assert torch.equal(show(picture, Appearance(0, True, PLAIN.colour), pixels=1e9), picture.flip(-1))
    square = source("a")[..., :32]
    nearly = show(square, Appearance(89.999, False, PLAIN.colour), pixels=1e9)
    torch.testing.assert_close(
        nearly[..., 6:-6, 6:-6], torch.rot90(square, 1, (-2, -1))[..., 6:-6, 6:-6], atol=0.02, rtol=0
    )


def test_shown_at_a_magnification_has_that_many_pixels():
    shown = show(torch.rand((1, 3, 200, 300)), PLAIN, pixels=15000)
    assert show(torch.rand((1, 3, 20, 30)), PLAIN, pixels=15000).shape[-2:] == (20, 30)  # never enlarged
    assert shown.shape[-1] * shown.shape[-2] == pytest.approx(15000, rel=0.02)


def test_cover_fills_without_distortion():
    picture = source("a")
    assert cover(picture, (16, 64)).shape == (1, 3, 16, 64)
    assert torch.equal(cover(picture, (32, 40)), picture)


def test_smoothness_wraps_only_where_the_artwork_does():
    step = torch.zeros((1, 3, 8, 8))
    step[..., 4:] = 1.0
    objective = Smoothness(weight=1.0).build(preparation(width=8, height=8))

    def score(wrap):
        return AutogradEngine(network(), [objective], wrap=wrap).evaluate(step, None).loss

    assert score((True, True)) == pytest.approx(2 / 8)
    assert score((False, False)) == pytest.approx(1 / 7)


def test_range_is_nothing_inside():
    engine = AutogradEngine(network(), [Range().build(preparation())], wrap=(True, True))
    assert engine.evaluate(torch.rand((1, 3, 32, 32)), None).loss == 0
    assert engine.evaluate(torch.full((1, 3, 32, 32), 1.1), None).loss == pytest.approx(0.1, rel=1e-3)


def test_a_dream_like_a_picture_is_of_the_channels_that_stand_out():
    layer, photo = "conv3_1", source("a")

    def powers(picture):
        height, width = picture.shape[-2:]
        scale = 128 / min(height, width)
        sized = torch.nn.functional.interpolate(
            picture, size=(round(height * scale), round(width * scale)), mode="bicubic", antialias=True
        )
        found = network().features(sized.clamp(0, 1), (layer,))[layer][0].double().square().mean(dim=(1, 2))
        return (found + 1e-4 * found.mean()).log()  # some channels are silent

    others = [torch.from_numpy(getattr(data, name)()).float().div(255) for name in OTHER_THINGS]
    colour = [each[..., None].expand(-1, -1, 3) if each.ndim == 2 else each for each in others]
    general = torch.stack([powers(each.movedim(-1, 0)[None]) for each in colour]).mean(dim=0)
    stands_out = powers(photo) - general
    found = excited_channels(network(), layer, photo)
    assert sorted(found) == list(range(len(found)))
    assert stands_out[found[0]] > stands_out.max() - 0.1
    assert (stands_out[found].diff() < 0.1).all()
    second = build({"kind": "dream", "layer": layer, "like": "a", "rank": 1})
    assert second.channels == (found[1],)
    assert f"channels {found[1]}, number 2 of what a excites" in second.describe()


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"layer": "conv2_1", "like": "a", "channel": 3}, "channels"),
        ({"layer": "conv2_1", "rank": 2}, "add `like`"),
        ({"layer": "conv2_1", "like": "a", "rank": 128}, "ranks are 0 to 127"),
    ],
)
def test_a_rank_is_of_a_picture_and_a_channel_that_there_is(fields, word):
    assert word in Dream.model_validate({"kind": "dream", **fields}).complaints(Vgg16())[0][1]


def test_dreams_on_dead_channels_stay_finite():
    engine = AutogradEngine(
        network(), [Dream(layer="conv3_1", channels=(0, 1, 2)).build(preparation())], wrap=(True, True)
    )
    evaluation = engine.evaluate(torch.zeros((1, 3, 32, 32)), None)
    assert all(map(math.isfinite, evaluation.terms.values()))
    assert torch.isfinite(evaluation.gradient).all()


CLASSES = ("tench", "great white shark", "volcano", "violin")


@pytest.mark.parametrize(("wanted", "index"), [("volcano", 2), ("Great_White shark", 1), (3, 3), ("0", 0)])
def test_classes_by_name_and_number(wanted, index):
    assert class_index(wanted, CLASSES) == index


@pytest.mark.parametrize(
    ("wanted", "classes", "message"),
    [
        ("volcanoe", CLASSES, "class 'volcanoe' is not one of the 4 ImageNet classes; did you mean 'volcano'?"),
        (4, CLASSES, "class 4: the network knows classes 0 to 3"),
        ("volcano", (), "class 'volcano': this network has no class labels; use `vision: efficientnet-lite0`"),
    ],
)
def test_unknown_classes_are_explained(wanted, classes, message):
    with pytest.raises(InputError) as caught:
        class_index(wanted, classes)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "neither a layer nor a class"),
        ({"layer": "conv1_1", "class": 3}, "leave one of them out"),
        ({"layer": "conv1_1", "channel": 1, "channels": [2]}, "leave one out"),
    ],
)
def test_dreams_with_no_single_aim_are_refused(fields, word):
    assert word in Dream(**fields).complaints(Untrained())[0][1]


def factors(domain: float | None, *, pixels: int, size: tuple[int, int] = (256, 320), **image) -> tuple[float, ...]:
    """Magnifications of a picture of waves 16 pixels long, 16 of them on its shorter side."""
    x = torch.arange(size[1])[None, None, None, :] / 16
    waves = (0.5 + 0.4 * torch.sin(2 * math.pi * x)).expand(1, 3, *size)
    return StyleImage(image="a", **image).magnify(waves, pixels=pixels, domain=domain)


def test_explicit_magnifications_are_kept_and_without_a_symmetry_it_is_one():
    assert factors(400.0, pixels=100_000, magnifications=(0.5, 3)) == (0.5, 3)
    assert factors(None, pixels=10_000) == (1.0,)
    assert factors(None, pixels=256 * 320 * 2) == (0.5,)  # its own size


def test_a_motif_is_magnified_with_the_domain():
    one, two = factors(400.0, pixels=100_000), factors(800.0, pixels=100_000)
    assert two == pytest.approx([2 * item for item in one])
    assert one == pytest.approx([0.7 * one[1], one[1], 1.4 * one[1]])
    # a motif is three waves of the chosen side's sixteenth, and half of one fills a domain
    side = math.sqrt(one[1] * 100_000 * 256 / 320)
    assert (3 * side / 16) ** 2 == pytest.approx(400 / 0.5, rel=0.05)
    # the same share of a larger artwork is the same magnification
    assert factors(100.0, pixels=25_000) == pytest.approx(one)


def test_a_motif_is_never_enlarged_above_the_pictures_own_size():
    assert factors(1e6, pixels=100_000) == pytest.approx((0.7 * 256 * 320 / 100_000, 256 * 320 / 100_000))


def test_what_is_chosen_is_told_for_the_plan_and_described():
    style = Style(images=("a",), layers=("conv1_1",))
    (note,) = style.choices(source, pixels=1024, domain=60.0)
    assert note.startswith("a magnified ")
    assert note.endswith(" times for the symmetry")
    assert style.choices(source, pixels=1024, domain=None) == ()
    chosen = note.removesuffix(" times for the symmetry")
    assert chosen in style.build(preparation(domain=60.0)).describe()


def test_a_picture_shown_smaller_stays_between_black_and_white():
    stripes = (torch.arange(60) % 20 < 10).float().expand(1, 3, 60, 60)
    shown = show(stripes, PLAIN, pixels=2000)  # bicubic weights overshoot at edges
    assert shown.shape[-2:] == (45, 45)
    assert (float(shown.min()), float(shown.max())) == (0.0, 1.0)


def test_features_of_a_tile_wrap_with_it_and_those_of_a_plain_picture_do_not():
    objective = Style(images=("a",), layers=("conv1_1",)).build(preparation())
    artwork = start().clamp(0, 1)

    def score(picture, wrap):
        return AutogradEngine(network(), [objective], wrap=wrap).evaluate(picture, None).loss

    moved = artwork.roll((5, 9), dims=(-2, -1))
    assert score(moved, (True, True)) == pytest.approx(score(artwork, (True, True)), rel=1e-5)
    assert score(moved, (False, False)) != pytest.approx(score(artwork, (False, False)), rel=1e-5)


def test_smoothness_of_absolute_differences_leaves_a_grey_level_to_flat_colour():
    flat = torch.full((1, 3, 8, 8), 0.4)
    objective = Smoothness(weight=1.0, power=1).build(preparation(width=8, height=8))
    loss = AutogradEngine(network(), [objective], wrap=(True, True)).evaluate(flat, None).loss
    assert loss == pytest.approx(2 / 255, rel=1e-5)


def test_what_a_kind_needs_is_what_it_names():
    assert PixelDifference(image="a").pictures() == ("a",)
    assert PixelDifference().pictures() == ()
    assert Dream(layer="conv2_1").layers_needed() == ("conv2_1",)
    assert Dream.model_validate({"kind": "dream", "class": "volcano"}).layers_needed() == ("logits",)


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("across", [True, False])
def test_a_network_continues_each_axis_as_that_axis_does(down, across):
    words = {True: "wrap", False: "replicate"}
    assert padding((down, across)) == (words[down], words[across])


def test_a_statistics_prior_may_do_without_slack_and_without_its_early_layers():
    kind = TypeAdapter(AnyObjective)
    assert kind.validate_python({"kind": "statistics-prior", "slack": 0, "early": 0}).early == 0
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        kind.validate_python({"kind": "statistics-prior", "slack": -0.1})
