"""How a layer's input continues over its edges, for convolutions and pools of any kernel and stride.

Convention: features are (batch, channels, height, width); `before` and `after` count positions added at the
top or left, and at the bottom or right.

Concatenating edge rows and columns is much faster than `F.pad(mode="circular")`: 1065 ms against 1871 ms
for VGG16 to conv4_1, forward and backward in fp32 at 384 x 448 px on two cores.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from runner.vision.base import Padding


def pad(features: Tensor, before: int, after: int, padding: tuple[Padding, Padding]) -> Tensor:
    """Features continued by the same amounts along both axes.

    Args:
        features: (batch, channels, height, width).
        before: positions at the top and at the left.
        after: positions at the bottom and at the right.
        padding: how the (top-bottom, left-right) edges continue.
    """
    return pad_axis(pad_axis(features, before, after, -2, padding[0]), before, after, -1, padding[1])


def pad_axis(features: Tensor, before: int, after: int, axis: int, padding: Padding) -> Tensor:
    """Features continued along one axis; repeated as often as the amounts need."""
    if before == 0 and after == 0:
        return features
    size = features.shape[axis]
    if padding == "zero":
        amounts = (before, after) if axis == -1 else (0, 0, before, after)
        return functional.pad(features, amounts)
    if before > size or after > size:
        # Tiny deep features of tiny pictures: more is asked for than there is to copy at once.
        index = torch.arange(-before, size + after, device=features.device)
        index = index % size if padding == "wrap" else index.clamp(0, size - 1)
        return features.index_select(axis % features.dim(), index)
    if padding == "wrap":
        head = features.narrow(axis, size - before, before)
        tail = features.narrow(axis, 0, after)
        return torch.cat([head, features, tail], dim=axis)
    parts = [features.narrow(axis, 0, 1)] * before + [features] + [features.narrow(axis, size - 1, 1)] * after
    return torch.cat(parts, dim=axis)
