"""The features of a chain of layers, by torch's own operations, so that autograd can follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.vision.base import Chain, Padding, Pool
from orbifolio.runner.vision.edges import extend

if TYPE_CHECKING:
    from torch import Tensor


def chain_features(chain: Chain, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
    """The features of these layers.

    Args:
        chain: down to the deepest of them.
        picture: (batch, 3, height, width) in [0, 1], any float dtype.
        layers: names; the features come in their order.
    """
    outputs: dict[str, Tensor] = {}
    x = chain.convention.apply(picture.float()).contiguous(memory_format=torch.channels_last)
    for link in chain.links:
        if link.pool is not None:
            x = pooled(x, link.pool, chain.padding)
        x = extend(x, link.margins, chain.padding).to(link.weight.dtype)
        x = functional.relu_(functional.conv2d(x, link.weight, link.bias, stride=link.stride)).to(chain.dtype)
        if link.name in layers:
            outputs[link.name] = x
    return {name: outputs[name] for name in layers}


def pooled(features: Tensor, pool: Pool, padding: tuple[Padding, Padding]) -> Tensor:
    """(batch, channels, fewer, fewer) averages or maxima."""
    larger = extend(features, pool.margins, padding)
    operation = functional.max_pool2d if pool.maximum else functional.avg_pool2d
    return operation(larger, pool.size, pool.stride)
