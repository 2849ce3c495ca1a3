"""An isohedral type is a rule for each edge of a tile: how the edge is carried onto itself or onto a partner.

Nine of the 93 isohedral types are general: all others are special cases of them, or have mirrors as edges, which no
figure has (Grünbaum and Shephard 1987, chapter 6; Kaplan and Salesin 2000). Each tile is a fundamental domain of the
type's group, so the plane filled with it *is* a pattern of that group.

Convention: outlines run counter-clockwise as closed polygons w_0 .. w_(n-1) of complex numbers, y upwards; their
*steps* are d_i = w_(i+1) - w_i. A tile has 5 or 6 edges, numbered along the outline; edge number 0 begins at the
*start*. Glide axes are horizontal. In steps every rule is local, s counting points from an edge's beginning, k its
points:

    turn by half     one edge      d_s = d_(k-1-s)
    translation      edges a, b    d_(a+s) = -d_(b+k-1-s)          b runs against a
    glide            edges a, b    d_(a+s) = conj d_(b+s)          along the axis
    cross glide      edges a, b    d_(a+s) = -conj d_(b+s)         across it
    corner           edges a, a+1  d_(v-1-s) = -e^(i angle) d_(v+s)    a turn about the corner v between them
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from orbifolio.runner.arrays import I64

RuleKind = Literal["half turn", "translation", "glide", "cross glide", "corner"]
RULE_KINDS: tuple[RuleKind, ...] = ("half turn", "translation", "glide", "cross glide", "corner")
"""In the order of the numbers by which compiled code knows them."""


@dataclass(frozen=True)
class EdgeRule:
    """What one isometry asks of one edge or two.

    Attributes:
        kind: of the isometry.
        edges: one for a half turn, else two, in the order along the outline.
        angle: of a corner, degrees.
    """

    kind: RuleKind
    edges: tuple[int, ...]
    angle: float = 0

    @property
    def turn(self) -> complex:
        """e^(i angle)."""
        return complex(math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle)))


@dataclass(frozen=True)
class IsohedralType:
    """One of the nine general isohedral types.

    Attributes:
        name: `IH` and its number in Grünbaum and Shephard's list.
        group: the plane group, as `symmetry.groups` names it.
        rules: each edge is in exactly one; in the order of their first edges.
        mirrored: whether the mirror image of such a tile is of the type only when read the other way round, so that an
            outline and its mirror image are searched both.
        vanish: numbers of rules whose edges may have length 0 together; what is left still makes the whole group.
        three: whether three colours suffice so that no neighbours have the same.
        two: sets of rules; two colours suffice where the edges of one of the sets have length 0.
    """

    name: str
    group: str
    rules: tuple[EdgeRule, ...]
    mirrored: bool = False
    vanish: tuple[tuple[int, ...], ...] = ()
    three: bool = True
    two: tuple[tuple[int, ...], ...] = ()

    @property
    def edges(self) -> int:
        """How many edges a tile has."""
        return sum(len(rule.edges) for rule in self.rules)

    @property
    def glides(self) -> bool:
        """Whether there is an axis that the tile must be turned to."""
        return any("glide" in rule.kind for rule in self.rules)

    def vanishing(self, colours: int) -> Iterator[frozenset[int]]:
        """Sets of rules whose edges may have length 0, such that the tiling can have so many colours.

        Args:
            colours: 2, 3 or 4.
        """
        for rules in ((), *self.vanish):
            two = any(set(needed) <= set(rules) for needed in self.two)
            if {2: two, 3: self.three, 4: True}[colours]:
                yield frozenset(rules)

    def lengths(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Points of each edge from points of each rule's edges."""
        result = [0] * self.edges
        for rule, count in zip(self.rules, counts, strict=True):
            for edge in rule.edges:
                result[edge] = count
        return tuple(result)

    def counts(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """The way back from `lengths`."""
        return tuple(lengths[rule.edges[0]] for rule in self.rules)


def _half(edge: int) -> EdgeRule:
    return EdgeRule("half turn", (edge,))


def _pair(kind: RuleKind, first: int, second: int) -> EdgeRule:
    return EdgeRule(kind, (first, second))


def _corner(first: int, angle: float) -> EdgeRule:
    return EdgeRule("corner", (first, first + 1), angle)


_ONE = ((0,), (1,), (2,))

TYPES: Mapping[str, IsohedralType] = {
    item.name: item
    for item in (
        IsohedralType(
            "IH1", "p1", tuple(_pair("translation", edge, edge + 3) for edge in range(3)), vanish=_ONE, two=_ONE
        ),
        IsohedralType(
            "IH2",
            "pg",
            (_pair("translation", 0, 3), _pair("glide", 1, 2), _pair("glide", 4, 5)),
            vanish=((0,),),
            two=((0,),),
        ),
        IsohedralType(
            "IH3", "pg", (_pair("translation", 0, 3), _pair("glide", 1, 5), _pair("glide", 2, 4)), vanish=_ONE, two=_ONE
        ),
        IsohedralType(
            "IH4",
            "p2",
            (_pair("translation", 0, 3), _half(1), _half(2), _half(4), _half(5)),
            vanish=(*_ONE, (3,), (4,), (0, 1), (0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 3), (2, 4)),
            two=((0,), (1, 3), (1, 4), (2, 3), (2, 4)),
        ),
        IsohedralType(
            "IH5",
            "p2gg",
            (_pair("translation", 0, 3), _half(1), _half(2), _pair("glide", 4, 5)),
            vanish=(*_ONE, (0, 1), (0, 2)),
            two=((0,),),
        ),
        IsohedralType(
            "IH6",
            "p2gg",
            (_half(0), _pair("glide", 1, 4), _half(2), _pair("cross glide", 3, 5)),
            vanish=(*_ONE, (3,), (0, 1), (0, 3), (1, 2), (2, 3)),
            two=((1,), (3,)),
        ),
        IsohedralType("IH7", "p3", (_corner(0, 120), _corner(2, 120), _corner(4, 120)), vanish=_ONE),
        IsohedralType(
            "IH21", "p6", (_half(0), _corner(1, 120), _corner(3, 60)), mirrored=True, vanish=_ONE[:2], two=((1,),)
        ),
        IsohedralType("IH28", "p4", (_half(0), _corner(1, 90), _corner(3, 90)), vanish=_ONE, three=False, two=_ONE),
    )
}


def curved_type(p: int, q: int, r: int) -> IsohedralType:
    """The general type of the turns of a triangle group (p, q, r), on the sphere or the hyperbolic plane.

    Going round the tile, it turns about R, Q and P; a half turn about R is in the middle of an edge. The angles are not
    those of a plane tile, whose outline closes: they lack the tile's area, or exceed by it (Gauss-Bonnet).

    Args:
        p: order of the turns about P; 3 or more.
        q: about Q; 3 or more.
        r: about R; 2 or more.
    """
    about_r, first = (_half(0), 1) if r == 2 else (_corner(0, 360 / r), 2)
    rules = (about_r, _corner(first, 360 / q), _corner(first + 2, 360 / p))
    return IsohedralType(f"({p}, {q}, {r})", "", rules, mirrored=True)


@cache
def isohedral_type(name: str) -> IsohedralType:
    """A type by its name: one of the plane's, or of a curved surface as `curved_type` names it.

    Raises:
        KeyError: there is none of that name.
    """
    if name in TYPES or name[:1] != "(":
        return TYPES[name]
    p, q, r = (int(order) for order in name[1:-1].split(", "))
    return curved_type(p, q, r)


@dataclass(frozen=True, order=True)
class Template:
    """How an outline of n points is cut into a type's edges.

    Attributes:
        type: name of the isohedral type.
        lengths: points of each edge; they sum to n, and some may be 0.
        start: index of the outline's point at which edge 0 begins.
        mirrored: the outline is first mirrored: conjugated, and read backwards.
    """

    type: str
    lengths: tuple[int, ...]
    start: int
    mirrored: bool = False

    @property
    def points(self) -> int:
        """How many points the outline has."""
        return sum(self.lengths)

    @property
    def ends(self) -> I64:
        """(edges + 1,) where each edge begins, counted from the start, and n."""
        return np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)

    def corners(self) -> I64:
        """(edges,) sorted indices of the outline's points at which edges begin."""
        return np.sort((self.start + self.ends[:-1]) % self.points)

    def finer(self, factor: int) -> Template:
        """The same cuts of an outline with more points."""
        return Template(self.type, tuple(factor * k for k in self.lengths), factor * self.start, self.mirrored)

    def near(self, other: Template, gap: int) -> bool:
        """Whether both are of one type, and every corner of each lies within some points of one of the other's."""
        if (self.type, self.mirrored) != (other.type, other.mirrored):
            return False
        apart = np.abs(self.corners()[:, None] - other.corners()[None])
        apart = np.minimum(apart, self.points - apart)
        return bool(max(apart.min(0).max(), apart.min(1).max()) <= gap)
