"""Symmetry elements: (symmetry, picture's size) -> where a picture has its centres, mirrors, glides and cells.

The word is crystallography's (International Tables A, Aroyo 2016): the points and lines that movements leave in place.
A movement x -> M x + t of the picture, repeated by whole pictures n where it wraps, is a turn about (I - M)^-1 (t + n);
or, where it mirrors, it reflects in the line (I - M) x = d and glides by a, with t + n = d + a, M d = -d and M a = a.

Convention: places are (x, y down) in fractions of the picture as it is seen, so that (0, 0) is the corner of a pixel,
not its middle: where a picture wraps, its samples lie half a pixel further than in `base.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.claims import Claim
from orbifolio.runner.symmetry.colour import IDENTITY
from orbifolio.runner.symmetry.layouts.flat_charts import PlaneChart, Strip, Tile
from orbifolio.runner.symmetry.verify.hyperbolic_elements import hyperbolic_elements

FLAT = (Tile, Strip, PlaneChart)
"""Charts through which a movement of the plane is one of the picture."""
MAX_ELEMENTS = 600
"""Centres and lines of a drawing: more are too fine to be seen, and make a page slow."""
MAX_FOLD = 24  # of a turn: that of a rotor
_TINY = 1e-6
_DIGITS = 5  # of a fraction: a tenth of a pixel in the largest picture

Line = tuple[tuple[float, float], tuple[float, float]]


def symmetry_elements(symmetry: Symmetry, width: int, height: int) -> dict[str, Any] | None:
    """What to draw over a picture, in fractions of it; as a record for machines.

    Args:
        symmetry: that the picture has.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Returns:
        centres: of turns, {fold, x, y, recolours}; mirrors and glides: {line: [[x, y], ...], recolours}, of two places
        or, where it is bent, of more; cells: lines, [[x, y], [x, y]], of the lattice of all translations, through a
        centre of the most turns; none in the hyperbolic plane. `recolours` tells whether a movement that leaves the
        place changes colours. None where the picture shows movements as something else, where it has none, or where
        they are more than `MAX_ELEMENTS`.
    """
    chart = symmetry.chart_for(width, height)
    if chart.curvature < 0:
        return hyperbolic_elements(chart, symmetry.claims())
    if type(chart) not in FLAT:
        return None
    movements = symmetry.movements(width / height)
    if len(movements) > MAX_ELEMENTS or (len(movements) < 2 and not any(symmetry.wrap)):
        return None
    drawing = _Elements(movements, symmetry.wrap, width, height)
    centres, (mirrors, glides) = drawing.centres(), drawing.lines()
    cells = drawing.cells(centres)
    counts = [len(centres), len(mirrors), len(glides), len(cells)]
    if not any(counts) or max(counts) > MAX_ELEMENTS:
        return None
    return {"centres": centres, "mirrors": mirrors, "glides": glides, "cells": cells}


class _Elements:
    """The elements of one picture."""

    def __init__(self, movements: tuple[Claim, ...], wrap: tuple[bool, bool], width: int, height: int) -> None:
        self.movements = movements
        self.across, self.down = wrap[1], wrap[0]
        self.size = np.array([width, height], dtype=np.float64)
        self.seen = np.array([0.5 / width if self.across else 0.0, 0.5 / height if self.down else 0.0])

    def _shifts(self, reach: float) -> F64:
        """(N, 2) whole pictures, in either direction in which it wraps."""
        most = math.ceil(reach)
        across = np.arange(-most, most + 1) if self.across else np.zeros(1)
        down = np.arange(-most, most + 1) if self.down else np.zeros(1)
        return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2).astype(np.float64)

    def _repeated(self, claim: Claim) -> tuple[F64, F64]:
        """(2, 2) the linear part I - M, and (N, 2) the shifts t + n that may have an element in the picture."""
        away = np.eye(2) - claim.matrix[:, :2]
        shifts = self._shifts(float(np.abs(away).sum(1).max()) + float(np.abs(claim.matrix[:, 2]).max()) + 1)
        return away, claim.matrix[:, 2] + shifts

    def centres(self) -> list[dict[str, Any]]:
        """Centres of turns."""
        found: dict[tuple[float, float], tuple[int, bool]] = {}
        for claim in self.movements:
            fold = turn_order(claim.matrix[:, :2])
            if fold < 2:
                continue
            away, shifts = self._repeated(claim)
            for x, y in np.linalg.solve(away, shifts.T).T + self.seen:
                if -_TINY <= x <= 1 + _TINY and -_TINY <= y <= 1 + _TINY:
                    at = _rounded(x), _rounded(y)
                    best, recolours = found.get(at, (0, False))
                    found[at] = max(best, fold), recolours or claim.colour != IDENTITY
        return [
            {"fold": fold, "x": x, "y": y, "recolours": recolours}
            for (x, y), (fold, recolours) in sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
        ]

    def lines(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Mirrors, and lines of glides that are no mirrors."""
        found: dict[Line, list[tuple[float, bool]]] = {}
        for claim in self.movements:
            linear = claim.matrix[:, :2]
            if np.linalg.det(linear) > 0:
                continue
            along = _fixed_direction(linear)
            for shift in self._repeated(claim)[1]:
                glide: F64 = (linear @ shift + shift) / 2
                line = _within((shift - glide) / 2 + self.seen, along)
                if line is not None:
                    length = float(np.hypot(*(glide * self.size)))
                    found.setdefault(line, []).append((length, claim.colour != IDENTITY))
        mirrors: list[dict[str, Any]] = []
        glides: list[dict[str, Any]] = []
        for line, kinds in sorted(found.items()):
            least = min(length for length, _ in kinds)
            recolours = any(changes for length, changes in kinds if length < least + _TINY * self.size.max())
            kept = mirrors if least < _TINY * self.size.max() else glides
            kept.append({"line": [list(end) for end in line], "recolours": recolours})
        return mirrors, glides

    def cells(self, centres: list[dict[str, Any]]) -> list[list[list[float]]]:
        """Lines along the two shortest translations, from a centre of the most turns to all others like it."""
        steps = self._translations()
        origin = np.array([centres[0]["x"], centres[0]["y"]]) if centres else self.seen
        if self.across != self.down:  # a strip: its periods, side by side
            steps.append(np.array([0.0, 1.0]) if self.across else np.array([1.0, 0.0]))
        if len(steps) < 2:
            return []
        lines = set()
        for one, other in (steps, steps[::-1]):
            if self._is_period(one):
                lines |= {line for line in self._row(origin, one, other) if line is not None}
        return [[list(end) for end in line] for line in sorted(lines)]

    def _is_period(self, step: F64) -> bool:
        return bool((step[0] == 0 or self.across) and (step[1] == 0 or self.down))

    def _row(self, origin: F64, step: F64, along: F64) -> Iterator[Line | None]:
        """Lines in a direction, a step from each other, as many as cross the picture."""
        normal = np.array([-along[1], along[0]])
        apart = float(step @ normal)
        corners = [(np.array([x, y]) - origin) @ normal / apart for x in (0.0, 1.0) for y in (0.0, 1.0)]
        for count in range(math.floor(min(corners) - _TINY), math.ceil(max(corners) + _TINY) + 1):
            yield _within(origin + count * step, along)

    def _translations(self) -> list[F64]:
        """The shortest translation, and the shortest that is not along it."""
        every = [
            shift + claim.matrix[:, 2]
            for claim in self.movements
            if np.abs(claim.matrix[:, :2] - np.eye(2)).max() < _TINY
            for shift in self._shifts(1)
        ]
        every = [step for step in every if np.abs(step).max() > _TINY]
        every.sort(key=lambda step: (round(float(np.hypot(*(step * self.size))), 3), tuple(np.round(-step, 6))))
        found: list[F64] = []
        for step in every:
            if len(found) < 2 and all(abs(step[0] * other[1] - step[1] * other[0]) > _TINY for other in found):
                found.append(step)
        return found


def turn_order(linear: F64) -> int:
    """Order of a turn from its (2, 2) linear part: 1 for none, 0 for a reflection or a turn finer than `MAX_FOLD`."""
    if np.linalg.det(linear) < 0:
        return 0
    power: F64 = linear
    for order in range(1, MAX_FOLD + 1):
        if np.abs(power - np.eye(2)).max() < _TINY:
            return order
        power = power @ linear
    return 0


def _fixed_direction(linear: F64) -> F64:
    """The direction of a reflection's line."""
    images: F64 = np.eye(2) + linear  # x + M x lies along the line
    column = int(np.abs(images).sum(0).argmax())
    along: F64 = images[:, column]
    return along


def _within(point: F64, along: F64) -> Line | None:
    """The part of a line inside the picture, its ends in order; None where it only touches a corner or passes by."""
    low, high = -math.inf, math.inf
    for start, step in zip(point.tolist(), along.tolist(), strict=True):
        if abs(step) < _TINY:
            if not -_TINY <= start <= 1 + _TINY:
                return None
            continue
        first, last = sorted(((0 - start) / step, (1 - start) / step))
        low, high = max(low, first), min(high, last)
    if high - low < 1e-3:
        return None
    ends = sorted((_rounded(point[0] + part * along[0]), _rounded(point[1] + part * along[1])) for part in (low, high))
    return ends[0], ends[1]


def _rounded(value: float) -> float:
    return min(1.0, max(0.0, round(float(value), _DIGITS))) + 0.0
