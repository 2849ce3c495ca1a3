"""Centres of turns: (symmetry, chart, picture's size) -> where the picture shows them, and how to look around them.

Around each centre there are conformal coordinates, a complex number w: as the picture shows it on the plane, as the
Poincare disk with the centre in its middle on the hyperbolic plane, by stereographic projection on the sphere. A
pixel of the picture at the centre is a unit of w.

Convention: places are (x, y down) in fractions of the picture; samples lie at j / n along an axis of a tile, else at
(j + 1/2) / n.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.charts import Chart, boost
from orbifolio.runner.symmetry.claims import Claim, generated
from orbifolio.runner.symmetry.groups.triangle import on_surface
from orbifolio.runner.symmetry.layouts.flat_charts import PlaneChart, Tile, in_fractions

_FLAT = (Tile, PlaneChart)  # charts through which a turn of the plane is a turn of the picture
_SAME = 1e-4  # of a surface's radius: points that are nearer to each other are one
MAX_ORDER = 12  # of a turn that is recognised; what turns by less is no centre that one sees


@dataclass(frozen=True)
class TurnCentre:
    """A centre of turns.

    Attributes:
        fold: order of its turns.
        place: where the picture shows it, (x, y down) in fractions.
        reach: pixels to the nearest other centre of turns of order three or more, or to the picture's border.
        look: (...) w -> (..., 2) (row, column) in samples of the picture, not rounded; may lead beyond it.
    """

    fold: int
    place: tuple[float, float]
    reach: float
    look: Callable[[C128], F64]


def turn_centres(symmetry: Symmetry, width: int, height: int) -> tuple[TurnCentre, ...]:
    """One centre of each class that the symmetry's claims, wanted ones included, bring along.

    Args:
        width: of the picture in pixels.
        height: of the picture in pixels.

    Returns:
        Centres that are the same by the group are there once; none where a chart shows turns as something else.
    """
    chart = symmetry.chart_for(width, height)
    claims = (*symmetry.claims(), *symmetry.near_claims())
    if chart.curvature:
        return _curved(chart, claims, width, height)
    return _flat(chart, claims, width, height) if type(chart) in _FLAT else ()


def _order(matrix: F64) -> int:
    """Order of a turn, or 0 where it is none of at most `MAX_ORDER`."""
    power = matrix
    for order in range(1, MAX_ORDER + 1):
        if np.abs(power - np.eye(len(matrix))).max() < 1e-6:
            return order
        power = power @ matrix
    return 0


def _movements(chart: Chart, claims: Iterable[Claim], ratio: float) -> tuple[Claim, ...]:
    """All movements in fractions of the picture; the claims alone where they make no finite group."""
    flat = [Claim("", in_fractions(claim.matrix, ratio), claim.colour) for claim in claims]
    try:
        return generated(flat, chart.wrap)
    except ValueError:  # copies that the picture has nearly may turn a lattice by what leads out of it
        return tuple(flat)


def _flat(chart: Chart, claims: Iterable[Claim], width: int, height: int) -> tuple[TurnCentre, ...]:
    """Centres in a tile, or of turns of a picture's plane."""
    movements = _movements(chart, claims, width / height)
    size = np.array([width, height], dtype=np.float64)
    periodic = all(chart.wrap)
    shifts = [np.array([x, y], dtype=float) for x in (-1, 0, 1) for y in (-1, 0, 1)] if periodic else [np.zeros(2)]

    def key(place: F64) -> tuple[float, ...]:
        return tuple(np.round((place + 1e-7) % 1.0 if periodic else place, 5) + 0.0)

    folds: dict[tuple[float, ...], int] = {}
    for claim in movements:
        linear, moved = claim.matrix[:, :2], claim.matrix[:, 2]
        order = _order(linear) if np.linalg.det(linear) > 0 else 0
        if order > 1:
            for shift in shifts:
                fixed: F64 = np.linalg.solve(np.eye(2) - linear, moved + shift).astype(np.float64)
                at = key(fixed)
                folds[at] = max(folds.get(at, 0), order)
    notable = [np.array(at) for at, fold in folds.items() if fold > 2]
    seen: set[tuple[float, ...]] = set()
    centres = []
    for at, fold in sorted(folds.items()):
        if at in seen:
            continue
        here = np.array(at)
        seen |= {key(claim.matrix[:, :2] @ here + claim.matrix[:, 2]) for claim in movements}
        steps = [(other + shift - here) * size for other in notable for shift in shifts]
        reach = min((float(np.hypot(*step)) for step in steps if np.abs(step).max() > 1e-3), default=math.inf)
        if not periodic:
            reach = min(reach, *(here * size).tolist(), *((1 - here) * size).tolist())
        offset = 0.0 if periodic else 0.5

        def look(w: C128, here: F64 = here, offset: float = offset) -> F64:
            return np.stack([here[1] * height - w.imag, here[0] * width + w.real], axis=-1) - offset

        centres.append(TurnCentre(fold, (float(at[0]), float(at[1])), reach, look))
    return tuple(centres)


def _curved(chart: Chart, claims: Iterable[Claim], width: int, height: int) -> tuple[TurnCentre, ...]:
    """Centres of turns among the claims and their products of two, that the picture shows."""
    matrices = [claim.matrix for claim in claims]
    products = [*matrices, *(one @ other for one in matrices for other in matrices if one is not other)]
    folds: dict[tuple[float, ...], int] = {}
    for matrix in products:
        order = _order(matrix) if np.linalg.det(matrix) > 0 else 0
        if order > 1:
            for point in _fixed(matrix, chart.curvature):
                at = tuple(np.round(point, 6) + 0.0)
                folds[at] = max(folds.get(at, 0), order)
    points = np.array(list(folds)).reshape(-1, 3)
    notable = points[np.array(list(folds.values())) > 2]
    notable = np.concatenate([notable, *(notable @ matrix.T for matrix in products)])
    shown = []
    for point, fold in zip(points, folds.values(), strict=True):
        if (centre := _curved_centre(chart, fold, point, notable, width, height)) is not None:
            shown.append((point, centre))
    # Of those that are the same by the group, the one that the chart shows largest, and farthest from a map's poles.
    shown.sort(key=lambda item: (-round(item[1].reach, 3), abs(item[1].place[1] - 0.5)))
    kept: list[TurnCentre] = []
    taken = np.zeros((0, 3))
    for point, centre in shown:
        if np.abs(taken - point).max(1).min(initial=np.inf) > _SAME:
            kept.append(centre)
            taken = np.concatenate([taken, _orbit(point, matrices, points)])
    return tuple(kept)


def _orbit(point: F64, matrices: list[F64], among: F64) -> F64:
    """(N, 3) those of some points that generators lead a point to, by way of these points alone."""
    reached, waiting = point[None], [point]
    while waiting:
        here = waiting.pop()
        for matrix in matrices:
            moves: list[F64] = [matrix @ here, np.linalg.inv(matrix).astype(np.float64) @ here]
            for moved in moves:
                near = np.abs(among - moved).max(1)
                if near.min() < _SAME < np.abs(reached - moved).max(1).min():
                    reached = np.concatenate([reached, moved[None]])
                    waiting.append(moved)
    return reached


def _fixed(matrix: F64, curvature: int) -> list[F64]:
    """The points that a turn fixes: two on a sphere, one on the hyperbolic plane."""
    values, vectors = np.linalg.eig(matrix)
    axis = np.real(vectors[:, np.abs(values - 1).argmin()])
    if curvature > 0:
        return [axis, -axis]
    square = axis[2] ** 2 - axis[0] ** 2 - axis[1] ** 2
    return [axis / math.sqrt(square) * np.sign(axis[2])] if square > 1e-9 else []


def _curved_centre(chart: Chart, fold: int, point: F64, others: F64, width: int, height: int) -> TurnCentre | None:
    """A centre as the chart shows it, or None where it does not."""
    x, y = (float(part[0]) for part in chart.place(point[None]))
    if max(abs(x), abs(y)) > 1:
        return None
    seen = chart.look(np.array([x]), np.array([y]))
    if not seen.there[0]:
        return None
    unit = float(seen.spacing[0]) / min(width, height)  # of w, whose unit is two lengths on the surface
    frame = _frame(point, chart.curvature)
    back = (on_surface(others, chart.curvature) @ np.linalg.inv(frame).T)[:, 2]
    back = back[np.abs(back - 1) > _SAME]
    with np.errstate(divide="ignore"):  # the point opposite on a sphere is infinitely far
        apart = np.sqrt(np.abs((1 - back) / (1 + back)))  # |w|: the tangent, or tanh, of half the distance

    def look(w: C128) -> F64:
        scaled = w.ravel() * unit
        square = np.abs(scaled) ** 2
        sign = chart.curvature
        points = (
            np.stack([2 * scaled.real, 2 * scaled.imag, 1 - sign * square], axis=-1) / (1 + sign * square)[..., None]
        )
        across, up = chart.place(points @ frame.T)
        at = np.stack([(1 - up) / 2 * height - 0.5, (across + 1) / 2 * width - 0.5], axis=-1)
        return at.reshape(*w.shape, 2)

    reach = float(apart.min(initial=math.inf)) / unit
    if chart.curvature < 0:
        reach = min(reach, 1 / unit, (1 - abs(x)) * width / 2, (1 - abs(y)) * height / 2)
    return TurnCentre(fold, ((x + 1) / 2, (1 - y) / 2), reach, look)


def _frame(point: F64, curvature: int) -> F64:
    """(3, 3) isometry that leads the middle, (0, 0, 1), to a point, the picture's right and up kept where it can."""
    if curvature < 0:
        return boost(point)
    east = np.cross([0.0, 0.0, 1.0], point)
    east = np.array([1.0, 0.0, 0.0]) if np.linalg.norm(east) < 1e-6 else east / np.linalg.norm(east)
    return np.stack([east, np.cross(point, east), point], axis=1)
