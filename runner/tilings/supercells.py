"""Which rectangle of a coloured tiling is the picture: (tiling, colouring, wishes) -> a frame in the group's lattice.

The rectangle's sides are translations that keep every colour. They must be at right angles: the lattices of p3, p4 and
p6 have such pairs, and so have pg and p2gg along their axes; p1 and p2 survive any affine map, so that of all pairs the
one is taken that needs the least bending, shows the figure upright and comes near the wanted shape and number of tiles.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.groups.isometry import Vector
from orbifolio.runner.symmetry.groups.lattice import LatticeFrame
from orbifolio.runner.symmetry.groups.lattice import frame as rigid_frame
from orbifolio.runner.symmetry.groups.legality import neutral_period
from orbifolio.runner.tilings.colourings import Colouring
from orbifolio.runner.tilings.tiling import LatticePlace, Tiling

REACH = 7  # periods along each axis among which sides are looked for
USUAL_RATIO = 1.4  # of a picture whose shape is free
STRAIN, TILT, SHAPE, NUMBER = 6.0, 0.35, 0.35, 0.5
"""What a unit counts: of the logarithm of how unequally the plane is stretched, of radians the figure leans, of the
logarithms of wanted and given ratio, and of numbers of tiles. A strain of 3 % is as bad as a lean of 30 degrees."""


@dataclass(frozen=True)
class Supercell:
    """A picture's rectangle.

    Attributes:
        frame: in the group's lattice.
        strain: how much longer it shows lengths along one axis than along the other, as a share; 0 is rigid.
        ratio: width / height.
    """

    frame: LatticeFrame
    strain: float
    ratio: float


def choose_supercell(
    tiling: Tiling, colouring: Colouring, upright: complex, *, ratio: Ratio | None, tiles: int
) -> Supercell:
    """The rectangle that shows a tiling best.

    Args:
        tiling: with its lattice.
        colouring: whose colours must come home.
        upright: unit number by which the figure was turned into the tile.
        ratio: wanted width / height; of p3, p4 and p6 it must be one that they can have.
        tiles: wanted number in the picture.

    Raises:
        IllegalSymmetry: a ratio that the lattice cannot have.
    """
    if tiling.group.lattice in ("hexagonal", "square"):
        return _rigid(tiling, colouring, ratio, tiles)
    place, period = tiling.frame, neutral_period(colouring.assignment)
    vectors: list[tuple[Vector, complex]] = []
    for i, j in product(range(-REACH, REACH + 1), repeat=2):
        vector = (i * period.width + j * period.shear, j * period.height)
        if math.gcd(i, j) == 1 and (tiling.group.lattice == "oblique" or 0 in vector):
            vectors.append((vector, place.vector(vector)))
    best: tuple[float, Supercell] | None = None
    wanted = USUAL_RATIO if ratio is None else ratio.value
    for (right, along), (up, upwards) in product(vectors, repeat=2):
        cells = right[0] * up[1] - right[1] * up[0]
        sine = (along.conjugate() * upwards).imag / (abs(along) * abs(upwards))
        if cells <= 0 or sine < 0.8:
            continue
        each = cells * tiling.group.order
        columns, rows = _counts(abs(along), abs(upwards) * sine, wanted, tiles / each)
        given = columns * abs(along) / (rows * abs(upwards) * sine)
        # with a free ratio the picture has the ratio of its sides; what is left is the shear
        shown = given if ratio is None else wanted
        strain = _strain(place, right, up, columns, rows, shown)
        lean = cmath.phase(upright / (along / abs(along)))
        if "r2" in tiling.group.point:
            lean = (lean + math.pi / 2) % math.pi - math.pi / 2
        cost = STRAIN * math.log1p(strain) + TILT * abs(lean) + SHAPE * abs(math.log(given / wanted))
        cost += NUMBER * abs(math.log(columns * rows * each / tiles)) + 1e-6 * (abs(right[1]) + abs(up[0]))
        if best is None or cost < best[0] - 1e-9:
            frame = LatticeFrame(right, up, columns, rows, shown)
            best = cost, Supercell(frame, strain, shown)
    assert best is not None
    return best[1]


def _counts(width: float, height: float, ratio: float, blocks: float) -> tuple[int, int]:
    """Columns and rows of blocks that come near a ratio and a number."""
    columns = math.sqrt(blocks * ratio * height / width)
    options = [
        (c, r)
        for c in {max(1, math.floor(columns)), max(1, math.ceil(columns))}
        for r in {max(1, math.floor(c * width / (ratio * height))), max(1, math.ceil(c * width / (ratio * height)))}
    ]

    def cost(counts: tuple[int, int]) -> float:
        c, r = counts
        return SHAPE * abs(math.log(c * width / (r * height * ratio))) + NUMBER * abs(math.log(c * r / blocks))

    return min(sorted(options), key=cost)


def _strain(place: LatticePlace, right: Vector, up: Vector, columns: int, rows: int, ratio: float) -> float:
    """How unequally the map from the plane to the upright rectangle stretches: largest over smallest, less 1."""
    sides = columns * place.vector(right), rows * place.vector(up)
    plane = np.array([[side.real for side in sides], [side.imag for side in sides]])
    stretched = np.linalg.svd(np.diag([ratio, 1.0]) @ np.linalg.inv(plane), compute_uv=False)
    return float(stretched[0] / stretched[1]) - 1


def _rigid(tiling: Tiling, colouring: Colouring, ratio: Ratio | None, tiles: int) -> Supercell:
    """Of p3, p4 and p6: the lattice decides, and is repeated until there are tiles enough."""
    least = rigid_frame(tiling.group, colouring.assignment, ratio)
    assert least.ratio is not None
    each = least.cells * tiling.group.order
    columns, rows = 1, 1
    if ratio is None:
        wanted = USUAL_RATIO if least.ratio > 1 else 1 / USUAL_RATIO
        columns, rows = _counts(least.ratio, 1.0, wanted, tiles / each)
    else:
        columns = rows = max(1, round(math.sqrt(tiles / each)))
    shape = least.ratio * columns / rows
    frame = replace(least, columns=columns * least.columns, rows=rows * least.rows, ratio=shape)
    return Supercell(frame, 0.0, shape)
