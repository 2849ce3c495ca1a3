"""Pixels: one RGB value for each orbit of the symmetry, in orthonormal coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from orbifolio.runner.canvas.base import Canvas, CanvasSettings
from orbifolio.runner.symmetry.base import Layout

if TYPE_CHECKING:
    from torch import Tensor


class Pixels(CanvasSettings):
    """The plain choice: the colours themselves are optimised."""

    kind: Literal["pixels"] = "pixels"
    cites: ClassVar[tuple[str, ...]] = ("gatys2015",)

    def build(self, layout: Layout, values: Tensor) -> PixelCanvas:
        """The canvas that shows these orbit values."""
        return PixelCanvas(layout, values)


class PixelCanvas(Canvas):
    """Holds p = v * sqrt(orbit size) for each orbit value v.

    An orbit's gradient is a sum over all the pixels that show it. In these coordinates the map to the
    artwork is an isometry (up to interpolation): n pixels of value v = p / sqrt(n) have the squared norm
    n v^2 = p^2. So descent does the same whatever the orbits' sizes, and points on mirrors and rotation
    centres do not lag behind.
    """

    def __init__(self, layout: Layout, values: Tensor) -> None:
        self.layout = layout
        self.scale = layout.orbit_size.sqrt()[:, None].to(values.device)
        self.tensor = (values * self.scale).detach().clone().requires_grad_(True)

    def parameters(self) -> list[Tensor]:
        """One (orbits, 3) tensor."""
        return [self.tensor]

    def values(self) -> Tensor:
        """The orbits' values; see the base class."""
        return self.layout.constrain(self.tensor / self.scale)
