"""The ground: what a picture shows where its surface ends, as around a disk: (picture, opacity, ground) -> picture.

A surface that does not fill its picture leaves corners. They take no part in anything that is computed: the ground is
laid when a picture is written, and taken away when it is read to be enlarged.

Convention: pictures are (height, width, 3), or (height, width, 4) with opacity, sRGB-encoded in [0, 1]; opacities are
(height, width), the share of each pixel that shows the surface.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.vector.hex_colours import INK, PAPER, Hex, from_hex

Ground = Literal["paper", "ink", "transparent"] | Annotated[Hex, Field(title="a colour as '#rrggbb'")]

_COLOURS = {"paper": PAPER, "ink": INK}


def lay(picture: F32, opacity: F32 | None, ground: Ground) -> F32:
    """A picture on its ground.

    Args:
        picture: (height, width, 3); arbitrary where it is not shown.
        opacity: None where the surface fills the picture, which stays as it is.
        ground: what is beneath.

    Returns:
        (height, width, 3), or 4 where the ground is transparent: white where nothing is shown, for programs that do
        not know opacity.
    """
    if opacity is None:
        return picture
    share = opacity[..., None]
    if ground == "transparent":
        return np.concatenate([np.where(share > 0, picture, np.float32(1)), share], axis=2)
    below = np.array(from_hex(_COLOURS.get(ground, ground)), np.float32)
    laid: F32 = picture * share + below * (1 - share)
    return laid


def lift_off(picture: F32, opacity: F32 | None) -> F32:
    """A picture without its ground: pixels that show some of it take the colour of the nearest that show none.

    Args:
        picture: (height, width, 3).
        opacity: None where the surface fills the picture.
    """
    if opacity is None:
        return picture
    from scipy import ndimage

    rows, columns = ndimage.distance_transform_edt(opacity < 1, return_distances=False, return_indices=True)
    bare: F32 = picture[rows, columns]
    return bare


def opaque(picture: F32) -> F32:
    """A picture on white, as it is printed on paper that is left white: (height, width, 3)."""
    if picture.shape[2] == 3:
        return picture
    share = picture[..., 3:]
    shown: F32 = picture[..., :3] * share + (1 - share)
    return shown
