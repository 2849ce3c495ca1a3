"""A frieze: one of the seven groups of a strip, with a colour action, is settings -> symmetry of a picture.

The picture repeats to the left and right, not up and down. Its pixels are permuted by every movement of the
group, so symmetry is exact. Groups are the rows of `frieze_groups.FRIEZES`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.claims import Claim, Move, generated
from orbifolio.runner.symmetry.colour import Colour
from orbifolio.runner.symmetry.groups.emblems import mirror_warning
from orbifolio.runner.symmetry.groups.frieze_groups import FRIEZES, FriezeGroup, Track, members, suggest_frieze
from orbifolio.runner.symmetry.groups.groups import Word
from orbifolio.runner.symmetry.groups.legality import evaluate
from orbifolio.runner.symmetry.groups.motion import name_motion, placed
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout, Lookup
from orbifolio.runner.symmetry.layouts.flat_charts import Strip
from orbifolio.runner.symmetry.taps import Taps, bilinear
from orbifolio.runner.symmetry.wave_space import WaveSpace, affine, dual_vectors

FriezeName = Literal["p1", "p11g", "p1m1", "p11m", "p2", "p2mg", "p2mm"]


class StripLookup(Lookup):
    """The pixels of a strip, sorted into orbits: see `blended.Lookup`."""

    def __init__(self, group: FriezeGroup, assignment: Mapping[str, int], periods: int, width: int, height: int):
        self.width, self.height = width, height
        row, column = np.divmod(np.arange(width * height, dtype=np.int64), width)
        images = [
            (self._image(track, periods, column, row), element)
            for track, element in members(group, assignment, periods)
        ]
        first = np.arange(width * height)
        self.element = np.zeros(width * height, dtype=np.int64)
        for image, element in images:
            closer = image < first
            first = np.where(closer, image, first)
            self.element[closer] = colour.INVERSE[element]  # I(x) = c(g)^-1 I(g x)
        self.heads = np.flatnonzero(first == np.arange(width * height))
        number = np.zeros(width * height, dtype=np.int64)
        number[self.heads] = np.arange(len(self.heads))
        self.orbit = number[first]
        self.count = len(self.heads)
        self.size = np.bincount(self.orbit, minlength=self.count).astype(np.float64)
        sums, counts = np.zeros((self.count, 3, 3)), np.zeros(self.count)
        for image, element in images:
            fixed = image[self.heads] == self.heads
            sums[fixed] += colour.MATRICES[element]
            counts[fixed] += 1
        projectors = sums / counts[:, None, None]
        special = np.flatnonzero(np.abs(projectors - np.eye(3)).max(axis=(1, 2)) > 1e-9)
        self.special = special, projectors[special]
        self.spacing, self.mean = 2 / min(width, height), colour.projector(assignment.values())

    def _image(self, track: Track, periods: int, column: I64, row: I64) -> I64:
        across, shift, up = track
        there = (across * column + shift * (self.width // (2 * periods))) % self.width
        image: I64 = (row if up > 0 else self.height - 1 - row) * self.width + there
        return image

    def taps(self, points: F64) -> Taps:
        """The four texels about a point; exactly one at a texel: see `blended.Lookup.taps`."""
        column = np.round(points[:, 0] * self.width, 9)
        row = np.round(np.clip(points[:, 1] * self.height - 0.5, 0, self.height - 1), 9)
        left, top = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
        right, down = column - left, row - top
        columns = np.stack([left, left + 1, left, left + 1], axis=1) % self.width
        rows = np.minimum(np.stack([top, top, top + 1, top + 1], axis=1), self.height - 1)
        texel = rows * self.width + columns
        return Taps(self.orbit[texel], self.element[texel], bilinear(right, down))

    def representatives(self) -> F64:
        """The first texel of each orbit: see `blended.Lookup.representatives`."""
        row, column = np.divmod(self.heads, self.width)
        return np.stack([column / self.width, (row + 0.5) / self.height, np.ones(self.count)], axis=1)


class FriezeSymmetry(Symmetry):
    """A frieze group with a legal colour action: see `base.Symmetry`.

    Attributes:
        row: the group's row in the table.
        assignment: the colour element of every generator.
        cells: periods in the picture.
    """

    wrap = (False, True)
    table_bytes_per_pixel, making_bytes_per_pixel = 20, 375

    def __init__(self, row: FriezeGroup, assignment: Mapping[str, int], repeats: int, ratio: Ratio | None) -> None:
        self.row, self.assignment, self.group = row, dict(assignment), row.name
        order = colour.ORDER[assignment["t"]]
        self.cells = math.lcm(order, repeats)
        self.ratio = (1.0 if ratio is None else ratio.value) * self.cells
        parts = [f"{colour.describe(item)} by {_movement_name(name)}" for name, item in assignment.items() if item]
        self.title = ", ".join([f"frieze {row.name}", *parts])
        notes = []
        if self.cells > repeats:
            changes = colour.spell(assignment["t"])
            notes.append(
                f"the translation carries {changes}, so only {order} periods repeat: the picture holds {self.cells}"
            )
        self.notes = tuple(notes)

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """Whole half periods across, an even height: see `base.Symmetry.fit`."""
        if width < 1 or multiple < 1:
            raise ValueError(f"width {width}, multiple {multiple}: both must be positive")
        step, rise = math.lcm(2 * self.cells, multiple), math.lcm(2, multiple)
        across = step * max(1, round(width / step))
        return across, rise * max(1, round(across / (self.ratio or ratio) / rise))

    def layout(self, width: int, height: int) -> BlendedLayout:
        """The gather for a size that `fit` returned.

        Raises:
            ValueError: a size that `fit` does not return.
        """
        if width < 1 or height < 1 or width % (2 * self.cells):
            raise ValueError(
                f"{width} x {height} for {self.group}; width must be a multiple of {2 * self.cells}; ask fit for a size"
            )
        lookup = StripLookup(self.row, self.assignment, self.cells, width, height)
        return BlendedLayout(lookup, self.chart_for(width, height), width, height)

    def orbit_count(self, width: int, height: int) -> int:
        """By Burnside's lemma, the mean number of pixels that a movement fixes: see `base.Symmetry.orbit_count`."""
        tracks = [track for track, _ in members(self.row, self.assignment, self.cells)]
        return sum(_fixed(track, self.cells, width, height) for track in tracks) // len(tracks)

    def chart_for(self, width: int, height: int) -> Strip:
        """The strip in fractions."""
        return Strip(width, width / height)

    def _matrix(self, track: Track) -> F64:
        across, shift, up = track
        return placed(np.array([[across, 0.0, shift / (2 * self.cells)], [0.0, up, 0.0 if up > 0 else 1.0]]))

    def claims(self) -> tuple[Claim, ...]:
        """The movements up to translations, and the translation where it is not a period of the picture."""
        words: list[Word] = [word for word in self.row.cosets() if word]
        if self.cells > 1:
            words.append((("t", 1),))
        claims = []
        for word in words:
            matrix = self._matrix(self.row.movement(word))
            claims.append(Claim(name_motion(matrix, self.ratio or 1.0), matrix, evaluate(word, self.assignment)))
        return tuple(claims)

    def movements(self, ratio: float) -> tuple[Claim, ...]:
        """The group up to whole pictures: see `base.Symmetry.movements`."""
        return generated(self.planar_claims(ratio), self.wrap)

    def candidates(self, ratio: float) -> tuple[Claim, ...]:
        """Movements of the largest frieze group, and finer translations, that are not in this group."""
        own = {track for track, _ in members(self.row, self.assignment, self.cells)}
        whole = 2 * self.cells
        own = {(across, shift % whole, up) for across, shift, up in own}
        tried = [(across, shift, up) for across in (1, -1) for up in (1, -1) for shift in range(whole)]
        matrices = [self._matrix(track) for track in tried if track not in own]
        for part in (0.25, 0.75):  # mirrors and centres between those of the group
            shift = np.array([[0, 0, part / self.cells], [0, 0, 0]])
            matrices += [self._matrix((-1, 0, up)) + shift for up in (1, -1)]
        matrices += [np.array([[1.0, 0.0, part / self.cells], [0.0, 1.0, 0.0]]) for part in (1 / 3, 0.25)]
        return tuple(Claim(name_motion(matrix, ratio), matrix, colour.IDENTITY) for matrix in matrices)

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """The distinct (turn, flip, colours) of the whole group: see `base.Symmetry.appearances`."""
        pairs = {(*_orientation(track), element) for track, element in members(self.row, self.assignment, self.cells)}
        return tuple(
            (angle, flip, colour.MATRICES[element].astype(np.float64))
            for angle, flip, element in sorted(pairs, key=lambda item: (item[1], item[0], item[2]))
        )

    def advisories(self) -> tuple[str, ...]:
        """Mirror lines with few colours."""
        warnings = []
        for track, element in members(self.row, self.assignment, 2 if self.cells == 1 else self.cells):
            if track[2] < 0 < track[0] and track[1] == 0:
                warnings.append(mirror_warning("the mirror line along the strip", element, "p11g and p2 have none"))
            if track[0] < 0 < track[2]:
                warnings.append(mirror_warning("upright mirror lines", element, "p11g and p2 have none"))
        return tuple(dict.fromkeys(item for item in warnings if item))

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Waves along the strip and across it, where twice its height is their period: see `WaveSpace`."""
        tall = self.cells * height / width  # all lengths are in periods
        to_periods = np.array([[self.cells, 0.0, 0.0], [0.0, -tall, tall / 2], [0.0, 0.0, 1.0]])
        pairs = members(self.row, self.assignment, self.cells)
        matrices = np.array([affine(np.diag([x, y]), np.array([shift / 2, 0.0])) for (x, shift, y), _ in pairs])
        metric, dual = np.diag([1.0, 1.0, 0.0]), np.diag([1 / self.cells, 1 / (2 * tall)])

        def points(count: int, random: np.random.Generator) -> F64:
            within = (random.random((count, 2)) - [0.0, 0.5]) * [self.cells, tall]
            return np.column_stack([within, np.ones(count)])

        return WaveSpace(
            lambda places: places @ to_periods.T,
            matrices,
            np.array([element for _, element in pairs]),
            points,
            lambda count, random: dual_vectors(dual, metric, count),
            metric,
            0,
            self.cells * tall / len(pairs),
        )

    def refusal(self, move: Move) -> str:
        """Copies can only be shifted along the strip: see `base.Symmetry.refusal`."""
        if move.turn % 360 or move.mirrored or move.shift[1]:
            return "copies of a frieze can only be shifted along it; write shift: [1/5, 0], or use base: none"
        return ""


def _fixed(track: Track, periods: int, width: int, height: int) -> int:
    """How many pixels a movement of the strip leaves where they are."""
    across, half_periods, up = track
    shift = half_periods * (width // (2 * periods)) % width
    columns = (width if shift == 0 else 0) if across > 0 else (0 if shift % math.gcd(2, width) else math.gcd(2, width))
    return columns * (height if up > 0 else height % 2)  # turned over, the middle row of an odd number stays


def _movement_name(name: str) -> str:
    return {"r2": "each half turn", "m": "each upright mirror", "h": "the mirror along it", "g": "the glide"}.get(
        name, "each period"
    )


def _orientation(track: Track) -> tuple[float, bool]:
    """(degrees, flipped left-right before the turn)."""
    across, _, up = track
    return (0.0 if up > 0 else 180.0), across * up < 0


class Frieze(SymmetrySettings):
    """One of the seven frieze groups: a strip that repeats to the left and right, for borders and ribbons.

    Generators, by group: p1: t; p11g: g; p1m1: m; p11m: h; p2: r2; p2mg: r2, m; p2mm: m, h; and t in all.
    """

    cites: ClassVar[tuple[str, ...]] = ("conway2008", "senechal1979")

    kind: Literal["frieze"] = "frieze"
    group: FriezeName
    """The frieze group by its short international symbol, e.g. p2mg."""
    colours: dict[str, Colour] = Field(default_factory=dict)
    """A colour element for generators of the group: r2 is half a turn, m a mirror across the strip (upright), h the
    mirror along it, g the glide by half a period, t the translation by a period. What is not named changes as few
    colours as possible. The picture holds as many periods as it takes for the colours to return."""
    repeats: int = Field(default=1, ge=1, le=24)
    """Periods in the picture. The canvas' aspect is that of one period."""

    @field_validator("group", mode="before")
    @classmethod
    def _help_with_names(cls, value: Any) -> Any:
        if isinstance(value, str) and value not in FRIEZES:
            raise ValueError(suggest_frieze(value))
        return value

    def build(self, ratio: Ratio | None = None) -> FriezeSymmetry:
        """The working symmetry: see `SymmetrySettings.build`; the ratio is one period's."""
        group = FRIEZES[self.group]
        given = {name: colour.parse(value) for name, value in self.colours.items()}
        return FriezeSymmetry(group, group.presentation.complete(given), self.repeats, ratio)
