"""Several networks as one: (picture) -> {"logits": the mean of their class scores}.

What a single classifier takes for a class need not look like it; what several agree on is more likely to (Nakano 2019,
section on class visualisation). So an ensemble has one layer, its scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.vision.base import Encoder, Padding, Provenance, VisionSettings
from orbifolio.runner.vision.efficientnet import AnyClassifier, EfficientNetLite0, EfficientNetLite1, EfficientNetLite2
from orbifolio.runner.vision.imagenet import class_names

if TYPE_CHECKING:
    from torch import Tensor

LOGITS = "logits"


class EnsembleEncoder(Encoder):
    """Runs every member and averages their class scores."""

    name = "ensemble"
    layers = (LOGITS,)

    def __init__(self, members: Sequence[Encoder]) -> None:
        self.members = tuple(members)
        self.classes = self.members[0].classes
        self.padding = self.members[0].padding
        names = " and ".join(member.provenance.name for member in members)
        self.provenance = Provenance(names, "", "see its members", "an ensemble")

    @property
    def provenances(self) -> tuple[Provenance, ...]:
        """Every member's: see the base class."""
        return tuple(provenance for member in self.members for provenance in member.provenances)

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """The mean of the members' scores, all of which have the same weight; see the base class."""
        if unknown := sorted(set(layers) - {LOGITS}):
            raise KeyError(f"an ensemble has no layer {unknown[0]!r}; it has {LOGITS}")
        if not layers:
            return {}
        scores = [member.features(picture, (LOGITS,))[LOGITS].float() for member in self.members]
        return {LOGITS: torch.stack(scores).mean(0)}

    def stride(self, layer: str) -> int:
        """The coarsest of its members'."""
        return max(member.stride(layer) for member in self.members)

    def channels(self, layer: str) -> int:
        """As many as classes."""
        return len(self.classes)

    def to(self, device: str, dtype: torch.dtype) -> EnsembleEncoder:
        """An ensemble of the members' copies on the device."""
        return EnsembleEncoder([member.to(device, dtype) for member in self.members])

    def padded(self, padding: tuple[Padding, Padding]) -> EnsembleEncoder:
        """An ensemble of the members' copies with that padding."""
        return EnsembleEncoder([member.padded(padding) for member in self.members])


class Ensemble(VisionSettings):
    """Several classifiers whose class scores are averaged, for pictures of a class that convince all of them."""

    kind: Literal["ensemble"] = "ensemble"
    networks: Annotated[tuple[AnyClassifier, ...], Field(min_length=1, max_length=8)] = (
        EfficientNetLite0(),
        EfficientNetLite1(),
        EfficientNetLite2(),
    )
    """The networks."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019",)

    @property
    def members(self) -> tuple[VisionSettings, ...]:
        """`networks` as mypy should see it."""
        return self.networks

    def build(self) -> EnsembleEncoder:
        """The ensemble of all networks, whose weights are fetched on first use."""
        return EnsembleEncoder([member.build() for member in self.members])

    def work(self, layers: Sequence[str]) -> float:
        """The sum of its members' work."""
        return sum(member.work(layers) for member in self.members)

    def layer_names(self) -> tuple[str, ...]:
        """Class scores are all there is."""
        return (LOGITS,)

    def layer_stride(self, layer: str) -> int:
        """The coarsest of its members'."""
        return max(member.layer_stride(layer) for member in self.members)

    def layer_channels(self, layer: str) -> int:
        """As many as classes."""
        return len(self.class_names())

    def class_names(self) -> tuple[str, ...]:
        """The 1000 classes of ImageNet."""
        return class_names()

    def weight_names(self) -> tuple[str, ...]:
        """Every member's, each once."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.weight_names()))
