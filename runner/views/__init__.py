"""The family of views: what the network sees while optimising; the result is free of them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

VIEWS = KindFamily(
    {
        "jitter": "orbifolio.runner.views.affine:Jitter",
        "rotate": "orbifolio.runner.views.affine:Rotate",
        "scale": "orbifolio.runner.views.affine:Scale",
        "mirror": "orbifolio.runner.views.affine:Mirror",
        "crop": "orbifolio.runner.views.affine:Crop",
        "soften": "orbifolio.runner.views.filters:Soften",
        "vignette": "orbifolio.runner.views.filters:Vignette",
        "lighting": "orbifolio.runner.views.filters:Lighting",
        "grain": "orbifolio.runner.views.filters:Grain",
    },
    others=plugins("views", "orbifolio.runner.views.base:View"),
)
AnyView = Annotated[Any, VIEWS]
Views = Annotated[tuple[AnyView, ...], Field(max_length=16)]
