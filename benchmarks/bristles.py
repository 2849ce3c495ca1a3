"""Paintings in bristles of ten pictures, beside Hertzmann's in as many strokes, and tiles.

    PYTHONPATH=. python benchmarks/bristles.py [--size 800] [--looks oil bold flow] [--pictures ...] [--save FOLDER]

Prints a Markdown table and, with `--save`, keeps every painting, and a sheet of them side by side. Columns, as in the
reports of paintings (`runner/strokes/document/figures.py`): texture of calm places beside the photograph's, of which
a painting should have at least as much, or .012; share of strokes with a channel at its limit; agreement of edges'
directions; LPIPS and VGG16's distance at 512 px; then decibels; strokes; processor seconds on one thread. None says
that a painting is good: look at the sheet.

*Hertzmann* is the painter of Hertzmann (1998) in the same compiled strokes: opaque, of one colour and flat, along the
normals of luminance, from a Gaussian of the picture, three times half as wide. His threshold is searched so that he
lays as many strokes as each look, or as many as he finds places for. *Tiles* are squares of the mean colour, as many as
the first look's strokes.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.images.sources import Images
from orbifolio.runner.painting.brush_placement import BrushPlacement, Sight, StrokeLines
from orbifolio.runner.painting.look import PaintingLook, layers
from orbifolio.runner.painting.looks import LOOKS, Oil
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.painting.spines import SpineRules
from orbifolio.runner.painting.stroke_placement import PaintLayer, StrokePlacement
from orbifolio.runner.settings import kind_of
from orbifolio.runner.strokes.document.figures import (
    at_side,
    calm_texture,
    clipped_share,
    decibels,
    edge_agreement,
    fitted,
    lpips_distance,
    vgg_distance,
)

# values were chosen on all but immunohistochemistry, botanical and cranes
PICTURES = (
    "skimage:rocket skimage:retina skimage:camera skimage:coins skimage:immunohistochemistry "
    "skimage:hubble_deep_field orbifolio:koi orbifolio:botanical orbifolio:autumn orbifolio:cranes"
).split()


class HertzmannPlacement(BrushPlacement):
    """Strokes have the colour of where they begin."""

    def seen(self, layer: PaintLayer, sight: Sight) -> F32:
        """(h, w, 3) OKLab, as blurred in all layers."""
        return sight.wanted

    def colours(self, layer: PaintLayer, sight: Sight, lines: StrokeLines) -> F64:
        """(n, 3) OKLab."""
        columns, rows = lines.begins.astype(np.int64).T
        return sight.wanted[rows, columns].astype(np.float64)


class HertzmannLook(Oil):
    """His strokes end where they would make the canvas worse, and are as wide beside edges as elsewhere."""

    placement: ClassVar[Callable[..., StrokePlacement]] = HertzmannPlacement

    def rules(self) -> SpineRules:
        """His."""
        return super().rules()._replace(mended=0.0, left_wrong=1.0, tip=0.0, slimmest=1.0, held=0.0)


HERTZMANN = HertzmannLook(
    **dict.fromkeys(("emphasis", "flow", "cross", "edges", "jitter_lightness", "jitter_chroma", "jitter_hue"), 0),
    **dict.fromkeys(("warmth", "streaks", "pickup", "dryness", "relief", "varnish", "weave", "purity", "taper"), 0),
    **{"faces": False, "paints": 0, "saturation": 1, "contrast": 1, "opacity": 1, "ragged": 0.1, "passes": 1},
    **{"blur": 0.42, "reach": 0.26},
)
AS_MANY = 0.05  # relative difference of two numbers of strokes that counts as equal
ROUNDS = 8  # of the search for his threshold
FIRST, LEAST, MOST = 0.06, 0.003, 0.4  # thresholds: the one tried first, and the bounds
CELL, CAPTION, GAP = 480, 26, 6  # pixels of the sheet


@dataclass(frozen=True)
class Made:
    """A finished picture.

    Attributes:
        painter: look, `hertzmann-` with a look's name, or `tiles`.
        picture: (h, w, 3) sRGB in [0, 1].
        colours: (n, 3) of its strokes.
        seconds: of the processor.
    """

    painter: str
    picture: F32
    colours: F32
    seconds: float


def painted(name: str, look: PaintingLook, picture: F32, side: int) -> Made:
    """A finished painting."""
    scale = side / max(picture.shape[:2])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    begun = time.process_time()
    session = PaintingSession(Brief(look, seed=1), picture, size)
    for number in range(len(session.passes)):
        session.paint_pass(number)
    shown = session.picture()
    return Made(name, shown, session.strokes.colours, time.process_time() - begun)


class Hertzmann:
    """His paintings of one picture with given numbers of strokes; what one search learns serves the next.

    Attributes:
        made: by threshold.
    """

    def __init__(self, picture: F32, side: int) -> None:
        self.picture, self.side = picture, side
        self.made: dict[float, Made] = {}

    def painted(self, strokes: int) -> Made:
        """With about so many; fewer where he finds no more places."""
        for _ in range(ROUNDS):
            best = min(self.made.values(), key=lambda made: self._off(made, strokes), default=None)
            if best is not None and self._off(best, strokes) < AS_MANY:
                return best
            threshold = self._threshold(strokes)
            if threshold in self.made:
                break
            rows = layers((16, 0, 1, 1), *((part, threshold, 1, 0) for part in (32, 64, 128)))
            look = HERTZMANN.model_copy(update={"layers": rows})
            self.made[threshold] = painted("hertzmann", look, self.picture, self.side)
        return min(self.made.values(), key=lambda made: self._off(made, strokes))

    @staticmethod
    def _off(made: Made, strokes: int) -> float:
        return abs(math.log(len(made.colours) / strokes))

    def _threshold(self, strokes: int) -> float:
        """To try next: between those that gave more and fewer, by a power law."""
        counts = {threshold: len(made.colours) for threshold, made in self.made.items()}
        more = max((threshold for threshold, count in counts.items() if count > strokes), default=None)
        fewer = min((threshold for threshold, count in counts.items() if count <= strokes), default=None)
        if more is None or fewer is None:
            # nothing on one side yet: from the nearest known, as if the number were inverse to the threshold
            guess = min(counts.items(), key=lambda item: abs(math.log(item[1] / strokes)), default=(FIRST, strokes))
            return min(MOST, max(LEAST, guess[0] * guess[1] / strokes))
        share = math.log(counts[more] / strokes) / math.log(counts[more] / counts[fewer])
        return more * (fewer / more) ** min(0.9, max(0.1, share))


def tiles(picture: F32, side: int, count: int) -> Made:
    """Squares of their mean colours, about so many."""
    begun = time.process_time()
    sized = at_side(picture, side)
    height, width = sized.shape[:2]
    across = max(1, round(math.sqrt(count * width / height)))
    small = fitted(sized, (across, max(1, round(across * height / width))))
    rows, columns = (
        np.arange(pixels) * cells // pixels for pixels, cells in zip((height, width), small.shape, strict=False)
    )
    shown = np.ascontiguousarray(small[rows[:, None], columns])
    return Made("tiles", shown, small.reshape(-1, 3), time.process_time() - begun)


def row(source: str, made: Made, picture: F32) -> str:
    """One line of the table."""
    wanted = at_side(picture)
    seen = fitted(made.picture, (wanted.shape[1], wanted.shape[0]))
    cells = (
        source,
        made.painter,
        f"{calm_texture(seen, wanted):.4f}",
        f"{calm_texture(wanted, wanted):.4f}",
        f"{clipped_share(made.colours):.2f}",
        f"{edge_agreement(seen, wanted):.2f}",
        f"{lpips_distance(seen, wanted):.3f}",
        f"{vgg_distance(seen, wanted):.2f}",
        f"{decibels(seen, wanted):.1f}",
        f"{len(made.colours):,}",
        f"{made.seconds:.1f}",
    )
    return "| " + " | ".join(cells) + " |"


def paintings(picture: F32, side: int, looks: dict[str, PaintingLook]) -> Iterator[Made]:
    """Each look, then Hertzmann with as many strokes; at last tiles, as many as the first look's strokes."""
    first, other = 0, Hertzmann(picture, side)
    for name, look in looks.items():
        made = painted(name, look, picture, side)
        first = first or len(made.colours)
        yield made
        yield replace(other.painted(len(made.colours)), painter=f"hertzmann-{name}")
    yield tiles(picture, side, first)


def sheet(rows: list[list[tuple[str, F32]]]) -> Image.Image:
    """Pictures in rows, each with its caption."""
    font = ImageFont.load_default(15)
    cells = [[(caption, at_side(picture, CELL)) for caption, picture in line] for line in rows]
    heights = [max(picture.shape[0] for _, picture in line) + CAPTION for line in cells]
    width = max(sum(picture.shape[1] + GAP for _, picture in line) for line in cells)
    page = Image.new("RGB", (width, sum(heights)), "white")
    pen, top = ImageDraw.Draw(page), 0
    for line, height in zip(cells, heights, strict=True):
        left = 0
        for caption, picture in line:
            page.paste(as_image(picture), (left, top + CAPTION))
            pen.text((left + 3, top + 4), caption, "black", font)
            left += picture.shape[1] + GAP
        top += height
    return page


def as_image(picture: F32) -> Image.Image:
    """In eight bits."""
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Paintings in bristles, measured.")
    parser.add_argument("--size", type=int, default=800)
    parser.add_argument("--looks", nargs="+", default=["oil", "bold", "flow"])
    parser.add_argument("--pictures", nargs="+", default=PICTURES)
    parser.add_argument("--save", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    kinds = {kind_of(look): look for look in LOOKS}
    images = Images(Path.cwd())
    heads = "picture|painter|texture|photo's|clipped|edges|LPIPS|VGG|dB|strokes|s".split("|")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    painted("", Oil(), np.full((60, 90, 3), 0.5, np.float32), 90)  # compiles
    lines = []
    for source in chosen.pictures:
        picture = images.load(source).pixels.astype(np.float32)
        line = [(source, picture)]
        for made in paintings(picture, chosen.size, {name: kinds[name]() for name in chosen.looks}):
            print(row(source, made, picture), flush=True)
            line.append((f"{made.painter}, {len(made.colours):,}", made.picture))
            if chosen.save is not None:
                chosen.save.mkdir(parents=True, exist_ok=True)
                as_image(made.picture).save(chosen.save / f"{source.rpartition(':')[2]}-{made.painter}.png")
        lines.append(line)
    if chosen.save is not None:
        sheet(lines).save(chosen.save / "sheet.png")


if __name__ == "__main__":
    main()
