"""The pictures of README: from recipes/pictures a sheet of all recipes, from a gallery the picture at the top.

    PYTHONPATH=. python scripts/make_readme_pictures.py [GALLERY]

Without a gallery only docs/gallery.webp is made. With one in which the recipes of `TOP` have been run docs/top.webp is
made as well.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.images.encoding import on_white

ROOT = Path(__file__).resolve().parents[1]
COLUMNS, SIDE, CAPTION, GAP = 10, 168, 20, 8  # pixels: ten across are as wide as a README's column on a large screen
TOP, TOP_SIDE = ("patches-ikat", "patches-73", "waves-coffee", "impasto-wallpaper"), 480


def contact_sheet() -> Image.Image:
    """Every shipped recipe's picture with its name; recipes without a picture are left out."""
    recipes = sorted(ROOT.glob("recipes/*/*.yaml"), key=lambda path: (path.parent.name, path.stem))
    pictures = [path for path in recipes if (ROOT / "recipes" / "pictures" / f"{path.stem}.webp").is_file()]
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + GAP) + GAP, rows * (SIDE + CAPTION + GAP) + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for number, recipe in enumerate(pictures):
        left = GAP + number % COLUMNS * (SIDE + GAP)
        top = GAP + number // COLUMNS * (SIDE + CAPTION + GAP)
        with Image.open(ROOT / "recipes" / "pictures" / f"{recipe.stem}.webp") as picture:
            sheet.paste(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left, top))
        draw.text((left, top + SIDE + 2), recipe.stem[:26], fill="black", font=font)
    return sheet


def top_picture(gallery: Path) -> Image.Image:
    """The middles of the newest runs of `TOP`, side by side."""
    strip = Image.new("RGB", (len(TOP) * TOP_SIDE, TOP_SIDE))
    for number, name in enumerate(TOP):
        newest = max(gallery.glob(f"{name}/*/final.png"))
        with Image.open(newest) as opened:
            picture = on_white(opened)
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        part = picture.crop((left, top, left + side, top + side))
        strip.paste(part.resize((TOP_SIDE, TOP_SIDE), Image.Resampling.LANCZOS), (number * TOP_SIDE, 0))
    return strip


if __name__ == "__main__":
    contact_sheet().save(ROOT / "docs" / "gallery.webp", quality=72, method=6)
    if len(sys.argv) > 1:
        top_picture(Path(sys.argv[1])).save(ROOT / "docs" / "top.webp", quality=82, method=6)
