"""From a gallery to docs/classes.webp: classes down, looks across (after figure 11 of Nakano 2019).

    PYTHONPATH=. python scripts/make_class_sheet.py gallery

Each row is the newest run of an `ideal-...` recipe: the picture that it painted, in every look.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from orbifolio.runner.images.encoding import image
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.looks import LOOKS
from orbifolio.runner.painting.session import Brief, PaintingSession

ROOT = Path(__file__).resolve().parents[1]
SIDE = 240  # pixels of a cell
PAINTED = 480  # pixels that a cell is painted at, so that its strokes are smooth
PLAN = 480  # pixels that strokes are planned at


def painted(picture: Image.Image, look: PaintingLook) -> Image.Image:
    """A picture in a look, one cell large."""
    pixels = np.asarray(picture.convert("RGB"), np.float32) / np.float32(255)
    session = PaintingSession(Brief(look=look, seed=1, plan_side=PLAN), pixels, (PAINTED, PAINTED))
    for number in range(len(session.passes)):
        session.paint_pass(number)
    return image(session.picture()).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main(gallery: Path) -> None:
    """Write the sheet of all classes that have a finished run."""
    looks = [kind(faces=False) for kind in LOOKS]
    rows = []
    for recipe in sorted(ROOT.glob("recipes/painting/ideal-*.yaml")):
        runs = sorted(gallery.glob(f"{recipe.stem}/*/extras/unpainted.png"))
        if runs:
            with Image.open(runs[-1]) as opened:
                picture = opened.convert("RGB")
            rows.append([painted(picture, look) for look in looks])
            print(recipe.stem, flush=True)
    sheet = Image.new("RGB", (len(looks) * SIDE, len(rows) * SIDE), "white")
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            sheet.paste(cell, (across * SIDE, down * SIDE))
    sheet.save(ROOT / "docs" / "classes.webp", quality=80, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
