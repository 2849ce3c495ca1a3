"""The sphere: a finite group with a colour action is settings -> symmetry of an equirectangular map.

Texture lives on spherical triangles, not on a map, so no pole is special. The network looks through cameras:
gnomonic windows, which have no limb, at random places with random turns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.charts import Camera, Chart, Equirectangular
from orbifolio.runner.symmetry.colour import Colour
from orbifolio.runner.symmetry.groups.emblems import FOLDS
from orbifolio.runner.symmetry.groups.polyhedral import PointGroup, point_group
from orbifolio.runner.symmetry.kinds.curved import CurvedSymmetry, colour_title, random_turn
from orbifolio.runner.symmetry.wave_space import WaveSpace

REACH = math.radians(32)
"""Half the angle of a camera's view; its corners see 4/5 as much as its middle."""

_MAX_CLAIMS = 24  # enough to generate any group; Ih has 119
_MAX_CROPS = 4  # unless the recipe says more: each costs a pass of the network


class SphereSymmetry(CurvedSymmetry):
    """A finite group of the sphere: see `curved.CurvedSymmetry`."""

    def __init__(self, group: PointGroup, assignment: Mapping[str, int], cameras: int | None) -> None:
        names = dict(group.presentation.generators)
        super().__init__(
            colour_title(group.presentation.title, names, assignment),
            group.name,
            group.parent,
            group.sheets(assignment),
            Equirectangular(),
        )
        self.presentation = group.presentation
        self.members, self.shown = group.members(assignment)
        self._cameras = cameras

    def generators(self) -> Sequence[tuple[str, F64, int]]:
        """All elements but the identity, or the first of very many."""
        pairs = list(zip(self.members, self.shown, strict=True))[1 : _MAX_CLAIMS + 1]
        return [(name_movement(matrix), matrix, element) for matrix, element in pairs]

    def centres(self) -> Sequence[tuple[str, int, str, int]]:
        """The ends of axes: see `curved.CurvedSymmetry.centres`."""
        found: dict[tuple[int, int], int] = {}
        for matrix, element in zip(self.members, self.shown, strict=True):
            turn = math.acos(min(1.0, max(-1.0, (float(np.trace(matrix)) - 1) / 2)))
            fold = round(2 * math.pi / turn) if turn > 1e-6 else 1
            # a turn by two fifths is not the axis' own
            if np.linalg.det(matrix) > 0 and fold > 1 and abs(fold * turn - 2 * math.pi) < 1e-6:
                found.setdefault((fold, colour.fixed_dimension([element])), element)
        return [
            (f"{FOLDS.get(fold, f'{fold}-fold')} axes", fold, f"r{fold}", element)
            for (fold, _), element in sorted(found.items(), reverse=True)
        ]

    def strangers(self) -> Sequence[tuple[str, F64]]:
        """Turns about the triangle's corners, its mirrors and the inversion, as far as they are not in the group."""
        tried = [axis_turn(corner, 2 * math.pi / order) for corner in self.triangle.corners for order in (2, 3, 4, 5)]
        tried += [self.triangle.reflection(mirror) for mirror in range(3)] + [-np.eye(3)]
        return [
            (name_movement(matrix), matrix)
            for matrix in tried
            if all(np.abs(matrix - member).max() > 1e-6 for member in self.members)
        ]

    def sides(self) -> tuple[float, float]:
        """The mean of the triangle's longest and shortest side, since lunes are far from equal-sided."""
        cosines = [float(self.triangle.corners[i] @ self.triangle.corners[j]) for i, j in ((0, 1), (1, 2), (2, 0))]
        sides = [math.acos(min(1.0, max(-1.0, cosine))) for cosine in cosines]
        return max(math.sqrt(max(sides) * min(sides)), max(sides) / 2), min(sides)

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Waves of space in any direction, on the sphere sums of harmonics: see `base.Symmetry.wave_space`."""
        lowest = 1.5 * len(self.members) ** 0.5  # below it a group leaves the constant and little else

        def points(count: int, random: np.random.Generator) -> F64:
            directions = random.standard_normal((count, 3))
            unit: F64 = directions / np.linalg.norm(directions, axis=1, keepdims=True)
            return unit

        def vectors(count: int, random: np.random.Generator) -> tuple[F64, C128]:
            lengths = np.sqrt(1 + np.arange(count) / 4.0)
            return lengths, 1j * lowest * lengths[:, None] * points(count, random)

        return WaveSpace(
            lambda places: places,
            np.array(self.members),
            np.array(self.shown),
            points,
            vectors,
            np.eye(3),
            1,
            4 * math.pi / len(self.members),
        )

    def crop_chart(self, random: torch.Generator) -> Chart:
        """A camera of random direction and turn."""
        return Camera(random_turn(random), REACH)

    @property
    def crop_length(self) -> float:
        """A gnomonic window's half side is the tangent of its angle."""
        return math.tan(REACH)

    @property
    def crop_count(self) -> int:
        """As many as it takes to see the fundamental domain about once, at most four."""
        seen = 4 * math.asin(math.sin(math.atan(math.tan(REACH))) ** 2)
        domain = 4 * math.pi / len(self.members)
        return self._cameras or min(_MAX_CROPS, max(1, round(domain / seen)))


def axis_turn(axis: F64, angle: float) -> F64:
    """(3, 3) rotation about a unit vector, counter-clockwise as seen from its tip (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix: F64 = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return matrix


def name_movement(matrix: F64) -> str:
    """An orthogonal matrix in words, with its axis as (latitude, longitude) in degrees."""
    proper = matrix if np.linalg.det(matrix) > 0 else -matrix
    angle = math.degrees(math.acos(min(1.0, max(-1.0, (float(np.trace(proper)) - 1) / 2))))
    values, vectors = np.linalg.eig(proper)
    axis = np.real(vectors[:, int(np.argmin(np.abs(values - 1)))])
    twist = float(
        np.array([proper[2, 1] - proper[1, 2], proper[0, 2] - proper[2, 0], proper[1, 0] - proper[0, 1]]) @ axis
    )
    if twist < -1e-9 or (abs(twist) <= 1e-9 and tuple(np.round(axis[::-1], 9)) < (0.0, 0.0, 0.0)):
        axis = -axis
    latitude = math.degrees(math.asin(min(1.0, max(-1.0, float(axis[2])))))
    longitude = math.degrees(math.atan2(float(axis[1]), float(axis[0]))) if abs(latitude) < 89.999 else 0.0
    where = f"({latitude:.0f}, {longitude:.0f})".replace("-0", "0")
    if proper is matrix:
        return f"{angle:.0f} degree turn about {where}"
    if angle < 1e-3:
        return "exchange of opposite points"
    if angle > 180 - 1e-3:
        return f"mirror across {where}"
    return f"exchange of opposite points with a {angle:.0f} degree turn about {where}"


class Sphere(SymmetrySettings):
    """A finite group of the sphere; the picture is its equirectangular map, which no pole distorts.

    Generators, by group: T: r3, r2; O: r4, r3, r2; I: r5, r3, r2; Td, Oh, Ih: the same and m; Th: r3, r2, i;
    Cn: its turn, as r5; Cnv: its turn and m; Cnh: its turn and h; Dn: its turn and f; Dnh: its turn, m and h;
    Dnd: s, m; S2n: s; Cs: h; Ci: i.
    """

    cites: ClassVar[tuple[str, ...]] = ("coxeter1972", "conway2008", "senechal1979", "mindseye")

    kind: Literal["sphere"] = "sphere"
    group: str = "none"
    """The group by Schoenflies' name: none, T, Td, Th, O, Oh, I, Ih, Cs, Ci, or with an axis from pole to pole
    C5, C5v, C5h, D3, D3h, D3d, S6, for orders up to 24."""
    colours: dict[str, Colour] = Field(default_factory=dict)
    """A colour element for generators of the group: r2, r3, r4, r5, ... is a turn, m a mirror through the poles,
    h the mirror in the equator, f half a turn about an axis on the equator, i the inversion, s a turn with a
    reflection in the equator. What is not named changes as few colours as possible."""
    cameras: int | None = Field(default=None, ge=1, le=32)
    """Cameras that the network sees through in each step; none: as many as see the group's domain about once, at
    most 4."""

    @field_validator("group")
    @classmethod
    def _canonical_name(cls, value: str) -> str:
        return point_group(value).name

    def build(self, ratio: Ratio | None = None) -> SphereSymmetry:
        """The working symmetry: see `SymmetrySettings.build`; the map is twice as wide as high, always."""
        group = point_group(self.group)
        given: dict[str, Any] = {name: colour.parse(value) for name, value in self.colours.items()}
        return SphereSymmetry(group, group.presentation.complete(given), self.cameras)
