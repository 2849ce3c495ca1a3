"""Plain painters to measure ours against: (1, 3, h, w) picture, budget -> (h, w, 3) painting, strokes used.

Both are written by us from the papers, with the brush that ours paints with:

- `tiles`: Nakano (2019): 64-pixel tiles that overlap by 32, as many strokes on each, all twelve numbers of a stroke
  behind a sigmoid, found by Adam at rate 0.1 from random ones through the learnt VAE painter, by the mean squared
  error; `canvas: stroke-grid` is that canvas.
- `greedy`: Hertzmann (1998): from a large brush to small ones; the picture is blurred as the brush is wide, and where
  the canvas differs most from it in a grid cell, a curved stroke of its colour follows the edge. Nothing is optimised.

Departures. Tiles: a budget is rounded down to whole strokes per tile. Greedy: a budget takes the place of the paper's
error threshold (the cells that differ most come first), a traced stroke becomes the one quadratic curve through its
ends and middle, and for each picture and budget the best of `GREEDY` settings is kept, so that it is not us who tuned
it badly.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from orbifolio.runner.canvas.stroke_grid import GridCanvas, StrokeGrid, corners
from orbifolio.runner.strokes.brush_models.weights import load_painter
from orbifolio.runner.strokes.rasteriser.rasterise import rasterise
from orbifolio.runner.symmetry.kinds.none import PlainPicture

BRUSH = "classic/dry_brush"
WIDEST = 3.2  # the learnt brush's largest radius in its own pixels; larger ones are drawn as larger units


def tiles(target: torch.Tensor, strokes: int, steps: int = 100) -> tuple[torch.Tensor, int, str]:
    """The paper's tiles; see the module's docstring."""
    height, width = target.shape[-2:]
    each = max(1, strokes // len(corners(width, height, 32)))
    layout = PlainPicture().layout(width, height)
    values = layout.sample(target)
    settings = StrokeGrid(brush=f"{BRUSH}.vae", strokes=each, overlap=32)
    canvas = GridCanvas(settings, layout, load_painter(settings.brush), 0, "cpu")
    adam = torch.optim.Adam(canvas.parameters(), lr=0.1)
    for _ in range(steps):
        adam.zero_grad()
        (canvas.values() - values).square().mean().backward()
        adam.step()
    with torch.no_grad():
        made = layout.render(canvas.values())
    return made[0].permute(1, 2, 0), each * len(canvas.corners), f"{steps} steps"


@dataclass(frozen=True)
class Greedy:
    """Settings of the greedy painter.

    Attributes:
        widest: radius of the largest brush, as a share of the picture's width.
        shares: of the budget, from the largest brush to the smallest, each half as wide as the one before.
        longest: length of a stroke in radii.
    """

    widest: float
    shares: tuple[float, ...]
    longest: float


GREEDY = tuple(
    Greedy(widest, shares, longest)
    for widest, shares, longest in itertools.product(
        (1 / 8, 1 / 12, 1 / 20), ((0.4, 0.6), (0.15, 0.3, 0.55), (0.06, 0.12, 0.27, 0.55)), (4.0, 8.0)
    )
)


def greedy(target: torch.Tensor, strokes: int) -> tuple[torch.Tensor, int, str]:
    """The best of `GREEDY`; see the module's docstring."""
    picture = target[0].permute(1, 2, 0)
    best, told, least = picture, "", float("inf")
    for settings in GREEDY:
        made = paint_greedily(picture, strokes, settings)
        error = float((made - picture).square().mean())
        if error < least:
            best, told, least = made, f"radius {settings.widest:.3f}, {settings.shares}, {settings.longest:g}", error
    return best, strokes, told


def paint_greedily(picture: torch.Tensor, strokes: int, settings: Greedy) -> torch.Tensor:
    """A painting (h, w, 3) of exactly so many strokes, by one setting."""
    painter, wanted = load_painter(BRUSH), picture.numpy()
    height, width = wanted.shape[:2]
    canvas, spent = torch.ones(height, width, 3), 0
    for number in range(len(settings.shares)):
        last = number + 1 == len(settings.shares)
        budget = strokes - spent if last else round(strokes * settings.shares[number])
        radius = settings.widest * width / 2**number
        calm = ndimage.gaussian_filter(wanted, (radius / 2, radius / 2, 0), mode="nearest")
        places = _worst(np.square(canvas.numpy() - calm).sum(-1), radius, budget)
        lines = [_follow(calm, canvas.numpy(), place, radius, settings.longest) for place in places]
        colours = [calm[row, column] for row, column in places]
        spent += len(lines)
        unit = radius / WIDEST
        held = torch.tensor(np.array(lines) / unit, dtype=torch.float32).reshape(-1, 6)
        rest = torch.tensor([np.log(WIDEST), 0.7, 0.7], dtype=torch.float32).expand(len(held), 3)
        curves = torch.cat((held, rest), dim=1)
        with torch.no_grad():
            paint = torch.tensor(np.array(colours), dtype=torch.float32)
            canvas = rasterise(painter, curves, paint, width=width, height=height, unit=unit, paper=canvas)
    return canvas


def _worst(error: NDArray[np.float32], radius: float, budget: int) -> list[tuple[int, int]]:
    """Where the strokes of a level begin: the worst point of each cell, the worst cells, in random order."""
    step = max(2, int(radius))
    while step > 2 and -(-error.shape[0] // step) * -(-error.shape[1] // step) < budget:
        step -= 1  # a finer grid where the budget asks for more strokes than there are cells
    found = []
    for top in range(0, error.shape[0], step):
        for left in range(0, error.shape[1], step):
            cell = error[top : top + step, left : left + step]
            row, column = np.unravel_index(cell.argmax(), cell.shape)
            found.append((float(cell.mean()), top + int(row), left + int(column)))
    chosen = [(row, column) for _, row, column in sorted(found, reverse=True)[:budget]]
    order = np.random.default_rng(0).permutation(len(chosen))
    return [chosen[at] for at in order]


def _follow(
    calm: NDArray[np.float32], canvas: NDArray[np.float32], place: tuple[int, int], radius: float, longest: float
) -> NDArray[np.float64]:
    """(start, middle, end), x and y, of a stroke that runs at right angles to the gradient of the picture."""
    height, width = calm.shape[:2]
    grey = calm @ np.array([0.3, 0.59, 0.11], dtype=calm.dtype)
    colour, points, before = calm[place], [np.array([place[1] + 0.5, place[0] + 0.5])], None
    while len(points) <= longest:
        x, y = points[-1]
        row, column = min(max(int(y), 1), height - 2), min(max(int(x), 1), width - 2)
        here = calm[row, column]
        if len(points) > 2 and np.square(here - canvas[row, column]).sum() < np.square(here - colour).sum():
            break  # the canvas is nearer to the picture here than this stroke's colour is
        across = float(grey[row, column + 1] - grey[row, column - 1])
        down = float(grey[row + 1, column] - grey[row - 1, column])
        way = np.array([-down, across])
        size = float(np.hypot(*way))
        way = way / size if size > 1e-6 else (np.array([1.0, 0.0]) if before is None else before)
        if before is not None and float(way @ before) < 0:
            way = -way
        before = way
        step = points[-1] + way * radius
        points.append(np.clip(step, 0, (width, height)))
    return np.concatenate((points[0], points[len(points) // 2], points[-1]))
