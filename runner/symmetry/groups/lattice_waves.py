"""The waves of a wallpaper group: (group, colours, lattice) -> a space with a wave for each point of the dual lattice.

In lattice coordinates x a wave exp(2 pi i k . x) repeats with the translations that change no colour if k is in the
dual of their lattice; the mean over the rest of the group does what is left (Farris 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.groups.groups import Group
from orbifolio.runner.symmetry.groups.legality import elements, neutral_period
from orbifolio.runner.symmetry.wave_space import WaveSpace, affine, dual_vectors


def lattice_waves(
    group: Group, assignment: Mapping[str, int], basis: F64, coordinates: Callable[[F64], F64]
) -> WaveSpace:
    """The waves of a wallpaper group, with one covector for each point of the dual lattice.

    Args:
        group: the row of the table.
        assignment: colour elements of its generators.
        basis: (2, 2) lattice vectors as columns, in any unit of length.
        coordinates: from representatives to (x, y, 1) in lattice coordinates.
    """
    pairs = elements(group, assignment)
    matrices = np.array([affine(np.array(item.matrix), np.array(item.halves) / 2) for item, _ in pairs])
    neutral = neutral_period(assignment)
    dual = np.linalg.inv(np.array([[neutral.width, neutral.shear], [0, neutral.height]], dtype=np.float64)).T
    back = np.linalg.inv(basis)
    metric = np.zeros((3, 3))
    metric[:2, :2] = back @ back.T

    def points(count: int, random: np.random.Generator) -> F64:
        within = random.random((count, 2)) * [neutral.width, neutral.height]
        return np.column_stack([within, np.ones(count)])

    area = abs(float(np.linalg.det(basis))) * neutral.index / len(pairs)
    return WaveSpace(
        coordinates,
        matrices,
        np.array([element for _, element in pairs]),
        points,
        lambda count, random: dual_vectors(dual, metric, count),
        metric,
        0,
        area,
    )
