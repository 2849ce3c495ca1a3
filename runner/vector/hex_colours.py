"""Colours as `#rrggbb` and as numbers.

Convention: numbers are sRGB in [0, 1].
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from orbifolio.runner.arrays import F64

Hex = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", json_schema_extra={"format": "color-hex"})]
"""In a schema as the format for which editors show a swatch to choose the colour from."""
Colour = tuple[float, float, float]

PAPER, INK = "#f6f1e5", "#14151a"
"""The ground of what is drawn: warm like rag paper, and nearly black. Beside them white glares and black is a hole."""


def from_hex(colour: str) -> Colour:
    """A colour's numbers.

    >>> from_hex("#ff0080")
    (1.0, 0.0, 0.5019607843137255)
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def to_hex(colour: F64 | Colour) -> str:
    """A colour as `#rrggbb`; numbers beyond [0, 1] are clipped.

    >>> to_hex((1.0, 0.0, 0.5))
    '#ff0080'
    """
    return "#" + "".join(f"{round(float(min(max(value, 0.0), 1.0)) * 255):02x}" for value in colour)
