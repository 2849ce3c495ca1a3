"""How a picture is painted, in figures: (strokes, painting, picture) -> numbers for its report and for benchmarks.

They say how much paint is seen, not whether a painting is good. Decibels come last: a picture out of focus has more of
them than a painting (see docs/painting.md).

Convention: pictures are (h, w, 3) float32 sRGB in [0, 1]; lengths and widths are per cent of the shorter side.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import ndimage, torch
from orbifolio.runner.vision import alexnet
from orbifolio.runner.vision.lpips import MIN_SIDE, load_lpips
from orbifolio.runner.vision.vgg import Vgg16
from orbifolio.runner.vision.weights import default_store

SIDE = 512  # pixels of the longer side at which pictures are compared
FINE = 3.0  # pixels there, deviation of the Gaussian that takes texture away
NEIGHBOURHOOD = 6.0  # pixels there, over which texture is averaged to tell calm places
CALM = 0.4  # of the picture, the calmest part
PAINTED = 0.012  # texture of calm places from which paint is seen; less is enough where the picture itself has less
LIMIT = 0.002  # distance of a channel from 0 and 1 within which it is clipped: half a step of eight bits
EDGE_SCALES = (1.0, 2.0)  # pixels, deviations of gradients, and of the average of their directions
LENGTHS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
WIDTHS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Bounds of the histograms, in per cent of the shorter side; the last bin has all that is larger, too."""
VGG_LAYER = "conv3_1"


class StrokeMarks(NamedTuple):
    """The strokes of a painting.

    Attributes:
        lengths: (n,) per cent of the shorter side.
        widths: (n,) in the same unit.
        colours: (n, 3) sRGB in [0, 1].
    """

    lengths: F64
    widths: F64
    colours: F32


def at_side(picture: F32, side: int = SIDE) -> F32:
    """A picture whose longer side has so many pixels."""
    scale = side / max(picture.shape[:2])
    return fitted(picture, (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))))


def fitted(picture: F32, size: tuple[int, int]) -> F32:
    """A picture in a size, (width, height)."""
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    channels = [
        Image.fromarray(np.ascontiguousarray(picture[..., c], np.float32)).resize(size, Image.Resampling.LANCZOS)
        for c in range(3)
    ]
    sized: F32 = np.clip(np.stack([np.asarray(channel) for channel in channels], axis=2), 0, 1).astype(np.float32)
    return sized


def calm_texture(painting: F32, picture: F32) -> float:
    """Texture where the picture is calm: the root mean square of what a Gaussian takes away.

    A painting should have at least the picture's own there, or `PAINTED`; a lens out of focus has less.

    Args:
        painting: of the picture's size, whose longer side has `SIDE` pixels.
        picture: that was painted.
    """
    fine = [item - ndimage.gaussian_filter(item, (FINE, FINE, 0)) for item in (painting, picture)]
    restless = ndimage.gaussian_filter((fine[1] ** 2).mean(2), NEIGHBOURHOOD)
    calm = restless <= np.quantile(restless, CALM)
    return float(np.sqrt((fine[0][calm] ** 2).mean()))


def clipped_share(colours: F32) -> float:
    """Share of strokes with a channel at its limit; 0 without strokes."""
    if not len(colours):
        return 0.0
    return float(((colours <= LIMIT) | (colours >= 1 - LIMIT)).any(1).mean())


def edge_agreement(painting: F32, picture: F32) -> float:
    """How far the painting's edges go the picture's way: 1 along, 0 by chance, -1 across.

    The mean cosine of twice the angle between the directions of two structure tensors, weighted by the strength of the
    picture's edges.

    Args:
        painting: of the picture's size.
        picture: that was painted.
    """
    fine, wide = EDGE_SCALES
    tensors = []
    for item in (painting, picture):
        light = item.mean(2)
        right, down = (ndimage.gaussian_filter(light, fine, order=order) for order in ((0, 1), (1, 0)))
        tensors.append([ndimage.gaussian_filter(part, wide) for part in (right**2 - down**2, 2 * right * down)])
    (here, there), (wanted, across) = tensors
    along = (here * wanted + there * across) / (np.hypot(here, there) + 1e-12)
    return float(along.sum() / (np.hypot(wanted, across).sum() + 1e-12))


def histogram(values: F64, bounds: Sequence[float]) -> list[int]:
    """How many values lie from each bound to the next, those beyond the last in the last bin."""
    counts, _ = np.histogram(np.clip(values, bounds[0], bounds[-1]), bounds)
    return [int(count) for count in counts]


def decibels(picture: F32, wanted: F32) -> float:
    """Peak signal-to-noise ratio of two pictures in [0, 1], to two decimals; at most 99."""
    error = float(np.square(picture - wanted, dtype=np.float64).mean())
    return round(min(99.0, -10 * math.log10(max(error, 1e-12))), 2)


def vgg_distance(painting: F32, picture: F32) -> float:
    """Squared distance of VGG16's features at conv3_1, relative to the picture's: 0 for equal ones; marks raise it.

    Raises:
        MissingWeights: they are not here and cannot be fetched.
    """
    encoder = Vgg16().build()
    with torch.no_grad():
        seen, wanted = (encoder.features(_batch(item), (VGG_LAYER,))[VGG_LAYER] for item in (painting, picture))
        return float((seen - wanted).square().sum() / wanted.square().sum())


def lpips_distance(painting: F32, picture: F32) -> float:
    """LPIPS: see `vision.lpips`.

    Raises:
        MissingWeights: they are not here and cannot be fetched.
        ShapeMismatch: a side is below 64 px.
    """
    with torch.no_grad():
        return float(load_lpips().each(_batch(painting), _batch(picture)))


def _batch(picture: F32) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture, np.float32)).permute(2, 0, 1)[None]


def figures(marks: StrokeMarks, painting: F32, picture: F32) -> dict[str, Any]:
    """All figures, for a report. Networks look only where their weights are here already: nothing is fetched.

    Args:
        marks: the strokes.
        painting: of any size.
        picture: that was painted, of any size and about the painting's proportions.

    Returns:
        `strokes`, `density` (strokes on a square whose side is a tenth of the shorter side), `lengths` and `widths`
        (bounds, counts and quartiles), `clipped`, `texture`, `picture_texture`, `edges`, `lpips` and `vgg` where
        networks could look, `decibels`.
    """
    wanted = at_side(picture)
    seen = fitted(painting, (wanted.shape[1], wanted.shape[0]))
    height, width = painting.shape[:2]
    squares = max(width, height) / min(width, height) * 100
    found: dict[str, Any] = {
        "strokes": len(marks.lengths),
        "density": len(marks.lengths) / squares,
        "lengths": _spread(marks.lengths, LENGTHS),
        "widths": _spread(marks.widths, WIDTHS),
        "clipped": clipped_share(marks.colours),
        "texture": calm_texture(seen, wanted),
        "picture_texture": calm_texture(wanted, wanted),
        "edges": edge_agreement(seen, wanted),
    }
    store = default_store()
    if min(wanted.shape[:2]) >= MIN_SIDE:
        if store.path(alexnet.WEIGHTS).is_file():
            found["lpips"] = lpips_distance(seen, wanted)
        if all(store.path(name).is_file() for name in Vgg16().weight_names()):
            found["vgg"] = vgg_distance(seen, wanted)
    found["decibels"] = decibels(seen, wanted)
    return found


def figures_file(found: Mapping[str, Any]) -> bytes:
    """Figures as JSON, numbers to five digits: what is beyond depends on the processor."""
    return (json.dumps(_rounded(found), indent=1, sort_keys=True) + "\n").encode()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


def _spread(values: F64, bounds: Sequence[float]) -> dict[str, Any]:
    quartiles = np.quantile(values, (0.25, 0.5, 0.75)).tolist() if len(values) else []
    return {"bounds": list(bounds), "counts": histogram(values, bounds), "quartiles": quartiles}
