"""The family of vision networks."""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

NETWORKS = KindFamily(
    {
        "vgg16": "orbifolio.runner.vision.vgg:Vgg16",
        "vgg19": "orbifolio.runner.vision.vgg:Vgg19",
        "alexnet": "orbifolio.runner.vision.alexnet:AlexNet",
        "efficientnet-lite0": "orbifolio.runner.vision.efficientnet:EfficientNetLite0",
        "efficientnet-lite1": "orbifolio.runner.vision.efficientnet:EfficientNetLite1",
        "efficientnet-lite2": "orbifolio.runner.vision.efficientnet:EfficientNetLite2",
        "inception-v3": "orbifolio.runner.vision.inception:InceptionV3",
        "ensemble": "orbifolio.runner.vision.ensemble:Ensemble",
        "untrained": "orbifolio.runner.vision.untrained:Untrained",
    },
    others=plugins("networks", "orbifolio.runner.vision.base:VisionSettings"),
)
AnyNetwork = Annotated[Any, NETWORKS]
