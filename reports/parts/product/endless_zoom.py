"""A picture that zooms into itself without end: (run) -> its player, where the run's files have one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import final_image
from orbifolio.reports.parts.base import Part


@dataclass(frozen=True)
class EndlessZoom(Part):
    """The player, a page of its own within the page: without JavaScript it shows the picture.

    Attributes:
        src: address of the player.
        ratio: width / height of what it shows.
    """

    template: ClassVar[str] = "parts/endless_zoom.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "zoom"
    title: ClassVar[str] = "Endless zoom"
    src: str
    label: str
    ratio: str


PLAYER = "zoom.html"
"""The name of the file that plays it, as `runner/exports/zoom.py` writes it."""


def endless_zoom(run: RunRecord, place: Place) -> EndlessZoom | None:
    """The part, or None if the run has no such player."""
    player = next((path for path in run.extras if PurePosixPath(path).name == PLAYER), None)
    picture = final_image(run)
    if player is None or picture is None:
        return None
    return EndlessZoom(place.to(run.folder / player), f"{run.title}: an endless zoom", f"{picture.ratio:.4f}")
