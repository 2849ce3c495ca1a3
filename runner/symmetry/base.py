"""A symmetry is a map (parameters -> artwork) that is exact by construction.

`SymmetrySettings.build(ratio)` makes a `Symmetry`, which knows its group, its colour action and which
pictures it can fill; `Symmetry.layout(width, height)` makes the `Layout` of one phase: the sparse
gather from orbit values to pixels, computed once in float64.

Convention: pictures are (1, 3, height, width) tensors, sRGB-encoded in [0, 1]; orbit *values* are
(parameters, 3) and centred, i.e. RGB - 0.5, because signed colour permutations act about mid-grey.
Rows run downwards, x to the right; positions are fractions of the picture in [0, 1), sample (row i,
column j) of an (h, w) picture lies at (j / w, i / h), not at pixel centres. Angles are degrees,
counter-clockwise as seen. `ratio` is width / height.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, is_dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.charts import Chart, opacity
from orbifolio.runner.symmetry.claims import Claim, Move
from orbifolio.runner.symmetry.tangent_planes import TangentPlanes
from orbifolio.runner.symmetry.wave_space import WaveSpace

if TYPE_CHECKING:
    from torch import Tensor

QUARTER_TURNS = (0.0, 90.0, 180.0, 270.0)
"""Turns in degrees that stand for all, where the network sees windows of any turn: only these resample nothing."""

_PROBE = 96  # pixels of the width at which a fundamental domain's share of the picture is counted
_MAX_APPEARANCES = 24  # more make a style's target slower, one pass of the network each; fewer skip turns or colours


@dataclass(frozen=True)
class LayoutExtent:
    """What a layout will hold, told before it is made: making it may take gigabytes.

    Attributes:
        width: of the picture in pixels.
        height: of the picture in pixels.
        parameters: number of orbits P; exact, unless a symmetry says otherwise.
        table_bytes: memory of the tables, about.
        making_bytes: memory that is taken while they are made, the tables among it, about.
    """

    width: int
    height: int
    parameters: int
    table_bytes: int
    making_bytes: int


@dataclass(frozen=True)
class DrawingLook:
    """How the figures of a tiling are drawn.

    Attributes:
        line: width of outlines, relative to a tile's side; 0 leaves them out.
        shade: how much darker tiles are at their outline, in [0, 1].
        inside: whether what the figure has inside is drawn.
    """

    line: float = 0.022
    shade: float = 0.35
    inside: bool = True


@dataclass(frozen=True)
class LatticeCell:
    """The upper left part of a picture that repeats inside itself, of which shifts make all of it, colours and all.

    Attributes:
        width: in pixels; the part repeats so from left to right.
        height: in pixels.
        share: of the width by which what lies below the part is moved to the right, in [0, 1).
    """

    width: int
    height: int
    share: Fraction


class Layout(ABC):
    """The gather of one phase: which orbits, with which colours, every pixel shows.

    Attributes:
        width: of the picture in pixels.
        height: of the picture in pixels.
        parameters: number of orbits P.
        wrap: whether the picture continues periodically over its (top-bottom, left-right) edges.
        orbit_size: (P,) float32, number of texels that show each orbit; gradients are scaled by it.
    """

    width: int
    height: int
    parameters: int
    wrap: tuple[bool, bool]
    orbit_size: Tensor

    @cached_property
    def special(self) -> Tensor:
        """(S,) orbits whose stabiliser changes colours."""
        return torch.zeros(0, dtype=torch.int64)

    @cached_property
    def projectors(self) -> Tensor:
        """(S, 3, 3) on the colours that the stabilisers of `special` leave fixed."""
        return torch.zeros(0, 3, 3)

    @abstractmethod
    def render(self, values: Tensor) -> Tensor:
        """The artwork of these orbit values, differentiable.

        Args:
            values: (P, 3), centred, any float dtype, any device (`to` moves the tables).

        Returns:
            (1, 3, height, width), values + 0.5 where the colour action is trivial; not clamped.
        """

    def render_with(self, others: Sequence[Layout], values: Tensor) -> list[Tensor]:
        """This layout's artwork, and that of others with the same orbits; what they share is computed once.

        Args:
            others: windows of the same artwork.
            values: (P, 3), as for `render`.
        """
        return [layout.render(values) for layout in (self, *others)]

    def corner(self, width: int, height: int) -> Layout:
        """A layout of this artwork's parameters that renders its upper left part: a `Symmetry.cell`."""
        raise NotImplementedError(type(self).__name__)

    def constrain(self, values: Tensor) -> Tensor:
        """Project values at special positions on what their stabiliser's colours leave fixed.

        Args:
            values: (P, 3), centred.

        Returns:
            (P, 3); equal to the input for orbits in general position. Idempotent and symmetric
            (an orthogonal projection), so it may be applied to gradients too.
        """
        if not len(self.special):
            return values
        there = values.index_select(0, self.special)
        fixed = (self.projectors.to(values.dtype) * there[:, None, :]).sum(2)
        return values.index_copy(0, self.special, fixed)

    @abstractmethod
    def sample(self, picture: Tensor) -> Tensor:
        """The orbit values whose artwork is nearest to a picture, by averaging over each orbit.

        Used to start from a picture and to enlarge from one phase to the next. Interpolates
        (periodically where `wrap`) at the texels' own positions. Differentiable in the picture, so that a
        canvas may paint a plain picture whose average over the orbits is the artwork.

        Args:
            picture: (1, 3, any height, any width) in [0, 1], covering the same artwork.

        Returns:
            (P, 3), centred and constrained. `sample(render(v))` equals v up to interpolation.
        """

    def sharpest(self, picture: Tensor) -> Tensor:
        """As `sample`, but from where the picture shows each orbit best, not from all places alike.

        For a picture that has the symmetry already, of which nothing fine must be lost.

        Args:
            picture: (1, 3, height, width) in [0, 1].
        """
        return self.sample(picture)

    def carry(self, values: Tensor, old: Layout) -> Tensor:
        """The values of another size of the same artwork, at this size: how a phase begins.

        Args:
            values: (old.parameters, 3), centred and constrained.
            old: the layout that they belong to.

        Returns:
            (P, 3), centred and constrained.
        """
        return self.sample(old.render(values))

    def representatives(self) -> F64:
        """For each orbit a place that shows the orbit's own value.

        Returns:
            (P, 3) points of a curved surface; of a flat one (x, y, 1) in fractions of the picture, y down, as
            `Symmetry.planar_claims` moves them: samples lie at (j + 0.5) / width, or at j / width where it wraps.
        """
        raise NotImplementedError(type(self).__name__)

    def tangent_planes(self) -> TangentPlanes:
        """What lies around every orbit's representative, for what copies patches of flat pictures."""
        raise NotImplementedError(type(self).__name__)

    def colourless(self) -> Layout | None:
        """This layout for what is no colour, such as a smooth function that the group leaves as it is: it only renders.

        Returns:
            A layout that shows every orbit's own values everywhere, or None where pixels show more than one place.
        """
        return None

    def mixed(self, moves: Sequence[Move]) -> Layout:
        """The weighted mean of moved and recoloured copies of this layout's artwork.

        Its parameters are this layout's; it samples and carries as this one does.

        Args:
            moves: that the symmetry admits; weights sum to 1.
        """
        raise NotImplementedError(type(self).__name__)

    @abstractmethod
    def to(self, device: str) -> Layout:
        """The same layout with its tables on a device."""

    @property
    def table_bytes(self) -> int:
        """How much memory the tables take."""
        sizes: dict[int, int] = {}
        waiting: list[Any] = [self]
        seen: set[int] = set()
        while waiting:
            item = waiting.pop()
            if isinstance(item, torch.Tensor):
                sizes[item.untyped_storage().data_ptr()] = item.untyped_storage().nbytes()
            elif isinstance(item, tuple | list):
                waiting.extend(item)
            elif isinstance(item, Layout) or is_dataclass(item):
                if id(item) not in seen:
                    seen.add(id(item))
                    waiting.extend(vars(item).values())
        return sum(sizes.values())


def widened(values: Tensor) -> Tensor:
    """At least single precision: half precision cannot carry the parameters of a picture."""
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


class Symmetry(ABC):
    """A symmetry group with its colour action, for every size of picture.

    Attributes:
        title: as reports show it, e.g. `p6, red to blue to green at each sixth of a turn`.
        group: the group's name, e.g. `p6`.
        ratio: width / height that the picture must have, or None where it is free.
        wrap: periodic over (top-bottom, left-right).
        cells: number of primitive cells in the picture.
        tiles: whether copies of the picture may be laid side by side where it wraps; a map of a sphere may not.
        printed: whether orbit values are not colours but channels that are printed in inks: see `channels`.
        colour_count: colours that tiles have, where a tile has one of its own; None elsewhere.
        notes: what was decided for the user (closure of a ratio, supercell), for plan and report.
        table_bytes_per_pixel: memory of a layout's tables, measured at 1,536 px for the groups that need most.
        making_bytes_per_pixel: the same for what is needed while they are made.
    """

    title: str
    group: str
    ratio: float | None
    wrap: tuple[bool, bool]
    cells: int
    tiles: bool = True
    printed: bool = False
    colour_count: int | None = None
    notes: tuple[str, ...]
    table_bytes_per_pixel: float
    making_bytes_per_pixel: float

    @abstractmethod
    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The pixel size nearest to a desired one that the symmetry and the network can have.

        Args:
            width: desired width in pixels.
            multiple: both sides must be multiples of this (the network's stride).
            ratio: desired width / height, used where the symmetry leaves it free.

        Returns:
            (width, height).
        """

    def fit_cell(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """As `fit`, but where a size nearly as good has a `cell` for this multiple, that size."""
        return self.fit(width, multiple=multiple, ratio=ratio)

    def cell(self, width: int, height: int, *, multiple: int) -> LatticeCell | None:
        """The part that is enough to look at, or None where it is the whole picture.

        Args:
            width: of the artwork in pixels, as `fit` returned it.
            height: of the artwork in pixels, as `fit` returned it.
            multiple: the part's sides, and the shift with which it repeats, must be multiples of this.
        """
        return None

    @abstractmethod
    def layout(self, width: int, height: int) -> Layout:
        """The gather for a size that `fit` returned."""

    def domain_pixels(self, width: int, ratio: float) -> float:
        """Area of a fundamental domain in pixels of the artwork, of a curved surface in those of its middle.

        Args:
            width: of the artwork in pixels.
            ratio: width / height wanted, where the symmetry leaves it free.
        """
        small = self.fit(_PROBE, multiple=1, ratio=ratio)
        return self.orbit_count(*small) * (width / small[0]) ** 2

    @abstractmethod
    def orbit_count(self, width: int, height: int) -> int:
        """`Layout.parameters` of a size that `fit` returned, by arithmetic: it makes no table of the picture's size."""

    def extent(self, width: int, height: int) -> LayoutExtent:
        """What the layout of a size that `fit` returned will hold."""
        pixels = width * height
        tables, making = round(self.table_bytes_per_pixel * pixels), round(self.making_bytes_per_pixel * pixels)
        return LayoutExtent(width, height, self.orbit_count(width, height), tables, making)

    def mixed_extent(self, width: int, height: int, moves: Sequence[Move]) -> LayoutExtent:
        """What `mixed_layout` will hold: every pixel blends the taps of each copy."""
        single = self.extent(width, height)
        return replace(
            single, table_bytes=single.table_bytes * len(moves), making_bytes=single.making_bytes * len(moves)
        )

    def mixed_layout(self, width: int, height: int, moves: Sequence[Move]) -> Layout:
        """The layout of one size for the mean of moved copies: see `Layout.mixed`."""
        return self.layout(width, height).mixed(moves)

    @abstractmethod
    def chart_for(self, width: int, height: int) -> Chart:
        """The chart through which a picture of the artwork shows its surface; how it is measured is chosen by it."""

    def channels(self, picture: F64) -> F64:
        """The picture whose red, green and blue the colour action permutes: itself, unless it is printed in inks.

        Args:
            picture: (height, width, 3) in [0, 1].
        """
        return picture

    def print_of(self, channels: F64) -> F64:
        """The way back from `channels`; both take (..., 3)."""
        return channels

    def in_gamut(self, artwork: Tensor) -> Tensor:
        """An artwork that may be cut to [0, 1] without losing the symmetry; most are so as they are.

        Args:
            artwork: (1, 3, height, width).
        """
        return artwork

    def drawing(self, width: int, height: int, look: DrawingLook) -> F32 | None:
        """(height, width, 3) what the symmetry itself shows, or None where it brings no picture.

        Args:
            width: of the artwork in pixels, as `fit` returned it.
            height: of the artwork in pixels, as `fit` returned it.
            look: how it is drawn.
        """
        return None

    def drawn(self, layout: Layout, look: DrawingLook) -> Tensor | None:
        """Centred orbit values (P, 3) that show the `drawing`, or None where the symmetry brings none.

        Args:
            layout: one of the symmetry's.
            look: how it is drawn.
        """
        picture = self.drawing(layout.width, layout.height, look)
        return None if picture is None else layout.sample(torch.from_numpy(picture).permute(2, 0, 1)[None])

    def opacity(self, width: int, height: int) -> F32 | None:
        """Where a picture of the artwork shows its surface: see `charts.opacity`."""
        return opacity(self.chart_for(width, height), width, height)

    @abstractmethod
    def claims(self) -> tuple[Claim, ...]:
        """What the artwork promises: one claim for each generator and each element of the point group."""

    def near_claims(self) -> tuple[Claim, ...]:
        """What the artwork was asked to have nearly, and not exactly."""
        return ()

    @abstractmethod
    def advisories(self) -> tuple[str, ...]:
        """Warnings for a reader: emergent emblems, mirror lines forced grey; each with its cure."""

    @abstractmethod
    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """The distinct ways (g, c(g)) in which the artwork shows its texture, identity first.

        Returns:
            (degrees, mirrored, (3, 3) colour matrix acting on RGB - 0.5) for every pair that the whole
            group has; translations that change colour count with turn 0.
        """

    def crop_size(self, width: int, height: int, *, multiple: int) -> tuple[int, int] | None:
        """The size of what the network sees instead of the artwork, or None where it sees the artwork.

        The whole of a sphere, or of the hyperbolic plane, fits no picture without distortion: while
        optimising, the network sees `crops` of it, at the scale of the artwork's size.

        Args:
            width: of the artwork in pixels, as `fit` returned it.
            height: of the artwork in pixels, as `fit` returned it.
            multiple: both sides must be multiples of this.
        """
        return None

    @property
    def crop_count(self) -> int:
        """How many `crops` the network sees in a step."""
        return 1

    def crops(self, layout: Layout, size: tuple[int, int], random: torch.Generator) -> tuple[Layout, ...]:
        """What the network sees in one step: layouts with the artwork's parameters, each a picture of its own.

        Args:
            layout: the artwork's, on its device.
            size: (width, height) from `crop_size`.
            random: on the CPU; the same state gives the same crops.
        """
        return ()

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """The waves that have the symmetry, as functions of its surface.

        Args:
            width: of the artwork in pixels, as `fit` returned it.
            height: of the artwork in pixels, as `fit` returned it.
        """
        raise NotImplementedError(type(self).__name__)

    def refusal(self, move: Move) -> str:
        """Why the artwork's copies may not be moved so and mixed: "what; rule; cure", or "".

        Args:
            move: its colour and weight do not matter.
        """
        return ""

    def planar_claims(self, ratio: float) -> tuple[Claim, ...]:
        """The claims that are movements of the picture's plane, as (2, 3) in fractions of it.

        Args:
            ratio: width / height of the picture.
        """
        return tuple(claim for claim in self.claims() if len(claim.matrix) == 2)

    def movements(self, ratio: float) -> tuple[Claim, ...]:
        """All movements of the picture's plane that lead it into itself, the identity first, in fractions of it.

        A picture that is averaged over them has the symmetry exactly. () where they are not finitely many, or not all
        that there is: then a picture gets the symmetry through `layout`.

        Args:
            ratio: width / height of the picture.
        """
        return ()

    def candidates(self, ratio: float) -> Sequence[Claim]:
        """Movements that an artwork of this symmetry must not have.

        Args:
            ratio: width / height of the picture.
        """
        return ()


def every_appearance(
    elements: Iterable[int], orientations: Sequence[tuple[float, bool]]
) -> tuple[tuple[float, bool, F64], ...]:
    """Every orientation in every colour, thinned evenly where these are many: see `Symmetry.appearances`.

    Args:
        elements: colour elements, the identity first.
        orientations: (degrees, mirrored), the identity first.
    """
    every = [
        (angle, mirrored, colour.MATRICES[element].astype(np.float64))
        for element in elements
        for angle, mirrored in orientations
    ]
    return tuple(every[:: math.ceil(len(every) / _MAX_APPEARANCES)])


class SymmetrySettings(Settings):
    """The base of every kind of symmetry."""

    @model_validator(mode="after")
    def _legal(self, info: ValidationInfo) -> Self:
        """Refuse an impossible colour action where the validation asks for that by `legal` in its context.

        So a recipe's errors of form and this one of meaning are told together; else `build` refuses. An impossible
        aspect is left to `build`, since it depends on what is around these settings.
        """
        if not (info.context or {}).get("legal") or not getattr(self, "colours", None):
            return self
        try:
            self.build()
        except IllegalSymmetry as error:
            if error.where != "aspect":
                fault = PydanticCustomError("value_error", "{error}", {"error": str(error)})
                place = tuple(part for part in error.where.split(".") if part)
                detail = InitErrorDetails(type=fault, loc=place, input=self)
                raise ValidationError.from_exception_data(type(self).__name__, [detail]) from error
        return self

    def figures(self) -> tuple[str, ...]:
        """Files with outlines that it names."""
        return ()

    def build(self, ratio: Ratio | None = None) -> Symmetry:
        """The symmetry that these settings describe.

        Args:
            ratio: the aspect in the recipe, or None for the group's own.

        Raises:
            IllegalSymmetry: an illegal colour action, or a ratio that the group cannot have.
        """
        raise NotImplementedError(type(self).__name__)
