"""A colour transfer is a map of single colours that gives one picture the colours of another.

    (colours here, colours there, colour action) -> move;   move(colours) -> colours

Three ways, each taking more of the other picture: the spread of each channel, the whole covariance, the whole
distribution. All are optimal or nearly optimal transports: no colour goes farther than it must.

**Colour actions.** A picture with I(g x) = c(g) I(x) keeps its symmetry if the move F commutes with every c. It shows
each of its colours in all appearances c; so the other picture's colours are taken in all appearances, too. Both
distributions are invariant then, and since the c are isometries of RGB about mid-grey, transport between them there
commutes with each c: the mean is one that all c fix, covariances commute with all c, and the sliced transport sums its
steps over all c. Without a colour action nothing must be kept, and the transport is one in OKLab, where distances are
as large as they look.

Convention: colours are (n, 3) in a working space: OKLab, or sRGB minus mid-grey.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.images import oklab
from orbifolio.runner.named_files import FileName
from orbifolio.runner.settings import Settings, Shorthand, family
from orbifolio.runner.symmetry import colour

Move = Callable[[F64], F64]
"""(n, 3) colours of the working space -> the same."""

_SAMPLES = 20_000  # colours of each picture that transports are computed from: half a percent on any quantile
_LATTICE = 25  # nodes along an axis: 16,000 in all, which flow as fast as the sample
_QUANTILES = 256  # of a direction: as many as 8 bits have levels
_APART = 1e-5  # added between quantiles: without it what is a hair apart in a flat area would be torn apart
_FLAT = 1e-3  # standard deviation below which a channel has nothing to stretch: grey, or one colour
_ROWS = 1 << 18  # pixels moved at once: what conversion needs in memory is small beside the picture


class Deviation(Settings):
    """Mean and standard deviation of each channel; after Reinhard et al. (2001), in OKLab instead of l-alpha-beta."""

    kind: Literal["deviation"] = "deviation"
    cites: ClassVar[tuple[str, ...]] = ("reinhard2001", *oklab.CITES)

    def fit(self, here: F64, there: F64, action: Sequence[F64], random: np.random.Generator) -> Move:
        """Stretch every channel about its mean; one without spread only takes the mean."""
        ours, theirs = _Spread(here, action), _Spread(there, action)
        before, after = (np.sqrt(np.diag(spread.covariance)) for spread in (ours, theirs))
        gain = np.where(before > _FLAT, after / np.maximum(before, _FLAT), 0.0)
        return _affine(np.diag(gain), ours.mean, theirs.mean)


class LinearTransport(Settings):
    """Mean and full covariance, so that colours that go together stay together: the Monge-Kantorovich map between
    Gaussians, the linear map with the other picture's covariance that moves colours least (Pitié and Kokaram 2007).
    """

    kind: Literal["linear"] = "linear"
    cites: ClassVar[tuple[str, ...]] = ("pitie2007linear", *oklab.CITES)

    def fit(self, here: F64, there: F64, action: Sequence[F64], random: np.random.Generator) -> Move:
        """T = S^-1 (S Q S)^1/2 S^-1 with S the root of the covariance here, and Q the covariance there."""
        ours, theirs = _Spread(here, action), _Spread(there, action)
        root, inverse = _root(ours.covariance), _inverse_root(ours.covariance)
        return _affine(inverse @ _root(root @ theirs.covariance @ root) @ inverse, ours.mean, theirs.mean)


class SlicedTransport(Settings):
    """The whole distribution: in random directions, again and again, colours take the ranks of the other picture's
    (Pitié et al. 2007; Rabin et al. 2011). A few pure colours of the other picture arrive as pure colours.
    """

    kind: Literal["sliced"] = "sliced"
    rounds: int = Field(default=24, ge=1, le=500)
    """How often three directions at right angles are drawn."""
    cites: ClassVar[tuple[str, ...]] = ("pitie2007", "rabin2011", *oklab.CITES)

    def fit(self, here: F64, there: F64, action: Sequence[F64], random: np.random.Generator) -> Move:
        """Let a lattice of colours flow with the sample.

        Pixels are moved by interpolating in the lattice. That is fast, and it is smooth: transport of single colours
        would turn the finest differences of a flat area into grain.
        """
        source = here if len(here) else np.zeros((1, 3))
        target = there if len(there) else source
        reach = np.abs(source).max(0)
        reach = np.max([np.abs(element) @ reach for element in action], axis=0) + _FLAT
        low, high = (-reach, reach) if len(action) > 1 else (source.min(0) - _FLAT, source.max(0) + _FLAT)
        axes = [np.linspace(start, end, _LATTICE) for start, end in zip(low, high, strict=True)]
        nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        flow = np.concatenate([source, nodes])
        for _ in range(self.rounds):
            directions, _ = np.linalg.qr(random.standard_normal((3, 3)))
            step = np.zeros_like(flow)
            for direction in directions.T:
                ways = np.stack([element.T @ direction for element in action])  # (elements, 3)
                places = flow @ ways.T
                moved = _ranked(places[: len(source)], target @ ways.T, places)
                step += (moved - places) @ ways / len(action)
            flow = flow + step
        displacement = (flow[len(source) :] - nodes).reshape(_LATTICE, _LATTICE, _LATTICE, 3)
        return _interpolating(_evened(displacement, action), low, high)


TRANSFERS = (Deviation, LinearTransport, SlicedTransport)
AnyTransfer = family(*TRANSFERS)


class ColourTransfer(Settings):
    """The colours of another picture; a picture's name alone is short for `{from: PICTURE}`."""

    source: FileName = Field(alias="from")
    """Picture whose colours are taken: a path, orbifolio:NAME, skimage:NAME, https://..., s3://... or upload:NAME."""
    by: AnyTransfer = LinearTransport()  # type: ignore[valid-type]
    """How they are taken: `deviation`, `linear` or `sliced`, each taking more of them."""
    amount: float = Field(default=1.0, ge=0, le=1)
    """Share of the way: 0 leaves the picture as it is."""

    def move(self, here: F32, there: F32, elements: Sequence[int] = (colour.IDENTITY,)) -> Callable[[F32], F32]:
        """The map of single colours.

        Args:
            here: (height, width, 3) in [0, 1], the picture to be changed.
            there: (any, any, 3) in [0, 1], the other picture.
            elements: the group of colour elements that the map must commute with, see `symmetry/colour.py`.

        Returns:
            (..., 3) float32 in [0, 1] -> the same.
        """
        random = np.random.default_rng(0)  # equal pictures, equal colours: the recipe's seed changes what is drawn
        enter, leave = (oklab.from_srgb, oklab.to_srgb) if len(elements) == 1 else (_centred, _uncentred)
        count = _SAMPLES // len(elements)
        ours, theirs = (enter(_some(picture, count, random)) for picture in (here, there))
        action = [colour.MATRICES[element].astype(np.float64) for element in elements]
        kind: Any = self.by
        move: Move = kind.fit(ours, theirs, action, random)

        def moved(pixels: F32) -> F32:
            result = np.empty((pixels.size // 3, 3), np.float32)
            flat = pixels.reshape(-1, 3)
            for first in range(0, len(flat), _ROWS):
                part = enter(flat[first : first + _ROWS].astype(np.float64))
                result[first : first + _ROWS] = leave(part + self.amount * (move(part) - part))
            return result.reshape(pixels.shape)

        return moved


def _expand(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


ColoursOf = Annotated[ColourTransfer, Shorthand(_expand, {"type": "string"})]
"""The field type: a transfer, or a picture alone."""


def freedom(elements: Sequence[int]) -> tuple[int, int]:
    """How much of another picture's colours a colour action lets through.

    Returns:
        (of the 3 numbers of a mean, of the 6 numbers of a covariance) those that stay when averaged over the action.

    >>> freedom([0]), freedom(colour.generate([colour.parse("[g, b, r]")]))
    ((3, 6), (1, 2))
    """
    action = [colour.MATRICES[element].astype(np.float64) for element in elements]
    pairs = [(row, column) for row in range(3) for column in range(row + 1)]
    units = np.zeros((len(pairs), 3, 3))
    for unit, (row, column) in zip(units, pairs, strict=True):
        unit[row, column] = unit[column, row] = 1.0
    kept = np.mean([element @ units @ element.T for element in action], axis=0)
    return colour.fixed_dimension(elements), int(np.linalg.matrix_rank(kept.reshape(len(pairs), 9)))


class _Spread:
    """Mean and covariance of a sample in all appearances of an action.

    Attributes:
        mean: (3,), which the action leaves as it is.
        covariance: (3, 3), which commutes with it.
    """

    def __init__(self, colours: F64, action: Sequence[F64]) -> None:
        mean = colours.mean(0)
        away = colours - mean
        # Appearances have means of their own, whose spread is part of the whole.
        covariance = away.T @ away / len(colours) + np.outer(mean, mean)
        self.mean: F64 = np.mean([element @ mean for element in action], axis=0)
        second = np.mean([element @ covariance @ element.T for element in action], axis=0)
        self.covariance: F64 = second - np.outer(self.mean, self.mean)


def _affine(matrix: F64, here: F64, there: F64) -> Move:
    def move(colours: F64) -> F64:
        moved: F64 = (colours - here) @ matrix.T + there
        return moved

    return move


def _root(matrix: F64) -> F64:
    """The symmetric root of a positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    root: F64 = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root


def _inverse_root(matrix: F64) -> F64:
    """The inverse of the root; zero in directions without spread, which no map can stretch."""
    values, vectors = np.linalg.eigh(matrix)
    gain = np.where(values > _FLAT**2, 1 / np.sqrt(np.maximum(values, _FLAT**2)), 0.0)
    inverse: F64 = (vectors * gain) @ vectors.T
    return inverse


def _ranked(source: F64, target: F64, places: F64) -> F64:
    """Places moved so that the source gets the target's ranks: the optimal transport along a line.

    Args:
        source: of any shape.
        target: of any shape.
        places: of any shape; those beyond the source move like its ends.
    """
    ranks = np.linspace(0, 1, _QUANTILES + 1)
    before = np.quantile(source, ranks) + _APART * np.arange(_QUANTILES + 1)
    after = np.quantile(target, ranks)
    within = np.clip(places, before[0], before[-1])
    moved: F64 = np.interp(within, before, after) + (places - within)
    return moved


def _evened(displacement: F64, action: Sequence[F64]) -> F64:
    """A lattice's displacements averaged over the action, with which they commute but for rounding.

    Where a picture has a flat area the transport is so steep that rounding grows from round to round.
    """
    own = np.indices(displacement.shape[:3])
    total = np.zeros_like(displacement)
    for element in action:
        at = []
        for row in element:
            axis = int(np.abs(row).argmax())
            at.append(own[axis] if row[axis] > 0 else _LATTICE - 1 - own[axis])
        total += displacement[tuple(at)] @ element  # rows: the inverse acts
    evened: F64 = total / len(action)
    return evened


def _interpolating(displacement: F64, low: F64, high: F64) -> Move:
    """Colours moved as the nodes of a lattice around them are, trilinearly; those beyond it like its border."""
    from scipy import ndimage  # as in `tone.py`

    def move(colours: F64) -> F64:
        at = ((colours - low) / (high - low) * (_LATTICE - 1)).T
        away = [ndimage.map_coordinates(displacement[..., axis], at, order=1, mode="nearest") for axis in range(3)]
        moved: F64 = colours + np.stack(away, axis=1)
        return moved

    return move


def _some(picture: F32, count: int, random: np.random.Generator) -> F64:
    """(n, 3) pixels of a picture, all or as many as are wanted."""
    flat = picture.reshape(-1, 3)
    if len(flat) > count:
        flat = flat[random.choice(len(flat), count, replace=False)]
    return flat.astype(np.float64)


def _centred(colours: F64) -> F64:
    return colours - 0.5


def _uncentred(colours: F64) -> F64:
    return np.clip(colours + 0.5, 0.0, 1.0)
