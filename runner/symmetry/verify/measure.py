"""A measurement is (picture, chart, isometries) -> how exactly the picture has each, and through which colours.

Nothing here knows of orbits: a finished picture is sampled at x and at g x by spline interpolation, and the 48
colour elements compete to carry one into the other. Both directions count: what is claimed must hold, with its
own colour element and no other, and what is not claimed must not. How points are looked up is chosen by the chart.

Convention: pictures are (height, width, 3) arrays in [0, 1]; isometries as `Claim`, in fractions of the picture, y
downwards, or on the chart's points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.claims import Claim
from orbifolio.runner.symmetry.layouts.flat_charts import Logarithm, PlaneChart, Strip, Tile
from orbifolio.runner.symmetry.verify.curved import CurvedReader
from orbifolio.runner.symmetry.verify.flat import FlatReader, plane_reader
from orbifolio.runner.symmetry.verify.residuals import EXACT, MIN_CONTRAST, Hues, Measurement, Residual
from orbifolio.runner.symmetry.verify.zoom import ZoomReader


class Reader(Protocol):
    """A picture that isometries are measured in."""

    def residuals(self, matrix: F64, *, claimed: bool) -> F64 | None:
        """The residual of every colour element, or None where the picture shows too little to judge.

        Args:
            matrix: the isometry, as `Claim.matrix`.
            claimed: whether it should hold; what should not is tried at fewer points, and not near its fixed points.
        """

    def steps(self, matrix: F64) -> float:
        """How much the edges of flat tones cost where a movement turns the grid of pixels: see `Residual.steps`."""

    def grain(self) -> float:
        """How much the finest detail amounts to, as a residual: see `Measurement.grain`."""


class EvenReader:
    """A picture of one colour: every movement keeps it, with any colour element that does.

    Args:
        mean: (3,) that colour, centred at mid-grey.
    """

    def __init__(self, mean: F64) -> None:
        change = np.abs(colour.MATRICES @ mean - mean).max(1)
        self._residuals: F64 = np.where(change < MIN_CONTRAST, 0.0, 1.0)

    def residuals(self, matrix: F64, *, claimed: bool) -> F64:
        """0 for colour elements that keep the colour, 1 for others."""
        return self._residuals

    def steps(self, matrix: F64) -> float:
        """None: there are no edges."""
        return 0.0

    def grain(self) -> float:
        """None: there is no detail."""
        return 0.0


READERS: Mapping[type[Chart], Callable[[F64, Any], Reader]] = {
    Tile: FlatReader.through,
    Strip: FlatReader.through,
    PlaneChart: plane_reader,
    Logarithm: ZoomReader,
}
"""How each flat chart is read; any other shows a curved surface."""


def measure(
    picture: npt.NDArray[Any],
    chart: Chart,
    claims: Sequence[Claim],
    candidates: Sequence[Claim] = (),
    near: Sequence[Claim] = (),
) -> Measurement:
    """Measure isometries on a finished picture.

    Args:
        picture: (height, width, 3) in [0, 1].
        chart: through which the picture shows its surface.
        claims: with the colour element each should have.
        candidates: isometries that should not hold; their colour element is not used.
        near: isometries that should nearly hold, with their colour elements.

    Returns:
        What the picture shows enough of; an isometry that leads out of it is left out.

    Raises:
        ValueError: not an array of that shape, or not finite.
    """
    centred = np.asarray(picture, dtype=np.float64) - 0.5
    if centred.ndim != 3 or centred.shape[2] != 3 or not centred.size or not np.isfinite(centred).all():
        raise ValueError(f"a picture of shape {np.shape(picture)}; it must be (height, width, 3) and finite")
    hues = Hues.of_picture(centred)
    reader: Reader
    if hues.even:  # what is not claimed cannot be told from what is
        reader, candidates = EvenReader(centred.mean((0, 1))), ()
    else:
        reader = READERS.get(type(chart), CurvedReader)(centred, chart)
    claimed = [(claim, reader.residuals(claim.matrix, claimed=True)) for claim in claims]
    nearly = ((claim, reader.residuals(claim.matrix, claimed=False)) for claim in near)
    tried = ((claim, reader.residuals(claim.matrix, claimed=False)) for claim in candidates)
    unclaimed = [Residual.of_candidate(claim, every) for claim, every in tried if every is not None]
    return Measurement(
        tuple(
            Residual.of_claim(claim, every, reader.steps(claim.matrix) if every[claim.colour] >= EXACT else 0.0)
            for claim, every in claimed
            if every is not None
        ),
        tuple(Residual.of_claim(claim, every) for claim, every in nearly if every is not None),
        tuple(sorted(unclaimed, key=lambda item: item.residual)),
        tuple(claim.name for claim, every in claimed if every is None),
        reader.grain(),
        hues,
    )


def measure_symmetry(picture: npt.NDArray[Any], symmetry: Symmetry) -> Measurement:
    """Measure what a symmetry claims, and what it does not.

    Args:
        picture: (height, width, 3) in [0, 1]: one tile.
        symmetry: of any kind, that the picture should have.
    """
    height, width = np.shape(picture)[:2]
    claims, near, candidates = symmetry.claims(), symmetry.near_claims(), symmetry.candidates(width / height)
    if not claims and not near and not candidates:
        return Measurement()
    return measure(symmetry.channels(picture), symmetry.chart_for(width, height), claims, candidates, near)
