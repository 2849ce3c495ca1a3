"""An outline is a closed polygon of complex numbers: counter-clockwise, centred, of area 1, with even steps."""

from __future__ import annotations

from typing import cast

import numpy as np

from orbifolio.runner.arrays import C128, F64, Bools
from orbifolio.runner.errors import InputError

MAX_POINTS = 20_000  # of an outline as it is read: finer than any print, and crossings are still found in a second
MIN_SHARE = 0.02  # of its bounding circle's area: thinner figures are lines, and tiles are areas
CHECKED = 600  # points at which crossings are looked for


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


def crossings(outline: C128, most: int = 1000) -> int:
    """How often an outline crosses itself."""
    from orbifolio.runner.tilings.outline_kernels import crossing_count  # compiled, so not before it is needed

    x, y = np.ascontiguousarray(outline.real), np.ascontiguousarray(outline.imag)
    return int(crossing_count(x, y, most))


def inside(outline: C128, points: C128) -> Bools:
    """Whether points lie in an outline.

    Args:
        outline: (n,) closed.
        points: (k,) anywhere.
    """
    from orbifolio.runner.tilings.outline_kernels import fill_inside  # compiled, so not before it is needed

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
