"""Draw strokes of a MyPaint brush into shards like those published with Neural Painters (Nakano 2019).

    python scripts/draw_strokes.py FOLDER [--brush classic/dry_brush] [--strokes 100000] [--shards 1] [--seed 0]

Each shard is `episodes_<number>.npz` with `actions` (n, 12) float32 and `strokes` (n, 64, 64, 3) uint8. Needs
libmypaint and MyPaint's brushes. A painter-training recipe needs no shards: it draws what it learns from.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from orbifolio.runner.errors import OrbifolioError  # noqa: E402
from orbifolio.runner.strokes.mypaint.actions import draw_actions  # noqa: E402
from orbifolio.runner.strokes.mypaint.brush_file import find_brush  # noqa: E402
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram  # noqa: E402
from orbifolio.runner.strokes.mypaint.shards import write_shard  # noqa: E402


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--brush", default="classic/dry_brush")
    parser.add_argument("--strokes", type=int, default=100_000, help="in each shard")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        program = PaintProgram(find_brush(options.brush))
    except OrbifolioError as error:
        sys.exit(f"error: {error}")
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.shards):
        actions = draw_actions(options.strokes, np.random.default_rng([options.seed, number]))
        path = options.folder / f"episodes_{number}.npz"
        write_shard(path, actions, program.strokes(actions, seed=options.seed * 1_000_003 + number))
        print(path)


if __name__ == "__main__":
    main()
