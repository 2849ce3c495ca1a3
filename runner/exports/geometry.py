"""The products of each geometry: (symmetry, last layout, values) -> files by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.exports.hyperbolic import hyperbolic_products
from orbifolio.runner.exports.model import model_products
from orbifolio.runner.exports.orb import paint_orb
from orbifolio.runner.exports.sphere import sphere_products
from orbifolio.runner.exports.zoom import zoom_products
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout, Symmetry
from orbifolio.runner.symmetry.kinds.circle_limit import CircleLimitSymmetry
from orbifolio.runner.symmetry.kinds.droste import DrosteSymmetry
from orbifolio.runner.symmetry.kinds.figure_sphere import FigureSphereSymmetry
from orbifolio.runner.symmetry.kinds.hyperbolic import HyperbolicSymmetry
from orbifolio.runner.symmetry.kinds.model import ModelLayout, ModelSymmetry
from orbifolio.runner.symmetry.kinds.partial import PartialSymmetry
from orbifolio.runner.symmetry.kinds.sphere import SphereSymmetry
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout
from orbifolio.runner.symmetry.layouts.folded import FoldedLayout

if TYPE_CHECKING:
    from torch import Tensor


def geometry_products(symmetry: Symmetry, layout: Layout, values: Tensor) -> Mapping[str, bytes]:
    """The files of a symmetry's geometry: models, other charts, loops; none for a plain picture.

    Args:
        symmetry: its class decides which files there are.
        layout: of the last phase.
        values: (parameters, 3), centred and constrained.
    """
    writer = PRODUCTS.get(type(symmetry))
    return {} if writer is None else writer(symmetry, layout, values)


def relief_products(symmetry: Symmetry, layout: Layout, heights: F32) -> Mapping[str, bytes]:
    """The files in which paint rises as high as it lies; none where there is nothing to print.

    Args:
        symmetry: its class decides which files there are.
        layout: of the last phase.
        heights: (parameters,) of the paint.
    """
    writer = RELIEFS.get(type(symmetry))
    return {} if writer is None else writer(layout, heights)


def _paint_orb(layout: FoldedLayout, heights: F32) -> Mapping[str, bytes]:
    return {"paint-orb.stl": paint_orb(layout.surface, heights)}


def _sphere(symmetry: SphereSymmetry, layout: FoldedLayout, values: Tensor) -> Mapping[str, bytes]:
    return sphere_products(layout.surface, values, pixels=layout.width)


def _hyperbolic(symmetry: HyperbolicSymmetry, layout: FoldedLayout, values: Tensor) -> Mapping[str, bytes]:
    return hyperbolic_products(layout.surface, symmetry.triangle, values, pixels=layout.width, own=symmetry.chart_name)


def _droste(symmetry: DrosteSymmetry, layout: BlendedLayout, values: Tensor) -> Mapping[str, bytes]:
    ratio = layout.width / layout.height

    def frame(part: float, width: int, height: int) -> F32:
        enlarged = BlendedLayout(layout.lookup, symmetry.deeper(part, ratio), width, height)
        picture = enlarged.render(values.cpu().float())[0].clamp(0, 1)
        return picture.permute(1, 2, 0).numpy()

    lattice, colours = symmetry.lattice, colour.MATRICES[symmetry.assignment["t2"]].astype(np.float32)
    return zoom_products(frame, layout.width, layout.height, zoom=lattice.zoom, turn=lattice.turn, colours=colours)


def _model(symmetry: ModelSymmetry, layout: ModelLayout, values: Tensor) -> Mapping[str, bytes]:
    return model_products(symmetry.mesh, layout.render(values))


def _partial(symmetry: PartialSymmetry, layout: Layout, values: Tensor) -> Mapping[str, bytes]:
    return geometry_products(symmetry.base, layout, values)


PRODUCTS: Mapping[type, Callable[[Any, Any, Tensor], Mapping[str, bytes]]] = {
    SphereSymmetry: _sphere,
    FigureSphereSymmetry: _sphere,
    CircleLimitSymmetry: _hyperbolic,
    HyperbolicSymmetry: _hyperbolic,
    DrosteSymmetry: _droste,
    ModelSymmetry: _model,
    PartialSymmetry: _partial,
}
"""The writer for each kind of symmetry that offers more than its picture."""

RELIEFS: Mapping[type, Callable[[Any, F32], Mapping[str, bytes]]] = {SphereSymmetry: _paint_orb}
"""The writer of what can be printed with its paint, for each kind of symmetry that has a body."""
