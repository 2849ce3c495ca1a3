"""Strokes planned by the look itself, along the directions of the picture: `brush_placement`, `pen_placement`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.placers.base import PlacerSettings
from orbifolio.runner.painting.stroke_placement import StrokePlacement


class PlannedStrokes(PlacerSettings):
    """Strokes begin where canvas and picture differ, follow the picture's directions and end where its colour does."""

    kind: Literal["planned"] = "planned"

    def placement(self, look: PaintingLook) -> Callable[..., StrokePlacement]:
        """The look's own."""
        return look.placement
