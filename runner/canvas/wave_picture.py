"""A wave picture: (waves of a symmetry, photograph) -> orbit values, differentiable in the waves' amplitudes.

    I(x) = M(x) photo(f(x)),   f = sum of a_j B_j,   M = sum of w_c c over the colours of the group

f is complex and invariant under the whole group: its real and imaginary part say where in the photograph each point
looks (Farris 2015). Where the group changes colours, real waves s_c that the group permutes say how much of each
colouring a point shows, w = softmax(s / softness); so I(g x) = c(g) I(x) without a seam, and shapes run through from
one colouring into the next. The photograph is continued by mirrors over its edges and read from a mipmap (Williams
1983), as coarse as the waves squeeze it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.named_files import FileName
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout
from orbifolio.runner.symmetry.wave_space import WaveBasis, WaveSpace

if TYPE_CHECKING:
    from torch import Tensor

ZONE_TERMS = 3
"""WaveBasis that say where which colouring is shown: more cut the picture into small change."""
_FINE = 4.0  # times as much as the finest pixels: pixels that cover more no longer look at the photo for themselves
_CHUNK = 4_000_000  # exponentials at a time: about 100 MB, of which a processor's cache sees little anyway


class WaveSettings(Settings):
    """What a canvas and a start of waves have in common."""

    photo: FileName
    """The picture that colours the waves: a path, `skimage:NAME`, `orbifolio:NAME`, `https://...` or `upload`."""
    terms: int = Field(default=20, ge=1, le=200)
    """How many waves, those of the lowest frequencies first; a group may have fewer."""
    decay: float = Field(default=2.0, ge=0, le=6)
    """Power of the frequency by which waves are damped: larger gives larger, smoother shapes."""
    reach: float = Field(default=0.6, gt=0, le=20)
    """How far the waves roam over the photo: the spread of the places that are seen, in halves of its sides. Beyond its
    edges it goes on mirrored."""
    centre: tuple[float, float] = (0.5, 0.5)
    """Where in the photo the waves are at rest: fractions to the right and down."""
    softness: float = Field(default=0.3, ge=0.01, le=10)
    """Where the group changes colours, how softly one colouring passes into the next; 0.05 is an edge."""
    smoothing: float = Field(default=2.0, ge=0.5, le=50)
    """How wide the photo's finest detail becomes, in pixels of the artwork: 1 is crisp, 5 is silk."""
    variant: int = Field(default=0, ge=0)
    """Another choice of waves for the same seed of the run."""


@dataclass(frozen=True)
class WaveSum:
    """WaveBasis at points, to be summed with any amplitudes.

    Attributes:
        waves: with the covectors of all exponentials.
        points: (P, 3) float64 on their surface.
        device: torch's name of it.
    """

    waves: WaveBasis
    points: F64
    device: str

    @cached_property
    def where(self) -> Tensor:
        """(P, 3) the points in single precision."""
        return torch.from_numpy(self.points).float().to(self.device)

    @cached_property
    def _covectors(self) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts, (3, M) each."""
        vectors = self.waves.vectors.T
        real, imaginary = (
            torch.from_numpy(part.copy()).float().to(self.device) for part in (vectors.real, vectors.imag)
        )
        return real, imaginary

    def sums(self, columns: Tensor) -> Tensor:
        """Sums of the exponentials.

        Args:
            columns: (M, N) complex amplitudes.

        Returns:
            (P, N, 2) real and imaginary part, differentiable in the amplitudes.
        """
        # [cos, sin] @ [[re, im], [-im, re]], since real products are what processors are fastest at
        weights = torch.cat(
            [torch.view_as_real(columns), torch.stack([-columns.imag, columns.real], dim=-1)], dim=0
        ).flatten(1)
        step = max(256, _CHUNK // max(1, len(columns)))
        parts = []
        for chunk in torch.split(self.where, step):
            if weights.requires_grad and torch.is_grad_enabled():
                parts.append(torch.utils.checkpoint.checkpoint(self._part, chunk, weights, use_reentrant=False))
            else:
                parts.append(self._part(chunk, weights))
        return torch.cat(parts).view(len(self.points), columns.shape[1], 2)

    def _part(self, points: Tensor, weights: Tensor) -> Tensor:
        real, imaginary = self._covectors
        angles = points @ imaginary
        waves = torch.cat([angles.cos(), angles.sin()], dim=1)
        if bool(real.any()):
            waves = waves * (points @ real).exp().repeat(1, 2)
        return waves @ weights


class WavePicture:
    """See the module's docstring.

    Attributes:
        amplitudes: (terms, 2) real and imaginary parts, which may be trained.
        zones: (terms, 2) the same of the waves that choose between colourings; without terms if there are none.
        texel: distance of neighbouring orbits' representatives on the surface, about.
    """

    def __init__(self, settings: WaveSettings, space: WaveSpace, layout: Layout, photo: Tensor, seed: int) -> None:
        """WaveBasis with random amplitudes.

        Args:
            settings: how many, and how they use the photo.
            space: of the layout's symmetry.
            layout: whose orbits have values.
            photo: (1, 3, h, w) in [0, 1].
            seed: of all that is random.
        """
        self.settings, self.space, self.layout = settings, space, layout
        device = str(layout.orbit_size.device)
        seed = int(np.random.default_rng([seed, settings.variant]).integers(2**31))
        self.shapes, self.colourings = space.invariant(settings.terms, seed), space.coloured(ZONE_TERMS, seed + 1)
        points = space.coordinates(layout.representatives())
        self._shape_sum, self._zone_sum = (WaveSum(waves, points, device) for waves in (self.shapes, self.colourings))
        self.texel = math.sqrt(space.area / max(1, layout.parameters))
        self._mipmap = Mipmap(photo.to(device))
        random = np.random.default_rng([seed, 2])
        self.amplitudes = self._random(self.shapes, random, device)
        self.zones = self._random(self.colourings, random, device)

    def _random(self, waves: WaveBasis, random: np.random.Generator, device: str) -> Tensor:
        """(terms, 2) of mean square sum 2, so that both parts of the sum have mean square 1; damped by frequency."""
        size = waves.frequencies**-self.settings.decay
        drawn = random.standard_normal((waves.count, 2)) * size[:, None]
        drawn *= math.sqrt(2 / max(float((drawn**2).sum()), 1e-12))
        return torch.from_numpy(drawn).float().contiguous().to(device)

    def values(self) -> Tensor:
        """(P, 3) orbit values, centred and constrained, differentiable in amplitudes and zones."""
        return self._values(*self._places(), self._colouring())

    def artwork(self, spacing: F64) -> Tensor:
        """The picture, in which every pixel looks at the photo for itself: sharper than what blends orbit values.

        Where a pixel covers several texels, as at the rim of a disk, orbit values are blended after all.

        Args:
            spacing: (height * width,) how far apart neighbouring pixels are, in texels; about 1 for most.

        Returns:
            (1, 3, height, width), differentiable in amplitudes and zones.
        """
        layout, plain = self.layout, self.layout.colourless()
        share = (
            torch.from_numpy(np.clip(2 - spacing / spacing.min() / _FINE, 0, 1))
            .float()
            .to(self.amplitudes.device)[:, None]
        )
        if plain is None:
            return layout.render(self.values())
        where, stretch = self._places()
        colouring = self._colouring()
        blended = layout.render(self._values(where, stretch, colouring)) if bool((share < 1).any()) else None
        seen = _rows(plain.render(torch.cat([where, stretch[:, None]], dim=1)))
        # one smoothness all over the surface, as far as pixels are fine enough to show it
        wide = np.maximum(spacing, self.settings.smoothing * spacing.min())
        squeezed = seen[:, 2].detach() * torch.from_numpy(wide).to(seen)
        shown = self._mipmap(seen[:, :2], squeezed) - 0.5
        if colouring is not None:
            columns = colouring.unbind(2)  # each is a colour: the group turns it as it does the picture
            parts = [_rows(layout.render(column)) * shown[:, i : i + 1] for i, column in enumerate(columns)]
            shown = torch.stack(parts).sum(0)
        shown = shown + 0.5
        if blended is not None:
            shown = torch.lerp(_rows(blended) + 0.5, shown, share)
        return shown.view(1, layout.height, layout.width, 3).permute(0, 3, 1, 2)

    def _values(self, where: Tensor, stretch: Tensor, colouring: Tensor | None) -> Tensor:
        """(P, 3) orbit values from what `_places` and `_colouring` say."""
        shown = self._mipmap(where, stretch * self.settings.smoothing) - 0.5
        if colouring is not None:
            shown = (colouring * shown[:, None, :]).sum(2)
        return self.layout.constrain(shown)

    def _colouring(self) -> Tensor | None:
        """(P, 3, 3) what every orbit does to the photo's colours; None where the group changes none."""
        if not self.colourings.count:
            return None
        actions = torch.from_numpy(colour.MATRICES[list(self.space.actions)]).to(self.zones)
        return torch.einsum("pc,cij->pij", self._shares(), actions)

    def _places(self) -> tuple[Tensor, Tensor]:
        """(P, 2) fractions of the photo, unfolded, and (P,) how much of its sides a pixel covers."""
        device = self.amplitudes.device
        mixture = torch.from_numpy(self.shapes.mixture[0]).to(device, torch.complex64)
        amplitudes = torch.view_as_complex(self.amplitudes)
        column = (mixture @ amplitudes)[:, None]
        vectors = torch.from_numpy(self.shapes.vectors).to(device, torch.complex64)
        sums = self._shape_sum.sums(torch.cat([column, (vectors * column).detach()], dim=1))
        f = sums[:, 0] - torch.view_as_real(self._offsets.to(device) @ amplitudes)
        slopes = sums[:, 1:].detach()  # (P, 3, 2)
        metric = torch.from_numpy(self.space.metric).to(slopes)
        square = torch.einsum("pik,ij,pjk->p", slopes, metric, slopes)
        if self.space.curvature:  # without what leads off the surface
            off = torch.einsum("pik,pi->pk", slopes, self._shape_sum.where)
            square = square - self.space.curvature * off.square().sum(1)
        # of both parts of f, in the mean
        stretch = (square.clamp_min(0) / 2).sqrt() * (self.texel * self.settings.reach / 2)
        centre = torch.tensor(self.settings.centre, device=device)
        return centre + f * (self.settings.reach / 2), stretch

    @cached_property
    def _offsets(self) -> Tensor:
        return torch.from_numpy(self.shapes.offsets.astype(np.complex64))

    def _shares(self) -> Tensor:
        """(P, colours) of every colouring."""
        zones = torch.view_as_complex(self.zones)
        mixture = torch.from_numpy(self.colourings.mixture).to(zones.device, torch.complex64)
        columns = torch.einsum("kmt,t->mk", mixture, zones)
        levels = self._zone_sum.sums(columns)[:, :, 0]
        return torch.softmax(levels / self.settings.softness, dim=1)


def _rows(picture: Tensor) -> Tensor:
    """(pixels, 3) of a picture (1, 3, height, width), centred."""
    return picture[0].permute(1, 2, 0).reshape(-1, 3) - 0.5


class Mipmap:
    """A photo at all sizes, each half of the one before, read at fractions of its sides; continued by mirrors."""

    def __init__(self, photo: Tensor) -> None:
        """Sizes down to a few pixels.

        Args:
            photo: (1, 3, h, w).
        """
        self._levels = [photo]
        while min(self._levels[-1].shape[-2:]) >= 4:
            self._levels.append(functional.avg_pool2d(self._levels[-1], 2, ceil_mode=True, count_include_pad=False))
        self._side = math.sqrt(photo.shape[-2] * photo.shape[-1])

    def __call__(self, where: Tensor, stretch: Tensor) -> Tensor:
        """Colours.

        Args:
            where: (N, 2) fractions to the right and down, any real numbers.
            stretch: (N,) part of the sides that a pixel covers.

        Returns:
            (N, 3), differentiable in `where`.
        """
        level = (stretch * self._side).clamp_min(1).log2().clamp_max(len(self._levels) - 1)
        shown = torch.zeros((len(where), 3), dtype=where.dtype, device=where.device)
        for number, picture in enumerate(self._levels):
            share = 1 - (level - number).abs()
            chosen = torch.nonzero(share > 0)[:, 0]
            if len(chosen):
                at = (2 * where[chosen] - 1)[None, None]
                read = functional.grid_sample(picture, at, padding_mode="reflection", align_corners=False)[0, :, 0].T
                shown = shown.index_add(0, chosen, read * share[chosen, None])
        return shown
