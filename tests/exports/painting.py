"""Surfaces with smooth colours, for tests: what a run would have found, without running."""

from __future__ import annotations

import numpy as np
import torch

from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.coset_table import CosetTable, rotations
from orbifolio.runner.symmetry.groups.polyhedral import point_group
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.symmetry.layouts.folded import FoldedSurface
from orbifolio.runner.symmetry.layouts.texture import Texture


def painted(texture: Texture, spacing: float, *, seed: int = 0) -> PaintedSurface:
    """Waves over the triangle, another phase on each sheet."""
    random = np.random.default_rng(seed)
    sheet, node = texture.representatives()
    places, weights = texture.places[node], texture.weights[node]
    values = np.zeros((texture.count, 3))
    bump = weights.min(1) * 3  # sheets differ inside and agree where they are glued
    for channel in range(3):
        for _ in range(8):
            values[:, channel] += np.sin(places @ random.normal(size=3) * 3 + random.uniform(0, 6) + sheet * bump) / 8
    surface = FoldedSurface(texture, spacing, np.eye(3))
    return PaintedSurface(surface, torch.from_numpy(values.clip(-0.5, 0.5).astype(np.float32)))


def sphere(name: str, divisions: int = 24) -> PaintedSurface:
    """A sphere with a group's symmetry, colours resting."""
    group = point_group(name)
    sheets = group.sheets(dict.fromkeys(group.matrices, colour.IDENTITY))
    return painted(Texture(group.parent, sheets, divisions), 1 / divisions)


def plane(p: int, q: int, *, sheets: CosetTable | None = None, divisions: int = 24) -> tuple[PaintedSurface, Triangle]:
    """A hyperbolic plane with the rotations of {p, q}."""
    triangle = Triangle(p, q)
    texture = Texture(triangle, sheets or rotations(colour.IDENTITY, colour.IDENTITY), divisions)
    return painted(texture, 0.5 / divisions), triangle
