"""The artwork repeated as a wallpaper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.thumbnails import prepare_image, prepare_tile
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.overlay import SymmetryOverlay, symmetry_overlay


@dataclass(frozen=True)
class TilePreview(Part):
    """The wallpaper: a tile repeated as a background, `width` x `height` CSS pixels at first.

    Attributes:
        large: address of a copy with all its pixels, or "" if there is none beside `src`.
        way: `both`, `across` or `down`: over which edges the tile continues.
        repeat: the same, as CSS says it.
        natural: the tile's own width in pixels.
        overlay: its symmetry, repeated with it, or None.
    """

    template: ClassVar[str] = "parts/wallpaper.html"
    styles: ClassVar[tuple[str, ...]] = ("tile.css",)
    scripts: ClassVar[tuple[str, ...]] = ("tile.js",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "wallpaper"
    title: ClassVar[str] = "Wallpaper"
    src: str
    large: str
    way: str
    repeat: str
    width: int
    height: int
    natural: int
    label: str
    overlay: SymmetryOverlay | None = None


def wallpaper_part(run: RunRecord, place: Place) -> TilePreview | None:
    """The repeated tile, for pictures that continue over at least one pair of edges."""
    rows, columns = run.wrap
    if not rows and not columns:
        return None
    source = prepare_tile(run.folder, run.final_path, wrap=run.wrap)
    if source is None:
        return None
    copy, natural = source.versions[0]
    width = min(natural, max(96, min(280, natural)))
    whole = prepare_image(run.folder, run.final_path)
    large = whole.versions[-1] if whole else (copy, natural)
    way = "both" if rows and columns else "across" if columns else "down"
    return TilePreview(
        src=place.to(copy),
        # a smaller copy of it would not wrap: it was not scaled as part of its repetition
        large=place.to(large[0]) if natural < source.width == large[1] else "",
        way=way,
        repeat={"both": "repeat", "across": "repeat-x", "down": "repeat-y"}[way],
        width=width,
        height=max(1, round(width / source.ratio)),
        natural=source.width,
        label=f"{run.title}, repeated as wallpaper",
        overlay=symmetry_overlay(run, place),
    )
