"""The engine of networks that are chains: gradients by hand, by autograd only what objectives make of the features.

Forth: the artwork, its view, the features of every layer, without a graph. Then each objective scores, as under the
plain engine, and autograd follows it as far as the artwork, the view's picture, and the features or their moments:
whichever of the two it asked for. Back: `vision.chain_backward`, where the derivation stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from orbifolio.runner.deferred import torch
from orbifolio.runner.objectives.base import Objective, ObjectiveInput
from orbifolio.runner.objectives.engine import (
    Engine,
    Evaluation,
    evaluation_of,
    weighted_terms,
)
from orbifolio.runner.objectives.statistics import Moments, moments
from orbifolio.runner.views.drawn_view import DrawnView, apply_view
from orbifolio.runner.vision.base import Chain, Shear
from orbifolio.runner.vision.chain_backward import ChainBackward, FeaturePull, pull_of_moments

if TYPE_CHECKING:
    from torch import Tensor

Value = TypeVar("Value")


class NetworkByHand(Engine):
    """What evaluates without autograd through the network has: the network for pictures that wrap, and for others."""

    def __init__(
        self,
        chain: Chain,
        cut_chain: Chain,
        objectives: Sequence[Objective],
        *,
        wrap: tuple[bool, bool],
        shear: Shear | None = None,
    ) -> None:
        """An engine for one size after the other.

        Args:
            chain: the network, padded as the artwork is.
            cut_chain: the same for views that do not wrap.
            objectives: that are to be made small.
            wrap: the artwork repeats over its (top-bottom, left-right) edges.
            shear: with which it repeats from top to bottom, where it wraps both ways.
        """
        self.objectives = tuple(objectives)
        self.wrap, self.shear = wrap, shear
        self.network = ChainBackward(chain)
        self.cut_network = self.network if chain.padding == cut_chain.padding else ChainBackward(cut_chain)

    def network_for(self, view: DrawnView | None) -> ChainBackward:
        """The network that sees the artwork through a view."""
        return self.network if view is None or view.keeps_wrap else self.cut_network


class ChainEngine(NetworkByHand):
    """Looks at the artwork in one piece."""

    def evaluate(self, artwork: Tensor, view: DrawnView | None) -> Evaluation:
        """Terms and gradient; see the base class."""
        leaf = artwork.detach().requires_grad_(True)
        network = self.network_for(view)
        with torch.enable_grad():
            picture = apply_view(leaf, view, wrap=self.wrap, shear=self.shear)
            walk = network.forth(picture.detach().float())
            features = _Asked(walk.features, lambda name: walk.features[name].detach().requires_grad_(True))
            summaries = _Asked(walk.features, lambda name: _leaves(walk.features[name]))
            inputs = ObjectiveInput(leaf, picture, features, self.wrap, self.shear, summaries)
            names, values = weighted_terms(self.objectives, inputs)
            asked = [leaf, *features.made.values()]
            asked += [part for summary in summaries.made.values() for part in (summary.mean, summary.second)]
            # The loss need not depend on the picture but through the network, of which its graph knows nothing.
            gradient, *rest = torch.autograd.grad(values.sum(), asked, retain_graph=view is not None, allow_unused=True)
            values = values.detach()
            pulls = _pulls(walk.features, features.made, summaries.made, rest)
            del features, summaries, inputs, asked, rest  # features are freed on the way back
            if pulls:
                seen = network.back(walk, pulls)
                if view is not None:
                    (seen,) = torch.autograd.grad(picture, leaf, seen)
                gradient = seen if gradient is None else gradient + seen
        return evaluation_of(names, values, torch.zeros_like(artwork) if gradient is None else gradient)


class _Asked(Mapping[str, Value]):
    """Values by layer, each made when it is first asked for.

    Attributes:
        made: those that were, in the order of asking.
    """

    def __init__(self, layers: Mapping[str, Tensor], make: Callable[[str], Value]) -> None:
        self._layers, self._make = layers, make
        self.made: dict[str, Value] = {}

    def __getitem__(self, layer: str) -> Value:
        if layer not in self.made:
            self.made[layer] = self._make(layer)
        return self.made[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)


def _leaves(features: Tensor) -> Moments:
    """The moments of features, to be differentiated by."""
    with torch.no_grad():
        found = moments(features)
    return Moments(found.mean.requires_grad_(True), found.second.requires_grad_(True))


def _pulls(
    walked: Mapping[str, Tensor],
    features: Mapping[str, Tensor],
    summaries: Mapping[str, Moments],
    gradients: Sequence[Tensor | None],
) -> dict[str, FeaturePull]:
    """How each layer is pulled at.

    Args:
        walked: all layers' features.
        features: of the layers that were asked for.
        summaries: of the layers whose moments were.
        gradients: of the features, then of each mean and second moment; None where there is none.
    """
    remaining = iter(gradients)
    rests = {name: next(remaining) for name in features}
    pulls = {name: FeaturePull(rest=rest) for name, rest in rests.items() if rest is not None}
    for name in summaries:
        mean, second = next(remaining), next(remaining)
        if mean is None and second is None:
            continue
        _, _, height, width = walked[name].shape
        pull = pull_of_moments(mean, second, positions=height * width, dtype=walked[name].dtype)
        pulls[name] = replace(pull, rest=rests.get(name))
    return pulls
