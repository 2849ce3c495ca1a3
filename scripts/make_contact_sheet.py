"""From recipes/pictures to docs/gallery.webp: every shipped recipe's picture, side by side, with its name.

PYTHONPATH=. python scripts/make_contact_sheet.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
COLUMNS, SIDE, CAPTION, GAP = 10, 168, 20, 8  # pixels: ten across are as wide as a README's column on a large screen


def main() -> None:
    """Write the sheet; recipes without a picture are left out."""
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
    sheet.save(ROOT / "docs" / "gallery.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
