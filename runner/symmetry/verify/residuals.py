"""Residuals: (colours at x, colours at g x) -> how exactly g is a symmetry, through each colour element.

The residual of g under C is |I(g x) - C I(x)| over all points, divided by the picture's spread at x and
g x together (the norm of what differs from the mean): 0 for an exact symmetry, about 1 between unrelated
places. Dividing by the spread instead of by the distance from mid-grey keeps a bright or pale picture
from passing for symmetric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.claims import Claim

EXACT = 0.05
"""A claimed symmetry holds below this residual: 8 bits and the turning of pixel grids stay below it. On grids turned by
60 degrees, textures read 0.01 and less at 192 pixels, smooth lines and ribbons 0.03, two flat tones 0.035; a disc of a
hundredth of the picture that does not belong there reads 0.1."""
ABSENT = 0.2
"""A symmetry that is not claimed must stay above this: unrelated places read about 1. Colour elements that lie less
apart on a picture can hardly be told apart there."""
_TIE = 0.01
"""By how much another colour element must fit better to contradict the claimed one: a grey picture moved by fractions
of pixels reads the same for all that agree on it, to the last digits."""
_STEPS_MARGIN = 1.3
"""Of what steps cost: exact patterns of flat tones under turns by 60 and 72 degrees read 0.85 to 1.19 times as much."""
MIN_CONTRAST = 1.5 / 255
"""Between the darkest and the lightest place of a channel: a single step of 8 bits, which rounding and dithering leave
of an even colour, is no pattern."""
MIN_PLACES = 150
"""Places that a movement is judged by at least: with fewer a chance likeness could pass, with more small pictures would
show too little to be judged at all."""


@dataclass(frozen=True)
class Residual:
    """How exactly a picture has one isometry.

    Attributes:
        name: as a reader knows the isometry.
        residual: under the claimed colour element; under the best one where nothing is claimed.
        claimed: the claimed colour element, or None.
        best: the colour element that fits best.
        second: the smallest residual of any other element than the one that `residual` is for.
        steps: how much of it the edges of flat tones cost: see `FlatReader.steps`. 0 below `EXACT`.
    """

    name: str
    residual: float
    claimed: int | None
    best: int
    second: float
    steps: float = 0.0

    @classmethod
    def of_claim(cls, claim: Claim, residuals: F64, steps: float = 0.0) -> Residual:
        """From the residuals of all 48 elements, judged by the claimed one."""
        own, others = float(residuals[claim.colour]), np.delete(residuals, claim.colour)
        return cls(claim.name, own, claim.colour, int(residuals.argmin()), float(others.min()), steps)

    @classmethod
    def of_candidate(cls, candidate: Claim, residuals: F64) -> Residual:
        """From the residuals of all 48 elements, judged by the one that fits best."""
        first, second = np.sort(residuals)[:2]
        return cls(candidate.name, float(first), None, int(residuals.argmin()), float(second))

    @property
    def limit(self) -> float:
        """Below which the claim holds."""
        return max(EXACT, _STEPS_MARGIN * self.steps)

    @property
    def holds(self) -> bool:
        """Whether the claim is exact, and no other colour element fits better.

        One that fits as well is no contradiction: where |I(g x) - C I(x)| is 0, the residual of any other element E is
        how far C and E lie apart on the picture's colours, which a picture of one hue cannot help.
        """
        return self.claimed is not None and self.residual < self.limit and self.residual < self.second + _TIE

    def as_record(self) -> dict[str, Any]:
        """For `run.json`; `best` is left out unless it contradicts the claim."""
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
class Hues:
    """What the colours of a picture can tell, wherever they stand in it.

    Attributes:
        even: whether it has one colour throughout, up to a step of 8 bits: nothing of it can move.
        alike: colour elements that hardly change it (less than `ABSENT`), without the identity.
        equal: those of them that do not change it (less than `_TIE`).
    """

    even: bool = False
    alike: tuple[int, ...] = ()
    equal: tuple[int, ...] = ()

    @classmethod
    def of_picture(cls, centred: F64) -> Hues:
        """Of a picture (height, width, 3), centred at mid-grey."""
        if np.ptp(centred, axis=(0, 1)).max() < MIN_CONTRAST:
            return cls(even=True)
        colours = centred.reshape(-1, 3)
        changed = colour_residuals(colours, colours)
        others = [element for element in range(colour.COUNT) if element != colour.IDENTITY]
        return cls(
            alike=tuple(element for element in others if changed[element] <= ABSENT),
            equal=tuple(element for element in others if changed[element] < _TIE),
        )

    @property
    def remark(self) -> str:
        """What a reader should know of them, "" where all colours can be told apart."""
        if self.even:
            return "the picture has one even colour: every movement keeps it, and none can be told from another"
        if not self.alike:
            return ""
        shuffles = {element for element in range(colour.COUNT) if min(colour.signs(element)) > 0} - {colour.IDENTITY}
        if shuffles <= {*self.equal}:
            return "the picture is grey: colours cannot be told apart"
        if shuffles <= {*self.alike}:
            return "the picture is nearly grey: colours can hardly be told apart"
        words = colour.describe_fixed(self.alike[0])
        if self.alike[0] in self.equal:
            return f"in this picture {words}: colours cannot be told apart"
        return f"in this picture {words}, nearly: colours can hardly be told apart"


@dataclass(frozen=True)
class Measurement:
    """What was measured on one picture.

    Attributes:
        claims: one residual for each claim that the picture shows enough of, in the claims' order.
        near: the same for what it should have nearly, and not exactly.
        unclaimed: candidates that are not claimed, those nearest to holding first.
        unmeasured: names of claims that the picture shows too little of.
        grain: how much the picture's finest detail, which no comparison of moved pixels can see, amounts to, as a
            residual: claims with a residual up to it cannot be judged at the picture's size.
        hues: what the picture's own colours can tell.
    """

    claims: tuple[Residual, ...] = ()
    near: tuple[Residual, ...] = ()
    unclaimed: tuple[Residual, ...] = ()
    unmeasured: tuple[str, ...] = ()
    grain: float = 0.0
    hues: Hues = Hues()

    @property
    def worst(self) -> float | None:
        """The largest residual of a claim, None where nothing is claimed."""
        return max((item.residual for item in self.claims), default=None)

    @property
    def closest_unclaimed(self) -> float | None:
        """The smallest residual of what is not claimed, None where nothing was tried."""
        return min((item.residual for item in self.unclaimed), default=None)

    @property
    def holds(self) -> bool:
        """Whether the picture has what is claimed and nothing else that was tried."""
        return not self.objections

    @property
    def objections(self) -> tuple[str, ...]:
        """Why it does not hold, in words: one for each residual that is too large or too small."""
        fine = f" (too small to be judged: the picture's grain is {self.grain:.4f})"
        broken = [item for item in self.claims if item.residual >= item.limit]
        recoloured = [item for item in self.claims if not item.holds and item.residual < item.limit]
        found = [item for item in self.unclaimed if item.residual <= ABSENT]
        return (
            *(
                f"{item.name}: its residual is {item.residual:.4f}, not below {item.limit:.2g}"
                f"{fine if item.residual <= self.grain else ''}"
                for item in broken
            ),
            *(f"{item.name}: other colours fit better, {colour.spell(item.best)}" for item in recoloured),
            *(
                f"{item.name}: it is not claimed, and its residual is {item.residual:.4f}, not above {ABSENT}"
                for item in found
            ),
        )

    def as_record(self, *, unclaimed: int = 5) -> dict[str, Any]:
        """The measured part of the `symmetry` block of `run.json`.

        Args:
            unclaimed: how many of the nearest unclaimed candidates to list.
        """
        worst, closest = self.worst, self.closest_unclaimed
        return {
            "claims": [{**item.as_record(), "holds": item.holds} for item in self.claims],
            "worst": None if worst is None else round(worst, 6),
            "grain": round(self.grain, 6),
            "remark": self.hues.remark,
            "unmeasured": list(self.unmeasured),
            "near": [item.as_record() for item in self.near],
            "unclaimed": [item.as_record() for item in self.unclaimed[:unclaimed]],
            "closest_unclaimed": None if closest is None else round(closest, 6),
        }


def change(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> float:
    """How much colours change, as the residual between a picture and another that have changed so, each by itself.

    Args:
        before: (N, 3), centred.
        after: (N, 3).
    """
    spread = ((before - before.mean(0)) ** 2).sum()
    return float(np.sqrt(((after - before) ** 2).sum() / max(float(spread), 1e-12 * len(before))))


def colour_residuals(here: F64, there: F64) -> F64:
    """The residual of every colour element between matched samples.

    C is orthogonal, so |J - C X|^2 = |J|^2 + |X|^2 - 2 tr(C^T J^T X), and a signed permutation picks one entry of each
    row: tr(C^T J^T X) = sum_i s_i (J^T X)_{i p_i}. One 3 x 3 matrix J^T X serves all 48.

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
    result: F64 = np.sqrt(np.maximum(total - 2 * fit, 0) / max(float(spread), 1e-12 * len(here)))
    return result
