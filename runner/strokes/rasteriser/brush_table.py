"""A learnt brush as a table: (log length, log radius, distance, pressure, passing) -> opacity, interpolated.

The brush's network is asked for the paint of every place of many random strokes, once; a painting then looks its
strokes up a hundred times as fast as the network answers (24 nanoseconds against 2.4 microseconds for a place).
Whatever else the network sees (bend, side, self-crossing, direction within the tip's metric) is averaged over: the
table finds a painting, the network paints it. How far apart the two are is measured (`Response.error`).

The first two coordinates are the same all over a stroke, so each stroke gets a table of its own of the other three.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from orbifolio.runner.strokes.brush_models.implicit import MARGIN, ImplicitPainter
from orbifolio.runner.strokes.rasteriser.interpolation_table import Axis, weights
from orbifolio.runner.strokes.rasteriser.network_opacity import listed, true_alphas
from orbifolio.runner.strokes.rasteriser.numba_threads import Doubles, Floats
from orbifolio.runner.strokes.rasteriser.pixel_blocks import Places, in_blocks
from orbifolio.runner.strokes.rasteriser.trace import Tip, trace

LENGTHS, RADII, DISTANCES, PRESSURES, PASSINGS = 5, 6, 24, 7, 7
LENGTH = Axis(-1.6, 1.6, LENGTHS)  # logarithms of units, as the network sees them
RADIUS = Axis(0.0, 2.0, RADII)
SAMPLES, SIDE = 2000, 96  # strokes asked for; places for each
APART = 400.0  # units between two of them, so that each reaches its own places only
RIDGE = 0.05  # places' worth of faith in the coarser table where a fine one was seldom visited


@dataclass(frozen=True)
class Response:
    """A brush's table.

    Attributes:
        table: (LENGTHS, RADII, DISTANCES, PRESSURES, PASSINGS) opacities.
        farthest: distance in radii of its last row.
        tip: of the brush.
        error: root mean square difference to the network on other strokes.
    """

    table: Floats
    farthest: float
    tip: Tip
    error: float

    def own(self, rows: Floats, units: Floats) -> tuple[Floats, Floats]:
        """The tables of strokes.

        Args:
            rows: (n, 9), see `tracing`.
            units: (n,) pixels.

        Returns:
            (n, DISTANCES, PRESSURES, PASSINGS) opacities, and their derivatives by the logarithm of the radius.
        """
        long, along = LENGTH.knot(log_lengths(rows, units))
        thick, across = RADIUS.knot(rows[:, 6])
        part, share = (item[:, None, None, None].astype(np.float32) for item in (along, across))
        thin: Floats = self.table[long, thick] * (1 - part) + self.table[long + 1, thick] * part
        wide: Floats = self.table[long, thick + 1] * (1 - part) + self.table[long + 1, thick + 1] * part
        slope = (wide - thin) * RADIUS.density
        return thin + (wide - thin) * share, slope


def log_lengths(rows: Floats, units: Floats) -> Doubles:
    """(n,) logarithms of the strokes' lengths in units, about as `geometry.describe` tells them."""
    start, via, end = rows[:, 0:2], rows[:, 2:4], rows[:, 4:6]
    length = np.hypot(*(via - start).T) + np.hypot(*(end - via).T)
    found: Doubles = np.log(length / units + 4.0) - 3.0
    return found


def tabulate(painter: ImplicitPainter, seed: int = 0) -> Response:
    """The table of a learnt brush, by least squares; about two seconds.

    Args:
        painter: on the CPU, float32.
        seed: of the strokes that are asked for.
    """
    tip = Tip.of(painter)
    farthest = tip.reach + MARGIN
    keys, paint = _ask(painter, tip, SAMPLES, np.random.default_rng([seed, 1]))
    axes = (LENGTH, RADIUS, Axis(0.0, farthest, DISTANCES), Axis(0.0, 1.0, PRESSURES), Axis(-1.0, 1.0, PASSINGS))
    coarse = _solve(weights(keys[2:], axes[2:]), paint, np.zeros(DISTANCES * PRESSURES * PASSINGS))
    shape = (LENGTHS, RADII, DISTANCES, PRESSURES, PASSINGS)
    prior = np.broadcast_to(coarse.reshape(shape[2:]), shape).ravel()
    found = _solve(weights(keys, axes), paint, prior).clip(0, 1)
    keys, paint = _ask(painter, tip, SAMPLES // 8, np.random.default_rng([seed, 2]))
    error = weights(keys, axes) @ found - paint
    return Response(found.reshape(shape).astype(np.float32), farthest, tip, float(np.sqrt(np.mean(error**2))))


def _ask(painter: ImplicitPainter, tip: Tip, count: int, random: np.random.Generator) -> tuple[list[Doubles], Doubles]:
    """The table's coordinates of many places about random strokes, and the network's opacities there."""
    rows, units = _strokes(count, random), np.ones(count, np.float32)
    places = _about(rows, tip, random)
    pairs = trace(rows, units, tip, places)
    index = listed(pairs)
    stroke = np.repeat(np.arange(count), pairs.ends - pairs.starts)
    keys = [
        log_lengths(rows, units)[stroke],
        rows[stroke, 6].astype(np.float64),
        *(item[index].astype(np.float64) for item in (pairs.distances, pairs.pressures, pairs.passings)),
    ]
    return keys, true_alphas(painter, pairs, rows, units, places)[index].astype(np.float64)


def _strokes(count: int, random: np.random.Generator) -> Floats:
    """(count, 9) strokes of unit 1, far apart, of all lengths, radii and pressures, gently bent."""
    angle, length = random.uniform(0, 2 * math.pi, count), np.exp(random.uniform(0.0, math.log(64), count))
    half = np.stack((np.cos(angle), np.sin(angle)), axis=1) * length[:, None] / 2
    middle = np.stack(np.divmod(np.arange(count), math.isqrt(count) + 1), axis=1) * APART
    bend = np.stack((-half[:, 1], half[:, 0]), axis=1) * random.uniform(-0.4, 0.4, (count, 1))
    numbers = np.stack((random.uniform(0, RADIUS.high, count), *random.uniform(0.02, 1, (2, count))), axis=1)
    return np.concatenate((middle - half, middle + bend, middle + half, numbers), axis=1).astype(np.float32)


def _about(rows: Floats, tip: Tip, random: np.random.Generator) -> Places:
    """SIDE places about each stroke, more of them near its ends."""
    count = len(rows)
    t = np.clip(random.beta(0.6, 0.6, (count, SIDE)), 0, 1)[..., None]
    start, via, end = rows[:, None, 0:2], rows[:, None, 2:4], rows[:, None, 4:6]
    curve = (1 - t) * (1 - 2 * t) * start + 4 * t * (1 - t) * via + t * (2 * t - 1) * end
    far = tip.reach * np.exp(rows[:, 6] + tip.swelling[:, 1].max()) + MARGIN
    away = random.uniform(0, 1, (count, SIDE)) * far[:, None]
    turn = random.uniform(0, 2 * math.pi, (count, SIDE))
    points = curve + away[..., None] * np.stack((np.cos(turn), np.sin(turn)), axis=-1)
    cells = np.arange(count * SIDE, dtype=np.int32)
    return in_blocks(points.reshape(-1, 2).astype(np.float32), cells, (cells // SIDE).astype(np.int64), len(cells))


def _solve(design: scipy.sparse.csr_matrix, paint: Doubles, prior: Doubles) -> Doubles:
    """Least squares with a small pull towards what is known already."""
    turned = design.T.tocsr()
    size = design.shape[1]
    scale = np.asarray(design.multiply(design).sum(axis=0)).ravel() + RIDGE
    normal = scipy.sparse.linalg.LinearOperator((size, size), lambda x: turned @ (design @ x) + RIDGE * x)
    cure = scipy.sparse.linalg.LinearOperator((size, size), lambda x: x / scale)
    found, _ = scipy.sparse.linalg.cg(normal, turned @ (paint - design @ prior), rtol=1e-3, maxiter=40, M=cure)
    answer: Doubles = prior + found
    return answer
