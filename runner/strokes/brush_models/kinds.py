"""The family of painters."""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.settings import KindFamily

PAINTERS = KindFamily(
    {
        "implicit": "orbifolio.runner.strokes.brush_models.implicit_training:Implicit",
        "vae": "orbifolio.runner.strokes.brush_models.vae:Vae",
        "gan": "orbifolio.runner.strokes.brush_models.gan:Gan",
    },
)
AnyPainter = Annotated[Any, PAINTERS]
