"""Measures of finished pictures, offline: `orbifolio.metrics.lpips("run/final.png", "photo.jpg")`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def lpips(picture: str | Path | NDArray[np.float32], target: str | Path | NDArray[np.float32]) -> float:
    """How different two pictures of one size look: LPIPS with AlexNet, version 0.1 (Zhang et al. 2018).

    Args:
        picture: a file, or (height, width, 3) sRGB in [0, 1].
        target: the other one, as many pixels high and wide; sides of at least 64 px.

    Returns:
        0 for equal pictures, about 0.1 for slight distortions, about 0.7 for unrelated pictures.

    Raises:
        OrbifolioError: a file cannot be read, sizes differ, or the weights (64 MB, fetched once) cannot be had.
    """
    import torch

    from orbifolio.runner.vision.lpips import load_lpips

    with torch.no_grad():
        pair = [torch.from_numpy(_pixels(each)).float().permute(2, 0, 1)[None] for each in (picture, target)]
        return float(load_lpips().each(*pair))


def _pixels(picture: str | Path | NDArray[np.float32]) -> NDArray[np.float32]:
    if not isinstance(picture, (str, Path)):
        return picture
    from orbifolio.api import read_pixels

    return read_pixels(Path(picture))
