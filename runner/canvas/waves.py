"""Waves: the amplitudes of a few waves that have the symmetry, through which a photograph is seen.

    amplitudes (terms, 2) -> f on the surface -> where in the photograph each point looks -> orbit values

After Farris (2015). A run of no steps shows the waves of the run's seed; with steps, any objective chooses the
amplitudes: some dozen numbers, the same for every size of picture, so that each phase goes on with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

import numpy as np
from torch import Tensor

from orbifolio.runner.arrays import F64
from orbifolio.runner.canvas.base import Canvas, CanvasPhase, CanvasSettings
from orbifolio.runner.canvas.initial import InitialState, WaveStart
from orbifolio.runner.canvas.wave_picture import ZONE_TERMS, WavePicture, WaveSettings
from orbifolio.runner.symmetry.base import Layout, LayoutExtent
from orbifolio.runner.symmetry.charts import Chart, grid


class Waves(WaveSettings, CanvasSettings):
    """A photograph seen through waves of the symmetry: large, smooth shapes, in a second and without a network."""

    kind: Literal["waves"] = "waves"
    paints: ClassVar[bool] = True
    cites: ClassVar[tuple[str, ...]] = ("farris2015", "williams1983")

    @property
    def shown_first(self) -> InitialState:
        """The same waves as a start."""
        return WaveStart(**{name: getattr(self, name) for name in WaveSettings.model_fields})

    def begin(self, phase: CanvasPhase, values: Tensor, previous: Canvas | None) -> WaveCanvas:
        """The amplitudes of the phase before, or those of the run's seed; see the base class."""
        assert phase.symmetry is not None
        assert phase.picture is not None
        space = phase.symmetry.wave_space(phase.layout.width, phase.layout.height)
        photo = phase.picture(self.photo)
        picture = WavePicture(self, space, phase.layout, photo, phase.seed)
        chart = phase.symmetry.chart_for(phase.layout.width, phase.layout.height)
        canvas = WaveCanvas(phase.layout, picture, texels_between(chart, phase.layout, picture.texel))
        if previous is not None:
            canvas.load_state_dict(previous.state_dict())
        return canvas

    def parameter_count(self, extent: LayoutExtent, number: int, sizes: tuple[tuple[int, int], ...]) -> int:
        """Two for each wave, at most."""
        return 2 * (self.terms + ZONE_TERMS)

    def pictures(self) -> Mapping[str, str]:
        """The photograph."""
        return {"photo": self.photo}

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """A start, which waves do not have."""
        if "init" in self.model_fields_set:
            return [("init", "waves begin as the waves of seed and variant; nothing else is shown; leave out init")]
        return []


class WaveCanvas(Canvas):
    """Holds the amplitudes of a wave picture."""

    def __init__(self, layout: Layout, picture: WavePicture, spacing: F64) -> None:
        self.layout, self.picture, self._spacing = layout, picture, spacing
        self._held = [picture.amplitudes, picture.zones] if picture.colourings.count else [picture.amplitudes]
        for tensor in self._held:
            tensor.requires_grad_(True)

    def parameters(self) -> list[Tensor]:
        """(terms, 2) amplitudes, and those of the waves between colourings where there are any."""
        return self._held

    def values(self) -> Tensor:
        """The orbits' values; see the base class."""
        return self.picture.values()

    def artwork(self) -> Tensor:
        """Sharper than the layout's, since every pixel looks at the photo; see the base class."""
        return self.picture.artwork(self._spacing)

    def describe(self) -> str:
        """How many waves, of which frequencies."""
        found = self.picture.shapes
        highest = float(found.frequencies.max(initial=1.0))
        return f"{found.count} waves of up to {highest:.2g} times the lowest frequency"


def texels_between(chart: Chart, layout: Layout, texel: float) -> F64:
    """(height * width,) texels between neighbouring pixels; 1 where the chart is even, infinite off the surface.

    Args:
        chart: through which the layout shows its surface.
        layout: of one size.
        texel: distance of texels, on the surface.
    """
    seen = chart.look(*grid(layout.width, layout.height))
    spacing = np.where(seen.there, seen.spacing, np.inf)
    if float(spacing.max()) < 1.01 * float(spacing.min()):  # flat, and every pixel a texel
        return np.ones(len(spacing))
    length: F64 = spacing * (2 / min(layout.width, layout.height)) / texel
    return length
