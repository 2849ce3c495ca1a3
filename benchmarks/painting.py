"""Paintings of the same photographs by the same brush: ours, the paper's tiles, and a greedy painter.

    OMP_NUM_THREADS=1 python benchmarks/painting.py [--size 256] [--strokes 100 250] [--pictures chelsea coffee]

Prints a Markdown table: mean squared error, PSNR, SSIM, VGG16 content distance (relative, conv3_1), processor seconds,
and peak memory. Each row is made by a process of its own, so that its memory is its own. What compiles, loads or
tabulates once for a machine is done before the clock starts. The other painters are in `painting_baselines.py`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from painting_baselines import BRUSH, greedy, tiles  # noqa: E402
from skimage import data  # noqa: E402
from skimage.metrics import structural_similarity  # noqa: E402

from orbifolio.runner.canvas.base import CanvasPhase  # noqa: E402
from orbifolio.runner.canvas.strokes import Strokes  # noqa: E402
from orbifolio.runner.images.cover import cover  # noqa: E402
from orbifolio.runner.optimisers.adam import Adam  # noqa: E402
from orbifolio.runner.symmetry.kinds.none import PlainPicture  # noqa: E402
from orbifolio.runner.vision.vgg import Vgg16  # noqa: E402

FREE: dict[str, Any] = {
    "thinnest": 0.2,
    "shortest": 0,
    "faintest": 0.02,
    "block_in": 0,
    "ridge": 0,
    "grain": 0,
    "drawn_by": "network",
}
"""No floors: the other painters have none either, and errors are what is compared here."""
Paint = Callable[[torch.Tensor, int], tuple[torch.Tensor, int, str]]


def ours(target: torch.Tensor, strokes: int) -> tuple[torch.Tensor, int, str]:
    """The strokes canvas in four levels."""
    height, width = target.shape[-2:]
    sizes = tuple((width >> shift, height >> shift) for shift in (3, 2, 1, 0))
    settings, symmetry, canvas = Strokes(brush=BRUSH, strokes=strokes, **FREE), PlainPicture(), None
    for number, size in enumerate(sizes):
        layout = symmetry.layout(*size)
        values = layout.sample(cover(target, (size[1], size[0])))
        canvas = settings.begin(CanvasPhase(layout, symmetry, 0, number, sizes, 40), values, canvas)
        optimiser = Adam(rate=0.05).build(canvas.parameters())

        def evaluate(canvas=canvas, values=values) -> float:
            for parameter in canvas.parameters():
                parameter.grad = None
            loss = (canvas.values() - values).square().mean()
            loss.backward()
            return float(loss.detach())

        for step in range(40):
            optimiser.step(evaluate)
            if canvas.after_step(step + 1).replaced:
                optimiser = Adam(rate=0.05).build(canvas.parameters())
    assert canvas is not None
    return canvas.finished()[0].permute(1, 2, 0), strokes, "4 levels of 40 steps"


PAINTERS: dict[str, Paint] = {"ours": ours, "tiles": tiles, "greedy": greedy}


def row(name: str, size: int, strokes: int, painter: str) -> str:
    """One line of the table."""
    photo = torch.from_numpy(getattr(data, name)().astype(np.float32) / 255).permute(2, 0, 1)[None]
    target = cover(photo, (size, size))
    PAINTERS["ours"](torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)), 8)
    began = time.process_time()
    made, used, told = PAINTERS[painter](target, strokes)
    seconds = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    made, wanted = made.detach().clamp(0, 1), target[0].permute(1, 2, 0)
    error = float((made - wanted).square().mean())
    alike = structural_similarity(made.numpy(), wanted.numpy(), channel_axis=2, data_range=1.0)
    with torch.no_grad():
        encoder = Vgg16().build()
        seen, there = (
            encoder.features(part, ("conv3_1",))["conv3_1"] for part in (made.permute(2, 0, 1)[None], target)
        )
    apart = float((seen - there).square().sum() / there.square().sum())
    return (
        f"| {name} | {used} | {painter} | {error:.5f} | {-10 * np.log10(error):.1f} | {alike:.3f} | {apart:.3f} | "
        f"{seconds:.0f} | {memory:.0f} | {told} |"
    )


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=256)
    options.add_argument("--strokes", type=int, nargs="+", default=[100, 250, 500, 1000])
    options.add_argument("--pictures", nargs="+", default=["astronaut", "chelsea", "coffee"])
    options.add_argument("--painters", nargs="+", choices=PAINTERS, default=list(PAINTERS))
    asked = options.parse_args()
    print("| picture | strokes | painter | L2 | PSNR | SSIM | VGG | seconds | peak MB | how |\n" + "|---" * 10 + "|")
    alone = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, alone, max_tasks_per_child=1) as pool:
        for name in asked.pictures:
            for strokes in asked.strokes:
                for painter in asked.painters:
                    print(pool.submit(row, name, asked.size, strokes, painter).result(), flush=True)


if __name__ == "__main__":
    main()
