"""Paintings of the same photographs by the same brush: ours, the paper's tiles, and a greedy painter.

    OMP_NUM_THREADS=1 python benchmarks/painting.py [--size 128] [--strokes 100 250] [--pictures chelsea coffee]

Prints a Markdown table: mean squared error, PSNR, SSIM, VGG16 content distance (relative, conv3_1), processor seconds
and peak memory of the process so far. The baselines are plain implementations of our own, written from the papers:

- *tiles*: Nakano (2019): 64-pixel tiles that overlap by 32, so many strokes a tile, all twelve numbers by Adam through
  a sigmoid, mean squared error, tile after tile over the whole canvas;
- *greedy*: after Hertzmann (1998): three brush sizes, the worst point of each grid cell of a blurred picture gets a
  straight stroke of its colour along the edge; nothing is optimised, the largest errors come first until the strokes
  are spent.
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
from scipy import ndimage  # noqa: E402
from skimage import data  # noqa: E402
from skimage.metrics import structural_similarity  # noqa: E402

from runner.canvas.base import Stage  # noqa: E402
from runner.canvas.strokes import Strokes  # noqa: E402
from runner.objectives.content import cover  # noqa: E402
from runner.optimisers.adam import Adam  # noqa: E402
from runner.painter.geometry import Strokes as Curves  # noqa: E402
from runner.painter.learnt import load_painter  # noqa: E402
from runner.painter.rasterise import rasterise  # noqa: E402
from runner.symmetry.none import PlainPicture  # noqa: E402
from runner.vision.vgg import Vgg16  # noqa: E402

BRUSH = "classic/dry_brush"
Paint = Callable[[torch.Tensor, int], torch.Tensor]


def ours(target: torch.Tensor, strokes: int) -> torch.Tensor:
    """The strokes canvas in four levels."""
    height, width = target.shape[-2:]
    sizes = tuple((width >> shift, height >> shift) for shift in (3, 2, 1, 0))
    settings, symmetry, canvas = Strokes(brush=BRUSH, strokes=strokes), PlainPicture(), None
    for number, size in enumerate(sizes):
        layout = symmetry.layout(*size)
        values = layout.sample(cover(target, (size[1], size[0])))
        canvas = settings.begin(Stage(layout, symmetry, 0, number, sizes, 40), values, canvas)
        optimiser = Adam(rate=0.05).build(canvas.parameters())

        def evaluate(canvas=canvas, values=values) -> float:
            for parameter in canvas.parameters():
                parameter.grad = None
            loss = (canvas.values() - values).square().mean()
            loss.backward()
            return float(loss.detach())

        for step in range(40):
            optimiser.step(evaluate)
            if canvas.stepped(step + 1):
                optimiser = Adam(rate=0.05).build(canvas.parameters())
    assert canvas is not None
    return canvas.finished()[0].permute(1, 2, 0)


def tiles(target: torch.Tensor, strokes: int, steps: int = 100) -> torch.Tensor:
    """The paper's overlapping tiles; see the module's docstring."""
    painter, (height, width) = load_painter(BRUSH), target.shape[-2:]
    corners = [(x, y) for y in range(0, height - 32, 32) for x in range(0, width - 32, 32)]
    each = [strokes * (n + 1) // len(corners) - strokes * n // len(corners) for n in range(len(corners))]
    places = torch.tensor([corner for corner, count in zip(corners, each, strict=True) for _ in range(count)]).float()
    random = torch.Generator().manual_seed(0)
    logits = torch.logit(torch.rand((strokes, 12), generator=random).clamp(0.02, 0.98)).requires_grad_()
    adam = torch.optim.Adam([logits], lr=0.1)
    picture = target[0].permute(1, 2, 0)

    def canvas() -> torch.Tensor:
        actions = torch.sigmoid(logits)
        shift = lambda part: actions[:, part] * 64 + places  # noqa: E731
        curves = Curves(
            shift(slice(9, 11)),
            shift(slice(2, 4)),
            shift(slice(4, 6)),
            actions[:, 1] * 2,
            actions[:, 11],
            actions[:, 0],
        )
        return rasterise(painter, curves, actions[:, 6:9], width=width, height=height)

    for _ in range(steps):
        adam.zero_grad()
        (canvas() - picture).square().mean().backward()
        adam.step()
    with torch.no_grad():
        return canvas()


def greedy(target: torch.Tensor, strokes: int) -> torch.Tensor:
    """Strokes of three sizes, nothing optimised; see the module's docstring."""
    painter, picture = load_painter(BRUSH), target[0].permute(1, 2, 0).numpy()
    height, width = picture.shape[:2]
    canvas = torch.ones(height, width, 3)
    for number, radius in enumerate((width / 8, width / 20, width / 40)):
        count = strokes // 4 if number < 2 else strokes - 2 * (strokes // 4)
        calm = ndimage.gaussian_filter(picture, (radius / 2, radius / 2, 0))
        error = np.square(canvas.numpy() - calm).sum(-1)
        step, found = max(2, int(radius)), []
        for y in range(0, height, step):
            for x in range(0, width, step):
                cell = error[y : y + step, x : x + step]
                row, column = np.unravel_index(cell.argmax(), cell.shape)
                found.append((float(cell.mean()), x + int(column), y + int(row)))
        grey = calm.mean(-1)
        down, across = np.gradient(grey)
        lines, colours = [], []
        for _, x, y in sorted(found, reverse=True)[:count]:
            angle = np.arctan2(down[y, x], across[y, x]) + np.pi / 2
            half = 3 * radius * np.array([np.cos(angle), np.sin(angle)])
            middle = np.array([x + 0.5, y + 0.5])
            lines.append(np.concatenate((middle - half, middle, middle + half)))
            colours.append(calm[y, x])
        unit = radius / 3.2
        held = torch.tensor(np.array(lines) / unit, dtype=torch.float32)
        full = torch.full((len(held),), 1.0)
        curves = Curves(held[:, 0:2], held[:, 2:4], held[:, 4:6], full * np.log(3.2), full * 0.7, full * 0.7)
        with torch.no_grad():
            paint = torch.tensor(np.array(colours), dtype=torch.float32)
            canvas = rasterise(painter, curves, paint, width=width, height=height, unit=unit, paper=canvas)
    return canvas


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--strokes", type=int, nargs="+", default=[100, 250, 500, 1000])
    options.add_argument("--pictures", nargs="+", default=["astronaut", "chelsea", "coffee"])
    options.add_argument("--painters", nargs="+", default=["ours", "tiles", "greedy"])
    asked = options.parse_args()
    encoder = Vgg16().build()
    painters: dict[str, Paint] = {"ours": ours, "tiles": tiles, "greedy": greedy}
    ours(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)), 8)  # compile, and tabulate the brush
    print("| picture | strokes | painter | L2 | PSNR | SSIM | VGG | seconds | peak MB |\n" + "|---" * 9 + "|")
    for name in asked.pictures:
        photo = torch.from_numpy(getattr(data, name)().astype(np.float32) / 255).permute(2, 0, 1)[None]
        target = cover(photo, (asked.size, asked.size))
        wanted = encoder.features(target, ("conv3_1",))["conv3_1"]
        for strokes in asked.strokes:
            for painter in asked.painters:
                began = time.process_time()
                made = painters[painter](target, strokes).detach().clamp(0, 1)
                seconds = time.process_time() - began
                error = float((made - target[0].permute(1, 2, 0)).square().mean())
                alike = structural_similarity(
                    made.numpy(), target[0].permute(1, 2, 0).numpy(), channel_axis=2, data_range=1.0
                )
                with torch.no_grad():
                    seen = encoder.features(made.permute(2, 0, 1)[None], ("conv3_1",))["conv3_1"]
                apart = float((seen - wanted).square().sum() / wanted.square().sum())
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(
                    f"| {name} | {strokes} | {painter} | {error:.5f} | {-10 * np.log10(error):.1f} | {alike:.3f} | "
                    f"{apart:.3f} | {seconds:.0f} | {memory:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
