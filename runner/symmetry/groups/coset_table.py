"""A coset table: a subgroup of a reflection group, with its colour action, as tables over its cosets.

A point is folded into the triangle by reflections; their product's coset says how far it is from the group.
The group's fundamental domain is one triangle for each coset, a *sheet*: one for the whole reflection group, two
for its rotations (the triangle's two sides, as of a pillow), as many as the index for any other subgroup. Sheets
meet along their sides, and a mirror of the group folds a sheet onto itself.

Convention: I(h x) = c(h) I(x). With transversal elements t_s, the first of them the identity, mirror m_i leads
from sheet s to `beyond[s, i]`, and t_s m_i = h t_beyond with h in the group: `colours[s, i]` is c(h). So a
point x that the reflections i, j, k, ... fold to y shows I(x) = c(h1) c(h2) ... theta_sheet(y).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.triangle import Triangle

_MAX_MEMBERS = 600  # {3, 20} needs 150; tiles with very many corners show too little of the rest to tell
_ENTRY_TOLERANCE = 1e-6  # different elements of groups of at most 240 differ by far more


@dataclass(frozen=True)
class SheetOrbits:
    """Which sheets show one place of the triangle, and through which colours.

    Attributes:
        head: (sheets,) the sheet whose value counts.
        element: (sheets,) the colour element through which a sheet shows the head's value.
        projectors: {head: (3, 3)} on the colours that the place's stabiliser leaves fixed, where it moves any.
    """

    head: I64
    element: I64
    projectors: Mapping[int, F64]


@dataclass(frozen=True)
class CosetTable:
    """The tables; see the module's docstring.

    Attributes:
        beyond: (sheets, 3) the sheet behind each side.
        colours: (sheets, 3) the colour element of crossing it.
    """

    beyond: I64
    colours: I64

    @property
    def count(self) -> int:
        """Number of sheets: the index of the group in the reflection group."""
        return len(self.beyond)

    @cached_property
    def table(self) -> I64:
        """(sheets * 48, 3) for `Triangle.fold`: states are sheet * 48 + colour element."""
        product = colour.PRODUCT.astype(np.int64)
        states = self.beyond[:, None, :] * colour.COUNT + product[:, self.colours].transpose(1, 0, 2)
        result: I64 = states.reshape(-1, 3)
        return result

    def ways(self, triangle: Triangle, mirrors: Sequence[int] = (0, 1, 2)) -> F64:
        """Movements by which a place of the triangle comes to one that shows each sheet, colours unchanged.

        Args:
            triangle: that the sheets are copies of.
            mirrors: that may be used.

        Returns:
            (sheets, 3, 3).

        Raises:
            KeyError: a sheet is reached through other colours only; the transversals are not next to each other.
        """
        ways: dict[int, F64] = {0: np.eye(3)}
        waiting = [0]
        while waiting:
            here = waiting.pop(0)
            for mirror in mirrors:
                there = int(self.beyond[here, mirror])
                if there not in ways and self.colours[here, mirror] == colour.IDENTITY:
                    ways[there] = ways[here] @ triangle.reflection(mirror)
                    waiting.append(there)
        return np.array([ways[number] for number in range(self.count)])

    def members_near(self, triangle: Triangle, samples: F64, reach: float) -> tuple[F64, I64]:
        """Elements of the group that bring the fundamental domain, or a part of it, near itself.

        Args:
            triangle: of the hyperbolic plane, that the sheets are copies of.
            samples: (N, 3) points all over the triangle.
            reach: how near, as the hyperbolic cosine of a distance.

        Returns:
            (G, 3, 3) elements, the identity first, and their (G,) colour elements; the nearest of very many.
        """
        ways = self.ways(triangle)
        form = np.diag([-1.0, -1.0, 1.0])
        domain = np.concatenate([samples @ way.T for way in ways]) @ form
        mirrors = [triangle.reflection(number) for number in range(3)]
        middle = triangle.normalised(triangle.corners.sum(0))
        seen: set[tuple[int, ...]] = set()
        members: dict[tuple[int, ...], tuple[F64, int]] = {}
        waiting = [(0.0, 0, np.eye(3), 0, colour.IDENTITY)]  # the nearest first, then the first found
        found = 0
        while waiting and len(members) < _MAX_MEMBERS:
            _, _, moved, sheet, shown = heapq.heappop(waiting)
            place = _key(moved @ middle)
            if place in seen:
                continue
            seen.add(place)
            distance = float((domain @ (samples @ moved.T).T).min())
            if distance > reach:
                continue
            member = moved @ np.linalg.inv(ways[sheet])
            members.setdefault(_key(member @ middle), (member, shown))
            for number, mirror in enumerate(mirrors):
                crossing = colour.compose(shown, int(self.colours[sheet, number]))
                found += 1
                beyond = int(self.beyond[sheet, number])
                heapq.heappush(waiting, (distance, found, moved @ mirror, beyond, crossing))
        matrices, elements = zip(*members.values(), strict=True)
        return np.array(matrices), np.array(elements, dtype=np.int64)

    def orbits_at(self, mirrors: Sequence[int]) -> SheetOrbits:
        """Which sheets share a place that lies on some of the mirrors.

        Args:
            mirrors: none for the inside, one for a side, two for a corner.
        """
        head = np.full(self.count, -1, dtype=np.int64)
        element = np.zeros(self.count, dtype=np.int64)
        projectors: dict[int, F64] = {}
        for start in range(self.count):
            if head[start] >= 0:
                continue
            head[start] = start
            waiting, loops = [start], {colour.IDENTITY}
            while waiting:
                sheet = waiting.pop()
                for mirror in mirrors:
                    # theta_sheet = c(h) theta_there, and theta_sheet = element theta_start
                    there, crossing = int(self.beyond[sheet, mirror]), int(self.colours[sheet, mirror])
                    shown = colour.compose(colour.INVERSE[crossing], int(element[sheet]))
                    if head[there] < 0:
                        head[there], element[there] = start, shown
                        waiting.append(there)
                    else:
                        loops.add(colour.compose(colour.INVERSE[int(element[there])], shown))
            stabiliser = colour.generate(loops)
            if len(stabiliser) > 1:
                projectors[start] = colour.projector(stabiliser)
        return SheetOrbits(head, element, projectors)


def reflections(colours: Sequence[int]) -> CosetTable:
    """The whole reflection group.

    Args:
        colours: elements of the mirrors opposite to P, Q, R; legal.
    """
    return CosetTable(np.zeros((1, 3), dtype=np.int64), np.array([colours], dtype=np.int64))


def rotations(about_p: int, about_r: int) -> CosetTable:
    """The rotations of a reflection group: a triangle and its mirror image in the side PR.

    Args:
        about_p: colour element of the turn by 2 pi / p about P, counter-clockwise; legal.
        about_r: of the turn by 2 pi / r about R. The turn about Q is the inverse of the turn about P after
            the one about R.
    """
    back_p, back_r = colour.INVERSE[about_p], colour.INVERSE[about_r]
    beyond = np.array([[1, 1, 1], [0, 0, 0]], dtype=np.int64)
    return CosetTable(beyond, np.array([[back_r, 0, about_p], [about_r, 0, back_p]], dtype=np.int64))


def tile_sides(order: int, element: int) -> CosetTable:
    """The group that the mirrors in a tile's sides generate; the tile itself keeps no symmetry.

    It is normal in the reflection group of {p, q}, q even, and the quotient are the symmetries of a p-gon: a sheet
    for each of them. The mirror QR, a side, leads every sheet to itself; the two others permute them.

    Args:
        order: corners of a tile, p.
        element: colour element of every side's mirror; an involution.
    """
    # sheet 2k is the turn by k, sheet 2k + 1 that turn after the mirror PR; RQ-mirror PQ is a turn after PR
    turn, flipped = np.divmod(np.arange(2 * order, dtype=np.int64), 2)
    across_pr = 2 * turn + (1 - flipped)
    across_pq = 2 * ((turn + np.where(flipped, -1, 1)) % order) + (1 - flipped)
    beyond = np.stack([np.arange(2 * order, dtype=np.int64), across_pr, across_pq], axis=1)
    colours = np.zeros((2 * order, 3), dtype=np.int64)
    colours[:, 0] = element
    return CosetTable(beyond, colours)


def generated(matrices: Sequence[F64], elements: Sequence[int]) -> tuple[list[F64], list[int]]:
    """All products of some orthogonal matrices that generate a finite group, with their colours.

    Args:
        matrices: (3, 3) each, orthogonal.
        elements: a colour element of each.

    Raises:
        ValueError: two words for one matrix have different colours, or there are more than 240 matrices.
    """
    members, colours = [np.eye(3)], [colour.IDENTITY]
    index = 0
    while index < len(members):
        for matrix, element in zip(matrices, elements, strict=True):
            product, shown = members[index] @ matrix, colour.compose(colours[index], element)
            same = _find(product, members)
            if same is None:
                if len(members) >= 240:
                    raise ValueError(
                        "more than 240 products; the matrices do not generate a finite group of the sphere"
                    )
                members.append(product)
                colours.append(shown)
            elif colours[same] != shown:
                raise ValueError("one movement with two colours; the action is not legal")
        index += 1
    return members, colours


def subgroup(triangle: Triangle, matrices: Sequence[F64], elements: Sequence[int]) -> CosetTable:
    """A subgroup of a finite reflection group, given by generators.

    Args:
        triangle: whose reflections contain the subgroup.
        matrices: (3, 3) generators, products of the triangle's mirrors.
        elements: their colour elements; legal.

    Raises:
        ValueError: the action is not legal, or a generator is not in the reflection group.
    """
    members, shown = generated(matrices, elements)
    mirrors = [triangle.reflection(number) for number in range(3)]
    whole, _ = generated(mirrors, [colour.IDENTITY] * 3)
    if len(whole) % len(members) or any(_find(member, whole) is None for member in members):
        raise ValueError("a generator is not a product of the triangle's mirrors")
    transversal = [np.eye(3)]
    beyond: list[list[int]] = []
    colours: list[list[int]] = []
    for sheet in range(len(whole) // len(members)):
        row, crossing = [], []
        for mirror in mirrors:
            product = transversal[sheet] @ mirror
            quotients = (_find(product @ element.T, members) for element in transversal)
            number, member = next(
                ((n, member) for n, member in enumerate(quotients) if member is not None), (len(transversal), 0)
            )
            if number == len(transversal):
                transversal.append(product)
            row.append(number)
            crossing.append(shown[member])
        beyond.append(row)
        colours.append(crossing)
    return CosetTable(np.array(beyond, dtype=np.int64), np.array(colours, dtype=np.int64))


def _key(point: F64) -> tuple[int, ...]:
    """The same for points that are equal up to rounding, different for images of one in general position."""
    return tuple(np.rint(np.arcsinh(point) / _ENTRY_TOLERANCE / 100).astype(np.int64).tolist())


def _find(matrix: F64, among: Sequence[F64]) -> int | None:
    return next((n for n, other in enumerate(among) if np.abs(other - matrix).max() < _ENTRY_TOLERANCE), None)
