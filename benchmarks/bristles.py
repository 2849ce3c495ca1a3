"""Paintings in bristles of ten pictures that no value was chosen on, beside Hertzmann's in as many strokes.

    PYTHONPATH=. python benchmarks/bristles.py [--size 800] [--looks oil bold flow] [--pictures ...] [--save FOLDER]

Prints a Markdown table. `texture` is the rms of what a Gaussian of 3 px takes away at 512 px, in the flattest two
fifths of the picture: a painting should have at least the photograph's own, or .012. `clipped` is the share of strokes
with a channel at its limit; LPIPS is at 512 px; then decibels, strokes, and processor seconds on one thread. None says
that a painting is good: `--save` keeps them side by side to be looked at.

The other painter is that of Hertzmann (1998) on the same compiled paint, so that only his choices are compared: opaque
strokes of one colour along the normals of luminance, from a Gaussian of the picture, three times half as wide.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from orbifolio.metrics import lpips
from orbifolio.runner.images.sources import Images
from orbifolio.runner.painting.look import PaintingLook, layers
from orbifolio.runner.painting.looks import LOOKS, Oil
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.settings import kind_of

PICTURES = (
    "skimage:rocket skimage:retina skimage:camera skimage:coins skimage:immunohistochemistry "
    "skimage:hubble_deep_field orbifolio:koi orbifolio:botanical orbifolio:autumn orbifolio:cranes"
).split()
SIDE = 512  # pixels that pictures are compared at
HERTZMANN = Oil(
    layers=layers((16, 0, 1, 1), (32, 0.06, 1, 0), (64, 0.06, 1, 0), (128, 0.06, 1, 0)),
    **dict.fromkeys(("emphasis", "flow", "cross", "edges", "jitter_lightness", "jitter_chroma", "jitter_hue"), 0),
    **dict.fromkeys(("warmth", "streaks", "pickup", "dryness", "relief", "varnish", "weave", "purity", "taper"), 0),
    **{"faces": False, "paints": 0, "saturation": 1, "contrast": 1, "opacity": 1, "ragged": 0.1, "passes": 1},
)


def at(picture: np.ndarray, side: int) -> np.ndarray:
    """(h, w, 3) float32 whose longer side has so many pixels."""
    image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    scale = side / max(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32) / 255


def texture(painting: np.ndarray, picture: np.ndarray) -> float:
    """See the module's docstring."""
    fine = [item - ndimage.gaussian_filter(item, (3, 3, 0)) for item in (painting, picture)]
    restless = ndimage.gaussian_filter((fine[1] ** 2).mean(2), 6)
    flat = restless <= np.quantile(restless, 0.4)
    return float(np.sqrt((fine[0][flat] ** 2).mean()))


def painted(look: PaintingLook, picture: np.ndarray, side: int, strokes: int | None) -> tuple[PaintingSession, float]:
    """A finished painting and its processor seconds."""
    scale = side / max(picture.shape[:2])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    begun = time.process_time()
    session = PaintingSession(Brief(look, seed=1, most_strokes=strokes), picture, size)
    for number in range(len(session.passes)):
        session.paint_pass(number)
    session.picture()
    return session, time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description="Paintings in bristles, measured.")
    parser.add_argument("--size", type=int, default=800)
    parser.add_argument("--looks", nargs="+", default=["oil", "bold", "flow"])
    parser.add_argument("--pictures", nargs="+", default=PICTURES)
    parser.add_argument("--save", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    kinds = {kind_of(look): look for look in LOOKS}
    images = Images(Path.cwd())
    print("| picture | its texture | painter | texture | clipped | LPIPS | dB | strokes | s |\n|---|" + "---|" * 8)
    painted(Oil(), np.full((60, 90, 3), 0.5, np.float32), 90, None)  # compiles
    for source in chosen.pictures:
        picture = images.load(source).pixels.astype(np.float32)
        small = at(picture, SIDE)
        strokes: int | None = None
        panels = [at(picture, chosen.size)]
        for name in [*chosen.looks, "hertzmann"]:
            look = HERTZMANN if name == "hertzmann" else kinds[name]()
            session, seconds = painted(look, picture, chosen.size, strokes if name == "hertzmann" else None)
            strokes = strokes or session.strokes.size
            shown = session.picture()
            panels.append(shown)
            seen = at(shown, SIDE)
            colours = session.strokes.colours
            clipped = ((colours <= 0.002) | (colours >= 0.998)).any(1).mean()
            decibels = -10 * np.log10(np.square(seen - small).mean())
            print(
                f"| {source} | {texture(small, small):.4f} | {name} | {texture(seen, small):.4f} | {clipped:.2f} | "
                f"{lpips(seen, small):.3f} | {decibels:.1f} | {session.strokes.size} | {seconds:.1f} |",
                flush=True,
            )
        if chosen.save is not None:
            chosen.save.mkdir(parents=True, exist_ok=True)
            row = np.concatenate([panel[: min(p.shape[0] for p in panels)] for panel in panels], axis=1)
            stem = source.replace(":", "-")
            Image.fromarray((np.clip(row, 0, 1) * 255 + 0.5).astype(np.uint8)).save(chosen.save / f"{stem}.png")


if __name__ == "__main__":
    main()
