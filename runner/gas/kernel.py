"""The gas, compiled: (points, order, law) present themselves to nodes on a grid, O(1) each.

Reference: Fritzke 1995; the grid (`grid.py`) and the lazy errors after Fiser, Faigl and Kulich 2013.
"""

from __future__ import annotations

import math

from orbifolio.runner.gas.arrays import (
    ALIVE,
    BLOCK,
    FREE,
    PRESENTED,
    SCALE,
    SERIAL,
    TOTAL,
    UPDATES,
    Floats,
    Grid,
    Law,
    Longs,
    Nodes,
)
from orbifolio.runner.gas.grid import cell_of, compiled, into, link, move, nearest_two, short, unlink

DONE, WIDER, MORE, REGRID, RESCALE = range(5)
"""Why `present` came back: all done; a node's neighbours are full; slots are; the grid is coarse; d^-t is large."""

HUGE = 1e100  # d^-t at which stored errors are scaled back


@compiled
def find(node: int, other: int, nodes: Nodes) -> int:
    """Where a node keeps a neighbour; -1 if it is none."""
    for k in range(nodes.degrees[node]):
        if nodes.neighbours[node, k] == other:
            return k
    return -1


@compiled
def join(node: int, other: int, stamp: int, nodes: Nodes) -> None:
    """Add one end of an edge."""
    k = nodes.degrees[node]
    nodes.neighbours[node, k] = other
    nodes.stamps[node, k] = stamp
    nodes.degrees[node] = k + 1


@compiled
def part(node: int, k: int, nodes: Nodes) -> None:
    """Remove one end of an edge; the last takes its place."""
    last = nodes.degrees[node] - 1
    nodes.neighbours[node, k] = nodes.neighbours[node, last]
    nodes.stamps[node, k] = nodes.stamps[node, last]
    nodes.degrees[node] = last


@compiled
def refresh(node: int, nodes: Nodes) -> None:
    """Find the largest error of a node's block anew."""
    block = node // BLOCK
    largest = -1.0
    for other in range(block * BLOCK, min((block + 1) * BLOCK, len(nodes.errors))):
        largest = max(largest, nodes.errors[other])
    nodes.largest[block] = largest


@compiled
def remove(node: int, nodes: Nodes, grid: Grid) -> None:
    """Let a node without edges die."""
    unlink(node, grid)
    nodes.degrees[node] = -1
    nodes.errors[node] = -1.0
    refresh(node, nodes)
    nodes.free[nodes.counts[FREE]] = node
    nodes.counts[FREE] += 1
    nodes.counts[ALIVE] -= 1


@compiled
def add(x: float, y: float, error: float, utility: float, nodes: Nodes, grid: Grid) -> int:
    """A new node in a free slot."""
    nodes.counts[FREE] -= 1
    node: int = nodes.free[nodes.counts[FREE]]
    nodes.places[node, 0] = x
    nodes.places[node, 1] = y
    nodes.errors[node] = error
    nodes.utilities[node] = utility
    nodes.wins[node] = 0
    nodes.degrees[node] = 0
    nodes.serials[node] = nodes.counts[SERIAL]
    nodes.counts[SERIAL] += 1
    nodes.counts[ALIVE] += 1
    nodes.largest[node // BLOCK] = max(nodes.largest[node // BLOCK], error)
    link(node, cell_of(x, y, grid), grid)
    return node


@compiled
def worst(nodes: Nodes) -> int:
    """The node of the largest error, the oldest of equals."""
    largest = -1.0
    for block in range(len(nodes.largest)):
        largest = max(largest, nodes.largest[block])
    found = -1
    for block in range(len(nodes.largest)):
        if nodes.largest[block] == largest:
            for node in range(block * BLOCK, min((block + 1) * BLOCK, len(nodes.errors))):
                if nodes.errors[node] == largest and nodes.degrees[node] >= 0:
                    if found < 0 or nodes.serials[node] < nodes.serials[found]:
                        found = node
    return found


@compiled
def insert(law: Law, nodes: Nodes, grid: Grid) -> None:
    """Split the worst node's edge to its worst neighbour with a new node."""
    q = worst(nodes)
    if nodes.degrees[q] == 0:
        return  # two start nodes that never met the data: nothing to split yet
    f = nodes.neighbours[q, 0]
    for k in range(1, nodes.degrees[q]):
        other = nodes.neighbours[q, k]
        if nodes.errors[other] > nodes.errors[f] or (
            nodes.errors[other] == nodes.errors[f] and nodes.serials[other] < nodes.serials[f]
        ):
            f = other
    nodes.errors[q] *= law.alpha
    nodes.errors[f] *= law.alpha
    refresh(q, nodes)
    refresh(f, nodes)
    x = nodes.places[q, 0] + short(nodes.places[f, 0] - nodes.places[q, 0], grid.period_x)
    y = nodes.places[q, 1] + short(nodes.places[f, 1] - nodes.places[q, 1], grid.period_y)
    x = into(0.5 * (nodes.places[q, 0] + x), grid.period_x)
    y = into(0.5 * (nodes.places[q, 1] + y), grid.period_y)
    if grid.period_x <= 0.0:  # without the detour over the difference, so that no bit is lost
        x = 0.5 * (nodes.places[q, 0] + nodes.places[f, 0])
    if grid.period_y <= 0.0:
        y = 0.5 * (nodes.places[q, 1] + nodes.places[f, 1])
    part(q, find(q, f, nodes), nodes)
    part(f, find(f, q, nodes), nodes)
    inherited = nodes.errors[q] if law.inherit else 0.0
    new = add(x, y, inherited, 0.5 * (nodes.utilities[q] + nodes.utilities[f]), nodes, grid)
    join(q, new, nodes.wins[q], nodes)
    join(new, q, nodes.wins[q], nodes)
    join(f, new, nodes.wins[f], nodes)
    join(new, f, nodes.wins[f], nodes)


@compiled
def prune(law: Law, nodes: Nodes, grid: Grid) -> None:
    """Remove the least useful node if the largest error is `law.utility` times its utility (GNG-U)."""
    if nodes.counts[ALIVE] <= 2:
        return
    useless = -1
    for node in range(len(nodes.degrees)):
        if nodes.degrees[node] >= 0 and (useless < 0 or nodes.utilities[node] < nodes.utilities[useless]):
            useless = node
    if nodes.errors[worst(nodes)] <= law.utility * nodes.utilities[useless]:
        return
    while nodes.degrees[useless] > 0:
        other = nodes.neighbours[useless, 0]
        part(useless, 0, nodes)
        part(other, find(other, useless, nodes), nodes)
        if nodes.degrees[other] == 0 and nodes.counts[ALIVE] > 2:
            remove(other, nodes, grid)
    remove(useless, nodes, grid)


@compiled
def meet(first: int, second: int, nodes: Nodes) -> None:
    """Set the age of the edge between the nearest two to zero, or make it."""
    stamp = nodes.wins[first] + nodes.wins[second]
    k = find(first, second, nodes)
    if k >= 0:
        nodes.stamps[first, k] = stamp
        nodes.stamps[second, find(second, first, nodes)] = stamp
    else:
        join(first, second, stamp, nodes)
        join(second, first, stamp, nodes)


@compiled
def pull(first: int, second: int, x: float, y: float, law: Law, nodes: Nodes, grid: Grid) -> None:
    """Move the neighbours of the winner and let its old edges die, and what is left without edges."""
    k = 0
    # NeuPy removes an edge whose age before this win is at least a_max and does not move its other end; the paper
    # moves all, and then removes edges whose age with this win is more than a_max: the same edges.
    while k < nodes.degrees[first]:
        other = nodes.neighbours[first, k]
        age = nodes.wins[first] + nodes.wins[other] - nodes.stamps[first, k]
        old = age >= law.a_max and other != second
        if law.link_first:
            old = age >= law.a_max
        if not old or not law.link_first:
            move(other, x, y, law.epsilon_n, nodes, grid)
        if old:
            part(first, k, nodes)
            part(other, find(other, first, nodes), nodes)
            if nodes.degrees[other] == 0:
                remove(other, nodes, grid)
        else:
            k += 1


@compiled
def adapt(
    first: int, second: int, x: float, y: float, near: float, far: float, law: Law, nodes: Nodes, grid: Grid
) -> None:
    """One update: errors, places, edges."""
    gained = near if law.squared else math.sqrt(near)
    scale = nodes.sums[SCALE]
    nodes.errors[first] += gained * scale
    nodes.largest[first // BLOCK] = max(nodes.largest[first // BLOCK], nodes.errors[first])
    nodes.utilities[first] += (far - near) * scale
    move(first, x, y, law.epsilon_b, nodes, grid)
    if law.link_first:
        meet(first, second, nodes)
        pull(first, second, x, y, law, nodes, grid)
        nodes.wins[first] += 1
    else:
        pull(first, second, x, y, law, nodes, grid)
        nodes.wins[first] += 1
        meet(first, second, nodes)


@compiled
def present(
    points: Floats, order: Longs, start: int, most: int, regrid: int, law: Law, nodes: Nodes, grid: Grid
) -> tuple[int, int]:
    """Present points until all are, or until Python must make room.

    Args:
        points: (n, 2).
        order: which points, in this order.
        start: first place of `order`.
        most: nodes that may live.
        regrid: nodes at which the grid should be made anew.
        law: the rules.
        nodes: changed in place.
        grid: changed in place.

    Returns:
        The place in `order` to go on from, and why it came back.
    """
    width = nodes.neighbours.shape[1]
    for index in range(start, len(order)):
        if nodes.counts[FREE] == 0 and nodes.counts[ALIVE] < most:
            return index, MORE
        x, y = points[order[index], 0], points[order[index], 1]
        first, near, second, far = nearest_two(x, y, nodes, grid)
        if max(nodes.degrees[first], nodes.degrees[second]) >= width - 1:
            return index, WIDER
        nodes.counts[PRESENTED] += 1
        distance = math.sqrt(near)
        nodes.sums[TOTAL] += distance
        if distance < law.nearer:
            continue
        nodes.counts[UPDATES] += 1
        adapt(first, second, x, y, near, far, law, nodes, grid)
        grown = False
        if nodes.counts[UPDATES] % law.interval == 0:
            if law.utility > 0.0:
                prune(law, nodes, grid)
            if nodes.counts[ALIVE] < most and nodes.counts[FREE] > 0:
                insert(law, nodes, grid)
                grown = True
        nodes.sums[SCALE] /= law.d
        if nodes.sums[SCALE] > HUGE:
            return index + 1, RESCALE
        if grown and nodes.counts[ALIVE] >= regrid:
            return index + 1, REGRID
    return len(order), DONE


@compiled
def mean_distance(points: Floats, stride: int, nodes: Nodes, grid: Grid) -> float:
    """The mean distance of every `stride`-th point to its nearest node."""
    total = 0.0
    count = 0
    for index in range(0, len(points), stride):
        total += math.sqrt(nearest_two(points[index, 0], points[index, 1], nodes, grid)[1])
        count += 1
    return total / count
