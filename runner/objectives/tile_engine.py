"""The engine of pictures that are too large for the memory: in tiles, in two passes, and exactly.

A loss that sees features only through sums over places,

    L = f(s),    s = sum over tiles t of s_t(x_t),

x_t being the features in the core of tile t, has the gradient

    dL/dx_t = (df/ds) ds_t/dx_t:

a tile need know nothing of the others but df/ds, which is a small thing. So the first pass adds up s, tile after tile,
and keeps no features; f and df/ds follow; and the second makes each tile's features again and carries df/ds ds_t/dx_t
back to the picture. Moments are such sums: m = sum x / n and G = sum x x^T / n, whose dL/dx is S x + d / n with the S
and d of the whole picture (see `vision.chain_backward`). So are squared differences from a picture's features, and all
of an objective's `sums`; what looks at no features is scored on the picture as it is.

A core's features are functions of the part of the picture that the tile sees, and exactly those of the whole picture
(see `vision.chain_tiles`). Every feature of every layer lies in one core, so the tiles' gradients of their parts, added
up where parts overlap, or wrap around the picture, are the gradient: nothing is blended, and nothing left out. The two
passes differ from one over the whole by the order of sums alone.

It costs a second way forth, and the halos: 1.5 times the arithmetic, times what a tile sees over its core. In memory
there are one tile's features, and of the picture itself only pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from orbifolio.runner.deferred import torch
from orbifolio.runner.objectives.base import LayerPart, Objective, ObjectiveInput, PlaceSum
from orbifolio.runner.objectives.chain_engine import NetworkByHand
from orbifolio.runner.objectives.engine import Evaluation, evaluation_of, layers_seen, weighted_terms
from orbifolio.runner.objectives.statistics import Moments, products
from orbifolio.runner.views.drawn_view import DrawnView, apply_view
from orbifolio.runner.vision.base import Chain, Shear
from orbifolio.runner.vision.chain_backward import ChainBackward, FeaturePull, pull_of_moments
from orbifolio.runner.vision.chain_tiles import ChainTile, cut

if TYPE_CHECKING:
    from torch import Tensor

Key = TypeVar("Key")


class TileEngine(NetworkByHand):
    """Evaluates tile by tile what objectives ask for: moments, and their own sums, of layers."""

    def __init__(
        self,
        chain: Chain,
        cut_chain: Chain,
        objectives: Sequence[Objective],
        *,
        core: int,
        wrap: tuple[bool, bool],
        shear: Shear | None = None,
    ) -> None:
        """An engine for one size after the other.

        Args:
            core: pixels that a tile's core has along each side, at most.

        The others are those of the base class.
        """
        super().__init__(chain, cut_chain, objectives, wrap=wrap, shear=shear)
        self.core = core
        self.sums = tuple(item for objective in self.objectives for item in objective.sums)
        by_moments = {
            name
            for objective in self.objectives
            for name in layers_seen((objective,)) - {item.layer for item in objective.sums}
        }
        self.by_moments = tuple(link.name for link in chain.links if link.name in by_moments)

    def evaluate(self, artwork: Tensor, view: DrawnView | None) -> Evaluation:
        """Terms and gradient; see the base class."""
        leaf = artwork.detach().requires_grad_(True)
        network = self.network_for(view)
        with torch.enable_grad():
            picture = apply_view(leaf, view, wrap=self.wrap, shear=self.shear)
            seen = picture.detach().float()
            parts = Parts(network, seen, self.core)
            summaries, totals = parts.collect(self.by_moments, self.sums)
            asked = [leaf]
            for summary in summaries.values():
                asked += [summary.mean.requires_grad_(True), summary.second.requires_grad_(True)]
            asked += [total.requires_grad_(True) for total in totals.values()]
            inputs = ObjectiveInput(leaf, picture, {}, self.wrap, self.shear, summaries, totals)
            names, values = weighted_terms(self.objectives, inputs)
            # The loss need not depend on the picture but through the network, of which its graph knows nothing.
            gradient, *rest = torch.autograd.grad(values.sum(), asked, retain_graph=view is not None, allow_unused=True)
            values = values.detach()
            del inputs
            remaining = iter(rest)
            pairs = {name: (next(remaining), next(remaining)) for name in summaries}
            slopes = {item: slope for item in totals if (slope := next(remaining)) is not None}
            if any(part is not None for pair in pairs.values() for part in pair) or slopes:
                pulled = parts.pull(pairs, slopes)
                if view is not None:
                    (pulled,) = torch.autograd.grad(picture, leaf, pulled)
                gradient = pulled if gradient is None else gradient.add_(pulled)
        return evaluation_of(names, values, torch.zeros_like(artwork) if gradient is None else gradient)


class Parts:
    """A picture in tiles, as a network sees them.

    Attributes:
        tiles: row by row.
    """

    def __init__(self, network: ChainBackward, picture: Tensor, core: int) -> None:
        """Cut a picture.

        Args:
            network: down to the deepest layer that is looked at.
            picture: (1, 3, height, width) in [0, 1], float32.
            core: pixels that a core's side has at most.
        """
        self.network, self.picture = network, picture
        self.tiles = cut(network.chain, (picture.shape[-2], picture.shape[-1]), core)

    def cores(self) -> Iterator[tuple[str, Tensor, LayerPart]]:
        """The features of all layers in all cores, tile by tile, and where they lie."""
        for tile in self.tiles:
            _, seen = tile.part_of(self.picture, self.network.chain)
            for name, features in self.network.cores(tile, seen):
                yield name, features, LayerPart(tile.windows[name].where)

    @torch.no_grad()
    def collect(
        self, by_moments: Sequence[str], sums: Sequence[PlaceSum]
    ) -> tuple[dict[str, Moments], dict[PlaceSum, Tensor]]:
        """The first pass: the moments of these layers, and these sums, over the whole picture."""
        means: dict[str, Tensor] = {}
        seconds: dict[str, Tensor] = {}
        totals: dict[PlaceSum, Tensor] = {}
        for name, features, place in self.cores():
            if name in by_moments:
                # rows in one piece, channels last, so that a core within a halo is flattened once
                flat = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1]).mT
                _add(means, name, flat.sum(dim=1, dtype=torch.promote_types(flat.dtype, torch.float32)))
                _add(seconds, name, products(flat))
            for item in sums:
                if item.layer == name:
                    _add(totals, item, item.summand(features, place))
        counts = {name: _positions(self.tiles[0], name) for name in by_moments}
        summaries = {name: Moments(means[name] / counts[name], seconds[name] / counts[name]) for name in by_moments}
        return summaries, {item: totals[item] for item in sums}

    def pull(
        self, moments: Mapping[str, tuple[Tensor | None, Tensor | None]], slopes: Mapping[PlaceSum, Tensor]
    ) -> Tensor:
        """The second pass: the gradient with respect to the picture.

        Args:
            moments: of a loss with respect to each layer's mean and second moment; None where there is none.
            slopes: the same of sums.

        Returns:
            (1, 3, height, width) float32.
        """
        chain = self.network.chain
        whole = torch.zeros_like(self.picture)
        flat = whole.view(1, 3, -1)
        common = {
            name: pull_of_moments(mean, second, positions=_positions(self.tiles[0], name), dtype=chain.dtype)
            for name, (mean, second) in moments.items()
            if mean is not None or second is not None
        }
        for tile in self.tiles:
            places, seen = tile.part_of(self.picture, chain)
            walk = self.network.forth_in(tile, seen)
            pulls = dict(common)
            for name, rest in _rests(tile, walk.features, slopes).items():
                pull = pulls.get(name, FeaturePull())
                pulls[name] = FeaturePull(pull.matrix, pull.vector, rest)
            gradient = self.network.back(walk, pulls, tile)
            flat.index_add_(2, places, gradient.view(1, 3, -1))
        return whole


def _rests(tile: ChainTile, features: Mapping[str, Tensor], slopes: Mapping[PlaceSum, Tensor]) -> dict[str, Tensor]:
    """(1, channels, rows, columns) of each layer whose sums matter: how its core is pulled at by them."""
    rests: dict[str, Tensor] = {}
    for item, slope in slopes.items():
        window = tile.windows[item.layer]
        core = window.core_of(features[item.layer]).detach().requires_grad_(True)
        with torch.enable_grad():
            (rest,) = torch.autograd.grad(item.summand(core, LayerPart(window.where)), core, slope)
        _add(rests, item.layer, rest)
    return rests


def _add(sums: dict[Key, Tensor], key: Key, value: Tensor) -> None:
    """Add to a sum, in float32 at least."""
    value = value.to(torch.promote_types(value.dtype, torch.float32))
    sums[key] = sums[key].add_(value) if key in sums else value.clone()


def _positions(tile: ChainTile, layer: str) -> int:
    """How many features each channel of a layer has in the whole picture."""
    height, width = tile.windows[layer].whole
    return height * width
