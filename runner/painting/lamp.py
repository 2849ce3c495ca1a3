"""Light on paint: colours and heights under a raking lamp -> the picture one sees."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.painting.grounds import weave
from orbifolio.runner.painting.look import PLAIN_SIDE, PaintingLook
from orbifolio.runner.painting.smoothing import smooth

LAMP = (-0.62, -0.78)  # towards it: above left, as pictures are hung beside a window
SLOPE = 1.15  # factor of the paint's slope, so that `relief` 1 is as strong as one can bear
STEEPEST = 1.6  # slopes above 1 / this are not lit any more: paint is round
THREAD, THREAD_GROWTH = 3.2, 0.6  # pixels of a canvas's thread, and how it grows with the size
COVERED = 2.2  # by which rate of its height paint hides the weave
HIGHLIGHTS_ABOVE = 0.16  # of lit slope: only the steepest ridges shine
WARM = (1.0, 0.97, 0.9)  # colour of the lamp
STRIP = 512  # rows lit at once, for memory
MARGIN = 24  # rows beyond a strip that its light depends on


class PaintedCanvas(Protocol):
    """What is lit: see `BristleCanvas`."""

    look: PaintingLook
    ground: tuple[float, float, float]
    width: int
    height: int
    grain: F32

    def colours(self) -> F32:
        """(height, width, 3) sRGB in [0, 1]."""

    def heights(self) -> F32:
        """(height, width) of the paint."""


def lit(canvas: PaintedCanvas) -> F32:
    """(height, width, 3) sRGB in [0, 1] of opaque paint, lit; or of washes, with their pigment settled.

    Args:
        canvas: painted.
    """
    done = np.empty((canvas.height, canvas.width, 3), np.float32)
    colours, heights = canvas.colours(), canvas.heights()
    threads = (
        weave(canvas.width, canvas.height, THREAD * _growth(canvas) ** THREAD_GROWTH) if canvas.look.weave else None
    )
    light = settle if canvas.look.transparent else light_opaque
    for top in range(0, canvas.height, STRIP):
        low, high = max(0, top - MARGIN), min(canvas.height, top + STRIP + MARGIN)
        rows = slice(low, high)
        part = light(
            canvas, colours[rows], heights[rows], canvas.grain[rows], None if threads is None else threads[rows]
        )
        done[top : top + STRIP] = part[top - low : top - low + STRIP]
    return done


def _growth(canvas: PaintedCanvas) -> float:
    return max(1.0, max(canvas.width, canvas.height) / PLAIN_SIDE)


def light_opaque(canvas: PaintedCanvas, colours: F32, heights: F32, grain: F32, threads: F32 | None) -> F32:
    """Opaque paint under the lamp: ridges catch light, furrows are darker, varnish shines and deepens.

    Args:
        canvas: that all of it is part of.
        colours: (h, w, 3) sRGB in [0, 1].
        heights: (h, w) of the paint.
        grain: (h, w) of the ground.
        threads: (h, w) of the ground's weave; None for none.

    Returns:
        (h, w, 3) sRGB in [0, 1].
    """
    look, growth = canvas.look, _growth(canvas)
    if not look.relief:
        return _shown(colours * (1 + 0.03 * (grain - 0.5))[..., None])
    surface = ndimage.gaussian_filter(heights, 0.55 * math.sqrt(growth))
    if threads is not None:
        surface = surface + 0.1 * look.weave * np.exp(-COVERED * surface) * threads
    down, right = np.gradient(surface)
    facing = -(right * LAMP[0] + down * LAMP[1]) * math.sqrt(growth)
    light = np.tanh(facing * SLOPE * STEEPEST * look.relief) / STEEPEST
    furrows = 0.1 * look.relief * np.clip(surface - smooth(surface, 3 * growth), -0.5, 0.5)
    shine = 3.2 * look.varnish * np.clip(light - HIGHLIGHTS_ABOVE, 0, 0.5) ** 1.3
    light = light * (1 - 0.45 * np.clip(colours.mean(2), 0, 1) ** 2)  # light paint shows less of its relief
    shown = colours * (1 + light + furrows)[..., None] + shine[..., None] * np.array(WARM, np.float32)
    deeper = 0.1 * look.varnish * (1 - colours) * colours
    return _shown(shown - deeper)


def settle(canvas: PaintedCanvas, colours: F32, heights: F32, grain: F32, threads: F32 | None) -> F32:
    """Washes dried: pigment settles in the paper's hollows and at the rims of wet places.

    Args: as `light_opaque`.
    """
    growth, paper = _growth(canvas), np.array(canvas.ground, np.float32)
    density = -np.log(np.clip(colours / paper, 0.02, 1))
    density = ndimage.gaussian_filter(density, (0.4 * growth, 0.4 * growth, 0))
    rims = density - ndimage.gaussian_filter(density, (3 * growth, 3 * growth, 0))
    density = np.maximum(0, density + 0.3 * rims)
    hollows = (grain * 2 - 1)[..., None] * np.clip(1.3 - 0.25 * density.mean(2, keepdims=True), 0.3, 1)
    down, right = np.gradient(ndimage.gaussian_filter(grain, 0.8))
    light = 1 - 0.16 * (right * LAMP[0] + down * LAMP[1])[..., None]
    return _shown(paper * np.exp(-density * (1 - 0.13 * hollows)) * light)


def _shown(colours: F32) -> F32:
    shown: F32 = np.clip(colours, 0, 1).astype(np.float32)
    return shown
