"""What a recipe says of the second stage: `refine: {steps: 40, objectives: [...]}` of the renderer `painting`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.objectives import AnyObjective
from orbifolio.runner.objectives.content import Content
from orbifolio.runner.objectives.objective_list import complaints_of, layers_of
from orbifolio.runner.objectives.pixels import PixelDifference
from orbifolio.runner.optimisers import AnyOptimiser
from orbifolio.runner.optimisers.adam import Adam
from orbifolio.runner.settings import Settings
from orbifolio.runner.views import Views
from orbifolio.runner.vision import AnyNetwork
from orbifolio.runner.vision.base import VisionSettings
from orbifolio.runner.vision.vgg import Vgg16

if TYPE_CHECKING:
    from orbifolio.runner.painting.refining.movable_strokes import Leeway


class StrokeRefinement(Settings):
    """Strokes that lie already get better colours, ends and widths, by what a network sees in the paint."""

    steps: int = Field(default=40, ge=1, le=10_000)
    """Optimisation steps; each paints the picture once."""
    size: int = Field(default=512, ge=64, le=2048)
    """Longer side, in pixels, of the painting that the network looks at; its width under a symmetry."""
    views: Views = ()
    """Random views the network gets, drawn anew at each step."""
    vision: AnyNetwork = Vgg16()
    """The network that looks."""
    objectives: Annotated[tuple[AnyObjective, ...], Field(min_length=1, max_length=64)] = (
        Content(),
        PixelDifference(weight=40),
    )
    """What is made small; by default how far the painting's content and its colours are from the picture that is
    painted. Objectives that name no picture compare with that one, in the look's own contrast and saturation."""
    optimiser: AnyOptimiser = Adam(rate=0.01)
    """How it is made small; its rate is the change of a colour in one step, a tenth of it in radii that of an end."""
    ridge: float = Field(default=50.0, ge=0, le=1e6)
    """How much it costs to change colours: so many times the mean square of the change, by the area of strokes."""
    ends: float = Field(default=1.5, ge=0, le=20)
    """How far each end of a stroke may move along it, in radii; 0 leaves them where they are."""
    widths: float = Field(default=0.2, ge=0, le=1)
    """Share by which a stroke may become wider or thinner; 0 leaves it as it is."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of the network."""

    cites: ClassVar[tuple[str, ...]] = ("nakano2019",)

    @property
    def leeway(self) -> Leeway:
        """How far strokes may be moved."""
        from orbifolio.runner.painting.refining.movable_strokes import Leeway  # compiles, so not before it is needed

        return Leeway(self.ends, self.widths)

    def layers(self) -> set[str]:
        """Names of all layers that objectives use."""
        return layers_of(self.objectives, self.vision)

    def networks(self) -> tuple[VisionSettings, ...]:
        """The one network, unless no objective uses it."""
        return (self.vision,) if self.layers() else ()

    def complaints(self) -> list[tuple[str, str]]:
        """What is wrong with the objectives, as (path, message)."""
        return complaints_of(self.objectives, self.vision, self.views)
