"""A colouring is a homomorphism (plane group -> permutations of k colours) that gives no neighbours one colour.

The tile h(T) gets the colour that h's permutation makes of T's colour, 0. Homomorphisms into our 48 colour elements are
tabled already (`symmetry.groups.legality`), and the permutations of two, three and four colours are among these: of two
channels, of three, and the turns and mirrors of the cube that keep a tetrahedron, which permute its four corners.

Reference: Grünbaum and Shephard 1987, chapter 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.groups import Group, coset_words
from orbifolio.runner.symmetry.groups.isometry import Isometry
from orbifolio.runner.symmetry.groups.legality import evaluate, homomorphisms, neutral_period

SIGNS: Mapping[int, F64] = {
    2: np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    3: np.eye(3),
    4: np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]]),
}
"""(k, 3) where the k colours lie in the colour space on which elements act: axes, or corners of a tetrahedron."""


@dataclass(frozen=True)
class Colouring:
    """Colours of a tiling.

    Attributes:
        count: how many.
        assignment: the colour element of each of the group's generators.
        group: whose generators they are.
    """

    count: int
    assignment: Mapping[str, int]
    group: Group

    def element(self, isometry: Isometry) -> int:
        """The colour element of any isometry of the group."""
        return element_of(self.group, self.assignment, isometry)

    def of_tile(self, isometry: Isometry) -> int:
        """The colour of the tile that an isometry makes of the first one."""
        return permutations(self.count)[self.element(isometry)][0]


def element_of(group: Group, assignment: Mapping[str, int], isometry: Isometry) -> int:
    """The colour element of an isometry, under a colour action.

    Args:
        group: of which it is an element.
        assignment: a colour element for every generator.
        isometry: in lattice coordinates.
    """
    word = coset_words(group)[isometry.matrix]
    base = group.isometry(word)
    steps = [(mine - its) // 2 for mine, its in zip(isometry.halves, base.halves, strict=True)]
    moved = [colour.power(assignment[name], step) for name, step in zip(("t1", "t2"), steps, strict=True)]
    return colour.compose(*moved, evaluate(word, assignment))


@cache
def permutations(count: int) -> Mapping[int, tuple[int, ...]]:
    """The colour elements that permute the places of k colours, and how: colour i becomes colour p[i]."""
    places = SIGNS[count]
    result = {}
    for element in range(colour.COUNT):
        moved = places @ colour.MATRICES[element].T
        apart = np.abs(moved[:, None] - places[None]).max(2)
        if (apart.min(1) < 1e-9).all() and not (count < 4 and element % 8):  # no signs where colours are axes
            result[element] = tuple(apart.argmin(1).tolist())
    return result


def find_colouring(group: Group, across: Sequence[Isometry], count: int) -> Colouring | None:
    """The colouring that repeats soonest, or None where neighbours cannot differ in k colours.

    Args:
        group: of the tiling.
        across: to the tile's neighbours.
        count: of colours: 2, 3 or 4.
    """
    allowed, names = permutations(count), tuple(group.generators)
    found: list[tuple[int, tuple[int, ...], Colouring]] = []
    for row in homomorphisms(group).tolist():
        if not all(element in allowed for element in row):
            continue
        colouring = Colouring(count, dict(zip(names, row, strict=True)), group)
        if all(colouring.of_tile(isometry) for isometry in across) and _all_used(row, allowed, count):
            found.append((neutral_period(colouring.assignment).index, tuple(row), colouring))
    return min(found, key=lambda item: item[:2])[2] if found else None


def _all_used(row: Sequence[int], allowed: Mapping[int, tuple[int, ...]], count: int) -> bool:
    """Whether the generators' permutations lead from colour 0 to every other."""
    reached, waiting = {0}, [0]
    for place in waiting:
        for element in row:
            image = allowed[element][place]
            if image not in reached:
                reached.add(image)
                waiting.append(image)
    return len(reached) == count
