"""Where a place lies with respect to a stroke: (n tracks, n x m places) -> (n, m, features), differentiable.

All that follows from geometry is computed, so that a network has to learn the brush's response only: distance to the
curve in radii and in pixels, the pressure, direction, speed and bend at the nearest point, and how much paint passes
by (integrals of Gaussians along the curve, which see a stroke that crosses itself). The curve is a polyline of
`SEGMENTS` chords whose radius may swell with the pressure; the nearest chord is the one that is nearest in its own
radii. It is chosen without a gradient, everything on it has one.

Convention: x to the right, y down, in *units*: pixels of the 64-pixel canvas that the brush was learnt on, whatever
the size of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.mypaint.actions import bezier, bezier_velocity, pressure_at
from orbifolio.runner.strokes.stroke_array import END, END_PRESSURE, ENTRY_PRESSURE, LOG_RADIUS, START, VIA

if TYPE_CHECKING:
    from torch import Tensor

SEGMENTS = 24
"""Chords of a curve. One is |start + end - 2 via| / (2 SEGMENTS^2) from it at most: 0.05 units for half of all actions,
never more than 0.15. More cost time and memory in proportion.

Shipped brushes were learnt with this number and those below; with others they must be learnt anew."""
FEATURES = (
    "distance in radii",
    "bell of the distance",
    "distance in units",
    "log radius",
    "log radius here",
    "pressure",
    "mean pressure",
    "time",
    "log length",
    "passing paint, narrow",
    "passing paint, wide",
    "passing pressure",
    "beyond an end",
    "side",
    "bend",
)
DIRECTION = ("cos of twice the direction", "sin of twice the direction", "cos of the direction", "sin of the direction")
SPEED = ("log speed", "passing time")
NARROW, WIDE = 0.5, 1.2  # widths of the Gaussians, in radii
FLOOR = 0.35  # units; a brush thinner than that is as wide as a pixel's sampling
SOFT = 4.0  # units; keeps the logarithm of a stroke that is a point within bounds
TINY = 1e-6  # under roots and in quotients: keeps gradients finite where a length is 0


@dataclass(frozen=True)
class Track:
    """The polylines of strokes, the batch in front.

    Attributes:
        knots: (n, SEGMENTS + 1, 2) points in units.
        radii: (n, SEGMENTS + 1) radii there in units, above `FLOOR`.
        velocities: (n, SEGMENTS, 2) derivative by t in the middle of each chord.
        acceleration: (n, 2) second derivative by t.
        log_radius: (n,) of the basic radius.
        entry: (n,) pressure in [0, 1].
        leave: (n,) pressure at the end in [0, 1].
    """

    knots: Tensor
    radii: Tensor
    velocities: Tensor
    acceleration: Tensor
    log_radius: Tensor
    entry: Tensor
    leave: Tensor

    def take(self, index: Tensor) -> Track:
        """Those of an index, in its order."""
        return Track(*(getattr(self, item.name)[index] for item in fields(self)))


def track(rows: Tensor, metric: Tensor | None = None, swelling: Sequence[tuple[float, float]] = ()) -> Track:
    """The polylines of strokes.

    Args:
        rows: (n, 9) in units, see `stroke_array`.
        metric: (2, 2) that points are multiplied by from the left, or None.
        swelling: (pressure in [0, 1], added to the logarithm of the radius), rising, linear in between; empty for a
            brush whose width does not depend on the pressure.
    """
    places = [rows[:, START], rows[:, VIA], rows[:, END]]
    log_radius, entry, leave = rows[:, LOG_RADIUS], rows[:, ENTRY_PRESSURE], rows[:, END_PRESSURE]
    if metric is not None:
        places = [place @ metric.to(place).T for place in places]
    start, via, end = (place[:, None] for place in places)
    t = torch.linspace(0, 1, SEGMENTS + 1, dtype=start.dtype, device=start.device)
    middle = ((t[1:] + t[:-1]) / 2)[None, :, None]
    pressure = pressure_at(entry[:, None], leave[:, None], t[None])
    return Track(
        bezier(start, via, end, t[None, :, None]),
        (log_radius[:, None] + interpolate(pressure, swelling)).exp() + FLOOR,
        bezier_velocity(start, via, end, middle),
        4 * (places[0] + places[2] - 2 * places[1]),
        log_radius,
        entry,
        leave,
    )


def interpolate(values: Tensor, points: Sequence[tuple[float, float]]) -> Tensor:
    """A piecewise linear function, 0 without points, continued beyond them as constants.

    Args:
        points: (x, y), x rising.
    """
    if not points:
        return torch.zeros_like(values)
    total = torch.full_like(values, points[0][1])
    for (x, y), (next_x, next_y) in zip(points, points[1:], strict=False):
        total = total + (next_y - y) * ((values - x) / (next_x - x)).clamp(0, 1)
    return total


@torch.no_grad()
def nearest(course: Track, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The chord that is nearest in its own radii, without a gradient.

    Args:
        course: of n strokes.
        places: (n, m, 2) in units.

    Returns:
        (n, m) chord from 0 to SEGMENTS - 1, (n, m) distance to it and (n, m) its radius there, in units.
    """
    first = course.knots[:, None, :-1]
    chord = (course.knots[:, 1:] - course.knots[:, :-1])[:, None]
    x = places[:, :, None, 0] - first[..., 0]  # (n, m, segments)
    y = places[:, :, None, 1] - first[..., 1]
    along = _widest(x, y, chord, course.radii[:, None, :-1], course.radii[:, None, 1:])
    x, y = x - along * chord[..., 0], y - along * chord[..., 1]
    radius = torch.lerp(course.radii[:, None, :-1], course.radii[:, None, 1:], along)
    square = x * x + y * y
    index = (square / (radius * radius)).argmin(-1, keepdim=True)
    return index[..., 0], square.gather(-1, index)[..., 0].sqrt(), radius.gather(-1, index)[..., 0]


def _widest(x: Tensor, y: Tensor, chord: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The part of a chord, in [0, 1], at which a place is nearest in the radii there.

    Minimises ((f - s)^2 + c^2) / (r + k s)^2 over s, where f is the foot of the perpendicular, c its length, r the
    radius at the chord's beginning and k its slope: s = f + k c^2 / (r + k f). For a constant radius it is the foot.

    Args:
        x: (...) from the chord's beginning.
        y: (...) from the chord's beginning.
        chord: (..., 2) from its beginning to its end.
        before: radius at its beginning.
        after: radius at its end.
    """
    square = chord.square().sum(-1) + TINY
    foot = (x * chord[..., 0] + y * chord[..., 1]) / square
    across = (x * chord[..., 1] - y * chord[..., 0]).square() / square.square()  # in squared chords
    slope = after - before
    return (foot + slope * across / (before + slope * foot).clamp(min=FLOOR / 2)).clamp(0, 1)


def describe(
    course: Track, places: Tensor, index: Tensor, *, direction: bool = False, speed: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """What a brush's response depends on.

    Args:
        course: of n strokes.
        places: (n, m, 2) in units.
        index: (n, m) the nearest chords, of `nearest`.
        direction: add the direction of the stroke, for brushes with a flat tip.
        speed: add the speed of the pen.

    Returns:
        (n, m, `count(direction, speed)`), each about of size 1; (n, m) distances and (n, m) radii there in units.
    """
    batch = torch.arange(len(course.knots), device=places.device)[:, None]
    first, second = course.knots[batch, index], course.knots[batch, index + 1]  # (n, m, 2)
    chord, offset = second - first, places - first
    length = (chord.square().sum(-1) + TINY).sqrt()
    before, after = course.radii[batch, index], course.radii[batch, index + 1]
    along = _widest(offset[..., 0], offset[..., 1], chord, before, after)
    away = offset - along[..., None] * chord
    distance = (away.square().sum(-1) + TINY).sqrt()
    radius = torch.lerp(before, after, along)
    time = (index + along) / SEGMENTS
    tangent = chord / length[..., None]
    side = (tangent[..., 0] * away[..., 1] - tangent[..., 1] * away[..., 0]) / radius
    beyond = (tangent * away).sum(-1) / radius
    pressure = pressure_at(course.entry[:, None], course.leave[:, None], time)
    chords = course.knots[:, 1:] - course.knots[:, :-1]
    lengths = (chords.square().sum(-1) + TINY).sqrt()  # (n, segments)
    narrow, wide, passing, pressing = _passing(course, places, chords, lengths)
    relative = distance / radius
    features = [
        relative.clamp(max=6) / 2,
        torch.exp(-relative.square()),
        distance.clamp(max=16) / 8,
        course.log_radius[:, None] - 1,
        radius.log() - 1,
        2 * pressure - 1,
        (course.entry + course.leave)[:, None] - 1,
        2 * time - 1,
        (lengths.sum(-1, keepdim=True) + SOFT).log() - 3,
        narrow,
        wide,
        2 * pressing - 1,
        beyond.clamp(-3, 3),
        side.clamp(-3, 3),
        _bend(course.velocities[batch, index], course.acceleration[:, None], radius),
    ]
    if direction:
        cos, sin = tangent[..., 0], tangent[..., 1]
        features += [cos.square() - sin.square(), 2 * cos * sin, cos, sin]
    if speed:
        features += [(length * SEGMENTS + SOFT).log() - 3, passing]
    return torch.stack([item.expand_as(distance) for item in features], dim=-1), distance, radius


def count(*, direction: bool, speed: bool) -> int:
    """How many features `describe` gives."""
    return len(FEATURES) + len(DIRECTION) * direction + len(SPEED) * speed


def _bend(velocity: Tensor, acceleration: Tensor, radius: Tensor) -> Tensor:
    """(n, m) signed curvature in reciprocal radii, squashed into (-1, 1)."""
    turning = velocity[..., 0] * acceleration[..., 1] - velocity[..., 1] * acceleration[..., 0]
    return torch.tanh(turning / (velocity.square().sum(-1) + SOFT**2) ** 1.5 * radius)


def _passing(course: Track, places: Tensor, chords: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """How much of the curve passes by, seen through Gaussians; a long straight stroke counts 1 on its line.

    Returns:
        (n, m) by length through a narrow and a wide one, by time through the wide one, squashed, and the mean
        pressure of what passes, which unlike that of the nearest point does not jump in the fork of a bend.
    """
    radius = ((course.radii[:, 1:] + course.radii[:, :-1]) / 2)[:, None]  # (n, 1, segments)
    tangents = (chords / lengths[..., None])[:, None]
    x = places[:, :, None, 0] - course.knots[:, None, :-1, 0]  # (n, m, segments)
    y = places[:, :, None, 1] - course.knots[:, None, :-1, 1]
    along = x * tangents[..., 0] + y * tangents[..., 1]
    across = x * tangents[..., 1] - y * tangents[..., 0]
    square = across * across
    passed = []
    for width in (NARROW, WIDE):
        scale = 2**0.5 * width * radius
        part = torch.erf(along / scale) - torch.erf((along - lengths[:, None]) / scale)
        passed.append(torch.exp(-square / scale.square()) * part / 2)  # (n, m, segments)
    seconds = (passed[1] * radius / lengths[:, None]).sum(-1) * (4 / SEGMENTS)
    wide = passed[1].sum(-1)
    middle = (torch.arange(SEGMENTS, dtype=wide.dtype, device=wide.device) + 0.5) / SEGMENTS
    pressure = pressure_at(course.entry[:, None], course.leave[:, None], middle[None])[:, None]
    pressing = ((passed[1] * pressure).sum(-1) + TINY) / (wide + 2 * TINY)
    return passed[0].sum(-1), wide, torch.log1p(10 * seconds), pressing
