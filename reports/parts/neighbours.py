"""The runs of the same recipe before and after a run: filled in by a script from the gallery's index of runs.

Which they are changes with every new run, and a run may be published without its neighbours: the index knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.compare import RUN_INDEX


@dataclass(frozen=True)
class Neighbours(Part):
    """Links to the previous and the next run; nothing without JavaScript, which the way up to the recipe replaces.

    Attributes:
        index: address of the script that lists all runs.
        recipe: the recipe's folder in the gallery.
        run: the run's folder in that one.
    """

    template: ClassVar[str] = "parts/neighbours.html"
    scripts: ClassVar[tuple[str, ...]] = ("neighbours.js",)
    index: str
    recipe: str
    run: str


def neighbours_part(run: RunRecord, gallery: Path, place: Place) -> Neighbours:
    """The part of a run's page."""
    return Neighbours(place.to(gallery / RUN_INDEX), run.type, run.id)
