"""A picture in a fundamental domain: (domain, picture) -> where its pixels lie, and the pattern of all its images.

The picture lies upright over the domain, just large enough to cover it. Pixels outside the domain are left out: images
of other parts of the domain are there.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.ndimage import map_coordinates

from orbifolio.runner.arrays import F32, F64, I64, Bools
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.domain import Domain


class Motif:
    """A picture laid over a domain.

    Attributes:
        domain: what the picture covers.
        scale: pixels of the artwork to a pixel of the picture.
        corner: (2,) the picture's top-left corner in pixels of the artwork.
    """

    def __init__(self, domain: Domain, width: int, height: int) -> None:
        """The picture's position and scale on the artwork.

        Args:
            domain: what the picture must cover.
            width: of the picture in its own pixels.
            height: of the picture in its own pixels.
        """
        self.domain = domain
        left, top, right, bottom = domain.box
        self.scale = max((right - left) / width, (bottom - top) / height)
        self.corner = np.array([left + right - width * self.scale, top + bottom - height * self.scale]) / 2

    def placed(self, pixels: F64) -> tuple[F64, Bools]:
        """Points of the picture as points of the artwork.

        Args:
            pixels: (n, 2) in pixels of the picture, x to the right, y down.

        Returns:
            (n, 2) in pixels of the artwork, and (n,) whether the domain holds each.
        """
        there = pixels * self.scale + self.corner
        points, seen = self.domain.group.look(there)
        return there, seen & self.domain.holds(points)

    def pattern(self, picture: F32, *, recoloured: bool = True) -> F32:
        """The picture and all its images, recoloured as the group does, over the whole artwork.

        Args:
            picture: (h, w, 3) in [0, 1].
            recoloured: False for pictures whose values are not colours, such as masks.

        Returns:
            (height, width, 3) of the artwork's size; mid-grey where nothing is.
        """
        group = self.domain.group
        own, elements, there = self._sources
        sampled = np.stack(
            [map_coordinates(picture[..., band], own[:, ::-1].T, order=1, mode="nearest") for band in range(3)], axis=1
        )
        matrices = colour.MATRICES[elements if recoloured else np.zeros_like(elements)].astype(np.float64)
        shown = np.einsum("nij,nj->ni", matrices, sampled - 0.5)
        shown[~there] = 0.0
        result: F32 = np.clip(shown + 0.5, 0, 1).astype(np.float32).reshape(group.height, group.width, 3)
        return result

    @cached_property
    def _sources(self) -> tuple[F64, I64, Bools]:
        """For every pixel of the artwork the point of the picture it shows, through what, and whether it shows any."""
        group = self.domain.group
        x, y = np.meshgrid(np.arange(group.width) + 0.5, np.arange(group.height) + 0.5)
        points, there = group.look(np.stack([x.ravel(), y.ravel()], axis=1))
        points, elements = self.domain.home(points)
        return (group.place(points) - self.corner) / self.scale - 0.5, elements, there
