"""docs/classes.webp: classes x strokes and brushes, after figure 11 of Nakano (2019).

    PYTHONPATH=. python scripts/make_class_sheet.py gallery

A row for each shipped `ideal-...` recipe that has a finished run in the gallery: what networks made, then the same in
ever more bristle strokes, in other looks, and in strokes of a learnt brush.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F32
from orbifolio.runner.canvas.base import CanvasPhase
from orbifolio.runner.canvas.strokes import Strokes
from orbifolio.runner.images.cover import cover
from orbifolio.runner.optimisers.adam import Adam
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.looks import Gouache, Oil, Pastel, Watercolour
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.renderers.image.class_pictures import FINE
from orbifolio.runner.renderers.painting import SKETCH_SIDE
from orbifolio.runner.symmetry.kinds.none import PlainPicture

ROOT = Path(__file__).resolve().parents[1]
CELL, CAPTION, GAP = 224, 26, 6  # pixels of the sheet
SEED = 1
SIZES, STEPS = (32, 64, 128), 30  # of a learnt brush's levels
Painter = Callable[[F32], F32]


def in_bristles(look: PaintingLook, strokes: int | None = None) -> Painter:
    """Paints a picture in a look, with at most so many strokes."""

    def paint(picture: F32) -> F32:
        plain = look.model_copy(update={"faces": False})
        brief = Brief(plain, SEED, most_strokes=strokes, plan_side=SKETCH_SIDE)
        session = PaintingSession(brief, picture, (2 * CELL, 2 * CELL))
        for number in range(len(session.passes)):
            session.paint_pass(number)
        return session.picture()

    return paint


def in_learnt_strokes(brush: str, strokes: int) -> Painter:
    """Paints a picture with the mean of a learnt brush, level by level."""

    def paint(picture: F32) -> F32:
        target = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
        sizes = tuple((side, side) for side in SIZES)
        settings, symmetry, canvas = Strokes(brush=brush, strokes=strokes), PlainPicture(), None
        for number, size in enumerate(sizes):
            layout = symmetry.layout(*size)
            values = layout.sample(cover(target, (size[1], size[0])))
            canvas = settings.begin(CanvasPhase(layout, symmetry, SEED, number, sizes, STEPS), values, canvas)
            optimiser = Adam(rate=0.05).build(canvas.parameters())

            def evaluate(canvas=canvas, values=values) -> float:
                for parameter in canvas.parameters():
                    parameter.grad = None
                loss = (canvas.values() - values).square().mean()
                loss.backward()
                return float(loss.detach())

            for step in range(STEPS):
                optimiser.step(evaluate)
                if canvas.after_step(step + 1).replaced:
                    optimiser = Adam(rate=0.05).build(canvas.parameters())
        assert canvas is not None
        return canvas.finished()[0].permute(1, 2, 0).detach().clamp(0, 1).numpy()

    return paint


OIL = Oil(layers=FINE, saturation=1.0)
COLUMNS: dict[str, Painter] = {
    "made": lambda picture: picture,
    "oil, 60 strokes": in_bristles(OIL, 60),
    "oil, 250": in_bristles(OIL, 250),
    "oil, 1,000": in_bristles(OIL, 1000),
    "oil, as many as it takes": in_bristles(OIL),
    "gouache": in_bristles(Gouache()),
    "watercolour": in_bristles(Watercolour()),
    "pastel": in_bristles(Pastel()),
    "learnt dry brush, 200": in_learnt_strokes("classic/dry_brush", 200),
}


def main(gallery: Path) -> None:
    """Write the sheet."""
    rows: dict[str, F32] = {}
    for recipe in sorted(ROOT.glob("recipes/painting/ideal-*.yaml")):
        runs = sorted(gallery.glob(f"{recipe.stem}/*/extras/unpainted.png"))
        if runs:
            with Image.open(runs[-1]) as made:
                rows[recipe.stem.removeprefix("ideal-")] = np.asarray(made.convert("RGB"), np.float32) / 255
    wide, high = len(COLUMNS) * (CELL + GAP) - GAP, CAPTION + len(rows) * (CELL + GAP) - GAP
    sheet = Image.new("RGB", (wide, high), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for column, (title, painter) in enumerate(COLUMNS.items()):
        left = column * (CELL + GAP)
        pen.text((left + 4, 3), title, "black", font)
        for row, picture in enumerate(rows.values()):
            painted = Image.fromarray((painter(picture).clip(0, 1) * 255 + 0.5).astype(np.uint8))
            sheet.paste(painted.resize((CELL, CELL), Image.Resampling.LANCZOS), (left, CAPTION + row * (CELL + GAP)))
    sheet.save(ROOT / "docs" / "classes.webp", quality=82, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
