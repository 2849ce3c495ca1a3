"""Strokes that a network names, beside planned ones, and beside a rule in the network's place.

    PYTHONPATH=. python benchmarks/predictor.py [--size 800] [--pictures ...] [--save FOLDER]

Prints the table of `benchmarks/bristles.py` for four painters in oil: the network; the plan; the plan limited to as
many strokes as the network laid; and a rule without any learning in the same cells, whose threshold is searched so that
it lays about as many. None says that a painting is good: look at them with `--save`.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bristles import Made, as_image, row
from scipy import ndimage
from torch import Tensor, nn

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import oklab
from orbifolio.runner.images.sources import Images
from orbifolio.runner.painting.directions import directions
from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.painting.placers.network import CELL, MIDDLE_RADIUS, CellStrokes, PredictorShape
from orbifolio.runner.painting.placers.predictor import PredictedPlacement, PredictedStrokes
from orbifolio.runner.painting.session import Brief, PaintingSession

PICTURES = "skimage:astronaut skimage:rocket skimage:chelsea".split()
HALF = 7.5  # pixels, half a stroke's length by the rule: about the mean of the network's
SMOOTH = 2.0  # pixels, deviation of the Gaussian that differences are averaged by
ROUNDS, AS_MANY = 5, 0.12  # of the search for the rule's threshold, and the relative difference that ends it
LEAST, MOST = 0.02, 0.4  # thresholds that are tried


class Rule(nn.Module):
    """In each cell two strokes at random, along the edges, where picture and canvas differ by more than a threshold."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold, self.shape = threshold, PredictorShape()

    def forward(self, picture: Tensor, canvas: Tensor) -> CellStrokes:
        """As the network: see `StrokePredictor`."""
        wanted = picture[0].permute(1, 2, 0).numpy()
        lab = oklab.from_srgb(wanted.astype(np.float64)).astype(np.float32)
        ways = directions(lab, MIDDLE_RADIUS, flow=0, bearing=np.zeros(lab.shape[:2], np.float32))
        missing = ndimage.gaussian_filter((picture - canvas)[0].abs().mean(0).numpy(), SMOOTH)
        rows, columns = lab.shape[0] // CELL, lab.shape[1] // CELL
        random = np.random.default_rng((rows, columns))
        shape = (self.shape.strokes, rows, columns)
        y = CELL * (np.arange(rows)[:, None] + random.random(shape))
        x = CELL * (np.arange(columns) + random.random(shape))
        at = y.astype(np.int64), x.astype(np.int64)
        angle, sure = ways.angles[at], ways.confidence[at]
        straight = np.zeros(shape)
        parts = [x, y, sure * np.cos(2 * angle), sure * np.sin(2 * angle), straight + HALF, straight, straight]
        parts += [straight + MIDDLE_RADIUS, np.where(missing[at] > self.threshold, 9.0, -9.0)]
        return CellStrokes(*(torch.from_numpy(part.astype(np.float32))[None] for part in parts))


def painted(name: str, picture: F32, side: int, **asked: Any) -> Made:
    """A finished painting in oil."""
    scale = side / max(picture.shape[:2])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    begun = time.process_time()
    session = PaintingSession(Brief(Oil(), seed=1, **asked), picture, size)
    for number in range(len(session.passes)):
        session.paint_pass(number)
    return Made(name, session.picture(), session.strokes.colours, time.process_time() - begun)


def by_rule(picture: F32, side: int, strokes: int) -> Made:
    """The rule's painting with about so many strokes."""
    low, high = LEAST, MOST
    for _ in range(ROUNDS):
        threshold = (low * high) ** 0.5
        placement = partial(PredictedPlacement, network=Rule(threshold), sureness=0.5)
        made = painted("by rule", picture, side, placement=placement)
        share = len(made.colours) / strokes
        if abs(share - 1) < AS_MANY:
            break
        low, high = (threshold, high) if share > 1 else (low, threshold)
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Strokes from a network, measured.")
    parser.add_argument("--size", type=int, default=800)
    parser.add_argument("--pictures", nargs="+", default=PICTURES)
    parser.add_argument("--save", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    network = PredictedStrokes().placement(Oil())
    painted("", np.full((60, 90, 3), 0.5, np.float32), 90, placement=network)  # compiles
    heads = "picture|painter|texture|photo's|clipped|edges|LPIPS|VGG|dB|strokes|s".split("|")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    images = Images(Path.cwd())
    for source in chosen.pictures:
        picture = images.load(source).pixels.astype(np.float32)
        first = painted("network", picture, chosen.size, placement=network)
        count = len(first.colours)
        for made in (
            first,
            painted("planned", picture, chosen.size),
            painted("limited", picture, chosen.size, most_strokes=count),
            by_rule(picture, chosen.size, count),
        ):
            print(row(source, made, picture), flush=True)
            if chosen.save is not None:
                chosen.save.mkdir(parents=True, exist_ok=True)
                name = f"{Path(source.rpartition(':')[2]).stem}-{made.painter.replace(' ', '-')}.png"
                as_image(made.picture).save(chosen.save / name)


if __name__ == "__main__":
    main()
