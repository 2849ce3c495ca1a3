"""The gas, compiled: points present themselves to nodes on a grid, O(1) each.

Reference: Fritzke 1995; the grid (`grid.py`) and the lazy errors after Fiser, Faigl and Kulich 2013.
"""

from __future__ import annotations

import math

from orbifolio.runner.arrays import F64
from orbifolio.runner.gas.grid import cell_of, compiled, link, move, nearest_two, rounded, short_way, unlink, wrapped
from orbifolio.runner.gas.tables import (
    ALIVE,
    BLOCK,
    FREE,
    PRESENTED,
    SCALE,
    SERIAL,
    TOTAL,
    UPDATES,
    Grid,
    Law,
    NodeTable,
    PresentationBatch,
    Winners,
)

DONE, WIDER, MORE, REGRID, RESCALE = range(5)
"""Why `present` came back: all done; a node's neighbours are full; slots are; the grid is coarse; d^-t is large."""

MAX_SCALE = 1e100
"""d^-t at which stored errors are scaled back: errors times it stay far below the largest double, 1.8e308."""


@compiled
def edge_index(node: int, other: int, nodes: NodeTable) -> int:
    """Where a node keeps its edge to another; -1 if it has none."""
    for k in range(nodes.degrees[node]):
        if nodes.neighbours[node, k] == other:
            return k
    return -1


@compiled
def add_end(node: int, other: int, stamp: int, nodes: NodeTable) -> None:
    """Write an edge into the table of one of its ends."""
    k = nodes.degrees[node]
    nodes.neighbours[node, k] = other
    nodes.stamps[node, k] = stamp
    nodes.degrees[node] = k + 1


@compiled
def remove_end(node: int, k: int, nodes: NodeTable) -> None:
    """Remove an edge from the table of one of its ends; the last edge there takes its place."""
    last = nodes.degrees[node] - 1
    nodes.neighbours[node, k] = nodes.neighbours[node, last]
    nodes.stamps[node, k] = nodes.stamps[node, last]
    nodes.degrees[node] = last


@compiled
def refresh_block(node: int, nodes: NodeTable) -> None:
    """Find the largest error of a node's block anew, after one became smaller."""
    block = node // BLOCK
    largest = -1.0
    for other in range(block * BLOCK, min((block + 1) * BLOCK, len(nodes.errors))):
        largest = max(largest, nodes.errors[other])
    nodes.largest[block] = largest


@compiled
def remove_node(node: int, nodes: NodeTable, grid: Grid) -> None:
    """Let a node without edges die."""
    unlink(node, grid)
    nodes.degrees[node] = -1
    nodes.errors[node] = -1.0
    refresh_block(node, nodes)
    nodes.free[nodes.counts[FREE]] = node
    nodes.counts[FREE] += 1
    nodes.counts[ALIVE] -= 1


@compiled
def add_node(x: float, y: float, error: float, utility: float, nodes: NodeTable, grid: Grid) -> int:
    """A new node without edges, in a free slot.

    Returns:
        Its slot.
    """
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
def worst_node(nodes: NodeTable) -> int:
    """The node of the largest error, the oldest of equals."""
    largest = -1.0
    for block in range(len(nodes.largest)):
        largest = max(largest, nodes.largest[block])
    worst = -1
    for block in range(len(nodes.largest)):
        if nodes.largest[block] == largest:
            for node in range(block * BLOCK, min((block + 1) * BLOCK, len(nodes.errors))):
                if nodes.errors[node] == largest and nodes.degrees[node] >= 0:
                    if worst < 0 or nodes.serials[node] < nodes.serials[worst]:
                        worst = node
    return worst


@compiled
def insert_node(law: Law, nodes: NodeTable, grid: Grid) -> None:
    """Split the edge from the worst node q to its worst neighbour f with a new node in the middle."""
    q = worst_node(nodes)
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
    refresh_block(q, nodes)
    refresh_block(f, nodes)
    x = nodes.places[q, 0] + short_way(nodes.places[f, 0] - nodes.places[q, 0], grid.period_x)
    y = nodes.places[q, 1] + short_way(nodes.places[f, 1] - nodes.places[q, 1], grid.period_y)
    x = wrapped(0.5 * (nodes.places[q, 0] + x), grid.period_x)
    y = wrapped(0.5 * (nodes.places[q, 1] + y), grid.period_y)
    if grid.period_x <= 0.0:  # without the detour over the difference, so that no bit is lost
        x = 0.5 * rounded(nodes.places[q, 0] + nodes.places[f, 0], law.single)
    if grid.period_y <= 0.0:
        y = 0.5 * rounded(nodes.places[q, 1] + nodes.places[f, 1], law.single)
    remove_end(q, edge_index(q, f, nodes), nodes)
    remove_end(f, edge_index(f, q, nodes), nodes)
    inherited = nodes.errors[q] if law.inherit else 0.0
    new = add_node(x, y, inherited, 0.5 * (nodes.utilities[q] + nodes.utilities[f]), nodes, grid)
    add_end(q, new, nodes.wins[q], nodes)
    add_end(new, q, nodes.wins[q], nodes)
    add_end(f, new, nodes.wins[f], nodes)
    add_end(new, f, nodes.wins[f], nodes)


@compiled
def remove_useless_node(law: Law, nodes: NodeTable, grid: Grid) -> None:
    """Remove the least useful node if the largest error is more than `law.utility` times its utility (GNG-U)."""
    if nodes.counts[ALIVE] <= 2:
        return
    useless = -1
    for node in range(len(nodes.degrees)):
        if nodes.degrees[node] >= 0 and (useless < 0 or nodes.utilities[node] < nodes.utilities[useless]):
            useless = node
    if nodes.errors[worst_node(nodes)] <= law.utility * nodes.utilities[useless]:
        return
    while nodes.degrees[useless] > 0:
        other = nodes.neighbours[useless, 0]
        remove_end(useless, 0, nodes)
        remove_end(other, edge_index(other, useless, nodes), nodes)
        if nodes.degrees[other] == 0 and nodes.counts[ALIVE] > 2:
            remove_node(other, nodes, grid)
    remove_node(useless, nodes, grid)


@compiled
def link_winners(winners: Winners, nodes: NodeTable) -> None:
    """Set the age of the edge between the two nearest nodes to zero, or make the edge."""
    first, second = winners.first, winners.second
    stamp = nodes.wins[first] + nodes.wins[second]
    k = edge_index(first, second, nodes)
    if k >= 0:
        nodes.stamps[first, k] = stamp
        nodes.stamps[second, edge_index(second, first, nodes)] = stamp
    else:
        add_end(first, second, stamp, nodes)
        add_end(second, first, stamp, nodes)


@compiled
def move_neighbours(winners: Winners, x: float, y: float, law: Law, nodes: NodeTable, grid: Grid) -> None:
    """Move the winner's neighbours towards a point; remove its old edges, and nodes that they leave without any."""
    first = winners.first
    k = 0
    # NeuPy removes an edge whose age before this win is at least a_max and does not move its other end; the paper
    # moves all, and then removes edges whose age with this win is more than a_max: the same edges.
    while k < nodes.degrees[first]:
        other = nodes.neighbours[first, k]
        age = nodes.wins[first] + nodes.wins[other] - nodes.stamps[first, k]
        old = age >= law.a_max and other != winners.second
        if law.link_first:
            old = age >= law.a_max
        if not old or not law.link_first:
            move(other, x, y, law.epsilon_n, law.single, nodes, grid)
        if old:
            remove_end(first, k, nodes)
            remove_end(other, edge_index(other, first, nodes), nodes)
            if nodes.degrees[other] == 0:
                remove_node(other, nodes, grid)
        else:
            k += 1


@compiled
def adapt(winners: Winners, x: float, y: float, law: Law, nodes: NodeTable, grid: Grid) -> None:
    """One update for the point (x, y): errors, places, edges."""
    first = winners.first
    gained = winners.near if law.squared else math.sqrt(winners.near)
    scale = nodes.sums[SCALE]
    nodes.errors[first] += gained * scale
    nodes.largest[first // BLOCK] = max(nodes.largest[first // BLOCK], nodes.errors[first])
    nodes.utilities[first] += (winners.far - winners.near) * scale
    move(first, x, y, law.epsilon_b, law.single, nodes, grid)
    if law.link_first:
        link_winners(winners, nodes)
        move_neighbours(winners, x, y, law, nodes, grid)
        nodes.wins[first] += 1
    else:
        move_neighbours(winners, x, y, law, nodes, grid)
        nodes.wins[first] += 1
        link_winners(winners, nodes)


@compiled
def present(batch: PresentationBatch, law: Law, nodes: NodeTable, grid: Grid) -> tuple[int, int]:
    """Present points until all are, or until Python must make room.

    Returns:
        The index in `batch.order` to continue from, and why it came back.
    """
    width = nodes.neighbours.shape[1]
    for index in range(batch.start, len(batch.order)):
        if nodes.counts[FREE] == 0 and nodes.counts[ALIVE] < batch.max_nodes:
            return index, MORE
        x, y = batch.points[batch.order[index], 0], batch.points[batch.order[index], 1]
        winners = nearest_two(x, y, law.single, nodes, grid)
        if max(nodes.degrees[winners.first], nodes.degrees[winners.second]) >= width - 1:
            return index, WIDER
        nodes.counts[PRESENTED] += 1
        distance = math.sqrt(winners.near)
        nodes.sums[TOTAL] += distance
        if distance < law.nearer:
            continue
        nodes.counts[UPDATES] += 1
        adapt(winners, x, y, law, nodes, grid)
        grown = False
        if nodes.counts[UPDATES] % law.interval == 0:
            if law.utility > 0.0:
                remove_useless_node(law, nodes, grid)
            if nodes.counts[ALIVE] < batch.max_nodes and nodes.counts[FREE] > 0:
                insert_node(law, nodes, grid)
                grown = True
        nodes.sums[SCALE] /= law.d
        if nodes.sums[SCALE] > MAX_SCALE:
            return index + 1, RESCALE
        if grown and nodes.counts[ALIVE] >= batch.regrid:
            return index + 1, REGRID
    return len(batch.order), DONE


@compiled
def mean_distance(points: F64, stride: int, nodes: NodeTable, grid: Grid) -> float:
    """The mean distance of every `stride`-th point to its nearest node."""
    total = 0.0
    count = 0
    for index in range(0, len(points), stride):
        total += math.sqrt(nearest_two(points[index, 0], points[index, 1], False, nodes, grid).near)
        count += 1
    return total / count
