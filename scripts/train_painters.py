"""Train the implicit painters that are shipped: runner/painter/brushes/*.safetensors and training.json.

    python scripts/train_painters.py [--steps 4000] [BRUSH ...]

The same numbers as recipes/painting/painter-implicit.yaml has for one brush, for one brush after another: about a
minute each on one core. Needs libmypaint and MyPaint's brushes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from runner.painter import card, learnt  # noqa: E402
from runner.painter.actions import draw_actions  # noqa: E402
from runner.painter.base import Lesson  # noqa: E402
from runner.painter.brush import find_brush  # noqa: E402
from runner.painter.learning import Implicit  # noqa: E402
from runner.painter.program import PaintProgram  # noqa: E402
from runner.painter.samples import draw_repeats, draw_samples  # noqa: E402

BRUSHES = (
    "dry_brush brush charcoal calligraphy knife bulk kabura "
    "ink_blot pen textured_ink slow_ink short_grass pencil rounded"
)
SEED, STROKES, RATE, UNSEEN, REPEATS = 1, 6144, 4e-3, 150, 24


def train(name: str, steps: int) -> dict[str, Any]:
    """Train one painter, write its file, and say how it went."""
    brush = find_brush(name)
    program = PaintProgram(brush)
    began = time.perf_counter()
    samples = draw_samples(program, STROKES, seed=SEED)
    drawn = time.perf_counter() - began
    training = Implicit().build(Lesson(samples, brush, SEED))
    training.restart(RATE, steps)
    began = time.perf_counter()
    curve = []
    for number in range(steps):
        loss = training.step(number)["response"]
        if (number + 1) % (steps // 10) == 0:
            curve.append([number + 1, round(loss, 6)])
    seconds = time.perf_counter() - began
    repeats = draw_repeats(program, draw_actions(UNSEEN, np.random.default_rng([SEED, 1])), REPEATS, seed=SEED + 1)
    figures = card.fidelity(card.learnt(training.painter, repeats.actions), repeats)
    figures = {key: round(value, 4) for key, value in figures.items()}
    path = learnt.SHIPPED / f"{brush.name.replace('/', '--')}{learnt.ENDING}"
    path.write_bytes(learnt.pack(training.painter, {"brush": brush.name, "figures": figures, "seed": SEED}))
    return {
        "brush": brush.name,
        "numbers": training.painter.count(),
        "strokes": STROKES,
        "steps": steps,
        "rate": RATE,
        "seed": SEED,
        "seconds": {"drawing": round(drawn, 1), "learning": round(seconds, 1)},
        "loss": curve,
        "figures": figures,
    }


def main() -> None:
    """Train those that were asked for, and write the log after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("brushes", nargs="*", default=BRUSHES.split())
    options = parser.parse_args()
    torch.set_num_threads(1)
    learnt.SHIPPED.mkdir(exist_ok=True)
    for name in options.brushes:
        entry = train(name, options.steps)
        log = json.loads(learnt.LOG.read_text()) if learnt.LOG.exists() else {}
        log[entry["brush"]] = entry
        learnt.LOG.write_text(json.dumps(dict(sorted(log.items())), indent=1) + "\n")
        print(entry["brush"], entry["seconds"], entry["figures"], flush=True)


if __name__ == "__main__":
    main()
