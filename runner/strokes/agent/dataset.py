"""Pictures for an agent to paint: what a reader found -> (n, channels, side, side) uint8 on white paper, with classes.

`fitted` brings any pictures to the agent's size; `parted` keeps some of them, never painted in training, to judge by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from orbifolio.runner.arrays import I64, U8
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.agent.glyphs import laid_out
from orbifolio.runner.strokes.agent.network import AgentShape

UNKNOWN = -1  # the class of a picture that has none


@dataclass(frozen=True)
class Targets:
    """Pictures.

    Attributes:
        images: (n, channels, side, side) uint8 sRGB; one channel is grey.
        classes: (n,) int64, numbers of `names`; `UNKNOWN` where there is none.
        names: of the classes.
    """

    images: Tensor
    classes: Tensor
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """(k, channels, side, side) in [0, 1], and (k,) classes."""
        return self.images[index].float() / 255, self.classes[index]


def fitted(pictures: U8 | Sequence[U8], side: int, channels: int, *, inverted: bool = False) -> U8:
    """Scaled (cubic, not cropped, as the paper does it) and brought to grey or colour.

    Args:
        pictures: n of (h, w) or (h, w, 3).
        side: wanted, in pixels.
        channels: wanted, 1 or 3.
        inverted: they are light on dark, and shall be dark on light.

    Returns:
        (n, channels, side, side).
    """
    found = np.empty((len(pictures), channels, side, side), np.uint8)
    for number, picture in enumerate(pictures):
        image = Image.fromarray(255 - picture if inverted else picture).convert("L" if channels == 1 else "RGB")
        if image.size != (side, side):
            image = image.resize((side, side), Image.Resampling.BICUBIC)
        found[number] = np.asarray(image).reshape(side, side, channels).transpose(2, 0, 1)
    return found


def prepared(picture: Tensor, shape: AgentShape) -> Tensor:
    """A picture as the agent knows them: for black ink cut out, thresholded and centred as MNIST's digits are.

    Args:
        picture: (1, 3, h, w) sRGB in [0, 1].
        shape: of the agent.

    Returns:
        (1, planes, side, side) uint8.
    """
    pixels = picture[0].permute(1, 2, 0).numpy()
    if shape.planes == 3:
        return torch.from_numpy(fitted([np.round(pixels * 255).astype(np.uint8)], shape.side, 3))
    grey = pixels.mean(axis=2).astype(np.float64)
    paper = float(np.median(np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))))
    ink = np.abs(grey - paper)  # dark on light and light on dark alike
    ink = ((ink / max(float(ink.max()), 1e-6) - 0.25) / 0.5).clip(0, 1)
    return torch.from_numpy(fitted([laid_out(ink)], shape.side, 1, inverted=True))


def parted(images: U8, classes: I64, names: Sequence[str], unseen: int, where: str) -> Split:
    """The last ones are kept.

    Args:
        images: (n, channels, side, side), in an order without meaning.
        classes: (n,).
        names: of the classes.
        unseen: how many are kept.
        where: the pictures come from, for the error.

    Raises:
        InputError: there are too few.
    """
    if len(images) < 2 * unseen:
        raise InputError(
            f"{where}: {len(images)} pictures; {unseen} are kept to judge by and as many at least are needed to learn "
            "from; give more pictures or lower renderer.unseen"
        )
    parts = [slice(0, len(images) - unseen), slice(len(images) - unseen, None)]
    learnt, kept = (
        Targets(torch.from_numpy(images[part]), torch.from_numpy(classes[part]), tuple(names)) for part in parts
    )
    return Split(learnt, kept)


@dataclass(frozen=True)
class Split:
    """Pictures to learn from, and others to judge by."""

    learnt: Targets
    unseen: Targets
