"""A sphere as it is seen from far away: (painted, direction) -> portrait with a transparent outside, spin.

Convention: a direction is (longitude, latitude) in radians of the point in the middle; the north pole is up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.images import encoding
from orbifolio.runner.symmetry.charts import Chart, ChartPoints, grid
from orbifolio.runner.symmetry.groups.polyhedral import MAX_ORDER

TILT = math.radians(22)
"""Latitude from which a globe is shown: both an axis and what turns about it are visible."""

MARGIN = 1 / 0.96  # half the picture's side in radii of the globe; the page's globe is as large
_LIMB = 0.9995  # distance from the middle beyond which the limb's own colour is repeated: at 1 the depth is 0
_SPEED = 60.0  # degrees a second of the spin: six seconds for a whole turn
_MAX_FRAMES = 48  # of the spin: 7.5 degrees each for a whole turn
_MIN_MILLISECONDS = 50  # of a frame: 20 frames a second are smooth, more only make the file larger


def towards(longitude: float, latitude: float) -> F64:
    """(3, 3) whose columns are the directions to the right, up, and towards the viewer."""
    right = np.array([-math.sin(longitude), math.cos(longitude), 0.0])
    circle = math.cos(latitude)
    viewer = np.array([circle * math.cos(longitude), circle * math.sin(longitude), math.sin(latitude)])
    return np.stack([right, np.cross(viewer, right), viewer], axis=1)


@dataclass(frozen=True)
class GlobeChart(Chart):
    """The whole globe from far away; the limb's colours continue beyond the limb, where opacity cuts them off.

    Attributes:
        turn: (3, 3) see `towards`.
    """

    turn: F64

    def look(self, x: F64, y: F64) -> ChartPoints:
        """A little more than the globe is shown: see `Chart.look`."""
        x, y = x * MARGIN, y * MARGIN
        distance = np.hypot(x, y)
        inwards = np.where(distance > _LIMB, _LIMB / np.maximum(distance, _LIMB), 1.0)
        x, y = x * inwards, y * inwards
        depth = np.sqrt(1 - x * x - y * y)
        points = np.stack([x, y, depth], axis=1) @ self.turn.T
        return ChartPoints(points, distance < MARGIN, np.full(len(x), MARGIN))


def roundness(size: int) -> tuple[F32, F32]:
    """Opacity and shade, (size, size, 1) each, of a globe's picture: an antialiased edge, a little darker there."""
    x, y = grid(size, size)
    distance = np.hypot(x, y) * MARGIN
    opacity = np.clip((1 - distance) * size / (2 * MARGIN) + 0.5, 0, 1)
    depth = np.sqrt(np.maximum(1 - distance**2, 0))
    shade = 0.5 + 0.5 * np.sqrt(depth)

    def square(values: F64) -> F32:
        return values.reshape(size, size, 1).astype(np.float32)

    return square(opacity), square(shade)


def portrait(
    painted: PaintedSurface, size: int, *, longitude: float = 0.0, latitude: float = TILT, fine: int = 2
) -> F32:
    """(size, size, 4) the globe on nothing.

    Args:
        painted: the sphere with its colours.
        size: width and height of the picture in pixels.
        longitude: in radians, of the point in the middle.
        latitude: in radians, of the same point.
        fine: points along each side of a pixel.
    """
    opacity, shade = roundness(size)
    colours = painted.picture(GlobeChart(towards(longitude, latitude)), size, size, fine=fine)
    picture: F32 = np.concatenate([colours * shade, opacity], axis=2)
    picture[opacity[..., 0] == 0] = 0
    return picture


def axis_order(painted: PaintedSurface) -> int:
    """The largest n of which a turn by 1/n about the poles leaves every colour where it was; 1 for none."""
    # enough points off every mirror, spread evenly (a Fibonacci sphere)
    number = np.arange(400)
    height = 1 - (2 * number + 1) / len(number)
    angle = number * math.pi * (3 - math.sqrt(5))
    circle = np.sqrt(1 - height**2)

    def turned(by: float) -> F32:
        places = np.stack([circle * np.cos(angle + by), circle * np.sin(angle + by), height], axis=1)
        return painted.colours(places)

    unturned = turned(0.0)
    return next((n for n in range(MAX_ORDER, 1, -1) if np.abs(turned(2 * math.pi / n) - unturned).max() < 1e-4), 1)


def spin(painted: PaintedSurface, size: int) -> bytes:
    """A turn about the poles as a loop, eastwards; only so much of it as does not repeat."""
    arc = 360 / axis_order(painted)
    frames = int(min(_MAX_FRAMES, max(8, round(arc / _SPEED * 1000 / _MIN_MILLISECONDS))))

    def pictures() -> Iterator[F32]:
        for number in range(frames):
            yield portrait(painted, size, longitude=-math.radians(arc) * number / frames, fine=1)

    return encoding.animated(pictures(), milliseconds=max(_MIN_MILLISECONDS, round(arc / _SPEED * 1000 / frames)))
