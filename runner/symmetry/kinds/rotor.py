"""A rotor: turns about the picture's middle, with mirrors or without, is settings -> symmetry of an untiled picture.

What a kaleidoscope of two mirrors shows. The group is cyclic, or dihedral of any order from 1 (a mirror alone) to
24; the texture lives on one wedge, or on two that are each other's mirror image where there are no mirrors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.claims import Claim, Move, generated
from orbifolio.runner.symmetry.colour import Colour
from orbifolio.runner.symmetry.groups.coset_table import CosetTable, reflections, rotations
from orbifolio.runner.symmetry.groups.emblems import (
    EMBLEMS,
    FOLDS,
    centre_warning,
    colour_choices,
    emblem_warning,
    mirror_warning,
)
from orbifolio.runner.symmetry.groups.groups import Word
from orbifolio.runner.symmetry.groups.presentation import Presentation
from orbifolio.runner.symmetry.kinds.none import fit_free
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout
from orbifolio.runner.symmetry.layouts.flat_charts import PlaneChart, in_fractions, spin
from orbifolio.runner.symmetry.layouts.folded import FoldedSurface
from orbifolio.runner.symmetry.layouts.wedge import ACTIVE, Fan, FanLookup, Wedge, reach
from orbifolio.runner.symmetry.wave_space import WaveSpace, free_waves

_CROWDED = 1.3  # pixels of radius for each order, 8 / 2 pi: within it a turn moves a place by less than eight pixels


def presentation(order: int, *, mirrors: bool) -> Presentation:
    """The turns about the middle, with or without mirrors.

    Args:
        order: of the turn; 1 for none.
        mirrors: whether there are any.
    """
    title = f"the rotor of order {order}" + (" with mirrors" if mirrors else "")
    generators: list[tuple[str, str]] = []
    relations: list[Word] = []
    if order > 1:
        generators.append(("r", f"a turn by {360 / order:.4g} degrees"))
        relations.append((("r", order),))
    if mirrors:
        generators.append(("m", "a mirror"))
        relations.append((("m", 2),))
    if order > 1 and mirrors:
        relations.append((("m", 1), ("r", 1)) * 2)
    return Presentation(title, tuple(generators), tuple(relations), "choose an order that 2 or 3 divides")


class RotorSymmetry(Symmetry):
    """Turns about the middle with a legal colour action: see `base.Symmetry`.

    Attributes:
        order: n of the turn by 1/n.
        assignment: the colour element of every generator.
    """

    wrap = (False, False)
    cells = 1
    table_bytes_per_pixel, making_bytes_per_pixel = 80, 460

    def __init__(self, order: int, assignment: Mapping[str, int], ratio: Ratio | None) -> None:
        self.order, self.assignment = order, dict(assignment)
        self.mirrors = "m" in assignment
        self.group = f"D{order}" if self.mirrors else f"C{order}"
        self.ratio = None if ratio is None else ratio.value
        names = {"r": f"each turn by {360 / order:.4g} degrees", "m": "the mirror"}
        parts = [f"{colour.describe(item)} by {names[name]}" for name, item in assignment.items() if item]
        shape = f"{order}-fold kaleidoscope" if self.mirrors else f"{order}-fold rotor"
        self.title = ", ".join([shape if order > 1 else "mirror image", *parts])
        self.notes = ()

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The nearest multiples: see `base.Symmetry.fit`."""
        return fit_free(width, multiple, self.ratio or ratio)

    def sheets(self) -> tuple[int, CosetTable]:
        """The number p of the wedge with angle pi / p, and what lies on it."""
        turn, mirror = self.assignment.get("r", 0), self.assignment.get("m", 0)
        if self.order == 1:  # half a plane is not a wedge: two quarters, the second behind a side that is not a mirror
            beyond = np.array([[0, 0, 1], [1, 1, 0]], dtype=np.int64)
            return 2, CosetTable(beyond, np.array([[0, mirror, 0], [0, mirror, 0]], dtype=np.int64))
        if self.mirrors:
            return self.order, reflections((0, mirror, colour.compose(turn, mirror)))
        return self.order, rotations(turn, 0)

    def _fan(self, width: int, height: int) -> Fan:
        """The wedge's texture, its rings about a pixel apart."""
        p, sheets = self.sheets()
        wedge = Wedge(p, reach=reach(p, self.chart_for(width, height).half))
        return Fan(wedge, sheets, max(2, math.ceil(wedge.reach * min(width, height) / 2)), ACTIVE)

    def layout(self, width: int, height: int) -> BlendedLayout:
        """The gather for a size that `fit` returned."""
        chart = self.chart_for(width, height)
        fan = self._fan(width, height)
        image = [colour.MATRICES[element] for element in self.colours()]
        surface = FoldedSurface(fan, fan.ring_width, np.mean(image, axis=0))
        return BlendedLayout(FanLookup(surface), chart, width, height)

    def orbit_count(self, width: int, height: int) -> int:
        """The fan's: see `base.Symmetry.orbit_count`."""
        return self._fan(width, height).count

    def domain_pixels(self, width: int, ratio: float) -> float:
        """A wedge as far as the picture shows it: see `base.Symmetry.domain_pixels`."""
        return width * width / (self.ratio or ratio) / (self.order * (2 if self.mirrors else 1))

    def chart_for(self, width: int, height: int) -> PlaneChart:
        """The plane; the pattern at its very middle is finer than pixels."""
        return PlaneChart(width / height, hole=_CROWDED * self.order)

    def _elements(self) -> list[tuple[str, F64, int]]:
        """Name, matrix on points and colour element of all, the identity first."""
        elements = []
        flip = np.diag([-1.0, 1.0, 1.0])
        for step in range(self.order):
            angle, element = 360 * step / self.order, colour.power(self.assignment.get("r", 0), step)
            elements.append((f"{angle:.4g} degree rotation about the middle", spin(angle), element))
        if self.mirrors:
            for step in range(self.order):
                angle, (_, turn, element) = (90 + 180 * step / self.order) % 180, elements[step]
                name = f"mirror in the line at {angle:.4g} degrees through the middle"
                elements.append((name, turn @ flip, colour.compose(element, self.assignment["m"])))
        return elements

    def claims(self) -> tuple[Claim, ...]:
        """All elements, but the identity."""
        return tuple(Claim(*item) for item in self._elements()[1:])

    def planar_claims(self, ratio: float) -> tuple[Claim, ...]:
        """All of them, in fractions: see `base.Symmetry.planar_claims`."""
        return tuple(replace(claim, matrix=in_fractions(claim.matrix, ratio)) for claim in self.claims())

    def movements(self, ratio: float) -> tuple[Claim, ...]:
        """All elements: see `base.Symmetry.movements`."""
        return generated(self.planar_claims(ratio), self.wrap)

    def candidates(self, ratio: float) -> tuple[Claim, ...]:
        """Turns and mirrors that are not in the group: see `base.Symmetry.candidates`."""
        turns = [360 * step / order for order in (2, 3, 4, 5, 6, 7, 2 * self.order) for step in range(1, order)]
        tried = [(f"{angle:.4g} degree rotation about the middle", spin(angle)) for angle in turns]
        for angle in sorted({*range(0, 180, 15), 90 / self.order + 90 % (180 / self.order)}):
            flip = spin(2 * angle) @ np.diag([1.0, -1.0, 1.0])
            tried.append((f"mirror in the line at {angle:.4g} degrees through the middle", flip))
        own = [matrix for _, matrix, _ in self._elements()]
        near = min(math.radians(120 / self.order), 0.1)  # a movement near one of the group's nearly holds
        foreign = {
            name: Claim(name, matrix, colour.IDENTITY)
            for name, matrix in tried
            if all(np.abs(matrix - member).max() > near for member in own)
        }
        return tuple(foreign.values())

    def colours(self) -> tuple[int, ...]:
        """All colour elements of the action's image, identity first."""
        return colour.generate(self.assignment.values())

    def _orientations(self) -> tuple[tuple[float, bool], ...]:
        """All turns, then all flips, as (degrees, mirrored)."""
        flips = (False, True) if self.mirrors else (False,)
        return tuple((360 * step / self.order, flip) for flip in flips for step in range(self.order))

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """Every element with its colours: see `base.Symmetry.appearances`."""
        return tuple(
            (angle, flip, colour.MATRICES[element].astype(np.float64))
            for (angle, flip), (_, _, element) in zip(self._orientations(), self._elements(), strict=True)
        )

    def advisories(self) -> tuple[str, ...]:
        """Emblems in the middle, and mirror lines with few colours."""
        warnings = []
        turn, mirror = self.assignment.get("r", 0), self.assignment.get("m", 0)
        if self.order in EMBLEMS and turn == colour.IDENTITY:
            choices = colour_choices(presentation(self.order, mirrors=self.mirrors), "r")
            warnings.append(emblem_warning(f"{FOLDS[self.order]} turns about the middle", self.order, "r", choices))
        warnings += (
            [centre_warning("turns about the middle", self.order, turn)] if colour.fixed_dimension([turn]) < 2 else []
        )
        if self.mirrors:
            warnings += [
                warning
                for element in dict.fromkeys((mirror, colour.compose(turn, mirror)))
                if (warning := mirror_warning("mirror lines through the middle", element, "mirrors: false has none"))
            ]
        return tuple(warnings)

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Waves in any direction, turned about the middle: a quasicrystal's, where no lattice has the turn."""
        _, matrices, shown = zip(*self._elements(), strict=True)
        chart = self.chart_for(width, height)
        return free_waves(matrices, shown, chart.half, chart.from_fractions)

    def refusal(self, move: Move) -> str:
        """An untiled picture has nothing to be shifted in: see `base.Symmetry.refusal`."""
        if move.shift != (0.0, 0.0):
            return "a shift leads out of a picture that does not repeat; only a tile can be shifted; use base: plane"
        return ""


class Rotor(SymmetrySettings):
    """Turns about the middle of a picture that does not tile, as in a kaleidoscope of two mirrors.

    Generators: r is the turn by 360 / order degrees, counter-clockwise; m, where there are mirrors, the one in the
    vertical line through the middle.
    """

    cites: ClassVar[tuple[str, ...]] = ("conway2008", "senechal1979", "mindseye")

    kind: Literal["rotor"] = "rotor"
    order: int = Field(default=6, ge=1, le=24)
    """How many times the picture repeats about its middle; 1 with mirrors is a mirror image."""
    mirrors: bool = False
    """Reflections too, as in a kaleidoscope, or turns only."""
    colours: dict[str, Colour] = Field(default_factory=dict)
    """A colour element for r or m. What is not named changes as few colours as possible."""

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if self.order == 1 and not self.mirrors:
            raise ValueError(
                "order 1 without mirrors; a rotor turns or reflects; set mirrors: true, or a larger order, "
                "or use kind none"
            )
        return self

    def build(self, ratio: Ratio | None = None) -> RotorSymmetry:
        """The working symmetry: see `SymmetrySettings.build`; any ratio will do."""
        given = {name: colour.parse(value) for name, value in self.colours.items()}
        return RotorSymmetry(self.order, presentation(self.order, mirrors=self.mirrors).complete(given), ratio)
