"""Saliency: which parts of a picture a painter would finish with care, and where faces are.

Colour that stands out of its surroundings on three scales, density of edges, and the middle (after Itti et al. 1998, by
differences of Gaussians in OKLab); faces by scikit-image's cascade of local binary patterns.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.painting.smoothing import smooth, smooth_within_edges

if TYPE_CHECKING:
    from skimage.feature import Cascade

CENTRE_AND_SURROUND = ((80, 12), (40, 6), (22, 3.5))  # shares of the shorter side: small objects, larger, largest
CHROMA = 1.7  # weight of chroma beside lightness
FACE_SIDE = 360  # pixels of the longer side that faces are looked for in: smaller ones would be a stroke or two
MIN_FACE, MAX_FACE = 40, 220  # pixels there
LINE_WIDTHS = (1.0, 1.8)  # pixels, deviation of lines: about as thin as the last layer's strokes
LINE_CUT = 8.0  # deviations at which derivatives of a narrow Gaussian end: cut at 4, they do not add up to 0
LINE_CONTRAST = 0.02  # of a ridge, from which it is one: a mast against the evening sky
AGREEING = 5  # detections that must agree on a face: three find faces in foliage
DETAIL, AROUND = 60, (30, 70)  # shares of the shorter side: what is finer is detail, over which areas it is averaged
OWN, OWN_EDGES = 160, 0.0006  # share of it over which a place's own colour is averaged, short of edges of this variance
ASIDE = 2.6  # deviations of that average, to the neighbourhoods that may tell whether a place is quiet
ALIKE = 0.03  # of OKLab, difference of colour at which a neighbourhood is hardly the same surface
QUIET = 0.028  # of OKLab, detail of which half the quiet is gone: a clear sky has .005, grass .05
FINE, SPREAD, CALM = 170, 85, 0.4
"""Texture is what a Gaussian of a share of the longer side takes away; the calmest part, by means over another."""
PAINTED = 0.011  # of OKLab, texture of calm places where paint is thick; two thirds of it count as none
FEATURES = ((0.31, 0.38, 0.13), (0.69, 0.38, 0.13), (0.5, 0.76, 0.17), (0.5, 0.58, 0.1))
"""Eyes, mouth and nose in a face's box: x, y and reach, as shares of its width; of an average face."""
FOCUS = 0.05  # share of a picture without faces that is finished like one, half of it without doubt
MOST = 1.6  # saliency of eyes; 1 is the most salient place of a picture without faces


class Face(NamedTuple):
    """A face's box in pixels."""

    left: float
    top: float
    side: float


class Saliency(NamedTuple):
    """What matters in a picture.

    Attributes:
        map: (h, w) in [0, 1], up to `MOST` in faces.
        lines: (h, w) in [0, 1], thin lines that stand alone.
        calm: (h, w) in [0, 1], 1 within faces, where colours must not play.
        quiet: (h, w) in [0, 1], 1 where there is no detail: a sky, a wall, what is out of focus.
        texture: in [0, 1], 1 where calm places have as much of their own as thick paint, 0 where they are smooth.
        focus: (h, w) in [0, 1], 1 in the most salient part of a picture without faces, which is finished like one.
        faces: largest first.
    """

    map: F32
    lines: F32
    calm: F32
    quiet: F32
    texture: float
    focus: F32
    faces: tuple[Face, ...]


@cache
def _cascade() -> Cascade:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def find_faces(picture: F32) -> tuple[Face, ...]:
    """Faces that look at the viewer, largest first.

    Args:
        picture: (h, w, 3) sRGB in [0, 1].
    """
    high, wide = picture.shape[:2]
    scale = FACE_SIDE / max(high, wide)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    if min(size) <= MIN_FACE:
        return ()
    small = Image.fromarray((picture * 255 + 0.5).astype(np.uint8)).resize(size, Image.Resampling.BOX)
    found = _cascade().detect_multi_scale(
        np.asarray(small), 1.15, 1, (MIN_FACE, MIN_FACE), (MAX_FACE, MAX_FACE), min_neighbor_number=AGREEING
    )
    faces = [Face(item["c"] / scale, item["r"] / scale, item["width"] / scale) for item in found]
    return tuple(sorted(faces, key=lambda face: (-face.side, face.left, face.top)))


def _stretched(field: F32) -> F32:
    """From its lowest tenth to its highest thirtieth, as [0, 1]."""
    low, high = np.quantile(field, (0.1, 0.97))
    stretched: F32 = np.clip((field - low) / (high - low + 1e-9), 0, 1).astype(np.float32)
    return stretched


def line_strength(field: F64) -> F64:
    """(h, w) how much a place is on a dark or a bright line, on the scale where it is most; after Sato et al. (1998).

    That is the Hessian's largest eigenvalue, and the negative of its smallest, each where it is positive, times the
    deviation's square. Here, since scikit-image's filter imports `scipy.stats`, which takes half a second.

    Args:
        field: (h, w).
    """
    dark, bright = np.zeros_like(field), np.zeros_like(field)
    for deviation in LINE_WIDTHS:
        half = deviation / math.sqrt(2)  # two first derivatives after each other are more exact than a second one

        def derived(values: F64, down: int, right: int, half: float = half) -> F64:
            result: F64 = ndimage.gaussian_filter(values, half, order=(down, right), truncate=LINE_CUT)
            return result

        down, right = derived(field, 1, 0), derived(field, 0, 1)
        downwards, mixed, rightwards = derived(down, 1, 0), derived(down, 0, 1), derived(right, 0, 1)
        middle = (downwards + rightwards) / 2
        apart = np.sqrt(mixed**2 + ((downwards - rightwards) / 2) ** 2)
        dark = np.maximum(dark, deviation**2 * (middle + apart))
        bright = np.maximum(bright, deviation**2 * (apart - middle))
    strength: F64 = dark + bright
    return strength


def thin_lines(lab: F32) -> F32:
    """(h, w) in [0, 1], how much a place is on a thin line that stands alone: a mast, a branch, a wire.

    Saliency by contrast over areas misses them, and accents would; ridges after Sato et al. (1998).

    Args:
        lab: (h, w, 3) OKLab.
    """
    side = min(lab.shape[:2])
    lightness = lab[..., 0].astype(np.float64)
    ridges = line_strength(lightness).astype(np.float32)
    # in foliage every place is a ridge; alone is what is so more than its surroundings
    alone = np.clip(ridges - smooth(ridges, side / 18), 0, None)
    along = smooth(alone, side / 240)
    lines: F32 = np.clip(along / LINE_CONTRAST, 0, 1)
    return lines


def quietness(lab: F32) -> F32:
    """(h, w) in [0, 1], 1 where a picture has no detail; gradients of a sky are none.

    A place is as quiet as the quietest neighbourhood beside it of its own colour: a sky is a sky up to the roof, whose
    edge alone would make a band along it restless, and so a halo of livelier paint.

    Args:
        lab: (h, w, 3) OKLab.
    """
    side = min(lab.shape[:2])
    seen = lab * np.array([1, CHROMA, CHROMA], np.float32)
    own = smooth_within_edges(lab, side / OWN, OWN_EDGES).colours * np.array([1, CHROMA, CHROMA], np.float32)
    restless = ((seen - smooth(seen, side / DETAIL)) ** 2).sum(2)
    found = np.zeros(restless.shape, np.float32)
    for share in AROUND:  # the narrow one finds the ground between things that lie close together
        around = side / share
        quiet = 1 / (1 + np.maximum(0, smooth(restless, around)) / QUIET**2)
        found = np.maximum(found, _quietest(np.dstack([smooth(seen, around), quiet]), own, ASIDE * around))
    return smooth(found, side / 240)


def _quietest(surfaces: F32, own: F32, apart: float) -> F32:
    """(h, w) the quiet of a place, or of what is like it around it.

    Args:
        surfaces: (h, w, 4) colour and quiet of neighbourhoods.
        own: (h, w, 3) colour of places.
        apart: pixels from a place to its neighbourhoods.
    """
    reach = math.ceil(apart)
    padded = np.pad(surfaces, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    found, (high, wide) = surfaces[..., 3], own.shape[:2]
    for turn in range(8):
        top = reach + round(apart * math.sin(turn * math.pi / 4))
        left = reach + round(apart * math.cos(turn * math.pi / 4))
        there = padded[top : top + high, left : left + wide]
        alike = np.exp(-((own - there[..., :3]) ** 2).sum(2) / ALIKE**2)
        found = np.maximum(found, there[..., 3] * alike)
    return found


def own_texture(lab: F32) -> float:
    """How much texture the calm places of a picture have beside thick paint: 1 as much, 0 two thirds of it or less.

    Args:
        lab: (h, w, 3) OKLab.
    """
    side = max(lab.shape[:2])
    fine = ((lab - smooth(lab, side / FINE)) ** 2).sum(2)
    restless = smooth(fine, side / SPREAD)
    calm = restless <= np.quantile(restless, CALM)
    found = math.sqrt(fine[calm].mean()) / PAINTED
    return min(1.0, max(0.0, 3 * found - 2))


def focus(mapped: F32) -> F32:
    """(h, w) in [0, 1], above 0 in the `FOCUS` of a picture, 1 in the most salient half of it.

    Args:
        mapped: (h, w) how salient places are; where it is the same everywhere, nothing is.
    """
    low, high = np.quantile(mapped, (1 - FOCUS, 1 - FOCUS / 2))
    near: F32 = np.clip((mapped - low) / (high - low + 1e-9), 0, 1).astype(np.float32)
    return near


def saliency(lab: F32, faces: tuple[Face, ...] = ()) -> Saliency:
    """What matters in a picture.

    Args:
        lab: (h, w, 3) OKLab.
        faces: in it.
    """
    high, wide = lab.shape[:2]
    side = min(high, wide)
    seen = lab * np.array([1, CHROMA, CHROMA], np.float32)
    contrast = np.zeros((high, wide), np.float32)
    for small, large in CENTRE_AND_SURROUND:
        contrast += np.sqrt(((smooth(seen, side / small) - smooth(seen, side / large)) ** 2).sum(2))
    edges = np.sqrt(sum(ndimage.gaussian_gradient_magnitude(seen[..., c], 1.2) ** 2 for c in range(3)))
    dense = _stretched(smooth(edges, side / 60))
    y, x = np.mgrid[0:high, 0:wide]
    middle = np.exp(-(((x / wide - 0.5) / 0.38) ** 2) - ((y / high - 0.5) / 0.42) ** 2)
    mapped = _stretched(smooth(0.6 * _stretched(contrast) + 0.7 * dense, side / 50)) * (0.55 + 0.45 * middle)
    calm = np.zeros((high, wide), np.float32)
    lines, quiet, texture = thin_lines(lab), quietness(lab), own_texture(lab)
    if not faces:
        mapped = _stretched(mapped)
        return Saliency(mapped, lines, calm, quiet, texture, focus(mapped * (1 - quiet)), faces)
    for left, top, width in faces:
        u, v = (x - left) / width, (y - top) / width
        mapped = np.maximum(mapped, 0.8 * np.exp(-((u - 0.5) ** 2 + (v - 0.5) ** 2) / 0.55**2))
        for at, down, reach in FEATURES:
            mapped = np.maximum(mapped, MOST * np.exp(-((u - at) ** 2 + 1.8 * (v - down) ** 2) / reach**2))
        oval = ((u - 0.5) / 0.5) ** 2 + ((v - 0.52) / 0.62) ** 2
        calm = np.maximum(calm, np.exp(-(oval**2)).astype(np.float32))
    nothing = np.zeros_like(calm)
    return Saliency(np.clip(mapped, 0, MOST).astype(np.float32), lines, calm, quiet, texture, nothing, faces)
