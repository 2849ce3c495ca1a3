"""The family of renderers."""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

RENDERERS = KindFamily(
    {
        "image-optimisation": "orbifolio.runner.renderers.image.settings:ImageOptimisation",
        "patches": "orbifolio.runner.renderers.image.patches:Patches",
        "stereogram": "orbifolio.runner.renderers.image.stereogram:Stereogram",
        "painting": "orbifolio.runner.renderers.painting:PaintedPicture",
        "class-pictures": "orbifolio.runner.renderers.image.class_pictures:ClassPictures",
        "class-comparison": "orbifolio.runner.renderers.image.class_comparison:ClassComparison",
        "growing-neural-gas": "orbifolio.runner.renderers.growing_neural_gas:GrowingNeuralGas",
        "self-organising-map": "orbifolio.runner.renderers.self_organising_map:SelfOrganisingMapPicture",
        "painter-training": "orbifolio.runner.renderers.training.painter_training:PainterTraining",
        "painter-comparison": "orbifolio.runner.renderers.training.painter_comparison:PainterComparison",
        "agent-training": "orbifolio.runner.renderers.training.agent_training:AgentTraining",
        "predictor-training": "orbifolio.runner.renderers.training.predictor_training:PredictorTraining",
        "survey": "orbifolio.runner.renderers.image.survey:Survey",
    },
    others=plugins("renderers", "orbifolio.runner.renderers.base:RendererSettings"),
)
AnyRenderer = Annotated[Any, RENDERERS]
