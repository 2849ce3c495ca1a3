"""The scan is exact: (outline) -> the loss of every template of a type, each by a handful of look-ups.

The loss of a template is the squared distance of the outline's steps d to those of the nearest outline that obeys the
type's rules (Nagata and Imahori 2020 call it the distance of adjacent differences). In steps each rule is a projection
of its own, so losses add:

    half turn    1/4 sum |d_s - d_(k-1-s)|^2
    translation  1/2 sum |d_(a+s) + d_(b+k-1-s)|^2
    corner       sum |d_(v-1-s)|^2 + |d_(v+s)|^2 - 1/2 |d_(v+s) - e^(-i angle) d_(v-1-s)|^2
    glide        with axis e^(i phi): 1/2 sum |d_(a+s)|^2 + |d_(b+s)|^2 - Re(e^(-2 i phi) sum d_(a+s) d_(b+s));
                 across the axis the last term is added

Only closing the outline, sum d = 0, couples the edges. With c the sum of the projected steps and P the projection, it
costs |c|^2 / |P 1|^2 more, where |P 1|^2 counts k for a half turn, k (1 - cos angle) for a corner, nothing for a
translation, whose edges cancel. A glide's edges leave only the part of c along the axis, and 2 k count there; those of
a cross glide only the part across. As (Re q* c)^2 = (|c|^2 + Re(q*^2 c^2)) / 2, all terms with the axis are one
Re(e^(-2 i phi) Y): the best axis is half the phase of Y, and the loss is a sum less |Y|.

References: Nagata and Imahori 2020; Kaplan and Salesin 2000.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import C128
from orbifolio.runner.tilings.scan_tables import StepTables, TypeTables
from orbifolio.runner.tilings.types import RULE_KINDS, IsohedralType, Template


@dataclass(frozen=True, order=True)
class Scanned:
    """A template and its loss, relative to the sum of |d|^2."""

    loss: float
    template: Template


def step_tables(outline: C128, kind: IsohedralType) -> StepTables:
    """Losses of single rules on an outline.

    Args:
        outline: (n,) even steps.
        kind: whose corners' angles are wanted.
    """
    n = len(outline)
    steps = np.roll(outline, -1) - outline
    squares = np.abs(steps) ** 2
    lengths, place = n // 2 + 1, np.arange(n)
    translation, product = np.zeros((lengths, n, n)), np.zeros((lengths, n, n), np.complex128)
    corner = np.zeros((len(kind.rules), lengths, n))
    for k in range(1, lengths):
        ahead, back = steps[(place + k - 1) % n], steps[(place - k + 1) % n]
        translation[k] = translation[k - 1] + np.abs(ahead[:, None] + back[None]) ** 2 / 2
        product[k] = product[k - 1] + ahead[:, None] * ahead[None]
        before = steps[(place - k) % n]
        for number, rule in enumerate(kind.rules):
            kept = np.abs(ahead - rule.turn.conjugate() * before) ** 2 / 2
            corner[number, k] = corner[number, k - 1] + np.abs(before) ** 2 + np.abs(ahead) ** 2 - kept
    half = np.zeros((n + 1, n))
    for k in range(2, n + 1):
        edge = steps[(place[:, None] + np.arange(k)) % n]
        half[k] = (np.abs(edge - edge[:, ::-1]) ** 2).sum(1) / 4
    running = np.concatenate([[0.0], np.cumsum(np.tile(squares, 3))])
    return StepTables(np.ascontiguousarray(outline), running, half, translation, product, corner)


def type_tables(kind: IsohedralType, colours: int) -> TypeTables:
    """A type's rules as arrays; tiles that cannot have so many colours are not proper."""
    rule_of = np.zeros(kind.edges, np.int64)
    for number, rule in enumerate(kind.rules):
        rule_of[list(rule.edges)] = number
    known = np.maximum.accumulate(rule_of)  # the rule with whose length an edge's end is known
    every = frozenset(range(len(kind.rules)))
    translations = [known[rule.edges[-1]] for rule in kind.rules if rule.kind == "translation"]
    closes_early = all(rule.kind in ("translation", "half turn") for rule in kind.rules)
    proper = np.zeros(1 << len(every), np.bool_)
    for vanishing in kind.vanishing(colours):
        proper[sum(1 << rule for rule in every - vanishing)] = True
    return TypeTables(
        kind=np.array([RULE_KINDS.index(rule.kind) for rule in kind.rules], np.int64),
        first=np.array([rule.edges[0] for rule in kind.rules], np.int64),
        second=np.array([rule.edges[-1] for rule in kind.rules], np.int64),
        turn=np.array([rule.turn for rule in kind.rules], np.complex128),
        rule_of=rule_of,
        ready=np.array([known[rule.edges[-1]] for rule in kind.rules], np.int64),
        closing=int(max(translations)) if closes_early else -1,
        proper=proper,
    )


def scan(outline: C128, kind: IsohedralType, *, colours: int = 3) -> list[Scanned]:
    """The best template of a type for each start and length of the first rule's edges, best first.

    Args:
        outline: (n,) even steps, counter-clockwise.
        kind: the type.
        colours: of the tiling, 2, 3 or 4: templates that cannot have them are left out.
    """
    from orbifolio.runner.tilings.scan_kernel import scan_type  # compiled, so not before it is needed

    n, rules = len(outline), len(kind.rules)
    kinds = type_tables(kind, colours)
    results = []
    for mirrored in (False, True) if kind.mirrored else (False,):
        read = mirror_image(outline) if mirrored else outline
        best, counts = np.full((n, n + 1), np.inf), np.zeros((n, n + 1, rules), np.int64)
        scan_type(n, step_tables(read, kind), kinds, best, counts)
        total = float(np.sum(np.abs(np.roll(read, -1) - read) ** 2))
        for start, first in zip(*np.nonzero(np.isfinite(best)), strict=True):
            lengths = kind.lengths(tuple(counts[start, first].tolist()))
            loss = max(0.0, float(best[start, first]) / total)
            results.append(Scanned(loss, Template(kind.name, lengths, int(start), mirrored)))
    return sorted(results)


def mirror_image(outline: C128) -> C128:
    """The outline mirrored, counter-clockwise again."""
    return np.ascontiguousarray(outline.conj()[::-1])
