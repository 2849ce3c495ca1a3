"""Where strokes go: what every way of placing them owes a painting."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

from orbifolio.runner.arrays import F32
from orbifolio.runner.painting.bristle_strokes import BristleStrokes

FACE_PART = 0.35  # of the mask, above which a place belongs to a face or a focus
STREAMS = 100  # of random numbers, one for each pass; those below are the subject's


class PaintLayer(NamedTuple):
    """One layer to paint.

    Attributes:
        title: for the report.
        radius: of its strokes in pixels of the plan.
        threshold: see `BrushLayer`.
        density: see `BrushLayer`.
        everywhere: see `BrushLayer`.
        passes: how often it is gone over.
        level: 0 for the widest; faces have that of the last.
        where: (h, w) mask of a face; None for all over.
    """

    title: str
    radius: float
    threshold: float
    density: float
    everywhere: float
    passes: int
    level: int
    where: F32 | None = None

    @property
    def extent(self) -> float:
        """Of what it paints, in the picture's own."""
        return 1.0 if self.where is None else math.sqrt(float((self.where > FACE_PART).mean()))


@dataclass(frozen=True)
class Sitting:
    """One pass.

    Attributes:
        number: over all layers; random choices follow from it.
        canvas: (h, w, 3) sRGB in [0, 1] before it, at the plan's size.
        strokes: how many there are already.
        most: that it may lay; None for any number.
    """

    number: int
    canvas: F32
    strokes: int
    most: int | None = None


class StrokePlacement(ABC):
    """Places the strokes of a painting, pass by pass."""

    @abstractmethod
    def layers(self) -> tuple[PaintLayer, ...]:
        """All layers, in order."""

    @abstractmethod
    def place(self, layer: PaintLayer, sitting: Sitting) -> tuple[BristleStrokes, float]:
        """The strokes of a pass.

        Args:
            layer: one of `layers`.
            sitting: the pass.

        Returns:
            Strokes in pixels of the plan, the first to be painted first; the mean of what was missing, in OKLab.
        """

    @abstractmethod
    def block_in_strokes(self) -> float:
        """About how many strokes cover the picture once."""
