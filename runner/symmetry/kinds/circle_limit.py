"""The hyperbolic plane tiled by one figure, as in Escher's Circle Limits: (outline, {p, q}) -> symmetry of a disk."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.symmetry.kinds.curved_figure import CurvedFigure, CurvedFigureSettings
from orbifolio.runner.symmetry.kinds.hyperbolic import ChartName, HyperbolicSymmetry, chart_named, presentation


class CircleLimitSymmetry(CurvedFigure, HyperbolicSymmetry):
    """A triangle group's turns whose fundamental domain is a figure: see `base.Symmetry`."""


class CircleLimit(CurvedFigureSettings):
    """A figure of your own that fills the hyperbolic plane, as in Escher's Circle Limits.

    A tile is turned about its corners and the middle of an edge by the turns of {p, q}, or with r of a triangle group
    (p, q, r); the outline is bent as little as possible until it fits.
    """

    cites: ClassVar[tuple[str, ...]] = ("coxeter1972", "grunbaum1987", "nagata2020", "sorkine2007")

    kind: Literal["circle-limit"] = "circle-limit"
    p: int = Field(ge=3, le=12)
    """Tiles around one corner; the picture's middle is such a place."""
    q: int = Field(ge=3, le=12)
    """Tiles around another corner; 1/p + 1/q + 1/r must be less than 1."""
    r: int = Field(default=2, ge=2, le=12)
    """Tiles around a third corner; 2 is a half turn about the middle of an edge."""
    chart: ChartName = "disk"
    """The picture: Poincare's disk, Klein's disk, the upper half-plane, a band, or a square filled conformally."""
    radius: float = Field(default=1.0, gt=0.2, le=1.0)
    """Part of the disk that is shown: its radius in units of the whole disk's."""
    window: float = Field(default=0.5, ge=0.1, le=0.65)
    """Half the side of the windows that the network sees, in units of the disk's radius."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        triangle = Triangle(self.p, self.q, self.r)
        if triangle.curvature >= 0:
            raise ValueError(
                f"({self.p}, {self.q}, {self.r}); 1/p + 1/q + 1/r is less than 1 in the hyperbolic plane; use larger "
                "numbers, as in p: 6, q: 4"
            )
        self.check_cuts(triangle)
        return self

    def build(self, ratio: Ratio | None = None) -> CircleLimitSymmetry:
        """The working symmetry: see `SymmetrySettings.build`."""
        triangle = Triangle(self.p, self.q, self.r)
        group = presentation(self.p, self.q, self.r, mirrors=False)
        tile, assignment, inks = self.coloured_tile(triangle, group, {"face": "face", "edge": "edge"})
        chart = chart_named(self.chart, triangle, self.radius, ratio)
        symmetry = CircleLimitSymmetry(triangle, assignment, chart, chart_name=self.chart, reach=self.window)
        symmetry.take_figure(tile, assignment, inks)
        return symmetry
