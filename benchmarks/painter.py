"""Strokes a second: drawn by the real program, evaluated by a learnt brush, rasterised on a large canvas.

    OMP_NUM_THREADS=1 python benchmarks/painter.py [--brush classic/dry_brush] [--strokes 1000] [--size 512]

Processor seconds of this process, best of some: what one core does, whatever else the machine is busy with.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from orbifolio.runner.strokes.brush_models.weights import load_scalable  # noqa: E402
from orbifolio.runner.strokes.mypaint.actions import Space, draw_actions  # noqa: E402
from orbifolio.runner.strokes.mypaint.brush_file import find_brush  # noqa: E402
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram  # noqa: E402
from orbifolio.runner.strokes.rasteriser.rasterise import rasterise  # noqa: E402


def best(work: Callable[[], object], repeats: int = 4) -> float:
    """Least processor seconds."""
    found = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def scattered(count: int, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Strokes all over a picture, short ones of 3 to 14 pixels' radius, as a painting in layers has them."""
    random = np.random.default_rng(0)
    radius = np.exp(random.uniform(np.log(3), np.log(14), count)) * size / 512
    half = (random.normal(size=(count, 2)) * radius[:, None]) * 1.5
    middle = random.uniform(0, size, (count, 2))
    unit = np.maximum(radius / 4, 0.5)[:, None]

    points = np.concatenate((middle - half, middle, middle + half), axis=1) / unit
    pressures = np.full((count, 2), 0.6)
    rows = np.concatenate((points, np.log(radius[:, None] / unit), pressures), axis=1).astype(np.float32)
    colours = torch.rand(count, 3).requires_grad_()
    return torch.from_numpy(rows).requires_grad_(), colours, torch.from_numpy(unit[:, 0].astype(np.float32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brush", default="classic/dry_brush")
    parser.add_argument("--strokes", type=int, default=1000)
    parser.add_argument("--size", type=int, default=512)
    options = parser.parse_args()
    torch.set_num_threads(1)
    actions = draw_actions(600, np.random.default_rng(0))
    program = PaintProgram(find_brush(options.brush))
    print(f"drawn, noisy             {600 / best(lambda: program.alphas(actions, seed=1)):8.0f} strokes/s")
    print(f"drawn, each a new brush  {600 / best(lambda: program.alphas(actions)):8.0f} strokes/s")
    coarse = PaintProgram(program.brush, Space(points=40))
    print(f"drawn with 40 points     {600 / best(lambda: coarse.alphas(actions, seed=1)):8.0f} strokes/s")
    painter, some = load_scalable(options.brush), torch.from_numpy(actions[:100])
    with torch.no_grad():
        print(f"learnt                   {100 / best(lambda: painter.alphas(some)):8.0f} strokes/s")
    wanted = some.clone().requires_grad_()
    print(f"learnt with gradients    {100 / best(lambda: painter.alphas(wanted).sum().backward()):8.0f} strokes/s")
    strokes, colours, unit = scattered(options.strokes, options.size)
    near = painter.near(strokes, options.size, options.size, unit)
    print(f"{options.strokes} strokes on {options.size} px paint {len(near.stroke) / options.size**2:.1f} layers")

    def picture() -> torch.Tensor:
        return rasterise(painter, strokes, colours, width=options.size, height=options.size, unit=unit)

    with torch.no_grad():
        print(f"rasterised               {best(picture, 2):8.2f} s")
    print(f"with gradients           {best(lambda: picture().square().mean().backward(), 2):8.2f} s")
    print(f"peak memory              {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:8.2f} GB")


if __name__ == "__main__":
    main()
