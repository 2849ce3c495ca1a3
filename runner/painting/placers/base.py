"""What every way of deciding where strokes go owes a recipe."""

from __future__ import annotations

from collections.abc import Callable

from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.stroke_placement import StrokePlacement
from orbifolio.runner.settings import Settings
from orbifolio.runner.vision.base import Provenance


class PlacerSettings(Settings):
    """The base of every kind of placer."""

    def placement(self, look: PaintingLook) -> Callable[..., StrokePlacement]:
        """What makes a placement of (look, subject, seed, brush size, liveliness)."""
        raise NotImplementedError(type(self).__name__)

    def complaints(self, look: PaintingLook) -> list[tuple[str, str]]:
        """Why it cannot place the strokes of a look, as (path, message)."""
        return []

    def provenances(self) -> tuple[Provenance, ...]:
        """Which networks place the strokes, for `run.json`."""
        return ()
