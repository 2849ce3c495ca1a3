"""A symmetry of a curved surface: a group of isometries, a chart to show it in, crops for the network.

What the sphere and the hyperbolic plane have in common: the texture on the sheets of a triangle
(`texture.py`), as fine as the chart's middle needs; claims that are isometries of points, measured where the
chart shows them at similar scales; and crops of random position and turn for the network, since neither
surface fits a picture without distortion.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import QUARTER_TURNS, Layout, Symmetry, every_appearance
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.claims import Claim, Move
from orbifolio.runner.symmetry.groups.coset_table import CosetTable
from orbifolio.runner.symmetry.groups.emblems import EMBLEMS, centre_warning, colour_choices, emblem_warning
from orbifolio.runner.symmetry.groups.presentation import Presentation
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.symmetry.layouts.folded import FoldedLayout, FoldedSurface
from orbifolio.runner.symmetry.layouts.texture import Texture

MAX_DIVISIONS = 1200  # of a triangle's side: 720,000 nodes a sheet, as many as a picture of 850 pixels square


class CurvedSymmetry(Symmetry):
    """See the module's docstring and `base.Symmetry`.

    Attributes:
        triangle: that all points fold into.
        sheets: the group and its colour action.
        chart: in which the artwork is shown.
        mirrored: whether the group has reflections.
        presentation: of the group, whose colour actions advisories offer.
    """

    presentation: Presentation
    cells = 1
    tiles = False
    table_bytes_per_pixel, making_bytes_per_pixel = 110, 300

    def __init__(
        self, title: str, group: str, triangle: Triangle, sheets: CosetTable, chart: Chart, notes: Sequence[str] = ()
    ) -> None:
        self.title, self.group, self.notes = title, group, tuple(notes)
        self.triangle, self.sheets, self.chart = triangle, sheets, chart
        self.ratio, self.wrap = chart.ratio, chart.wrap

    @abstractmethod
    def generators(self) -> Sequence[tuple[str, F64, int]]:
        """Name, (3, 3) matrix and colour element of what the artwork claims."""

    @abstractmethod
    def strangers(self) -> Sequence[tuple[str, F64]]:
        """Name and (3, 3) matrix of isometries that the artwork must not have."""

    @abstractmethod
    def sides(self) -> tuple[float, float]:
        """Lengths on the surface by which a triangle's divisions are chosen, and of its shortest side."""

    @abstractmethod
    def crop_chart(self, random: torch.Generator) -> Chart:
        """A window of random place and turn."""

    @property
    @abstractmethod
    def crop_length(self) -> float:
        """Length on the surface, at its middle, of half a crop's side."""

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The chart's shape; the network sees crops, so only they need its multiples."""
        width = max(8, 2 * round(width / 2))
        return width, max(4, round(width / (self.ratio or 1.0)))

    def pixel(self, width: int, height: int) -> float:
        """Length on the surface of a pixel in the chart's middle."""
        middle = np.zeros(1)
        return float(self.chart.look(middle, middle).spacing[0]) * 2 / min(width, height)

    def domain_pixels(self, width: int, ratio: float) -> float:
        """By the angles of the triangle: see `base.Symmetry.domain_pixels`."""
        pixel = self.pixel(width, round(width / (self.ratio or ratio)))
        return self.triangle.area * self.sheets.count / pixel**2

    def surface(self, spacing: float, max_values: int | None = None) -> FoldedSurface:
        """The texture with nodes at about this distance.

        Args:
            spacing: length on the surface.
            max_values: about how many free values there may be; for more the distance grows. A tile that fills most of
                the picture would have more of them than the picture has pixels, most of them far from its middle.
        """
        side, shortest = self.sides()
        limit = MAX_DIVISIONS
        if max_values is not None:  # m divisions have about m^2 / 2 nodes a sheet
            limit = min(limit, math.isqrt(2 * max_values // self.sheets.count))
        divisions = max(2, min(limit, math.ceil(side / spacing)))
        image = [colour.MATRICES[element] for element in self.colours()]
        texture = Texture(self.triangle, self.sheets, divisions)
        return FoldedSurface(texture, shortest / divisions, np.mean(image, axis=0))

    def _surface_for(self, width: int, height: int) -> FoldedSurface:
        """The texture for a size: as fine as the chart's middle, and no finer than a map of the whole sphere needs."""
        return self.surface(self.pixel(width, height), round(width * height * 2 / math.pi))

    def layout(self, width: int, height: int) -> FoldedLayout:
        """The gather for a size that `fit` returned."""
        return FoldedLayout(self._surface_for(width, height), self.chart, width, height)

    def orbit_count(self, width: int, height: int) -> int:
        """The texture's: see `base.Symmetry.orbit_count`."""
        return self._surface_for(width, height).texture.count

    def mixed_layout(self, width: int, height: int, moves: Sequence[Move]) -> FoldedLayout:
        """Without the tables of the single copy on the way: see `base.Symmetry.mixed_layout`."""
        mixed = self._surface_for(width, height).mixed(self.chart, moves)
        return FoldedLayout(mixed, self.chart, width, height)

    def crop_size(self, width: int, height: int, *, multiple: int) -> tuple[int, int]:
        """Square windows at the scale of the chart's middle: see `base.Symmetry.crop_size`."""
        desired = 2 * self.crop_length / self.pixel(width, height)
        side = multiple * max(1, round(desired / multiple))
        return side, side

    def crops(self, layout: Layout, size: tuple[int, int], random: torch.Generator) -> tuple[FoldedLayout, ...]:
        """Windows of random place and turn: see `base.Symmetry.crops`."""
        assert isinstance(layout, FoldedLayout)
        device = str(layout.orbit_size.device)
        charts = [self.crop_chart(random) for _ in range(self.crop_count)]
        return tuple(FoldedLayout(layout.surface, chart, *size).to(device) for chart in charts)

    def chart_for(self, width: int, height: int) -> Chart:
        """The same for every size."""
        return self.chart

    def claims(self) -> tuple[Claim, ...]:
        """The generators, acting on points."""
        return tuple(Claim(name, matrix, element) for name, matrix, element in self.generators())

    def refusal(self, move: Move) -> str:
        """A curved surface is only turned about its middle: see `base.Symmetry.refusal`."""
        if move.shift != (0.0, 0.0):
            return "a shift of the picture does not move a curved surface; only turns and flips do; use turn: 60"
        return ""

    def candidates(self, ratio: float) -> tuple[Claim, ...]:
        """The strangers: see `base.Symmetry.candidates`."""
        return tuple(Claim(name, matrix, colour.IDENTITY) for name, matrix in self.strangers())

    def colours(self) -> tuple[int, ...]:
        """All colour elements of the action's image, identity first."""
        return colour.generate(element for _, _, element in self.generators())

    @property
    def mirrored(self) -> bool:
        """Whether the group has reflections."""
        return any(np.linalg.det(matrix) < 0 for _, matrix, _ in self.generators())

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """Quarter turns, which stand for the random turns of the crops, in every colour."""
        flips = (False, True) if self.mirrored else (False,)
        return every_appearance(self.colours(), [(angle, flip) for flip in flips for angle in QUARTER_TURNS])

    def centres(self) -> Sequence[tuple[str, int, str, int]]:
        """What lies at centres of turns, in the plural; the turn's order; its generator, or ""; its colour element."""
        return ()

    def advisories(self) -> tuple[str, ...]:
        """Emblems at centres, and centres and mirrors that a colour element restricts; each with its cure."""
        warnings = []
        for where, fold, name, element in self.centres():
            if fold in EMBLEMS and element == colour.IDENTITY:
                warnings.append(emblem_warning(where, fold, name, colour_choices(self.presentation, name)))
            warnings += [centre_warning(where, fold, element)] if colour.fixed_dimension([element]) < 2 else []
        for name, matrix, element in self.generators():
            is_mirror = np.linalg.det(matrix) < 0 and np.abs(matrix @ matrix - np.eye(3)).max() < 1e-9
            if is_mirror and element != colour.IDENTITY and np.trace(matrix) > 0:
                free = round(float(np.trace(colour.projector([element]))))
                what = "are forced to mid-grey" if free == 0 else f"keep {free} of 3 dimensions of colour"
                cure = "a group without mirrors leaves them free"
                warnings.append(f"the lines of {name} {what} under {colour.spell(element)}; {cure}")
        return tuple(dict.fromkeys(warnings))


def random_turn(random: torch.Generator) -> F64:
    """(3, 3) a uniformly random rotation of the sphere (Shoemake 1992)."""
    a, b, c = torch.rand(3, generator=random, dtype=torch.float64).tolist()
    x, y = math.sqrt(1 - a) * math.sin(2 * math.pi * b), math.sqrt(1 - a) * math.cos(2 * math.pi * b)
    z, w = math.sqrt(a) * math.sin(2 * math.pi * c), math.sqrt(a) * math.cos(2 * math.pi * c)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def colour_title(group: str, names: Mapping[str, str], colours: Mapping[str, int]) -> str:
    """A group and what its generators do to colours, for a reader."""
    changes = [f"{colour.describe(element)} by {names[name]}" for name, element in colours.items() if element]
    return ", ".join([group, *changes])
