"""OpenRaster: a painting's layers in one file (.ora) that MyPaint, Krita and GIMP open -> bytes.

By the OpenRaster specification 0.0.6: a ZIP whose first entry is the uncompressed `mimetype`, with `stack.xml` (the
layers, uppermost first), a PNG of each layer cut to its paint, `mergedimage.png` and `Thumbnails/thumbnail.png`. All
entries have the same date, so equal paintings give equal bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import encoding
from orbifolio.runner.strokes.document.timelapse_states import Layer, shrunk

MIME = "image/openraster"
VERSION = "0.0.6"
THUMBNAIL = 256  # pixels of the longer side, the most that the specification allows
FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can have


def openraster(layers: Sequence[Layer], merged: F32, paper: F32 | tuple[float, float, float]) -> bytes:
    """The layers of a painting, on its paper, as a file.

    Args:
        layers: undermost first, all of the picture's size.
        merged: (height, width, 3) sRGB in [0, 1], the picture that they make; (height, width, 4) with opacity.
        paper: a colour or a whole picture, as `merged`.
    """
    height, width = merged.shape[:2]
    parts: list[tuple[str, bytes]] = []
    lines = []
    for number, layer in enumerate(layers):
        left, top, cut = _cut(layer.paint)
        path = f"data/layer{number + 1:03d}.png"
        parts.append((path, encoding.png(cut)))
        name = f"level {layer.level}: strokes {layer.begin + 1} to {layer.end}"
        lines.append(_layer(name, path, left, top))
    colours = np.array(paper, np.float32)
    ground = np.ascontiguousarray(np.broadcast_to(colours, (height, width, colours.shape[-1])))
    parts.append(("data/paper.png", encoding.png(ground)))
    lines = [*reversed(lines), _layer("paper", "data/paper.png", 0, 0)]
    stack = "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<image version="{VERSION}" w="{width}" h="{height}" xres="72" yres="72">',
            "<stack>",
            *lines,
            "</stack>",
            "</image>",
            "",
        ]
    )
    parts.append(("mergedimage.png", encoding.png(merged)))
    parts.append(("Thumbnails/thumbnail.png", encoding.png(shrunk(merged, THUMBNAIL))))
    return _zipped([("mimetype", MIME.encode()), ("stack.xml", stack.encode()), *parts])


def _layer(name: str, path: str, left: int, top: int) -> str:
    return (
        f'<layer name={quoteattr(name)} src={quoteattr(path)} x="{left}" y="{top}" opacity="1.0" '
        'visibility="visible" composite-op="svg:src-over"/>'
    )


def _cut(paint: F32) -> tuple[int, int, F32]:
    """A layer without its empty borders: left, top, and at least one pixel."""
    shown = np.rint(paint[..., 3] * 255) > 0
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    if not len(rows):
        return 0, 0, paint[:1, :1]
    top, left = int(rows[0]), int(columns[0])
    return left, top, paint[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]


def _zipped(parts: list[tuple[str, bytes]]) -> bytes:
    """An uncompressed ZIP: PNGs do not get smaller, and the first entry must be stored as it is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts:
            entry = zipfile.ZipInfo(name, FIXED_DATE)
            entry.create_system = 3  # whatever system wrote it
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
