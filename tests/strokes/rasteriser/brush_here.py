"""A brush that needs no training: soft round strokes, as a table, for tests."""

import numpy as np
import torch

from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter, Known
from orbifolio.runner.strokes.rasteriser.brush_table import DISTANCES, LENGTHS, PASSINGS, PRESSURES, RADII, Response
from orbifolio.runner.strokes.rasteriser.differentiable import Brushwork
from orbifolio.runner.strokes.rasteriser.pixel_blocks import grid
from orbifolio.runner.strokes.rasteriser.trace import Tip

REACH = 2.0


def painter(**known) -> ImplicitPainter:
    return ImplicitPainter(Known(width=16, reach=REACH, **known), generator=torch.Generator().manual_seed(0))


def response(**known) -> Response:
    """Opacity falls with the distance, rises with pressure, radius and what passes."""
    tip = Tip.of(painter(**known))
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
    return Response(table.astype(np.float32), REACH + 1.5, tip, 0.0)


def work(width: int, height: int, **known) -> Brushwork:
    return Brushwork(response(**known), grid(width, height), painter(**known))


def strokes(count: int, width: int, height: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, units and colours of random strokes."""
    random = np.random.default_rng(seed)
    middle = random.uniform(0, 1, (count, 2)) * (width, height)
    half = random.normal(0, 0.15 * width, (count, 2))
    bent = middle + random.normal(0, 2, (count, 2))
    numbers = np.stack([random.uniform(0.3, 1.5, count), *random.uniform(0.3, 0.9, (2, count))], axis=1)
    rows = np.concatenate((middle - half, bent, middle + half, numbers), axis=1).astype(np.float32)
    return rows, np.full(count, 1.5, np.float32), random.random((count, 3)).astype(np.float32)
