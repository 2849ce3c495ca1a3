"""The family of canvases: image parameterisations."""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

CANVASES = KindFamily(
    {
        "pixels": "orbifolio.runner.canvas.pixels:Pixels",
        "fourier": "orbifolio.runner.canvas.fourier:Fourier",
        "strokes": "orbifolio.runner.canvas.strokes:Strokes",
        "stroke-grid": "orbifolio.runner.canvas.stroke_grid:StrokeGrid",
        "waves": "orbifolio.runner.canvas.waves:Waves",
    },
    default="pixels",
    others=plugins("canvases", "orbifolio.runner.canvas.base:CanvasSettings"),
)
AnyCanvas = Annotated[Any, CANVASES]
