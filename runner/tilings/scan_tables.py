"""What the scan looks up: losses of rules on one outline, and the rules of one type, as arrays."""

from __future__ import annotations

from typing import NamedTuple

from orbifolio.runner.arrays import C128, F64, I64, Bools


class StepTables(NamedTuple):
    """Losses of single rules on an outline of n points, by lengths and places.

    Attributes:
        points: (n,) the outline.
        squares: (3 n + 1,) sum of |d|^2 before each step, the outline three times.
        half: (n + 1, n) loss of a half turn: length, first step.
        translation: (n // 2 + 1, n, n) loss of a translation: length, first step of one, last step of the other.
        product: (n // 2 + 1, n, n) sum of d_(a+s) d_(b+s): length, first steps.
        corner: (rules, n // 2 + 1, n) loss of a corner of each rule's angle: length, corner.
    """

    points: C128
    squares: F64
    half: F64
    translation: F64
    product: C128
    corner: F64


class TypeTables(NamedTuple):
    """A type's rules as arrays.

    Attributes:
        kind: (rules,) see `RULE_KINDS`.
        first: (rules,) its first edge.
        second: (rules,) its second edge, or the first again.
        turn: (rules,) e^(i angle).
        rule_of: (edges,) the rule of each edge.
        ready: (rules,) the rule with whose length the places of all edges of this rule are known.
        closing: the rule with whose length the loss of closing the outline is known; -1 if only with the last.
        proper: (2^rules,) whether a tile may have only the edges of these rules (bits), the others having length 0.
    """

    kind: I64
    first: I64
    second: I64
    turn: C128
    rule_of: I64
    ready: I64
    closing: int
    proper: Bools
