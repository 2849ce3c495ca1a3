"""The finite groups of the sphere, each a row: its reflection triangle, its generators, their relations.

Names after Schoenflies: T, O, I are the rotations of tetrahedron, octahedron and icosahedron; Td, Th, Oh, Ih
have reflections too; Cn, Cnv, Cnh, Dn, Dnh, Dnd and S2n turn about the axis from pole to pole; Cs is one
mirror, Ci the exchange of opposite points, and `none` the trivial group.

Every group is a subgroup of the reflections of a triangle with corner P at the north pole, so a generator is
a word in its mirrors (p, q, r: opposite to P, Q, R). Relations after Coxeter and Moser (1972).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.groups.coset_table import CosetTable, generated, subgroup
from orbifolio.runner.symmetry.groups.groups import Word
from orbifolio.runner.symmetry.groups.presentation import Presentation
from orbifolio.runner.symmetry.groups.triangle import Triangle

MAX_ORDER = 24
"""Maximum order of an axis, as of a rotor: beyond it a wedge is narrower than 7.5 degrees."""

EXAMPLES = "none, T, Td, Th, O, Oh, I, Ih, Cs, Ci, C5, C5v, C5h, D3, D3h, D3d, S6"
_TURNS = {2: "half a turn", 3: "a third of a turn", 4: "a quarter of a turn", 5: "a fifth of a turn"}
_NAME = re.compile(r"(?:(?P<family>[CD])(?P<order>\d+)(?P<kind>[vhd]?)|S(?P<even>\d+))")


def turn_name(order: int) -> str:
    """A turn in words: `a quarter of a turn`."""
    return _TURNS.get(order, f"a {order}th of a turn")


@dataclass(frozen=True)
class PointGroup:
    """A finite group of the sphere.

    Attributes:
        name: by Schoenflies, e.g. D3h.
        triangle: (p, q, r) of a reflection group that contains it.
        words: mirrors whose product each generator is, the rightmost acting first.
        presentation: its generators, in words, and relations.
    """

    name: str
    triangle: tuple[int, int, int]
    words: tuple[tuple[str, str], ...]
    presentation: Presentation

    @cached_property
    def parent(self) -> Triangle:
        """The triangle whose reflections contain the group."""
        return Triangle(*self.triangle)

    @cached_property
    def matrices(self) -> dict[str, F64]:
        """(3, 3) orthogonal matrix of each generator."""
        matrices = {}
        for name, word in self.words:
            matrix = np.eye(3)
            for letter in word:
                matrix = matrix @ self.parent.reflection("pqr".index(letter))
            matrices[name] = matrix
        return matrices

    def sheets(self, colours: Mapping[str, int]) -> CosetTable:
        """The coset tables for a legal colour action."""
        return subgroup(self.parent, list(self.matrices.values()), [colours[name] for name in self.matrices])

    def members(self, colours: Mapping[str, int]) -> tuple[list[F64], list[int]]:
        """All elements, the identity first, with their colour elements."""
        return generated(list(self.matrices.values()), [colours[name] for name in self.matrices])


def _power(name: str, exponent: int) -> Word:
    return ((name, exponent),)


def _twice(*names: str) -> Word:
    return tuple((name, 1) for name in names) * 2


def _commute(first: str, second: str) -> Word:
    return ((first, 1), (second, 1), (first, -1), (second, -1))


def _group(
    name: str,
    title: str,
    triangle: tuple[int, int, int],
    generators: Mapping[str, tuple[str, str]],
    *relations: Word,
    remedy: str = "leave out the colours",
) -> PointGroup:
    """A row; `generators` gives (what it is, its word in mirrors)."""
    described = tuple((key, what) for key, (what, _) in generators.items())
    words = tuple((key, word) for key, (_, word) in generators.items())
    return PointGroup(name, triangle, words, Presentation(title, described, relations, remedy))


def _polyhedral(letter: str, solid: str, p: int, q: int) -> dict[str, PointGroup]:
    """The rotations of a solid, and the same with its mirrors."""
    turns = {f"r{p}": (turn_name(p), "rq"), f"r{q}": (turn_name(q), "pr"), "r2": (turn_name(2), "qp")}
    if p == q:  # the tetrahedron: its corners and its faces turn alike
        turns = {f"r{p}": (turn_name(p), "rq"), "r2": (turn_name(2), "qp")}
        rules: tuple[Word, ...] = (_power(f"r{p}", p), _power("r2", 2), ((f"r{p}", 1), ("r2", 1)) * q)
    else:
        rules = (
            _power(f"r{p}", p),
            _power(f"r{q}", q),
            _power("r2", 2),
            ((f"r{p}", 1), ("r2", 1), (f"r{q}", 1)),
        )
    mirrored = {**turns, "m": ("a mirror", "q")}
    more = (_power("m", 2), _twice("m", f"r{p}"), _twice("m", "r2"))
    full = letter + ("d" if letter == "T" else "h")
    no_fifth = f"use {full}, whose mirrors may invert, or leave out the colours"
    return {
        letter: _group(
            letter,
            f"the rotations {letter} of the {solid}",
            (p, q, 2),
            turns,
            *rules,
            remedy=no_fifth if p == 5 else "leave out the colours",
        ),
        full: _group(full, f"the symmetries {full} of the {solid}", (p, q, 2), mirrored, *rules, *more),
    }


_THIRD = {"r3": (turn_name(3), "pr"), "r2": (turn_name(2), "rqrq")}
POLYHEDRAL: Mapping[str, PointGroup] = {
    "none": _group("none", "no symmetry", (4, 3, 2), {}),
    "Cs": _group("Cs", "one mirror, Cs", (2, 2, 2), {"h": ("the mirror in the equator", "p")}, _power("h", 2)),
    "Ci": _group(
        "Ci", "the exchange of opposite points, Ci", (2, 2, 2), {"i": ("the inversion", "pqr")}, _power("i", 2)
    ),
    **_polyhedral("T", "tetrahedron", 3, 3),
    **_polyhedral("O", "octahedron", 4, 3),
    **_polyhedral("I", "icosahedron", 5, 3),
    "Th": _group(
        "Th",
        "the pyritohedral symmetries Th",
        (4, 3, 2),
        {**_THIRD, "i": ("the inversion", "pqrpqrpqr")},
        _power("r3", 3),
        _power("r2", 2),
        (("r3", 1), ("r2", 1)) * 3,
        _power("i", 2),
        _commute("i", "r3"),
        _commute("i", "r2"),
    ),
}


def axial(family: str, order: int, kind: str) -> PointGroup:
    """A group with one axis, from pole to pole.

    Args:
        family: C, D or S.
        order: of the axis, from 2 on; for S that of the turning reflection, even.
        kind: "", v, h or d, as in C5v.
    """
    turn = f"r{order}"
    turns = {turn: (turn_name(order), "rq")}
    mirror = {"m": ("a mirror through the poles", "q")}
    equator = {"h": ("the mirror in the equator", "p")}
    flip = {"f": ("half a turn about an axis on the equator", "qp")}
    triangle = (order, 2, 2)
    spin = _power(turn, order)
    name = f"{family}{order}{kind}"
    if family == "S" or kind == "d":
        times = order if family == "S" else 2 * order
        screw = {"s": (f"{turn_name(times)} with a reflection in the equator", "rqp")}
        if family == "S":
            return _group(name, f"the turning reflections {name}", (times, 2, 2), screw, _power("s", times))
        rules: tuple[Word, ...] = (_power("s", times), _power("m", 2), _twice("m", "s"))
        return _group(name, f"the group {name}", (times, 2, 2), {**screw, **mirror}, *rules)
    if family == "D" and kind == "h":
        rules = (spin, _power("m", 2), _power("h", 2), _twice("m", turn), _commute("h", turn), _commute("h", "m"))
        return _group(name, f"the group {name}", triangle, {**turns, **mirror, **equator}, *rules)
    if family == "D":
        return _group(name, f"the group {name}", triangle, {**turns, **flip}, spin, _power("f", 2), _twice("f", turn))
    if kind == "v":
        rules = (spin, _power("m", 2), _twice("m", turn))
        return _group(name, f"the group {name}", triangle, {**turns, **mirror}, *rules)
    if kind == "h":
        rules = (spin, _power("h", 2), _commute("h", turn))
        return _group(name, f"the group {name}", triangle, {**turns, **equator}, *rules)
    return _group(name, f"the turns {name}", triangle, turns, spin)


def point_group(text: str) -> PointGroup:
    """The group of a name.

    Raises:
        ValueError: not a group's name, or an axis of too high an order; says which there are.
    """
    name = text.strip()
    canonical = {symbol.lower(): symbol for symbol in POLYHEDRAL}
    if name.lower() in ("c1", "s1", "1"):
        name = "none"
    if name.lower() in ("s2", "c1h", "c1v"):
        name = "Ci" if name.lower() == "s2" else "Cs"
    if name.lower() in canonical:
        return POLYHEDRAL[canonical[name.lower()]]
    match = _NAME.fullmatch(name[:1].upper() + name[1:].lower())
    if match is None or (match["family"] == "C" and match["kind"] == "d"):
        raise ValueError(
            f"{text[:20]!r} is not a finite group of the sphere; they have Schoenflies' names ({EXAMPLES}); "
            "write one of them"
        )
    family, order = match["family"] or "S", int(match["order"] or match["even"])
    if not 2 <= order <= MAX_ORDER or (family == "S" and order % 2):
        rule = f"axes have orders from 2 to {MAX_ORDER}"
        if family == "S":
            rule = f"S2n has an even number from 4 to {MAX_ORDER}"
        raise ValueError(f"{text[:20]!r} has an axis of order {order}; {rule}; choose another")
    return axial(family, order, match["kind"] or "")
