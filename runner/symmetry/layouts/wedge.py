"""A wedge: the flat triangle between two mirrors through the picture's middle, far enough to cover the picture.

It folds like any `Triangle`, with two of its mirrors active; the third side is only the texture's edge. The
texture on it is a fan: rings of nodes across the wedge, their number in proportion to the ring's length, so that nodes
are as far apart across a narrow wedge as along it.

Convention: the first mirror (opposite to Q) is vertical: R lies straight up from the middle, Q at 180 / p degrees
from it, counter-clockwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.symmetry.layouts.blended import Lookup
from orbifolio.runner.symmetry.layouts.folded import FoldedSurface
from orbifolio.runner.symmetry.layouts.texture import Texture
from orbifolio.runner.symmetry.taps import Taps

ACTIVE = (1, 2)
"""The two mirrors through the middle."""


@dataclass(frozen=True)
class Wedge(Triangle):
    """A wedge of angle pi / p.

    Attributes:
        reach: distance from the middle to the third side.
    """

    q: int = 4
    r: int = 4
    reach: float = 1.5

    @property
    def curvature(self) -> int:
        """Flat, whatever the angles."""
        return 0

    @property
    def slope(self) -> float:
        """Length of the third side in units of `reach`."""
        return 2 * math.tan(math.pi / (2 * self.p))

    @cached_property
    def mirrors(self) -> tuple[F64, F64]:
        """Covectors and vectors: see `Triangle.mirrors`."""
        far, middle = math.pi / 2 + math.pi / self.p, math.pi / 2 + math.pi / (2 * self.p)
        covectors = np.array(
            [
                [-math.cos(middle), -math.sin(middle), self.reach],
                [-1.0, 0.0, 0.0],
                [math.sin(far), -math.cos(far), 0.0],
            ]
        )
        return covectors, covectors * [1.0, 1.0, 0.0]


def reach(p: int, half: tuple[float, float]) -> float:
    """How far the third side must lie to have the whole picture inside.

    Args:
        p: the wedge's angle is pi / p.
        half: half the picture's width and height.
    """
    steps = np.linspace(-1, 1, 2001)
    edges = [steps * half[0] + 1j * half[1], half[0] + 1j * steps * half[1]]
    border = np.concatenate([*edges, *(-edge for edge in edges)])
    folded = (np.angle(border) - math.pi / 2) % (math.pi / p) - math.pi / (2 * p)
    return float((np.abs(border) * np.cos(folded)).max()) * 1.001


@dataclass(frozen=True)
class Fan(Texture):
    """A texture on the wedge's sheets; `divisions` is the number of rings."""

    @cached_property
    def _across(self) -> I64:
        """(rings + 1,) steps along each ring, the middle being ring 0 with none."""
        slope = self.triangle.slope if isinstance(self.triangle, Wedge) else 1.0
        steps = np.maximum(np.ceil(np.arange(self.divisions + 1) * slope - 1e-9), 1).astype(np.int64)
        steps[0] = 0
        across: I64 = steps
        return across

    @cached_property
    def _first(self) -> I64:
        """(rings + 1,) the first node of each ring."""
        first: I64 = np.concatenate([[0], np.cumsum(self._across + 1)[:-1]]).astype(np.int64)
        return first

    @property
    def ring_width(self) -> float:
        """Distance of neighbouring rings."""
        assert isinstance(self.triangle, Wedge)
        return self.triangle.reach / self.divisions

    @property
    def nodes(self) -> int:
        """Nodes of one sheet."""
        return int((self._across + 1).sum())

    def nodes_on_sides(self) -> dict[int, int]:
        """The middle lies on both sides, and one node of each ring on each: see `Texture.nodes_on_sides`."""
        rings = self.divisions
        return {0: int((self._across[1:] - 1).sum()), 2: rings, 4: rings, 6: 1}

    @cached_property
    def weights(self) -> F64:
        """(nodes, 3) barycentric coordinates of the nodes, ring by ring, from the side PR to PQ."""
        ring = np.repeat(np.arange(self.divisions + 1), self._across + 1)
        step = np.arange(self.nodes) - self._first[ring]
        out, along = ring / self.divisions, step / np.maximum(self._across[ring], 1)
        return np.stack([1 - out, out * along, out * (1 - along)], axis=1)

    def taps_at(self, sheet: I64, element: I64, weights: F64) -> Taps:
        """Four nodes, on the two rings about a point: see `Texture.taps_at`."""
        out = (1 - weights[:, 0]) * self.divisions
        ring = np.clip(np.floor(out).astype(np.int64), 0, self.divisions - 1)
        part = np.clip(out - ring, 0.0, 1.0)
        along = weights[:, 1] / np.maximum(weights[:, 1] + weights[:, 2], 1e-300)
        nodes, blend = [], []
        for here, share in ((ring, 1 - part), (ring + 1, part)):
            position = along * self._across[here]
            step = np.clip(np.floor(position).astype(np.int64), 0, np.maximum(self._across[here] - 1, 0))
            rest = np.clip(position - step, 0.0, 1.0)
            nodes += [self._first[here] + step, self._first[here] + np.minimum(step + 1, self._across[here])]
            blend += [share * (1 - rest), share * rest]
        orbit, shown = self.members()
        at = sheet[:, None], np.stack(nodes, axis=1)
        elements = colour.PRODUCT.astype(np.int64)[element[:, None], shown[at]]
        return Taps(orbit[at], elements, np.stack(blend, axis=1))


class FanLookup(Lookup):
    """The plane through a fan: see `blended.Lookup`."""

    def __init__(self, surface: FoldedSurface) -> None:
        self.surface = surface
        texture = surface.texture
        self.count, self.size, self.special = texture.count, texture.size, texture.special
        self.spacing, self.mean = surface.spacing, surface.mean

    def taps(self, points: F64) -> Taps:
        """What points blend: see `blended.Lookup.taps`."""
        return self.surface.taps(points)

    def representatives(self) -> F64:
        """Nodes of the first sheets, turned back to where a point of that sheet lies: see `blended.Lookup`."""
        texture = self.surface.texture
        sheet, node = texture.representatives()
        ways = texture.sheets.ways(texture.triangle, ACTIVE)
        points: F64 = np.einsum("nij,nj->ni", ways[sheet], texture.places[node])
        return points
