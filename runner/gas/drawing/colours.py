"""A colouring is a function (colours of the picture under marks, the ink) -> colours of the marks.

Convention: colours are sRGB in [0, 1]; darkness is 1 - luma (Rec. 709), in [0, 1].
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import color
from orbifolio.runner.settings import Settings, family
from orbifolio.runner.vector.hex_colours import INK, PAPER, Colour, Hex, from_hex


def under(picture: F32, samples: F64) -> F64:
    """The mean colour of a picture at the sample points of each mark.

    Args:
        picture: (h, w, 3) sRGB in [0, 1].
        samples: (m, s, 2) places in pixels of the picture; those beyond its edges take the nearest pixel.

    Returns:
        (m, 3).
    """
    height, width = picture.shape[:2]
    columns = np.clip(np.floor(samples[..., 0]).astype(np.int64), 0, width - 1)
    rows = np.clip(np.floor(samples[..., 1]).astype(np.int64), 0, height - 1)
    mean: F64 = picture[rows, columns].astype(np.float64).mean(axis=1)
    return mean


def darkness(colours: F64) -> F64:
    """(m,) darkness of (m, 3) colours."""
    dark: F64 = 1 - np.clip(colours @ np.array([0.2126, 0.7152, 0.0722]), 0, 1)
    return dark


class Ink(Settings):
    """All marks in the theme's ink."""

    kind: Literal["ink"] = "ink"

    def pick(self, seen: F64, ink: Colour) -> F64:
        """(m, 3) the ink for each of (m, 3) colours seen."""
        return np.tile(np.array(ink, dtype=np.float64), (len(seen), 1))


class FromPicture(Settings):
    """Each mark in the colour of the picture under it."""

    kind: Literal["picture"] = "picture"
    saturation: float = Field(1.0, ge=0, le=3)
    """Factor of the distance from grey: 0 gives grey, 1 leaves the colour unchanged."""
    brightness: float = Field(1.0, gt=0, le=3)
    """Factor of the brightness; a little above 1 helps on dark paper."""

    def pick(self, seen: F64, ink: Colour) -> F64:
        """(m, 3) the colours seen, with saturation and brightness changed."""
        grey = (1 - darkness(seen))[:, None]
        chosen: F64 = np.clip((grey + (seen - grey) * self.saturation) * self.brightness, 0, 1)
        return chosen


class Palette(Settings):
    """Each mark in the colour of a palette that looks nearest to the picture under it (CIE 1976 Lab)."""

    kind: Literal["palette"] = "palette"
    colours: Annotated[tuple[Hex, ...], Field(min_length=1, max_length=64)]
    """Colours as `#rrggbb`: the pens you have."""

    def pick(self, seen: F64, ink: Colour) -> F64:
        """(m, 3) the colour of the palette that is nearest to each colour seen."""
        pens = np.array([from_hex(colour) for colour in self.colours])
        if not len(seen):
            return np.zeros((0, 3))
        distances: F64 = np.square(color.rgb2lab(seen)[:, None] - color.rgb2lab(pens)[None]).sum(axis=-1)
        nearest: F64 = pens[distances.argmin(axis=1)]
        return nearest


class Ramp(Settings):
    """Each mark in a colour of a ramp, by the darkness of the picture under it."""

    kind: Literal["ramp"] = "ramp"
    colours: Annotated[tuple[Hex, ...], Field(min_length=2, max_length=64)]
    """Colours as `#rrggbb`, from the lightest part of the picture to the darkest."""

    def pick(self, seen: F64, ink: Colour) -> F64:
        """(m, 3) the colour of the ramp at the darkness of each colour seen."""
        stops = np.array([from_hex(colour) for colour in self.colours])
        position = darkness(seen) * (len(stops) - 1)
        return np.stack([np.interp(position, np.arange(len(stops)), channel) for channel in stops.T], axis=-1)


COLOURINGS = (Ink, FromPicture, Palette, Ramp)
AnyColouring = family(*COLOURINGS)

Theme = Literal["white", "paper", "ink", "night", "blueprint", "sepia"]
THEMES: dict[Theme, tuple[str, str]] = {
    "white": ("#ffffff", "#000000"),
    "paper": (PAPER, "#1d1b18"),
    "ink": (INK, "#f2ede0"),
    "night": ("#0d1424", "#f3d9a2"),
    "blueprint": ("#173f6f", "#e6f0fa"),
    "sepia": ("#efe3cb", "#4a2c17"),
}
"""Paper and ink of each theme."""
