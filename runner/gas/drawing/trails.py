"""Trails are a function (graph) -> the fewest strokes that draw every edge exactly once.

A component with 2k nodes of odd degree needs max(1, k) trails (Euler 1736, Listing 1847): its odd nodes are joined in
pairs by edges that are not drawn, an Euler circuit is walked (Hierholzer 1873), and cut at those edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.vector.nearest import Nearest


def trails(graph: Graph) -> list[list[int]]:
    """Chains of nodes whose steps are the graph's edges, each exactly once.

    Args:
        graph: with any number of components; nodes without edges are left out.

    Returns:
        Chains of at least two nodes; one that is closed ends where it began.
    """
    label = graph.components()
    odd = np.nonzero(graph.degrees() % 2)[0]
    added = _paired(graph.nodes, odd, label[odd])
    ends = np.concatenate([graph.edges, np.array(added, dtype=np.int64).reshape(-1, 2)])
    around: list[list[int]] = [[] for _ in range(len(graph.nodes))]
    for number, (i, j) in enumerate(ends.tolist()):
        around[i].append(number)
        around[j].append(number)
    drawn = len(graph.edges)
    used = [False] * len(ends)
    chains: list[list[int]] = []
    # begin at an added edge where there is one: then the circuit's cut there costs no trail
    starts = [i for i, _ in added] + list(range(len(graph.nodes)))
    for start in starts:
        if any(not used[number] for number in around[start]):
            chains += _cut(_circuit(start, graph.nodes, ends.tolist(), around, used), drawn)
    return chains


def _circuit(
    start: int, nodes: F64, ends: list[list[int]], around: list[list[int]], used: list[bool]
) -> list[tuple[int, int]]:
    """An Euler circuit as (node, edge that leads to it); the first comes by edge -1."""
    points = nodes.tolist()
    path = [(start, -1)]
    circuit: list[tuple[int, int]] = []
    while path:
        node, came = path[-1]
        free = [number for number in around[node] if not used[number]]
        around[node] = free
        if not free:
            circuit.append(path.pop())
            continue
        before = points[path[-2][0]] if len(path) > 1 else points[node]
        number = max(free, key=lambda item: _straightness(before, points[node], points[_other(ends[item], node)]))
        used[number] = True
        path.append((_other(ends[number], node), number))
    # walked backwards: each node came by the edge of the entry before it
    return circuit[::-1]


def _other(pair: Sequence[int], node: int) -> int:
    return pair[1] if pair[0] == node else pair[0]


def _straightness(before: Sequence[float], here: Sequence[float], after: Sequence[float]) -> float:
    """Cosine of the turn, 1 where the pen goes straight on."""
    a, b = here[0] - before[0], here[1] - before[1]
    c, d = after[0] - here[0], after[1] - here[1]
    return (a * c + b * d) / (math.hypot(a, b) * math.hypot(c, d) + 1e-12)


def _cut(circuit: list[tuple[int, int]], drawn: int) -> list[list[int]]:
    """The circuit without the edges that are not drawn; its ends joined where it was not cut there."""
    chains = [[circuit[0][0]]]
    for node, edge in circuit[1:]:
        if edge >= drawn:
            chains.append([node])
        else:
            chains[-1].append(node)
    if len(chains) > 1 and chains[0][0] == chains[-1][-1]:
        chains[0] = chains.pop() + chains[0][1:]
    return [chain for chain in chains if len(chain) > 1]


def _paired(nodes: F64, odd: I64, label: I64) -> list[tuple[int, int]]:
    """Odd nodes of each component in pairs, neighbours first: short jumps of the pen."""
    pairs: list[tuple[int, int]] = []
    for component in np.unique(label).tolist():
        members = odd[label == component]
        if len(members) == 2:
            pairs.append((int(members[0]), int(members[1])))
            continue
        reach = min(len(members), 12)
        gaps, near = Nearest(nodes[members]).some(nodes[members], reach)
        order = np.argsort(gaps, axis=None, kind="stable")
        taken: set[int] = set()
        for i, j in zip((order // reach).tolist(), near.reshape(-1)[order].tolist(), strict=True):
            if i != j and i not in taken and j not in taken:
                taken.update((i, j))
                pairs.append((int(members[i]), int(members[j])))
        rest = [int(member) for at, member in enumerate(members) if at not in taken]
        pairs += list(zip(rest[::2], rest[1::2], strict=True))
    return pairs
