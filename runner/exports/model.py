"""Products of a textured model: (mesh, texture) -> files by name."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.exports.globe import TILT
from orbifolio.runner.exports.sphere import data_address, texture_width
from orbifolio.runner.images import encoding
from orbifolio.runner.models.camera import orbit_camera
from orbifolio.runner.models.glb import write_glb
from orbifolio.runner.models.mesh import Mesh

if TYPE_CHECKING:
    from torch import Tensor

_PORTRAIT, _LOOP = 640, 256  # pixels a side: the loop has 36 pictures, so each is smaller
_FRAMES = 36  # of the turn: 10 degrees each
_MILLISECONDS = 130  # of a frame: 4.7 seconds for the turn
_FRONT = math.radians(-25)  # a little from the left, so that depth is seen


def looked_up(texture: F32, places: F64) -> F32:
    """(N, 3) the texture at (N, 2) coordinates, blended linearly; it repeats over its edges."""
    height, width = texture.shape[:2]
    scaled = places * [width, height] - 0.5
    base = np.floor(scaled).astype(np.int64)
    x, y = (scaled - base).astype(np.float32).T[..., None]
    left, right = base[:, 0] % width, (base[:, 0] + 1) % width
    above, below = base[:, 1] % height, (base[:, 1] + 1) % height
    upper = texture[above, left] * (1 - x) + texture[above, right] * x
    lower = texture[below, left] * (1 - x) + texture[below, right] * x
    colours: F32 = upper * (1 - y) + lower * y
    return colours


def portrait(mesh: Mesh, texture: F32, size: int, *, longitude: float = _FRONT, fine: int = 2) -> F32:
    """(size, size, 4) the model on nothing.

    Args:
        mesh: lit from the camera, so that sides in profile are darker.
        texture: (height, width, 3) in [0, 1].
        size: width and height of the picture in pixels.
        longitude: of the camera in radians, see `orbit_camera`.
        fine: points along each side of a pixel.
    """
    camera = orbit_camera(mesh, longitude, TILT)
    seen = camera.visible_faces(mesh, size * fine)
    there = np.flatnonzero(seen.face >= 0)
    faces, weights = mesh.faces[seen.face[there]], seen.weights[there]

    def blended(table: F64) -> F64:
        return np.asarray(np.einsum("nk,nkc->nc", weights, table[faces]))

    normals, rays = blended(mesh.normals), camera.position - blended(mesh.positions)
    facing = np.abs(np.einsum("nc,nc->n", normals, rays))
    facing /= np.maximum(np.linalg.norm(normals, axis=1) * np.linalg.norm(rays, axis=1), 1e-9)
    points = np.zeros((len(seen.face), 4), dtype=np.float32)
    shade = (0.5 + 0.5 * np.sqrt(np.minimum(facing, 1)))[:, None].astype(np.float32)
    points[there, :3], points[there, 3] = looked_up(texture, blended(mesh.uv)) * shade, 1
    mixed: F32 = points.reshape(size, fine, size, fine, 4).mean((1, 3), dtype=np.float32)
    mixed[..., :3] /= np.maximum(mixed[..., 3:], 1e-6)  # the colours of the model alone, not mixed with nothing
    return mixed


def loop(mesh: Mesh, texture: F32, size: int) -> bytes:
    """A turn about the upright axis as a loop."""

    def pictures() -> Iterator[F32]:
        for number in range(_FRAMES):
            yield portrait(mesh, texture, size, longitude=_FRONT - 2 * math.pi * number / _FRAMES)

    return encoding.animated(pictures(), milliseconds=_MILLISECONDS)


def _letters(values: F64 | I64, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values).astype(kind).tobytes()).decode("ascii")


def model_script(mesh: Mesh, texture: bytes) -> bytes:
    """A classic script that hands the page its model, brought into the unit sphere, and its texture."""
    record = {
        "shape": "mesh",
        "longitude": _FRONT,
        "positions": _letters((mesh.positions - mesh.centre) / mesh.radius, "<f4"),
        "normals": _letters(mesh.normals, "<f4"),
        "places": _letters(mesh.uv, "<f4"),
        "faces": _letters(mesh.faces, "<u4"),
        "texture": data_address(texture, "image/webp"),
    }
    return f"window.orbifolioScene = {json.dumps(record, sort_keys=True)};\n".encode("ascii")


def model_products(mesh: Mesh, picture: Tensor) -> Mapping[str, bytes]:
    """Portrait, turn, the model as a file, and the page's model.

    Args:
        mesh: its texture coordinates say what of the picture is where.
        picture: (1, 3, height, width) its texture.
    """
    texture = picture[0].permute(1, 2, 0).clamp(0, 1).float().cpu().numpy()
    height, width = texture.shape[:2]
    # sides that are powers of two: hardware scales them down and repeats them
    even = encoding.image(texture).resize((texture_width(width), texture_width(height)), Image.Resampling.LANCZOS)
    whole = np.asarray(even).astype(np.float32) / np.float32(255)
    return {
        "model.webp": encoding.webp(portrait(mesh, texture, _PORTRAIT)),
        "spin.webp": loop(mesh, texture, _LOOP),
        "model.glb": write_glb(mesh, encoding.jpeg(texture), name="model"),
        "model.js": model_script(mesh, encoding.webp(whole)),
    }
