"""How the places of a small picture lie to a stroke, compiled: rows (n, 9) -> opacities or gradients of all pixels.

`describe` tells (distance in radii, pressure, passing) of single places, `draw` looks the opacity of every pixel up,
`undo` is its gradient. The curve is a polyline of `CHORDS` whose radius may swell with the pressure.

Convention: a row is start x, start y, via x, via y, end x, end y in units of the brush's 64-unit canvas, x to the
right, y down; the logarithm of the radius in units; the pressures at entry and end in [0, 1].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from orbifolio.runner.strokes.brush_models.implicit import MARGIN
from orbifolio.runner.strokes.mypaint.actions import END, END_PRESSURE, ENTRY_PRESSURE, SIZE, START, VIA, Space
from orbifolio.runner.strokes.rasteriser.geometry import FLOOR
from orbifolio.runner.strokes.rasteriser.stroke_profile import RAMP, compiled, fade, press, swell

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

CHORDS = 12
NUMBERS = 9


def rows_of(actions: Tensor, space: Space) -> Tensor:
    """(n, 12) -> (n, 9), differentiable."""
    places = torch.cat((actions[:, START], actions[:, VIA], actions[:, END]), dim=1) * space.canvas
    rest = (actions[:, SIZE] * space.log_radius, actions[:, ENTRY_PRESSURE], actions[:, END_PRESSURE])
    return torch.cat((places, torch.stack(rest, dim=1)), dim=1)


@compiled
def describe(rows: Floats, places: Doubles, metric: Doubles, swelling: Doubles, found: Doubles) -> None:
    """Fill in (n, m, 3): distance in radii, pressure, passing.

    Args:
        rows: (n, 9).
        places: (n, m, 2) in units.
        metric: (2, 2) of the tip.
        swelling: (k, 2).
        found: to be filled in.
    """
    curve = np.empty((CHORDS + 1, 4))
    for n in range(len(rows)):
        _polyline(rows[n], metric, swelling, curve)
        for m in range(places.shape[1]):
            x = metric[0, 0] * places[n, m, 0] + metric[0, 1] * places[n, m, 1]
            y = metric[1, 0] * places[n, m, 0] + metric[1, 1] * places[n, m, 1]
            distance, chord, along, radius = _foot(x, y, curve)
            passed = _passed(chord, along, curve)
            found[n, m, 0] = distance
            found[n, m, 1] = press(rows[n, 7], rows[n, 8], (chord + min(max(along, 0.0), 1.0)) / CHORDS)
            found[n, m, 2] = 0.5 * (fade(passed / radius)[0] + fade((curve[CHORDS, 3] - passed) / radius)[0])


@compiled
def _polyline(row: Floats, metric: Doubles, swelling: Doubles, curve: Doubles) -> float:
    """Fill in x and y in the tip's metric, the radius, and the length so far; the largest radius."""
    largest = 0.0
    for k in range(CHORDS + 1):
        t = k / CHORDS
        a, b, c = (1.0 - t) * (1.0 - 2.0 * t), 4.0 * t * (1.0 - t), t * (2.0 * t - 1.0)
        x = a * row[0] + b * row[2] + c * row[4]
        y = a * row[1] + b * row[3] + c * row[5]
        curve[k, 0] = metric[0, 0] * x + metric[0, 1] * y
        curve[k, 1] = metric[1, 0] * x + metric[1, 1] * y
        curve[k, 2] = np.exp(row[6] + swell(press(row[7], row[8], t), swelling)[0]) + FLOOR
        largest = max(largest, curve[k, 2])
        curve[k, 3] = 0.0
        if k > 0:
            curve[k, 3] = curve[k - 1, 3] + np.hypot(curve[k, 0] - curve[k - 1, 0], curve[k, 1] - curve[k - 1, 1])
    return largest


@compiled
def _foot(x: float, y: float, curve: Doubles) -> tuple[float, int, float, float]:
    """The nearest point of a curve in its own radii: (distance in radii, chord, foot in chords, radius)."""
    best, chord, along, radius = np.inf, 0, 0.0, 1.0
    for k in range(CHORDS):
        across, down = curve[k + 1, 0] - curve[k, 0], curve[k + 1, 1] - curve[k, 1]
        left, top = x - curve[k, 0], y - curve[k, 1]
        foot = (left * across + top * down) / (across * across + down * down + 1e-12)
        cut = min(max(foot, 0.0), 1.0)
        here = curve[k, 2] + cut * (curve[k + 1, 2] - curve[k, 2])
        left -= cut * across
        top -= cut * down
        relative = (left * left + top * top) / (here * here)
        if relative < best:
            best, chord, along, radius = relative, k, foot, here
    return np.sqrt(best), chord, along, radius


@compiled
def _passed(chord: int, along: float, curve: Doubles) -> float:
    """Length of the curve before a foot; beyond an end as if the curve went straight on."""
    inside = min(max(along, 0.0), 1.0)
    if (chord == 0 and along < 0.0) or (chord == CHORDS - 1 and along > 1.0):
        inside = along
    return float(curve[chord, 3] + inside * (curve[chord + 1, 3] - curve[chord, 3]))


@compiled
def _read(table: Floats, u: float, p: float, e: float) -> tuple[float, float, float, float]:
    """Trilinear: the value at (u, p, e) in cells, and its three derivatives."""
    i, j, k = (
        min(max(int(u), 0), table.shape[0] - 2),
        min(max(int(p), 0), table.shape[1] - 2),
        min(max(int(e), 0), table.shape[2] - 2),
    )
    u, p, e = u - i, p - j, e - k
    value, by_u, by_p, by_e = 0.0, 0.0, 0.0, 0.0
    for a in range(2):
        wu, su = (u, 1.0) if a else (1.0 - u, -1.0)
        for b in range(2):
            wp, sp = (p, 1.0) if b else (1.0 - p, -1.0)
            for c in range(2):
                we, se = (e, 1.0) if c else (1.0 - e, -1.0)
                cell = table[i + a, j + b, k + c]
                value += wu * wp * we * cell
                by_u += su * wp * we * cell
                by_p += wu * sp * we * cell
                by_e += wu * wp * se * cell
    return value, by_u, by_p, by_e


@compiled
def _span(low: float, high: float, unit: float, side: int) -> tuple[int, int]:
    """First and last but one of the pixels whose middles lie between two places."""
    return max(int(np.ceil(low * unit - 0.5)), 0), min(int(np.floor(high * unit - 0.5)) + 1, side)


@compiled
def _box(row: Floats, largest: float, reach: float, unit: float, side: int) -> tuple[int, int, int, int]:
    """Pixels that a stroke may reach: left, right, top, bottom. The curve lies within its three control points."""
    limit = reach * largest + MARGIN
    x, y = 2.0 * row[2] - 0.5 * (row[0] + row[4]), 2.0 * row[3] - 0.5 * (row[1] + row[5])
    left, right = _span(min(row[0], row[4], x) - limit, max(row[0], row[4], x) + limit, unit, side)
    top, bottom = _span(min(row[1], row[5], y) - limit, max(row[1], row[5], y) + limit, unit, side)
    return left, right, top, bottom


@compiled
def draw(
    rows: Floats,
    tables: Floats,
    metric: Doubles,
    swelling: Doubles,
    reach: float,
    farthest: float,
    unit: float,
    found: Floats,
) -> None:
    """Fill in the opacities."""
    curve = np.empty((CHORDS + 1, 4))
    side = found.shape[1]
    far, dense, ends = tables.shape[1] - 1, tables.shape[2] - 1, tables.shape[3] - 1
    for n in range(len(rows)):
        left, right, top, bottom = _box(rows[n], _polyline(rows[n], metric, swelling, curve), reach, unit, side)
        whole = curve[CHORDS, 3]
        for i in range(top, bottom):
            for j in range(left, right):
                across, down = (j + 0.5) / unit, (i + 0.5) / unit
                x = metric[0, 0] * across + metric[0, 1] * down
                y = metric[1, 0] * across + metric[1, 1] * down
                distance, chord, along, radius = _foot(x, y, curve)
                if distance * radius >= reach * radius + MARGIN or distance >= farthest:
                    continue
                t = (chord + min(max(along, 0.0), 1.0)) / CHORDS
                passed = _passed(chord, along, curve)
                passing = 0.5 * (fade(passed / radius)[0] + fade((whole - passed) / radius)[0])
                pressure = press(rows[n, 7], rows[n, 8], t)
                found[n, i, j] = _read(
                    tables[n], distance / farthest * far, pressure * dense, (passing + 1.0) * 0.5 * ends
                )[0]


@compiled
def undo(
    rows: Floats,
    tables: Floats,
    slopes: Floats,
    metric: Doubles,
    swelling: Doubles,
    reach: float,
    farthest: float,
    unit: float,
    above: Floats,
    found: Doubles,
) -> None:
    """Add up gradients of the rows; see the module's docstring for what is held."""
    curve = np.empty((CHORDS + 1, 4))
    side = above.shape[1]
    far, dense, ends = tables.shape[1] - 1, tables.shape[2] - 1, tables.shape[3] - 1
    for n in range(len(rows)):
        row, to = rows[n], found[n]
        left, right, top, bottom = _box(row, _polyline(row, metric, swelling, curve), reach, unit, side)
        whole = curve[CHORDS, 3]
        for i in range(top, bottom):
            for j in range(left, right):
                if above[n, i, j] == 0.0:
                    continue
                across, down = (j + 0.5) / unit, (i + 0.5) / unit
                x = metric[0, 0] * across + metric[0, 1] * down
                y = metric[1, 0] * across + metric[1, 1] * down
                distance, chord, along, radius = _foot(x, y, curve)
                if distance * radius >= reach * radius + MARGIN or distance >= farthest:
                    continue
                cut = min(max(along, 0.0), 1.0)
                t = (chord + cut) / CHORDS
                passed = _passed(chord, along, curve)
                before, by_before = fade(passed / radius)
                behind, by_behind = fade((whole - passed) / radius)
                pressure = press(row[7], row[8], t)
                u = distance / farthest * far
                p, e = pressure * dense, (0.5 * (before + behind) + 1.0) * 0.5 * ends
                _, by_u, by_p, by_e = _read(tables[n], u, p, e)
                by_u *= above[n, i, j] * far / farthest
                by_p *= above[n, i, j] * dense
                by_e *= above[n, i, j] * 0.25 * ends / radius
                to[6] += above[n, i, j] * _read(slopes[n], u, p, e)[0]
                # The radius: of the distance, and of what passes.
                by_r = -(by_u * distance + by_e * (by_before * passed + by_behind * (whole - passed))) / radius
                added, swelled = swell(pressure, swelling)
                to[6] += by_r * np.exp(row[6] + added)
                by_p += by_r * np.exp(row[6] + added) * swelled
                ramp = max(1.0 - t / RAMP, 0.0) - max(1.0 - (1.0 - t) / RAMP, 0.0)
                to[7] += by_p * 0.5 * (1.0 + ramp)
                to[8] += by_p * 0.5 * (1.0 - ramp)
                # The distance.
                if distance > 1e-9:
                    qx = curve[chord, 0] + cut * (curve[chord + 1, 0] - curve[chord, 0]) - x
                    qy = curve[chord, 1] + cut * (curve[chord + 1, 1] - curve[chord, 1]) - y
                    size = by_u / (distance * radius * radius)
                    gx = size * (metric[0, 0] * qx + metric[1, 0] * qy)
                    gy = size * (metric[0, 1] * qx + metric[1, 1] * qy)
                    a, b, c = (1.0 - t) * (1.0 - 2.0 * t), 4.0 * t * (1.0 - t), t * (2.0 * t - 1.0)
                    to[0] += a * gx
                    to[1] += a * gy
                    to[2] += b * gx
                    to[3] += b * gy
                    to[4] += c * gx
                    to[5] += c * gy
                _lengthen(row, t, by_e * by_before, by_e * by_behind, to)


@compiled
def _lengthen(row: Floats, t: float, by_before: float, by_behind: float, to: Doubles) -> None:
    """The gradient of the lengths before and behind a foot, as if they were parts t and 1 - t of start-via-end.

    Beyond an end the other end's share is what counts, and the length beyond moves with the end itself.
    """
    gain = by_before * t + by_behind * (1.0 - t)
    for first in (0, 2):
        across, down = row[first + 2] - row[first], row[first + 3] - row[first + 1]
        length = np.hypot(across, down) + 1e-6
        across, down = across / length, down / length
        to[first] -= gain * across
        to[first + 1] -= gain * down
        to[first + 2] += gain * across
        to[first + 3] += gain * down
        if t == 0.0 and first == 0:  # the place is beyond the start
            to[0] += (by_behind - by_before) * across
            to[1] += (by_behind - by_before) * down
        if t == 1.0 and first == 2:
            to[4] += (by_behind - by_before) * across
            to[5] += (by_behind - by_before) * down
