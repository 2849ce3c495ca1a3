"""A surface to turn on the run's page: (run) -> its part, where the run's files have a scene and a portrait."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from orbifolio.reports import wording
from orbifolio.reports.data import values
from orbifolio.reports.data.log import Run
from orbifolio.reports.links import Link, Place
from orbifolio.reports.media import img, thumbnails
from orbifolio.reports.parts.globe import Globe

SCENE = "scene"
"""The kind, in `run.json`, of the file that holds a scene; it is part of the page, nothing to take away."""

_TITLES = {"globe": "Globe", "model": "Model"}
_LINKS = {
    ".glb": ("3D model", "GLB"),
    ".stl": ("For printing in 3D", "STL"),
    ".webp": ("The turn as a loop", "WebP"),
}
_LEAD = "Drag to turn it, or use the arrow keys; + and − come nearer and go back."


def _extras(run: Run) -> dict[str, Mapping[str, Any]]:
    """The further files that are there, by path."""
    entries = map(values.mapping, values.sequence(run.record.get("extras")))
    found = {values.inner_path(entry.get("path")): entry for entry in entries}
    return {path: entry for path, entry in found.items() if path and (run.folder / path).is_file()}


def _links(run: Run, place: Place, names: list[str]) -> tuple[Link, ...]:
    found = []
    for name in names:
        path = PurePosixPath(name)
        if path.suffix in _LINKS and (path.suffix != ".webp" or path.stem == "spin"):
            label, kind = _LINKS[path.suffix]
            amount = wording.size((run.folder / name).stat().st_size)
            found.append(Link(f"{label} ({kind}, {amount})", place.to(run.folder / name)))
    return tuple(found)


def part(run: Run, place: Place) -> Globe | None:
    """The part, or None if the run has no scene."""
    extras = _extras(run)
    scenes = [path for path, entry in extras.items() if values.text(entry.get("kind")) == SCENE]
    cover = thumbnails.prepare(run.folder, values.inner_path(run.record.get("cover")), widths=(320, 640))
    if not scenes or cover is None:
        return None
    title = _TITLES.get(PurePosixPath(scenes[0]).stem, "Model")
    label = f"{run.title}, as a {title.lower()}"
    still = img.show(place, cover, alt=label, sizes="(min-width: 40rem) 34rem, 94vw")
    if still is None:
        return None
    return Globe(
        title=title,
        label=label,
        scene=place.to(run.folder / scenes[0]),
        still=still,
        lead=_LEAD,
        links=_links(run, place, list(extras)),
    )
