"""Train the painters that are shipped: runner/strokes/brush_models/brushes/*.safetensors and training.json.

    python scripts/train_painters.py [--steps 4000] [BRUSH ...]
    python scripts/train_painters.py --kind gan [--share 1.0] [dry_brush]

Implicit painters are trained as in recipes/painting/painter-implicit.yaml, about a minute each on one core; painters of
a fixed resolution in the phases of `RASTER_TRAININGS`, about ten minutes on one core. Needs libmypaint and MyPaint's
brushes.
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

from orbifolio.runner.strokes.brush_models.base import PainterSettings, TrainingData  # noqa: E402
from orbifolio.runner.strokes.brush_models.gan import Gan  # noqa: E402
from orbifolio.runner.strokes.brush_models.implicit_training import Implicit  # noqa: E402
from orbifolio.runner.strokes.brush_models.metrics import fidelity, learnt_alphas, liveliness  # noqa: E402
from orbifolio.runner.strokes.brush_models.vae import Vae  # noqa: E402
from orbifolio.runner.strokes.brush_models.weights import LOG, SHIPPED, pack, unpack  # noqa: E402
from orbifolio.runner.strokes.mypaint.actions import draw_actions  # noqa: E402
from orbifolio.runner.strokes.mypaint.brush_file import find_brush  # noqa: E402
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram  # noqa: E402
from orbifolio.runner.strokes.mypaint.samples import draw_repeats, draw_samples  # noqa: E402
from orbifolio.runner.strokes.network_files import ENDING  # noqa: E402

BRUSHES = (
    "dry_brush brush charcoal calligraphy knife bulk kabura "
    "ink_blot pen textured_ink slow_ink short_grass pencil rounded oil-03-paint"
)
SEED, STROKES, RATE, UNSEEN, REPEATS = 1, 6144, 4e-3, 150, 24
RASTER_STROKES = 16384  # more than STROKES: raster painters must learn where a stroke is, too
RASTER_TRAININGS: dict[str, tuple[PainterSettings, tuple[tuple[str, int, float], ...]]] = {
    "vae": (Vae(width=16, batch=32), (("images", 400, 1e-3), ("predictor", 500, 4e-3), ("together", 500, 1e-3))),
    "gan": (
        Gan(
            width=8,
            critic_width=16,
            batch=12,
            adversary="paired",
            critic_norm=True,
            critic_steps=1,
            critic_rate=5,
            drawings=2,
            steady=0.3,
            reconstruction=0.15,
        ),
        (("generator", 800, 3e-3), ("critic", 150, 2e-3), ("adversarial", 300, 2e-4)),
    ),
}


def train(name: str, steps: int) -> dict[str, Any]:
    """Train an implicit painter, write its file, and return its log."""
    brush = find_brush(name)
    program = PaintProgram(brush)
    began = time.perf_counter()
    samples = draw_samples(program, STROKES, seed=SEED)
    drawn = time.perf_counter() - began
    trainer = Implicit().build(TrainingData(samples, brush, SEED))
    trainer.restart(RATE, steps)
    began = time.perf_counter()
    curve = []
    for number in range(steps):
        loss = trainer.step(number)["response"]
        if (number + 1) % (steps // 10) == 0:
            curve.append([number + 1, round(loss, 6)])
    seconds = time.perf_counter() - began
    repeats = draw_repeats(program, draw_actions(UNSEEN, np.random.default_rng([SEED, 1])), REPEATS, seed=SEED + 1)
    figures = fidelity(learnt_alphas(trainer.painter, repeats.actions), repeats)
    figures = {key: round(value, 4) for key, value in figures.items()}
    path = SHIPPED / f"{brush.name.replace('/', '--')}{ENDING}"
    path.write_bytes(pack(trainer.painter, {"brush": brush.name, "figures": figures, "seed": SEED}))
    return {
        "brush": brush.name,
        "numbers": trainer.painter.count(),
        "strokes": STROKES,
        "steps": steps,
        "rate": RATE,
        "seed": SEED,
        "seconds": {"drawing": round(drawn, 1), "learning": round(seconds, 1)},
        "loss": curve,
        "figures": figures,
    }


def train_raster(name: str, kind: str, share: float) -> dict[str, Any]:
    """Train a painter of a fixed resolution, write its file after each phase, and return its log."""
    settings, phases = RASTER_TRAININGS[kind]
    brush = find_brush(name)
    program = PaintProgram(brush)
    began = time.perf_counter()
    samples = draw_samples(program, RASTER_STROKES, seed=SEED)
    repeats = draw_repeats(program, draw_actions(UNSEEN, np.random.default_rng([SEED, 1])), REPEATS, seed=SEED + 1)
    log: list[dict[str, Any]] = []
    entry: dict[str, Any] = {
        "brush": brush.name,
        "kind": kind,
        "settings": settings.model_dump(mode="json"),
        "strokes": RASTER_STROKES,
        "seed": SEED,
        "seconds": {"drawing": round(time.perf_counter() - began, 1)},
        "phases": log,
    }
    trainer = settings.build(TrainingData(samples, brush, SEED))
    path = SHIPPED / f"{brush.name.replace('/', '--')}.{kind}{ENDING}"
    for stage, whole, rate in phases:
        steps = max(round(whole * share), 1)
        trainer.restart(rate, steps, stage)
        began, processor = time.perf_counter(), time.process_time()
        curve = []
        for number in range(steps):
            terms = trainer.step(number)
            if (number + 1) % max(steps // 10, 1) == 0:
                seen = fidelity(learnt_alphas(trainer.painter, repeats.actions), repeats)["psnr mean"]
                curve.append([number + 1, {key: round(value, 4) for key, value in terms.items()}, round(seen, 3)])
                print(stage, *curve[-1], round(time.process_time() - processor), "s", flush=True)
                path.write_bytes(pack(trainer.painter, {"brush": brush.name, "seed": SEED}, half=True))
        log.append(
            {
                "stage": stage,
                "steps": steps,
                "rate": rate,
                "seconds": round(time.perf_counter() - began, 1),
                "processor seconds": round(time.process_time() - processor, 1),
                "terms and decibels": curve,
            }
        )
        # Judge the painter as stored, with 16 bits per weight.
        path.write_bytes(pack(trainer.painter, {"brush": brush.name, "seed": SEED}, half=True))
        painter = unpack(path)[0]
        figures = fidelity(learnt_alphas(painter, repeats.actions), repeats)
        figures |= liveliness(painter, repeats, seed=SEED + 2)
        entry["figures"] = {key: round(value, 4) for key, value in figures.items()}
        facts = {"brush": brush.name, "figures": entry["figures"], "seed": SEED}
        path.write_bytes(pack(trainer.painter, facts, half=True))
    return entry | {"numbers": trainer.painter.count()}


def main() -> None:
    """Train the painters of the command line, and write the log after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("brushes", nargs="*")
    parser.add_argument("--kind", choices=("implicit", *RASTER_TRAININGS), default="implicit")
    parser.add_argument("--share", type=float, default=1.0, help="of the steps of a painter of a fixed resolution")
    options = parser.parse_args()
    torch.set_num_threads(1)
    SHIPPED.mkdir(exist_ok=True)
    implicit = options.kind == "implicit"
    for name in options.brushes or (BRUSHES.split() if implicit else ["dry_brush"]):
        entry = train(name, options.steps) if implicit else train_raster(name, options.kind, options.share)
        log = json.loads(LOG.read_text()) if LOG.exists() else {}
        log[entry["brush"] if implicit else f"{entry['brush']}.{options.kind}"] = entry
        LOG.write_text(json.dumps(dict(sorted(log.items())), indent=1) + "\n")
        print(entry["brush"], entry["seconds"], entry["figures"], flush=True)


if __name__ == "__main__":
    main()
