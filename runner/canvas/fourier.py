"""Fourier: the amplitudes of waves in decorrelated colours, so that one step moves all sizes alike.

After Olah et al. (2017) and Mordvintsev et al. (2018): preconditioning by 1/frequency makes gradient
descent favour large smooth shapes first, which is what turns class scores into pictures instead of hash.
The waves make a plain picture, whose average over the orbits of the symmetry is the artwork.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.canvas.base import Canvas, CanvasSettings
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry.base import Layout

if TYPE_CHECKING:
    from torch import Tensor

# Square root of the covariance of RGB over natural photographs (Olah et al. 2017), columns scaled so that
# the largest has norm 1: brightness, then blue against yellow, then green against magenta.
COLOUR_BASIS = (
    (0.5627, 0.1948, 0.0433),
    (0.5844, 0.0000, -0.1082),
    (0.5844, -0.1948, 0.0649),
)
LIMIT = 0.98  # pictures are clipped to [1 - LIMIT, LIMIT] before the inverse sigmoid, which is infinite at 0 and 1


class Fourier(CanvasSettings):
    """Waves instead of pixels; the better choice for dreams, with Adam."""

    kind: Literal["fourier"] = "fourier"
    decay: float = Field(default=1.0, ge=0, le=2)
    """Power of the frequency by which waves are damped; 1 is that of natural pictures."""
    contrast: float = Field(default=4.0, gt=0, le=100)
    """Gain before colours are squeezed into range; larger learns faster and more saturated."""
    cites: ClassVar[tuple[str, ...]] = ("olah2017", "mordvintsev2018")

    def build(self, layout: Layout, values: Tensor) -> FourierCanvas:
        """The canvas whose artwork is as near to these orbit values as its range admits."""
        return FourierCanvas(layout, values, decay=self.decay, contrast=self.contrast)


class FourierCanvas(Canvas):
    """Holds a (3, height, width // 2 + 1, 2) spectrum, real and imaginary."""

    def __init__(self, layout: Layout, values: Tensor, *, decay: float, contrast: float) -> None:
        self.layout = layout
        device = values.device
        height, width = layout.height, layout.width
        rows = torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
        columns = torch.fft.rfftfreq(width, dtype=torch.float64)[None, :]
        frequency = (rows.square() + columns.square()).sqrt().clamp_min(1 / max(height, width))
        gain = frequency.pow(-decay)
        # By Parseval, unit spectra give a picture whose variance depends on the contrast only, not on size or decay.
        gain = gain * (contrast / gain.square().mean().sqrt()) * (height * width) ** 0.5 / 4
        self.gain = gain.float().to(device)
        self.basis = torch.tensor(COLOUR_BASIS, device=device)
        picture = (layout.render(values).detach() - 0.5).clamp(0.5 - LIMIT, LIMIT - 0.5) + 0.5
        waves = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(self.basis), torch.logit(picture))[0]
        spectrum = torch.fft.rfft2(waves) / self.gain
        self.tensor = torch.view_as_real(spectrum).contiguous().clone().requires_grad_(True)

    def parameters(self) -> list[Tensor]:
        """The (3, height, width // 2 + 1, 2) spectrum alone."""
        return [self.tensor]

    def values(self) -> Tensor:
        """The orbits' values; see the base class."""
        spectrum = torch.view_as_complex(self.tensor) * self.gain
        waves = torch.fft.irfft2(spectrum, s=(self.layout.height, self.layout.width))
        picture = torch.sigmoid(torch.einsum("ij,jhw->ihw", self.basis, waves))[None]
        return self.layout.sample(picture)
