"""All images of bristle strokes under a group, as strokes of the picture.

For vectors, pens and brushes of other programs: every point of a line is moved by the group and shown through the
chart, its width by how large the chart shows things there. A canvas needs none of it, since its paint lies on orbits;
where images of one stroke overlap, the canvas shows the one whose middle is nearest, and these lie on each other.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.painting.bristle_strokes import BristleStrokes, joined
from orbifolio.runner.strokes.fitting.surface import OrbifoldSurface
from orbifolio.runner.strokes.rasteriser.colour_actions import ColourActions

LEAST_RADIUS = 0.75  # pixels; in the hyperbolic plane thinner images are most of all, and add nothing that is seen


def images(strokes: BristleStrokes, surface: OrbifoldSurface) -> BristleStrokes:
    """Wherever the group moves strokes and they can be seen, all of one stroke after the other's.

    Args:
        strokes: in pixels of the picture, about the fundamental domain.
        surface: that they are painted on.
    """
    if not strokes.size:
        return strokes
    stage = surface.stage
    points, there = stage.look(strokes.points[:, :2].astype(np.float64))
    own = np.repeat(np.arange(strokes.size), np.diff(strokes.offsets))
    whole = np.bincount(own[~there], minlength=strokes.size) == 0  # none of it beyond what the chart shows
    middles = (strokes.offsets[:-1] + strokes.offsets[1:]) // 2
    numbers: list[I64] = []
    found: list[BristleStrokes] = []
    for item in surface.everywhere(float(strokes.radii.max())):
        # most elements of a hyperbolic group show few strokes large enough, so the others' lines are not moved
        larger = surface.larger(strokes.points[middles, :2], stage.place(points[middles] @ item.matrix.T))
        chosen = np.flatnonzero(whole & (strokes.radii * larger >= LEAST_RADIUS))
        if not len(chosen):
            continue
        part = strokes.taken(chosen)
        rows = np.concatenate([np.arange(strokes.offsets[n], strokes.offsets[n + 1]) for n in chosen.tolist()])
        moved = stage.place(points[rows] @ item.matrix.T)
        inner = np.repeat(larger[chosen], np.diff(part.offsets))
        widths = part.points[:, 2] * surface.larger(part.points[:, :2], moved) / inner
        image = part._replace(
            radii=(part.radii * larger[chosen]).astype(np.float32),
            colours=np.ascontiguousarray(ColourActions.of((item.colour,)).apply(part.colours)[:, 0]),
        )
        for shown in _around(moved, part.offsets, surface):
            inside = _touches(shown, image, surface)
            if len(inside):
                lines = np.concatenate([shown, widths[:, None]], axis=1).astype(np.float32)
                numbers.append(chosen[inside])
                found.append(image._replace(points=lines).taken(inside))
    order = np.argsort(np.concatenate(numbers), kind="stable")
    return joined(found).taken(order)


def _touches(shown: F64, image: BristleStrokes, surface: OrbifoldSurface) -> I64:
    """Numbers of the strokes that reach into the picture."""
    from orbifolio.runner.painting.bristle_coverage import CUT_REACH  # compiles, so not before it is needed

    reach = (CUT_REACH * image.radii)[:, None]
    low, high = (extreme.reduceat(shown, image.offsets[:-1]) for extreme in (np.minimum, np.maximum))
    edge = np.array([surface.layout.width, surface.layout.height])
    return np.flatnonzero(((high > -reach) & (low < edge + reach)).all(1))


def _around(moved: F64, offsets: I64, surface: OrbifoldSurface) -> list[F64]:
    """(N, 2) lines as the picture shows them; where a map of a sphere wraps, those across its edge on both sides."""
    if surface.stage.curvature <= 0 or not surface.stage.wrap[1]:
        return [moved]
    width = surface.layout.width
    steps = np.diff(moved[:, 0], prepend=moved[:1, 0])
    steps[offsets[:-1]] = 0
    total = np.cumsum(-np.round(steps / width))
    turns = total - np.repeat(total[offsets[:-1]], np.diff(offsets))
    unwrapped = moved + np.stack([width * turns, np.zeros(len(moved))], axis=1)
    return [unwrapped + [shift, 0.0] for shift in (-width, 0, width)]
