"""A fundamental domain for a picture: (stage) -> the places nearer to a centre than to any of its images.

The Dirichlet domain of a point in general position holds one place of each orbit. The centre is chosen as far as
can be from its own images, so that the domain is as round as the group allows and a motif has room in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.isometry_group import Motion, Stage

Floats = npt.NDArray[np.float64]

_TRIED = 48  # places along each side that are tried as centres
_STEPS = 60  # to bring a place into the domain, each to the nearest image of the centre
_SURE = 3.0  # times its radius: how far a domain's neighbours' images may stand


@dataclass(frozen=True)
class Domain:
    """The places of a fundamental domain.

    Attributes:
        stage: where it lies.
        centre: (3,).
        radius: distance of its farthest place.
        around: elements whose images of the domain may meet a disc of twice its radius, the identity first.
        box: (left, top, right, bottom) of it in the picture, in pixels.
    """

    stage: Stage
    centre: Floats
    radius: float
    around: tuple[Motion, ...]
    box: tuple[float, float, float, float]

    def holds(self, points: Floats) -> npt.NDArray[np.bool_]:
        """Which points are in the domain.

        Args:
            points: (n, 3).
        """
        held: npt.NDArray[np.bool_] = _nearest(self.stage, points, self.centre, self.around) == 0
        return held

    def home(self, points: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Points brought into the domain, and the colour element through which each shows what is there.

        Args:
            points: (n, 3).
        """
        return self._stepped(points) if self.stage.curvature < 0 else self._found(points)

    def _found(self, points: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        """By the nearest image of the centre."""
        reach = self.radius + float(self.stage.distance(points, self.centre).max())
        group = self.stage.elements(self.centre, reach + 1e-9)
        _, nearest = cKDTree([item.matrix @ self.centre for item in group]).query(points)
        back = np.array([np.linalg.inv(item.matrix) for item in group])[nearest]
        shown = np.array([item.colour for item in group], dtype=np.int64)[nearest]
        return np.einsum("nij,nj->ni", back, points), shown

    def _stepped(self, points: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        """The same where straight distances tell nothing: step by step to ever nearer images."""
        points, elements = points.copy(), np.zeros(len(points), dtype=np.int64)
        going = np.arange(len(points))
        product = colour.PRODUCT.astype(np.int64)
        for _ in range(_STEPS):
            away = np.stack([self.stage.distance(points[going], item.matrix @ self.centre) for item in self.around])
            nearest = np.where(away.min(axis=0) < away[0] - 1e-9, away.argmin(axis=0), 0)
            going, nearest = going[nearest > 0], nearest[nearest > 0]
            if not len(going):
                break
            for number in np.unique(nearest):
                chosen = going[nearest == number]
                points[chosen] = points[chosen] @ np.linalg.inv(self.around[number].matrix).T
                elements[chosen] = product[elements[chosen], self.around[number].colour]
        return points, elements


def fundamental_domain(stage: Stage) -> Domain:
    """The domain for a stage.

    Args:
        stage: a surface with its group.
    """
    pixels, points = _lattice(stage)
    centre, apart = _centre(stage, points)
    around = stage.elements(centre, 2.5 * apart + 1e-9) if stage.generators else stage.elements(centre, 0.0)
    inside = _nearest(stage, points, centre, around) == 0
    radius = float(stage.distance(points[inside], centre).max())
    if stage.generators:
        around = stage.elements(centre, _SURE * radius)
    low, high = pixels[inside].min(axis=0), pixels[inside].max(axis=0)
    return Domain(stage, centre, radius, around, (float(low[0]), float(low[1]), float(high[0]), float(high[1])))


def _lattice(stage: Stage) -> tuple[Floats, Floats]:
    """Places all over the picture, and over half of its copies where it repeats: pixels and points."""
    margins = [0.5 if wraps and stage.chart is None else 0.0 for wraps in reversed(stage.wrap)]
    x, y = (np.linspace(-margin, 1 + margin, 6 * _TRIED + 1)[:-1] for margin in margins)
    across, down = np.meshgrid((x + 0.1 / _TRIED) * stage.width, (y + 0.1 / _TRIED) * stage.height)
    pixels = np.stack([across.ravel(), down.ravel()], axis=1)
    points, there = stage.look(pixels)
    return pixels[there], points[there]


def _centre(stage: Stage, points: Floats) -> tuple[Floats, float]:
    """The place farthest from its images, near the picture's middle, and that distance."""
    middle, _ = stage.look(np.array([[stage.width / 2, stage.height / 2]]))
    if not stage.generators:
        return middle[0], 0.0
    away = stage.distance(points, middle)
    close = points[np.argsort(away, kind="stable")][: max(_TRIED**2, len(points) // 4)]
    tried = close[:: max(1, len(close) // _TRIED**2)]
    # elements about a place near by: a place in general position, so that each element moves it elsewhere
    generic = tried[len(tried) // 3]
    steps = max(float(stage.distance(item.matrix @ generic, generic)) for item in stage.generators)
    nearest = np.full(len(tried), np.inf)
    for item in stage.elements(generic, 2 * steps)[1:]:
        nearest = np.minimum(nearest, stage.distance(tried @ item.matrix.T, tried))
    best = np.flatnonzero(nearest > nearest.max() * (1 - 1e-3))[0]
    return tried[best], float(nearest[best])


def _nearest(stage: Stage, points: Floats, centre: Floats, around: tuple[Motion, ...]) -> npt.NDArray[np.int64]:
    """(n,) number of the element whose image of the centre is nearest."""
    best, number = np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
    for place, item in enumerate(around):
        away = stage.distance(points, item.matrix @ centre)
        closer = away < best - 1e-12
        best[closer], number[closer] = away[closer], place
    return number
