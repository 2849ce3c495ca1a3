"""A painting grows: (stream of opacities) -> the picture, its layers, and what it looked like on the way.

    grow(painting, stream, stages=(1, 10, 100), side=512) -> Growth;   render(painting, painter) -> (h, w, 3)

One pass over the strokes of a learnt brush (`learnt_opacities`) or of the real program (`real_opacities`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, I32
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.blending import lay_over
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.opacities import learnt_opacities
from orbifolio.runner.strokes.document.opacity_layers import window
from orbifolio.runner.strokes.mypaint.brush_sheet import Box
from orbifolio.runner.strokes.rasteriser.rasterise import rasterise


@dataclass(frozen=True)
class Layer:
    """Strokes that follow each other and have one level.

    Attributes:
        level: theirs, 0 for the coarsest.
        begin: number of the first stroke.
        end: number after the last.
        paint: (height, width, 4) sRGB and opacity, not premultiplied, in [0, 1].
    """

    level: int
    begin: int
    end: int
    paint: F32


@dataclass(frozen=True)
class Growth:
    """What a pass over the strokes gives.

    Attributes:
        picture: (height, width, 3) with all strokes.
        layers: undermost first; empty unless `layered`.
        stages: pictures after some numbers of strokes, in their order, made small.
    """

    picture: F32
    layers: tuple[Layer, ...]
    stages: tuple[F32, ...]


class LayeredStrokes(Protocol):
    """What grows: strokes on paper, whatever draws them; `Painting` is one."""

    @property
    def width(self) -> int:
        """Of the picture in pixels."""

    @property
    def height(self) -> int:
        """Of the picture in pixels."""

    @property
    def paper(self) -> tuple[float, float, float]:
        """SRGB in [0, 1]."""

    @property
    def colours(self) -> F32:
        """(n, 3) sRGB in [0, 1]."""

    @property
    def levels(self) -> I32:
        """(n,), 0 for the coarsest."""

    def __len__(self) -> int:
        """The number of strokes."""


def runs(painting: LayeredStrokes) -> list[tuple[int, int, int]]:
    """(level, begin, end) of strokes that follow each other and have one level."""
    cuts = np.flatnonzero(np.diff(painting.levels)) + 1
    bounds = [0, *cuts.tolist(), len(painting)] if len(painting) else [0]
    return [(int(painting.levels[begin]), begin, end) for begin, end in zip(bounds, bounds[1:], strict=False)]


def grow(
    painting: LayeredStrokes,
    stream: Iterable[tuple[Box, F32]],
    *,
    stages: Sequence[int] = (),
    side: int = 512,
    layered: bool = False,
) -> Growth:
    """Lay all strokes.

    Args:
        stream: box and opacity of each stroke, undermost first.
        stages: numbers of strokes, rising, after which the picture is copied.
        side: of the copies' longer side, in pixels; smaller pictures are not enlarged.
    """
    canvas = np.empty((painting.height, painting.width, 3), np.float32)
    canvas[...] = np.array(painting.paper, np.float32)
    paint = np.zeros((painting.height, painting.width, 4), np.float32)  # premultiplied
    ends = {end: (level, begin) for level, begin, end in runs(painting)}
    wanted, layers, pictures = set(stages), [], []
    if 0 in wanted:
        pictures.append(shrunk(canvas, side))
    for number, (box, opacity) in enumerate(stream):
        colour = painting.colours[number]
        lay_over(canvas[window(box)], colour, opacity[..., None])
        if layered:
            lay_over(paint[window(box)], np.append(colour, np.float32(1)), opacity[..., None])
            if number + 1 in ends:
                level, begin = ends[number + 1]
                layers.append(Layer(level, begin, number + 1, _straight(paint)))
                paint[...] = 0
        if number + 1 in wanted:
            pictures.append(shrunk(canvas, side))
    return Growth(canvas, tuple(layers), tuple(pictures))


def render(painting: Painting, painter: ImplicitPainter, scale: float = 1.0, *, device: str = "cpu") -> F32:
    """The neural canvas: all strokes by a learnt brush.

    Args:
        scale: of the result over the picture.
        device: that the painter is on.

    Returns:
        (height, width, 3) sRGB in [0, 1].
    """
    sized = painting if scale == 1 else painting.scaled(scale)
    if painting.opaque:
        return grow(sized, learnt_opacities(painter, sized, device=device, coarse=0)).picture
    rows, unit = sized.geometry(device)
    with torch.no_grad():
        picture = rasterise(
            painter,
            rows,
            torch.from_numpy(np.ascontiguousarray(sized.colours)).to(device),
            width=sized.width,
            height=sized.height,
            unit=unit,
            paper=torch.tensor(sized.paper, dtype=torch.float32, device=device),
        )
    canvas: F32 = picture.clamp(0, 1).cpu().numpy()
    return canvas


def shrunk(picture: F32, side: int) -> F32:
    """A copy whose longer side has at most `side` pixels."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    return picture.copy() if factor >= 1 else resized(picture, round(width * factor), round(height * factor))


def resized(picture: F32, width: int, height: int) -> F32:
    """A picture of another size, (height, width, channels), each channel for itself."""
    size = (max(width, 1), max(height, 1))
    if picture.shape[:2] == size[::-1]:
        return picture
    channels = [
        Image.fromarray(np.ascontiguousarray(picture[..., channel])).resize(size, Image.Resampling.BOX)
        for channel in range(picture.shape[2])
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)


def _straight(paint: F32) -> F32:
    """Premultiplied to straight opacity; where there is no paint the colour is 0."""
    straight = paint.copy()
    opacity = paint[..., 3:]
    np.divide(paint[..., :3], opacity, out=straight[..., :3], where=opacity > 0)
    return straight.clip(0, 1)
