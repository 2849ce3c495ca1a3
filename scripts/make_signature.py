"""Make the signature of `recipes/gas/` by mathematics, so that every picture shipped is ours.

A pen writes a curve (x, y)(t): a tall initial loop, letters as loops of a trochoid whose height changes, and a stroke
beneath. It presses harder on the way down, as pens do.

From the repository's root: python -m scripts.make_signature [--file recipes/gas/signature.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 720, 300
FINER = 4
PAPER, INK = (250, 247, 240), (22, 30, 66)

Points = NDArray[np.float64]


def initial() -> Points:
    """The tall first letter: an O that is closed with a loop."""
    t = np.linspace(-0.35, 2.22, 600) * np.pi
    x = 120 - 62 * np.sin(t) + 6 * t
    y = 128 - 84 * np.cos(t) + 3 * t
    return np.stack([x, y], axis=-1)


def letters() -> Points:
    """Loops of a trochoid: small ones for vowels, tall ones for stems, one below the line."""
    heights = np.array([30, 28, 100, 34, 30, 104, 30, 32, 98, 28, 34])
    t = np.linspace(0, len(heights) - 1, 3000)
    tall = np.interp(t, np.arange(len(heights)) + 0.0, heights)
    angle = 2 * np.pi * t
    x = 205 + 40 * t - 21 * np.sin(angle) + 0.16 * tall * (1 - np.cos(angle)) / 2
    y = 196 - tall * (1 - np.cos(angle)) / 2
    return np.stack([x, y], axis=-1)


def flourish() -> Points:
    """The stroke beneath, back to the left and out to the right again."""
    t = np.linspace(0, 1, 900)
    x = 640 - 560 * np.sin(np.pi * t**0.9) * (1 - 0.1 * t) + 20 * t
    y = 236 + 26 * t - 14 * np.sin(2 * np.pi * t)
    return np.stack([x, y], axis=-1)


def written() -> Image.Image:
    """The signature."""
    canvas = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), PAPER)
    pen = ImageDraw.Draw(canvas)
    for stroke in (initial(), letters(), flourish()):
        fall = np.gradient(stroke[:, 1]) / np.maximum(np.hypot(*np.gradient(stroke, axis=0).T), 1e-9)
        for (x, y), press in zip(stroke * FINER, 2.6 + 1.3 * fall, strict=True):
            radius = press * FINER
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=INK)
    return canvas.reduce(FINER)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description="Make the signature of recipes/gas/.")
    parser.add_argument("--file", type=Path, default=Path("recipes/gas/signature.png"))
    written().quantize(64).save(parser.parse_args().file, optimize=True)


if __name__ == "__main__":
    main()
