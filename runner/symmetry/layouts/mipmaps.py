"""Coarser versions of a texture: (orbit values) -> the same, one step smoother over neighbouring nodes.

Towards a rim a pixel covers many nodes. Instead of sampling many points in it, it reads a smoothed texture
(as a mipmap does, Williams 1983; here without fewer nodes, since there are not many). One step replaces each node
by the mean of itself and its neighbours, across the sides of its sheet through their colours; the group sees
no difference between images of a node, so the smoothed picture is as symmetric as the texture.

A step is D^-1 W: sums over what every orbit sees, divided by how much that is. In blocks of 3 x 3, W_ij is the sum over
the sights of j from i of w C, where C is the orthogonal matrix of the colour element, and W_ii has the own weight too.
If i sees j through C, then j sees i through C^-1 = C^T, as often; so W_ji = W_ij^T, W is its own transpose, and the
adjoint (D^-1 W)^T = W D^-1 needs no table of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.layouts.texture import Texture

if TYPE_CHECKING:
    from torch import Tensor

STEPS = (0, 1, 3, 12, 49)
"""Steps up to each level: a box of 2^level nodes has variance 4^level / 12, one step about 0.43 (6/7 of the nodes one
unit away, so 6/14 along each axis)."""


@dataclass(frozen=True)
class Smoothing:
    """One step of smoothing.

    Attributes:
        channels: (3 K,) old channel that each new channel shows, for the K colour elements in use.
        signs: (3 K,) +1 or -1 for the same.
        taps: what the orbits see, orbit * K + colour slot, one orbit after the other.
        weights: (taps,) how often each sight occurs, not normalised.
        offsets: (orbits,) where the taps of each begin.
        own: (orbits, 1) weight of its own value.
        total: (orbits, 1) sum of all its weights.
        identity: no colours change anywhere.
    """

    channels: Tensor
    signs: Tensor
    taps: Tensor
    weights: Tensor
    offsets: Tensor
    own: Tensor
    total: Tensor
    identity: bool

    def to(self, device: str) -> Smoothing:
        """The same tables on a device."""
        tensors: dict[str, Any] = {name: item.to(device) for name, item in vars(self).items() if name != "identity"}
        return replace(self, **tensors)

    def sums(self, values: Tensor) -> Tensor:
        """W: what every orbit sees, (orbits, 3) -> (orbits, 3); its own transpose."""
        turned = values
        if not self.identity:
            turned = (values.index_select(1, self.channels) * self.signs.to(values.dtype)).view(-1, 3)
        weights = self.weights.to(values.dtype)
        around = functional.embedding_bag(self.taps, turned, self.offsets, mode="sum", per_sample_weights=weights)
        return around.addcmul_(values, self.own.to(values.dtype))

    def forward(self, values: Tensor) -> Tensor:
        """One step D^-1 W, (orbits, 3) -> (orbits, 3)."""
        return self.sums(values) / self.total.to(values.dtype)

    def adjoint(self, values: Tensor) -> Tensor:
        """The transpose of `forward`, W D^-1."""
        return self.sums(values / self.total.to(values.dtype))

    def __call__(self, values: Tensor) -> Tensor:
        """`forward` with `adjoint` as its gradient, once."""
        from orbifolio.runner import linear_maps

        return linear_maps.apply(self.forward, lambda gradient: self.adjoint(gradient.contiguous()), values)


def smoothing_step(texture: Texture) -> Smoothing:
    """The tables of one step over a texture's nodes."""
    from orbifolio.runner.symmetry.layouts.texture_kernels import (  # compiles, so not before it is needed
        TextureNodes,
        nodes_around,
    )

    inverse, product = np.array(colour.INVERSE, dtype=np.int64), colour.PRODUCT.astype(np.int64)
    nodes = TextureNodes(texture.divisions, *texture.members())
    offsets, seen, through, often = nodes_around(nodes, texture.count, inverse, product)
    used = np.flatnonzero(np.bincount(through, minlength=colour.COUNT)).tolist()
    slots = np.zeros(colour.COUNT, dtype=np.int32)
    slots[used] = np.arange(len(used), dtype=np.int32)
    # a node weighs as much as one neighbour: inside a sheet it has six, each counted from both triangles at their edge
    own = 2 * texture.size
    return Smoothing(
        channels=torch.tensor([channel for item in used for channel in colour.permutation(item)]),
        signs=torch.tensor([float(sign) for item in used for sign in colour.signs(item)]),
        taps=torch.from_numpy(seen * np.int32(len(used)) + slots[through]),
        weights=torch.from_numpy(often.astype(np.float32)),
        offsets=torch.from_numpy(offsets[:-1].astype(np.int32)),
        own=torch.from_numpy(own.astype(np.float32))[:, None],
        total=torch.from_numpy((own + np.add.reduceat(often, offsets[:-1])).astype(np.float32))[:, None],
        identity=used == [colour.IDENTITY],
    )
