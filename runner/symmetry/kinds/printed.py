"""What symmetries have in common whose pictures are printed in inks: see `symmetry/inks.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.inks import Inks

if TYPE_CHECKING:
    from torch import Tensor

Appearance = tuple[float, bool, F64]
"""(angle, whether mirrored, colours), as `base.Symmetry.appearances` has them."""


class PrintedSymmetry(Symmetry):
    """Over the symmetry of the channels, which the class beside it is.

    Attributes:
        inks: of the colours.
    """

    printed = True
    inks: Inks

    def channels(self, picture: F64) -> F64:
        """Before it was printed: see `base.Symmetry.channels`."""
        return self.inks.channels(picture)

    def print_of(self, channels: F64) -> F64:
        """In the colours of the inks: see `base.Symmetry.print_of`."""
        return self.inks.print_of(channels)

    def in_gamut(self, artwork: Tensor) -> Tensor:
        """Drawn towards ink and paper: see `base.Symmetry.in_gamut`."""
        pixels = artwork.detach().double().cpu().permute(0, 2, 3, 1).numpy()
        return torch.from_numpy(self.inks.in_gamut(pixels)).permute(0, 3, 1, 2).to(artwork)


def in_own_colours(appearances: Iterable[Appearance]) -> tuple[Appearance, ...]:
    """Turns and flips of what `base.Symmetry.appearances` gives; colours stay, since they are the inks'."""
    ways = dict.fromkeys((angle, mirrored) for angle, mirrored, _ in appearances)
    return tuple((angle, mirrored, np.eye(3)) for angle, mirrored in ways)
