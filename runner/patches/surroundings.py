"""What lies around orbits: (planes, some orbits) -> the orbits in their patches, and their neighbours' frames.

A neighbour in the fundamental domain is seen in its own frame. One across the domain's edge is an image: the motion
that carries its representative there is found by looking at the same things twice, around the image and around the
representative. Without it patches would not continue over the edge, and the domain would show as a seam.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, F64, I32, I64, Bools
from orbifolio.runner.patches.search_kernels import Block
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.tangent_planes import TangentPlanes
from orbifolio.runner.symmetry.taps import Taps

MAX_MISS = 0.9  # pixels from where a neighbour is looked for to where it is; more means that it is an image
PROBE_STEPS = 2  # samples from an image at which its surroundings are looked at: as far as a motion shows, and no curve
MAX_AWAY = 1.5  # times the farthest probe; what is seen farther away lies elsewhere in the domain
MAX_ERROR = 0.35  # pixels, root mean square, by which a motion may miss probes that lie between texels
MAX_TEXEL_ERROR = 0.01  # the same where probes are texels, so that only rounding can part them
NEGLIGIBLE = 1e-6  # weight of a tap
MAX_TAPS = 4  # of a sample, the heaviest: a mean of four copies blends sixteen texels, and the nearest of each will do


def surroundings(planes: TangentPlanes, orbits: I64, offsets: F64) -> Block:
    """The block of consecutive orbits.

    Args:
        planes: of the layout.
        orbits: (n,) consecutive numbers.
        offsets: (J, 2) of a patch's samples, the middle first, then its neighbours.
    """
    taps = planes.around(orbits, offsets)
    heavy = taps.weights > NEGLIGIBLE
    single = int(heavy.sum()) == len(heavy)  # samples are texels
    if single and heavy.shape[1] > 1:
        taps = _picked(taps, heavy.argmax(1)[:, None])
    elif heavy.shape[1] > MAX_TAPS:
        taps = _picked(taps, np.argpartition(-taps.weights, MAX_TAPS, axis=1)[:, :MAX_TAPS])
        taps = taps._replace(weights=taps.weights / taps.weights.sum(1, keepdims=True))
    weights = np.zeros((0, 1)) if single else taps.weights
    return Block(
        int(orbits[0]),
        np.ascontiguousarray(taps.orbits, np.int32),
        np.ascontiguousarray(taps.elements, np.uint8),
        np.ascontiguousarray(weights, np.float32),
        *_neighbours(planes, orbits, offsets, taps),
    )


def _picked(taps: Taps, which: I64) -> Taps:
    orbits, elements = (np.take_along_axis(array, which, 1) for array in (taps.orbits, taps.elements))
    return Taps(orbits, elements, np.take_along_axis(taps.weights, which, 1))


def _neighbours(planes: TangentPlanes, orbits: I64, offsets: F64, taps: Taps) -> tuple[I32, I32, F32, F32, I32]:
    """`near`, `motion`, `shift`, `back` and `seen` of a block."""
    count, neighbours = len(orbits), planes.lattice.ring
    ring = offsets[1 : 1 + neighbours]
    shape, around = (count, len(offsets), -1), slice(1, 1 + neighbours)
    close = Taps(*(array.reshape(shape)[:, around].reshape(count * neighbours, -1) for array in taps))  # type: ignore[arg-type]
    nearest = _picked(close, close.weights.argmax(1)[:, None])
    other, seen = nearest.orbits[:, 0].astype(np.int64), nearest.elements[:, 0].astype(np.int64)
    own, wanted = np.repeat(orbits, neighbours), np.tile(ring, (count, 1))
    there = planes.see(own, planes.places[other])
    direct = (np.abs(there - wanted).max(1) < MAX_MISS) & (seen == colour.IDENTITY)
    if planes.turning:
        motion = np.arange(count * neighbours)
        shift, back = there, np.broadcast_to(np.eye(2), (len(own), 2, 2)).copy()
        back[direct] = _between(planes, own[direct], other[direct], there[direct])
        shown, rows = seen, np.flatnonzero(~direct)
    else:
        images = np.flatnonzero(~direct)
        motion = np.tile(np.arange(neighbours), count)
        motion[images] = neighbours + np.arange(len(images))
        shift = np.concatenate([ring, there[images]])
        back = np.broadcast_to(np.eye(2), (len(shift), 2, 2)).copy()
        shown = np.concatenate([np.zeros(neighbours, np.int64), seen[images]])
        rows = neighbours + np.arange(len(images))
    images = np.flatnonzero(~direct)
    holds = direct
    if len(images):
        holds[images], shift[rows], back[rows] = _motions(
            planes, own[images], wanted[images], other[images], seen[images]
        )
    near = np.where(holds & (other != own), other, -1).reshape(count, neighbours)
    return (
        near.astype(np.int32),
        motion.reshape(count, neighbours).astype(np.int32),
        shift.astype(np.float32),
        back.reshape(-1, 4).astype(np.float32),
        shown.astype(np.int32),
    )


def _between(planes: TangentPlanes, own: I64, other: I64, there: F64) -> F64:
    """(n, 2, 2) turns A^-1 of neighbours in the domain: both see the line between them."""
    returned = -planes.see(other, planes.places[own])
    angle = np.arctan2(returned[:, 1], returned[:, 0]) - np.arctan2(there[:, 1], there[:, 0])
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cosine, -sine], 1), np.stack([sine, cosine], 1)], 1)


def _motions(planes: TangentPlanes, own: I64, ring: F64, other: I64, seen: I64) -> tuple[Bools, F64, F64]:
    """The motions that carry neighbours to where they are seen.

    Probes x about the image, whose positions u in the neighbour's own plane are known, give x = v + A u by least
    squares: of the singular value decomposition U S V^T of sum (x - mean) (u - mean)^T it is A = U V^T (Kabsch 1976);
    A may be a reflection.

    Returns:
        (n,) whether a motion fits; (n, 2) v; (n, 2, 2) A^-1.
    """
    probes = planes.lattice.offsets(PROBE_STEPS)
    count, number = len(own), len(probes)
    positions = ring[:, None] + probes
    taps = planes.around(own, positions)
    width = taps.orbits.shape[1]
    nodes = taps.orbits.reshape(-1).astype(np.int64)
    at = planes.see(np.repeat(other, number * width), planes.places[nodes]).reshape(count, number, width, 2)
    weights = taps.weights.reshape(count, number, width)
    elements = taps.elements.reshape(count, number, width)
    counted = weights > NEGLIGIBLE
    max_error = MAX_TEXEL_ERROR if bool((counted.sum(2) == 1).all()) else MAX_ERROR
    limit = MAX_AWAY * float(np.hypot(*probes.T).max())
    fits = (np.hypot(at[..., 0], at[..., 1]) <= limit) & (elements == seen[:, None, None])
    valid = np.where(counted, fits, True).all(2)
    places = (at * np.where(counted, weights, 0.0)[..., None]).sum(2)
    share: F64 = valid / np.maximum(valid.sum(1, keepdims=True), 1)
    middle = (positions * share[..., None]).sum(1)
    centre = (places * share[..., None]).sum(1)
    left, right = positions - middle[:, None], places - centre[:, None]
    covariance = np.einsum("nk,nki,nkj->nij", share, left, right)
    u, sizes, v = np.linalg.svd(covariance)
    turned = u @ v
    error = left - np.einsum("nij,nkj->nki", turned, right)
    rms = np.sqrt((share * (error**2).sum(2)).sum(1))
    holds: Bools = (valid.sum(1) >= 3) & (sizes[:, 1] > 0.05 * sizes[:, 0]) & (sizes[:, 0] > 0) & (rms < max_error)
    shift = middle - np.einsum("nij,nj->ni", turned, centre)
    back = np.swapaxes(turned, 1, 2)
    return holds, shift, _snapped(back)


def _snapped(turned: F64) -> F64:
    """Quarter turns without their rounding, so that pixels are copied as they are."""
    whole = np.rint(turned)
    near = np.abs(turned - whole).max((1, 2), keepdims=True) < 1e-7
    return np.where(near, whole, turned)
