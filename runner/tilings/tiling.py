"""A tiling is one tile and a plane group of ours: (template, outline) -> isometries across edges, lattice, origin.

The tile is a fundamental domain of its type's group, so the group's own isometries carry it over the whole plane. What
this module finds is how the tile lies in the group's usual setting: where the origin is (a centre of rotation where
there is one, else on a glide axis) and which vectors are e1 and e2. All edge isometries are then exact integers.

Convention: complex numbers, y upwards; an isometry is z -> factor z + shift, or factor conj(z) + shift if mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.symmetry.groups.groups import GROUPS, Group, coset_words
from orbifolio.runner.symmetry.groups.isometry import Isometry
from orbifolio.runner.tilings.outlines import OutlineFault, area
from orbifolio.runner.tilings.types import TYPES, EdgeRule, IsohedralType, Template

_NEAR = 1e-6  # of a tile's side: rounding is 1e-14
_PRODUCTS = 300  # isometries that are multiplied until translations of two directions are surely among them


@dataclass(frozen=True)
class PlaneMotion:
    """An isometry of the plane of complex numbers; see the module's docstring."""

    factor: complex = 1 + 0j
    shift: complex = 0j
    mirrored: bool = False

    def __matmul__(self, other: PlaneMotion) -> PlaneMotion:
        """The product: `other` acts first."""
        factor, shift = other.factor, other.shift
        if self.mirrored:
            factor, shift = factor.conjugate(), shift.conjugate()
        return PlaneMotion(self.factor * factor, self.factor * shift + self.shift, self.mirrored != other.mirrored)

    def inverse(self) -> PlaneMotion:
        """The isometry that undoes this one."""
        if self.mirrored:
            return PlaneMotion(self.factor, -self.factor * self.shift.conjugate(), True)
        return PlaneMotion(self.factor.conjugate(), -self.factor.conjugate() * self.shift)

    def act(self, points: C128) -> C128:
        """The images of points."""
        return self.factor * (points.conj() if self.mirrored else points) + self.shift

    @property
    def key(self) -> tuple[float, ...]:
        """The same for isometries that are equal up to rounding."""
        values = (self.factor.real, self.factor.imag, self.shift.real, self.shift.imag)
        return (*(round(value, 5) + 0.0 for value in values), float(self.mirrored))


MIRROR = PlaneMotion(mirrored=True)
"""In the real axis."""


@dataclass(frozen=True)
class Tiling:
    """A tile that fills the plane.

    Attributes:
        template: how its outline is cut into edges.
        outline: (n,) from the template's start on, in the template's space: counter-clockwise, axis horizontal.
    """

    template: Template
    outline: C128

    @property
    def kind(self) -> IsohedralType:
        """The isohedral type."""
        return TYPES[self.template.type]

    @property
    def group(self) -> Group:
        """The plane group of which the tile is a fundamental domain."""
        return GROUPS[self.kind.group]

    @cached_property
    def tile(self) -> C128:
        """(n,) the outline as the figure has it, counter-clockwise: mirrored back where the template is mirrored."""
        return self.outline.conj()[::-1] if self.template.mirrored else self.outline

    @cached_property
    def vertices(self) -> C128:
        """(edges + 1,) of the outline, where edges begin, and the first once more."""
        return self.outline[self.template.ends % self.template.points]

    @cached_property
    def across(self) -> tuple[PlaneMotion, ...]:
        """The isometries that carry the tile to its neighbours across edges, each with its inverse."""
        motions: list[PlaneMotion] = []
        for rule in self.kind.rules:
            if self.template.lengths[rule.edges[0]]:
                motion = motion_across(rule, self.vertices)
                motion = MIRROR @ motion @ MIRROR if self.template.mirrored else motion
                motions += [motion] if rule.kind == "half turn" else [motion, motion.inverse()]
        return tuple(motions)

    @cached_property
    def lattice(self) -> tuple[complex, complex]:
        """Two shortest translations, counter-clockwise.

        Raises:
            OutlineFault: the tile's copies do not fill the plane once.
        """
        motions = {PlaneMotion().key: PlaneMotion()}
        waiting = [PlaneMotion()]
        for motion in waiting:
            for step in self.across:
                product = motion @ step
                if product.key not in motions and len(motions) < _PRODUCTS:
                    motions[product.key] = product
                    waiting.append(product)
        shifts = [item.shift for item in motions.values() if not item.mirrored and abs(item.factor - 1) < _NEAR]
        shifts = sorted((shift for shift in shifts if abs(shift) > _NEAR), key=abs)
        for first in shifts[:1]:
            for second in shifts:
                cell = (first.conjugate() * second).imag
                if abs(cell) > 1e-3 * abs(first) ** 2:
                    tiles = abs(cell) / abs(area(self.outline))
                    if abs(tiles - self.group.order) > 1e-4:
                        break
                    return (first, second) if cell > 0 else (first, -second)
        raise OutlineFault(
            f"makes a tile of type {self.kind.name} whose copies do not fill the plane once; its edges are too short; "
            "choose another candidate"
        )

    @cached_property
    def frame(self) -> LatticePlace:
        """Origin, e1 and e2 in the group's usual setting."""
        first, second = self.lattice
        match self.group.lattice:
            case "oblique":
                return LatticePlace(self._centre(2), first, second)
            case "rectangular":
                # e2 along the glide axis, which is horizontal, and e1 downwards: counter-clockwise
                lattice = [i * first + j * second for i in range(-3, 4) for j in range(-3, 4) if i or j]
                along = min(abs(item) for item in lattice if abs(item.imag) < _NEAR)
                across = min(abs(item) for item in lattice if abs(item.real) < _NEAR)
                return LatticePlace(self._centre(2), -1j * across, complex(along))
            case "square":
                return LatticePlace(self._centre(4), first, 1j * first)
            case "hexagonal":
                order = 6 if "r6" in self.group.point else 3
                return LatticePlace(self._centre(order), first, first * np.exp(2j * np.pi / 3))
        raise AssertionError(f"{self.kind.name} has a group with a {self.group.lattice} lattice")

    def motion(self, isometry: Isometry) -> PlaneMotion:
        """The way back from `exact`."""
        place = self.frame
        (a, b), (c, d) = isometry.matrix
        images = [place.vector((a, c)), place.vector((b, d))]
        mirrored = isometry.determinant < 0
        factor = images[0] / (place.first.conjugate() if mirrored else place.first)
        shift = place.origin + place.vector((isometry.halves[0] / 2, isometry.halves[1] / 2))
        turned = factor * (place.origin.conjugate() if mirrored else place.origin)
        return PlaneMotion(factor, shift - turned, mirrored)

    def _centre(self, order: int) -> complex:
        """A centre of rotation of an order; on a glide axis, or the tile's own middle, where the group has none."""
        turn = np.exp(2j * np.pi / order)
        for motion in self.across:
            if not motion.mirrored and abs(motion.factor - turn) < _NEAR:
                return complex(motion.shift / (1 - motion.factor))
        for motion in self.across:
            if motion.mirrored:
                return complex(self.tile.mean().real + 0.5j * motion.shift.imag)
        return complex(self.tile.mean())

    def exact(self, motion: PlaneMotion) -> Isometry:
        """An isometry of the group in lattice coordinates.

        Raises:
            OutlineFault: it is none of the group's.
        """
        place = self.frame
        shifts = [motion.act(np.array([place.origin + step]))[0] for step in (0, place.first, place.second)]
        origin = place.coordinates(shifts[0] - place.origin)
        columns = [place.coordinates(shift - shifts[0]) for shift in shifts[1:]]
        matrix, halves = np.array(columns).T, 2 * np.array(origin)
        entries, steps = np.rint(matrix).astype(int).tolist(), np.rint(halves).astype(int).tolist()
        result = Isometry(
            ((entries[0][0], entries[0][1]), (entries[1][0], entries[1][1])),
            (steps[0], steps[1]),
        )
        rest = max(np.abs(matrix - entries).max(), np.abs(halves - steps).max())
        word = coset_words(self.group).get(result.matrix)
        if rest > 1e-4 or word is None:
            raise OutlineFault(f"makes a tile that is no domain of {self.group.name}; choose another candidate")
        return result


@dataclass(frozen=True)
class LatticePlace:
    """Where a lattice lies in the plane.

    Attributes:
        origin: of the group's usual setting.
        first: e1.
        second: e2, counter-clockwise from e1.
    """

    origin: complex
    first: complex
    second: complex

    @property
    def cell(self) -> float:
        """Area of a cell."""
        return (self.first.conjugate() * self.second).imag

    def coordinates(self, vector: complex) -> tuple[float, float]:
        """A vector as multiples of e1 and e2."""
        return (vector.conjugate() * self.second).imag / self.cell, (self.first.conjugate() * vector).imag / self.cell

    def vector(self, coordinates: F64 | tuple[float, float]) -> complex:
        """The way back from `coordinates`."""
        return coordinates[0] * self.first + coordinates[1] * self.second


def motion_across(rule: EdgeRule, vertices: C128) -> PlaneMotion:
    """The isometry that carries a tile to its neighbour across a rule's first edge."""
    a, b = rule.edges[0], rule.edges[-1]
    match rule.kind:
        case "half turn":
            return PlaneMotion(-1 + 0j, complex(vertices[a] + vertices[a + 1]))
        case "translation":
            return PlaneMotion(1 + 0j, complex(vertices[a] - vertices[b + 1]))
        case "glide":
            return PlaneMotion(1 + 0j, complex(vertices[a] - vertices[b].conjugate()), True)
        case "cross glide":
            return PlaneMotion(-1 + 0j, complex(vertices[a] + vertices[b].conjugate()), True)
        case "corner":
            return PlaneMotion(rule.turn, complex((1 - rule.turn) * vertices[b]))
