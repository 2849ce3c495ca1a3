"""An objective for orbifolio: `- {kind: contrast, deviation: 0.25}` keeps a picture from washing out."""

from typing import Literal

from pydantic import Field
from torch import Tensor

from orbifolio.runner.objectives.base import Objective, ObjectiveInput, ObjectiveSettings, Preparation


class Contrast(ObjectiveSettings):
    """Have a given contrast: squared difference of the standard deviation of all values."""

    kind: Literal["contrast"] = "contrast"
    deviation: float = Field(default=0.25, gt=0, le=0.5)
    """Wished standard deviation; half the picture black and half of it white has 0.5."""

    def build(self, preparation: Preparation) -> "ContrastObjective":
        """The working objective; it needs no preparation."""
        return ContrastObjective(self.weight, self.deviation)


class ContrastObjective(Objective):
    """The working objective."""

    def __init__(self, weight: float, deviation: float) -> None:
        self.weight, self.deviation = weight, deviation

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """One term, `contrast`."""
        return {"contrast": self.weight * (inputs.artwork.std() - self.deviation).square()}
