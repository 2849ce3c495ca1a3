"""Partial symmetry: settings -> the weighted mean of a few moved copies, which is nearly symmetric.

A whole group of copies would make the mean symmetric; a few only bring it near: of the angular waves of order k, the
mean of the identity and a sixth of a turn keeps |cos(30 k)|, all of k = 6, none of k = 3. Several means follow each
other, each of what the one before has made. Copies are taps of the same texture: nothing is resampled, and only the
mean itself loses detail.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.settings import Settings, family
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import Layout, LayoutExtent, Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.claims import Claim, Move, generated
from orbifolio.runner.symmetry.colour import Colour
from orbifolio.runner.symmetry.groups.emblems import EMBLEMS, FOLDS
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.wave_space import WaveSpace

MAX_COPIES = 64
"""Copies that all means amount to: every pixel blends the taps of each, so that time and memory grow with them."""


def _part(value: Any) -> str:
    """A part of the picture's side, exact: 1/5, 0.25 or 0."""
    try:
        part = Fraction(str(value).replace(" ", ""))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{value!r} is not a part of a side; write a fraction like 1/5, or 0.25") from error
    if not -1 <= part <= 1 or part.denominator > 96:
        raise ValueError(f"{value!r}: a shift is a fraction between -1 and 1 with a denominator up to 96; use 1/5")
    return str(part)


Part = Annotated[str, BeforeValidator(_part), WithJsonSchema({"type": ["string", "number"]})]


class CopySettings(Settings):
    """One copy: flipped, then turned, then shifted, and recoloured."""

    turn: float = Field(default=0.0, ge=-360, le=360)
    """Degrees about the picture's middle, counter-clockwise; on a sphere about the axis from pole to pole."""
    mirror: bool = False
    """Flipped left to right before the turn."""
    shift: tuple[Part, Part] = ("0", "0")
    """To the right and down, as fractions of the picture: [1/5, 0]. Only where it repeats."""
    colours: Colour = ("r", "g", "b")
    """The colour element through which this copy is seen, e.g. [g, b, r]."""
    weight: float = Field(default=1.0, gt=0, le=1000)
    """Its share of the mean, beside the others' weights."""


class CopyMean(Settings):
    """One mean of copies."""

    elements: Annotated[tuple[CopySettings, ...], Field(min_length=1, max_length=24)]
    """The copies; `{}` is the artwork as it is."""


_Copy = tuple[float, bool, Fraction, Fraction, int]
"""Turn in degrees, whether mirrored, shift to the right and down, colour element."""

Bases: tuple[type[Settings], ...] = (NoSymmetry, Plane, Frieze, Rotor, Droste, Sphere, Hyperbolic)


def moves(folds: Sequence[CopyMean]) -> tuple[Move, ...]:
    """The copies that means one after the other amount to, equal ones together, weights summing to 1.

    Args:
        folds: the means, in the order in which they are applied.
    """
    shares: dict[_Copy, float] = {(0.0, False, Fraction(0), Fraction(0), colour.IDENTITY): 1.0}
    for fold in folds:
        total = sum(element.weight for element in fold.elements)
        grown: dict[_Copy, float] = {}
        for (before, weight), element in itertools.product(shares.items(), fold.elements):
            turn, mirrored, right, down, shown = before
            # turns and shifts do not mix in one artwork, so their order does not matter
            turned = ((-turn if element.mirror else turn) + element.turn) % 360
            across, below = (Fraction(part) for part in element.shift)
            right = (-right if element.mirror else right) + across
            product = colour.compose(colour.parse(element.colours), shown)
            key = (round(turned, 9), mirrored ^ element.mirror, right, down + below, product)
            grown[key] = grown.get(key, 0.0) + weight * element.weight / total
        shares = grown
    return tuple(
        Move(turn, mirrored, (float(right), float(down)), shown, weight)
        for (turn, mirrored, right, down, shown), weight in shares.items()
    )


class PartialSymmetry(Symmetry):
    """A mean of copies of another symmetry's artwork: see `base.Symmetry`."""

    table_bytes_per_pixel = making_bytes_per_pixel = 0.0  # the base's count

    def __init__(self, base: Symmetry, copies: Sequence[Move], steps: tuple[int, int]) -> None:
        self.base, self.copies, self._steps = base, tuple(copies), steps
        self.ratio, self.wrap, self.cells, self.tiles = base.ratio, base.wrap, base.cells, base.tiles
        self.group = f"{base.group} with approximate copies" if base.group else "approximate copies"
        listed = "; ".join(_describe_move(move) for move in copies[:6]) + ("; ..." if len(copies) > 6 else "")
        self.title = f"{base.title}, mean of {len(copies)} copies: {listed}"
        lost = len(base.claims()) - len(self._common())
        note = f"{lost} of the base's symmetries are lost in the copies" if lost else ""
        self.notes = tuple(base.notes) + ((note,) if note else ())

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The base's, such that shifts are whole pixels: see `base.Symmetry.fit`."""
        across, down = self._steps
        return self.base.fit(width, multiple=math.lcm(multiple, across, down), ratio=ratio)

    def layout(self, width: int, height: int) -> Layout:
        """The gather for a size that `fit` returned."""
        return self.base.mixed_layout(width, height, self.copies)

    def orbit_count(self, width: int, height: int) -> int:
        """That of the copied artwork, with what its copies look at beyond the picture."""
        return self.extent(width, height).parameters

    def extent(self, width: int, height: int) -> LayoutExtent:
        """The base's for so many copies: see `base.Symmetry.extent`."""
        return self.base.mixed_extent(width, height, self.copies)

    def domain_pixels(self, width: int, ratio: float) -> float:
        """The base's, or the whole picture, shared by the copies: see `base.Symmetry.domain_pixels`."""
        whole = width * width / (self.ratio or ratio)
        return min(self.base.domain_pixels(width, ratio), whole) / len(self.copies)

    def chart_for(self, width: int, height: int) -> Chart:
        """The chart of the copied artwork."""
        return self.base.chart_for(width, height)

    def _motion(self, move: Move) -> F64:
        """(3, 3) what a move does to the points, or fractions, on which the base's claims act."""
        return self.base.chart_for(1, 1).motion(move.turn, move.mirrored, move.shift)

    @property
    def _repeats(self) -> bool:
        """Whether claims act on fractions of a picture that repeats, and not on points of a surface."""
        return self.tiles and any(self.wrap)

    def claims(self) -> tuple[Claim, ...]:
        """Those of the base's claims that every copy keeps, and copies that lead the mean into itself."""
        return (*self._common(), *(self._as_claim(move) for move in self.copies[1:] if self._is_symmetry(move)))

    def _common(self) -> tuple[Claim, ...]:
        claims = self.base.claims()
        return tuple(claim for claim in claims if all(self._keeps(claim, move, claims) for move in self.copies))

    def _as_claim(self, move: Move) -> Claim:
        """The movement of a copy; in fractions where the picture repeats."""
        matrix = self._motion(move)
        return Claim(_describe_move(move), matrix[:2] if self._repeats else matrix, move.colour)

    @cached_property
    def _images(self) -> tuple[F64, F64, tuple[int, ...]]:
        """(K, 3, 3) ways of the copies, (K, M, 3, 3) the same after what the base claims, and its (M,) elements."""
        claims = self.base.claims()
        ways = np.array([self._motion(copy) for copy in self.copies])
        own = np.array([np.eye(3), *(claim.homogeneous for claim in claims)])
        return ways, ways[:, None] @ own, (colour.IDENTITY, *(claim.colour for claim in claims))

    def _colours_of(self, matrix: F64) -> set[int]:
        """The colour elements through which a movement m is known to lead the mean into itself.

        Of copies I_k(x) = c_k I(way_k^-1 x) it leads I_k to I_j if m way_k = way_j h with h of the base's claims,
        through the element c_j c(h) c_k^-1. That must be the same for all of them, and their weights equal.

        Args:
            matrix: (3, 3) on points, or fractions.
        """
        ways, images, elements = self._images
        away = np.abs((matrix @ ways)[:, None, None] - images)
        period = np.array([1.0, 1.0]) if self._repeats else np.array([math.inf, 2 * math.pi])
        shift = np.minimum(away[..., :2, 2], np.abs(away[..., :2, 2] - period))
        same = np.maximum(np.maximum(away[..., :2].max((-2, -1)), away[..., 2, 2]), shift.max(-1)) < 1e-6
        weights = np.array([copy.weight for copy in self.copies])
        same &= (np.abs(weights[:, None] - weights) < 1e-9)[..., None]
        shown = set(range(colour.COUNT))
        for copy, hits in zip(self.copies, same, strict=True):
            back = colour.INVERSE[copy.colour]
            shown &= {colour.compose(self.copies[j].colour, elements[h], back) for j, h in np.argwhere(hits).tolist()}
        return shown

    def _is_symmetry(self, move: Move) -> bool:
        return move.colour in self._colours_of(self._motion(move))

    def _keeps(self, claim: Claim, move: Move, claims: Sequence[Claim]) -> bool:
        """Whether the copy has the symmetry too: that moved back, with its colours, it is the base's."""
        way = self._motion(move)
        moved = np.linalg.inv(way) @ claim.homogeneous @ way
        shown = colour.compose(colour.INVERSE[move.colour], claim.colour, move.colour)
        shifts = [item for item in claims if np.abs(item.homogeneous[:2, :2] - np.eye(2)).max() < 1e-9]
        for item in (claim, *claims):
            for shift in (None, *shifts):
                matrix, element = item.homogeneous, item.colour
                if shift is not None:
                    matrix, element = shift.homogeneous @ matrix, colour.compose(shift.colour, element)
                away = moved - matrix
                if len(claim.matrix) == 2:  # fractions of a picture that repeats: whole pictures do not count
                    away[:2, 2] -= np.rint(away[:2, 2])
                if np.abs(away).max() < 1e-6 and shown == element:
                    return True
        return False

    def planar_claims(self, ratio: float) -> tuple[Claim, ...]:
        """Of the base's that are kept: see `base.Symmetry.planar_claims`."""
        names = {claim.name for claim in self._common()}
        return tuple(claim for claim in self.base.planar_claims(ratio) if claim.name in names)

    def movements(self, ratio: float) -> tuple[Claim, ...]:
        """Those that every copy keeps: see `base.Symmetry.movements`."""
        return generated(self.planar_claims(ratio), self.wrap)

    def near_claims(self) -> tuple[Claim, ...]:
        """The copies' movements that the mean has in part only: see `base.Symmetry.near_claims`."""
        return tuple(self._as_claim(move) for move in self.copies[1:] if not self._is_symmetry(move))

    def candidates(self, ratio: float) -> Sequence[Claim]:
        """The base's, but for what the mean has, exactly or nearly: see `base.Symmetry.candidates`."""
        forth = [claim.homogeneous for claim in self.near_claims()]
        near = np.array([*forth, *(np.linalg.inv(matrix) for matrix in forth)]).reshape(-1, 3, 3)
        return tuple(
            claim
            for claim in self.base.candidates(ratio)
            if not self._colours_of(claim.homogeneous)
            and np.abs(claim.homogeneous - near).max((1, 2)).min(initial=np.inf) > 1e-6
        )

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """Those of the base: the texture is the base's."""
        return self.base.appearances()

    def advisories(self) -> tuple[str, ...]:
        """The base's, emblems that copies make in the middle, and copies whose colours cancel in the mean."""
        mixture = sum(move.weight * colour.MATRICES[move.colour].astype(np.float64) for move in self.copies)
        contrast = np.abs(np.linalg.eigvals(np.asarray(mixture)))  # what is left of it, in each colour direction
        warnings = list(self.base.advisories())
        plain = (move for move in self.copies if not move.mirrored and not any(move.shift) and not move.colour)
        turns = {min(move.turn, 360 - move.turn) for move in plain}
        warnings += [
            f"a middle that is nearly {FOLDS[fold]} tends to read as {emblem}; copies with colours, as in "
            f"{{turn: {360 / fold:g}, colours: [g, b, r]}}, prevent it"
            for fold, emblem in EMBLEMS.items()
            if any(abs(turn - 360 / fold) < 1e-6 for turn in turns)
        ]
        if float(contrast.min()) < 0.35:
            warnings.append(
                "the copies' colours cancel in the mean: what is large and even turns grey; "
                "give the artwork as it is more weight, as in {weight: 3}"
            )
        return tuple(warnings)

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """The waves of the copied artwork."""
        return self.base.wave_space(width, height)

    def crop_size(self, width: int, height: int, *, multiple: int) -> tuple[int, int] | None:
        """The crop size of the copied artwork."""
        return self.base.crop_size(width, height, multiple=multiple)

    @property
    def crop_count(self) -> int:
        """As many as of the copied artwork."""
        return self.base.crop_count

    def crops(self, layout: Layout, size: tuple[int, int], random: torch.Generator) -> tuple[Layout, ...]:
        """The windows of the copied artwork, each showing the mean."""
        return self.base.crops(layout, size, random)


def _describe_move(move: Move) -> str:
    parts = []
    if move.mirrored:
        parts.append("flipped")
    if move.turn:
        parts.append(f"turned by {move.turn:g} degrees")
    if any(move.shift):
        right, down = (Fraction(part).limit_denominator(96) for part in move.shift)
        parts.append(f"shifted by ({right}, {down})")
    if move.colour:
        parts.append(colour.spell(move.colour))
    return " and ".join(parts) or "itself"


class Partial(SymmetrySettings):
    """Almost symmetric: the weighted mean of some moved and recoloured copies of another kind's artwork.

    `{kind: partial, base: none, folds: [{elements: [{}, {turn: 60}]}]}` is nearly six-fold.
    """

    cites: ClassVar[tuple[str, ...]] = ("mindseye",)

    kind: Literal["partial"] = "partial"
    base: family(*Bases) = NoSymmetry()  # type: ignore[valid-type]
    """The artwork that is copied: none, plane, frieze, rotor, droste, sphere or hyperbolic; its own symmetry stays
    exact where the copies keep it."""
    folds: Annotated[tuple[CopyMean, ...], Field(min_length=1, max_length=6)]
    """Means of copies, one after the other."""

    def build(self, ratio: Ratio | None = None) -> PartialSymmetry:
        """The working symmetry: see `SymmetrySettings.build`."""
        settings: Any = self.base
        base: Symmetry = settings.build(ratio)
        copies = moves(self.folds)
        if len(copies) > MAX_COPIES:
            raise IllegalSymmetry(
                f"{len(copies)} copies; at most {MAX_COPIES} can be mixed; use fewer elements or folds",
                where="folds",
            )
        for number, fold in enumerate(self.folds):
            for index, move in enumerate(moves([fold])):
                refusal = base.refusal(move)
                if refusal:
                    raise IllegalSymmetry(refusal, where=f"folds.{number}.elements.{index}")
        shifts = [Fraction(part) for fold in self.folds for element in fold.elements for part in element.shift]
        step = math.lcm(*(part.denominator for part in shifts))
        return PartialSymmetry(base, copies, (step, step))
