"""The scan, compiled: every template of one type for every start, by table look-ups.

One kernel serves all types: it is told the type's rules as arrays. See `scan.py` for what the tables hold and why a
template's cost is a sum of them and one correction.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import C128, F64, I64
from orbifolio.runner.tilings.outline_kernels import compiled
from orbifolio.runner.tilings.scan_tables import StepTables, TypeTables

HALF, TRANSLATION, GLIDE, CROSS, CORNER = range(5)  # numbers of `types.RULE_KINDS`


@compiled
def joint_loss(counts: I64, ends: I64, n: int, steps: StepTables, kinds: TypeTables) -> float:
    """Loss of the glides with the best axis, and of closing the outline; `scan.py` derives it."""
    points, squares = steps.points, steps.squares
    loss, axis = 0.0, 0j
    along, across, count_along, count_across = 0j, 0j, 0.0, 0.0
    for rule in range(len(counts)):
        count, kind = counts[rule], kinds.kind[rule]
        a, b = ends[kinds.first[rule]], ends[kinds.second[rule]]
        chord = points[(a + count) % n] - points[a % n]
        if kind == HALF:
            along, across = along + chord, across + chord
            count_along, count_across = count_along + count, count_across + count
        elif kind == CORNER:
            turn = kinds.turn[rule]
            closing = (1 - turn) / 2 * ((points[(b + count) % n] - points[b % n]) - turn.conjugate() * chord)
            weight = count * (1 - turn.real)
            along, across = along + closing, across + closing
            count_along, count_across = count_along + weight, count_across + weight
        elif kind == GLIDE or kind == CROSS:
            chords = chord + points[(b + count) % n] - points[b % n]
            loss += (squares[a + count] - squares[a] + squares[b + count] - squares[b]) / 2
            if kind == GLIDE:
                axis += steps.product[count, a % n, b % n]
                along, count_along = along + chords, count_along + 2 * count
            else:
                axis -= steps.product[count, a % n, b % n]
                across, count_across = across + chords, count_across + 2 * count
    if count_along > 0:
        axis -= along * along / (2 * count_along)
        loss += (along.real**2 + along.imag**2) / (2 * count_along)
    if count_across > 0:
        axis += across * across / (2 * count_across)
        loss += (across.real**2 + across.imag**2) / (2 * count_across)
    return float(loss - abs(axis))


@compiled
def closing_loss(counts: I64, ends: I64, n: int, points: C128, kinds: TypeTables) -> float:
    """Loss of closing the outline where there are only translations and half turns.

    All chords together are 0, so those of the half turns are known from those of the translations.
    """
    chords, rest = 0j, float(n)
    for rule in range(len(counts)):
        if kinds.kind[rule] == TRANSLATION:
            a, b, count = ends[kinds.first[rule]], ends[kinds.second[rule]], counts[rule]
            chords += points[(a + count) % n] - points[a % n] + points[(b + count) % n] - points[b % n]
            rest -= 2.0 * count
    return float((chords.real**2 + chords.imag**2) / rest) if rest > 0 else 0.0


@compiled
def scan_type(n: int, steps: StepTables, kinds: TypeTables, best: F64, found: I64) -> int:
    """The best template of a type for each start and length of the first rule's edges, in place.

    Lengths are chosen rule by rule. As soon as the places of a rule's edges are known its loss is added, and where the
    sum is no better than the best so far the choice is given up: no loss is negative, so nothing is missed.

    Args:
        n: points of the outline.
        steps: its tables.
        kinds: the type's.
        best: (n, n + 1) lowest loss by start and first length, infinite before.
        found: (n, n + 1, rules) points of each rule's edges there.

    Returns:
        How many templates were looked at to the end.
    """
    rules, edges = len(kinds.kind), len(kinds.rule_of)
    width = np.where(kinds.first == kinds.second, 1, 2)
    counts, ends = np.zeros(rules, np.int64), np.zeros(edges + 1, np.int64)
    left, losses = np.zeros(rules, np.int64), np.zeros(rules)
    last, seen = rules - 1, 0
    # arrays by themselves: taking them out of their tuples in the inner loop costs ten times as much as it
    kind, first, second, rule_of, ready = kinds.kind, kinds.first, kinds.second, kinds.rule_of, kinds.ready
    half, translation, corner, points = steps.half, steps.translation, steps.corner, steps.points
    for start in range(n):
        depth, left[0], counts[0] = 0, n, -1
        while depth >= 0:
            counts[depth] += 1
            rest = left[depth] - width[depth] * counts[depth]
            if rest < 0:
                depth -= 1
                continue
            final = depth == last - 1  # the last rule's edges take what is left
            if final:
                if rest % width[last]:
                    continue
                counts[last] = rest // width[last]
            reached = last if final else depth
            ends[0] = start
            for edge in range(edges):
                if rule_of[edge] > reached:
                    break
                ends[edge + 1] = ends[edge] + counts[rule_of[edge]]
            loss, limit = losses[depth], best[start, counts[0]]
            for rule in range(reached + 1):
                if depth <= ready[rule] <= reached and loss < limit:
                    if kind[rule] == HALF:
                        loss += half[counts[rule], ends[first[rule]] % n]
                    elif kind[rule] == TRANSLATION:
                        loss += translation[counts[rule], ends[first[rule]] % n, (ends[second[rule] + 1] - 1) % n]
                    elif kind[rule] == CORNER:
                        loss += corner[rule, counts[rule], ends[second[rule]] % n]
            if depth <= kinds.closing <= reached and loss < limit:
                loss += closing_loss(counts, ends, n, points, kinds)
            if loss >= limit:
                continue
            if not final:
                depth += 1
                losses[depth], left[depth], counts[depth] = loss, rest, -1
                continue
            used = 0
            for rule in range(rules):
                if counts[rule] > 0:
                    used += 1 << rule
            if not kinds.proper[used]:
                continue
            seen += 1
            if kinds.closing < 0:
                loss += joint_loss(counts, ends, n, steps, kinds)
            if loss < limit:
                best[start, counts[0]] = loss
                found[start, counts[0]] = counts
    return seen
