"""A learnt brush as a table: (log radius, distance in radii, pressure, passing) -> opacity, interpolated.

    table_of(painter) -> Table

The painter draws some hundred random strokes; the table is what fits them best by least squares. What else the
painter sees (bend, direction, self-crossing, speed) is averaged over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.sparse
import scipy.sparse.linalg
import torch

from orbifolio.runner.strokes.agent.tracing import Doubles, Floats, describe, rows_of
from orbifolio.runner.strokes.brush_models.implicit import MARGIN, ImplicitPainter
from orbifolio.runner.strokes.mypaint.actions import draw_actions
from orbifolio.runner.strokes.rasteriser.interpolation_table import Axis, weights

RADII, DISTANCES, PRESSURES, PASSINGS = 6, 24, 7, 7
STROKES, LOOKS, SCALE = 800, 160, 0.5  # drawn; places of each that are looked at; of the pictures
RIDGE = 0.02  # places' worth of faith in no paint, where nothing was seen


@dataclass(frozen=True)
class Table:
    """A brush's opacities.

    Attributes:
        cells: (RADII, DISTANCES, PRESSURES, PASSINGS).
        widest: logarithm of the radius of the last entry; the first is 0.
        farthest: distance in radii of the last entry.
        metric: (2, 2) that places are multiplied by from the left.
        swelling: (k, 2) pressure and what it adds to the logarithm of the radius; k >= 1.
        reach: in radii.
    """

    cells: Floats
    widest: float
    farthest: float
    metric: Doubles
    swelling: Doubles
    reach: float

    def own(self, log_radii: Floats) -> tuple[Floats, Floats]:
        """The tables of strokes, (n, DISTANCES, PRESSURES, PASSINGS), and their derivatives by the log radius."""
        axis = Axis(0.0, self.widest, RADII)
        thick, share = axis.knot(log_radii.astype(np.float64))
        part = share[:, None, None, None].astype(np.float32)
        thin, wide = self.cells[thick], self.cells[thick + 1]
        return thin + (wide - thin) * part, (wide - thin) * axis.density

    def tip(self) -> tuple[Doubles, Doubles, float, float]:
        """Metric, swelling, reach, farthest: what the compiled loops ask for."""
        return self.metric, self.swelling, self.reach, self.farthest


@lru_cache(maxsize=4)
def table_of(painter: ImplicitPainter, seed: int = 0) -> Table:
    """Ask the painter and fit; a few seconds, once for each painter.

    Args:
        painter: on the CPU, float32.
        seed: of the strokes that are asked for.
    """
    known, space = painter.known, painter.space
    metric = np.eye(2) if known.metric is None else known.metric.numpy().copy()
    swelling = np.array(known.swelling or ((0.0, 0.0),), np.float64)
    random = np.random.default_rng([seed, 4])
    actions = torch.from_numpy(draw_actions(STROKES, random))
    with torch.no_grad():
        alphas = painter.alphas(actions, scale=SCALE).flatten(1).numpy()
    rows = rows_of(actions, space).numpy()
    looks = np.stack([_worth(alpha, random) for alpha in alphas])
    side = round(space.canvas * SCALE)
    places = np.stack((looks % side + 0.5, looks // side + 0.5), axis=-1) / SCALE
    found = np.empty((*looks.shape, 3))
    describe(rows, places, metric, swelling, found)
    farthest = known.reach + MARGIN
    keys = np.concatenate((np.repeat(rows[:, 6:7], LOOKS, axis=0), found.reshape(-1, 3)), axis=1)
    seen = keys[:, 1] < farthest
    axes = (
        Axis(0.0, space.log_radius, RADII),
        Axis(0.0, farthest, DISTANCES),
        Axis(0.0, 1.0, PRESSURES),
        Axis(-1.0, 1.0, PASSINGS),
    )
    design = weights(keys[seen].T, axes)
    paint = np.take_along_axis(alphas, looks, axis=1).ravel()[seen]
    cells = _solve(design, paint.astype(np.float64)).clip(0, 1).astype(np.float32)
    return Table(
        cells.reshape(RADII, DISTANCES, PRESSURES, PASSINGS), space.log_radius, farthest, metric, swelling, known.reach
    )


def _worth(alpha: Floats, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Places of a stroke to look at: half of them painted, as far as there are any."""
    painted = np.flatnonzero(alpha > 0)
    some = random.choice(painted, LOOKS // 2) if len(painted) else random.integers(len(alpha), size=LOOKS // 2)
    return np.concatenate((some, random.integers(len(alpha), size=LOOKS - LOOKS // 2)))


def _solve(design: scipy.sparse.csr_matrix, paint: Doubles) -> Doubles:
    """Least squares with a small pull towards no paint."""
    normal = design.T @ design + RIDGE * scipy.sparse.identity(design.shape[1], format="csr")
    found: Doubles = scipy.sparse.linalg.cg(normal, design.T @ paint, rtol=1e-4, maxiter=150)[0]
    return found
