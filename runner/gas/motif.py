"""A picture in a fundamental domain: (domain, picture) -> where its pixels stand, and the pattern of all its images.

The picture is laid over the domain so that it covers it, as large as it can and upright; what the domain does not
hold is left out, since the images of the domain's other places stand there.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.domain import Domain

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.float32]


class Motif:
    """A picture laid over a domain."""

    def __init__(self, domain: Domain, width: int, height: int) -> None:
        """Lay it.

        Args:
            domain: that it covers.
            width: of the picture in its own pixels.
            height: of the picture in its own pixels.
        """
        self.domain = domain
        left, top, right, bottom = domain.box
        self.scale = max((right - left) / width, (bottom - top) / height)
        self.corner = np.array([left + right - width * self.scale, top + bottom - height * self.scale]) / 2

    def placed(self, pixels: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Where places of the picture stand in the artwork, in its pixels, and which the domain holds.

        Args:
            pixels: (n, 2) of the picture, x to the right, y down.
        """
        there = pixels * self.scale + self.corner
        points, seen = self.domain.group.look(there)
        return there, seen & self.domain.holds(points)

    def pattern(self, picture: Pixels, *, recoloured: bool = True) -> Pixels:
        """The picture and all its images, recoloured as the group does, over the whole artwork.

        Args:
            picture: (h, w, 3) in [0, 1].
            recoloured: False for what has no colours, as a mask.

        Returns:
            (height, width, 3) of the stage's size; mid-grey where nothing is.
        """
        stage = self.domain.group
        own, elements, there = self._sources
        sampled = np.stack(
            [map_coordinates(picture[..., band], own[:, ::-1].T, order=1, mode="nearest") for band in range(3)], axis=1
        )
        matrices = colour.MATRICES[elements if recoloured else np.zeros_like(elements)].astype(np.float64)
        shown = np.einsum("nij,nj->ni", matrices, sampled - 0.5)
        shown[~there] = 0.0
        result: Pixels = np.clip(shown + 0.5, 0, 1).astype(np.float32).reshape(stage.height, stage.width, 3)
        return result

    @cached_property
    def _sources(self) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """For every pixel of the artwork the place of the picture it shows, through what, and whether it shows any."""
        stage = self.domain.group
        x, y = np.meshgrid(np.arange(stage.width) + 0.5, np.arange(stage.height) + 0.5)
        points, there = stage.look(np.stack([x.ravel(), y.ravel()], axis=1))
        points, elements = self.domain.home(points)
        return (stage.place(points) - self.corner) / self.scale - 0.5, elements, there
