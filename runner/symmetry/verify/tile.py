"""A measurement is (picture, isometries) -> how exactly the picture has each, and through which colours.

Nothing here knows of orbits: a finished picture is sampled at x and at g x by spline interpolation, and
the 48 colour elements compete to carry one into the other. Both directions count: what is claimed must
hold, with its own colour element and no other, and what is not claimed must not.

The residual of g under C is |I(g x) - C I(x)| over all points, divided by the picture's spread at x and
g x together (the norm of what differs from the mean): 0 for an exact symmetry, about 1 between unrelated
places. Dividing by the spread instead of by the distance from mid-grey keeps a bright or pale picture
from passing for symmetric.

Convention: pictures are (height, width, 3) arrays in [0, 1]; isometries as `base.Claim`, in fractions of
the picture, y downwards; the picture is taken to continue periodically.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Claim, Symmetry
from orbifolio.runner.symmetry.groups.groups import coset_words
from orbifolio.runner.symmetry.groups.lattice import Frame
from orbifolio.runner.symmetry.groups.motion import in_picture, name_motion, turn_matrix

if TYPE_CHECKING:
    from orbifolio.runner.symmetry.kinds.plane import PlaneSymmetry

Floats = npt.NDArray[np.float64]

EXACT = 0.02
"""A claimed symmetry holds below this residual."""
ABSENT = 0.2
"""A symmetry that is not claimed must stay above this."""


@dataclass(frozen=True)
class Residual:
    """How exactly a picture has one isometry.

    Attributes:
        name: as a reader knows the isometry.
        residual: under the claimed colour element; under the best one where nothing is claimed.
        claimed: the claimed colour element, or None.
        best: the colour element that fits best.
        second: the least residual of any element but the one that `residual` is for.
    """

    name: str
    residual: float
    claimed: int | None
    best: int
    second: float

    @property
    def holds(self) -> bool:
        """Whether the claim is exact and no other colour element would do as well."""
        return self.claimed == self.best and self.residual < EXACT and self.second > ABSENT

    def as_record(self) -> dict[str, Any]:
        """For `run.json`; `best` is there only where it contradicts the claim."""
        record: dict[str, Any] = {
            "name": self.name,
            "colour": colour.spell(self.best if self.claimed is None else self.claimed),
            "residual": round(self.residual, 6),
        }
        if self.claimed is not None:
            record["second"] = round(self.second, 6)
            if self.best != self.claimed:
                record["best"] = colour.spell(self.best)
        return record


@dataclass(frozen=True)
class Measurement:
    """What was measured on one picture.

    Attributes:
        claims: one residual for each claim, in the claims' order.
        unclaimed: candidates that are not claimed, those nearest to holding first.
        spread: standard deviation of the picture's channels after the blur; near 0 nothing can be told.
    """

    claims: tuple[Residual, ...]
    unclaimed: tuple[Residual, ...]
    spread: float

    @property
    def worst(self) -> float | None:
        """The largest residual of a claim, None where nothing is claimed."""
        return max((item.residual for item in self.claims), default=None)

    @property
    def closest_unclaimed(self) -> float | None:
        """The least residual of what is not claimed, None where nothing was tried."""
        return min((item.residual for item in self.unclaimed), default=None)

    @property
    def holds(self) -> bool:
        """Whether the picture has what is claimed and nothing else that was tried."""
        closest = self.closest_unclaimed
        return all(item.holds for item in self.claims) and (closest is None or closest > ABSENT)

    def as_record(self, *, unclaimed: int = 5) -> dict[str, Any]:
        """The measured part of the `symmetry` block of `run.json`.

        Args:
            unclaimed: how many of the nearest unclaimed candidates to list.
        """
        worst, closest = self.worst, self.closest_unclaimed
        return {
            "claims": [item.as_record() for item in self.claims],
            "worst": None if worst is None else round(worst, 6),
            "unclaimed": [item.as_record() for item in self.unclaimed[:unclaimed]],
            "closest_unclaimed": None if closest is None else round(closest, 6),
        }


def measure(
    picture: npt.NDArray[Any],
    claims: Sequence[Claim],
    candidates: Sequence[Claim] = (),
    *,
    blur: float = 2.0,
    points: int = 20000,
    candidate_points: int = 3000,
) -> Measurement:
    """Measure isometries on a finished picture.

    Args:
        picture: (height, width, 3) in [0, 1].
        claims: with the colour element each should have.
        candidates: isometries that should not hold; their colour element is not used.
        blur: standard deviation, in pixels, of a Gaussian that takes the finest grain away first, which
            no turned pixel grid can hold (white noise in the texels of a 60 degree turn reads 0.26
            without it, 0.04 with it; a texture 2 pixels coarse 0.019 and 0.01). It commutes with every
            isometry.
        points: pixels compared for each claim.
        candidate_points: pixels compared for each candidate.

    Raises:
        ValueError: not a picture.
    """
    from scipy import ndimage

    centred = np.asarray(picture, dtype=np.float64) - 0.5
    if centred.ndim != 3 or centred.shape[2] != 3 or not centred.size or not np.isfinite(centred).all():
        raise ValueError(f"a picture of shape {np.shape(picture)}; it must be (height, width, 3) and finite")
    if blur > 0:
        centred = ndimage.gaussian_filter(centred, (blur, blur, 0), mode="wrap")
    splines = [ndimage.spline_filter(centred[..., channel], order=3, mode="grid-wrap") for channel in range(3)]
    height, width = centred.shape[:2]
    order = np.random.default_rng(0).permutation(height * width)

    def residuals(claim: Claim, count: int) -> Floats:
        rows, columns = np.divmod(order[:count], width)
        here = centred[rows, columns]
        place = np.stack([columns / width, rows / height])
        x, y = claim.matrix[:, :2] @ place + claim.matrix[:, 2:]
        # rounding keeps images that fall on a pixel on it, so that exact tiles measure as exact
        target = np.round(np.stack([y * height, x * width]), 9)
        there = np.stack(
            [ndimage.map_coordinates(spline, target, order=3, mode="grid-wrap", prefilter=False) for spline in splines],
            axis=1,
        )
        return colour_residuals(here, there)

    held = []
    for claim in claims:
        every = residuals(claim, points)
        others = np.delete(every, claim.colour)
        held.append(
            Residual(claim.name, float(every[claim.colour]), claim.colour, int(every.argmin()), float(others.min()))
        )
    tried = []
    for claim in candidates:
        every = residuals(claim, candidate_points)
        lowest = np.sort(every)
        tried.append(Residual(claim.name, float(lowest[0]), None, int(every.argmin()), float(lowest[1])))
    tried.sort(key=lambda item: item.residual)
    return Measurement(tuple(held), tuple(tried), float(centred.std(axis=(0, 1)).mean()))


def colour_residuals(here: Floats, there: Floats) -> Floats:
    """The residual of every colour element between matched samples.

    |J - C X|^2 = |J|^2 + |X|^2 - 2 sum_i s_i (J^T X)_{i p_i}: one 3 x 3 matrix serves all 48.

    Args:
        here: (N, 3) I(x), centred at mid-grey.
        there: (N, 3) I(g x).

    Returns:
        (48,).
    """
    cross = there.T @ here
    fit = np.einsum("eij,ij->e", colour.MATRICES.astype(np.float64), cross)
    total = (here**2).sum() + (there**2).sum()
    spread = ((here - here.mean(0)) ** 2).sum() + ((there - there.mean(0)) ** 2).sum()
    # a picture without contrast has every symmetry; the floor makes that read as 0, not as 0 / 0
    result: Floats = np.sqrt(np.maximum(total - 2 * fit, 0) / max(float(spread), 1e-12 * len(here)))
    return result


def measure_symmetry(picture: npt.NDArray[Any], symmetry: Symmetry) -> Measurement:
    """Measure what a symmetry claims, and what it does not.

    Args:
        picture: (height, width, 3) in [0, 1]: one tile.
        symmetry: of any kind.
    """
    tried = symmetry.candidates(picture.shape[1] / picture.shape[0])
    found: Measurement = symmetry.measured(picture, symmetry.claims(), tried)
    return found


def candidates(symmetry: PlaneSymmetry, ratio: float) -> tuple[Claim, ...]:
    """Isometries that a picture of this symmetry might have by accident or mistake.

    Turns by 60, 90, 120 and 180 degrees about the quarters and sixths of a block; mirrors every 15
    degrees; mirrors and glides along the lattice's short vectors; translations by halves and thirds of
    lattice vectors. Those that belong to the group, with whatever colours, are left out.

    Args:
        symmetry: what is claimed.
        ratio: width / height of the picture.
    """
    frame = symmetry.frame
    step = np.array([1 / frame.columns, 1 / frame.rows])
    quarters = [(Fraction(i, 4), Fraction(j, 4)) for i in range(4) for j in range(4)]
    sixths = [(Fraction(i, 2), Fraction(j, 6)) for i in range(2) for j in (1, 2, 4, 5)]
    centres = [
        np.array([float(x), float(y)]) * step
        for x, y in dict.fromkeys([*quarters, *sixths, *((y, x) for x, y in sixths)])
    ]
    vectors = _short_vectors(frame)
    found: list[tuple[Floats, Floats | None]] = []
    for angle in (60, 90, 120, 180):
        found += [(_about(turn_matrix(angle, ratio), centre), None) for centre in centres]
    lines: dict[float, Floats] = {float(angle): np.zeros(2) for angle in range(0, 180, 15)}
    lines |= {_direction(vector, ratio): vector for vector in vectors}
    for direction, vector in lines.items():
        linear = _reflection(direction, ratio)
        for centre in centres if direction in (0.0, 90.0) else centres[:6]:
            mirror = _about(linear, centre)
            found.append((mirror, centre))
            if vector.any():
                found.append((mirror + np.hstack([np.zeros((2, 2)), vector[:, None] / 2]), centre))
    for vector in vectors:
        found += [(np.hstack([np.eye(2), vector[:, None] / part]), None) for part in (2, 3)]
    kept: dict[bytes, Claim] = {}
    for matrix, centre in found:
        if not _belongs(matrix, symmetry):
            claim = Claim(name_motion(matrix, ratio, centre), matrix, colour.IDENTITY)
            kept.setdefault(np.round(matrix, 6).tobytes(), claim)
    return tuple(kept.values())


def _short_vectors(frame: Frame) -> list[Floats]:
    """e1, e2, their sum and difference and the block's edges, in fractions, y downwards."""
    edges = np.array(frame.edges, dtype=np.float64).T * [1.0, -1.0]
    lattice = [(1, 0), (0, 1), (1, 1), (1, -1), frame.right, frame.up]
    return [
        np.round(np.linalg.solve(edges, np.array(vector, dtype=np.float64)), 12) for vector in dict.fromkeys(lattice)
    ]


def _reflection(angle: float, ratio: float) -> Floats:
    return turn_matrix(2 * angle, ratio) @ np.diag([1.0, -1.0])


def _about(linear: Floats, centre: Floats) -> Floats:
    return np.hstack([linear, (centre - linear @ centre)[:, None]])


def _direction(vector: Floats, ratio: float) -> float:
    return round(math.degrees(math.atan2(-vector[1], vector[0] * ratio)), 6) % 180


def _belongs(motion: Floats, symmetry: PlaneSymmetry) -> bool:
    """Whether a motion is in the group, by linear part and shift up to lattice translations."""
    edges = np.array(symmetry.frame.edges, dtype=np.float64).T * [1.0, -1.0]
    for word in coset_words(symmetry.row).values():
        member = in_picture(symmetry.row.isometry(word), symmetry.frame)
        shift = edges @ (motion[:, 2] - member[:, 2])
        # not exact: the motion is made for the pixels' ratio, which is only nearly the lattice's
        if np.abs(motion[:, :2] - member[:, :2]).max() < 0.05 and np.abs(shift - np.rint(shift)).max() < 0.05:
            return True
    return False
