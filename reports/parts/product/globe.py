"""A surface that a reader can turn: (run) -> a globe or a model, where the run's files have a scene and a portrait."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_text, inner_path
from orbifolio.reports.links import Link, Place
from orbifolio.reports.media.img import PageImage, page_image
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.downloads import SCENE
from orbifolio.reports.wording import format_bytes


@dataclass(frozen=True)
class GlobeView(Part):
    """A surface that turns, and its picture for browsers without JavaScript.

    Attributes:
        title: what kind of surface it is.
        scene: address of the script that holds shape and texture.
        still: how it looks from in front.
        lead: what can be done with it.
    """

    template: ClassVar[str] = "parts/globe.html"
    styles: ClassVar[tuple[str, ...]] = ("globe.css",)
    scripts: ClassVar[tuple[str, ...]] = ("painters.js", "globe.js")
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "globe"
    title: str
    label: str
    scene: str
    still: PageImage
    lead: str
    links: tuple[Link, ...]


_TITLES = {"globe": "Globe", "model": "Model"}


_LINKS = {
    ".glb": ("3D model", "GLB"),
    ".stl": ("For 3D printing", "STL"),
    ".3mf": ("For 3D printing in colour", "3MF"),
    ".webp": ("Rotation as a loop", "WebP"),
}


_LEAD = "Drag to rotate, or use the arrow keys; + and − zoom in and out."


def _links(run: RunRecord, place: Place, names: list[str]) -> tuple[Link, ...]:
    links = []
    for name in names:
        path = PurePosixPath(name)
        # beside bodies in colour lie the same without
        plain = path.suffix in (".webp", ".stl") and path.parent.name == "solid"
        if path.suffix in _LINKS and not plain and (path.suffix != ".webp" or path.stem == "spin"):
            label, kind = _LINKS[path.suffix]
            label += ", the upper half" * ("upper-half" in path.stem) + ", the lower half" * ("lower-half" in path.stem)
            amount = format_bytes((run.folder / name).stat().st_size)
            links.append(Link(f"{label} ({kind}, {amount})", place.to(run.folder / name)))
    return tuple(links)


def globe_part(run: RunRecord, place: Place) -> GlobeView | None:
    """The part, or None if the run has no scene."""
    extras = run.extras
    scenes = [path for path, entry in extras.items() if as_text(entry.get("kind")) == SCENE]
    cover = prepare_image(run.folder, inner_path(run.record.get("cover")), widths=MEDIUM_WIDTHS)
    if not scenes or cover is None:
        return None
    title = _TITLES.get(PurePosixPath(scenes[0]).stem, "Model")
    label = f"{run.title}, as a {title.lower()}"
    still = page_image(place, cover, alt=label, sizes="(min-width: 40rem) 34rem, 94vw")
    if still is None:
        return None
    return GlobeView(
        title=title,
        label=label,
        scene=place.to(run.folder / scenes[0]),
        still=still,
        lead=_LEAD,
        links=_links(run, place, list(extras)),
    )
