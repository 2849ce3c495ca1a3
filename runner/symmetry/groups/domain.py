"""A fundamental domain for a picture: (group) -> the places nearer to a centre than to any of its images.

The Dirichlet domain of a point in general position holds one place of each orbit. The centre is chosen as far from its
own images as possible, so that the domain is as round as the group allows and a motif has room in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64, I64, Bools
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.isometry_group import IsometryGroup, Motion

_PLACES = 48  # along each side, tried as centres: time grows with the square; fewer give a less round domain
_MAX_STEPS = 60  # to bring a place into the domain, each to a nearer image: bounds what rounding could repeat
_REACH = 3.0  # radii from the centre to images whose own domain, of radius 1, may meet a disc of radius 2


@dataclass(frozen=True)
class Domain:
    """The places of a fundamental domain.

    Attributes:
        group: whose domain it is.
        centre: (3,) a point of the surface.
        radius: maximum distance of its places from the centre.
        around: elements whose images of the domain may meet a disc of twice its radius, the identity first.
        box: (left, top, right, bottom) of it in the picture, in pixels.
    """

    group: IsometryGroup
    centre: F64
    radius: float
    around: tuple[Motion, ...]
    box: tuple[float, float, float, float]

    def holds(self, points: F64) -> Bools:
        """Which points are in the domain.

        Args:
            points: (n, 3), on the surface.
        """
        inside: Bools = _nearest(self.group, points, self.centre, self.around) == 0
        return inside

    def home(self, points: F64) -> tuple[F64, I64]:
        """Points brought into the domain, and the colour element through which each shows its image there.

        Args:
            points: (n, 3), on the surface.
        """
        return self._stepped(points) if self.group.curvature < 0 else self._nearest_copy(points)

    def _nearest_copy(self, points: F64) -> tuple[F64, I64]:
        """By the nearest image of the centre."""
        from scipy.spatial import cKDTree  # where it is used, since its import takes as long as reading a recipe

        reach = self.radius + float(self.group.distance(points, self.centre).max())
        near = self.group.elements(self.centre, reach + 1e-9)
        _, nearest = cKDTree([item.matrix @ self.centre for item in near]).query(points)
        back = np.array([np.linalg.inv(item.matrix) for item in near])[nearest]
        shown = np.array([item.colour for item in near], dtype=np.int64)[nearest]
        return np.einsum("nij,nj->ni", back, points), shown

    def _stepped(self, points: F64) -> tuple[F64, I64]:
        """The same on the hyperboloid, whose Euclidean distances mislead: step by step to ever nearer images."""
        points, elements = points.copy(), np.zeros(len(points), dtype=np.int64)
        going = np.arange(len(points))
        product = colour.PRODUCT.astype(np.int64)
        for _ in range(_MAX_STEPS):
            away = np.stack([self.group.distance(points[going], item.matrix @ self.centre) for item in self.around])
            nearest = np.where(away.min(axis=0) < away[0] - 1e-9, away.argmin(axis=0), 0)
            going, nearest = going[nearest > 0], nearest[nearest > 0]
            if not len(going):
                break
            for number in np.unique(nearest):
                chosen = going[nearest == number]
                points[chosen] = points[chosen] @ np.linalg.inv(self.around[number].matrix).T
                elements[chosen] = product[elements[chosen], self.around[number].colour]
        return points, elements


def fundamental_domain(group: IsometryGroup) -> Domain:
    """The domain of a group.

    Args:
        group: of a surface that a picture shows.
    """
    pixels, points = _lattice(group)
    centre, apart = _centre(group, points)
    around = group.elements(centre, 2.5 * apart + 1e-9) if group.generators else group.elements(centre, 0.0)
    inside = _nearest(group, points, centre, around) == 0
    radius = float(group.distance(points[inside], centre).max())
    if group.generators:
        around = group.elements(centre, _REACH * radius)
    low, high = pixels[inside].min(axis=0), pixels[inside].max(axis=0)
    return Domain(group, centre, radius, around, (float(low[0]), float(low[1]), float(high[0]), float(high[1])))


def _lattice(group: IsometryGroup) -> tuple[F64, F64]:
    """Places all over the picture, and over half of its copies where it repeats: pixels and points."""
    margins = [0.5 if wraps and group.chart is None else 0.0 for wraps in reversed(group.wrap)]
    x, y = (np.linspace(-margin, 1 + margin, 6 * _PLACES + 1)[:-1] for margin in margins)
    across, down = np.meshgrid((x + 0.1 / _PLACES) * group.width, (y + 0.1 / _PLACES) * group.height)
    pixels = np.stack([across.ravel(), down.ravel()], axis=1)
    points, there = group.look(pixels)
    return pixels[there], points[there]


def _centre(group: IsometryGroup, points: F64) -> tuple[F64, float]:
    """The place at the maximum distance from its images, near the picture's middle, and that distance."""
    middle, _ = group.look(np.array([[group.width / 2, group.height / 2]]))
    if not group.generators:
        return middle[0], 0.0
    away = group.distance(points, middle)
    close = points[np.argsort(away, kind="stable")][: max(_PLACES**2, len(points) // 4)]
    tried = close[:: max(1, len(close) // _PLACES**2)]
    # elements about a place near by: a place in general position, so that each element moves it elsewhere
    generic = tried[len(tried) // 3]
    steps = max(float(group.distance(item.matrix @ generic, generic)) for item in group.generators)
    nearest = np.full(len(tried), np.inf)
    for item in group.elements(generic, 2 * steps)[1:]:
        nearest = np.minimum(nearest, group.distance(tried @ item.matrix.T, tried))
    best = np.flatnonzero(nearest > nearest.max() * (1 - 1e-3))[0]
    return tried[best], float(nearest[best])


def _nearest(group: IsometryGroup, points: F64, centre: F64, around: tuple[Motion, ...]) -> I64:
    """(n,) number of the element whose image of the centre is nearest."""
    best, number = np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
    for index, item in enumerate(around):
        away = group.distance(points, item.matrix @ centre)
        closer = away < best - 1e-12
        best[closer], number[closer] = away[closer], index
    return number
