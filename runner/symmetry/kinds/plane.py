"""The plane: a wallpaper group with a colour action is settings -> symmetry of a rectangular tile.

The recipe names the group, and a colour element for some of its generators; the lattice follows from the
group, its free angle or cell and the picture's aspect. Groups are the rows of `groups.GROUPS`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Aspect, Ratio, parse_ratio
from orbifolio.runner.symmetry.base import LatticeCell, Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.claims import Claim, Move, generated
from orbifolio.runner.symmetry.colour import Colour
from orbifolio.runner.symmetry.groups.emblems import (
    centre_advisories,
    emblem_advisories,
    freeing_colour,
    mirror_advisory,
    mirror_colours,
)
from orbifolio.runner.symmetry.groups.groups import GROUPS, TRANSLATIONS, Group, coset_words, suggest_group
from orbifolio.runner.symmetry.groups.isometry import Isometry, Period, hermite
from orbifolio.runner.symmetry.groups.lattice import LatticeFrame, frame
from orbifolio.runner.symmetry.groups.lattice_waves import lattice_waves
from orbifolio.runner.symmetry.groups.legality import TURNS, complete, elements, evaluate, neutral_period
from orbifolio.runner.symmetry.groups.motion import degrees, in_picture, name_motion, turn_matrix
from orbifolio.runner.symmetry.groups.plane_candidates import plane_candidates
from orbifolio.runner.symmetry.layouts.flat_charts import Tile
from orbifolio.runner.symmetry.layouts.orbits import PlaneLayout, plane_layout, plane_orbit_count
from orbifolio.runner.symmetry.wave_space import WaveSpace

GroupName = Literal[
    "p1",
    "p2",
    "pm",
    "pg",
    "cm",
    "p2mm",
    "p2mg",
    "p2gg",
    "c2mm",
    "p4",
    "p4mm",
    "p4gm",
    "p3",
    "p3m1",
    "p31m",
    "p6",
    "p6mm",
]


CELL_AWAY = 0.05  # of the width by which a size may differ from the desired one, for a cell to be whole
CELL_BENT = 0.02  # of the ratio, more than it would differ anyway: not to be seen


class PlaneSymmetry(Symmetry):
    """A plane group with a legal colour action in a rectangular tile: see `base.Symmetry`.

    Attributes:
        row: the group's row in the table.
        frame: how the picture lies in the lattice.
        assignment: the colour element of every generator.
    """

    def __init__(self, row: Group, assignment: Mapping[str, int], given: tuple[str, ...], frame: LatticeFrame) -> None:
        self.row, self.frame, self.assignment = row, frame, dict(assignment)
        self.group, self.ratio, self.cells = row.name, frame.ratio, frame.cells
        self.wrap = (True, True)
        self.table_bytes_per_pixel, self.making_bytes_per_pixel = (50, 270) if frame.hexagonal else (16, 110)
        self.title = _title(row, assignment)
        forced = [
            f"{name}: {colour.spell(element)}" for name, element in assignment.items() if element and name not in given
        ]
        note = (f"these colours also need {', '.join(forced)}",) if forced else ()
        self.notes = frame.notes + note

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The lattice decides: see `lattice.LatticeFrame.fit`."""
        return self.frame.fit(width, multiple, ratio)

    def fit_cell(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """A size with a whole cell, if it is no more than 2 % further from the ratio: see `base.Symmetry.fit_cell`."""
        plain = self.frame.fit(width, multiple, ratio)
        period = self._period()
        if period.index == self.cells**2 or self.cell(*plain, multiple=multiple):
            return plain
        across = multiple * self.cells // math.gcd(period.width, period.shear)
        fitted = self.frame.fit_sides(width, (across, multiple * self.cells // period.height), ratio)
        wanted = self.ratio or ratio
        bent, plainly = (abs(math.log(sides[0] / sides[1] / wanted)) for sides in (fitted, plain))
        near = abs(math.log(fitted[0] / width)) <= max(CELL_AWAY, abs(math.log(plain[0] / width)))
        return fitted if near and bent <= plainly + CELL_BENT else plain

    def cell(self, width: int, height: int, *, multiple: int) -> LatticeCell | None:
        """One cell of the translations that change no colour: see `base.Symmetry.cell`."""
        period = self._period()
        sides = (width * period.width, height * period.height, width * period.shear)
        if period.index == self.cells**2 or any(side % (self.cells * multiple) for side in sides):
            return None
        share = Fraction(-period.shear % period.width, period.width)  # rows run downwards
        return LatticeCell(sides[0] // self.cells, sides[1] // self.cells, share)

    def _period(self) -> Period:
        """The translations that change no colour, y upwards; (cells, 0) and (0, cells) are the picture's sides."""
        neutral = neutral_period(self.assignment)
        (right, up), cells = self.frame.edges, ((neutral.width, 0), (neutral.shear, neutral.height))
        first, second = ((up[1] * u - up[0] * v, right[0] * v - right[1] * u) for u, v in cells)
        return hermite(first, second)

    def layout(self, width: int, height: int) -> PlaneLayout:
        """The gather for a size that `fit` returned.

        Raises:
            ValueError: a size that `fit` does not return.
        """
        return plane_layout(self.row, self.assignment, self.frame, width, height)

    def orbit_count(self, width: int, height: int) -> int:
        """By Burnside's lemma: see `base.Symmetry.orbit_count`.

        Raises:
            ValueError: a size that `fit` does not return.
        """
        return plane_orbit_count(self.row, self.assignment, self.frame, width, height)

    def chart_for(self, width: int, height: int) -> Tile:
        """The tile in fractions, of the lattice's exact ratio where that is not free."""
        return Tile(width, height, self.ratio or width / height)

    def claims(self) -> tuple[Claim, ...]:
        """The elements of the point group, then the translations that are not periods of the picture."""
        words = [word for word in coset_words(self.row).values() if word]
        words += [((name, 1),) for name in TRANSLATIONS]
        claims = []
        for word in words:
            claim = self._claim(self.row.isometry(word), evaluate(word, self.assignment))
            linear, shift = claim.matrix[:, :2], claim.matrix[:, 2]
            if np.abs(linear - np.eye(2)).max() > 1e-9 or np.abs(shift - np.rint(shift)).max() > 1e-9:
                claims.append(claim)
        return tuple(claims)

    def _claim(self, isometry: Isometry, element: int) -> Claim:
        matrix = in_picture(isometry, self.frame)
        return Claim(name_motion(matrix, self.ratio or 1.0), matrix, element)

    def _orientation(self, isometry: Isometry) -> tuple[float, bool]:
        motion = in_picture(isometry, self.frame)
        mirrored = bool(np.linalg.det(motion[:, :2]) < 0)
        angle = degrees(motion, self.ratio or 1.0)
        # a reflection in a line at angle a is a left-right flip, then a turn by 2 a + 180
        return round((2 * angle + 180) % 360 if mirrored else angle, 6) % 360, mirrored

    def advisories(self) -> tuple[str, ...]:
        """Emergent emblems, and centres and mirror lines that the colour action restricts; each with its cure."""
        restricted: dict[int, set[float]] = {}
        for isometry, element in mirror_colours(self.row, self.assignment):
            angle = degrees(in_picture(isometry, self.frame), self.ratio or 1.0)
            restricted.setdefault(element, set()).add(angle)
        freeing = freeing_colour(self.row, self.assignment) if restricted else None
        centres = emblem_advisories(self.row, self.assignment) + centre_advisories(self.row, self.assignment)
        return centres + tuple(
            mirror_advisory(self.row, element, sorted(angles), freeing)
            for element, angles in sorted(restricted.items())
        )

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """The distinct (turn, flip, colours) that the whole group has: see `base.Symmetry.appearances`."""
        triples = set()
        for isometry, element in elements(self.row, self.assignment):
            angle, mirrored = self._orientation(Isometry(isometry.matrix))
            triples.add((angle, mirrored, element))
        ordered = sorted(triples, key=lambda item: (item[1], item[0], item[2]))
        return tuple(
            (angle, mirrored, colour.MATRICES[element].astype(np.float64)) for angle, mirrored, element in ordered
        )

    def movements(self, ratio: float) -> tuple[Claim, ...]:
        """The group up to whole pictures: see `base.Symmetry.movements`."""
        return generated(self.planar_claims(ratio), self.wrap)

    def candidates(self, ratio: float) -> tuple[Claim, ...]:
        """Turns, mirrors, glides and shifts that are not in the group: see `plane_candidates`."""
        return plane_candidates(self.row, self.frame, ratio)

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Wave packets of crystallography: see `wave_space.lattice_waves`."""
        to_lattice = np.eye(3)
        to_lattice[:2, :2] = np.array(self.frame.edges, dtype=np.float64).T * [1.0, -1.0]
        upright = np.diag([1.0, -1.0 / (self.ratio or width / height)])  # of fractions, in units of the width
        basis = upright @ np.linalg.inv(to_lattice[:2, :2])
        return lattice_waves(self.row, self.assignment, basis, lambda places: places @ to_lattice.T)

    def refusal(self, move: Move) -> str:
        """A copy must repeat with the tile: see `base.Symmetry.refusal`."""
        edges = np.array(self.frame.edges, dtype=np.float64).T * [1.0, -1.0]
        flip = np.diag([-1.0 if move.mirrored else 1.0, 1.0])
        moved = edges @ turn_matrix(move.turn, self.ratio or 1.0) @ flip @ np.linalg.inv(edges)
        if np.abs(moved - np.rint(moved)).max() < 1e-6 and (self.ratio or round(2 * move.turn) % 360 == 0):
            return ""
        return (
            f"a copy turned by {move.turn:g} degrees does not repeat with the tile of {self.group}; a turned copy must "
            "have the lattice's own repetitions; turn by what the lattice allows (180 always, 90 on square, 60 on "
            "hexagonal groups), or use base: none, which does not repeat"
        )


def _title(group: Group, assignment: Mapping[str, int]) -> str:
    parts = []
    for name, element in assignment.items():
        if element == colour.IDENTITY:
            continue
        if name in TURNS:
            where = f"at each {TURNS[name].removeprefix('a ')}".replace("each half a", "each half")
        else:
            where = {"m": "by the mirror", "g": "by the glide"}.get(name, f"along {name}")
        parts.append(f"{colour.describe(element)} {where}")
    return ", ".join([group.name, *parts])


class Plane(SymmetrySettings):
    """One of the 17 wallpaper groups, with colours that turn, reflect and travel with it.

    Generators, by group: p1: t1, t2; p2: r2; pm: m; pg: g; cm: m; p2mm, p2mg, c2mm: r2, m; p2gg: r2, g;
    p4: r4; p4mm: r4, m; p4gm: r4, g; p3: r3; p3m1, p31m: r3, m; p6: r6; p6mm: r6, m; and t1, t2 in all.
    """

    cites: ClassVar[tuple[str, ...]] = ("itc-a", "conway2008", "senechal1979", "mindseye")

    kind: Literal["plane"] = "plane"
    group: GroupName
    """The wallpaper group by its short international symbol, e.g. p6 or p4mm."""
    colours: dict[str, Colour] = Field(default_factory=dict)
    """A colour element for generators of the group: r2, r3, r4, r6 is a half, third, quarter, sixth of a
    turn counter-clockwise, m a mirror, g a glide, t1 and t2 the lattice translations. `{r6: [g, b, r]}`:
    after a sixth of a turn the new red is the old green, and so on; a minus inverts. Generators that are
    not named keep the colours where they can."""
    angle: float | None = Field(default=None, ge=15, le=165)
    """Degrees between the lattice's sides, where it is free: oblique (p1, p2) and rhombic (cm, c2mm)."""
    cell: Aspect | None = None
    """Width:height of the lattice's cell, where it is free: rectangular groups (pm, pg, p2mm, p2mg, p2gg),
    the centred rectangle of rhombic ones (cm, c2mm), the sides' ratio of oblique ones (p1, p2). Left out,
    the picture is one cell."""

    @field_validator("group", mode="before")
    @classmethod
    def _help_with_names(cls, value: Any) -> Any:
        if isinstance(value, str) and value not in GROUPS:
            raise ValueError(suggest_group(value))
        return value

    def build(self, ratio: Ratio | None = None) -> PlaneSymmetry:
        """The working symmetry: see `SymmetrySettings.build`."""
        group = GROUPS[self.group]
        given = {name: colour.parse(value) for name, value in self.colours.items()}
        assignment = complete(group, given)
        cell = None if self.cell is None else parse_ratio(self.cell)
        return PlaneSymmetry(
            group, assignment, tuple(given), frame(group, assignment, ratio, angle=self.angle, cell=cell)
        )
