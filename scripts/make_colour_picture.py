"""Write docs/colour.webp: one picture with the colours of two others, taken in each way, and in few flat colours.

PYTHONPATH=. python scripts/make_colour_picture.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.exports.wallpapers import rescaled
from orbifolio.runner.images.colour_transfer import TRANSFERS, ColourTransfer
from orbifolio.runner.images.finish import Finish
from orbifolio.runner.images.sources import Images
from orbifolio.runner.images.writing import write_webp
from orbifolio.runner.settings import kind_of

ROOT = Path(__file__).resolve().parents[1]
SIDE, GAP = 256, 6  # pixels of a picture, and between two


def main() -> None:
    """Two rows: a picture, another, three transfers; then the picture in 8, 5, 4, 3 and 2 colours."""
    images = Images(ROOT)
    here, there = (_square(images.load(name).pixels) for name in ("orbifolio:starry", "orbifolio:mosaic"))
    ways = [ColourTransfer.model_validate({"from": "there", "by": kind_of(kind)}) for kind in TRANSFERS]
    upper = [here, there, *(way.move(here, there)(here) for way in ways)]
    lower = [Finish(posterise=count).apply(here) for count in (8, 5, 4, 3, 2)]
    rows = [
        np.concatenate([part for each in row for part in (each, _gap(SIDE, GAP))][:-1], 1) for row in (upper, lower)
    ]
    sheet = np.concatenate([rows[0], _gap(GAP, rows[0].shape[1]), rows[1]])
    write_webp(ROOT / "docs" / "colour.webp", sheet, quality=82)


def _square(pixels: F32) -> F32:
    side = min(pixels.shape[:2])
    return rescaled(pixels[:side, :side], (SIDE, SIDE), wrap=(False, False))


def _gap(height: int, width: int) -> F32:
    return np.ones((height, width, 3), np.float32)


if __name__ == "__main__":
    main()
