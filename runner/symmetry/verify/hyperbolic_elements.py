"""Symmetry elements of the hyperbolic plane: (chart, claims) -> centres and mirrors, down to what is too small to see.

The group is walked from its claims. Centres and mirrors of its first elements are moved by all others: a turn about a
far point moves the middle so far that no walk reaches it, but some element moves a near centre there.

Convention: points are of the hyperboloid x^2 + y^2 - z^2 = -1, and z is the hyperbolic cosine of the distance from the
middle; a mirror is its unit normal v, of length 1 in that form, and leads x to x - 2 <v, x> v.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.claims import Claim

MAX_SPACING = 9.0
"""Lengths of the surface in half a picture's shorter side: where it shows more, centres are too small to be drawn."""
_REACH = 12.0  # cosh of the distance from the middle within which everything is found
_WALKED = 9_000  # elements of the group: a guard against tilings too fine to draw
_NEAREST_LINE = 4.0  # cosh of a mirror's distance from the middle: those further out are short arcs at the rim
_FORM = np.diag([1.0, 1.0, -1.0])
_MAX_FOLD = 24
_SAMPLES = 33  # of a mirror's arc: straight pieces of 1/16 of a picture's side at most
_DIGITS = 4


def hyperbolic_elements(chart: Chart, claims: Sequence[Claim]) -> dict[str, Any] | None:
    """What to draw over a picture of the hyperbolic plane, as `symmetry_elements` returns it.

    Args:
        chart: that shows it; None is returned if it shows far parts of the plane large, of which there is no end.
        claims: (3, 3) isometries that generate the group.
    """
    if not claims or _shows_far_parts(chart):
        return None
    group = _walk(claims)
    if len(group) > _WALKED:
        return None
    matrices = np.array([matrix for matrix, _ in group])
    centres: dict[tuple[float, float], dict[str, Any]] = {}
    for point, fold, recolours in _centres(group):
        points = _distinct(matrices @ point)
        for x, y in _seen(chart, points[points[:, 2] <= _REACH]):
            before = centres.get((x, y), {"fold": 0, "recolours": False})
            told = recolours or bool(before["recolours"])
            centres[x, y] = {"fold": max(fold, int(before["fold"])), "x": x, "y": y, "recolours": told}
    mirrors = []
    for normals, recolours in _mirrors(group, matrices):
        mirrors += [{"line": line, "recolours": recolours} for line in map(lambda v: _arc(chart, v), normals) if line]
    if not centres and not mirrors:
        return None
    ordered = sorted(centres.values(), key=lambda centre: (-centre["fold"], centre["x"], centre["y"]))
    return {"centres": ordered, "mirrors": mirrors, "glides": [], "cells": []}


def _shows_far_parts(chart: Chart) -> bool:
    side = np.linspace(-0.99, 0.99, 41)
    x, y = (grid.ravel() for grid in np.meshgrid(side, side))
    seen = chart.look(x, y)
    large = seen.there & (seen.spacing <= MAX_SPACING)
    return bool(np.any(seen.points[large, 2] > _REACH))


def _walk(claims: Sequence[Claim]) -> list[tuple[F64, int]]:
    """The group's elements, with their colours, that move the middle no further than `_REACH`, twice for the way."""
    makers = [(claim.matrix, claim.colour) for claim in claims]
    makers += [(np.linalg.inv(matrix).astype(np.float64), colour.INVERSE[element]) for matrix, element in makers]
    found = {_key(np.eye(3)): (np.eye(3), colour.IDENTITY)}
    waiting = list(found.values())
    while waiting and len(found) <= _WALKED:
        matrix, element = waiting.pop(0)
        for maker, added in makers:
            product: F64 = matrix @ maker
            key = _key(product)
            if product[2, 2] <= 2 * _REACH and key not in found:
                found[key] = (product, colour.compose(element, added))
                waiting.append(found[key])
    return list(found.values())


def _key(matrix: F64) -> bytes:
    return (np.round(matrix, 3) + 0.0).tobytes()


def _centres(group: Sequence[tuple[F64, int]]) -> list[tuple[F64, int, bool]]:
    """Point, fold and whether colours change, of turns about points near the middle."""
    folds: dict[tuple[float, ...], tuple[F64, int, bool]] = {}
    for matrix, element in group:
        order = _order(matrix) if np.linalg.det(matrix) > 0 and matrix[2, 2] < 2 * _REACH else 0
        if order > 1:
            values, vectors = np.linalg.eig(matrix)
            axis = np.real(vectors[:, np.abs(values - 1).argmin()])
            square = -float(axis @ _FORM @ axis)
            if square > 1e-9:
                point = axis / math.sqrt(square) * np.sign(axis[2])
                at = tuple(np.round(point, 3).tolist())
                point, fold, recolours = folds.get(at, (point, 0, False))
                folds[at] = point, max(fold, order), recolours or element != colour.IDENTITY
    return list(folds.values())


def _order(matrix: F64) -> int:
    power = matrix
    for order in range(1, _MAX_FOLD + 1):
        if np.abs(power - np.eye(3)).max() < 1e-5:
            return order
        if power[2, 2] > 4 * _REACH**2:
            return 0
        power = power @ matrix
    return 0


def _mirrors(group: Sequence[tuple[F64, int]], matrices: F64) -> list[tuple[F64, bool]]:
    """(N, 3) normals of mirrors near the middle, for those that keep colours and for those that change them."""
    found: dict[bool, list[F64]] = {False: [], True: []}
    for matrix, element in group:
        if np.linalg.det(matrix) < 0 and np.abs(matrix @ matrix - np.eye(3)).max() < 1e-5 and np.trace(matrix) > 0:
            normal = (np.eye(3) - matrix)[:, int(np.abs(np.eye(3) - matrix).sum(0).argmax())]
            found[element != colour.IDENTITY].append(normal / math.sqrt(max(float(normal @ _FORM @ normal), 1e-12)))
    result = []
    for recolours, normals in found.items():
        if normals:
            every = np.einsum("nij,mj->nmi", matrices, np.array(normals)).reshape(-1, 3)
            every = every[np.sqrt(1 + every[:, 2] ** 2) <= _NEAREST_LINE]
            every *= np.where(_leads(every), 1.0, -1.0)[:, None]
            result.append((_distinct(every), recolours))
    return result


def _distinct(vectors: F64) -> F64:
    """(M, 3) those of (N, 3) that differ by more than what products leave over."""
    _, first = np.unique(np.round(vectors, 4) + 0.0, axis=0, return_index=True)
    kept: F64 = vectors[np.sort(first)]
    return kept


def _leads(normals: F64) -> Any:
    """Which of a normal and its opposite stands for both: the one whose first part that is not 0 is positive."""
    x, y, z = np.round(normals, 5).T
    return np.where(x != 0, x > 0, np.where(y != 0, y > 0, z > 0))


def _seen(chart: Chart, points: F64) -> list[tuple[float, float]]:
    """Where the picture shows points, those that it shows too small left out."""
    x, y = chart.place(points)
    inside = np.maximum(np.abs(x), np.abs(y)) <= 1
    x, y = x[inside], y[inside]
    shown = chart.look(x, y)
    kept = shown.there & (shown.spacing <= MAX_SPACING)
    return [_fractions(*place) for place in zip(x[kept], y[kept], strict=True)]


def _arc(chart: Chart, normal: F64) -> list[list[float]]:
    """A mirror as the picture shows it: from rim to rim, or [] if it shows nothing of it."""
    near = np.array([0.0, 0.0, 1.0]) + normal[2] * normal  # the middle, moved to the line at right angles
    near /= math.sqrt(1 + normal[2] ** 2)
    along = _FORM @ np.cross(normal, near)
    steps = np.linspace(-7, 7, _SAMPLES)[:, None]
    x, y = chart.place(np.cosh(steps) * near + np.sinh(steps) * along)
    inside = np.maximum(np.abs(x), np.abs(y)) <= 1
    places = [list(_fractions(*place)) for place in zip(x[inside], y[inside], strict=True)]
    return places if len(places) > 1 else []


def _fractions(x: float, y: float) -> tuple[float, float]:
    return round((float(x) + 1) / 2, _DIGITS), round((1 - float(y)) / 2, _DIGITS)
