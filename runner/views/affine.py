"""Views: artwork -> what the network sees while optimising, drawn anew at every step; the result is free of them.

Every view is a random affine map of the plane. All views of a recipe are multiplied into one map, so the
picture is resampled once however many there are. On a tile they act on the infinite repetition (indices
wrap around); elsewhere the picture is mirrored at its edges.

Convention: maps act on pixel coordinates (x right, y down, 1) about the picture's centre and say where in
the artwork each pixel of the view looks. `random` is a torch.Generator on the CPU.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.settings import Settings, family


class View(Settings):
    """The base of every kind of view."""

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A random (3, 3) float64 map from the view's pixels to the artwork's, about the centre."""
        raise NotImplementedError(type(self).__name__)


def _uniform(low: float, high: float, random: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=random, dtype=torch.float64))


class Jitter(View):
    """Shifts by whole pixels, so that the network's sampling grid meets the artwork anew at every step."""

    kind: Literal["jitter"] = "jitter"
    amount: int = Field(default=16, ge=1, le=1024)
    """Maximum shift along each axis, in pixels."""
    cites: ClassVar[tuple[str, ...]] = ("mordvintsev2015",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A translation by whole pixels."""
        shift = torch.randint(-self.amount, self.amount + 1, (2,), generator=random)
        view = torch.eye(3, dtype=torch.float64)
        view[:2, 2] = shift.double()
        return view


class Rotate(View):
    """Turns by a random angle."""

    kind: Literal["rotate"] = "rotate"
    degrees: float = Field(default=8.0, gt=0, le=180)
    """Maximum turn either way, in degrees."""
    cites: ClassVar[tuple[str, ...]] = ("olah2017",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A rotation about the centre."""
        angle = math.radians(_uniform(-self.degrees, self.degrees, random))
        cosine, sine = math.cos(angle), math.sin(angle)
        return torch.tensor([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], dtype=torch.float64)


class Scale(View):
    """Enlarges or shrinks by a random factor."""

    kind: Literal["scale"] = "scale"
    low: float = Field(default=0.9, gt=0.05, le=8)
    """Minimum magnification."""
    high: float = Field(default=1.1, gt=0.05, le=8)
    """Maximum magnification."""
    cites: ClassVar[tuple[str, ...]] = ("olah2017",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A scaling about the centre; the factor is uniform in its logarithm."""
        low, high = sorted((self.low, self.high))
        factor = math.exp(_uniform(math.log(low), math.log(high), random))
        return torch.diag(torch.tensor([1 / factor, 1 / factor, 1], dtype=torch.float64))


class Crop(View):
    """Enlarges a random part to the whole, so that the picture gets shapes of all sizes."""

    kind: Literal["crop"] = "crop"
    smallest: float = Field(default=0.5, gt=0.05, le=1)
    """Side of the smallest part, as a share of the picture's side."""
    cites: ClassVar[tuple[str, ...]] = ("olah2017",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A scaling and a translation that stay inside the picture."""
        side = _uniform(self.smallest, 1.0, random)
        view = torch.diag(torch.tensor([side, side, 1], dtype=torch.float64))
        view[0, 2] = _uniform(-0.5, 0.5, random) * (1 - side) * width
        view[1, 2] = _uniform(-0.5, 0.5, random) * (1 - side) * height
        return view


VIEWS = with_plugins("views", View, Jitter, Rotate, Scale, Crop)
AnyView: Any = family(*VIEWS)
Views: Any = Annotated[tuple[AnyView, ...], Field(max_length=16)]


def draw_view(views: Sequence[View], width: int, height: int, random: torch.Generator) -> Tensor | None:
    """All views multiplied into one (3, 3) map, or None where there are none."""
    if not views:
        return None
    combined = torch.eye(3, dtype=torch.float64)
    for view in views:
        combined = combined @ view.draw(width, height, random)
    return combined


def apply_view(picture: Tensor, view: Tensor | None, *, wrap: tuple[bool, bool]) -> Tensor:
    """The picture as seen through a view.

    Args:
        picture: (1, 3, height, width).
        view: (3, 3) map from `draw_view`, or None for the picture as it is.
        wrap: the picture repeats over its (top-bottom, left-right) edges.

    Returns:
        (1, 3, height, width), differentiable in `picture`; bilinear, exact for whole-pixel shifts.
    """
    if view is None:
        return picture
    height, width = picture.shape[-2:]
    linear, shift = view[:2, :2], view[:2, 2]
    whole = shift.round()
    if all(wrap) and torch.equal(linear, torch.eye(2, dtype=torch.float64)) and torch.equal(whole, shift):
        return torch.roll(picture, (-int(whole[1]), -int(whole[0])), dims=(-2, -1))
    x = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    y = torch.arange(height, dtype=torch.float64) - (height - 1) / 2
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    at_x = linear[0, 0] * columns + linear[0, 1] * rows + shift[0] + (width - 1) / 2
    at_y = linear[1, 0] * columns + linear[1, 1] * rows + shift[1] + (height - 1) / 2
    return _bilinear(picture, at_x, at_y, wrap)


def keeps_wrap(view: Tensor | None) -> bool:
    """Whether a tile seen through this view is still a tile (only shifts keep it)."""
    return view is None or bool(torch.equal(view[:2, :2], torch.eye(2, dtype=torch.float64)))


def _inside(index: Tensor, size: int, wrap: bool) -> Tensor:
    """Indices of any value brought into [0, size): repeated, or mirrored about the outermost pixels."""
    if wrap or size == 1:
        return index % size
    index = index % (2 * size - 2)
    return torch.where(index < size, index, 2 * size - 2 - index)


def _bilinear(picture: Tensor, x: Tensor, y: Tensor, wrap: tuple[bool, bool]) -> Tensor:
    # Gathers with index_select rather than grid_sample: it wraps, and its backward pass has a
    # deterministic form on CUDA, which grid_sample's has not.
    height, width = picture.shape[-2:]
    left, top = x.floor(), y.floor()
    right_share = (x - left).to(picture.dtype).to(picture.device)
    bottom_share = (y - top).to(picture.dtype).to(picture.device)
    flat = picture.flatten(2)
    total = torch.zeros_like(picture)
    for row in (0, 1):
        for column in (0, 1):
            rows = _inside(top.long() + row, height, wrap[0])
            columns = _inside(left.long() + column, width, wrap[1])
            share = (bottom_share if row else 1 - bottom_share) * (right_share if column else 1 - right_share)
            index = (rows * width + columns).flatten().to(picture.device)
            total = total + flat.index_select(2, index).view_as(picture) * share
    return total
