"""The gas on an orbifold, compiled: nodes are orbits, and an edge says which image of its other end it leads to.

A point of the fundamental domain is compared with the images of all nodes under the elements around it. If the
nearest is image g of node i and the second nearest image h of node j, the point is moved back by g, and everything
is told from i: the edge leads from i to the image g^-1 h of j. So all images of the drawing grow at once, and the
drawing has the symmetry exactly. The rules are Fritzke's (1995); the ages as in `arrays.py`.

Convention: element 0 is the identity; `ways` are all products g^-1 h, `back` numbers their inverses.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from orbifolio.runner.gas.arrays import Law

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

ALIVE, UPDATES = range(2)  # places in `Orbits.counts`
SCALE, TOTAL = range(2)  # places in `Orbits.sums`
HUGE = 1e100


class Group(NamedTuple):
    """The elements in use.

    Attributes:
        curvature: of the surface.
        elements: (s, 3, 3) around the domain.
        inverses: (s, 3, 3).
        ways: (t, 3, 3) all products of an element's inverse with an element.
        between: (s, s) number of the way g^-1 h.
        back: (t,) number of the inverse of a way.
    """

    curvature: float
    elements: Floats
    inverses: Floats
    ways: Floats
    between: Longs
    back: Longs


class Orbits(NamedTuple):
    """Everything about the nodes; `cap` slots, the first `counts[ALIVE]` of them in use, oldest first.

    Attributes:
        places: (cap, 3).
        images: (cap, s, 3) of every node.
        errors: (cap,) accumulated errors times d^-t.
        wins: (cap,) presentations won.
        degrees: (cap,) number of edges.
        neighbours: (cap, w) slots.
        ways: (cap, w) the image of the neighbour that the edge leads to.
        stamps: (cap, w) wins of both ends when its age was zero.
        counts: nodes alive, updates.
        sums: d^-t, and the sum of distances presented.
    """

    places: Floats
    images: Floats
    errors: Floats
    wins: Longs
    degrees: Longs
    neighbours: Longs
    ways: Longs
    stamps: Longs
    counts: Longs
    sums: Floats


@njit(cache=True)
def set_place(node: int, x: float, y: float, z: float, orbits: Orbits, group: Group) -> None:
    """Put a node on the surface, near a place that may be a little off it, and its images with it."""
    if group.curvature != 0.0:
        size = math.sqrt(max(1e-300, group.curvature * (x * x + y * y) + z * z))
        x, y, z = x / size, y / size, z / size
    orbits.places[node, 0], orbits.places[node, 1], orbits.places[node, 2] = x, y, z
    for number in range(len(group.elements)):
        matrix = group.elements[number]
        for row in range(3):
            orbits.images[node, number, row] = matrix[row, 0] * x + matrix[row, 1] * y + matrix[row, 2] * z


@njit(cache=True)
def go(node: int, x: float, y: float, z: float, share: float, orbits: Orbits, group: Group) -> None:
    """Move a node a share of the way to a point."""
    a, b, c = orbits.places[node, 0], orbits.places[node, 1], orbits.places[node, 2]
    set_place(node, a + share * (x - a), b + share * (y - b), c + share * (z - c), orbits, group)


@njit(cache=True)
def nearest_images(x: float, y: float, z: float, orbits: Orbits, curvature: float) -> tuple[int, int, float, int, int]:
    """The nearest and second nearest image: node, element, squared distance; node, element."""
    first, first_element, second, second_element = 0, 0, 0, 0
    near, far = math.inf, math.inf
    for node in range(orbits.counts[ALIVE]):
        for number in range(orbits.images.shape[1]):
            dx = orbits.images[node, number, 0] - x
            dy = orbits.images[node, number, 1] - y
            dz = orbits.images[node, number, 2] - z
            square = dx * dx + dy * dy + curvature * dz * dz
            if square < far:
                if square < near:
                    second, second_element, far = first, first_element, near
                    first, first_element, near = node, number, square
                else:
                    second, second_element, far = node, number, square
    return first, first_element, near, second, second_element


@njit(cache=True)
def find(node: int, other: int, way: int, orbits: Orbits) -> int:
    """Where a node keeps an edge; -1 if it has none."""
    for k in range(orbits.degrees[node]):
        if orbits.neighbours[node, k] == other and orbits.ways[node, k] == way:
            return k
    return -1


@njit(cache=True)
def join(node: int, other: int, way: int, orbits: Orbits, group: Group) -> None:
    """Make an edge, or set its age to zero; an edge onto its own reverse is kept once."""
    stamp = orbits.wins[node] + orbits.wins[other]
    for turn in range(2):
        a, b, w = (node, other, way) if turn == 0 else (other, node, group.back[way])
        k = find(a, b, w, orbits)
        if k < 0:
            k = orbits.degrees[a]
            orbits.neighbours[a, k], orbits.ways[a, k] = b, w
            orbits.degrees[a] = k + 1
        orbits.stamps[a, k] = stamp


@njit(cache=True)
def drop(node: int, k: int, orbits: Orbits) -> None:
    """Remove one end of an edge."""
    last = orbits.degrees[node] - 1
    orbits.neighbours[node, k] = orbits.neighbours[node, last]
    orbits.ways[node, k] = orbits.ways[node, last]
    orbits.stamps[node, k] = orbits.stamps[node, last]
    orbits.degrees[node] = last


@njit(cache=True)
def cut(node: int, k: int, orbits: Orbits, group: Group) -> None:
    """Remove an edge."""
    other, way = orbits.neighbours[node, k], orbits.ways[node, k]
    drop(node, k, orbits)
    there = find(other, node, group.back[way], orbits)
    if there >= 0:
        drop(other, there, orbits)


@njit(cache=True)
def forget(orbits: Orbits) -> None:
    """Take nodes without edges away; those after them move up, so that the oldest stay first."""
    count = orbits.counts[ALIVE]
    number = np.full(count, -1, dtype=np.int64)
    kept = 0
    for node in range(count):
        if orbits.degrees[node] > 0:
            number[node] = kept
            if kept != node:
                orbits.places[kept], orbits.images[kept] = orbits.places[node], orbits.images[node]
                orbits.errors[kept], orbits.wins[kept] = orbits.errors[node], orbits.wins[node]
                orbits.degrees[kept], orbits.neighbours[kept] = orbits.degrees[node], orbits.neighbours[node]
                orbits.ways[kept], orbits.stamps[kept] = orbits.ways[node], orbits.stamps[node]
            kept += 1
    for node in range(kept):
        for k in range(orbits.degrees[node]):
            orbits.neighbours[node, k] = number[orbits.neighbours[node, k]]
    orbits.counts[ALIVE] = kept


@njit(cache=True)
def insert(law: Law, orbits: Orbits, group: Group) -> None:
    """Split the worst node's edge to its worst neighbour with a new node."""
    count = orbits.counts[ALIVE]
    q = 0
    for node in range(count):
        if orbits.errors[node] > orbits.errors[q]:
            q = node
    if orbits.degrees[q] == 0:
        return
    worst = 0
    for k in range(orbits.degrees[q]):
        if orbits.errors[orbits.neighbours[q, k]] > orbits.errors[orbits.neighbours[q, worst]]:
            worst = k
    f, way = orbits.neighbours[q, worst], orbits.ways[q, worst]
    orbits.errors[q] *= law.alpha
    if f != q:
        orbits.errors[f] *= law.alpha
    matrix = group.ways[way]
    half = np.zeros(3)
    for row in range(3):
        there = 0.0
        for column in range(3):
            there += matrix[row, column] * orbits.places[f, column]
        half[row] = 0.5 * (orbits.places[q, row] + there)
    cut(q, worst, orbits, group)
    orbits.counts[ALIVE] = count + 1
    orbits.errors[count], orbits.wins[count], orbits.degrees[count] = orbits.errors[q], 0, 0
    set_place(count, half[0], half[1], half[2], orbits, group)
    join(q, count, 0, orbits, group)
    join(count, f, way, orbits, group)


@njit(cache=True)
def adapt(
    first: int, number: int, near: float, second: int, other: int, x: Floats, law: Law, orbits: Orbits, group: Group
) -> None:
    """One update, told from the winner: errors, places, edges."""
    gained = near if law.squared else math.sqrt(near)
    orbits.errors[first] += gained * orbits.sums[SCALE]
    point, moved = np.zeros(3), np.zeros(3)
    for row in range(3):
        for column in range(3):
            point[row] += group.inverses[number][row, column] * x[column]
    # a neighbour may be an image of the winner itself, so all ways are gone from where the nodes were
    for k in range(orbits.degrees[first]):
        node, back = orbits.neighbours[first, k], group.ways[group.back[orbits.ways[first, k]]]
        for row in range(3):
            moved[row] = back[row, 0] * point[0] + back[row, 1] * point[1] + back[row, 2] * point[2]
        go(node, moved[0], moved[1], moved[2], law.epsilon_n, orbits, group)
    go(first, point[0], point[1], point[2], law.epsilon_b, orbits, group)
    way = group.between[number, other]
    lonely, k = False, 0
    while k < orbits.degrees[first]:
        node = orbits.neighbours[first, k]
        age = orbits.wins[first] + orbits.wins[node] - orbits.stamps[first, k]
        if age >= law.a_max and not (node == second and orbits.ways[first, k] == way):
            before = orbits.degrees[first]
            cut(first, k, orbits, group)
            lonely = lonely or orbits.degrees[node] == 0
            if orbits.degrees[first] < before - 1:
                k = 0  # both ends were here: what stood at k may have moved
        else:
            k += 1
    orbits.wins[first] += 1
    join(first, second, way, orbits, group)
    if lonely:
        forget(orbits)


@njit(cache=True)
def present_images(
    points: Floats, order: Longs, start: int, most: int, law: Law, orbits: Orbits, group: Group
) -> tuple[int, bool]:
    """Present points until all are, or until Python must make room for more neighbours.

    Args:
        points: (n, 3) of the fundamental domain.
        order: which points, in this order.
        start: first place of `order`.
        most: nodes that may live; there must be slots for them.
        law: the rules.
        orbits: changed in place.
        group: the elements.

    Returns:
        The place in `order` to go on from, and whether room is wanted.
    """
    width = orbits.neighbours.shape[1]
    for index in range(start, len(order)):
        x = points[order[index]]
        first, number, near, second, other = nearest_images(x[0], x[1], x[2], orbits, group.curvature)
        if max(orbits.degrees[first], orbits.degrees[second]) >= width - 3:
            return index, True
        near = max(near, 0.0)
        orbits.sums[TOTAL] += math.sqrt(near)
        orbits.counts[UPDATES] += 1
        adapt(first, number, near, second, other, x, law, orbits, group)
        if orbits.counts[UPDATES] % law.interval == 0 and orbits.counts[ALIVE] < most:
            insert(law, orbits, group)
        orbits.sums[SCALE] /= law.d
        if orbits.sums[SCALE] > HUGE:
            orbits.errors[: orbits.counts[ALIVE]] /= orbits.sums[SCALE]
            orbits.sums[SCALE] = 1.0
    return len(order), False


@njit(cache=True)
def mean_image_distance(points: Floats, stride: int, orbits: Orbits, curvature: float) -> float:
    """The mean distance of every `stride`-th point to the nearest image of a node."""
    total, count = 0.0, 0
    for index in range(0, len(points), stride):
        x = points[index]
        total += math.sqrt(max(0.0, nearest_images(x[0], x[1], x[2], orbits, curvature)[2]))
        count += 1
    return total / max(1, count)
