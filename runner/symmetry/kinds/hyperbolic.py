"""The hyperbolic plane: {p, q} with a colour action is settings -> symmetry of a disk, a band, a square, ...

p-gons, q of them at each corner, with 1/p + 1/q < 1/2; or any triangle with angles pi/p, pi/q, pi/r. The group
is all their symmetries, or the turns among them. q may be odd or even: texture lives on the triangle's two
sides, so turns need no mirrors (Coxeter and Moser 1972; Escher's Circle Limit III is a {8, 3} of turns). The
network looks through windows of the Poincare disk, anywhere on the plane, where all is as large as in the
chart's middle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.charts import Band, Chart, Disk, HalfPlane, Klein, Square, Window, boost
from orbifolio.runner.symmetry.colour import Colour
from orbifolio.runner.symmetry.groups.coset_table import CosetTable, reflections, rotations, tile_sides
from orbifolio.runner.symmetry.groups.emblems import FOLDS
from orbifolio.runner.symmetry.groups.groups import Word
from orbifolio.runner.symmetry.groups.polyhedral import turn_name
from orbifolio.runner.symmetry.groups.presentation import Presentation
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.symmetry.kinds.curved import CurvedSymmetry, colour_title
from orbifolio.runner.symmetry.wave_space import WaveSpace

_FADES = (0.04, 0.5)
"""Limits of the width of wave packets: narrower ones underflow in single precision, wider ones have too many images."""

_FAINT = 14.0  # exp(-14) is a millionth: what is left of a wave packet where its images are no longer summed

ChartName = Literal["disk", "klein", "half-plane", "band", "square"]


def presentation(p: int, q: int, r: int, *, mirrors: bool | Literal["sides"]) -> Presentation:
    """The turns of a triangle group about its corners, with or without its mirrors; or the mirrors in tiles' sides."""
    if mirrors == "sides":
        side = (("side", "the mirror in a tile's side"),)
        return Presentation(f"the mirrors in the sides of {{{p}, {q}}}", side, ((("side", 2),),))
    about = {"face": (p, "tile's middle"), "vertex": (q, "tile's corner"), "edge": (r, "side's middle")}
    generators = tuple((name, f"{turn_name(order)} about a {what}") for name, (order, what) in about.items())
    relations: tuple[Word, ...] = tuple(((name, order),) for name, (order, _) in about.items())
    relations += ((("face", 1), ("edge", 1), ("vertex", 1)),)
    if mirrors:
        generators += (("mirror", "a mirror through a tile's middle and a side's"),)
        relations += ((("mirror", 2),), (("mirror", 1), ("face", 1)) * 2, (("mirror", 1), ("edge", 1)) * 2)
    remedy = "set mirrors: true, whose mirrors may invert, or leave out the colours"
    title = f"the {'symmetries' if mirrors else 'turns'} of {{{p}, {q}}}" + ("" if r == 2 else f" with {r}")
    return Presentation(title, generators, relations, "leave out the colours" if mirrors else remedy)


class HyperbolicSymmetry(CurvedSymmetry):
    """A triangle group of the hyperbolic plane: see `curved.CurvedSymmetry`.

    Attributes:
        chart_name: the chart of the artwork as a recipe spells it.
    """

    def __init__(
        self, triangle: Triangle, assignment: Mapping[str, int], chart: Chart, *, chart_name: ChartName, reach: float
    ) -> None:
        self.assignment = dict(assignment)
        with_mirrors, self._apart = "mirror" in assignment, "side" in assignment
        group = f"{{{triangle.p}, {triangle.q}}}" if triangle.r == 2 else f"({triangle.p}, {triangle.q}, {triangle.r})"
        names = {"face": "a turn of a tile", "vertex": "a turn about a corner", "edge": "a turn about a side"}
        names |= {"mirror": "a mirror", "side": "a mirror in a side"}
        what = " with mirrors" if with_mirrors else " mirrored in its sides only" if self._apart else ""
        sheets = _sheets(assignment, triangle.p)
        super().__init__(colour_title(group + what, names, assignment), group, triangle, sheets, chart)
        self._reach, self.chart_name = reach, chart_name
        mirrors: bool | Literal["sides"] = "sides" if self._apart else with_mirrors
        self.presentation = presentation(triangle.p, triangle.q, triangle.r, mirrors=mirrors)

    def _turns(self) -> dict[str, F64]:
        p, q, r = (self.triangle.reflection(mirror) for mirror in range(3))
        return {"face": r @ q, "vertex": p @ r, "edge": q @ p, "mirror": q}

    def generators(self) -> Sequence[tuple[str, F64, int]]:
        """The turns about the triangle's corners and their images about the tile, and a mirror if it has them."""
        if self._apart:
            turn, side = self._turns()["face"], self.triangle.reflection(0)
            ways = [np.linalg.matrix_power(turn, number) for number in range(min(self.triangle.p, 8))]
            sides = ["a tile's side", *(f"the side {number} further" for number in range(1, len(ways)))]
            shown = self.assignment["side"]
            return [(f"mirror in {what}", way @ side @ way.T, shown) for what, way in zip(sides, ways, strict=True)]
        names = dict(_names(self.triangle))
        turns = self._turns()
        generators = [(names[name], turns[name], self.assignment[name]) for name in self.assignment]
        face, shown = turns["face"], self.assignment["face"]
        for name in ("vertex", "edge"):
            moved = face @ turns[name] @ np.linalg.inv(face)
            element = colour.compose(shown, self.assignment[name], colour.INVERSE[shown])
            generators.append((f"{names[name]}, the next one", moved, element))
        return generators

    def centres(self) -> Sequence[tuple[str, int, str, int]]:
        """The corners of the triangle: see `curved.CurvedSymmetry.centres`."""
        if self._apart:  # two mirrors in sides turn about a corner
            return [("tiles' corners", self.triangle.q // 2, "", colour.IDENTITY)]
        where = {"face": "tiles' middles", "vertex": "tiles' corners", "edge": "sides' middles"}
        orders = (self.triangle.p, self.triangle.q, self.triangle.r)
        return [
            (f"{FOLDS.get(fold, f'{fold}-fold')} turns about {what}", fold, name, self.assignment[name])
            for (name, what), fold in zip(where.items(), orders, strict=True)
        ]

    def strangers(self) -> Sequence[tuple[str, F64]]:
        """Other turns about the corners; mirrors where the group has none; a shift along a mirror."""
        own = (1, self.triangle.q // 2, 1) if self._apart else (self.triangle.p, self.triangle.q, self.triangle.r)
        orders = dict(zip(("face", "vertex", "edge"), own, strict=True))
        corners = dict(zip(("face", "vertex", "edge"), self.triangle.corners, strict=True))
        where = {"face": "a tile's middle", "vertex": "a tile's corner", "edge": "a side's middle"}
        strangers = []
        for name, corner in corners.items():
            to = boost(corner)
            for order in (2, 3, 4, 5, 6):
                if orders[name] % order:
                    turned = to @ _spin(2 * math.pi / order) @ np.linalg.inv(to)
                    strangers.append((f"{360 / order:.0f} degree turn about {where[name]}", turned))
        if "mirror" not in self.assignment:
            sides = ("of a side and a corner", "through a tile's middle and a side's", "through a tile's and a corner")
            first = 1 if self._apart else 0  # the first is the mirror in a side
            strangers += [(f"mirror {sides[number]}", self.triangle.reflection(number)) for number in range(first, 3)]
        strangers.append(("shift from a tile's middle to a side's", boost(self.triangle.corners[2])))
        return strangers

    def sides(self) -> tuple[float, float]:
        """How far the corners lie, in the coordinates in which the texture is even, by their geometric mean."""
        _, q, r = self.triangle.corners
        mean = math.sqrt(float(np.hypot(q[0], q[1])) * float(np.hypot(r[0], r[1])))
        return mean, mean

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Wave packets about places of the tile, summed over all tiles near enough: see `base.Symmetry.wave_space`."""
        p, q, r = self.triangle.p, self.triangle.q, self.triangle.r
        triangle = math.pi * (1 - 1 / p - 1 / q - 1 / r)  # its area, by the angles that it lacks (Gauss)
        area = triangle * self.sheets.count
        fade = min(max(area / (2 * math.pi), _FADES[0]), _FADES[1])  # exp(-z / fade) is about as large as a domain
        ways = self.sheets.ways(self.triangle)

        def points(count: int, random: np.random.Generator) -> F64:
            weights = random.dirichlet(np.ones(3), count) / self.triangle.corners[:, 2]
            places = self.triangle.normalised(weights @ self.triangle.corners)
            way = ways[random.integers(len(ways), size=count)]
            shown: F64 = np.einsum("nij,nj->ni", way, places)
            return shown

        def vectors(count: int, random: np.random.Generator) -> tuple[F64, C128]:
            lengths = np.sqrt(1 + np.arange(count) / 4.0)
            angle = 2 * math.pi * random.random(count)
            covectors = []
            for number, centre in enumerate(points(count, random)):
                wave = (lengths[number] - 1) * 1.5 / math.sqrt(fade)  # the first are without any phase
                local = np.array([1j * wave * np.cos(angle[number]), 1j * wave * np.sin(angle[number]), -1 / fade])
                covectors.append(local @ np.linalg.inv(boost(centre)))
            return lengths, np.array(covectors)

        weights = np.array([[i, j, 6 - i - j] for i in range(7) for j in range(7 - i)]) / self.triangle.corners[:, 2]
        samples = self.triangle.normalised(weights @ self.triangle.corners)
        matrices, shown = self.sheets.members_near(self.triangle, samples, 1 + _FAINT * fade)
        metric = np.diag([1.0, 1.0, -1.0])
        return WaveSpace(lambda places: places, matrices, shown, points, vectors, metric, -1, area)

    def crop_chart(self, random: torch.Generator) -> Chart:
        """A window about a random place of the fundamental domain, turned at random."""
        a, b, flip, angle = torch.rand(4, generator=random, dtype=torch.float64).tolist()
        a, b = (1 - a, 1 - b) if a + b > 1 else (a, b)
        weights = np.array([a, b, 1 - a - b])
        # divided by their third coordinates: far corners, whose coordinates are larger, would attract the points
        point = self.triangle.normalised((weights / self.triangle.corners[:, 2]) @ self.triangle.corners)
        if flip < 0.5 and self.sheets.count > 1:
            point = self.triangle.reflection(1) @ point
        if self.sheets.count > 2:  # the tile has no symmetry: anywhere in it
            number = int(torch.randint(self.triangle.p, (1,), generator=random))
            point = _spin(2 * math.pi * number / self.triangle.p) @ point
        return Window(self._reach, boost(point) @ _spin(2 * math.pi * angle))

    @property
    def crop_length(self) -> float:
        """At the middle of the disk a unit is two."""
        return 2 * self._reach


def _names(triangle: Triangle) -> tuple[tuple[str, str], ...]:
    orders = (triangle.p, triangle.q, triangle.r)
    where = ("a tile's middle", "a tile's corner", "a side's middle")
    names = [f"{360 / order:.4g} degree turn about {what}" for order, what in zip(orders, where, strict=True)]
    return (("face", names[0]), ("vertex", names[1]), ("edge", names[2]), ("mirror", "mirror through a tile's middle"))


def _sheets(colours: Mapping[str, int], p: int) -> CosetTable:
    if "side" in colours:
        return tile_sides(p, colours["side"])
    if "mirror" not in colours:
        return rotations(colours["face"], colours["edge"])
    mirror = colours["mirror"]  # the side PR; turns about P and R are products of two mirrors
    opposite_r = colour.compose(colours["face"], mirror)
    opposite_p = colour.compose(mirror, colours["edge"])
    return reflections((opposite_p, mirror, opposite_r))


def _spin(angle: float) -> F64:
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


class Hyperbolic(SymmetrySettings):
    """A tiling of the hyperbolic plane by p-gons, q at each corner: the whole infinite plane in one picture.

    Generators: face, vertex and edge are the turns about a tile's middle, a tile's corner and a side's middle;
    mirror, where there are mirrors, is the one through a tile's middle and a side's. With `mirrors: sides` the one
    generator is side, the mirror in any side.
    """

    cites: ClassVar[tuple[str, ...]] = ("coxeter1972", "conway2008", "senechal1979", "mindseye")

    kind: Literal["hyperbolic"] = "hyperbolic"
    p: int = Field(ge=3, le=64)
    """Corners of a tile."""
    q: int = Field(ge=3, le=64)
    """Tiles at a corner; 1/p + 1/q must be less than 1/2."""
    r: int = Field(default=2, ge=2, le=64)
    """2, or more for a triangle group (p, q, r) whose sides' middles turn by 360/r degrees."""
    mirrors: bool | Literal["sides"] = False
    """Reflections too, or turns only: without them motifs may have a handedness. `sides`: tiles without any symmetry
    of their own, each the mirror image of its neighbours, which closes at corners of an even number of tiles."""
    chart: ChartName = "disk"
    """The picture: Poincare's disk, Klein's disk, the upper half-plane, a band, or a square filled conformally."""
    colours: dict[str, Colour] = Field(default_factory=dict)
    """A colour element for face, vertex, edge or mirror. What is not named changes as few colours as possible."""
    radius: float = Field(default=1.0, gt=0.2, le=1.0)
    """Part of the disk that is shown: its radius in units of the whole disk's."""
    window: float = Field(default=0.5, ge=0.1, le=0.65)
    """Half the side of the windows that the network sees, in units of the disk's radius."""

    @model_validator(mode="after")
    def _closes_at_corners(self) -> Self:
        if self.mirrors == "sides" and (self.q % 2 or self.r != 2):
            what = f"{self.q} tiles" if self.q % 2 else f"sides' middles that turn by 1/{self.r}"
            raise ValueError(
                f"mirrors: sides with {what}; around a corner, a tile returns mirrored unless q is even and r is 2; "
                "make q even, or use mirrors: true or false"
            )
        return self

    @model_validator(mode="after")
    def _is_hyperbolic(self) -> Self:
        curvature = Triangle(self.p, self.q, self.r).curvature
        if curvature >= 0:
            total, surface = ("more than", "sphere") if curvature else ("exactly", "plane")
            raise ValueError(
                f"{{{self.p}, {self.q}}}: 1/p + 1/q + 1/r is {total} 1, which closes up on the {surface}; "
                f"the hyperbolic plane needs less; use kind {surface}, or make p or q larger"
            )
        return self

    def build(self, ratio: Ratio | None = None) -> HyperbolicSymmetry:
        """The working symmetry: see `SymmetrySettings.build`; a half-plane may have any aspect."""
        triangle = Triangle(self.p, self.q, self.r)
        given: dict[str, Any] = {name: colour.parse(value) for name, value in self.colours.items()}
        assignment = presentation(self.p, self.q, self.r, mirrors=self.mirrors).complete(given)
        chart = chart_named(self.chart, triangle, self.radius, ratio)
        return HyperbolicSymmetry(triangle, assignment, chart, chart_name=self.chart, reach=self.window)


def chart_named(name: ChartName, triangle: Triangle, radius: float, ratio: Ratio | None) -> Chart:
    """The chart of a recipe.

    Args:
        name: as recipes spell it.
        triangle: of the group.
        radius: part of a disk that is shown.
        ratio: width / height of a half-plane; None for 2.
    """
    shape = 2.0 if ratio is None else ratio.value
    tile = 2 * math.acosh(float(triangle.corners[2][2]))  # from a tile's middle to the next one's
    charts: dict[ChartName, Chart] = {
        "disk": Disk(radius),
        "klein": Klein(radius),
        "half-plane": HalfPlane(2.0, shape),
        "band": Band(4 * tile),
        "square": Square(),
    }
    return charts[name]
