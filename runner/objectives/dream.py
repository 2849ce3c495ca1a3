"""Dreams: make a network's own features strong (Mordvintsev et al. 2015; Olah et al. 2017).

Powers enter by their logarithm, -log(mean(x^2) + e), so that a weight means the same on every layer: the
features' own scale, which differs by orders of magnitude between layers, drops out.

What a picture excites most is judged against photographs of other things: channel c scores log(p_c / q_c), where p_c is
its power in the picture and q_c its geometric mean over the photographs (each with a floor of `FLOOR` of the layer's
mean), so that channels which anything excites, as those of edges, come last.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.cover import cover
from orbifolio.runner.images.sources import Images
from orbifolio.runner.named_files import FileName
from orbifolio.runner.objectives.base import (
    Objective,
    ObjectiveInput,
    ObjectiveSettings,
    Preparation,
    fit_mask,
    unknown_layers,
    weighted_mean,
)
from orbifolio.runner.vision.base import Encoder, VisionSettings

if TYPE_CHECKING:
    from torch import Tensor

FLOOR = 1e-4  # share of the layer's present power below which a channel counts as silent
OTHER_THINGS = ("astronaut", "brick", "chelsea", "coffee", "coins", "grass", "hubble_deep_field", "retina", "rocket")
"""Photographs of scikit-image's, of nothing alike, that tell what a channel does in general."""
LOOKED_AT = 128  # pixels of the shorter side of a picture that is judged: ten of them take half a second with VGG16


class Dream(ObjectiveSettings):
    """Excite a whole layer, one channel or several, or a class that the network can name."""

    kind: Literal["dream"] = "dream"
    layer: str = ""
    """The layer to excite; without `channel` or `channels`, all of it."""
    channel: Annotated[int, Field(ge=0)] | None = None
    """One channel of the layer."""
    channels: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(), max_length=4096)
    """Several channels of the layer, each counted alike."""
    like: FileName | None = None
    """A picture: the channel is one that it excites more than other pictures do, found when the run begins."""
    rank: int = Field(default=0, ge=0, le=4095)
    """Which of those: 0 for the one that stands out most, 1 for the next."""
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
            if self.layer or self.channel is not None or self.channels or self.like is not None:
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
        if self.like is not None and self.chosen():
            return [("like", "a picture is given together with channels; it stands for one; leave one of them out")]
        unknown = unknown_layers((self.layer,), vision)
        if unknown:
            return [("layer", unknown[0])]
        count = vision.layer_channels(self.layer)
        if self.like is None and self.rank:
            return [("rank", "a rank without a picture; it says which of the channels that `like` excites; add `like`")]
        if self.rank >= count:
            return [("rank", f"{self.layer} has {count} channels, so ranks are 0 to {count - 1}; choose one of them")]
        key = "channel" if self.channel is not None else "channels"
        return [
            (key, f"{self.layer} has no channel {channel}; it has channels 0 to {count - 1}; choose one of them")
            for channel in self.chosen()
            if channel >= count
        ]

    def chosen(self) -> tuple[int, ...]:
        """The channels, () for all."""
        return (self.channel,) if self.channel is not None else self.channels

    def pictures(self) -> tuple[str, ...]:
        """The picture whose excitations are looked for, and the mask."""
        return tuple(source for source in (self.like, *super().pictures()) if source is not None)

    def repeats(self) -> bool:
        """A layer's excitation, but with a mask: it is a mean over all places."""
        return self.mask is None and self.class_ is None

    def build(self, preparation: Preparation) -> Objective:
        """The dream of a class, or of a layer's channels."""
        if self.class_ is not None:
            return ClassDream(self, class_index(self.class_, preparation.encoder.classes))
        channels = self.chosen()
        if self.like is not None:
            picture = preparation.plain_picture(self.like).to(preparation.device)
            channels = (excited_channels(preparation.encoder, self.layer, picture)[self.rank],)
        return FeatureDream(self, self.load_mask(preparation), channels)


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


def excited_channels(encoder: Encoder, layer: str, picture: Tensor) -> list[int]:
    """The channels of a layer, those first that a picture excites more than photographs of other things do.

    Args:
        encoder: the network.
        layer: of it, with places.
        picture: (1, 3, height, width) in [0, 1], on the network's device.
    """
    images, encoder = Images(Path()), encoder.padded(("replicate", "replicate"))
    others = [torch.from_numpy(images.load(f"skimage:{name}").pixels).movedim(-1, 0)[None] for name in OTHER_THINGS]
    general = torch.stack([_log_powers(encoder, layer, other.to(picture)) for other in others]).mean(dim=0)
    order = (_log_powers(encoder, layer, picture) - general).argsort(descending=True, stable=True)
    return [int(channel) for channel in order.tolist()]


def _log_powers(encoder: Encoder, layer: str, picture: Tensor) -> Tensor:
    """(channels,) float64 logarithms of the powers that a picture gives to a layer's channels."""
    height, width = picture.shape[-2:]
    factor = LOOKED_AT / min(height, width)
    sized = cover(picture, (max(1, round(height * factor)), max(1, round(width * factor))))
    with torch.no_grad():
        powers = encoder.features(sized, (layer,))[layer].double().square().mean(dim=(0, 2, 3)).cpu()
    return (powers + FLOOR * powers.mean()).log()


class FeatureDream(Objective):
    """Excites a layer or some of its channels."""

    def __init__(self, settings: Dream, mask: Tensor | None, channels: tuple[int, ...]) -> None:
        self.settings = settings
        self.layers = (settings.layer,)
        self.mask = mask
        self.channels = channels

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
        like = f", number {self.settings.rank + 1} of what {self.settings.like} excites" if self.settings.like else ""
        return f"dream x{self.settings.weight:g} of {self.settings.layer}{channels}{like}"


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
