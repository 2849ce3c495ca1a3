"""A chain of layers walked forth and back by hand: picture -> features, and their gradients -> the picture's.

With x_0 the picture less its offset, P_k a pool or nothing, E_k margins, W_k a convolution without padding and r the
ReLU, layer k is

    x_k = r(z_k),    z_k = W_k E_k P_k x_{k-1} + b_k.

Let an objective see a layer through its moments m = sum_i x_i / n and G = sum_i x_i x_i^T / n over n positions i, and
in any other way. With d = dL/dm and D = dL/dG, position i of the layer is pulled by

    S x_i + d / n + p_i,    S = (D + D^T) / n,

p being the rest: one matrix product for each layer, since the two products that an automatic derivative of x x^T makes
are one with D + D^T. Going down, with g_k = dL/dx_k,

    dL/dz_k = g_k where x_k > 0, else 0,
    g_{k-1} = P_k^T E_k^T W_k^T dL/dz_k + S_{k-1} x_{k-1} + d_{k-1} / n + p_{k-1}.

So the features themselves are all that is kept from the way forth: they are their ReLU's mask, the factor of S, and
what a pool's maxima are found from again; margins and pooled features are made again or not needed, since no gradient
of W is wanted.

W^T is a convolution with the turned kernel, W'[c, a, u, v] = W[a, c, k - 1 - u, k - 1 - v]. Along an axis that wraps, E
continues features on a circle, so W E is a circular convolution and E^T W^T = W' E' is one as well, E' having the
margins exchanged: nothing is folded. Along one that ends in zeros, E' is made of zeros. Where the edge is repeated, W'
is applied with k - 1 zeros around and E^T gives what the margins got back to the edge. A convolution with a stride is
transposed by torch.

Averages over squares of s^2 features give each of them 1 / s^2 of the gradient: the factor is multiplied into W', so
that the gradient is only copied. d / n comes as the bias of W' where no pool lies between.

The first layer's input: `Convention.fold` multiplies scale and order of the channels into W_1, exactly but for
rounding. The mean is subtracted from the picture, not added to b_1: there two large numbers would have to cancel out,
and zeros around the picture would no longer be the network's. In bfloat16 a number is written as high + low part, 8 + 8
bits, and x w = x_high w_high + x_low w_high + x_high w_low but for a share of 2^-16: a convolution of nine channels,
whose sums are in float32 as in all of them, in place of one in float32.

Of a picture in tiles a part is walked so, with the margins that `chain_tiles` says and pulls in the tile's core alone:
around what is cut off there are no margins, so E is nothing there, and W^T g is W' applied with k - 1 zeros around.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.vision.base import Chain, ChainLink, Padding, Pool, wraps
from orbifolio.runner.vision.chain import pooled
from orbifolio.runner.vision.chain_tiles import ChainTile, LayerWindow, cut, narrowed
from orbifolio.runner.vision.edges import Margins, extend, fold_back

if TYPE_CHECKING:
    from torch import Tensor

Size = tuple[int, int]
_gate = torch.ops.aten.threshold_backward  # (gradient, features, 0): the gradient where features are positive, else 0
_rectified_convolution = getattr(torch.ops.mkldnn, "_convolution_pointwise", None)  # in some builds of torch


@dataclass(frozen=True)
class FeaturePull:
    """The gradient with respect to a layer's features: matrix times features, plus a vector everywhere, plus a rest.

    Attributes:
        matrix: (channels, channels) S, symmetric.
        vector: (channels,) d / n.
        rest: (1, channels, height, width) p; of a tile its core's.
    """

    matrix: Tensor | None = None
    vector: Tensor | None = None
    rest: Tensor | None = None


def pull_of_moments(mean: Tensor | None, second: Tensor | None, *, positions: int, dtype: torch.dtype) -> FeaturePull:
    """How a loss pulls at a layer whose moments it sees.

    Args:
        mean: (channels,) its gradient d with respect to the mean; None if it does not depend on it.
        second: (channels, channels) D, the same of the second moment.
        positions: that the moments are means over.
        dtype: of the features.
    """
    share = 1 / positions
    return FeaturePull(
        None if second is None else ((second + second.mT) * share).to(dtype),
        None if mean is None else (mean * share).to(dtype),
    )


@dataclass(frozen=True)
class Walk:
    """What is kept from the way forth.

    Attributes:
        features: (1, channels, height, width) of every layer, channels last, by name; emptied on the way back.
        sizes: (height, width) of every convolution's input, without its margins, by the layer's name.
    """

    features: dict[str, Tensor] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)


class ChainBackward:
    """A chain whose features and gradient are computed without autograd; see the module's docstring."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        first, *deeper = chain.links
        folded = chain.convention.fold(first.weight)
        self.split = folded.dtype != chain.dtype
        kernel, back = folded, folded.to(chain.dtype)
        if self.split:
            kernel = torch.cat([back, back, (folded - back).to(chain.dtype)], dim=1)
        self.steps = [
            _ReadyLink(first, _last(kernel), back, chain),
            *(_ReadyLink(link, link.weight, link.weight, chain) for link in deeper),
        ]

    @torch.no_grad()
    def forth(self, picture: Tensor) -> Walk:
        """The features of every layer.

        Args:
            picture: (1, 3, height, width) in [0, 1], float32.
        """
        walk = Walk()
        for name, size, features in self._layers(picture, None):
            walk.sizes[name], walk.features[name] = size, features
        return walk

    @torch.no_grad()
    def forth_in(self, tile: ChainTile, picture: Tensor) -> Walk:
        """The features that a tile needs.

        Args:
            tile: of a picture.
            picture: (1, 3, height, width) in [0, 1], float32, the part of it that `tile.places` says.
        """
        walk = Walk()
        for name, size, features in self._layers(picture, tile):
            walk.sizes[name], walk.features[name] = size, features
        return walk

    @torch.no_grad()
    def cores(self, tile: ChainTile, picture: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Each layer's name and its features in a tile's core, shallow to deep, for who keeps none of them.

        Args:
            tile: of a picture.
            picture: as in `forth_in`.
        """
        for name, _, features in self._layers(picture, tile):
            yield name, tile.windows[name].core_of(features)

    def _layers(self, picture: Tensor, tile: ChainTile | None) -> Iterator[tuple[str, Size, Tensor]]:
        """Each layer's name, its input's size and its features."""
        x = _last(picture - self.chain.convention.offset(picture.device))
        if self.split:
            high = x.to(self.chain.dtype)
            x = torch.cat([high, (x - high).to(self.chain.dtype), high], dim=1)
        for step in self.steps:
            link, window = step.link, tile.windows[step.link.name] if tile else None
            margins = window.margins if window else link.margins
            x = window.needed(x) if window else x
            if link.pool is not None:
                x = pooled(x, _within(link.pool, window), self.chain.padding)
            size = (x.shape[-2], x.shape[-1])
            x = step.forth(extend(x, margins, self.chain.padding))
            yield link.name, size, x

    @torch.no_grad()
    def back(self, walk: Walk, pulls: Mapping[str, FeaturePull], tile: ChainTile | None = None) -> Tensor:
        """The gradient with respect to the picture, or a tile's part of it.

        Args:
            walk: from `forth` or `forth_in`; the features' memory is freed on the way.
            pulls: by layer, of those that are pulled at; one at least.
            tile: that the walk was in; features are pulled at in its core.

        Returns:
            (1, 3, height, width) float32.
        """
        gradient: Tensor | None = None
        pool: Pool | None = None  # between this layer and the one that the gradient comes from
        above: LayerWindow | None = None  # of that one
        vector_is_there = False
        for number in reversed(range(len(self.steps))):
            step = self.steps[number]
            name = step.link.name
            features, pull = walk.features.pop(name), pulls.get(name)
            if gradient is None and pull is None:
                continue
            window = tile.windows[name] if tile else None
            if gradient is not None and pool is not None:
                # no name for what is needed: it would keep the features' memory
                gradient = _spread(
                    gradient, above.needed(features) if above else features, _within(pool, above), self.chain.padding
                )
            if gradient is not None and above is not None:
                gradient = above.given_back(gradient)
            if pull is not None and (window is None or window.all_is_core):
                gradient = _pulled(gradient, features, pull, vector=not vector_is_there)
            elif pull is not None and window is not None:
                gradient = torch.zeros_like(features) if gradient is None else gradient
                window.core_of(gradient).add_(_pulled(None, _last(window.core_of(features)), pull, vector=True))
            assert gradient is not None
            gradient = _gate.grad_input(gradient, features, 0, grad_input=gradient)
            del features
            pool, above = step.link.pool, window
            below = pulls.get(self.steps[number - 1].link.name) if number and not tile else None
            vector_is_there = below is not None and pool is None and not any(step.folded)
            vector = below.vector if below and vector_is_there else None
            gradient = step.back(gradient, walk.sizes[name], vector, window.margins if window else None)
        assert gradient is not None  # `pulls` has one
        gradient = above.given_back(gradient) if above else gradient
        return gradient.float().contiguous()


def features_in_tiles(chain: Chain, picture: Tensor, layers: Sequence[str], core: int) -> dict[str, Tensor]:
    """The features of some layers of a picture, of which no others are in memory but those of one tile.

    Args:
        chain: down to the deepest of them, padded as the picture is.
        picture: (1, 3, height, width) in [0, 1], float32.
        layers: names.
        core: pixels that a tile's core has along each side, at most.

    Returns:
        (1, channels, rows, columns) by name, in the chain's dtype.
    """
    network = ChainBackward(chain)
    maps: dict[str, Tensor] = {}
    for tile in cut(chain, (picture.shape[-2], picture.shape[-1]), core):
        _, part = tile.part_of(picture, chain)
        for name, features in network.cores(tile, part):
            if name in layers:
                window = tile.windows[name]
                if name not in maps:
                    maps[name] = features.new_empty((1, features.shape[1], *window.whole))
                narrowed(maps[name], window.where).copy_(features)
    return maps


class _ReadyLink:
    """A link made ready: its kernels for both ways, and how features are continued on the way back.

    Attributes:
        link: as the chain has it.
        folded: margins that the way back leaves around its result, which they are to be folded into.
    """

    def __init__(self, link: ChainLink, kernel: Tensor, back: Tensor, chain: Chain) -> None:
        self.link, self.kernel, self.padding = link, kernel, chain.padding
        self.bias = link.bias.to(kernel.dtype)
        if link.pool is not None and not link.pool.maximum:
            back = back / link.pool.size**2
        size = back.shape[-1]
        around, zeros, folded = [0, 0, 0, 0], [size - 1, size - 1], list(link.margins)
        for axis, edge in enumerate(chain.padding):
            before, after = link.margins[2 * axis : 2 * axis + 2]
            if link.stride == 1 and wraps(edge) and before + after == size - 1:
                around[2 * axis : 2 * axis + 2] = after, before
                zeros[axis], folded[2 * axis], folded[2 * axis + 1] = 0, 0, 0
            elif link.stride == 1 and edge == "zero" and before == after:
                zeros[axis], folded[2 * axis], folded[2 * axis + 1] = size - 1 - before, 0, 0
        self.around: Margins = (around[0], around[1], around[2], around[3])
        self.zeros: Size = (zeros[0], zeros[1])
        self.folded: Margins = (folded[0], folded[1], folded[2], folded[3])
        self.turned = back if link.stride > 1 else _last(back.flip((2, 3)).transpose(0, 1))

    def forth(self, larger: Tensor) -> Tensor:
        """Convolution and ReLU of features with margins, where possible in one."""
        stride = self.link.stride
        if _rectified_convolution is not None and larger.device.type == "cpu" and larger.dtype != torch.float64:
            rectified: Tensor = _rectified_convolution(
                larger, self.kernel, self.bias, [0, 0], [stride, stride], [1, 1], 1, "relu", [], ""
            )
            return rectified
        return functional.relu_(functional.conv2d(larger, self.kernel, self.bias, stride=stride))

    def back(self, gradient: Tensor, size: Size, vector: Tensor | None, margins: Margins | None = None) -> Tensor:
        """The gradient of the convolution's input without its margins, plus a vector everywhere.

        Args:
            gradient: of its output.
            size: (height, width) of the input.
            vector: (channels before,), only where `folded` is nothing.
            margins: of a tile; None for those of the whole picture.
        """
        folded = margins or self.folded
        if self.link.stride > 1:
            gradient = self._transposed(gradient, size, margins or self.link.margins)
        elif margins is None:
            around = extend(gradient, self.around, self.padding)
            gradient = functional.conv2d(around, self.turned, vector, padding=self.zeros)
        else:
            gradient = functional.conv2d(gradient, self.turned, vector, padding=self.turned.shape[-1] - 1)
        return _last(fold_back(gradient, folded, self.padding))

    def _transposed(self, gradient: Tensor, size: Size, margins: Margins) -> Tensor:
        """Of a convolution with a stride; its windows need not reach the last features."""
        top, bottom, left, right = margins
        larger = (size[0] + top + bottom, size[1] + left + right)
        stride, kernel = self.link.stride, self.turned.shape[-1]
        reached = [(count - 1) * stride + kernel for count in gradient.shape[-2:]]
        rest = [whole - part for whole, part in zip(larger, reached, strict=True)]
        return functional.conv_transpose2d(gradient, self.turned, stride=stride, output_padding=rest)


def _within(pool: Pool, window: LayerWindow | None) -> Pool:
    """A pool with the margins that it has in a tile."""
    return pool if window is None else replace(pool, margins=window.pool_margins)


def _pulled(gradient: Tensor | None, features: Tensor, pull: FeaturePull, *, vector: bool) -> Tensor:
    """A gradient, written to where there is one, with a pull added; without the pull's vector if that is there."""
    constant = pull.vector if vector else None
    if pull.matrix is not None:
        rows = _rows(features)
        if gradient is None:
            moved = rows @ pull.matrix if constant is None else torch.addmm(constant, rows, pull.matrix)
            gradient, constant = _like(moved, features), None
        else:
            _rows(gradient).addmm_(rows, pull.matrix)
    if gradient is None:
        gradient = torch.zeros_like(features)
    if constant is not None:
        gradient.add_(constant.view(1, -1, 1, 1))
    return gradient if pull.rest is None else gradient.add_(pull.rest)


def _spread(gradient: Tensor, features: Tensor, pool: Pool, padding: tuple[Padding, Padding]) -> Tensor:
    """The gradient of a pool's input from that of its output; of averages, times the number of features in each."""
    _, channels, height, width = features.shape
    step = pool.size
    if not pool.maximum and step == pool.stride and not (any(pool.margins) or height % step or width % step):
        spread = torch.empty_like(features)  # several times as fast as torch's own in bfloat16
        squares = spread.permute(0, 2, 3, 1).view(height // step, step, width // step, step, channels)
        squares.copy_(gradient.permute(0, 2, 3, 1).view(height // step, 1, width // step, 1, channels))
        return spread
    larger = extend(features, pool.margins, padding)
    size, stride = [step] * 2, [pool.stride] * 2
    if pool.maximum:
        # The winners are found again: their numbers would take four times the memory of the features.
        _, winners = functional.max_pool2d(larger, size, stride, return_indices=True)
        spread = torch.ops.aten.max_pool2d_with_indices_backward(
            gradient, larger, size, stride, [0, 0], [1, 1], False, winners
        )
    else:
        spread = torch.ops.aten.avg_pool2d_backward(gradient, larger, size, stride, [0, 0], False, True, 1)
    return _last(fold_back(spread, pool.margins, padding))


def _last(tensor: Tensor) -> Tensor:
    return tensor.contiguous(memory_format=torch.channels_last)


def _rows(features: Tensor) -> Tensor:
    """(positions, channels) of (1, channels, height, width), in the same memory."""
    return features.permute(0, 2, 3, 1).view(-1, features.shape[1])


def _like(rows: Tensor, features: Tensor) -> Tensor:
    """(1, channels, height, width) of (positions, channels), in the same memory."""
    _, channels, height, width = features.shape
    return rows.view(1, height, width, channels).permute(0, 3, 1, 2)
