"""Who decides where strokes go: the look's plan, or a network that names all strokes of a pass at once.

    network, soft_strokes   (picture, canvas) -> strokes of every cell; strokes as a differentiable coverage
    scenes, training        random strokes on random pictures, and how the network learns from them
    weights, predictor      its file, and how it paints, from wide strokes to thin ones

After Paint Transformer (Liu et al. 2021), which trains itself on synthetic strokes; no photograph is learnt from.
"""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.settings import KindFamily

PLACERS = KindFamily(
    {
        "planned": "orbifolio.runner.painting.placers.planned:PlannedStrokes",
        "predictor": "orbifolio.runner.painting.placers.predictor:PredictedStrokes",
    },
)
AnyPlacer = Annotated[Any, PLACERS]
