"""A drawing of a picture's symmetry to switch on over it: (run) -> its address and what its signs mean."""

from __future__ import annotations

from dataclasses import dataclass

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.elements_drawing import draw_elements


@dataclass(frozen=True)
class SymmetryOverlay:
    """A drawing as large as the picture that it is laid over; a check box shows it, without any script.

    Attributes:
        src: address of the drawing.
        legend: what its signs mean, a few words each.
    """

    src: str
    legend: tuple[str, ...]


def symmetry_overlay(run: RunRecord, place: Place) -> SymmetryOverlay | None:
    """The drawing of a finished picture, or None where there is nothing to draw."""
    drawing = draw_elements(run)
    return SymmetryOverlay(place.to(drawing.path), drawing.legend) if drawing else None
