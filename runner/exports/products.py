"""Files that users of a picture want beside it: an 8-bit tile, a swatch of its repetition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runner.images.writing import write_png8, write_webp
from runner.renderers.base import Pixels, Traits
from runner.shelf import write_atomically

SWATCH_PIXELS = 2_000_000  # the repeated swatch is made for the screen

TITLES = {".svg": "vector", ".json": "data", ".npz": "data", ".glb": "data", ".stl": "data"}


def write_products(folder: Path, image: Pixels, traits: Traits, extras: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Write `extras/` and return the `extras` block of `run.json`.

    Args:
        folder: the run's folder.
        image: (height, width, 3) in [0, 1], finished.
        traits: which edges it continues over.
        extras: the renderer's own files.
    """
    block: list[dict[str, Any]] = []
    if all(traits.wrap):
        write_png8(folder / "extras" / "tile.png", image)
        block.append(
            {"path": "extras/tile.png", "title": "One tile, 8-bit PNG, repeats without a seam", "kind": "picture"}
        )
        height, width = image.shape[:2]
        columns = 3 if width <= height else 2
        rows = max(2, round(columns * width / height))
        if columns * rows * height * width <= SWATCH_PIXELS:
            write_webp(folder / "extras" / "swatch.webp", np.tile(image, (rows, columns, 1)))
            block.append(
                {
                    "path": "extras/swatch.webp",
                    "title": f"Swatch of {columns} x {rows} tiles, WebP",
                    "kind": "picture",
                }
            )
    else:
        write_png8(folder / "extras" / "picture.png", image)
        block.append({"path": "extras/picture.png", "title": "8-bit PNG", "kind": "picture"})
    for name, data in extras.items():
        write_atomically(folder / "extras" / name, data)
        block.append({"path": f"extras/{name}", "title": name, "kind": TITLES.get(Path(name).suffix, "picture")})
    return block
