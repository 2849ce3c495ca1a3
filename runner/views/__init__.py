"""The family of views: what the network sees while optimising; the result is free of them."""

from typing import Annotated, Any

from pydantic import Field

from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.settings import family
from orbifolio.runner.views.affine import Crop, Jitter, Mirror, Rotate, Scale
from orbifolio.runner.views.base import View
from orbifolio.runner.views.drawn_view import DrawnView, apply_view, draw_view
from orbifolio.runner.views.filters import Grain, Lighting, Soften, Vignette

__all__ = ["VIEWS", "AnyView", "DrawnView", "View", "Views", "apply_view", "draw_view"]

VIEWS = with_plugins("views", View, Jitter, Rotate, Scale, Mirror, Crop, Soften, Vignette, Lighting, Grain)
AnyView: Any = family(*VIEWS)
Views: Any = Annotated[tuple[AnyView, ...], Field(max_length=16)]
