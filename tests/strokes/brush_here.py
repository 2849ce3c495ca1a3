"""A brush that needs no training: soft round strokes, as a table, for tests."""

import numpy as np
import torch

from orbifolio.runner.strokes.brush_models.implicit import BrushTraits, ImplicitPainter
from orbifolio.runner.strokes.rasteriser.brush_table import DISTANCES, LENGTHS, PASSINGS, PRESSURES, RADII, BrushTable
from orbifolio.runner.strokes.rasteriser.differentiable import Rasteriser
from orbifolio.runner.strokes.rasteriser.pixel_blocks import pixel_grid
from orbifolio.runner.strokes.rasteriser.trace import BrushFootprint
from orbifolio.runner.strokes.stroke_array import StrokeArray

REACH = 2.0


def painter(**traits) -> ImplicitPainter:
    return ImplicitPainter(BrushTraits(width=16, reach=REACH, **traits), generator=torch.Generator().manual_seed(0))


def brush_table(**traits) -> BrushTable:
    """Opacity falls with the distance, rises with pressure, radius and what passes."""
    footprint = BrushFootprint.of(painter(**traits))
    axes = np.meshgrid(
        np.linspace(0.8, 1.0, LENGTHS),
        np.linspace(0.7, 1.0, RADII),
        np.linspace(0, REACH + 1.5, DISTANCES),
        np.linspace(0.2, 1.0, PRESSURES),
        np.linspace(0.0, 1.0, PASSINGS),
        indexing="ij",
    )
    long, thick, far, pressure, passing = axes
    table = long * thick * pressure * passing * np.clip(1.5 - far, 0, 1)
    return BrushTable(table.astype(np.float32), 2.0, REACH + 1.5, footprint, 0.0)


def rasteriser(width: int, height: int, *, opaque: bool = False, **traits) -> Rasteriser:
    return Rasteriser(brush_table(**traits), pixel_grid(width, height), painter(**traits), opaque)


def strokes(count: int, width: int, height: int, seed: int = 0) -> tuple[StrokeArray, np.ndarray]:
    """Random strokes and their colours."""
    random = np.random.default_rng(seed)
    middle = random.uniform(0, 1, (count, 2)) * (width, height)
    half = random.normal(0, 0.15 * width, (count, 2))
    bent = middle + random.normal(0, 2, (count, 2))
    numbers = np.stack([random.uniform(0.3, 1.5, count), *random.uniform(0.3, 0.9, (2, count))], axis=1)
    rows = np.concatenate((middle - half, bent, middle + half, numbers), axis=1).astype(np.float32)
    return StrokeArray(rows, np.full(count, 1.5, np.float32)), random.random((count, 3)).astype(np.float32)
