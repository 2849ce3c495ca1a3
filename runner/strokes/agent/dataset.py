"""Targets, the pictures that an agent paints: arrays -> (n, channels, side, side) uint8 on white paper, with classes.

`fitted` brings any pictures to the agent's size; `parted` sets some of them aside, never seen in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64, I64, U8
from orbifolio.runner.deferred import ndimage, torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.agent.glyphs import laid_out
from orbifolio.runner.strokes.agent.network import AgentShape

if TYPE_CHECKING:
    from torch import Tensor

UNKNOWN = -1  # the class of a picture that has none
MARKED = 0.1  # of the darkest ink: what is fainter is paper
BOX, GAP, SMOOTHED = 140, 3, 1.5  # pixels of a writing's box; half a gap that is closed; sigma that joins its specks


@dataclass(frozen=True)
class Targets:
    """Pictures with their classes.

    Attributes:
        images: (n, channels, side, side) uint8 sRGB; one channel is grey.
        classes: (n,) int64, numbers of `names`, or `UNKNOWN`.
        names: of the classes; empty if there are none.
    """

    images: Tensor
    classes: Tensor
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> Targets:
        """The first ones, `count` of them at most."""
        return Targets(self.images[:count], self.classes[:count], self.names)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (k, channels, side, side) in [0, 1] and classes (k,) of an index."""
        return self.images[index].float() / 255, self.classes[index]


def fitted(pictures: U8 | Sequence[U8], side: int, channels: int, *, inverted: bool = False) -> U8:
    """Pictures scaled (cubic, not cropped, as in the paper) and in grey or colour, (n, channels, side, side).

    Args:
        pictures: n of (h, w) or (h, w, 3).
        side: of the result in pixels.
        channels: of the result, 1 for grey or 3 for colour.
        inverted: turn light on dark into dark on light.
    """
    scaled = np.empty((len(pictures), channels, side, side), np.uint8)
    for number, picture in enumerate(pictures):
        image = Image.fromarray(255 - picture if inverted else picture).convert("L" if channels == 1 else "RGB")
        if image.size != (side, side):
            image = image.resize((side, side), Image.Resampling.BICUBIC)
        scaled[number] = np.asarray(image).reshape(side, side, channels).transpose(2, 0, 1)
    return scaled


def prepared(picture: Tensor, shape: AgentShape) -> Tensor:
    """A picture like those that the agent has learnt from, (1, planes, side, side) uint8.

    For an agent with black ink it is cut out, thresholded and centred as MNIST's digits are.

    Args:
        picture: (1, 3, h, w) sRGB in [0, 1].
    """
    pixels = picture[0].permute(1, 2, 0).numpy()
    if shape.planes == 3:
        return torch.from_numpy(fitted([np.round(pixels * 255).astype(np.uint8)], shape.side, 3))
    return torch.from_numpy(fitted([laid_out(_solid_ink(pixels.mean(axis=2)))], shape.side, 1, inverted=True))


def _solid_ink(grey: F32) -> F64:
    """Lines as solid and dark as a pen's, whatever drew them: (h, w) in [0, 1] -> (h, w) of a writing's box.

    A dry brush or chalk leaves specks, which would be pale when they are shrunk: gaps narrower than a line are closed,
    and the ink is as dark as is usual in it, not as its darkest speck.
    """
    paper = float(np.median(np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))))
    ink = np.abs(grey.astype(np.float64) - paper)  # dark on light and light on dark alike
    ink /= max(float(ink.max()), 1e-6)
    rows, columns = np.flatnonzero(ink.max(1) > MARKED), np.flatnonzero(ink.max(0) > MARKED)
    if not len(rows):
        return ink
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    size = tuple(max(1, round(length * scale)) for length in reversed(ink.shape))
    box = np.asarray(Image.fromarray(ink.astype(np.float32)).resize(size, Image.Resampling.BOX), np.float64)
    box = np.pad(box, GAP)  # a closing sees nothing beyond an edge
    y, x = np.mgrid[-GAP : GAP + 1, -GAP : GAP + 1]
    closed = ndimage.grey_closing(ndimage.gaussian_filter(box, SMOOTHED), footprint=np.hypot(x, y) <= GAP)
    usual = float((closed**2).sum() / max(float(closed.sum()), 1e-6))
    solid: F64 = ((closed / max(usual, 1e-6) - 0.25) / 0.5).clip(0, 1)
    return solid


def parted(images: U8, classes: I64, names: Sequence[str], unseen: int, where: str) -> Split:
    """Pictures to learn from, and the last `unseen` of them set aside.

    Args:
        images: (n, channels, side, side), shuffled.
        classes: (n,) numbers of `names`.
        names: of the classes; empty for none.
        where: the pictures come from, for messages.

    Raises:
        InputError: fewer than half of the pictures would be left to learn from.
    """
    if len(images) < 2 * unseen:
        raise InputError(
            f"{where}: {len(images)} pictures; {unseen} are set aside to judge by, and at least as many are needed to "
            "learn from; give more pictures or lower renderer.unseen"
        )
    parts = [slice(0, len(images) - unseen), slice(len(images) - unseen, None)]
    learnt, aside = (
        Targets(torch.from_numpy(images[part]), torch.from_numpy(classes[part]), tuple(names)) for part in parts
    )
    return Split(learnt, aside)


@dataclass(frozen=True)
class Split:
    """Targets to learn from, and others to judge by."""

    learnt: Targets
    unseen: Targets
