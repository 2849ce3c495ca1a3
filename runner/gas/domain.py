"""What a gas grows on: the picture as it is, or a fundamental domain of a symmetry, with the picture laid over it.

A domain knows the drawing's size, makes the networks for the levels of points, joins what they grew into one graph
over the drawing, and gives the picture that belongs under it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from orbifolio.runner.arrays import F32, Bools
from orbifolio.runner.errors import ImageError
from orbifolio.runner.gas.graph import Graph, union
from orbifolio.runner.gas.points import Level
from orbifolio.runner.symmetry.base import Symmetry

if TYPE_CHECKING:
    from orbifolio.runner.gas.motif import Motif
    from orbifolio.runner.gas.network import Network
    from orbifolio.runner.gas.orbifold import SymmetricNetwork
    from orbifolio.runner.gas.rules import GrowthRules
    from orbifolio.runner.symmetry.groups.domain import Domain


MIN_POINTS = 8  # points of a level that a fundamental domain must hold: fewer make no drawing


class GasDomain(ABC):
    """The base of both domains.

    Attributes:
        width: of the drawing in pixels.
        height: of the drawing in pixels.
        pace: seconds that a presentation takes, with all that follows from it; the plan is made with it.
    """

    width: int
    height: int
    pace: float = 4e-6

    @abstractmethod
    def networks(self, levels: Sequence[Level], gas: GrowthRules, seed: int) -> list[Any]:
        """A gas for each level, of its first nodes only.

        Args:
            levels: their points are in pixels of the picture.
            gas: the rules of growing.
            seed: of the run; each level draws from a stream of its own.
        """

    @abstractmethod
    def graph(self, networks: Sequence[Any]) -> Graph:
        """The graph of all networks, in pixels of what is drawn on."""

    @abstractmethod
    def picture(self, part: F32) -> F32:
        """The picture as it lies under the graph: (h, w, 3) in and out, in [0, 1]."""

    @abstractmethod
    def mask(self, mask: Bools) -> Bools:
        """A mask of the picture as it lies under the graph: (h, w) in and out."""


class PictureDomain(GasDomain):
    """The picture as it is."""

    def __init__(self, part: tuple[int, int], width: int) -> None:
        """A drawing of the picture's shape.

        Args:
            part: height and width of the picture in pixels.
            width: of the drawing in pixels.
        """
        self.part, self.width = part, width
        self.height = max(1, round(width * part[0] / part[1]))

    def networks(self, levels: Sequence[Level], gas: GrowthRules, seed: int) -> list[Network]:
        """A plain network for each level, over all of its points."""
        from orbifolio.runner.gas.network import Network  # compiles, so not before it is needed

        return [
            Network(
                level.points,
                gas.law(),
                gas.order(seed, number),
                start=min(gas.start, len(level.points)),
                unit=gas.unit,
                origin=gas.origin,
            )
            for number, level in enumerate(levels)
        ]

    def graph(self, networks: Sequence[Network]) -> Graph:
        """The graph of all networks, in pixels of the picture."""
        height, width = self.part
        return union([network.graph(width, height) for network in networks])

    def picture(self, part: F32) -> F32:
        """The picture itself: the graph lies in its pixels."""
        return part

    def mask(self, mask: Bools) -> Bools:
        """The mask itself: the graph lies in its pixels."""
        return mask


class SymmetricDomain(GasDomain):
    """A fundamental domain of a symmetry, with the picture laid over it as its motif."""

    pace = 2.5e-4  # each point is compared with all images of all nodes

    def __init__(self, symmetry: Symmetry, part: tuple[int, int], width: int) -> None:
        """A drawing of the symmetry's shape, or of the picture's where that is free.

        Args:
            symmetry: a group of movements of the plane, the sphere or the hyperbolic plane.
            part: height and width of the picture in pixels.
            width: of the drawing in pixels.
        """
        self.symmetry, self.part = symmetry, part
        self.width, self.height = symmetry.fit(width, multiple=1, ratio=symmetry.ratio or part[1] / part[0])

    @cached_property
    def domain(self) -> Domain:
        """The fundamental domain; a plan asks for none, and that of a dense tiling takes a second."""
        from orbifolio.runner.symmetry.groups.domain import fundamental_domain
        from orbifolio.runner.symmetry.isometry_group import IsometryGroup

        return fundamental_domain(IsometryGroup(self.symmetry, self.width, self.height))

    @cached_property
    def motif(self) -> Motif:
        """The picture's place in the domain."""
        from orbifolio.runner.gas.motif import Motif

        return Motif(self.domain, self.part[1], self.part[0])

    def networks(self, levels: Sequence[Level], gas: GrowthRules, seed: int) -> list[SymmetricNetwork]:
        """A gas for each level, from those of its points that the domain holds.

        Raises:
            ImageError: the domain holds almost none of a level's points.
        """
        from orbifolio.runner.gas.orbifold import SymmetricNetwork

        networks = []
        for number, level in enumerate(levels):
            pixels, inside = self.motif.placed(level.points)
            count = int(inside.sum())
            if count < MIN_POINTS:
                raise ImageError(
                    f"{level.title}: the fundamental domain of {self.symmetry.title} holds {count} "
                    f"of {len(level.points)} points; it needs {MIN_POINTS}; use a picture whose middle has points, "
                    "or crop it"
                )
            order = gas.order(seed, number)
            start = min(gas.start, count)
            networks.append(SymmetricNetwork(pixels[inside], self.domain, gas.law(), order, start=start))
        return networks

    def graph(self, networks: Sequence[SymmetricNetwork]) -> Graph:
        """The graph of all networks with all their images, in pixels of the drawing."""
        return union([network.graph() for network in networks])

    def picture(self, part: F32) -> F32:
        """The picture and all its images."""
        return self.motif.pattern(part)

    def mask(self, mask: Bools) -> Bools:
        """The mask and all its images, whatever their colours."""
        grey = np.repeat(mask[..., None].astype(np.float32), 3, axis=2)
        shown: Bools = self.motif.pattern(grey, recoloured=False)[..., 0] > 0.5
        return shown
