"""A picture in tiles is scored, and pulled at, as in one piece: for all pools, edges, shifts and objectives."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.objectives import AnyObjective
from orbifolio.runner.objectives.autograd_engine import AutogradEngine
from orbifolio.runner.objectives.base import Objective, Preparation
from orbifolio.runner.objectives.chain_engine import ChainEngine
from orbifolio.runner.objectives.engine import Evaluation, padding
from orbifolio.runner.objectives.engine_choice import choose_engine
from orbifolio.runner.objectives.tile_engine import TileEngine
from orbifolio.runner.views.affine import Jitter, Rotate
from orbifolio.runner.views.base import View
from orbifolio.runner.views.drawn_view import draw_view
from orbifolio.runner.vision import alexnet
from orbifolio.runner.vision.alexnet import AlexNetEncoder
from orbifolio.runner.vision.base import Encoder, Provenance, Shear
from orbifolio.runner.vision.chain_backward import ChainBackward, features_in_tiles
from orbifolio.runner.vision.chain_tiles import cut, narrowed, reach
from orbifolio.runner.vision.untrained import Untrained

SIZE = (48, 64)  # height, width: three tiles of 16 px by four, or unequal ones of 32
LAYERS = {
    "average": ["conv1_1", "conv2_1", "conv3_1"],
    "max": ["conv1_2", "conv2_1", "conv3_1"],
    "alexnet": ["conv1", "conv2", "conv3"],
}
WRAPS = {"wrap": (True, True), "cylinder": (True, False), "cut": (False, False)}


@cache
def network(kind: str) -> Encoder:
    """In double precision: in single, rounding at zero decides now and then whether a ReLU lets a value pass."""
    if kind != "alexnet":
        return Untrained(pooling=kind).build().to("cpu", torch.float64)
    random = torch.Generator().manual_seed(5)
    tensors = {
        name: torch.randn(shape, generator=random) * (math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else 0.1)
        for name, shape in alexnet.weight_shapes().items()
    }
    return AlexNetEncoder(tensors, Provenance("made up", "", "", "")).to("cpu", torch.float64)


def picture(source: str, size: tuple[int, int] = SIZE) -> Tensor:
    """Smooth noise that differs by name; `mask` is bright on the left."""
    if source == "mask":
        return (torch.arange(size[1]) < size[1] // 2).float().expand(1, 3, *size)
    random = torch.Generator().manual_seed(len(source))
    coarse = torch.rand((1, 3, size[0] // 4, size[1] // 4), generator=random)
    return functional.interpolate(coarse, size=size, mode="bicubic") * 1.2 - 0.1


def records(layers: list[str]) -> list[dict[str, object]]:
    """All that can be tiled, twice what a layer is seen through in two ways."""
    statistics = ["gram", "moments", "pixels", "centred-gram", {"kind": "enhancer", "high": 3}]
    return [
        {"kind": "style", "images": ["style"], "layers": layers, "statistics": statistics},
        {"kind": "style", "images": ["another"], "layers": layers[1:2], "weight": -0.1},
        {"kind": "content", "image": "a", "layers": layers[1:]},
        {"kind": "content", "image": "ab", "layers": layers[:1], "mask": "mask"},
        {"kind": "pixels", "image": "a", "mask": "mask"},
        {"kind": "smoothness", "power": 1},
        {"kind": "range"},
    ]


def objectives(encoder: Encoder, size: tuple[int, int], wanted: list[dict[str, object]]) -> list[Objective]:
    preparation = Preparation(encoder, size[1], size[0], picture, lambda name: picture(name, size))
    adapter = TypeAdapter(AnyObjective)
    settings = [adapter.validate_python(record) for record in wanted]
    assert all(item.needs_whole() == "" for item in settings)
    return [item.build(preparation) for item in settings]


def both(
    kind: str,
    wrap: tuple[bool, bool],
    core: int,
    *,
    size: tuple[int, int] = SIZE,
    shear: Shear | None = None,
    views: tuple[View, ...] = (),
    encoder: Encoder | None = None,
    engine: type[AutogradEngine] | None = AutogradEngine,
) -> tuple[Evaluation, Evaluation]:
    """(whole, in tiles) of the same objectives at the same picture through the same view."""
    encoder = encoder or network(kind)
    scored = objectives(encoder.padded(padding(wrap)), size, records(LAYERS[kind]))
    view = draw_view(views, size[1], size[0], torch.Generator().manual_seed(1))
    make = engine or choose_engine
    tiled = choose_engine(encoder, scored, wrap=wrap, shear=shear, core=core)
    assert isinstance(tiled, TileEngine)
    here = picture("artwork", size)
    return make(encoder, scored, wrap=wrap, shear=shear).evaluate(here, view), tiled.evaluate(here, view)


def relative(value: Tensor, expected: Tensor) -> float:
    return float((value - expected).norm() / expected.norm())


def agree(whole: Evaluation, tiled: Evaluation, *, terms: float = 1e-5, gradient: float = 1e-5) -> None:
    assert list(tiled.terms) == list(whole.terms)
    assert tiled.terms == pytest.approx(whole.terms, rel=terms, abs=1e-6)
    assert tiled.gradient.dtype == torch.float32
    assert relative(tiled.gradient, whole.gradient) <= gradient


@pytest.mark.parametrize("core", [16, 32, 1000], ids=["small", "unequal", "one tile"])
@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("kind", LAYERS)
def test_terms_and_gradient_are_those_of_the_whole_picture(kind: str, wrap: str, core: int) -> None:
    size = (96, 112) if kind == "alexnet" else SIZE  # deviations over a handful of places have no stable derivative
    agree(*both(kind, WRAPS[wrap], core, size=size))


@pytest.mark.parametrize("share", [Fraction(1, 2), Fraction(1, 4)])
def test_a_picture_may_continue_with_a_shift(share: Fraction) -> None:
    agree(*both("average", (True, True), 16, shear=Shear(share)))


@pytest.mark.parametrize("views", [(Jitter(amount=9),), (Rotate(degrees=20),)], ids=["jitter", "turn"])
def test_gradients_come_back_through_a_view(views: tuple[View, ...]) -> None:
    agree(*both("average", (True, True), 16, views=views))


@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-5), (torch.bfloat16, 5e-3)], ids=["fp32", "bf16"])
def test_precisions_differ_by_rounding_alone(dtype: torch.dtype, most: float) -> None:
    encoder = Untrained().build().to("cpu", dtype)
    whole, tiled = both("average", (True, True), 32, size=(64, 64), encoder=encoder, engine=None)
    agree(whole, tiled, terms=most, gradient=most)


@pytest.mark.parametrize("edges", [("zero", "zero"), ("replicate", "zero"), ("wrap", "replicate")])
@pytest.mark.parametrize("size", [(48, 64), (53, 47)], ids=["whole", "odd"])
@pytest.mark.parametrize("kind", LAYERS)
def test_cores_share_out_the_features_of_the_whole_picture(
    kind: str, size: tuple[int, int], edges: tuple[str, str]
) -> None:
    if edges[0] == "wrap":
        size = (size[0] // 16 * 16, size[1])
    chain = network(kind).padded(edges).chain(LAYERS[kind])  # type: ignore[arg-type]
    assert chain is not None
    whole, seen = ChainBackward(chain), picture("artwork", size).double()
    features = whole.forth(seen).features
    counts = {name: torch.zeros(value.shape[-2:]) for name, value in features.items()}
    for tile in cut(chain, size, 16):
        places = tile.places(chain, size)
        part = seen.flatten(2)[..., places.flatten()].view(1, 3, *places.shape)
        for name, core in whole.cores(tile, part):
            where = tile.windows[name].where
            torch.testing.assert_close(core, narrowed(features[name], where))
            narrowed(counts[name][None, None], where).add_(1)
    assert all(bool((count == 1).all()) for count in counts.values())


@pytest.mark.parametrize("kind", LAYERS)
def test_features_in_tiles_are_those_of_the_whole_picture(kind: str) -> None:
    encoder, layers = network(kind).padded(("wrap", "replicate")), LAYERS[kind][1:]
    chain = encoder.chain(layers)
    assert chain is not None
    found, expected = (
        features_in_tiles(chain, picture("artwork"), layers, 16),
        encoder.features(picture("artwork"), layers),
    )
    assert found.keys() == expected.keys() == set(layers)
    for name in layers:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1_1", "conv2_1", "conv3_1", "conv4_1"])
def test_the_halo_is_as_far_as_a_core_can_see(layer: str) -> None:
    encoder, stride = network("average").padded(("wrap", "wrap")), network("average").stride(layer)
    chain = encoder.chain([layer])
    assert chain is not None
    middle, side = 64 // stride, 128
    leaf = torch.rand((1, 3, side, side), dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    leaf.requires_grad_()
    (gradient,) = torch.autograd.grad(encoder.features(leaf, [layer])[layer][..., middle, middle].sum(), leaf)
    seen = gradient[0].abs().sum(dim=(0, 1)).nonzero().flatten()
    assert reach(chain) == max(64 - int(seen[0]), int(seen[-1]) + 1 - 64 - stride)


def test_memory_does_not_grow_with_the_picture() -> None:
    """Features that are alive at once, counted, of pictures of one tile and of sixteen."""
    chain = network("average").padded(("wrap", "wrap")).chain(["conv3_1"])
    assert chain is not None
    sizes = []
    for side in (32, 128):
        tiles = cut(chain, (side, side), 32)
        sizes.append(max((tile.rows[1] - tile.rows[0]) * (tile.columns[1] - tile.columns[0]) for tile in tiles))
    assert sizes[0] == sizes[1] == (32 + 2 * reach(chain)) ** 2


def test_one_piece_is_the_choice_where_no_core_is_given() -> None:
    encoder = network("average")
    scored = objectives(encoder, SIZE, records(LAYERS["average"]))
    assert isinstance(choose_engine(encoder, scored, wrap=(True, True)), ChainEngine)
