"""Products of a sphere beside its map: (surface, values) -> files by name."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orbifolio.runner.exports import cubemap, globe
from orbifolio.runner.exports.orb import orb
from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.images import encoding
from orbifolio.runner.models.glb import write_glb
from orbifolio.runner.models.mesh import uv_sphere
from orbifolio.runner.symmetry.charts import Equirectangular
from orbifolio.runner.symmetry.layouts.folded import FoldedSurface

if TYPE_CHECKING:
    from torch import Tensor

_MAX_TEXTURE = 4096  # pixels across that every screen's hardware takes
_PORTRAIT, _SPIN = 640, 320  # pixels a side: the spin has up to 48 pictures, so each is smaller
_COLUMNS, _ROWS = 96, 48  # of the model: 3.75 degrees a quadrilateral; fewer show corners at the limb


def texture_width(pixels: int) -> int:
    """The power of two nearest below a map's width: what every hardware repeats and scales down well.

    >>> texture_width(1024), texture_width(1000), texture_width(96)
    (1024, 512, 128)
    """
    width = 128
    while 2 * width <= min(pixels, _MAX_TEXTURE):
        width *= 2
    return width


def data_address(picture: bytes, kind: str) -> str:
    """A picture as a data: address, which WebGL may use even in a page opened from a disk."""
    return f"data:{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def globe_script(texture: bytes) -> bytes:
    """A classic script that hands the page's globe its texture."""
    record = {"shape": "sphere", "texture": data_address(texture, "image/webp")}
    return f"window.orbifolioScene = {json.dumps(record, sort_keys=True)};\n".encode("ascii")


def sphere_products(surface: FoldedSurface, values: Tensor, *, pixels: int) -> Mapping[str, bytes]:
    """Portrait, spin, cube map, model, ball, and the texture of the page's globe.

    Args:
        surface: whose group is one of the sphere.
        values: (orbits, 3), centred and constrained.
        pixels: width of the map.
    """
    painted = PaintedSurface(surface, values)
    width = texture_width(pixels)
    texture = painted.picture(Equirectangular(), width, width // 2)
    return {
        "globe.webp": encoding.webp(globe.portrait(painted, _PORTRAIT)),
        "spin.webp": globe.spin(painted, _SPIN),
        "cubemap.png": encoding.png(cubemap.cross(painted, max(32, pixels // 4))),
        "globe.glb": write_glb(uv_sphere(_COLUMNS, _ROWS), encoding.jpeg(texture), name="globe"),
        "orb.stl": orb(painted),
        "globe.js": globe_script(encoding.webp(texture)),
    }
