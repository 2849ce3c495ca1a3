"""No symmetry: one parameter for every pixel, no period, any size; for pictures that do not tile."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from runner.symmetry.base import Claim, Layout, Ratio, Symmetry, SymmetrySettings
from runner.symmetry.resample import resample
from runner.symmetry.summary import summarise


class PixelLayout(Layout):
    """Values are the pixels, row by row: see `base.Layout`."""

    def __init__(self, width: int, height: int, device: str = "cpu") -> None:
        if width < 1 or height < 1:
            raise ValueError(f"{width} x {height}; a picture has at least one pixel; ask fit for a size")
        self.width, self.height, self.parameters = width, height, width * height
        self.wrap = (False, False)
        self.orbit_size = torch.ones(width * height, device=device)

    def render(self, values: Tensor) -> Tensor:
        """The picture, in channels-last memory: see `base.Layout.render`."""
        return (values + 0.5).view(1, self.height, self.width, 3).permute(0, 3, 1, 2)

    def constrain(self, values: Tensor) -> Tensor:
        """The values themselves: nothing is special."""
        return values

    def sample(self, picture: Tensor) -> Tensor:
        """The picture at this size: see `base.Layout.sample`."""
        picture = picture.to(self.orbit_size.device)
        picture = picture if picture.dtype == torch.float64 else picture.float()
        resized = resample(picture, self.height, self.width, wrap=self.wrap)
        return resized[0].permute(1, 2, 0).reshape(-1, 3) - 0.5

    def to(self, device: str) -> PixelLayout:
        """The same layout on a device."""
        return PixelLayout(self.width, self.height, device)


class PlainPicture(Symmetry):
    """A picture as it is: see `base.Symmetry`."""

    title = "no symmetry"
    group = ""
    wrap = (False, False)
    cells = 1
    notes = ()

    def __init__(self, ratio: Ratio | None = None) -> None:
        self.ratio = None if ratio is None else ratio.value

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The nearest multiples: see `base.Symmetry.fit`."""
        if width < 1 or multiple < 1 or not ratio > 0 or not math.isfinite(ratio):
            raise ValueError(f"width {width}, multiple {multiple}, ratio {ratio}: all must be positive")
        across = multiple * max(1, round(width / multiple))
        return across, multiple * max(1, round(across / (self.ratio or ratio) / multiple))

    def layout(self, width: int, height: int) -> PixelLayout:
        """One parameter for every pixel."""
        return PixelLayout(width, height)

    def claims(self) -> tuple[Claim, ...]:
        """Nothing is claimed."""
        return ()

    def colours(self) -> tuple[int, ...]:
        """The identity only."""
        return (0,)

    def orientations(self) -> tuple[tuple[float, bool], ...]:
        """Upright only."""
        return ((0.0, False),)

    def advisories(self) -> tuple[str, ...]:
        """Nothing to warn of."""
        return ()

    def appearances(self) -> tuple[tuple[float, bool, npt.NDArray[np.float64]], ...]:
        """As it is."""
        return ((0.0, False, np.eye(3)),)

    def summary(self, kind: str, picture: npt.NDArray[np.float32] | None) -> dict[str, Any]:
        """The `symmetry` block of `run.json`; there is nothing to measure."""
        return summarise(self, kind, None)


class NoSymmetry(SymmetrySettings):
    """No symmetry: style transfer and dreams on a picture that does not tile."""

    kind: Literal["none"] = "none"

    def build(self, ratio: Ratio | None = None) -> PlainPicture:
        """The working symmetry; any ratio will do."""
        return PlainPicture(ratio)
