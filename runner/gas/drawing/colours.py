"""A colouring is a function (colours of the picture under marks, the ink) -> colours of the marks.

Convention: colours are sRGB in [0, 1]; darkness is 1 - luma (Rec. 709), in [0, 1].
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from skimage.color import rgb2lab

from orbifolio.runner.gas.drawing.sheet import Colour, Floats, Pixels
from orbifolio.runner.gas.graph import Positions
from orbifolio.runner.settings import Settings, family

Hex = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


def parse(colour: str) -> Colour:
    """A colour from `#rrggbb`.

    >>> parse("#ff0080")
    (1.0, 0.0, 0.5019607843137255)
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def spell(colour: Floats | Colour) -> str:
    """`#rrggbb` of a colour.

    >>> spell((1.0, 0.0, 0.5))
    '#ff0080'
    """
    return "#" + "".join(f"{round(float(min(max(value, 0.0), 1.0)) * 255):02x}" for value in colour)


def under(picture: Pixels, samples: Positions) -> Floats:
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
    mean: Floats = picture[rows, columns].astype(np.float64).mean(axis=1)
    return mean


def darkness(colours: Floats) -> Floats:
    """(m,) darkness of (m, 3) colours."""
    dark: Floats = 1 - np.clip(colours @ np.array([0.2126, 0.7152, 0.0722]), 0, 1)
    return dark


class Ink(Settings):
    """Everything in the theme's ink."""

    kind: Literal["ink"] = "ink"

    def pick(self, seen: Floats, ink: Colour) -> Floats:
        """The ink, m times."""
        return np.tile(np.array(ink, dtype=np.float64), (len(seen), 1))


class FromPicture(Settings):
    """Each mark in the colour that the picture has under it."""

    kind: Literal["picture"] = "picture"
    saturation: float = Field(1.0, ge=0, le=3)
    """Factor of the distance from grey: 0 is grey, 1 as it is."""
    brightness: float = Field(1.0, gt=0, le=3)
    """Factor of the light; a little above 1 helps on dark paper."""

    def pick(self, seen: Floats, ink: Colour) -> Floats:
        """What was seen, more or less saturated."""
        grey = (1 - darkness(seen))[:, None]
        chosen: Floats = np.clip((grey + (seen - grey) * self.saturation) * self.brightness, 0, 1)
        return chosen


class Palette(Settings):
    """Each mark in that colour of a palette that looks nearest to the picture under it (CIE 1976 Lab)."""

    kind: Literal["palette"] = "palette"
    colours: Annotated[tuple[Hex, ...], Field(min_length=1, max_length=64)]
    """Colours as `#rrggbb`: the pens at hand."""

    def pick(self, seen: Floats, ink: Colour) -> Floats:
        """The nearest of the palette."""
        pens = np.array([parse(colour) for colour in self.colours])
        if not len(seen):
            return np.zeros((0, 3))
        distances: Floats = np.square(rgb2lab(seen)[:, None] - rgb2lab(pens)[None]).sum(axis=-1)
        nearest: Floats = pens[distances.argmin(axis=1)]
        return nearest


class Ramp(Settings):
    """Each mark in a colour between those of a ramp, by the darkness of the picture under it."""

    kind: Literal["ramp"] = "ramp"
    colours: Annotated[tuple[Hex, ...], Field(min_length=2, max_length=64)]
    """Colours as `#rrggbb`, from the lightest part of the picture to the darkest."""

    def pick(self, seen: Floats, ink: Colour) -> Floats:
        """Interpolated along the ramp."""
        stops = np.array([parse(colour) for colour in self.colours])
        place = darkness(seen) * (len(stops) - 1)
        return np.stack([np.interp(place, np.arange(len(stops)), channel) for channel in stops.T], axis=-1)


COLOURINGS = (Ink, FromPicture, Palette, Ramp)
AnyColouring = family(*COLOURINGS)

Theme = Literal["white", "paper", "ink", "night", "blueprint", "sepia"]
THEMES: dict[Theme, tuple[str, str]] = {
    "white": ("#ffffff", "#000000"),
    "paper": ("#f6f1e5", "#1d1b18"),
    "ink": ("#14151a", "#f2ede0"),
    "night": ("#0d1424", "#f3d9a2"),
    "blueprint": ("#173f6f", "#e6f0fa"),
    "sepia": ("#efe3cb", "#4a2c17"),
}
"""Paper and ink of each theme."""
