"""A learnt brush as a table: (log length, log radius, distance, pressure, passing) -> opacity, interpolated.

The brush's network is evaluated at many places of random strokes, once; afterwards strokes are looked up a
hundred times as fast as the network answers (24 nanoseconds against 2.4 microseconds for a place). Whatever else the
network sees (bend, side, self-crossing, direction within the tip's metric) is averaged over: the table finds a painting
or trains an agent, the network paints it. How far apart the two are is measured (`BrushTable.error`).

What is averaged over depends on the strokes that the network is evaluated on: a painting's are bent gently, an agent's
begin as any action at all. Asked about these, the table is nearer to the network on an agent's strokes: by 0.1 dB for
`dry_brush`, 0.8 for `charcoal`, 1.5 for `calligraphy` and 2.1 for `pen` (120 random actions at 32 pixels).

The first two coordinates are the same all over a stroke, so each stroke gets a table of its own of the other three.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.brush_models.implicit import MARGIN, ImplicitPainter
from orbifolio.runner.strokes.mypaint.actions import Space, draw_actions
from orbifolio.runner.strokes.rasteriser.interpolation_table import TableAxis, weights
from orbifolio.runner.strokes.rasteriser.network_opacity import network_opacities
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks, in_blocks
from orbifolio.runner.strokes.rasteriser.trace import BrushFootprint, trace
from orbifolio.runner.strokes.stroke_array import CURVE, END, LOG_RADIUS, START, VIA, StrokeArray, rows_of_actions

LENGTHS, RADII, DISTANCES, PRESSURES, PASSINGS = 5, 6, 24, 7, 7
"""Knots on each axis. Half as many raise `BrushTable.error` from 0.043 to 0.052 for `dry_brush` and from 0.120 to 0.176
for `calligraphy`; twice as many do not lower it, since what is left is averaged over, not interpolated."""
LENGTH = TableAxis(-1.6, 1.6, LENGTHS)  # logarithms of units, as the network sees them
SAMPLES, PLACES = 2000, 96  # strokes that the network is evaluated on (four times as many: error 0.042); places of each
SPACING = 400.0  # units between two of them, so that each reaches its own places only
RIDGE = 0.05  # places' worth of weight on the coarser table, for cells that few samples reach

StrokeSampler = Callable[[int, Space, np.random.Generator], F64]
"""(count, space, random) -> (count, 9) strokes in units, about anywhere within 100 units of the origin."""


class TableSlices(NamedTuple):
    """The tables of n strokes.

    Attributes:
        opacities: (n, DISTANCES, PRESSURES, PASSINGS).
        slopes: of the same shape, their derivatives by the logarithm of the radius.
        max_distance: in radii, of the last row.
    """

    opacities: F32
    slopes: F32
    max_distance: float


@dataclass(frozen=True)
class BrushTable:
    """A brush's table.

    Attributes:
        table: (LENGTHS, RADII, DISTANCES, PRESSURES, PASSINGS) opacities.
        max_log_radius: of the last of RADII; the first is 0.
        max_distance: in radii, of the last of DISTANCES; the first is 0.
        error: root mean square difference to the network on other strokes.
    """

    table: F32
    max_log_radius: float
    max_distance: float
    footprint: BrushFootprint
    error: float

    def slice_for(self, strokes: StrokeArray) -> TableSlices:
        """The tables of strokes: linear in the logarithms of length and radius."""
        radius = TableAxis(0.0, self.max_log_radius, RADII)
        long, along = LENGTH.knot(log_lengths(strokes))
        thick, across = radius.knot(strokes.log_radii)
        part, share = (item[:, None, None, None].astype(np.float32) for item in (along, across))
        thin: F32 = self.table[long, thick] * (1 - part) + self.table[long + 1, thick] * part
        wide: F32 = self.table[long, thick + 1] * (1 - part) + self.table[long + 1, thick + 1] * part
        return TableSlices(thin + (wide - thin) * share, (wide - thin) * radius.density, self.max_distance)


def log_lengths(strokes: StrokeArray) -> F64:
    """(n,) logarithms of the strokes' lengths in units, about as in `geometry.describe`."""
    length = np.hypot(*(strokes.vias - strokes.starts).T) + np.hypot(*(strokes.ends - strokes.vias).T)
    logarithms: F64 = np.log(length / strokes.units + 4.0) - 3.0
    return logarithms


def gentle_strokes(count: int, space: Space, random: np.random.Generator) -> F64:
    """Strokes of all lengths, radii and pressures, gently bent, as those of a painting are; a `StrokeSampler`."""
    angle, length = random.uniform(0, 2 * math.pi, count), np.exp(random.uniform(0.0, math.log(64), count))
    half = np.stack((np.cos(angle), np.sin(angle)), axis=1) * length[:, None] / 2
    bend = np.stack((-half[:, 1], half[:, 0]), axis=1) * random.uniform(-0.4, 0.4, (count, 1))
    numbers = (random.uniform(0, space.log_radius, count), *random.uniform(0.02, 1, (2, count)))
    return np.concatenate((-half, bend, half, np.stack(numbers, axis=1)), axis=1)


def action_strokes(count: int, space: Space, random: np.random.Generator) -> F64:
    """Any actions, as an untrained agent chooses them; a `StrokeSampler`."""
    return rows_of_actions(torch.from_numpy(draw_actions(count, random)), space).double().numpy()


@lru_cache(maxsize=8)
def fit_table(painter: ImplicitPainter, sampler: StrokeSampler = gentle_strokes, seed: int = 0) -> BrushTable:
    """The table of a learnt brush, by least squares; about two seconds, once for each brush.

    Args:
        painter: on the CPU, float32.
        sampler: of the strokes that the network is evaluated on.
    """
    footprint = BrushFootprint.of(painter)
    max_distance, max_log_radius = footprint.reach + MARGIN, painter.space.log_radius
    coordinates, opacities = _ask(painter, footprint, sampler, SAMPLES, np.random.default_rng([seed, 1]))
    axes = (
        LENGTH,
        TableAxis(0.0, max_log_radius, RADII),
        TableAxis(0.0, max_distance, DISTANCES),
        TableAxis(0.0, 1.0, PRESSURES),
        TableAxis(-1.0, 1.0, PASSINGS),
    )
    design = weights(coordinates[2:], axes[2:])
    coarse = _solve(design, opacities, np.zeros(DISTANCES * PRESSURES * PASSINGS))
    shape = (LENGTHS, RADII, DISTANCES, PRESSURES, PASSINGS)
    prior = np.broadcast_to(coarse.reshape(shape[2:]), shape).ravel()
    table = _solve(weights(coordinates, axes), opacities, prior).clip(0, 1)
    coordinates, opacities = _ask(painter, footprint, sampler, SAMPLES // 8, np.random.default_rng([seed, 2]))
    error = float(np.sqrt(np.mean((weights(coordinates, axes) @ table - opacities) ** 2)))
    return BrushTable(table.reshape(shape).astype(np.float32), max_log_radius, max_distance, footprint, error)


def _ask(
    painter: ImplicitPainter,
    footprint: BrushFootprint,
    sampler: StrokeSampler,
    count: int,
    random: np.random.Generator,
) -> tuple[list[F64], F64]:
    """The table's coordinates of many places about random strokes, and the network's opacities there."""
    rows = sampler(count, painter.space, random)
    middles = np.stack(np.divmod(np.arange(count), math.isqrt(count) + 1), axis=1) * SPACING
    rows[:, CURVE] += np.tile(middles, 3)
    strokes = StrokeArray(rows.astype(np.float32), np.ones(count, np.float32))
    blocks = _places_about(strokes.rows, footprint, random)
    pairs = trace(strokes, footprint, blocks)
    numbers, owners = pairs.numbers(), pairs.owners()
    coordinates = [
        log_lengths(strokes)[owners],
        strokes.log_radii[owners].astype(np.float64),
        *(item[numbers].astype(np.float64) for item in (pairs.distances, pairs.pressures, pairs.passings)),
    ]
    return coordinates, network_opacities(painter, pairs, strokes, blocks)[numbers].astype(np.float64)


def _places_about(rows: F32, footprint: BrushFootprint, random: np.random.Generator) -> PixelBlocks:
    """PLACES about each stroke, more of them near its ends."""
    count = len(rows)
    t = np.clip(random.beta(0.6, 0.6, (count, PLACES)), 0, 1)[..., None]
    start, via, end = rows[:, None, START], rows[:, None, VIA], rows[:, None, END]
    curve = (1 - t) * (1 - 2 * t) * start + 4 * t * (1 - t) * via + t * (2 * t - 1) * end
    reach = footprint.reach * np.exp(rows[:, LOG_RADIUS] + footprint.swelling[:, 1].max()) + MARGIN
    away = random.uniform(0, 1, (count, PLACES)) * reach[:, None]
    turn = random.uniform(0, 2 * math.pi, (count, PLACES))
    points = curve + away[..., None] * np.stack((np.cos(turn), np.sin(turn)), axis=-1)
    cells = np.arange(count * PLACES, dtype=np.int32)
    return in_blocks(points.reshape(-1, 2).astype(np.float32), cells, (cells // PLACES).astype(np.int64), len(cells))


def _solve(design: scipy.sparse.csr_matrix, opacities: F64, prior: F64) -> F64:
    """Least squares with a small pull towards the prior."""
    turned = design.T.tocsr()
    size = design.shape[1]
    scale = np.asarray(design.multiply(design).sum(axis=0)).ravel() + RIDGE
    normal = scipy.sparse.linalg.LinearOperator((size, size), lambda x: turned @ (design @ x) + RIDGE * x)
    preconditioner = scipy.sparse.linalg.LinearOperator((size, size), lambda x: x / scale)
    right = turned @ (opacities - design @ prior)
    change, _ = scipy.sparse.linalg.cg(normal, right, rtol=1e-3, maxiter=40, M=preconditioner)
    solution: F64 = prior + change
    return solution
