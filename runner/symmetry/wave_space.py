"""The waves of a surface: (group with its colours, wave vectors) -> functions that the group leaves as they are.

A wave is exp(b . x) of homogeneous points x for a complex covector b, and a matrix g of the group carries it into
another one, exp(b . g x) = exp((b g) . x). So the mean over the group of any wave is a sum of such exponentials, on
every surface: in the plane b is imaginary and the mean is a wave packet of crystallography; on the sphere it is a
plane wave of space, which is a sum of spherical harmonics (Rayleigh 1894); on the hyperboloid the real part of b
makes the wave fade away from its centre, so that the mean over an infinite group is a Poincare series that converges
(Farris 2015 has all three, in other coordinates).

Convention: points are rows (x, y, 1) of a flat surface in any coordinates, of which `metric` tells the lengths, or on
the sphere or hyperboloid as in `groups/triangle.py`. I(g x) = c(g) I(x).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import C128, F64, I64
from orbifolio.runner.symmetry import colour

PROBES = 512  # points at which waves are compared: enough to tell apart two hundred
_BATCH = 32  # waves that are compared at a time
_CANDIDATES = 640  # waves that are tried: of those of low frequency large groups leave very few
_FAINT = 0.2  # of the strongest mean: a wave of which the mean over the group leaves less is none of the group's
_NEW = 0.35  # part of a wave that must not be a sum of the waves before it
_NEGLIGIBLE = 1e-5  # of the strongest exponential of a wave: a picture in 8 bits does not show it


@dataclass(frozen=True)
class WaveSpace:
    """A surface and a group on it, with its colours, as waves need them.

    Attributes:
        coordinates: from `Layout.representatives` to points on which the matrices act.
        matrices: (G, 3, 3) every element of the group that any wave tells from the others.
        colours: (G,) their colour elements.
        points: (count, random) -> (count, 3) points all over the surface, or over a fundamental domain.
        vectors: (count, random) -> frequencies (count,), rising, the first about 1, and (count, 3) complex covectors.
        metric: (3, 3) squared length of a covector in the surface's own units is c . metric . c.
        curvature: 1 sphere, 0 plane, -1 hyperbolic plane.
        area: of a fundamental domain, in the same units.
    """

    coordinates: Callable[[F64], F64]
    matrices: F64
    colours: I64
    points: Callable[[int, np.random.Generator], F64]
    vectors: Callable[[int, np.random.Generator], tuple[F64, C128]]
    metric: F64
    curvature: int
    area: float

    @cached_property
    def actions(self) -> tuple[int, ...]:
        """The colour elements of the group's elements, the identity first, sorted."""
        return tuple(sorted({int(element) for element in self.colours}))

    def invariant(self, terms: int, seed: int) -> WaveBasis:
        """Independent waves that every element of the group leaves as they are, of the lowest frequencies.

        Args:
            terms: how many; fewer where the group has not so many.
            seed: for what is random in the choice.
        """
        return self._chosen(terms, seed, np.zeros((1, len(self.colours)), dtype=np.int64))

    def coloured(self, terms: int, seed: int) -> WaveBasis:
        """WaveBasis that those elements leave as they are which change no colour, and their images under the others.

        Image number k is s(g^-1 x) of an element g whose colours are `actions[k]`; all images sum to zero.

        Args:
            terms: how many; none where no element changes colours.
            seed: for what is random in the choice.
        """
        back = np.array([colour.INVERSE[element] for element in self.actions])
        return self._chosen(terms if len(back) > 1 else 0, seed, (self.colours != back[:, None]).astype(np.int64))

    def _chosen(self, terms: int, seed: int, outside: I64) -> WaveBasis:
        """The first waves that are new among those of rising frequencies.

        Args:
            terms: how many.
            seed: for what is random.
            outside: (K, G) nonzero where an element does not belong to the mean number k.
        """
        random = np.random.default_rng(seed)
        probes = self.points(PROBES, random)
        frequencies, vectors = self.vectors(_CANDIDATES, random)
        moved = np.einsum("nj,gjk->ngk", vectors, self.matrices)
        # of an infinite group the elements at hand are not equally many for each colour, but weigh alike
        shares = np.where(outside, 0.0, len(outside) / len(self.matrices))
        if len(shares) > 1:  # what all images have in common tells no colours apart
            shares = shares - shares.mean(0)
        kept: list[int] = []
        levels: list[complex] = []
        sizes: list[float] = []
        known: C128 = np.zeros((0, len(shares) * PROBES), dtype=np.complex128)
        strongest = 0.0
        for first in range(0, len(vectors) if terms else 0, _BATCH):
            here = moved[first : first + _BATCH]
            waves = np.exp(here @ probes.T)  # (batch, G, probes)
            means = np.einsum("kg,ngp->nkp", shares, waves)
            floor = 1e-9 * math.sqrt(float((np.abs(waves) ** 2).mean()))
            mean = means.mean(2) if len(shares) == 1 else np.zeros((len(means), 1))  # images have none together
            flat = (means - mean[:, :, None]).reshape(len(means), -1)
            size = np.sqrt((np.abs(flat) ** 2).mean(1))
            strongest = max(strongest, float(size.max()))
            for number in np.flatnonzero((size > _FAINT * strongest) & (size > floor)):
                if len(kept) == terms:
                    break
                rest = flat[number] / size[number]
                rest = rest - (known.conj() @ rest) @ known / len(rest)
                new = math.sqrt(float((np.abs(rest) ** 2).mean()))
                if new > _NEW:
                    known = np.vstack([known, rest / new])
                    kept.append(first + int(number))
                    levels.append(complex(mean[number, 0]))
                    sizes.append(float(size[number]))
            if len(kept) == terms:
                break
        return WaveBasis(
            self, frequencies[kept], moved[kept], shares, np.array(sizes), np.array(levels, complex), probes
        )


class WaveBasis:
    """A few waves averaged over the group: see `WaveSpace`.

    Attributes:
        space: that they live on.
        frequencies: (terms,) relative to the lowest of the surface, rising.
        vectors: (M, 3) covectors of all exponentials.
        mixture: (images, M, terms) share of every exponential in an image of a wave; each wave has mean square 1.
        offsets: (terms,) to be subtracted, so that waves have mean 0.
    """

    def __init__(
        self, space: WaveSpace, frequencies: F64, moved: C128, shares: F64, sizes: F64, level: C128, probes: F64
    ) -> None:
        self.space, self.frequencies = space, frequencies
        terms, order = moved.shape[:2]
        flat = moved.reshape(-1, 3)
        strength = np.exp((flat.real @ probes.T).max(1, initial=-math.inf)) if len(flat) else np.zeros(0)
        keep = strength > _NEGLIGIBLE * strength.max(initial=0.0)
        owner, element = np.divmod(np.flatnonzero(keep), max(order, 1))
        rounded = np.round(flat[keep], 9) + 0.0
        self.vectors, index = np.unique(rounded, axis=0, return_inverse=True)
        self.mixture = np.zeros((len(shares), len(self.vectors), terms))
        for image, share in enumerate(shares):
            np.add.at(self.mixture[image], (index.ravel(), owner), share[element] / sizes[owner])
        self.offsets: C128 = np.asarray(level / sizes, dtype=np.complex128)

    @property
    def count(self) -> int:
        """How many waves."""
        return len(self.frequencies)


def dual_vectors(dual: F64, metric: F64, count: int) -> tuple[F64, C128]:
    """The shortest vectors of a dual lattice, as `WaveSpace.vectors`.

    Args:
        dual: (2, 2) its basis as columns.
        metric: (3, 3) see `WaveSpace`.
        count: how many; neither zero nor two of one length and line apart come in any but the order of their numbers.
    """
    form = dual.T @ metric[:2, :2] @ dual
    reach = math.sqrt(2 * count / math.pi * math.sqrt(float(np.linalg.det(form))))  # a disk of twice as many
    span = [1 + math.ceil(reach * math.sqrt(float(np.linalg.inv(form)[axis, axis]))) for axis in (0, 1)]
    first, second = np.meshgrid(*(np.arange(-size, size + 1) for size in span), indexing="ij")
    numbers = np.stack([first.ravel(), second.ravel()], axis=1)
    numbers = numbers[(numbers != 0).any(1)]
    lengths = np.sqrt(np.einsum("ni,ij,nj->n", numbers, form, numbers))
    order = np.lexsort((-numbers[:, 1], -numbers[:, 0], np.round(lengths / lengths.min(), 6)))[:count]
    vectors = np.column_stack([numbers[order] @ dual.T, np.zeros(len(order))])
    return lengths[order] / lengths.min(), 2j * math.pi * vectors


def free_waves(
    matrices: Sequence[F64],
    elements_of: Sequence[int],
    half: tuple[float, float],
    coordinates: Callable[[F64], F64],
) -> WaveSpace:
    """The waves of finitely many turns and mirrors about the middle of a plane, in any direction.

    Args:
        matrices: (3, 3) each, on points of `PlaneChart`, the identity first.
        elements_of: colour elements of each.
        half: half the picture's width and height.
        coordinates: from representatives to points.
    """

    def points(count: int, random: np.random.Generator) -> F64:
        within = (2 * random.random((count, 2)) - 1) * half
        return np.column_stack([within, np.ones(count)])

    def vectors(count: int, random: np.random.Generator) -> tuple[F64, C128]:
        # as many waves below each length as a lattice with a cell of half the picture has
        lengths = np.sqrt(1 + np.arange(count) / 3.0)
        angle = 2 * math.pi * random.random(count)
        flat = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(count)])
        return lengths, 2j * math.pi * flat * (lengths / 2)[:, None]

    metric = np.diag([1.0, 1.0, 0.0])
    area = 4 * half[0] * half[1] / len(matrices)
    return WaveSpace(coordinates, np.array(matrices), np.array(elements_of), points, vectors, metric, 0, area)


def affine(linear: F64 | I64, shift: F64) -> F64:
    """(3, 3) of a linear part and a shift."""
    return np.vstack([np.column_stack([linear, shift]), [0.0, 0.0, 1.0]])
