"""Several views of one step as one: (picture, drawn view) -> what the network sees.

The maps of all views of a recipe are multiplied into one, so the picture is resampled once however many there are; then
come their filters, in order. On a tile maps act on the infinite repetition (indices wrap around); elsewhere the picture
is mirrored at its edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.views.base import Filter, View
from orbifolio.runner.vision.base import Shear
from orbifolio.runner.vision.edges import shifted

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class DrawnView:
    """What the views of a recipe are in one step.

    Attributes:
        map: (3, 3) float64 from pixels of the view to those of the artwork, about the centre.
        filters: of what the map shows, in order.
    """

    map: Tensor
    filters: tuple[Filter, ...] = ()

    @property
    def keeps_wrap(self) -> bool:
        """Whether a tile seen through it is still a tile: only shifts keep it."""
        return not self.filters and bool(torch.equal(self.map[:2, :2], torch.eye(2, dtype=torch.float64)))


def draw_view(views: Sequence[View], width: int, height: int, random: torch.Generator) -> DrawnView | None:
    """All views multiplied into one map and their filters, or None where there are none."""
    if not views:
        return None
    combined = torch.eye(3, dtype=torch.float64)
    for view in views:
        combined = combined @ view.draw(width, height, random)
    filters = [view.draw_filter(width, height, random) for view in views]
    return DrawnView(combined, tuple(change for change in filters if change is not None))


def apply_view(
    picture: Tensor, view: DrawnView | None, *, wrap: tuple[bool, bool], shear: Shear | None = None
) -> Tensor:
    """The picture as seen through a view.

    Args:
        picture: (1, 3, height, width).
        view: from `draw_view`, or None for the picture as it is.
        wrap: the picture repeats over its (top-bottom, left-right) edges.
        shear: with which it repeats from top to bottom, where it wraps both ways.

    Returns:
        (1, 3, height, width), differentiable in `picture`; bilinear, exact for whole-pixel shifts.
    """
    if view is None:
        return picture
    seen = _moved(picture, view.map, wrap, shear)
    for change in view.filters:
        seen = change(seen)
    return seen


def _moved(picture: Tensor, view: Tensor, wrap: tuple[bool, bool], shear: Shear | None) -> Tensor:
    height, width = picture.shape[-2:]
    linear, shift = view[:2, :2], view[:2, 2]
    whole = shift.round()
    if all(wrap) and torch.equal(linear, torch.eye(2, dtype=torch.float64)) and torch.equal(whole, shift):
        return shifted(picture, int(whole[0]), int(whole[1]), (shear or "wrap", "wrap"))
    x = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    y = torch.arange(height, dtype=torch.float64) - (height - 1) / 2
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    at_x = linear[0, 0] * columns + linear[0, 1] * rows + shift[0] + (width - 1) / 2
    at_y = linear[1, 0] * columns + linear[1, 1] * rows + shift[1] + (height - 1) / 2
    return _bilinear(picture, at_x, at_y, wrap, shear)


def _inside(index: Tensor, size: int, wrap: bool) -> Tensor:
    """Indices of any value brought into [0, size): repeated, or mirrored about the outermost pixels."""
    if wrap or size == 1:
        return index % size
    index = index % (2 * size - 2)
    return torch.where(index < size, index, 2 * size - 2 - index)


def _bilinear(picture: Tensor, x: Tensor, y: Tensor, wrap: tuple[bool, bool], shear: Shear | None) -> Tensor:
    # Gathers with index_select rather than grid_sample: it wraps, and its backward pass has a
    # deterministic form on CUDA, which grid_sample's has not.
    height, width = picture.shape[-2:]
    step = shear.step(width) if shear else 0
    left, top = x.floor(), y.floor()
    right_share = (x - left).to(picture.dtype).to(picture.device)
    bottom_share = (y - top).to(picture.dtype).to(picture.device)
    flat = picture.flatten(2)
    total = torch.zeros_like(picture)
    for row in (0, 1):
        for column in (0, 1):
            below = (top.long() + row).div(height, rounding_mode="floor")  # pictures of the repetition, from the first
            rows = _inside(top.long() + row, height, wrap[0])
            columns = _inside(left.long() + column - below * step, width, wrap[1])
            share = (bottom_share if row else 1 - bottom_share) * (right_share if column else 1 - right_share)
            index = (rows * width + columns).flatten().to(picture.device)
            total = total + flat.index_select(2, index).view_as(picture) * share
    return total
