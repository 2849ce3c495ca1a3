"""A texture on sheets: the nodes of subdivided triangles, glued along the sides, three taps to a point.

Each sheet's triangle is cut into m^2 small ones, equal in barycentric coordinates; a point blends the corners
of the small triangle it lies in. Nodes on sides and corners are shared by the sheets that meet there, each
through its colour element, so the texture has no seam; where a node's own stabiliser changes colours, its
value is projected on the colours that stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.coset_table import CosetTable
from orbifolio.runner.symmetry.groups.triangle import Folded, Triangle
from orbifolio.runner.symmetry.taps import Taps


@dataclass(frozen=True)
class Texture:
    """A texture on the sheets of a group.

    Attributes:
        triangle: the shape of every sheet.
        sheets: how they are glued.
        divisions: of each side, m.
        active: mirrors that bound the sheet; a wedge has two.
    """

    triangle: Triangle
    sheets: CosetTable
    divisions: int
    active: tuple[int, ...] = (0, 1, 2)

    @cached_property
    def _steps(self) -> tuple[I64, I64]:
        """Steps towards P and Q of every node of a sheet, as weight * m."""
        towards_p, towards_q = np.meshgrid(*[np.arange(self.divisions + 1)] * 2, indexing="ij")
        inside = towards_p + towards_q <= self.divisions
        return towards_p[inside], towards_q[inside]

    @property
    def nodes(self) -> int:
        """Nodes of one sheet."""
        return (self.divisions + 1) * (self.divisions + 2) // 2

    @cached_property
    def weights(self) -> F64:
        """(nodes, 3) barycentric coordinates of the nodes."""
        p, q = self._steps
        result: F64 = np.stack([p, q, self.divisions - p - q], axis=1) / self.divisions
        return result

    @cached_property
    def places(self) -> F64:
        """(nodes, 3) the nodes of sheet 0 as points of the triangle."""
        return self.triangle.normalised(self._raw(self.weights))

    def _raw(self, weights: F64) -> F64:
        return weights @ self.triangle.corners

    @cached_property
    def _orbits(self) -> tuple[I64, I64, F64, I64, F64]:
        """Orbit and element of each (sheet, node); share of each orbit; special orbits, their projectors."""
        weights = self.weights
        on_side = (weights < 1e-12) & np.isin(np.arange(3), self.active)
        kind = on_side @ np.array([1, 2, 4])  # which sides a node lies on, as bits
        head = np.empty((self.sheets.count, self.nodes), dtype=np.int64)
        element = np.zeros_like(head)
        special: dict[int, F64] = {}
        for bits in np.unique(kind):
            there = np.flatnonzero(kind == bits)
            shared = self.sheets.orbits_at([mirror for mirror in range(3) if bits >> mirror & 1])
            head[:, there] = shared.head[:, None] * self.nodes + there
            element[:, there] = shared.element[:, None]
            for sheet, projector in shared.projectors.items():
                special.update({int(sheet * self.nodes + node): projector for node in there})
        heads, orbit = np.unique(head, return_inverse=True)
        orbit = orbit.reshape(head.shape)
        # a side's node has half a hat on each sheet, a corner's a part as wide as its angle
        corner_share = np.array([1 / self.triangle.p, 1 / self.triangle.q, 1 / self.triangle.r]) / 2
        hat = np.where(on_side.sum(1) == 1, 0.5, 1.0)
        for corner in range(3):
            hat[weights[:, corner] > 1 - 1e-12] = corner_share[corner]
        size = np.bincount(orbit.ravel(), np.broadcast_to(hat, orbit.shape).ravel(), minlength=len(heads))
        numbers = np.searchsorted(heads, sorted(special))
        projectors = np.array([special[key] for key in sorted(special)]).reshape(-1, 3, 3)
        return orbit.astype(np.int64), element, size.astype(np.float64), numbers.astype(np.int64), projectors

    def nodes_on_sides(self) -> dict[int, int]:
        """How many nodes of a sheet lie on which sides, these as bits; bit i is the side where weight i is 0."""
        along = self.divisions - 1
        return {0: along * (self.divisions - 2) // 2, 1: along, 2: along, 4: along, 6: 1, 5: 1, 3: 1}

    @property
    def count(self) -> int:
        """Number of orbits: of free values. By arithmetic, without a table of the nodes."""
        return sum(
            nodes * len(np.unique(self.sheets.orbits_at([mirror for mirror in self.active if bits >> mirror & 1]).head))
            for bits, nodes in self.nodes_on_sides().items()
        )

    @property
    def size(self) -> F64:
        """(orbits,) how many nodes' worth of surface shows each orbit."""
        return self._orbits[2]

    @property
    def special(self) -> tuple[I64, F64]:
        """Orbits whose stabiliser changes colours, and the projectors on what it leaves."""
        return self._orbits[3], self._orbits[4]

    def members(self) -> tuple[I64, I64]:
        """(sheets, nodes) orbit of every node, and the colour element through which it shows its value."""
        return self._orbits[0], self._orbits[1]

    def representatives(self) -> tuple[I64, I64]:
        """(orbits,) sheet and node of one member of each, that shows the value itself."""
        orbit, element, _, _, _ = self._orbits
        flat = np.flatnonzero(element.ravel() == colour.IDENTITY)
        first = np.full(self.count, -1, dtype=np.int64)
        first[orbit.ravel()[flat[::-1]]] = flat[::-1]
        return first // self.nodes, first % self.nodes

    def taps(self, folded: Folded) -> Taps:
        """What folded points blend.

        Args:
            folded: by this texture's triangle with its sheets' table.
        """
        sheet, element = np.divmod(folded.state, colour.COUNT)
        return self.taps_at(sheet, element, folded.weights)

    def taps_at(self, sheet: I64, element: I64, weights: F64) -> Taps:
        """What points on sheets blend.

        Args:
            sheet: (N,) that each point lies on.
            element: (N,) colour element through which the sheet is seen.
            weights: (N, 3) barycentric coordinates.
        """
        from orbifolio.runner.symmetry.layouts.texture_kernels import (  # compiles, so not before it is needed
            TextureNodes,
            blend_nodes,
        )

        nodes = TextureNodes(self.divisions, *self.members())
        return Taps(*blend_nodes(sheet, element, weights, nodes, colour.PRODUCT.astype(np.int64)))
