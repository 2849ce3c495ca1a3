"""How long a gallery takes to build: first, unchanged, after one run changed, and after the templates did.

    python benchmarks/gallery.py [--runs 1000] [--recipes 300] [--folder FOLDER]

The runs are tiny and synthetic (two phases, a log, four frames): what is measured is our own work, not Pillow's.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reports")]

from synthetic_run import BEGAN, write_run  # noqa: E402

from orbifolio.reports.write_gallery import rebuild_gallery  # noqa: E402

NOW = BEGAN + 10**7
THEMES = ("plane", "sphere", "hyperbolic", "style", "dream")


def synthesise(gallery: Path, runs: int, recipes: int) -> None:
    """Runs of many recipes; the first recipe has a third of them."""
    for number in range(runs):
        recipe = 0 if number % 3 == 0 else 1 + number % (recipes - 1)
        parameters = {
            "seed": number,
            "renderer": {"phases": [{"size": 16, "steps": 4}, {"size": 32, "steps": number % 7}]},
        }
        write_run(
            gallery,
            recipe=f"recipe-{recipe:03d}",
            title=f"Recipe {recipe}",
            theme=THEMES[recipe % len(THEMES)],
            identity=f"20261121-{number:06d}-0000",
            steps=4,
            started=BEGAN + 60 * number,
            seed=number,
            parameters=parameters,
        )


def measured(what: str, gallery: Path, **options: object) -> None:
    """Print the seconds of one rebuild, and how many files it wrote."""
    began, worked = time.perf_counter(), sum(os.times()[:4])
    changed = rebuild_gallery(gallery, now=NOW, **options)  # type: ignore[arg-type]
    took, work = time.perf_counter() - began, sum(os.times()[:4]) - worked
    print(f"{what:<22} {took:6.1f} s, {work:6.1f} s of all cores  {len(changed):>6} files written", flush=True)


def weigh(path: Path) -> None:
    """Print a page's size, plain and compressed."""
    content = path.read_bytes()
    packed = len(gzip.compress(content))
    print(f"{path.parent.name}/{path.name}: {len(content) / 1000:.0f} kB, {packed / 1000:.0f} kB compressed")


def main() -> None:
    """Build, and build again."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=1000)
    options.add_argument("--recipes", type=int, default=300)
    options.add_argument("--folder", type=Path, help="keep the gallery here")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        gallery = (given.folder or Path(scratch)) / "gallery"
        if not gallery.exists():
            synthesise(gallery, given.runs, given.recipes)
            measured("first build", gallery)
        measured("nothing changed", gallery)
        record = next(gallery.glob("recipe-000/*/run.json"))
        record.write_text(json.dumps(json.loads(record.read_text()) | {"title": f"Changed {time.time_ns()}"}))
        measured("one run changed", gallery)
        measured("every page made anew", gallery, rewrite=True)
        weigh(gallery / "index.html")
        weigh(gallery / "recipe-000" / "index.html")
        weigh(gallery / "runs.js")


if __name__ == "__main__":
    main()
