"""An outline is a closed polygon of complex numbers: counter-clockwise, centred, of area 1, with even steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from orbifolio.runner.arrays import C128, F64, Bools
from orbifolio.runner.errors import InputError

MAX_POINTS = 20_000  # of an outline as it is read: finer than any print, and crossings are still found in a second
MIN_SHARE = 0.02  # of its bounding circle's area: thinner figures are lines, and tiles are areas
CHECKED = 600  # points at which crossings are looked for

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile, and keep the result on disk."""
    plain: Any = njit  # numba's own annotations are loose
    return cast(Function, plain(cache=True)(function))


class OutlineFault(InputError):
    """Why an outline cannot be a tile: "is what; rule; cure", to be read after the figure's name."""


def area(outline: C128) -> float:
    """Signed area, positive if counter-clockwise."""
    return float(0.5 * np.sum((outline.conj() * np.roll(outline, -1)).imag))


def resample(outline: C128, count: int) -> C128:
    """(count,) points at even distances along an outline, from its first point on."""
    return EvenOutline(outline).at(np.arange(count) / count)


class EvenOutline:
    """An outline by the share of its length.

    Args:
        outline: (n,) closed.
    """

    def __init__(self, outline: C128) -> None:
        self._points = np.append(outline, outline[0])
        self._share = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(self._points)))])
        self._share /= self._share[-1]

    def at(self, share: F64) -> C128:
        """Points at shares of the length; 1 is 0 again."""
        place = np.mod(share, 1.0)
        x, y = (np.interp(place, self._share, part) for part in (self._points.real, self._points.imag))
        return cast(C128, x + 1j * y)


@compiled
def crossing_count(x: F64, y: F64, most: int) -> int:
    """How often a closed polygon crosses itself; counting ends at `most`."""
    n, count = len(x), 0
    for i in range(n):
        a = i + 1 if i + 1 < n else 0
        for j in range(i + 2, n):
            b = j + 1 if j + 1 < n else 0
            if b == i:
                continue
            first = (x[a] - x[i]) * (y[j] - y[i]) - (y[a] - y[i]) * (x[j] - x[i])
            second = (x[a] - x[i]) * (y[b] - y[i]) - (y[a] - y[i]) * (x[b] - x[i])
            if first * second >= 0:
                continue
            third = (x[b] - x[j]) * (y[i] - y[j]) - (y[b] - y[j]) * (x[i] - x[j])
            fourth = (x[b] - x[j]) * (y[a] - y[j]) - (y[b] - y[j]) * (x[a] - x[j])
            if third * fourth < 0:
                count += 1
                if count >= most:
                    return count
    return count


def crossings(outline: C128, most: int = 1000) -> int:
    """How often an outline crosses itself."""
    x, y = np.ascontiguousarray(outline.real), np.ascontiguousarray(outline.imag)
    return int(crossing_count(x, y, most))


@compiled
def fill_inside(x: F64, y: F64, px: F64, py: F64, result: Bools) -> None:
    """Whether points lie in a polygon, in place, by crossings of a ray to the right."""
    n = len(x)
    for k in range(len(px)):
        within, j = False, n - 1
        for i in range(n):
            if (y[i] > py[k]) != (y[j] > py[k]) and px[k] < (x[j] - x[i]) * (py[k] - y[i]) / (y[j] - y[i]) + x[i]:
                within = not within
            j = i
        result[k] = within


def inside(outline: C128, points: C128) -> Bools:
    """Whether points lie in an outline.

    Args:
        outline: (n,) closed.
        points: (k,) anywhere.
    """
    result = np.zeros(len(points), dtype=np.bool_)
    x, y, px, py = (np.ascontiguousarray(part) for part in (outline.real, outline.imag, points.real, points.imag))
    fill_inside(x, y, px, py, result)
    return result


def normalised(outline: C128) -> tuple[C128, float, complex]:
    """An outline counter-clockwise, centred and of area 1, with the scale and the centre that make it so.

    The centre is of the line, not of the area: what stands out counts.

    Returns:
        (scale * outline - centre, scale, centre).

    Raises:
        OutlineFault: it is no simple closed line around an area.
    """
    points = np.asarray(outline, dtype=np.complex128).ravel()
    if not np.isfinite(points).all():
        raise OutlineFault("has points that are not numbers; an outline is finite; export the figure again")
    if len(points) > MAX_POINTS:
        raise OutlineFault(
            f"has an outline of {len(points):,} points; {MAX_POINTS:,} are enough for any print; simplify the path"
        )
    points = points[np.abs(points - np.roll(points, 1)) > 1e-9 * max(1e-300, float(np.abs(points).max(initial=0.0)))]
    if len(points) < 3:
        raise OutlineFault(
            f"has an outline of {len(points)} different points; a tile is an area with 3 corners at least; draw a "
            "closed outline"
        )
    simple = points if len(points) <= CHECKED else resample(points, CHECKED)
    if count := crossings(simple):
        raise OutlineFault(
            f"has an outline that crosses itself {count} {'time' if count == 1 else 'times'}; the outline of a tile "
            "meets itself nowhere; unite the figure's parts into one path"
        )
    radius = float(np.abs(points - points.mean()).max())
    enclosed = abs(area(points))
    if enclosed < MIN_SHARE * np.pi * radius**2:
        raise OutlineFault(
            f"fills {enclosed / (np.pi * radius**2):.1%} of the circle around it; a tile is an area, not a line, and "
            f"fills {MIN_SHARE:.0%} at least; make the figure stouter, or leave out hairlines such as whiskers"
        )
    if area(points) < 0:
        points = points[::-1]
    scale = 1 / np.sqrt(area(points))
    centre = complex(resample(points * scale, CHECKED).mean())
    return points * scale - centre, float(scale), centre
