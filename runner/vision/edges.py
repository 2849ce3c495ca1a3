"""Continuing feature maps over their edges: a map (features, margins) -> larger features, and its adjoint.

Layout: (batch, channels, height, width), any dtype; channels_last stays so. Margins are (top, bottom, left,
right), in features. An axis continues by `wrap` (the tile repeats for ever), `replicate` (the edge
repeats) or `zero`; from top to bottom also by a `Shear`: the tile repeats with a shift.

A convolution without padding after `extend` gives the features of the infinite tiling exactly. Written as one
autograd function, because concatenating edge slices makes autograd fill and add four full-size gradients:
VGG16 to conv4_1 at 384 x 448 px, forward and backward, fp32 on two cores, 1516 ms with (wrong) zero padding,
1595 so, 2318 with concatenation, 2259 with one 40 px halo around the picture, 1952 with one margin per block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.errors import ShapeMismatch
from orbifolio.runner.vision.base import Padding, Shear, wraps

if TYPE_CHECKING:
    from torch import Tensor

Margins = tuple[int, int, int, int]
Edges = tuple[Padding, Padding]


def same_margins(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Margins (before, after) along one axis that make a layer's output size / stride long, rounded up.

    After TensorFlow's `same`: the odd one goes after. Where the size is a multiple of the stride, as on an
    axis that wraps, they do not depend on the size, so that a tile and its tilings are sampled alike.

    >>> same_margins(8, 3, 2), same_margins(7, 3, 2), same_margins(8, 5, 1)
    ((0, 1), (1, 1), (2, 2))
    """
    total = max(((size - 1) // stride) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def check_picture(network: str, picture: Tensor, stride: int, padding: tuple[Padding, Padding]) -> None:
    """Refuse a picture whose features a network cannot compute as promised.

    Args:
        network: name for the message.
        picture: to be (batch, 3, height, width).
        stride: of the deepest layer wanted, in pixels.
        padding: how the (top-bottom, left-right) edges continue.

    Raises:
        ShapeMismatch: not a picture; a side below the stride; or a side that wraps, or the shift with which it does,
            is not a multiple of it, so that the features could not wrap with it.
    """
    expected: list[object] = ["batch", 3, "height", "width"]
    if picture.dim() != 4 or picture.shape[1] != 3:
        raise ShapeMismatch(f"{network}: picture", expected=expected, actual=picture.shape)
    for axis, edge in enumerate(padding, start=2):
        size = picture.shape[axis]
        if size < stride or (wraps(edge) and size % stride):
            expected[axis] = f"a multiple of {stride}" if wraps(edge) else f"at least {stride}"
            raise ShapeMismatch(f"{network}: picture", expected=expected, actual=picture.shape)
        if isinstance(edge, Shear) and (edge.share * picture.shape[-1]) % stride:
            expected[-1] = f"a width of which {edge.share} is a multiple of {stride}"
            raise ShapeMismatch(f"{network}: picture", expected=expected, actual=picture.shape)


def extend(features: Tensor, margins: Margins, padding: tuple[Padding, Padding]) -> Tensor:
    """Features with margins around them.

    Args:
        features: (batch, channels, height, width).
        margins: (top, bottom, left, right), each at least 0.
        padding: how the (top-bottom, left-right) edges continue.

    Returns:
        (batch, channels, top + height + bottom, left + width + right).
    """
    top, bottom, left, right = margins
    if padding[0] == "zero" and (top or bottom):
        features, top, bottom = functional.pad(features, (0, 0, top, bottom)), 0, 0
    if padding[1] == "zero" and (left or right):
        features, left, right = functional.pad(features, (left, right)), 0, 0
    margins = top, bottom, left, right
    if not any(margins):
        return features
    height, width = features.shape[-2:]
    if max(top, bottom) > height or max(left, right) > width:
        # Tiles smaller than a margin (deep layers of tiny pictures) repeat more than once.
        places = _sources((height, width), margins, padding).to(features.device)
        return features.flatten(2).index_select(2, places.flatten()).view(*features.shape[:2], *places.shape)
    from orbifolio.runner import linear_maps

    return linear_maps.apply(
        lambda inner: _copied(inner, margins, padding), lambda outer: fold_back(outer, margins, padding), features
    )


def fold_back(gradient: Tensor, margins: Margins, padding: tuple[Padding, Padding]) -> Tensor:
    """The adjoint of `extend`: every feature gets the sum of what its copies have, in one copy and four strips.

    `extend` is a linear map E whose every row has a single 1: each extended feature is a copy of one feature. So the
    gradient is E^T times the gradient of the copies. Rows were extended first, shifted where a `Shear` says so, and
    columns, margins' corners included, afterwards; backwards columns are folded first, in the middle and in the strips
    at top and bottom, and those strips' rows are then given back.

    Args:
        gradient: (batch, channels, top + height + bottom, left + width + right).
        margins: (top, bottom, left, right), each at least 0.
        padding: how the (top-bottom, left-right) edges continue.

    Returns:
        (batch, channels, height, width); not to be written to, where there are no margins.
    """
    top, bottom, left, right = margins
    height, width = gradient.shape[-2] - top - bottom, gradient.shape[-1] - left - right
    if padding[0] == "zero":
        gradient, top, bottom = gradient.narrow(-2, top, height), 0, 0
    if padding[1] == "zero":
        gradient, left, right = gradient.narrow(-1, left, width), 0, 0
    if not any((top, bottom, left, right)):
        return gradient
    if max(top, bottom) > height or max(left, right) > width:
        places = _sources((height, width), (top, bottom, left, right), padding).to(gradient.device)
        copies = gradient.contiguous().flatten(2)
        sums = copies.new_zeros((*copies.shape[:2], height * width)).index_add_(2, places.flatten(), copies)
        return sums.view(*copies.shape[:2], height, width)
    folded = _fold(gradient[..., top : top + height, :], left, right, padding[1], _layout(gradient))
    step = _step(padding[0], width)
    for strip, first in ((gradient[..., :top, :], True), (gradient[..., top + height :, :], False)):
        if strip.shape[-2]:
            rows = _fold(strip, left, right, padding[1], torch.contiguous_format)
            rows = rows.roll(step if first else -step, dims=-1) if step else rows
            _give_back(folded, rows, -2, first=first, padding=padding[0])
    return folded


def shifted(picture: Tensor, across: int, down: int, padding: tuple[Padding, Padding]) -> Tensor:
    """What the endless repetition of a picture shows from another place on: pixel (x, y) is its (x + across, y + down).

    Args:
        picture: (batch, channels, height, width).
        across: pixels to the right.
        down: pixels downwards.
        padding: both axes wrap, with or without a shift.
    """
    height, width = picture.shape[-2:]
    turns, start = divmod(down, height)
    step = _step(padding[0], width)
    if not step:
        return torch.roll(picture, (-start, -across), dims=(-2, -1))
    above = picture[..., start:, :].roll(turns * step - across, dims=-1)
    below = picture[..., :start, :].roll((turns + 1) * step - across, dims=-1)
    return torch.cat([above, below], dim=-2)


def _step(edge: Padding, width: int) -> int:
    """Features by which rows below the last are moved to the right."""
    return edge.step(width) if isinstance(edge, Shear) else 0


def places(size: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int], padding: Edges) -> Tensor:
    """Which feature, counted row by row, is at each place of a part of a map, the part reaching over the map's edges.

    Args:
        size: (height, width) of the map.
        rows: of the part, from the first to the one after the last, counted from the map's first.
        columns: the same.
        padding: how the (top-bottom, left-right) edges continue.

    Returns:
        (rows, columns) int64.

    >>> places((2, 3), (0, 3), (-1, 2), ("replicate", "wrap")).tolist()
    [[2, 0, 1], [5, 3, 4], [5, 3, 4]]
    """
    height, width = size
    down, across = torch.arange(*rows)[:, None], torch.arange(*columns)[None, :]
    across = across - down.div(height, rounding_mode="floor") * _step(padding[0], width)
    down = down.remainder(height) if wraps(padding[0]) else down.clamp(0, height - 1)
    across = across.remainder(width) if wraps(padding[1]) else across.clamp(0, width - 1)
    return down * width + across


def _sources(size: tuple[int, int], margins: Margins, padding: Edges) -> Tensor:
    """(top + height + bottom, left + width + right) which feature, counted row by row, each extended one copies."""
    (height, width), (top, bottom, left, right) = size, margins
    return places(size, (-top, height + bottom), (-left, width + right), padding)


def _copied(features: Tensor, margins: Margins, padding: tuple[Padding, Padding]) -> Tensor:
    """The features with margins of copies around them."""
    top, bottom, left, right = margins
    batch, channels, height, width = features.shape
    larger = torch.empty(
        (batch, channels, top + height + bottom, left + width + right),
        dtype=features.dtype,
        device=features.device,
        memory_format=_layout(features),
    )
    middle = larger[..., left : left + width]
    middle[:, :, top : top + height] = features
    _fill(middle, -2, top, height, padding[0])
    _fill(larger, -1, left, width, padding[1])
    return larger


def _layout(features: Tensor) -> torch.memory_format:
    last = features.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def _fill(larger: Tensor, axis: int, before: int, size: int, padding: Padding) -> None:
    """Write both margins of an axis from its middle part of this size."""
    after = larger.shape[axis] - before - size
    step = _step(padding, larger.shape[-1])
    for start, length, wrapped, edge, moved in (
        (0, before, size, before, -step),
        (before + size, after, before, before + size - 1, step),
    ):
        if length:
            source, count = (wrapped, length) if wraps(padding) else (edge, 1)
            margin, copied = larger.narrow(axis, start, length), larger.narrow(axis, source, count)
            margin.copy_((copied.roll(moved, dims=-1) if moved else copied).expand_as(margin))


def _fold(gradient: Tensor, before: int, after: int, padding: Padding, layout: torch.memory_format) -> Tensor:
    """A new tensor without margins at the left and right: each column's gradient plus those of its copies."""
    size = gradient.shape[-1] - before - after
    middle = gradient.narrow(-1, before, size).clone(memory_format=layout)
    if before:
        _give_back(middle, gradient.narrow(-1, 0, before), -1, first=True, padding=padding)
    if after:
        _give_back(middle, gradient.narrow(-1, before + size, after), -1, first=False, padding=padding)
    return middle


def _give_back(middle: Tensor, strip: Tensor, axis: int, *, first: bool, padding: Padding) -> None:
    """Add a margin's gradient to the features that it repeats."""
    size, length = middle.shape[axis], strip.shape[axis]
    if wraps(padding):
        middle.narrow(axis, size - length if first else 0, length).add_(strip)
    else:
        middle.narrow(axis, 0 if first else size - 1, 1).add_(strip.sum(dim=axis, keepdim=True))
