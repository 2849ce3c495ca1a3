"""The subject of a painting: a picture at the size that strokes are planned at, with what a painter sees in it.

Strokes are planned at a fixed size, whatever the size of the canvas: the same painting comes out larger, in finer
bristles, and planning costs the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.directions import slow_noise
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.paints import choose_paints, desaturate, saturate, to_paint
from orbifolio.runner.painting.saliency import Saliency, find_faces, saliency
from orbifolio.runner.vector.hex_colours import from_hex

PLAN_SIDE = 720  # pixels of the longer side: strokes of 1/175 of it are 4 px wide, and all steps take about a second
GROUND = np.array([0.82, 0.7, 0.7])  # of the mean colour's lightness and chroma: a ground recedes
PALETTE, NOISE = 1, 2  # streams of random numbers, beside those of the layers


@dataclass(frozen=True)
class Subject:
    """What is painted, (h, w) pixels.

    Attributes:
        picture: (h, w, 3) sRGB in [0, 1].
        lab: (h, w, 3) OKLab, in the look's contrast and key.
        saliency: what matters.
        bearing: (h, w) radians where strokes go without edges.
        noise: (h, w) of mean square 1, slow.
        paints: (k, 3) OKLab on the palette; None for any colour.
        palette_given: whether they are the only ones, and not merely chosen from the picture.
        ground: sRGB in [0, 1].
        share: (h, w) 1 where strokes may begin, 0 elsewhere; None for everywhere.
    """

    picture: F32
    lab: F32
    saliency: Saliency
    bearing: F32
    noise: F32
    paints: F64 | None
    palette_given: bool
    ground: tuple[float, float, float]
    share: F32 | None = None

    @property
    def side(self) -> int:
        """The shorter side in pixels."""
        return int(min(self.lab.shape[:2]))


def resized(picture: F32, width: int, height: int) -> F32:
    """(height, width, 3) a picture in another size.

    Args:
        picture: (h, w, 3) float32.
        width: in pixels.
        height: in pixels.
    """
    if picture.shape[:2] == (height, width):
        return picture
    smaller = width < picture.shape[1]
    method = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
    channels = [
        Image.fromarray(np.ascontiguousarray(picture[..., c])).resize((width, height), method) for c in range(3)
    ]
    return np.stack([np.asarray(channel, np.float32) for channel in channels], axis=2)


def plan_size(width: int, height: int, side: int = PLAN_SIDE) -> tuple[int, int]:
    """(width, height), the longer of them `side` pixels, in which a picture of these is planned."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def see(picture: F32, look: PaintingLook, *, seed: int, palette: F64 | None = None, side: int = PLAN_SIDE) -> Subject:
    """What a painter sees in a picture.

    Args:
        picture: (h, w, 3) sRGB in [0, 1], of any size.
        look: that it is painted in.
        seed: of the palette and of the slow turning.
        palette: (k, 3) OKLab, the only paints; None to choose them.
        side: pixels of the longer side that strokes are planned at.
    """
    seen = np.clip(resized(picture, *plan_size(picture.shape[1], picture.shape[0], side)), 0, 1)
    plain = oklab.from_srgb(seen.astype(np.float64)).astype(np.float32)
    matters = saliency(plain, find_faces(seen) if look.faces else ())
    lab = _paintable(toned(plain, look), look.saturation)
    noise = slow_noise(lab.shape[:2], min(lab.shape[:2]) / 4, np.random.default_rng((seed, NOISE)))
    paints = palette
    if paints is None and look.paints:
        # what is not salient still needs paints: 0.15
        paints = choose_paints(lab, 0.15 + matters.map, look.paints, np.random.default_rng((seed, PALETTE)))
    mean_colour = lab.mean((0, 1)).astype(np.float64)
    ground = from_hex(look.ground) if look.ground else _colour(mean_colour * GROUND)
    return Subject(seen, lab, matters, look.bearing + look.turn * noise, noise, paints, palette is not None, ground)


def toned(lab: F32, look: PaintingLook) -> F32:
    """(h, w, 3) OKLab of a picture in a look's key and contrast.

    A colour becomes only as light, or as dark, as it can without losing chroma: yellow leaves would turn white.
    """
    done = lab.astype(np.float64)
    lightness = 1 - (1 - done[..., 0]) * look.key
    mean = lightness.mean()
    done[..., 0] = np.clip(mean + (lightness - mean) * look.contrast, 0, 1)
    return oklab.last_shown(lab.astype(np.float64), done).astype(np.float32)


def _paintable(lab: F32, saturation: float) -> F32:
    """(h, w, 3) OKLab, moved to where its saturated colours are within the screen's range.

    What no paint can show would be mended again and again.
    """
    if saturation == 0:
        return lab
    shown = to_paint(saturate(lab.reshape(-1, 3).astype(np.float64), saturation)).clip(0, 1)
    return desaturate(oklab.from_srgb(shown.astype(np.float64)), saturation).reshape(lab.shape).astype(np.float32)


def wanted(picture: F32, look: PaintingLook, width: int, height: int) -> F32:
    """(height, width, 3) sRGB of a picture in a look's key, contrast and saturation: what its strokes are to show."""
    lab = toned(oklab.from_srgb(resized(picture, width, height).astype(np.float64)).astype(np.float32), look)
    return to_paint(saturate(lab.reshape(-1, 3).astype(np.float64), look.saturation)).reshape(height, width, 3)


def _colour(lab: F64) -> tuple[float, float, float]:
    red, green, blue = oklab.to_srgb(lab).tolist()
    return red, green, blue
