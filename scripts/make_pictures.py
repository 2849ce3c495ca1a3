"""From a gallery to recipes/pictures: the newest run of each shipped recipe -> a small square for the control page.

    PYTHONPATH=. python scripts/make_pictures.py gallery [NAME ...]

A picture says what its recipe gives; after a recipe has changed much, run it and then this.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from orbifolio.reports.data.values import inner_path, read_json
from orbifolio.runner.images.encoding import on_white

ROOT = Path(__file__).resolve().parents[1]
SIDE = 320  # pixels


def square(source: Path) -> Image.Image:
    """The middle of a picture, on white where it is transparent."""
    with Image.open(source) as picture:
        paper = on_white(picture)
    side = min(paper.size)
    left, top = (paper.width - side) // 2, (paper.height - side) // 2
    part = paper.crop((left, top, left + side, top + side))
    return part.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main(gallery: Path, names: list[str]) -> None:
    """Write the pictures of all recipes that have a finished run there, or of those named."""
    for recipe in sorted(ROOT.glob("recipes/*/*.yaml")):
        if names and recipe.stem not in names:
            continue
        runs = sorted(path.parent for path in gallery.glob(f"{recipe.stem}/*/final.png"))
        if not runs:
            continue
        cover = inner_path(read_json(runs[-1] / "run.json").get("cover"))
        target = ROOT / "recipes" / "pictures" / f"{recipe.stem}.webp"
        square(runs[-1] / (cover or "final.png")).save(target, quality=78, method=6)
        print(target.relative_to(ROOT))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
