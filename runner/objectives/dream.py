"""Dreams: make a network's own features strong (Mordvintsev et al. 2015; Olah et al. 2017).

Powers enter by their logarithm, -log(mean(x^2) + e), so that a weight means the same on every layer: the
features' own scale, which differs by orders of magnitude between layers, drops out.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.objectives.base import (
    Objective,
    ObjectiveInput,
    ObjectiveSettings,
    Preparation,
    fit_mask,
    unknown_layers,
    weighted_mean,
)
from orbifolio.runner.vision.base import VisionSettings

if TYPE_CHECKING:
    from torch import Tensor

FLOOR = 1e-4  # share of the layer's present power below which a channel counts as silent


class Dream(ObjectiveSettings):
    """Excite a whole layer, one channel or several, or a class that the network can name."""

    kind: Literal["dream"] = "dream"
    layer: str = ""
    """The layer to excite; without `channel` or `channels`, all of it."""
    channel: Annotated[int, Field(ge=0)] | None = None
    """One channel of the layer."""
    channels: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(), max_length=4096)
    """Several channels of the layer, each counted alike."""
    class_: str | int | None = Field(default=None, alias="class")
    """An ImageNet class by name (`volcano`) or number (980), for networks with class labels."""
    cites: ClassVar[tuple[str, ...]] = ("mordvintsev2015", "olah2017")

    def layers_needed(self) -> tuple[str, ...]:
        """The layer, or the class scores."""
        return ("logits",) if self.class_ is not None else (self.layer,)

    def places(self) -> bool:
        """Only with a mask, which says where."""
        return self.mask is not None

    def complaints(self, vision: VisionSettings) -> list[tuple[str, str]]:
        """A dream has one aim, which the network must know; see the base class."""
        if self.class_ is not None:
            if self.layer or self.channel is not None or self.channels:
                return [("", "a class is given together with a layer; a dream has one aim; leave one of them out")]
            if self.mask is not None:
                return [("mask", "a class is scored on the whole picture; a mask has no effect on it; leave it out")]
            try:
                class_index(self.class_, vision.class_names())
            except InputError as error:
                return [("class", str(error))]
            return []
        if not self.layer:
            return [
                ("", "neither a layer nor a class is given; a dream needs an aim; add `layer: ...` or `class: ...`")
            ]
        if self.channel is not None and self.channels:
            return [("", "channel and channels are both given; one of them is enough; leave one out")]
        unknown = unknown_layers((self.layer,), vision)
        if unknown:
            return [("layer", unknown[0])]
        count = vision.layer_channels(self.layer)
        key = "channel" if self.channel is not None else "channels"
        return [
            (key, f"{self.layer} has no channel {channel}; it has channels 0 to {count - 1}; choose one of them")
            for channel in self.chosen()
            if channel >= count
        ]

    def chosen(self) -> tuple[int, ...]:
        """The channels, () for all."""
        return (self.channel,) if self.channel is not None else self.channels

    def repeats(self) -> bool:
        """A layer's excitation, but with a mask: it is a mean over all places."""
        return self.mask is None and self.class_ is None

    def build(self, preparation: Preparation) -> Objective:
        """The dream of a class, or of a layer's channels."""
        if self.class_ is not None:
            return ClassDream(self, class_index(self.class_, preparation.encoder.classes))
        return FeatureDream(self, self.load_mask(preparation))


def class_index(wanted: str | int, classes: tuple[str, ...]) -> int:
    """The number of a class.

    Args:
        wanted: its name (case and underscores do not matter) or number.
        classes: all names, in order.

    Raises:
        InputError: no such class; names the nearest.
    """
    if not classes:
        raise InputError(f"class {wanted!r}: this network has no class labels; use `vision: efficientnet-lite0`")
    if isinstance(wanted, int) or wanted.isdecimal():
        if 0 <= int(wanted) < len(classes):
            return int(wanted)
        raise InputError(f"class {wanted}: the network knows classes 0 to {len(classes) - 1}")
    plain = [name.lower().replace("_", " ").strip() for name in classes]
    sought = wanted.lower().replace("_", " ").strip()
    if sought in plain:
        return plain.index(sought)
    near = difflib.get_close_matches(sought, plain, n=3, cutoff=0.7) or [n for n in plain if sought in n][:3]
    hint = f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    raise InputError(f"class {wanted!r} is not one of the {len(classes)} ImageNet classes{hint}")


class FeatureDream(Objective):
    """Excites a layer or some of its channels."""

    def __init__(self, settings: Dream, mask: Tensor | None) -> None:
        self.settings = settings
        self.layers = (settings.layer,)
        self.mask = mask
        self.channels = settings.chosen()

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """One term, e.g. `dream.mixed4` or `dream.conv4_1.18`."""
        name = self.settings.layer
        features = inputs.features[name].float()
        mask = fit_mask(self.mask, features)
        # The floor keeps the logarithm finite for channels that nothing excites yet. It follows the
        # layer's own power, taken as a constant.
        floor = FLOOR * features.detach().square().mean().clamp_min(1e-12)
        if not self.channels:
            power = torch.log(weighted_mean(features.square(), mask) + floor)
            return {f"dream.{name}": -self.settings.weight * power}
        terms: dict[str, Tensor] = {}
        for channel in self.channels:
            power = torch.log(weighted_mean(features[:, channel : channel + 1].square(), mask) + floor)
            title = f"dream.{name}.{channel}"
            terms[title] = terms.get(title, 0.0) + power * (-self.settings.weight / len(self.channels))
        return terms

    def describe(self) -> str:
        """Layer and channels in one line."""
        channels = f" channels {', '.join(map(str, self.channels))}" if self.channels else ""
        return f"dream x{self.settings.weight:g} of {self.settings.layer}{channels}"


class ClassDream(Objective):
    """Raises one class score above what the network would otherwise see."""

    layers = ("logits",)

    def __init__(self, settings: Dream, index: int) -> None:
        self.settings = settings
        self.index = index

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """One term, `dream.class.<number>`: the negative score before the softmax."""
        # The score itself, not its softmax: a probability is raised as well by lowering all others.
        return {f"dream.class.{self.index}": -self.settings.weight * inputs.features["logits"][0, self.index].float()}

    def describe(self) -> str:
        """The class in one line."""
        return f"dream x{self.settings.weight:g} of class {self.settings.class_} ({self.index})"
