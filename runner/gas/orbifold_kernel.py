"""The gas on an orbifold, compiled: nodes are orbits, and an edge says which image of its other end it leads to.

A point of the fundamental domain is compared with the images of all nodes under the elements around it. If the
nearest is image g of node i and the second nearest image h of node j, the point is moved back by g, and everything
is written from i: the edge leads from i to the image g^-1 h of j. So all images of the drawing grow at once, and the
drawing has the symmetry exactly. The rules are Fritzke's (1995); ages are stored as in `tables.py`.

Convention: element 0 is the identity; `ways` are all products g^-1 h, `back` numbers their inverses.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.gas.tables import Law, PresentationBatch

ALIVE, UPDATES = range(2)  # indices into `OrbitTable.counts`
SCALE, TOTAL = range(2)  # indices into `OrbitTable.sums`
MAX_SCALE = 1e100  # d^-t at which stored errors are scaled back, as in `kernel.py`


class GroupTables(NamedTuple):
    """The elements in use.

    Attributes:
        curvature: of the surface: -1, 0 or 1.
        elements: (s, 3, 3) around the domain.
        inverses: (s, 3, 3) of the elements.
        ways: (t, 3, 3) all products of an element's inverse with an element.
        between: (s, s) number of the way g^-1 h.
        back: (t,) number of the inverse of a way.
    """

    curvature: float
    elements: F64
    inverses: F64
    ways: F64
    between: I64
    back: I64


class OrbitTable(NamedTuple):
    """The nodes; `cap` slots, the first `counts[ALIVE]` of them in use, oldest first.

    Attributes:
        places: (cap, 3) points of the surface.
        images: (cap, s, 3) of every node under every element.
        errors: (cap,) accumulated errors times d^-t.
        wins: (cap,) presentations at which an image of the node was nearest.
        degrees: (cap,) number of edges.
        neighbours: (cap, w) slots at the other ends of a node's edges.
        ways: (cap, w) the image of the neighbour that the edge leads to.
        stamps: (cap, w) wins of both ends when the age of the edge was zero.
        counts: nodes alive, updates.
        sums: d^-t, and the sum of distances presented.
    """

    places: F64
    images: F64
    errors: F64
    wins: I64
    degrees: I64
    neighbours: I64
    ways: I64
    stamps: I64
    counts: I64
    sums: F64


class OrbifoldGas(NamedTuple):
    """All that a presentation reads and changes; it changes the orbits only."""

    law: Law
    orbits: OrbitTable
    group: GroupTables


class ImageWinners(NamedTuple):
    """The two images of nodes that are nearest to a point.

    Attributes:
        first: slot of the node whose image is nearest.
        element: number of the element that makes this image.
        near: squared distance of this image.
        second: slot of the node whose image is second nearest; may be `first`.
        second_element: number of the element that makes that image.
    """

    first: int
    element: int
    near: float
    second: int
    second_element: int


@njit(cache=True)
def set_place(node: int, x: float, y: float, z: float, gas: OrbifoldGas) -> None:
    """Put a node on the surface, near a point that may be a little off it, and its images with it.

    Scaled by 1 / sqrt(k (x^2 + y^2) + z^2), a point fulfils k (x^2 + y^2) + z^2 = 1: the sphere for curvature k = 1,
    the hyperboloid for k = -1. In the plane z is always 1.
    """
    orbits, group = gas.orbits, gas.group
    if group.curvature != 0.0:
        size = math.sqrt(max(1e-300, group.curvature * (x * x + y * y) + z * z))
        x, y, z = x / size, y / size, z / size
    orbits.places[node, 0], orbits.places[node, 1], orbits.places[node, 2] = x, y, z
    for number in range(len(group.elements)):
        matrix = group.elements[number]
        for row in range(3):
            orbits.images[node, number, row] = matrix[row, 0] * x + matrix[row, 1] * y + matrix[row, 2] * z


@njit(cache=True)
def move(node: int, x: float, y: float, z: float, share: float, gas: OrbifoldGas) -> None:
    """Move a node a share of the way to a point, along the chord and back onto the surface."""
    orbits = gas.orbits
    a, b, c = orbits.places[node, 0], orbits.places[node, 1], orbits.places[node, 2]
    set_place(node, a + share * (x - a), b + share * (y - b), c + share * (z - c), gas)


@njit(cache=True)
def nearest_images(x: float, y: float, z: float, gas: OrbifoldGas) -> ImageWinners:
    """The two images that are nearest to a point, by the chord: its square grows with the distance on the surface."""
    orbits, curvature = gas.orbits, gas.group.curvature
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
    return ImageWinners(first, first_element, near, second, second_element)


@njit(cache=True)
def edge_index(node: int, other: int, way: int, orbits: OrbitTable) -> int:
    """Where a node keeps its edge to an image of another; -1 if it has none."""
    for k in range(orbits.degrees[node]):
        if orbits.neighbours[node, k] == other and orbits.ways[node, k] == way:
            return k
    return -1


@njit(cache=True)
def link(node: int, other: int, way: int, gas: OrbifoldGas) -> None:
    """Make an edge, or set its age to zero; an edge onto its own reverse is kept once."""
    orbits, group = gas.orbits, gas.group
    stamp = orbits.wins[node] + orbits.wins[other]
    for turn in range(2):
        a, b, w = (node, other, way) if turn == 0 else (other, node, group.back[way])
        k = edge_index(a, b, w, orbits)
        if k < 0:
            k = orbits.degrees[a]
            orbits.neighbours[a, k], orbits.ways[a, k] = b, w
            orbits.degrees[a] = k + 1
        orbits.stamps[a, k] = stamp


@njit(cache=True)
def remove_end(node: int, k: int, orbits: OrbitTable) -> None:
    """Remove an edge from the table of one of its ends; the last edge there takes its place."""
    last = orbits.degrees[node] - 1
    orbits.neighbours[node, k] = orbits.neighbours[node, last]
    orbits.ways[node, k] = orbits.ways[node, last]
    orbits.stamps[node, k] = orbits.stamps[node, last]
    orbits.degrees[node] = last


@njit(cache=True)
def unlink(node: int, k: int, gas: OrbifoldGas) -> None:
    """Remove an edge from the tables of both of its ends."""
    orbits, group = gas.orbits, gas.group
    other, way = orbits.neighbours[node, k], orbits.ways[node, k]
    remove_end(node, k, orbits)
    there = edge_index(other, node, group.back[way], orbits)
    if there >= 0:
        remove_end(other, there, orbits)


@njit(cache=True)
def remove_lonely(orbits: OrbitTable) -> None:
    """Remove nodes without edges; those after them move up, so that the oldest stay first."""
    count = orbits.counts[ALIVE]
    number = np.full(count, -1, dtype=np.int64)
    target = 0
    for node in range(count):
        if orbits.degrees[node] > 0:
            number[node] = target
            if target != node:
                orbits.places[target], orbits.images[target] = orbits.places[node], orbits.images[node]
                orbits.errors[target], orbits.wins[target] = orbits.errors[node], orbits.wins[node]
                orbits.degrees[target], orbits.neighbours[target] = orbits.degrees[node], orbits.neighbours[node]
                orbits.ways[target], orbits.stamps[target] = orbits.ways[node], orbits.stamps[node]
            target += 1
    for node in range(target):
        for k in range(orbits.degrees[node]):
            orbits.neighbours[node, k] = number[orbits.neighbours[node, k]]
    orbits.counts[ALIVE] = target


@njit(cache=True)
def insert_node(gas: OrbifoldGas) -> None:
    """Split the edge from the worst node q to its worst neighbour f with a new node in the middle.

    The edge leads to the image `way` of f; the two new ones lead from q to the new node itself, and from there to the
    same image of f.
    """
    law, orbits, group = gas
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
    unlink(q, worst, gas)
    orbits.counts[ALIVE] = count + 1
    orbits.errors[count], orbits.wins[count], orbits.degrees[count] = orbits.errors[q], 0, 0
    set_place(count, half[0], half[1], half[2], gas)
    link(q, count, 0, gas)
    link(count, f, way, gas)


@njit(cache=True)
def adapt(winners: ImageWinners, x: F64, gas: OrbifoldGas) -> None:
    """One update for a point x, moved to where the winner itself is nearest: errors, places, edges."""
    law, orbits, group = gas
    first, number, near, second, other = winners
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
        move(node, moved[0], moved[1], moved[2], law.epsilon_n, gas)
    move(first, point[0], point[1], point[2], law.epsilon_b, gas)
    way = group.between[number, other]
    lonely, k = False, 0
    while k < orbits.degrees[first]:
        node = orbits.neighbours[first, k]
        age = orbits.wins[first] + orbits.wins[node] - orbits.stamps[first, k]
        if age >= law.a_max and not (node == second and orbits.ways[first, k] == way):
            before = orbits.degrees[first]
            unlink(first, k, gas)
            lonely = lonely or orbits.degrees[node] == 0
            if orbits.degrees[first] < before - 1:
                k = 0  # both ends were in this table: the edge at k may have moved
        else:
            k += 1
    orbits.wins[first] += 1
    link(first, second, way, gas)
    if lonely:
        remove_lonely(orbits)


@njit(cache=True)
def present_images(batch: PresentationBatch, gas: OrbifoldGas) -> tuple[int, bool]:
    """Present points of the fundamental domain until all are, or until Python must make room for more neighbours.

    There must be slots for `batch.max_nodes`; `batch.regrid` is not used.

    Returns:
        The index in `batch.order` to continue from, and whether room is wanted.
    """
    law, orbits = gas.law, gas.orbits
    width = orbits.neighbours.shape[1]
    for index in range(batch.start, len(batch.order)):
        x = batch.points[batch.order[index]]
        first, number, near, second, other = nearest_images(x[0], x[1], x[2], gas)
        # a winner that is joined to its own image gains two ends at once
        if max(orbits.degrees[first], orbits.degrees[second]) >= width - 3:
            return index, True
        near = max(near, 0.0)
        orbits.sums[TOTAL] += math.sqrt(near)
        orbits.counts[UPDATES] += 1
        adapt(ImageWinners(first, number, near, second, other), x, gas)
        if orbits.counts[UPDATES] % law.interval == 0 and orbits.counts[ALIVE] < batch.max_nodes:
            insert_node(gas)
        orbits.sums[SCALE] /= law.d
        if orbits.sums[SCALE] > MAX_SCALE:
            orbits.errors[: orbits.counts[ALIVE]] /= orbits.sums[SCALE]
            orbits.sums[SCALE] = 1.0
    return len(batch.order), False


@njit(cache=True)
def mean_image_distance(points: F64, stride: int, gas: OrbifoldGas) -> float:
    """The mean distance of every `stride`-th point to the nearest image of a node."""
    total, count = 0.0, 0
    for index in range(0, len(points), stride):
        x = points[index]
        total += math.sqrt(max(0.0, nearest_images(x[0], x[1], x[2], gas).near))
        count += 1
    return total / max(1, count)
