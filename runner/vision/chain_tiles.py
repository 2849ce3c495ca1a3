"""A picture cut into tiles for a chain of layers: (chain, size, core's side) -> what each tile must see to be exact.

The cores of the tiles share every layer's features out among them: each belongs to one. A layer's part of a core from
pixel a to pixel b, along one axis, goes from feature a / s to b / s, s being the layer's stride, to whose deepest cores
are aligned. What those depend on is reckoned backwards. Features [a, b) of a layer are made by windows of k features, t
apart, with m margins before the first, from features

    [a t - m, (b - 1) t - m + k)

of the layer before, or of its pool, whose squares see in the same way. What a layer computes in a tile is what its core
and the next layer need of it; what the first one needs is the part of the picture that the tile sees, the halo around
its core included. No halo is assumed, and there are no margins within the picture: features of a tile are the sums that
they are in the whole picture. Where the picture ends, the part that reaches beyond it is made of margins, as in the
whole picture; where it wraps, with a shift or without, the part is taken from its endless repetition.

VGG16 down to conv4_1 sees 26 pixels beyond a core, down to conv5_1 58; VGG19 30 and 70.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.vision.base import Chain, ChainLink, wraps
from orbifolio.runner.vision.edges import Margins, places

if TYPE_CHECKING:
    from torch import Tensor

Span = tuple[int, int]  # from the first, to the one after the last


@dataclass(frozen=True)
class LayerWindow:
    """What a tile computes of one layer.

    Attributes:
        trim: features of the layer before, computed in the tile, that this one does not need.
        pool_margins: by which what is left is continued for the pool, where there is one.
        margins: by which it is then continued for the convolution.
        core: (rows, columns) of the core, counted from the first feature that is computed.
        where: the same, counted from the first of the whole layer.
        whole: (height, width) of the whole layer.
        all_is_core: nothing else is computed.
    """

    trim: Margins
    pool_margins: Margins
    margins: Margins
    core: tuple[Span, Span]
    where: tuple[Span, Span]
    whole: tuple[int, int]
    all_is_core: bool

    def core_of(self, features: Tensor) -> Tensor:
        """The core of what was computed, in the same memory."""
        return narrowed(features, self.core)

    def needed(self, before: Tensor) -> Tensor:
        """What this layer needs of the features that the layer before has in the tile."""
        if not any(self.trim):
            return before
        top, bottom, left, right = self.trim
        height, width = before.shape[-2:]
        return before[..., top : height - bottom, left : width - right]

    def given_back(self, gradient: Tensor) -> Tensor:
        """The adjoint of `needed`."""
        if not any(self.trim):
            return gradient
        top, bottom, left, right = self.trim
        larger = functional.pad(gradient, (left, right, top, bottom))
        return larger.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class ChainTile:
    """One tile.

    Attributes:
        rows: of the picture that it sees, beyond the edges where the picture wraps.
        columns: the same.
        windows: by layer.
    """

    rows: Span
    columns: Span
    windows: Mapping[str, LayerWindow]

    def places(self, chain: Chain, size: tuple[int, int]) -> Tensor:
        """(rows, columns) which pixel of a picture of (height, width), counted row by row, each of the tile's is."""
        return places(size, self.rows, self.columns, chain.padding)

    def part_of(self, picture: Tensor, chain: Chain) -> tuple[Tensor, Tensor]:
        """(places,) of the tile's pixels in a picture, row by row, and (1, 3, rows, columns) the pixels."""
        where = self.places(chain, (picture.shape[-2], picture.shape[-1])).to(picture.device)
        flat = where.flatten()
        return flat, picture.flatten(2).index_select(2, flat).view(1, 3, *where.shape)


def narrowed(features: Tensor, part: tuple[Span, Span]) -> Tensor:
    """(batch, channels, rows, columns) part of a map, in the same memory."""
    (top, bottom), (left, right) = part
    return features[..., top:bottom, left:right]


def cut(chain: Chain, size: tuple[int, int], core: int) -> tuple[ChainTile, ...]:
    """The tiles of a picture, row by row.

    Args:
        chain: down to the deepest layer in use, padded as the picture is.
        size: (height, width) of the picture; of an axis that wraps, a multiple of the deepest layer's stride.
        core: pixels that a core's side has at most, rounded down to a multiple of that stride.
    """
    axes = [_axis(chain, axis, side, core) for axis, side in enumerate(size)]
    return tuple(_tile(chain, rows, columns) for rows in axes[0] for columns in axes[1])


def reach(chain: Chain) -> int:
    """Pixels that a tile sees beyond its core, at most on any side."""
    deepest = _strides(chain)[-1]
    sides = []
    for axis in range(2):
        seen, _ = _windows(chain, axis, None, (0, deepest))
        sides += [-seen[0], seen[1] - deepest]
    return max(sides)


@dataclass(frozen=True)
class _AxisWindow:
    """A layer's window along one axis; see `LayerWindow`."""

    trim: Span
    pool_margins: Span
    margins: Span
    core: Span
    where: Span
    whole: int
    count: int


_Axis = tuple[Span, tuple[_AxisWindow, ...]]


def _axis(chain: Chain, axis: int, side: int, core: int) -> list[_Axis]:
    """(pixels that are seen, window of each layer) of each of the tiles along an axis, of nearly equal lengths."""
    deepest = _strides(chain)[-1]
    units = _sizes(chain, axis, side)[-1][0]  # beyond zeros there are fewer features than the stride would say
    count = -(-units // max(1, core // deepest))
    cuts = [units * number // count * deepest for number in range(count)]
    return [
        _windows(chain, axis, side, span, last=span[1] == side) for span in zip(cuts, [*cuts[1:], side], strict=True)
    ]


def _windows(chain: Chain, axis: int, side: int | None, core: Span, *, last: bool = False) -> _Axis:
    """The pixels seen, and the window of each layer, of one core along one axis.

    Args:
        chain: see `cut`.
        axis: 0 for rows.
        side: of the picture in pixels; None for one without an end.
        core: in pixels.
        last: it ends where the picture does, and has what is left over of each layer.
    """
    endless = side is None or wraps(chain.padding[axis])
    sizes = [] if side is None else _sizes(chain, axis, side)
    strides = _strides(chain)
    windows: list[_AxisWindow] = []
    wanted: Span | None = None  # of the layer, by the layer after it
    for number in reversed(range(len(chain.links))):
        link, stride = chain.links[number], strides[number]
        whole, pooled, before = sizes[number] if sizes else (0, 0, 0)
        where = (core[0] // stride, whole if last else core[1] // stride)
        here = where if wanted is None else (min(where[0], wanted[0]), max(where[1], wanted[1]))
        if windows and wanted is not None:
            trim = (wanted[0] - here[0], here[1] - wanted[1])
            windows[-1] = replace(windows[-1], trim=trim)
        start, kernel = link.margins[2 * axis], link.weight.shape[-1]
        needed = _clipped(_behind(here, link.stride, start, kernel), None if endless else pooled)
        margins, pool_margins = needed[1], (0, 0)
        wanted = needed[0]
        if link.pool is not None:
            behind = _behind(wanted, link.pool.stride, link.pool.margins[2 * axis], link.pool.size)
            wanted, pool_margins = _clipped(behind, None if endless else before)
        own = (where[0] - here[0], where[1] - here[0])
        windows.append(_AxisWindow((0, 0), pool_margins, margins, own, where, whole, here[1] - here[0]))
    assert wanted is not None  # a chain has links
    return wanted, tuple(reversed(windows))


def _behind(span: Span, stride: int, before: int, kernel: int) -> Span:
    """What windows see that start `stride` apart, the first of them `before` margins in front."""
    return span[0] * stride - before, (span[1] - 1) * stride - before + kernel


def _clipped(span: Span, size: int | None) -> tuple[Span, Span]:
    """The part of a span that is there, and how much of it is beyond either end."""
    if size is None:
        return span, (0, 0)
    inside = (max(span[0], 0), min(span[1], size))
    return inside, (inside[0] - span[0], span[1] - inside[1])


def _strides(chain: Chain) -> list[int]:
    """Pixels per feature of each layer."""
    strides, stride = [], 1
    for link in chain.links:
        stride *= link.stride * (link.pool.stride if link.pool else 1)
        strides.append(stride)
    return strides


def _sizes(chain: Chain, axis: int, side: int) -> list[tuple[int, int, int]]:
    """(features, what the convolution sees, what the pool sees) of each layer along an axis."""
    sizes, before = [], side
    for link in chain.links:
        pool = link.pool
        pooled = before if pool is None else _count(before, pool.margins, axis, pool.size, pool.stride)
        size = _count(pooled, link.margins, axis, link.weight.shape[-1], link.stride)
        sizes.append((size, pooled, before))
        before = size
    return sizes


def _count(size: int, margins: Sequence[int], axis: int, kernel: int, stride: int) -> int:
    """How many windows there are."""
    return (size + margins[2 * axis] + margins[2 * axis + 1] - kernel) // stride + 1


def _tile(chain: Chain, rows: _Axis, columns: _Axis) -> ChainTile:
    """A tile from its two axes."""
    windows = {
        link.name: _layer_window(link, row, column)
        for link, row, column in zip(chain.links, rows[1], columns[1], strict=True)
    }
    return ChainTile(rows[0], columns[0], windows)


def _layer_window(link: ChainLink, row: _AxisWindow, column: _AxisWindow) -> LayerWindow:
    return LayerWindow(
        (*row.trim, *column.trim),
        (*row.pool_margins, *column.pool_margins),
        (*row.margins, *column.margins),
        (row.core, column.core),
        (row.where, column.where),
        (row.whole, column.whole),
        row.core == (0, row.count) and column.core == (0, column.count),
    )
