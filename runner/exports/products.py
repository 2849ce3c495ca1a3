"""Files beside a picture, for use elsewhere: an 8-bit PNG (a tile, if it repeats), a swatch, a WebP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.exports.wallpapers import wallpapers
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images.finish import Traits
from orbifolio.runner.images.writing import MAX_WEBP_SIDE, write_png8, write_webp

SWATCH_PIXELS = 2_000_000  # a swatch fills a screen of 1920 x 1080, no more

KINDS = {
    ".svg": "vector",
    ".pdf": "vector",
    ".graphml": "data",
    ".json": "data",
    ".yaml": "data",
    ".html": "data",
    ".npz": "data",
    ".safetensors": "data",
    ".glb": "data",
    ".stl": "data",
    ".3mf": "data",
    ".ply": "data",
    ".zip": "data",
    ".ora": "data",
    ".hpgl": "data",
    ".csv": "data",
    ".js": "scene",
}
"""What a file is, by its ending; anything else is a picture. A scene is part of the page, not a download."""

TITLES = {
    "globe.webp": "The globe",
    "globe.glb": "The globe as a model with its texture",
    "spin.webp": "The turn as a loop",
    "cubemap.png": "The six faces of a cube",
    "orb.stl": "A ball to print, 50 mm across, bright parts raised",
    "paint-orb.stl": "A ball to print, 50 mm across, the paint raised",
    "model.webp": "The model",
    "model.glb": "The model with its new texture",
    "disk.webp": "The Poincaré disk",
    "klein.webp": "The Klein disk, in which lines are straight",
    "half-plane.webp": "The half-plane",
    "band.webp": "The band",
    "square.webp": "The conformal square",
    "tiling.svg": "The tiling's edges as a drawing",
    "painter.safetensors": "The learnt brush",
    "card.json": "The report card in numbers",
    "drift.webp": "A slow drift as a loop",
    "zoom.webp": "The endless zoom as a loop",
    "drawing.svg": "The drawing in vectors",
    "drawing.pdf": "The drawing as a page to print",
    "plotter.svg": "For a pen plotter, in millimetres",
    "drawing.json": "The drawing in numbers",
    "graph.json": "The graph as JSON",
    "graph.graphml": "The graph as GraphML",
    "graph.npz": "The graph as NumPy arrays",
    "strokes.json": "The painting as a document of strokes",
    "painting.svg": "The strokes as shapes, in layers",
    "painting.ora": "Layers for MyPaint, Krita and GIMP",
    "timelapse.webp": "How it was painted, as a loop",
    "timelapse.mp4": "How it was painted, as a film",
    "steps.pdf": "Step by step, to paint it by hand",
    "plotter.hpgl": "For an old pen plotter, as HPGL",
    "candidates.png": "All candidates, painted small",
    "unpainted.png": "What was painted, before it was",
    "candidates.json": "What the judge says of each candidate",
    "classes.json": "What the judge says of each painting",
    "strokes.csv": "The strokes as a table",
    "painting.json": "The painting in numbers",
    "mypaint.png": "Painted by the real program",
    "mypaint.json": "The strokes as fitted to the real brush",
    "compared.webp": "The neural canvas and real paint",
    "wallpaper-4k.jpg": "Wallpaper for a 4K screen",
    "wallpaper-phone.jpg": "Wallpaper for a telephone",
    "zoom.html": "The endless zoom as a page to play",
}

TONES = "extras/tones.png"
"""A posterised picture before that, of which its larger sizes and its plates are made."""

COVERS = ("globe.webp", "model.webp")
"""Portraits that galleries show instead of an artwork that is a map."""


def write_products(
    folder: Path, image: F32, traits: Traits, extras: Mapping[str, bytes], *, recipe: str = ""
) -> list[dict[str, Any]]:
    """Write `extras/` and return the `extras` block of `run.json`.

    Args:
        folder: of the run; files go to its `extras/`.
        image: (height, width, 3 or 4) in [0, 1], finished, on its ground.
        traits: which edges it continues over.
        extras: the renderer's own files.
        recipe: of the picture, to be kept in its PNG; "" for none.
    """
    block: list[dict[str, Any]] = []
    height, width = image.shape[:2]
    if all(traits.wrap):
        write_png8(folder / "extras" / "tile.png", image, recipe=recipe)
        block.append(listed("tile.png", "One tile, repeats without a seam"))
        columns = 3 if width <= height else 2
        rows = max(2, round(columns * width / height))
        if columns * rows * height * width <= SWATCH_PIXELS:
            write_webp(folder / "extras" / "swatch.webp", np.tile(image, (rows, columns, 1)))
            block.append(listed("swatch.webp", f"Swatch of {columns} × {rows} tiles"))
        block += write_wallpapers(folder, image)
    elif traits.wrap[1] and traits.tiles:
        write_png8(folder / "extras" / "tile.png", image, recipe=recipe)
        block.append(listed("tile.png", "One length, repeats to both sides without a seam"))
        times = max(2, min(6, SWATCH_PIXELS // (height * width)))
        if times * width <= MAX_WEBP_SIDE:
            write_webp(folder / "extras" / "swatch.webp", np.tile(image, (1, times, 1)))
            block.append(listed("swatch.webp", f"Strip of {times} lengths"))
    else:
        write_png8(folder / "extras" / "picture.png", image, recipe=recipe)
        block.append(listed("picture.png", "The picture in 8 bits"))
    if max(height, width) <= MAX_WEBP_SIDE:  # a smaller one would not be the picture
        write_webp(folder / "extras" / "picture.webp", image)
        block.append(listed("picture.webp", "The picture for the web"))
    for name, data in extras.items():
        write_atomically(folder / "extras" / name, data)
        block.append(listed(name, TITLES.get(name, name)))
    return block


def write_wallpapers(folder: Path, tile: F32) -> list[dict[str, Any]]:
    """Write backgrounds for screens to `extras/`, where a tile is large enough, and return their entries."""
    files = wallpapers(tile)
    for name, data in files.items():
        write_atomically(folder / "extras" / name, data)
    return [listed(name, TITLES[name]) for name in files]


def cover_of(block: Sequence[Mapping[str, Any]]) -> str:
    """The file that galleries show instead of the artwork, or ""."""
    return next((str(entry["path"]) for entry in block if Path(entry["path"]).name in COVERS), "")


def listed(name: str, title: str) -> dict[str, Any]:
    """A file of `extras/` as `run.json` lists it."""
    return {"path": f"extras/{name}", "title": title, "kind": KINDS.get(Path(name).suffix, "picture")}
