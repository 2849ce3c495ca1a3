"""The sphere tiled by one figure, as Escher carved fish into a ball: (outline, group) -> symmetry of a map of it."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.groups.polyhedral import point_group
from orbifolio.runner.symmetry.kinds.curved_figure import CurvedFigure, CurvedFigureSettings
from orbifolio.runner.symmetry.kinds.sphere import SphereSymmetry


class FigureSphereSymmetry(CurvedFigure, SphereSymmetry):
    """The turns of a solid whose fundamental domain is a figure: see `base.Symmetry`."""


class FigureSphere(CurvedFigureSettings):
    """A figure of your own that fills the sphere, twelve or twenty-four times, as Escher carved fish into a ball."""

    cites: ClassVar[tuple[str, ...]] = ("coxeter1972", "grunbaum1987", "nagata2020", "sorkine2007")

    kind: Literal["figure-sphere"] = "figure-sphere"
    group: Literal["T", "O"] = "O"
    """The turns of the tetrahedron, T: twelve tiles in four colours; or of the octahedron, O: twenty-four in three."""
    cameras: int | None = Field(default=None, ge=1, le=32)
    """Cameras that the network sees through in each step; none: as many as see the group's domain about once, at
    most 4."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self.check_cuts(point_group(self.group).parent)
        return self

    def build(self, ratio: Ratio | None = None) -> FigureSphereSymmetry:
        """The working symmetry: see `SymmetrySettings.build`; the map is twice as wide as high, always."""
        group = point_group(self.group)
        names = {"face": f"r{group.parent.p}", "edge": "r2"}
        tile, assignment, inks = self.coloured_tile(group.parent, group.presentation, names)
        symmetry = FigureSphereSymmetry(group, assignment, self.cameras)
        symmetry.take_figure(tile, {turn: assignment[name] for turn, name in names.items()}, inks)
        return symmetry
