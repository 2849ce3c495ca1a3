"""Coarser versions of a texture: (texture) -> one step of smoothing over neighbouring nodes, as a gather.

Towards a rim a pixel covers many nodes. Instead of sampling many points in it, it reads a smoothed texture
(as a mipmap does, Williams 1983; here without fewer nodes, since there are not many). One step replaces each node
by the mean of itself and its neighbours, across the sides of its sheet through their colours; the group sees
no difference between images of a node, so the smoothed picture is as symmetric as the texture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array

from runner.symmetry import colour
from runner.symmetry.gather import Gather, build_gather
from runner.symmetry.texture import Texture

Integers = npt.NDArray[np.int64]

STEPS = (0, 1, 3, 12, 49)
"""Steps up to each level: a box of 2^level nodes has variance 4^level / 12, one step about 0.43."""


def smoothing_step(texture: Texture) -> Gather:
    """One step of smoothing.

    Args:
        texture: of any group; its orbits are the points and the parameters of the gather.
    """
    rows, orbits, elements = _edges(texture)
    count = texture.count
    everyone = np.arange(count)
    ones = np.ones(len(rows))
    rows, orbits = np.concatenate([rows, everyone]), np.concatenate([orbits, everyone])
    elements = np.concatenate([elements, np.zeros(count, dtype=np.int64)])
    # a node weighs as one of its neighbours: whole hats have six, each counted from both its triangles
    weights = np.concatenate([ones, 2 * texture.size])
    # a row for each orbit, a column for each orbit seen through each colour element; equal ones are summed
    table = coo_array((weights, (rows, orbits * colour.COUNT + elements)), (count, count * colour.COUNT)).tocsr()
    table.sort_indices()
    lengths = np.diff(table.indptr)
    rows = np.repeat(everyone, lengths)
    column = np.arange(table.nnz) - table.indptr[:-1][rows]
    orbits, elements = np.divmod(table.indices, np.int32(colour.COUNT))
    shape = (count, int(column.max()) + 1)
    table_orbits, table_elements = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    table_weights = np.zeros(shape)
    table_orbits[rows, column], table_elements[rows, column] = orbits, elements
    table_weights[rows, column] = table.data / np.add.reduceat(table.data, table.indptr[:-1])[rows]
    return build_gather(table_orbits, table_elements, table_weights, count)


def _edges(texture: Texture) -> tuple[Integers, Integers, Integers]:
    """What every orbit sees along the sides of all small triangles: (orbit, orbit seen, through what)."""
    first, second = texture.small_sides()
    orbit, element = texture.members()
    if not element.any():  # no colour changes anywhere: nothing to look up
        left, right = orbit[:, first].ravel(), orbit[:, second].ravel()
        rows, seen = np.concatenate([left, right]), np.concatenate([right, left])
        return rows, seen, np.zeros(len(rows), dtype=np.int64)
    inverse, product = np.array(colour.INVERSE), colour.PRODUCT.astype(np.int64)
    found: list[tuple[Integers, Integers, Integers]] = []
    for a, b in ((first, second), (second, first)):
        # I(a) = element_a v_a, so v_a sees I(b) as element_a^-1 element_b v_b
        through = product[inverse[element[:, a]], element[:, b]]
        found.append((orbit[:, a].ravel(), orbit[:, b].ravel(), through.ravel()))
    rows, seen, through = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows, seen, through
