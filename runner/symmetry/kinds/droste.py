"""A Droste picture contains itself, smaller and turned: settings -> symmetry of a picture about its middle.

I(zoom * e^(i turn) z) = c I(z), all over the plane. In the plane of logarithms that is a wallpaper pattern, so
every wallpaper group whose lattice fits can act on it, and since the logarithm is conformal all shapes keep
their form, however small. The network sees the picture, and the picture enlarged by parts of the zoom, so that every
texel is seen at its scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import Layout, Symmetry, SymmetrySettings, every_appearance
from orbifolio.runner.symmetry.claims import Claim, Move
from orbifolio.runner.symmetry.colour import Colour
from orbifolio.runner.symmetry.groups.emblems import centre_advisories, emblem_advisories, mirror_warning
from orbifolio.runner.symmetry.groups.groups import GROUPS, Group, Word, coset_words, suggest_group
from orbifolio.runner.symmetry.groups.isometry import Isometry
from orbifolio.runner.symmetry.groups.lattice_waves import lattice_waves
from orbifolio.runner.symmetry.groups.legality import elements, evaluate
from orbifolio.runner.symmetry.groups.log_group import name_zoom, on_logarithm, presentation
from orbifolio.runner.symmetry.kinds.none import fit_free
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout, Lookup
from orbifolio.runner.symmetry.layouts.flat_charts import Logarithm, as_similarity, in_fractions
from orbifolio.runner.symmetry.layouts.log_lattice import LogLattice, LogLookup, log_orbit_count
from orbifolio.runner.symmetry.wave_space import WaveSpace, affine

DrosteName = Literal[
    "p1", "p2", "pm", "pg", "p2mm", "p2mg", "p2gg", "p4", "p4mm", "p4gm", "p3", "p3m1", "p31m", "p6", "p6mm"
]

_TEXEL = 1.3
"""Pixels from texel to texel at the edge of the picture. More blur it there; with fewer, finer texels are seen at their
own scale by fewer pixels, nearer to the edge."""

_ENLARGEMENTS = 8
"""Parts of the zoom by which the network sees the picture enlarged: where it zooms by 4, neighbours differ by less than
a factor of 1.2."""

_MAX_PIXELS = 1_500_000  # of a crop; of larger ones half as many are kept: 8 of 4 taps of 16 bytes take 0.8 GB
_DEPTH = 1.4  # logarithmic depth of the ring that is measured: about the logarithm of `verify.zoom.DEPTH`


def _texel(width: int, height: int) -> float:
    """Distance of neighbouring texels in the plane of logarithms."""
    return _TEXEL * 2 / min(width, height)


class DrosteSymmetry(Symmetry):
    """A wallpaper group in the plane of logarithms: see `base.Symmetry`.

    Attributes:
        row: the wallpaper group in the table.
        lattice: in the plane of logarithms.
        assignment: colour elements of the group's generators, t1 and t2 among them.
    """

    wrap = (False, False)
    cells = 1
    table_bytes_per_pixel, making_bytes_per_pixel = 240, 480

    def __init__(self, row: Group, lattice: LogLattice, given: Mapping[str, int], ratio: Ratio | None) -> None:
        self.row, self.lattice, self.group = row, lattice, row.name
        self.assignment = {name: item for name, item in given.items() if name in row.point}
        self.assignment |= {"t1": colour.INVERSE[given["r"]], "t2": given["z"]}
        self.ratio = None if ratio is None else ratio.value
        turned = f", turned by {lattice.turn:.4g} degrees" if lattice.turn else ""
        parts = [f"{row.name} zooming by {lattice.zoom:.4g}{turned}"]
        parts += [f"{lattice.repeats}-fold"] if lattice.repeats > 1 else []
        where = {"z": "each zoom", "r": "each turn", "m": "the mirror", "g": "the glide"}
        parts += [f"{colour.describe(item)} by {where.get(name, name)}" for name, item in given.items() if item]
        self.title, self.notes = ", ".join(parts), ()
        self._crops: tuple[Lookup, dict[int, BlendedLayout]] | None = None  # of the phase at hand

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """The nearest multiples: see `base.Symmetry.fit`."""
        return fit_free(width, multiple, self.ratio or ratio)

    def layout(self, width: int, height: int) -> BlendedLayout:
        """The gather for a size that `fit` returned."""
        lookup = LogLookup(self.row, self.assignment, self.lattice, _texel(width, height))
        return BlendedLayout(lookup, self.chart_for(width, height), width, height)

    def orbit_count(self, width: int, height: int) -> int:
        """By Burnside's lemma: see `base.Symmetry.orbit_count`."""
        return log_orbit_count(self.row, self.assignment, self.lattice, _texel(width, height))

    def crop_size(self, width: int, height: int, *, multiple: int) -> tuple[int, int]:
        """The artwork's own size: see `base.Symmetry.crop_size`.

        The network always sees an enlargement by some part of the zoom. So every texel is seen at its own scale, and
        the picture's edge, which networks make much of, is not at one place only and draws no frames into it.
        """
        return width, height

    def crops(self, layout: Layout, size: tuple[int, int], random: torch.Generator) -> tuple[BlendedLayout, ...]:
        """One of a few enlargements, evenly over the zoom: see `base.Symmetry.crops`."""
        assert isinstance(layout, BlendedLayout)
        if self._crops is None or self._crops[0] is not layout.lookup:
            self._crops = layout.lookup, {}
        count = _ENLARGEMENTS if size[0] * size[1] <= _MAX_PIXELS else _ENLARGEMENTS // 2
        number = int(torch.randint(count, (1,), generator=random))
        crops = self._crops[1]
        if number not in crops:  # kept for the phase: tables cost more than a step of a fast network
            chart = self.deeper(number / count, size[0] / size[1])
            crops[number] = BlendedLayout(layout.lookup, chart, *size).to(str(layout.orbit_size.device))
        return (crops[number],)

    def deeper(self, part: float, ratio: float) -> Logarithm:
        """The picture enlarged by a part of the zoom about its middle, and turned by the same part of the turn."""
        step = math.log(self.lattice.zoom) + 1j * math.radians(self.lattice.turn)
        return Logarithm(ratio, -part * step)

    def chart_for(self, width: int, height: int) -> Logarithm:
        """The plane's logarithm, unenlarged."""
        return Logarithm(width / height)

    def claims(self) -> tuple[Claim, ...]:
        """The zoom, the turn, and an element of each coset, where the picture shows it best."""
        words: list[Word] = [(("t2", 1),)]
        words += [(("t1", -1),)] if self.lattice.repeats > 1 else []
        words += [self._shown_best(word) for word in coset_words(self.row).values() if word]
        claims = []
        for word in words:
            matrix = self.lattice.on_points(self.row.isometry(word))
            claims.append(Claim(name_zoom(matrix), matrix, evaluate(word, self.assignment)))
        return tuple(claims)

    def _shown_best(self, word: Word) -> Word:
        """The same movement up to zooms and turns, the one that carries the largest part of a ring into itself."""
        u, v = np.meshgrid(np.linspace(-_DEPTH, 0, 30), np.linspace(0, 2 * math.pi, 60))  # as `verify.zoom` unrolls it
        points = np.stack([u.ravel(), v.ravel(), np.ones(u.size)], axis=1)

        def outside(longer: Word) -> tuple[int, int]:
            moved = points @ self.lattice.on_points(self.row.isometry(longer)).T
            return int(((moved[:, 0] < -_DEPTH) | (moved[:, 0] > 0)).sum()), sum(abs(step) for _, step in longer)

        shifts: list[Word] = [
            tuple((name, step) for name, step in (("t1", across), ("t2", out)) if step)
            for across in range(-3, 4)
            for out in range(-3, 4)
        ]
        return min((shift + word for shift in shifts), key=outside)

    def planar_claims(self, ratio: float) -> tuple[Claim, ...]:
        """Zooms, turns and mirrors: see `base.Symmetry.planar_claims`."""
        planar = ((claim, as_similarity(claim.matrix)) for claim in self.claims())
        return tuple(replace(claim, matrix=in_fractions(item, ratio)) for claim, item in planar if item is not None)

    def candidates(self, ratio: float) -> tuple[Claim, ...]:
        """Turns, zooms, mirrors and inversions that are not in the group: see `base.Symmetry.candidates`."""
        step = math.log(self.lattice.zoom) + 1j * math.radians(self.lattice.turn)
        shifts = [1j * 2 * math.pi / order for order in (2, 3, 4, 5, 6, 2 * self.lattice.repeats)]
        shifts += [step / 2, step / 3, step + 1j * math.pi / self.lattice.repeats, step + 1j]
        tried = [on_logarithm(np.eye(2), shift) for shift in shifts]
        tried += [on_logarithm(np.diag([1.0, -1.0]), 1j * math.pi * angle / 6) for angle in range(6)]
        tried += [
            on_logarithm(linear, -depth) for linear in (-np.eye(2), np.diag([-1.0, 1.0])) for depth in (1.0, 1.3, 1.6)
        ]
        foreign = {name_zoom(matrix): matrix for matrix in tried if not self._belongs(matrix)}
        return tuple(Claim(name, matrix, colour.IDENTITY) for name, matrix in foreign.items())

    def _belongs(self, matrix: F64) -> bool:
        """Whether a movement of the logarithm is in the group."""
        for word in coset_words(self.row).values():
            member = self.lattice.on_points(self.row.isometry(word))
            away = np.linalg.solve(self.lattice.basis, (matrix - member)[:2, 2])
            if np.abs((matrix - member)[:2, :2]).max() < 1e-6 and np.abs(away - np.rint(away)).max() < 0.12:
                return True
        return False

    def colours(self) -> tuple[int, ...]:
        """All colour elements of the action's image, identity first."""
        return colour.generate(self.assignment.values())

    def _flips(self) -> tuple[bool, ...]:
        """Whether the group shows its texture as it is, and mirrored."""
        return (False, True) if any(Isometry(matrix).determinant < 0 for matrix in coset_words(self.row)) else (False,)

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """The turns and flips with every colour of the action, evenly thinned; the zoom's own turn is left out."""
        turns = [round(360 * step / self.lattice.repeats, 6) for step in range(self.lattice.repeats)]
        return every_appearance(self.colours(), [(angle, flip) for flip in self._flips() for angle in turns])

    def advisories(self) -> tuple[str, ...]:
        """Emblems at the centres of the pattern, and centres and mirror lines with few colours."""
        warnings = [*emblem_advisories(self.row, self.assignment), *centre_advisories(self.row, self.assignment)]
        for isometry, element in elements(self.row, self.assignment):
            if isometry.determinant < 0 and isometry.is_mirror:
                warnings.append(mirror_warning("mirror lines", element, "p1, p2 and pg have none"))
        return tuple(dict.fromkeys(item for item in warnings if item))

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Wave packets in the plane of logarithms: see `wave_space.lattice_waves`."""
        chart = self.chart_for(width, height)
        to_lattice = np.linalg.inv(affine(self.lattice.basis, np.zeros(2)))
        return lattice_waves(
            self.row, self.assignment, self.lattice.basis, lambda places: chart.from_fractions(places) @ to_lattice.T
        )

    def refusal(self, move: Move) -> str:
        """A shift would move the middle: see `base.Symmetry.refusal`."""
        if move.shift != (0.0, 0.0):
            return "a shift moves the middle, about which everything zooms; only turns and flips keep it; use turn: 60"
        return ""


class Droste(SymmetrySettings):
    """A picture that contains itself: enlarged by `zoom` and turned by `turn` about the middle it is the same.

    Generators: z is the zoom with its turn, r the turn by 360 / repeats degrees; in the plane of logarithms m is a
    mirror through the middle, g a zoom by half a step with a flip, r2 an inversion that turns half about, r3, r4, r6
    turns about other places.
    """

    cites: ClassVar[tuple[str, ...]] = ("desmit2003", "conway2008", "mindseye")

    kind: Literal["droste"] = "droste"
    zoom: float | None = Field(default=None, ge=1.05, le=256)
    """The enlargement that carries the picture into itself. None: 4, or what a square or hexagonal group needs."""
    turn: float | None = Field(default=None, ge=-360, le=360)
    """Degrees of the turn that goes with it, counter-clockwise: 0 is a tunnel, anything else a whirlpool. None: 0, or
    what a hexagonal group needs."""
    repeats: int = Field(default=1, ge=1, le=48)
    """Turns by 360 / repeats degrees carry the picture into itself."""
    group: DrosteName = "p1"
    """A wallpaper group in the plane of logarithms: p1 or p2 with any turn, mirrors and glides (pm, pg, p2mm, p2mg,
    p2gg) with turn 0, square and hexagonal groups with the zoom that makes their lattice."""
    colours: dict[str, Colour] = Field(default_factory=dict)
    """A colour element for z, r, or a generator of the group. What is not named changes as few colours as possible."""

    @field_validator("group", mode="before")
    @classmethod
    def _help_with_names(cls, value: Any) -> Any:
        if value in ("cm", "c2mm"):
            raise ValueError(
                f"{value} has a rhombic lattice; a zooming picture can have any other; "
                f"use {'pm or pg' if value == 'cm' else 'p2mm or p2mg'}"
            )
        if isinstance(value, str) and value not in GROUPS:
            raise ValueError(suggest_group(value))
        return value

    @model_validator(mode="after")
    def _has_its_lattice(self) -> Self:
        self.lattice()
        return self

    def lattice(self) -> LogLattice:
        """The lattice of logarithms.

        Raises:
            ValueError: zoom or turn do not fit the group.
        """
        kind, step = GROUPS[self.group].lattice, 360 / self.repeats
        zooms = {"square": math.exp(math.radians(step)), "hexagonal": math.exp(math.radians(step) * math.sqrt(3) / 2)}
        turns = {"rectangular": 0.0, "square": 0.0, "hexagonal": step / 2}
        zoom, turn = zooms.get(kind, self.zoom or 4.0), turns.get(kind, self.turn or 0.0)
        if self.turn is not None and abs(self.turn - turn) > 1e-6:
            raise ValueError(
                f"turn {self.turn:g} with {self.group}; a {kind} lattice of logarithms has turn {turn:g} "
                f"with repeats {self.repeats}; write turn: {turn:g}, or use p1 or p2"
            )
        if self.zoom is not None and abs(self.zoom / zoom - 1) > 0.005:
            raise ValueError(
                f"zoom {self.zoom:g} with {self.group}; a {kind} lattice of logarithms with repeats "
                f"{self.repeats} zooms by {zoom:.4g}; leave out zoom, or change repeats, or use p1 or p2"
            )
        if zoom < 1.05:
            raise ValueError(
                f"repeats {self.repeats} with {self.group} zooms by {zoom:.4g}; less than 1.05 cannot be seen; "
                "use fewer repeats"
            )
        return LogLattice(zoom, turn, self.repeats)

    def build(self, ratio: Ratio | None = None) -> DrosteSymmetry:
        """The working symmetry: see `SymmetrySettings.build`; any ratio will do."""
        group = GROUPS[self.group]
        given = {name: colour.parse(value) for name, value in self.colours.items()}
        assignment = presentation(group, self.repeats).complete(given)
        return DrosteSymmetry(group, self.lattice(), assignment, ratio)
