"""Sharpening knows no direction: what a sixth of a turn leaves alone it leaves alone afterwards.

The oracle is analytic. A pattern with six-fold symmetry is a sum of waves whose wave vectors are turns of one
another, all of one length k; a Gaussian of standard deviation s multiplies each by exp(-(k s)^2 / 2), so the
unsharp mask must multiply the pattern's swing by 1 + amount (1 - exp(-(k s)^2 / 2)), without changing its form.
"""

import numpy as np
import pytest

from orbifolio.runner.images.finish import Finish, Traits


def waves(height: int, width: int, order: int) -> np.ndarray:
    """Three waves at 120 degrees on a cell of 1 x sqrt(3), sampled at (j / width, i / height)."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    x, y = x, y * np.sqrt(3)
    total = np.zeros((height, width))
    for turn in (0, 1, 2):
        angle = np.pi / 2 + turn * 2 * np.pi / 3
        total += np.cos(2 * np.pi * order * 2 / np.sqrt(3) * (np.cos(angle) * x + np.sin(angle) * y))
    return total


@pytest.mark.parametrize(("height", "width"), [(222, 128), (112, 64), (128, 96)])
@pytest.mark.parametrize("order", [1, 3, 5])
def test_six_fold_patterns_keep_their_form(height, width, order):
    pixel_aspect = (1 / width) / (np.sqrt(3) / height)  # the pixels of such a picture are not quite square
    radius, amount = 1.5, 0.8
    swing = 0.05 * waves(height, width, order)
    pixels = np.repeat((0.5 + swing)[..., None], 3, axis=2).astype(np.float32)
    done = Finish(sharpen=amount, radius=radius).apply(pixels, Traits(wrap=(True, True), pixel_aspect=pixel_aspect))
    length = 2 * np.pi * order * 2 / np.sqrt(3)
    deviation = radius * np.sqrt(3) / height  # the radius is measured along y
    gain = 1 + amount * (1 - np.exp(-((length * deviation) ** 2) / 2))
    np.testing.assert_allclose(done[..., 0] - 0.5, swing * gain, atol=2e-4)


def test_ignoring_the_shape_of_pixels_would_be_noticed():
    pixels = np.repeat((0.5 + 0.05 * waves(128, 96, 5))[..., None], 3, axis=2).astype(np.float32)
    aspect = (1 / 96) / (np.sqrt(3) / 128)
    right, wrong = (
        Finish(sharpen=0.8, radius=1.5).apply(pixels, Traits(wrap=(True, True), pixel_aspect=value))
        for value in (aspect, 1.0)
    )
    assert np.abs(right - wrong).max() > 1e-3
