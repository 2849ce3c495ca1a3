"""docs/looks.webp, one photograph in all looks, and each look by itself for the control page.

PYTHONPATH=. python scripts/make_looks.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from orbifolio.runner.painting.looks import LOOKS
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.settings import kind_of

ROOT = Path(__file__).resolve().parents[1]
PART = (slice(5, 285), slice(85, 365))  # of scikit-image's astronaut: her head and shoulders
SIDE, CELL, CAPTION, GAP, COLUMNS = 800, 400, 26, 6, 4  # pixels painted, and of the sheet
SEED = 3
CHOICES, CHOICE = ROOT / "templates" / "serve" / "assets", 360  # folder and side in pixels of the control page's


def main() -> None:
    """Write the sheet."""
    photo = np.ascontiguousarray(data.astronaut()[PART]).astype(np.float32) / 255
    rows = -(-len(LOOKS) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (CELL + GAP) - GAP, rows * (CELL + CAPTION)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for number, look in enumerate(LOOKS):
        session = PaintingSession(Brief(look(), SEED), photo, (SIDE, SIDE))
        for step in range(len(session.passes)):
            session.paint_pass(step)
        painted = Image.fromarray((session.picture() * 255 + 0.5).astype(np.uint8))
        left, top = number % COLUMNS * (CELL + GAP), number // COLUMNS * (CELL + CAPTION)
        sheet.paste(painted.resize((CELL, CELL), Image.Resampling.LANCZOS), (left, top))
        choice = painted.resize((CHOICE, CHOICE), Image.Resampling.LANCZOS)
        choice.save(CHOICES / f"look-{kind_of(look)}.webp", quality=80, method=6)
        pen.text((left + 4, top + CELL + 3), kind_of(look), "black", font)
    sheet.save(ROOT / "docs" / "looks.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
