"""Strokes that may be moved a little: (placed strokes, tensors) -> strokes; where they were placed, tensors are zero.

    colours  (n, 3) what is added to a stroke's OKLab, times (1, `CHROMA`, `CHROMA`)
    ends     (n, 2) by how much it begins earlier and ends later, in units of `END` radii
    widths   (n,)   what is added to the logarithm of its radius

Units are such that a step of an optimiser is as bold in each of them. A stroke stays a stroke: `Leeway` says how far it
may go. Its paint stays as opaque and as thick as it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.deferred import torch
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.bristle_strokes import BristleStrokes

if TYPE_CHECKING:
    from torch import Tensor

CHROMA = 5.0  # networks are all but blind to hues, and a painter's are chosen; lightness draws
SMALL = 1e-4  # of OKLab, over which the slope of sRGB is taken
END = 10.0  # radii: a hundredth of a colour's range is as bold as a tenth of a radius
UNITS = np.array([1, CHROMA, CHROMA])
GAMUT = (0.01, 0.99)  # what colours go to at most, or where they were placed: pure black and white are scratches


@dataclass(frozen=True)
class Leeway:
    """How far strokes may be moved.

    Attributes:
        ends: radii that each end may move, either way.
        widths: share by which a stroke may become wider or thinner.
        shortest: share of its length that a stroke keeps at least.
    """

    ends: float
    widths: float
    shortest: float = 0.6


class MovableStrokes:
    """See the module's docstring.

    Attributes:
        placed: as the painter placed them.
        leeway: how far they may be moved.
        colours: tensor, as above.
        ends: tensor, as above.
        widths: tensor, as above.
    """

    def __init__(self, placed: BristleStrokes, leeway: Leeway) -> None:
        self.placed, self.leeway = placed, leeway
        count = placed.size
        self.colours, self.ends, self.widths = torch.zeros(count, 3), torch.zeros(count, 2), torch.zeros(count)
        self.lengths = placed.lengths()
        self._lab = oklab.from_srgb(placed.colours.astype(np.float64))
        areas = torch.from_numpy((self.lengths + placed.widths()) * placed.widths())
        self.shares = (areas / areas.sum().clamp_min(1e-12)).float()[:, None]

    def parameters(self) -> list[Tensor]:
        """Those that may change."""
        moving = [self.colours]
        moving += [self.ends] * (self.leeway.ends > 0)
        moving += [self.widths] * (self.leeway.widths > 0)
        return moving

    def strokes(self) -> BristleStrokes:
        """As they are now."""
        placed = self.placed
        moved = self.ends.numpy().astype(np.float64) * END * placed.radii[:, None]
        return placed._replace(
            points=stretched(placed.points, placed.offsets, moved),
            radii=(placed.radii * np.exp(self.widths.numpy())).astype(np.float32),
            colours=self._srgb(self.lab()),
        )

    def lab(self) -> F64:
        """(n, 3) the colours in OKLab, as they are now."""
        now: F64 = self._lab + self.colours.numpy().astype(np.float64) / UNITS
        return now

    def _srgb(self, lab: F64) -> F32:
        """(n, 3) sRGB, no nearer to the limits than `GAMUT`, unless strokes were placed nearer."""
        low, high = np.minimum(self.placed.colours, GAMUT[0]), np.maximum(self.placed.colours, GAMUT[1])
        colours: F32 = np.clip(oklab.to_srgb(lab), low, high).astype(np.float32)
        return colours

    def _slopes(self) -> F64:
        """(n, 3, 3) of sRGB, in the last axis, with respect to the tensor of colours."""
        lab = self.lab()
        here = oklab.to_srgb(lab)
        steps = [(oklab.to_srgb(lab + SMALL * axis) - here) / SMALL for axis in np.eye(3)]
        slopes: F64 = np.stack(steps, axis=1) / UNITS[:, None]
        return slopes

    def differentiated(self, gradient: F64, radii: F32, ridge: float) -> float:
        """Leave gradients in the tensors.

        Args:
            gradient: (n, 6) as of `pull_back.pulled_back`.
            radii: (n,) of the placed strokes in pixels of the canvas that it was taken on.
            ridge: how much a change of colour costs: so many times its mean square, by the area of strokes.

        Returns:
            What it costs now.
        """
        found = torch.from_numpy(gradient).float()
        towards = torch.from_numpy(np.einsum("nkc,nc->nk", self._slopes(), gradient[:, :3])).float()
        self.colours.grad = towards + 2 * ridge * self.shares * self.colours
        self.ends.grad = found[:, 3:5] * (END * torch.from_numpy(radii)[:, None])
        self.widths.grad = found[:, 5]
        return ridge * float((self.shares * self.colours.square()).sum())

    def keep_body(self) -> None:
        """Bring back what has gone farther than the leeway."""
        reach = self.leeway.ends / END
        self.ends.clamp_(-reach, reach)
        lost = -self.ends.sum(1)
        most = torch.from_numpy((1 - self.leeway.shortest) * self.lengths / (END * self.placed.radii)).float()
        self.ends += ((lost - most).clamp_min(0) / 2)[:, None]
        self.widths.clamp_(-math.log1p(self.leeway.widths), math.log1p(self.leeway.widths))

    def state_dict(self) -> dict[str, Tensor]:
        """From which `load_state_dict` continues bit for bit."""
        return {"colours": self.colours.clone(), "ends": self.ends.clone(), "widths": self.widths.clone()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue with what `state_dict` gave."""
        for name, tensor in (("colours", self.colours), ("ends", self.ends), ("widths", self.widths)):
            tensor.copy_(state[name].cpu())


@njit(cache=True, nogil=True)
def stretched(points: F32, offsets: I64, moved: F64) -> F32:
    """Lines whose ends are moved along them, or straight beyond them; points keep their shares of the length.

    Args:
        points: (N, 3) x, y, width of all strokes.
        offsets: (n + 1,) where each one's begin.
        moved: (n, 2) by how much it begins earlier and ends later, in the points' unit; together no more is taken away
            than its length.

    Returns:
        (N, 3), with the same widths.
    """
    result = points.copy()
    for s in range(len(moved)):
        first, end = offsets[s], offsets[s + 1]
        if moved[s, 0] == 0 and moved[s, 1] == 0:
            continue
        count = end - first
        along = np.zeros(count)
        for k in range(1, count):
            dx, dy = points[first + k, 0] - points[first + k - 1, 0], points[first + k, 1] - points[first + k - 1, 1]
            along[k] = along[k - 1] + math.hypot(dx, dy)
        length = along[-1]
        if length <= 0:
            continue
        segment = 0
        for k in range(count):
            at = -moved[s, 0] + (length + moved[s, 0] + moved[s, 1]) * along[k] / length
            while segment < count - 2 and along[segment + 1] < at:
                segment += 1
            t = (at - along[segment]) / max(along[segment + 1] - along[segment], 1e-9)
            for axis in range(2):
                low, high = points[first + segment, axis], points[first + segment + 1, axis]
                result[first + k, axis] = low + t * (high - low)
    return result
