"""An outline is a stroke as a shape: (painting, learnt brush) -> centres, widths to both sides, one opacity each.

A brush has no sharp edge. A shape has the opacity that the stroke reaches along most of its length, and ends where the
stroke's opacity falls to half of that, to either side of the curve and beyond its ends. All widths of a stroke are then
scaled by one factor, so that the flat shape holds as much paint as the stroke.

Convention: as in `strokes.document.document`; the left of a stroke is where y grows for one that runs along x.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.geometry import nearest
from orbifolio.runner.strokes.mypaint.actions import bezier, bezier_velocity
from orbifolio.runner.strokes.stroke_array import END, LOG_RADIUS, START, VIA

if TYPE_CHECKING:
    from torch import Tensor

# Samples of the curve, beyond each end, and to each side: fewer show corners, more make larger files and take longer.
ALONG, BEYOND, ACROSS = 13, 4, 15
BUNCH = 24  # strokes at once, which bounds the memory
USUAL = 0.75  # quantile of the opacity along a stroke that its shape has
MIN_OPACITY = 0.02  # of a shape
MAX_FACTOR = 1.5  # by which a shape may be broader or narrower than where the opacity falls to half
MIN_WIDTH = 0.02  # units to either side; a smaller width could turn an outline inside out


@dataclass(frozen=True)
class Outlines:
    """Shapes of strokes.

    Attributes:
        centres: (n, k, 2) points along each curve and beyond its ends, in pixels.
        left: (n, k, 2) points of the outline to the left of them.
        right: (n, k, 2) points to the right.
        opacity: (n,) in [0, 1].
    """

    centres: F64
    left: F64
    right: F64
    opacity: F64

    def ring(self, number: int) -> F64:
        """(2 k, 2) corners of a stroke's shape."""
        ring: F64 = np.concatenate([self.left[number], self.right[number, ::-1]])
        return ring

    def widths(self, number: int) -> F64:
        """(k,) widths along a stroke in pixels."""
        widths: F64 = np.hypot(*(self.left[number] - self.right[number]).T)
        return widths


def outlines(painter: ImplicitPainter, painting: Painting, *, device: str = "cpu") -> Outlines:
    """The shapes of all strokes.

    Args:
        painter: the learnt brush of the painting.
        device: that the painter is on; the work is done on the CPU.
    """
    painter = painter if device == "cpu" else copy.deepcopy(painter).cpu()
    bunches = [_bunch(painter, painting.take(slice(at, at + BUNCH))) for at in range(0, len(painting), BUNCH)]
    if not bunches:
        none = np.zeros((0, ALONG + 2 * BEYOND, 2))
        return Outlines(none, none, none, np.zeros(0))
    return Outlines(*(np.concatenate(parts) for parts in zip(*bunches, strict=True)))


@torch.no_grad()
def _bunch(painter: ImplicitPainter, painting: Painting) -> tuple[F64, F64, F64, F64]:
    """Centres, left, right and opacities of a few strokes."""
    rows, unit = painting.geometry()
    reach = painter.reach(rows[:, LOG_RADIUS].exp() + 1)
    places, normals = _spine(rows, _ends(painter, rows, reach))
    offsets = torch.linspace(0, 1, ACROSS) * reach[:, None]  # (n, across)
    step = offsets[:, 1]
    sides = []
    for sign in (1.0, -1.0):
        across = places[:, :, None] + sign * normals[:, :, None] * offsets[:, None, :, None]
        alpha = opacity(painter, rows, across.flatten(1, 2)).reshape(across.shape[:-1])
        sides.append(alpha)
    peak = torch.maximum(*sides).amax(-1)
    shown = torch.quantile(peak[:, BEYOND:-BEYOND], USUAL, dim=1).clamp(min=MIN_OPACITY)
    widths = [_fall(alpha / shown[:, None, None]) * step[:, None] for alpha in sides]
    paint = sum(alpha.sum(-1) - alpha[..., 0] / 2 for alpha in sides) * step[:, None] / shown[:, None]
    gaps = (places[:, 1:] - places[:, :-1]).norm(dim=-1)
    area = _along(widths[0] + widths[1], gaps).clamp(min=MIN_WIDTH)
    factor = (_along(paint, gaps) / area).clamp(1 / MAX_FACTOR, MAX_FACTOR)
    left, right = ((width * factor[:, None]).clamp(min=MIN_WIDTH)[..., None] for width in widths)
    if painting.opaque:
        shown = torch.ones_like(shown)
    scale = unit[:, None, None]
    return (
        (places * scale).double().numpy(),
        ((places + normals * left) * scale).double().numpy(),
        ((places - normals * right) * scale).double().numpy(),
        shown.double().numpy(),
    )


def _fall(relative: Tensor) -> Tensor:
    """(n, k) samples at which (n, k, across) opacities fall below a half for the last time; 0 if all are below."""
    above = relative >= 0.5
    index = torch.arange(relative.shape[-1])
    last = torch.where(above, index, -1).amax(-1)
    inner = last.clamp(0, len(index) - 2)[..., None]
    first, second = relative.gather(-1, inner)[..., 0], relative.gather(-1, inner + 1)[..., 0]
    share = ((first - 0.5) / (first - second).clamp(min=1e-6)).clamp(0, 1)
    return torch.where(last < 0, 0.0, inner[..., 0] + share)


def _along(values: Tensor, gaps: Tensor) -> Tensor:
    """(n,) integrals of (n, k) values along lines with (n, k - 1) gaps between them, by trapezia."""
    return ((values[:, 1:] + values[:, :-1]) / 2 * gaps).sum(-1)


def _ends(painter: ImplicitPainter, rows: Tensor, reach: Tensor) -> Tensor:
    """(n, 2) how far a stroke's shape continues straight beyond its start and its end, in units."""
    offsets = torch.linspace(0, 1, ACROSS) * reach[:, None]
    places, normals = _spine(rows, torch.zeros(len(reach), 2))
    tangents = torch.stack((normals[..., 1], -normals[..., 0]), dim=-1)
    samples = torch.cat([
        places,
        places[:, :1] - tangents[:, :1] * offsets[..., None],
        places[:, -1:] + tangents[:, -1:] * offsets[..., None],
    ], dim=1)  # fmt: skip
    alpha = opacity(painter, rows, samples)
    line, before, after = alpha[:, : -2 * ACROSS], alpha[:, -2 * ACROSS : -ACROSS], alpha[:, -ACROSS:]
    shown = torch.quantile(line[:, BEYOND:-BEYOND], USUAL, dim=1).clamp(min=MIN_OPACITY)
    fallen = _fall(torch.stack((before, after), dim=1) / shown[:, None, None])
    return fallen * offsets[:, 1:2]


def _spine(rows: Tensor, far: Tensor) -> tuple[Tensor, Tensor]:
    """(n, k, 2) points along the curves and straight on beyond them as `_ends` says, and the unit normals there."""
    t = torch.linspace(0, 1, ALONG)[None, :, None]
    start, via, end = rows[:, None, START], rows[:, None, VIA], rows[:, None, END]
    curve = bezier(start, via, end, t)
    # A stroke of no length has no direction; any will do, since its shape is a disk.
    still = torch.tensor([1e-4, 0.0])
    tangents = torch.nn.functional.normalize(bezier_velocity(start, via, end, t) + still, dim=-1)
    # Denser towards the tip, where a round cap turns most.
    shares = torch.sin(torch.linspace(0, torch.pi / 2, BEYOND + 1)[1:])
    before = curve[:, :1] - tangents[:, :1] * (shares.flip(0)[None] * far[:, :1])[..., None]
    after = curve[:, -1:] + tangents[:, -1:] * (shares[None] * far[:, 1:])[..., None]
    places = torch.cat((before, curve, after), dim=1)
    wide = torch.cat((tangents[:, :1].expand_as(before), tangents, tangents[:, -1:].expand_as(after)), dim=1)
    return places, torch.stack((-wide[..., 1], wide[..., 0]), dim=-1)


def opacity(painter: ImplicitPainter, rows: Tensor, places: Tensor) -> Tensor:
    """Opacity of strokes at any places, (n, m) in [0, 1].

    Args:
        rows: (n, 9) in units.
        places: (n, m, 2) in units.
    """
    course = painter.track(rows)
    seen = painter.place(places)
    chords = nearest(course, seen)[0]
    return painter.respond(*painter.features(course, seen, chords))


def points_of(painting: Painting, count: int = 2 * ALONG) -> F32:
    """(n, count, 2) points along the curves, in pixels."""
    strokes = painting.strokes[:, None]
    t = np.linspace(0, 1, count, dtype=np.float32)[None, :, None]
    points: F32 = bezier(strokes[..., START], strokes[..., VIA], strokes[..., END], t)
    return points
