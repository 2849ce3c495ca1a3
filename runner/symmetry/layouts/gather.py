"""A gather is a linear map (orbit values -> colours at points), a sum of few taps for each point.

Each tap is (orbit, colour element, weight). Forward, every value is first turned into each colour element
in use, then every point sums its taps; backward is the exact adjoint. Both are bag sums in a fixed order,
so that results are the same bytes on every run, on CPU and CUDA. No matrix product is used: lower
precision modes of accelerators (TF32) would break exactness.

Convention: values are (parameters, 3) and centred at mid-grey; points are rows of (points, 3).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import I32
from orbifolio.runner.deferred import functional, sparse, torch
from orbifolio.runner.symmetry import colour

if TYPE_CHECKING:
    from torch import Tensor

_MIN_WEIGHT = 1e-3  # of all points together, below which an orbit counts as not shown: its average would be noise


@dataclass(frozen=True)
class Gather:
    """The tables of one gather.

    Attributes:
        parameters: number of orbits P.
        channels: (3 K,) old channel that each new channel shows, for the K colour elements in use.
        signs: (3 K,) +1 or -1 for the same.
        inverse_channels: (3 K,) the same for the inverse elements, as flat positions in (K, 3).
        inverse_signs: (3 K,) +1 or -1 for the inverse elements.
        taps: (points, k), orbit * K + colour slot; (taps,) where points have different numbers of them.
        weights: of the same shape, or None where every point is one tap of weight 1.
        offsets: (points,) where the taps of each point begin, or None where all have k.
        back_points: (taps,) points in the order of `taps`' values.
        back_offsets: where the taps of each of `back_rows` begin in `back_points`.
        back_weights: (taps,) the weights in the order of `back_points`, or None where all are 1.
        back_rows: the values, orbit * K + slot, that are tapped at all; None for all (P K,). A window of a large
            surface sees few of its orbits.
        identity: every tap shows its orbit in the orbit's own colours.
    """

    parameters: int
    channels: Tensor
    signs: Tensor
    inverse_channels: Tensor
    inverse_signs: Tensor
    taps: Tensor
    weights: Tensor | None
    back_points: Tensor
    back_offsets: Tensor
    back_weights: Tensor | None
    back_rows: Tensor | None = None
    offsets: Tensor | None = None
    identity: bool = False

    def to(self, device: str) -> Gather:
        """The same tables on a device."""
        moved: dict[str, Any] = {
            item.name: value.to(device)
            for item in fields(self)
            if isinstance(value := getattr(self, item.name), torch.Tensor)
        }
        return replace(self, **moved)

    def colourless(self) -> Gather:
        """The same map forwards, every tap showing its orbit's own values; it has no adjoint."""
        slots = len(self.channels) // 3
        return replace(self, taps=self.taps // slots, identity=True)

    def forward(self, values: Tensor) -> Tensor:
        """Colours at the points.

        Args:
            values: (P, 3), float32 or float64.

        Returns:
            (points, 3), centred.
        """
        if self.identity:
            return _bags(values, self.taps, self.weights, self.offsets)
        turned = values.index_select(1, self.channels) * self.signs.to(values.dtype)
        return _bags(turned.view(-1, 3), self.taps, self.weights, self.offsets)

    def adjoint(self, points: Tensor) -> Tensor:
        """The transposed map: what each orbit receives from its points, colours turned back.

        Forward, point i is y_i = sum_t w_t C_t x_(o_t) over its taps t, C_t being the signed permutation of the tap's
        colour element. So orbit j receives x_j = sum_(t with o_t = j) w_t C_t^T y_(i_t), and C^T = C^-1 because C is
        orthogonal. Points are first summed by (orbit, element), then each sum is turned back once.

        Args:
            points: (points, 3), float32 or float64.

        Returns:
            (P, 3).
        """
        turned = _bags(points.contiguous(), self.back_points, self.back_weights, self.back_offsets)
        if self.back_rows is not None:
            everywhere = turned.new_zeros(self.parameters * (len(self.channels) // 3), 3)
            turned = everywhere.index_copy_(0, self.back_rows, turned)
        if self.identity:
            return turned
        turned = turned.view(self.parameters, -1)
        back = turned.index_select(1, self.inverse_channels) * self.inverse_signs.to(points.dtype)
        return back.view(self.parameters, -1, 3).sum(1)

    def shown(self, weight: Tensor) -> Tensor:
        """(P, 1) how much of every orbit the points show, whatever its colours, in float64.

        Args:
            weight: (points,) of each point.
        """
        weights = weight[self.back_points.long()].double()
        if self.back_weights is not None:
            weights = weights * self.back_weights
        offsets = self.back_offsets.long()
        ends = torch.cat([offsets[1:], torch.tensor([len(weights)], device=weights.device)])
        running = torch.cat([torch.zeros(1, dtype=torch.float64, device=weights.device), weights.cumsum(0)])
        each = running[ends] - running[offsets]
        if self.back_rows is not None:
            rows = self.parameters * (len(self.channels) // 3)
            each = each.new_zeros(rows).index_copy_(0, self.back_rows, each)
        return each.view(self.parameters, -1).sum(1, keepdim=True)

    def __call__(self, values: Tensor) -> Tensor:
        """`forward` with `adjoint` as its gradient, once."""
        from orbifolio.runner import linear_maps

        return linear_maps.apply(self.forward, self.adjoint, values)

    def collect(self, points: Tensor) -> Tensor:
        """`adjoint` with `forward` as its gradient, once."""
        from orbifolio.runner import linear_maps

        return linear_maps.apply(self.adjoint, lambda gradient: self.forward(gradient.contiguous()), points)


def _bags(rows: Tensor, index: Tensor, weights: Tensor | None, offsets: Tensor | None) -> Tensor:
    if weights is None and offsets is None:
        return rows.index_select(0, index[:, 0])
    weights = None if weights is None else weights.to(rows.dtype)
    return functional.embedding_bag(index, rows, offsets, mode="sum", per_sample_weights=weights)


def build_gather(
    orbits: npt.NDArray[np.integer],
    elements: npt.NDArray[np.integer],
    weights: npt.NDArray[np.floating] | None,
    parameters: int,
) -> Gather:
    """The tables for given taps.

    Args:
        orbits: (points, k) orbit of each tap.
        elements: (points, k) colour element 0..47 of each tap.
        weights: (points, k), or None for one tap of weight 1.
        parameters: number of orbits P.
    """
    ends = np.arange(len(orbits) + 1, dtype=np.int32) * np.int32(orbits.shape[1])
    flat = None if weights is None else weights.ravel()
    ragged = build_ragged(orbits.ravel(), elements.ravel(), flat, ends, parameters)
    shaped = None if ragged.weights is None else ragged.weights.view(orbits.shape)
    return replace(ragged, taps=ragged.taps.view(orbits.shape), weights=shaped, offsets=None)


def build_ragged(
    orbits: npt.NDArray[np.integer],
    elements: npt.NDArray[np.integer],
    weights: npt.NDArray[np.floating] | None,
    ends: I32,
    parameters: int,
) -> Gather:
    """The tables for points with different numbers of taps.

    Args:
        orbits: (taps,) orbit of each tap, point after point.
        elements: (taps,) colour element 0..47 of each.
        weights: (taps,), or None for weights of 1.
        ends: (points + 1,) 0, then where the taps of each point end.
        parameters: number of orbits P.
    """
    used = np.flatnonzero(np.bincount(elements, minlength=colour.COUNT)).tolist()
    slots = np.zeros(colour.COUNT, dtype=np.int32)
    slots[used] = np.arange(len(used))
    # int32 halves the traffic of the tables; embedding_bag and index_select both take it
    taps = np.multiply(orbits, len(used), dtype=np.int32, casting="same_kind")
    if len(used) > 1:
        taps += slots[elements]
    shares = np.ones(taps.size, np.float32) if weights is None else weights.astype(np.float32, copy=False)
    # the transposed table, in the same order as a stable sort, by counting
    back_taps = sparse.csr_array((shares, taps, ends), shape=(len(ends) - 1, parameters * len(used))).tocsc()
    base = 3 * np.arange(len(used))[:, None]
    channels = np.array([colour.permutation(item) for item in used])
    signs = np.array([colour.signs(item) for item in used])
    back = np.array([colour.permutation(colour.INVERSE[item]) for item in used])
    back_signs = np.array([colour.signs(colour.INVERSE[item]) for item in used])
    rows = np.flatnonzero(np.diff(back_taps.indptr))
    few = 2 * len(rows) < parameters * len(used)
    offsets = back_taps.indptr[rows] if few else back_taps.indptr[:-1].copy()
    return Gather(
        parameters,
        torch.from_numpy(channels.ravel()),
        torch.from_numpy(signs.ravel()).float(),
        torch.from_numpy((back + base).ravel()),
        torch.from_numpy(back_signs.ravel()).float(),
        torch.from_numpy(taps),
        None if weights is None else torch.from_numpy(shares),
        torch.from_numpy(back_taps.indices),
        torch.from_numpy(offsets),
        None if weights is None else torch.from_numpy(back_taps.data),
        torch.from_numpy(rows) if few else None,
        torch.from_numpy(ends[:-1].copy()),
        identity=used == [colour.IDENTITY],
    )


def averages(collected: Tensor, weight: Tensor, otherwise: Tensor) -> Tensor:
    """The weighted averages that orbits received from points.

    Args:
        collected: (P, 3) weighted sums.
        weight: (P, 1) or (P, 3) what they weigh together.
        otherwise: (3,) the value of an orbit that no point shows.
    """
    return torch.where(weight > _MIN_WEIGHT, collected / weight.clamp_min(_MIN_WEIGHT), otherwise)
