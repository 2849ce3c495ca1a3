"""The engine by hand against the plain one, whose gradients autograd makes: all pools, edges, objectives and views."""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from orbifolio.runner.objectives import AnyObjective
from orbifolio.runner.objectives.autograd_engine import AutogradEngine
from orbifolio.runner.objectives.base import Objective, ObjectiveInput, Preparation
from orbifolio.runner.objectives.chain_engine import ChainEngine
from orbifolio.runner.objectives.engine import Engine, Evaluation, padding
from orbifolio.runner.objectives.engine_choice import choose_engine
from orbifolio.runner.views.affine import Jitter, Rotate
from orbifolio.runner.views.base import View
from orbifolio.runner.views.drawn_view import draw_view
from orbifolio.runner.vision import alexnet
from orbifolio.runner.vision.alexnet import AlexNetEncoder
from orbifolio.runner.vision.base import Encoder, Provenance
from orbifolio.runner.vision.chain import chain_features
from orbifolio.runner.vision.chain_backward import ChainBackward, FeaturePull
from orbifolio.runner.vision.efficientnet import EfficientNetLite0
from orbifolio.runner.vision.untrained import Untrained

SIZE = 32
MOST_KERNELS = 380  # 366 now, 75 of them for margins; the plain engine launches 435


@cache
def network(kind: str) -> Encoder:
    if kind != "alexnet":
        return Untrained(pooling=kind).build()
    random = torch.Generator().manual_seed(5)
    scales = {name: math.sqrt(2 / math.prod(shape[1:])) for name, shape in alexnet.weight_shapes().items()}
    tensors = {
        name: torch.randn(shape, generator=random) * (scales[name] if len(shape) > 1 else 0.1)
        for name, shape in alexnet.weight_shapes().items()
    }
    return AlexNetEncoder(tensors, Provenance("made up", "", "", ""))


def picture(source: str, size: int = SIZE) -> Tensor:
    """Smooth noise that differs by name; `mask` is bright on the left."""
    if source == "mask":
        return (torch.arange(size) < size // 2).float().expand(1, 3, size, size)
    random = torch.Generator().manual_seed(len(source))
    coarse = torch.rand((1, 3, size // 4, size // 4), generator=random)
    return functional.interpolate(coarse, size=(size, size), mode="bicubic") * 1.2 - 0.1


def objectives(records: list[dict[str, object]], encoder: Encoder, size: int = SIZE) -> list[Objective]:
    preparation = Preparation(encoder, size, size, lambda name: picture(name, size), lambda name: picture(name, size))
    adapter = TypeAdapter(AnyObjective)
    return [adapter.validate_python(record).build(preparation) for record in records]


VGG_LAYERS = ["conv1_1", "conv1_2", "conv2_1", "conv3_1"]  # conv1_2 is pulled at through a pool
EVERY_STATISTIC = ["gram", "moments", "pixels", "centred-gram", {"kind": "enhancer", "high": 3}]
RECORDS: dict[str, list[dict[str, object]]] = {
    "style": [
        {"kind": "style", "images": ["style"], "layers": VGG_LAYERS, "statistics": EVERY_STATISTIC},
        {"kind": "smoothness"},
        {"kind": "range"},
    ],
    "means": [{"kind": "style", "images": ["style"], "layers": VGG_LAYERS[:3], "statistics": ["moments"]}],
    "masked": [{"kind": "style", "images": ["style"], "layers": VGG_LAYERS, "mask": "mask"}],
    "mixed": [
        {"kind": "style", "images": ["style"], "layers": ["conv1_1", "conv2_1"]},
        {"kind": "style", "images": ["another"], "layers": ["conv2_1"], "weight": -0.1},
        {"kind": "content", "image": "a", "layers": ["conv2_1", "conv3_1"]},
        {"kind": "dream", "layer": "conv3_1", "channel": 3},
        {"kind": "pixels", "image": "a"},
    ],
    "dream": [{"kind": "dream", "layer": "conv2_2"}],
}
ALEXNET = {"conv1_1": "conv1", "conv1_2": "conv2", "conv2_1": "conv2", "conv2_2": "conv3", "conv3_1": "conv3"}


def renamed(value: object) -> object:
    """A record for AlexNet's layers."""
    if isinstance(value, list):
        return list(dict.fromkeys(map(renamed, value))) if value[:1] == ["conv1_1"] else [renamed(v) for v in value]
    if isinstance(value, dict):
        return {key: renamed(item) for key, item in value.items()}
    return ALEXNET.get(value, value) if isinstance(value, str) else value


def both(
    kind: str, records: list[dict[str, object]], wrap: tuple[bool, bool], views: tuple[View, ...] = ()
) -> tuple[Evaluation, Evaluation]:
    """(plain, by hand) in float32, of the same objectives at the same picture through the same view."""
    encoder = network(kind)
    if kind == "alexnet":
        records = renamed(records)  # type: ignore[assignment]
    size = 96 if kind == "alexnet" else SIZE  # deviations over a handful of places have no stable derivative
    here = picture("artwork", size)
    view = draw_view(views, size, size, torch.Generator().manual_seed(1))
    scored = objectives(records, encoder.padded(padding(wrap)), size)
    chosen = choose_engine(encoder, scored, wrap=wrap)
    assert isinstance(chosen, ChainEngine)
    return AutogradEngine(encoder, scored, wrap=wrap).evaluate(here, view), chosen.evaluate(here, view)


def relative(value: Tensor, expected: Tensor) -> float:
    return float((value - expected).detach().norm() / expected.detach().norm())


@pytest.mark.parametrize("wrap", [(True, True), (True, False), (False, False)], ids=["wrap", "cylinder", "cut"])
@pytest.mark.parametrize("records", RECORDS)
@pytest.mark.parametrize("kind", ["average", "max", "alexnet"])
def test_gradients_are_those_of_autograd(kind: str, records: str, wrap: tuple[bool, bool]) -> None:
    plain, hand = both(kind, RECORDS[records], wrap)
    assert hand.terms == pytest.approx(plain.terms, rel=1e-5, abs=1e-6)
    assert list(hand.terms) == list(plain.terms)
    assert relative(hand.gradient, plain.gradient) <= 1e-5
    assert hand.gradient.dtype == torch.float32


@pytest.mark.parametrize("views", [(Jitter(amount=4),), (Rotate(degrees=20),)], ids=["jitter", "turn"])
def test_gradients_come_back_through_a_view(views: tuple[View, ...]) -> None:
    plain, hand = both("average", RECORDS["style"], (True, True), views)
    assert relative(hand.gradient, plain.gradient) <= 1e-5


@pytest.mark.parametrize("size", [(8, 16), (33, 29)])
@pytest.mark.parametrize("edges", [("zero", "zero"), ("replicate", "zero"), ("zero", "replicate")])
@pytest.mark.parametrize("kind", ["average", "max", "alexnet"])
def test_any_pull_is_carried_back_over_zeros_and_odd_sides(
    kind: str, edges: tuple[str, str], size: tuple[int, int]
) -> None:
    if kind == "alexnet":
        size = (size[0] + 32, size[1] + 32)
    layers = ("conv1", "conv2", "conv4") if kind == "alexnet" else ("conv1_1", "conv1_2", "conv2_1", "conv3_1")
    encoder = network(kind).padded(edges)  # type: ignore[arg-type]
    chain, random = encoder.chain(layers), torch.Generator().manual_seed(4)
    assert chain is not None
    leaf = torch.rand((1, 3, *size), generator=random).requires_grad_()
    features = chain_features(chain, leaf, layers)
    loss, pulls = torch.zeros(()), {}
    for name, seen in features.items():
        channels, flat = seen.shape[1], seen.flatten(2)[0]
        matrix, vector = torch.randn((channels, channels), generator=random), torch.randn(channels, generator=random)
        pulls[name] = FeaturePull(matrix + matrix.mT, vector, torch.randn(seen.shape, generator=random))
        loss = loss + (flat * (matrix @ flat)).sum() + (vector @ flat).sum() + (pulls[name].rest * seen).sum()
    (expected,) = torch.autograd.grad(loss, leaf)
    back = ChainBackward(chain)
    walk = back.forth(leaf.detach())
    assert all(relative(walk.features[name], features[name]) < 1e-5 for name in layers)
    assert relative(back.back(walk, pulls), expected) <= 1e-5
    assert walk.features == {}  # freed on the way


def made(dtype: torch.dtype, size: int) -> Engine:
    encoder = network("average").to("cpu", dtype)
    records = [{"kind": "style", "images": ["style"]}, {"kind": "smoothness"}, {"kind": "range"}]
    return choose_engine(encoder, objectives(records, encoder, size), wrap=(True, True))


def test_bfloat16_agrees_with_float32() -> None:
    here = picture("artwork", 64).clamp(0, 1)
    fine, fast = (made(dtype, 64).evaluate(here, None) for dtype in (torch.float32, torch.bfloat16))
    assert float(functional.cosine_similarity(fine.gradient.flatten(), fast.gradient.flatten(), dim=0)) >= 0.999
    assert fast.loss == pytest.approx(fine.loss, rel=0.02)


def test_equal_artworks_give_equal_bytes() -> None:
    engine, here = made(torch.bfloat16, 32), picture("artwork")
    one, two = engine.evaluate(here, None), engine.evaluate(here.clone(), None)
    assert one.terms == two.terms
    assert torch.equal(one.gradient, two.gradient)


def test_networks_that_are_no_chain_keep_the_plain_engine() -> None:
    encoder = EfficientNetLite0().build()
    scored = objectives([{"kind": "dream", "layer": encoder.layers[2]}], encoder)
    assert isinstance(choose_engine(encoder, scored, wrap=(False, False)), AutogradEngine)
    unseen = objectives([{"kind": "smoothness"}], encoder)
    assert isinstance(choose_engine(network("average"), unseen, wrap=(False, False)), AutogradEngine)


class Curious(Objective):
    """An objective of somebody else's, which looks at the picture that the network sees."""

    layers = ("conv1_1",)

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        features = inputs.features["conv1_1"]
        return {
            "curious": (inputs.picture.mean() * features.amax(dim=(2, 3))).sum() + inputs.moments("conv1_1").mean[0]
        }


def test_objectives_of_others_are_followed_wherever_they_look() -> None:
    encoder, here = network("average"), picture("artwork")
    view = draw_view((Rotate(degrees=20),), SIZE, SIZE, torch.Generator().manual_seed(1))
    chosen = choose_engine(encoder, [Curious()], wrap=(True, True))
    assert isinstance(chosen, ChainEngine)
    plain = AutogradEngine(encoder, [Curious()], wrap=(True, True)).evaluate(here, view)
    assert relative(chosen.evaluate(here, view).gradient, plain.gradient) <= 1e-5


class CountKernels(TorchDispatchMode):
    """Counts what computes; views, and memory that is only taken, do not."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = function.name()
        if not function.is_view and "empty" not in name and name != "aten::detach":
            self.kernels.append(name)
        return function(*args, **(kwargs or {}))


def test_an_evaluation_waits_for_the_device_only_once_and_launches_few_kernels() -> None:
    engine, here = made(torch.bfloat16, 32), picture("artwork")
    engine.evaluate(here, None)  # what is made once is made now
    with CountKernels() as count:
        engine.evaluate(here, None)
    waits = [name for name in count.kernels if name in ("aten::_local_scalar_dense", "aten::lift_fresh", "aten::item")]
    assert waits == []
    assert len(count.kernels) <= MOST_KERNELS
