"""What a gas grows on: the picture as it is, or a fundamental domain of a symmetry, with the picture laid over it.

A ground knows the drawing's size, makes the networks for the levels of points, joins what they grew into one graph
over the drawing, and gives the picture that belongs under it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.errors import ImageError
from orbifolio.runner.gas.graph import Graph, union
from orbifolio.runner.gas.points import Level
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.kinds.curved import CurvedSymmetry

if TYPE_CHECKING:
    from orbifolio.runner.gas.network import Network
    from orbifolio.runner.gas.orbifold import SymmetricNetwork
    from orbifolio.runner.gas.rules import Rules

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FEWEST = 8  # points of a level that a fundamental domain must hold


def grows_on(symmetry: Symmetry) -> bool:
    """Whether a symmetry is a group of movements that the ground of a gas can have."""
    if isinstance(symmetry, CurvedSymmetry):
        return True
    planar = symmetry.planar_claims(symmetry.ratio or 1.0)
    # a zoom's turns are movements of the plane, but what makes it a zoom is none
    return len(planar) == len(symmetry.claims()) and bool(planar or any(symmetry.wrap))


class Ground(ABC):
    """The base of both grounds.

    Attributes:
        width: of the drawing in pixels.
        height: of the drawing in pixels.
        pace: seconds that a presentation takes, with all that follows from it; for the plan.
    """

    width: int
    height: int
    pace: float = 4e-6

    @abstractmethod
    def networks(self, levels: Sequence[Level], gas: Rules, seed: int) -> list[Any]:
        """A gas for each level, with its first nodes.

        Args:
            levels: points in pixels of the picture.
            gas: the rules.
            seed: of the run.
        """

    @abstractmethod
    def graph(self, networks: Sequence[Any]) -> Graph:
        """What all have grown, over the ground that is drawn."""

    @abstractmethod
    def picture(self, part: Pixels) -> Pixels:
        """The picture as it lies under the graph."""

    @abstractmethod
    def mask(self, mask: Mask) -> Mask:
        """The same for what is true of places of the picture."""


class PlainGround(Ground):
    """The picture itself."""

    def __init__(self, part: tuple[int, int], width: int) -> None:
        """A drawing of the picture's shape.

        Args:
            part: height and width of the picture.
            width: of the drawing.
        """
        self.part, self.width = part, width
        self.height = max(1, round(width * part[0] / part[1]))

    def networks(self, levels: Sequence[Level], gas: Rules, seed: int) -> list[Network]:
        """See `Ground.networks`."""
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
        """In pixels of the picture."""
        height, width = self.part
        return union([network.graph(width, height) for network in networks])

    def picture(self, part: Pixels) -> Pixels:
        """The picture."""
        return part

    def mask(self, mask: Mask) -> Mask:
        """The mask."""
        return mask


class SymmetricGround(Ground):
    """A fundamental domain of a symmetry; see `stage.py`, `domain.py` and `motif.py`."""

    pace = 2.5e-4  # neighbours are looked for over the domain's borders, too

    def __init__(self, symmetry: Symmetry, part: tuple[int, int], width: int) -> None:
        """A drawing of the symmetry's shape, or of the picture's where that is free.

        Args:
            symmetry: a group of movements of the plane, the sphere or the hyperbolic plane.
            part: height and width of the picture.
            width: of the drawing.
        """
        from orbifolio.runner.gas.motif import Motif
        from orbifolio.runner.symmetry.groups.domain import fundamental_domain
        from orbifolio.runner.symmetry.isometry_group import IsometryGroup

        self.symmetry = symmetry
        self.width, self.height = symmetry.fit(width, multiple=1, ratio=symmetry.ratio or part[1] / part[0])
        self.domain = fundamental_domain(IsometryGroup(symmetry, self.width, self.height))
        self.motif = Motif(self.domain, part[1], part[0])

    def networks(self, levels: Sequence[Level], gas: Rules, seed: int) -> list[SymmetricNetwork]:
        """Of the points that the domain holds: see `Ground.networks`.

        Raises:
            ImageError: the domain holds almost none of a level's points.
        """
        from orbifolio.runner.gas.orbifold import SymmetricNetwork

        found = []
        for number, level in enumerate(levels):
            pixels, held = self.motif.placed(level.points)
            if held.sum() < FEWEST:
                raise ImageError(
                    f"{level.title}: the fundamental domain of {self.symmetry.title} holds {int(held.sum())} of "
                    f"{len(level.points)} points; it needs {FEWEST}; use a picture whose middle has points, or crop it"
                )
            start = min(gas.start, int(held.sum()))
            order = gas.order(seed, number)
            found.append(SymmetricNetwork(pixels[held], self.domain, gas.law(), order, start=start))
        return found

    def graph(self, networks: Sequence[SymmetricNetwork]) -> Graph:
        """In pixels of the drawing, all images."""
        return union([network.graph() for network in networks])

    def picture(self, part: Pixels) -> Pixels:
        """The picture and all its images."""
        return self.motif.pattern(part)

    def mask(self, mask: Mask) -> Mask:
        """The mask and all its images, whatever their colours."""
        grey = np.repeat(mask[..., None].astype(np.float32), 3, axis=2)
        shown: Mask = self.motif.pattern(grey, recoloured=False)[..., 0] > 0.5
        return shown
