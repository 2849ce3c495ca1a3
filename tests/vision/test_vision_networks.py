"""Networks: tiles seen as their infinite tilings, only as deep as asked, in both precisions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import skimage.data
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from orbifolio.runner.errors import MissingWeights, ShapeMismatch
from orbifolio.runner.settings import kind_of
from orbifolio.runner.vision import NETWORKS, AnyNetwork, alexnet, inception
from orbifolio.runner.vision.alexnet import AlexNet, AlexNetEncoder
from orbifolio.runner.vision.base import Encoder, Provenance, Shear
from orbifolio.runner.vision.efficientnet import (
    EfficientNetEncoder,
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
)
from orbifolio.runner.vision.ensemble import Ensemble, EnsembleEncoder
from orbifolio.runner.vision.imagenet import class_names
from orbifolio.runner.vision.inception import InceptionEncoder, InceptionV3
from orbifolio.runner.vision.published import TABLE
from orbifolio.runner.vision.untrained import Untrained
from orbifolio.runner.vision.vgg import CAFFE, TORCHVISION, Vgg16, Vgg19, VggEncoder

NOWHERE = Provenance("made up", "", "", "")


def random_tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Weights of a scale that keeps activations' scale; biases that are not zero."""
    random = torch.Generator().manual_seed(5)
    return {
        name: torch.randn(shape, generator=random) * (math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else 0.1)
        for name, shape in shapes.items()
    }


def made_up_lite2() -> EfficientNetEncoder:
    architecture = EfficientNetLite2.architecture
    return EfficientNetEncoder(architecture, random_tensors(architecture.weight_shapes()), NOWHERE)


def made_up_inception() -> Encoder:
    return InceptionEncoder(random_tensors(inception.weight_shapes()), NOWHERE)


def made_up_alexnet() -> Encoder:
    return AlexNetEncoder(random_tensors(alexnet.weight_shapes()), NOWHERE)


def small_vgg(**settings: object) -> VggEncoder:
    return Untrained.model_validate({"seed": 3, **settings}).build()


ENCODERS = {
    "untrained": lambda: small_vgg(),
    "untrained-max": lambda: small_vgg(pooling="max"),
    "efficientnet-lite0": lambda: EfficientNetLite0().build(),
    "efficientnet-lite2": made_up_lite2,
    "inception-v3": made_up_inception,
    "alexnet": made_up_alexnet,
}


@pytest.fixture(scope="module", params=list(ENCODERS))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return ENCODERS[request.param]()


def test_a_tile_is_seen_as_the_middle_of_its_tiling(encoder: Encoder) -> None:
    seen = encoder.padded(("wrap", "wrap"))
    tile = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(1))
    layers = [name for name in encoder.layers if name != "logits"]
    alone, tiled = seen.features(tile, layers), seen.features(tile.tile(1, 1, 3, 3), layers)
    for name in layers:
        height, width = alone[name].shape[-2:]
        stride = encoder.stride(name)
        assert alone[name].shape == (1, encoder.channels(name), 32 // stride, 64 // stride), name
        middle = tiled[name][..., height : 2 * height, width : 2 * width]
        # Sums are taken in another order for another size; nothing else may differ.
        torch.testing.assert_close(alone[name], middle, rtol=1e-4, atol=3e-5 * float(alone[name].abs().max()))


def test_half_a_tile_of_two_cells_is_seen_as_half_of_the_tile_is(encoder: Encoder) -> None:
    layers = [name for name in encoder.layers if name != "logits"]
    stride = max(encoder.stride(name) for name in layers)
    cell = torch.rand(1, 3, stride, 2 * stride, generator=torch.Generator().manual_seed(3))
    whole = torch.cat([cell, cell.roll(stride, dims=-1)], dim=-2)
    alone = encoder.padded((Shear(Fraction(1, 2)), "wrap")).features(cell, layers)
    tiled = encoder.padded(("wrap", "wrap")).features(whole, layers)
    for name in layers:
        upper = tiled[name][..., : alone[name].shape[-2], :]
        torch.testing.assert_close(alone[name], upper, rtol=1e-4, atol=3e-5 * float(upper.abs().max()))


def test_the_wrap_of_one_axis_does_not_touch_the_other(encoder: Encoder) -> None:
    seen = encoder.padded(("replicate", "wrap"))
    layer = [name for name in encoder.layers if encoder.stride(name) == 8][0]
    picture = torch.rand(1, 3, 64, 32, generator=torch.Generator().manual_seed(2))
    alone, tiled = (seen.features(picture.tile(1, 1, 1, n), [layer])[layer] for n in (1, 3))
    torch.testing.assert_close(alone, tiled[..., 4:8], rtol=1e-4, atol=1e-5 * float(alone.abs().max()))
    rolled = seen.features(picture.roll(8, 3), [layer])[layer]
    torch.testing.assert_close(alone.roll(1, 3), rolled, rtol=1e-4, atol=1e-5 * float(alone.abs().max()))
    lowered = seen.features(picture.roll(8, 2), [layer])[layer]
    assert not torch.allclose(alone.roll(1, 2), lowered, rtol=1e-2)


class CountConvolutions(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += "convolution" in str(function)
        return function(*args, **(kwargs or {}))


def test_nothing_deeper_than_asked_is_computed(encoder: Encoder) -> None:
    picture = torch.rand(1, 3, 96, 96)
    counts = []
    for name in encoder.layers:
        with CountConvolutions() as mode:
            features = encoder.features(picture, [name])
        assert list(features) == [name]
        counts.append(mode.count)
    assert counts == sorted(counts)
    assert counts[0] == 1
    if isinstance(encoder, VggEncoder):
        assert counts == list(range(1, 14))


def test_features_do_not_depend_on_what_else_is_asked_for(encoder: Encoder) -> None:
    picture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(3))
    together = encoder.features(picture, encoder.layers)
    assert list(together) == list(encoder.layers)
    for name in (encoder.layers[0], encoder.layers[-1]):
        assert torch.equal(together[name], encoder.features(picture, [name])[name])
    assert encoder.features(picture, []) == {}


def test_unknown_layers_and_shapes_are_told(encoder: Encoder) -> None:
    with pytest.raises(KeyError, match=f"no layer 'conv9_9'; it has {encoder.layers[0]}"):
        encoder.features(torch.rand(1, 3, 64, 64), ["conv9_9"])
    layer = next(name for name in encoder.layers if encoder.stride(name) == 4)
    with pytest.raises(ShapeMismatch, match="a multiple of 4"):
        encoder.padded(("wrap", "wrap")).features(torch.rand(1, 3, 64, 66), [layer])


def test_copies_share_weights_and_want_no_gradient(encoder: Encoder) -> None:
    wrapped = encoder.padded(("wrap", "wrap"))
    assert wrapped.padding == ("wrap", "wrap")
    assert encoder.padding != ("wrap", "wrap")
    picture = torch.rand(1, 3, 64, 64, requires_grad=True)
    name = encoder.layers[3]
    half = wrapped.to("cpu", torch.bfloat16)
    features = half.features(picture, [name])[name]
    assert features.dtype == torch.bfloat16
    assert features.is_contiguous(memory_format=torch.channels_last)
    (gradient,) = torch.autograd.grad(features.float().square().sum(), picture)
    assert gradient.dtype == torch.float32
    assert float(gradient.abs().max()) > 0
    tensors = wrapped._tensors  # type: ignore[attr-defined]
    assert tensors is encoder._tensors  # type: ignore[attr-defined]
    assert not any(tensors[key].requires_grad for key in tensors)


@pytest.mark.parametrize("kind", NETWORKS, ids=kind_of)
def test_tables_are_known_without_weights(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orbifolio.runner.vision.vgg.default_store", None)
    settings = kind()
    names = settings.layer_names()
    assert len(set(names)) == len(names)
    strides = [settings.layer_stride(name) for name in names]
    assert strides == sorted(strides)
    assert min(settings.layer_channels(name) for name in names) > 0
    assert set(settings.default_style_layers) <= set(names)
    assert set(settings.weight_names()) <= set(TABLE)
    assert settings.cites
    with pytest.raises(KeyError):
        settings.layer_stride("conv9_9")


def test_networks_are_chosen_by_name_or_settings() -> None:
    adapter = TypeAdapter(AnyNetwork)
    assert adapter.validate_python("vgg16") == Vgg16()
    assert adapter.validate_python({"kind": "vgg19", "pooling": "max"}).half_precision is False
    assert Vgg16().weight_names() == ("vgg16/imagenet",)
    assert Vgg16(weights="hed").weight_names() == ("vgg16/hed",)
    assert Vgg16(path="x.pth").weight_names() == ()
    assert Vgg19().layer_names()[-1] == "conv5_4"
    with pytest.raises(ValidationError):
        adapter.validate_python({"kind": "vgg16", "weights": "caffe"})


def test_untrained_filters_are_orthogonal_seeded_and_keep_the_scale() -> None:
    encoder, again, other = small_vgg(), small_vgg(), small_vgg(seed=4)
    kernel = encoder._tensors["conv2_1.weight"].flatten(1)
    torch.testing.assert_close(kernel @ kernel.mT, 2 * torch.eye(128), rtol=0, atol=1e-4)
    assert torch.equal(kernel, again._tensors["conv2_1.weight"].flatten(1))
    assert not torch.allclose(kernel, other._tensors["conv2_1.weight"].flatten(1))
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(6))
    features = encoder.padded(("wrap", "wrap")).features(picture, encoder.layers)
    powers = [float(values.square().mean()) for values in features.values()]
    # Averages over 2 x 2 lose some of the power of noise; no layer may fade or explode.
    assert all(0.02 < power < 50 for power in powers), powers
    before = torch.get_rng_state()
    small_vgg(seed=5).features(picture, ["conv1_2"])
    assert torch.equal(before, torch.get_rng_state())


def test_vgg_input_conventions() -> None:
    picture = torch.tensor([1.0, 0.5, 0.25]).view(1, 3, 1, 1)
    torch.testing.assert_close(
        CAFFE.apply(picture).flatten(), torch.tensor([63.75 - 104.007, 127.5 - 116.669, 255 - 122.679])
    )
    torch.testing.assert_close(
        TORCHVISION.apply(picture).flatten(),
        torch.tensor([(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.25 - 0.406) / 0.225]),
    )


def test_vgg_is_the_plain_network() -> None:
    """Against a straightforward spelling with zero padding."""
    encoder = small_vgg(pooling="max").padded(("zero", "zero"))
    picture = torch.rand(2, 3, 40, 36, generator=torch.Generator().manual_seed(7))
    x = (picture - 0.5) / 0.25
    for block, depth in enumerate((2, 2, 3), start=1):
        if block > 1:
            x = functional.max_pool2d(x, 2)
        for number in range(1, depth + 1):
            x = functional.relu(functional.conv2d(x, encoder._tensors[f"conv{block}_{number}.weight"], padding=1))
    torch.testing.assert_close(encoder.features(picture, ["conv3_3"])["conv3_3"], x, rtol=1e-4, atol=1e-4)


def grams(encoder: Encoder, picture: Tensor) -> dict[str, Tensor]:
    found = {}
    for name, features in encoder.features(picture, encoder.style_layers).items():
        flat = features.flatten(2)[0]
        found[name] = (flat @ flat.mT).float() / flat.shape[1]
    return found


def gradient(encoder: Encoder, picture: Tensor, targets: dict[str, Tensor]) -> Tensor:
    """Of the style objective at its beginning, with respect to the picture."""
    leaf = picture.clone().requires_grad_()
    total = torch.zeros(())
    for name, gram in grams(encoder, leaf).items():
        total = total + (gram - targets[name]).square().sum() / targets[name].square().sum()
    (found,) = torch.autograd.grad(total, leaf)
    return found.flatten()


def agreement(encoder: Encoder, picture: Tensor, style: Tensor) -> float:
    """Cosine between the gradients in float32 and in bfloat16, for the same targets."""
    targets = grams(encoder, style)
    fine, coarse = (gradient(encoder.to("cpu", kind), picture, targets) for kind in (torch.float32, torch.bfloat16))
    return float(functional.cosine_similarity(fine, coarse, dim=0))


def stained_tissue() -> Tensor:
    values = torch.tensor(skimage.data.immunohistochemistry()[:128, :96] / 255.0, dtype=torch.float32)
    return values.permute(2, 0, 1)[None]


def test_half_precision_gradients_agree() -> None:
    picture = torch.rand(1, 3, 128, 96, generator=torch.Generator().manual_seed(8))
    networks = [small_vgg(pooling=pooling).padded(("wrap", "wrap")) for pooling in ("average", "max")]
    cosines = [agreement(network, picture, stained_tissue()) for network in networks]
    # 0.999 is the bar under which `half_precision` may be claimed; maximum pooling does not reach it.
    assert cosines[0] >= 0.999
    assert cosines[1] < cosines[0]
    assert Untrained().half_precision
    assert not Untrained(pooling="max").half_precision


def scores(picture: object, network: Encoder | None = None) -> Tensor:
    values = torch.tensor(picture, dtype=torch.float32).permute(2, 0, 1)[None] / 255
    small = functional.interpolate(values, size=(224, 224), mode="bilinear", antialias=True)
    return (network or EfficientNetLite0().build()).features(small, ["logits"])["logits"][0]


def test_efficientnet_names_what_it_sees() -> None:
    coffee, cat = scores(skimage.data.coffee()), scores(skimage.data.chelsea())
    assert coffee.shape == (1000,)
    assert class_names()[int(coffee.argmax())] == "espresso"
    assert float(coffee.softmax(0).max()) > 0.8
    assert set(cat.topk(3).indices.tolist()) == {281, 282, 285}


def test_an_ensemble_is_the_mean_of_its_members() -> None:
    members = [EfficientNetLite0().build(), made_up_lite2()]
    ensemble = EnsembleEncoder(members).to("cpu", torch.float32).padded(("wrap", "zero"))
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    alone = [member.padded(("wrap", "zero")).features(picture, ["logits"])["logits"] for member in members]
    torch.testing.assert_close(ensemble.features(picture, ["logits"])["logits"], (alone[0] + alone[1]) / 2)
    assert ensemble.padding == ("wrap", "zero")
    assert ensemble.classes == class_names()
    assert [provenance.name for provenance in ensemble.provenances] == ["efficientnet-lite0/imagenet", "made up"]
    assert ensemble.features(picture, []) == {}
    with pytest.raises(KeyError, match="an ensemble has no layer 'stem'; it has logits"):
        ensemble.features(picture, ["stem"])


def test_an_ensemble_needs_the_weights_of_all_its_members_once() -> None:
    settings = TypeAdapter(AnyNetwork).validate_python({"kind": "ensemble", "networks": ["efficientnet-lite1"] * 2})
    assert settings.weight_names() == ("efficientnet-lite1/imagenet",)
    assert Ensemble().weight_names() == tuple(f"efficientnet-lite{n}/imagenet" for n in range(3))


def test_class_names_stand_at_their_numbers() -> None:
    names = class_names()
    assert len(names) == len(set(names)) == 1000
    anchors = {
        0: "tench",
        88: "macaw",
        134: "crane (bird)",
        281: "tabby",
        327: "starfish",
        388: "giant panda",
        517: "crane (machine)",
        665: "moped",
        889: "violin",
        967: "espresso",
        980: "volcano",
        999: "toilet tissue",
    }
    assert {number: names[number] for number in anchors} == anchors
    assert all(name == name.strip() and name and not name[0].isdigit() for name in names)
    assert EfficientNetLite0().class_names() == EfficientNetLite0().build().classes == names


def test_alexnet_is_the_plain_network() -> None:
    """Against torch's own layers, put together as its authors did; 75 px leave pixels over at every stride."""
    tensors = random_tensors(alexnet.weight_shapes())
    convolutions = [
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.Conv2d(256, 256, 3, padding=1),
    ]
    pool = nn.MaxPool2d(3, 2)
    picture = torch.rand(2, 3, 75, 90, generator=torch.Generator().manual_seed(4))
    features = AlexNetEncoder(tensors, NOWHERE).padded(("zero", "zero")).features(picture, tuple(alexnet.LAYERS))
    x = TORCHVISION.apply(picture)
    for number, convolution in enumerate(convolutions, 1):
        name = f"conv{number}"
        convolution.load_state_dict({part: tensors[f"{name}.{part}"] for part in ("weight", "bias")})
        x = convolution(pool(x) if number in (2, 3) else x).relu()
        torch.testing.assert_close(features[name], x, rtol=1e-5, atol=1e-5 * float(x.detach().abs().max()))


@pytest.mark.slow
def test_alexnet_sees_tiles_as_tilings() -> None:
    try:
        seen = AlexNet().build().padded(("wrap", "wrap"))
    except MissingWeights as error:
        pytest.skip(f"weights cannot be fetched here: {str(error).splitlines()[0]}")
    tile = stained_tissue()
    alone, tiled = (seen.features(tile.tile(1, 1, n, n), ["conv5"])["conv5"] for n in (1, 3))
    height, width = alone.shape[-2:]
    torch.testing.assert_close(
        alone, tiled[..., height : 2 * height, width : 2 * width], rtol=1e-3, atol=1e-4 * float(alone.abs().max())
    )


@pytest.mark.slow
def test_the_larger_networks_name_what_they_see() -> None:
    try:
        networks = [EfficientNetLite1().build(), EfficientNetLite2().build()]
    except MissingWeights as error:
        pytest.skip(f"weights cannot be fetched here: {str(error).splitlines()[0]}")
    for network in networks:
        assert class_names()[int(scores(skimage.data.coffee(), network).argmax())] == "espresso"
        assert int(scores(skimage.data.chelsea(), network).argmax()) == 285


@pytest.mark.slow
def test_published_weights_see_tiles_as_tilings_and_agree_in_half_precision() -> None:
    try:
        networks = [Vgg16().build(), InceptionV3().build()]
    except MissingWeights as error:
        pytest.skip(f"weights cannot be fetched here: {str(error).splitlines()[0]}")
    tile = stained_tissue()
    for network in networks:
        seen = network.padded(("wrap", "wrap"))
        for name in network.layers:
            alone, tiled = (seen.features(tile.tile(1, 1, n, n), [name])[name] for n in (1, 3))
            height, width = alone.shape[-2:]
            middle = tiled[..., height : 2 * height, width : 2 * width]
            torch.testing.assert_close(alone, middle, rtol=1e-3, atol=1e-4 * float(alone.abs().max()))
    picture = torch.rand(1, 3, 128, 96, generator=torch.Generator().manual_seed(9))
    assert agreement(networks[0].padded(("wrap", "wrap")), picture, tile) >= 0.999
