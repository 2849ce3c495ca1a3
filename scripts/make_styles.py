"""Make the style pictures of `recipes/styles/` by mathematics, so that every picture shipped is ours.

A *style* is a function `(Generator, x, y) -> (height, width, 3)`: light in linear RGB, [0, 1], at points of
the unit square (x rightwards, y downwards, lengths as fractions of the picture's width). Random numbers are
drawn in an order that does not depend on the size, so a small render is the same picture, smaller. Styles
are drawn at three times the size asked for and averaged in linear light, which is the antialiasing.

Texture synthesis keeps the statistics of a picture, not its composition (Gatys, Ecker, Bethge 2015). Hence
all have crisp structures, several saturated hues beside darks and lights, much the same richness everywhere,
and no grain. *Textures* have structures of some 4 to 40 px at 768 px. *Subjects*, drawn on a sheet, have motifs of 60
to 200 px that one knows again when patches copy them: fish, birds, flowers, letters.

From the repository's root: python -m scripts.make_styles [NAME ...] [--size 768] [--folder recipes/styles]
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from scripts.styles.agate import agate
from scripts.styles.autumn import autumn
from scripts.styles.batik import batik
from scripts.styles.beetles import beetles
from scripts.styles.botanical import botanical
from scripts.styles.calligraphy import calligraphy
from scripts.styles.cranes import cranes
from scripts.styles.fields import Field, encode
from scripts.styles.ikat import ikat
from scripts.styles.iznik import iznik
from scripts.styles.koi import koi
from scripts.styles.marbling import marbling
from scripts.styles.millefiori import millefiori
from scripts.styles.mosaic import mosaic
from scripts.styles.nouveau import nouveau
from scripts.styles.oil import oil
from scripts.styles.peacock import peacock
from scripts.styles.stained_glass import stained_glass
from scripts.styles.starry import starry
from scripts.styles.waves import waves

SUPERSAMPLING = 3
LARGEST_FILE = 250_000
"""Bytes of one picture: the six textures together stay below 1.5 MB in the repository."""
LARGEST_SUBJECT = 200_000
"""Bytes of one picture with a subject; its colours are stored at half the resolution, so that its lines stay crisp."""


@dataclass(frozen=True)
class Style:
    """One line of the table.

    Attributes:
        draw: the style's function.
        seed: of its random numbers.
        subject: whether it shows things, not only a texture.
    """

    draw: Callable[[np.random.Generator, Field, Field], Field]
    seed: int
    subject: bool = True


STYLES: dict[str, Style] = {
    "marbling": Style(marbling, 3, subject=False),
    "stained-glass": Style(stained_glass, 5, subject=False),
    "peacock": Style(peacock, 7, subject=False),
    "oil": Style(oil, 11, subject=False),
    "agate": Style(agate, 13, subject=False),
    "ikat": Style(ikat, 17, subject=False),
    "autumn": Style(autumn, 21),
    "batik": Style(batik, 21),
    "beetles": Style(beetles, 21),
    "botanical": Style(botanical, 21),
    "calligraphy": Style(calligraphy, 21),
    "cranes": Style(cranes, 21),
    "iznik": Style(iznik, 21),
    "koi": Style(koi, 21),
    "millefiori": Style(millefiori, 21),
    "mosaic": Style(mosaic, 21),
    "nouveau": Style(nouveau, 21),
    "starry": Style(starry, 21),
    "waves": Style(waves, 21),
}


def render(name: str, size: int) -> NDArray[np.uint8]:
    """A style as a picture.

    Args:
        name: key of `STYLES`.
        size: width and height in px.

    Returns:
        (size, size, 3) sRGB; its darkest and lightest half per cent of values are 0 and 255.
    """
    style = STYLES[name]
    fine = size * SUPERSAMPLING
    place = ((np.arange(fine) + 0.5) / fine).astype(np.float32)
    x, y = np.meshgrid(place, place)
    light = style.draw(np.random.default_rng(style.seed), x, y)
    light = np.clip(light, 0, 1).reshape(size, SUPERSAMPLING, size, SUPERSAMPLING, 3).mean((1, 3))
    picture = encode(light)
    low, high = np.percentile(picture, [0.5, 99.5])
    return np.asarray(np.rint(np.clip((picture - low) / (high - low), 0, 1) * 255), np.uint8)


def compress(picture: NDArray[np.uint8], *, subject: bool) -> bytes:
    """The best JPEG of at most `LARGEST_FILE` bytes, colours unsubsampled, or `LARGEST_SUBJECT`, subsampled."""
    # Pillow's buffer for an optimised file holds a byte per pixel; a rich small picture needs more.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 2 * picture.size)
    image = Image.fromarray(picture)
    largest, subsampling = (LARGEST_SUBJECT, 2) if subject else (LARGEST_FILE, 0)
    for quality in range(94, 40, -2):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, subsampling=subsampling, optimize=True, progressive=True)
        if stream.tell() <= largest:
            break
    return stream.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the styles named, or all."""
    parser = argparse.ArgumentParser(description="Make the style pictures of recipes/styles by mathematics.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(STYLES)}; all by default")
    parser.add_argument("--size", type=int, default=768, help="width and height in px")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1] / "recipes" / "styles")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in STYLES]
    if unknown:
        parser.error(f"no style is called {', '.join(unknown)}; there are {', '.join(STYLES)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names or STYLES:
        (options.folder / f"{name}.jpg").write_bytes(compress(render(name, options.size), subject=STYLES[name].subject))


if __name__ == "__main__":
    main()
