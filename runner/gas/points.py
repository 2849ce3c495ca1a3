"""From grey to points: a sampling is `(grey, allowed, random) -> levels`, each with points for a gas of its own.

A threshold turns every dark pixel into one point at its centre, row by row; sampling draws points at random, more
where the picture is darker or where it has edges, anywhere within a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64, Bools
from orbifolio.runner.deferred import filters, ndimage
from orbifolio.runner.errors import ImageError
from orbifolio.runner.settings import Settings, family

MIN_POINTS = 3  # a gas starts on two, and needs one to adapt to


@dataclass(frozen=True)
class Level:
    """The points of one gas.

    Attributes:
        title: how a report names them.
        points: (n, 2), (x, y) in pixels; centres of pixels lie at halves.
        mask: (height, width) where they come from; None if they are drawn at random all over.
    """

    title: str
    points: F64
    mask: Bools | None


class Sampling(Settings):
    """The base of every way to get points."""

    def levels(
        self, grey: F64, allowed: Bools | None, random: np.random.Generator, emphasis: F64 | None = None
    ) -> tuple[Level, ...]:
        """Points from a grey picture.

        Args:
            grey: (height, width) in [0, 1], 0 is black.
            allowed: (height, width) where points may be; None for everywhere.
            random: the only source of chance, so that a run can be repeated.
            emphasis: (height, width) factor of the density of random points; None for 1 everywhere.

        Raises:
            ImageError: there are no points, or every pixel is one.
        """
        raise NotImplementedError(type(self).__name__)

    def coarser(self, factor: float, most: int) -> tuple[Sampling, float]:
        """The same for a smaller picture, and by how many times its points are fewer, for a plan.

        Args:
            factor: by which lengths in pixels are smaller.
            most: of points that are drawn at random.
        """
        return self, factor**2


class Threshold(Sampling):
    """The base of thresholds: what is darker is a point."""

    def darker_than(self, grey: F64) -> F64 | float:
        """The threshold in grey, one for the picture or (height, width) one for each pixel."""
        raise NotImplementedError(type(self).__name__)

    def levels(
        self, grey: F64, allowed: Bools | None, random: np.random.Generator, emphasis: F64 | None = None
    ) -> tuple[Level, ...]:
        """One level: every pixel that is darker."""
        _refuse_flat(grey)
        mask = np.asarray(grey < self.darker_than(grey), dtype=np.bool_)
        return (_level("points", mask, allowed),)


class Otsu(Threshold):
    """One threshold for all, between the two classes that Otsu's method finds."""

    cites = ("otsu1979",)

    kind: Literal["otsu"] = "otsu"
    offset: float = Field(default=0.0, ge=-1, le=1)
    """Added to the threshold: a larger value makes more of the picture dark."""

    def darker_than(self, grey: F64) -> float:
        """Otsu's threshold and the offset."""
        return float(filters.threshold_otsu(grey)) + self.offset


class NeighbourhoodThreshold(Threshold):
    """The base of thresholds that follow a pixel's neighbourhood."""

    window: int = Field(default=25, ge=3, le=2001)
    """Side of the neighbourhood in pixels; an even one is made odd."""

    def coarser(self, factor: float, most: int) -> tuple[Sampling, float]:
        """With a smaller neighbourhood; see the base class."""
        return self.model_copy(update={"window": max(3, round(self.window / factor))}), factor**2


class Local(NeighbourhoodThreshold):
    """A threshold for each pixel: the Gaussian mean of its neighbourhood."""

    kind: Literal["local"] = "local"
    window: int = Field(default=71, ge=3, le=2001)
    """Side of the neighbourhood in pixels; an even one is made odd."""
    offset: float = Field(default=0.02, ge=-1, le=1)
    """How much darker than its neighbourhood a pixel must be."""

    def darker_than(self, grey: F64) -> F64:
        """The Gaussian mean less the offset."""
        return np.asarray(filters.threshold_local(grey, self.window | 1, offset=self.offset), dtype=np.float64)


class Sauvola(NeighbourhoodThreshold):
    """A threshold for each pixel, from the mean and deviation of its neighbourhood; made for documents."""

    cites = ("sauvola2000",)

    kind: Literal["sauvola"] = "sauvola"
    k: float = Field(default=0.2, ge=-1, le=1)
    """Deviations in the threshold: a larger value takes fewer pixels."""

    def darker_than(self, grey: F64) -> F64:
        """Mean (1 + k (deviation / 0.5 - 1)): half of the range of grey in [0, 1]."""
        return np.asarray(filters.threshold_sauvola(grey, self.window | 1, k=self.k, r=0.5), dtype=np.float64)


class Niblack(NeighbourhoodThreshold):
    """A threshold for each pixel: the mean of its neighbourhood less k deviations."""

    cites = ("niblack1986",)

    kind: Literal["niblack"] = "niblack"
    k: float = Field(default=0.2, ge=-5, le=5)
    """Deviations in the threshold: a larger value takes fewer pixels."""

    def darker_than(self, grey: F64) -> F64:
        """Mean - k deviation."""
        return np.asarray(filters.threshold_niblack(grey, self.window | 1, k=self.k), dtype=np.float64)


class MultiOtsu(Sampling):
    """Several thresholds, and a gas for each class of grey but the lightest."""

    cites = ("otsu1979",)

    kind: Literal["multi-otsu"] = "multi-otsu"
    classes: int = Field(default=4, ge=3, le=5)
    """Classes of grey."""

    def levels(
        self, grey: F64, allowed: Bools | None, random: np.random.Generator, emphasis: F64 | None = None
    ) -> tuple[Level, ...]:
        """A level for each class, the darkest first; a class without points is left out."""
        _refuse_flat(grey)
        try:
            limits = filters.threshold_multiotsu(grey, classes=self.classes)
        except ValueError as error:
            raise ImageError(
                f"renderer.points.classes: the picture has fewer than {self.classes} different greys; each class needs "
                "greys of its own; set fewer classes, or use kind otsu"
            ) from error
        bands = np.digitize(grey, limits)
        masks = [(number, _restricted(bands == number, allowed)) for number in range(self.classes - 1)]
        levels = tuple(_level(f"points {number + 1}", mask, None) for number, mask in masks if mask.sum() >= MIN_POINTS)
        if not levels:
            raise ImageError(_nothing())
        return levels


class RandomSampling(Sampling):
    """The base of random samplings."""

    def coarser(self, factor: float, most: int) -> tuple[Sampling, float]:
        """So many points of `count`; see the base class."""
        count = min(self.count, most)
        return self.model_copy(update={"count": count}), self.count / count

    count: int = Field(default=40_000, ge=MIN_POINTS, le=20_000_000)
    """Points to draw."""

    def density(self, grey: F64) -> F64:
        """(height, width) how likely a point is in each pixel, up to a common factor."""
        raise NotImplementedError(type(self).__name__)

    def levels(
        self, grey: F64, allowed: Bools | None, random: np.random.Generator, emphasis: F64 | None = None
    ) -> tuple[Level, ...]:
        """One level: points drawn by density, anywhere within their pixel."""
        density = self.density(grey) if emphasis is None else self.density(grey) * emphasis
        if allowed is not None:
            density = np.where(allowed, density, 0.0)
        return (Level("points", scattered(density, self.count, random), None),)


def scattered(density: F64, count: int, random: np.random.Generator) -> F64:
    """Random points, (count, 2) in pixels, anywhere within theirs.

    Args:
        density: (height, width) how likely a point is in each pixel, up to a common factor.
        count: of the points.
        random: the only source of chance.

    Raises:
        ImageError: the density is 0 everywhere.
    """
    if not float(density.sum()) > 1e-9:
        raise ImageError(_nothing())
    sums = np.cumsum(density.reshape(-1))
    pixels = np.searchsorted(sums, random.random(count) * sums[-1], side="right")
    rows, columns = np.divmod(np.minimum(pixels, len(sums) - 1), density.shape[1])
    return np.asarray(np.stack([columns, rows], axis=1) + random.random((count, 2)), dtype=np.float64)


class Darkness(RandomSampling):
    """No threshold: random points, more where the picture is darker."""

    kind: Literal["darkness"] = "darkness"
    power: float = Field(default=1.5, gt=0, le=10)
    """Exponent of the darkness: a larger value leaves light areas out."""

    def density(self, grey: F64) -> F64:
        """(1 - grey) ^ power."""
        return np.asarray(np.clip(1.0 - grey, 0.0, 1.0) ** self.power, dtype=np.float64)


class Edges(RandomSampling):
    """No threshold: random points along the edges of the picture."""

    kind: Literal["edges"] = "edges"
    power: float = Field(default=1.5, gt=0, le=10)
    """Exponent of the slope: a larger value leaves faint edges out."""

    def density(self, grey: F64) -> F64:
        """Sobel's slope to a power."""
        slope = np.hypot(ndimage.sobel(grey, axis=0, mode="nearest"), ndimage.sobel(grey, axis=1, mode="nearest"))
        slope[slope < 1e-6] = 0.0  # rounding is not an edge
        return np.asarray(slope**self.power, dtype=np.float64)


def _restricted(mask: Bools, allowed: Bools | None) -> Bools:
    return mask if allowed is None else mask & allowed


def _level(title: str, mask: Bools, allowed: Bools | None) -> Level:
    mask = _restricted(mask, allowed)
    count = int(mask.sum())
    if count < MIN_POINTS:
        raise ImageError(_nothing())
    if count == mask.size:
        raise ImageError(
            "renderer.points: every pixel of the picture is a point; a drawing needs light as well as dark; lower "
            "renderer.points.offset, set renderer.tone.invert, or use kind local, darkness or edges"
        )
    rows, columns = np.nonzero(mask)
    points = np.stack([columns, rows], axis=1).astype(np.float64) + 0.5
    return Level(title, points, mask)


def _refuse_flat(grey: F64) -> None:
    if float(np.ptp(grey)) < 1e-6:
        raise ImageError(
            f"renderer.points: the picture is one even grey ({float(grey.flat[0]):.2f}); a threshold needs light and "
            "dark; give another picture, or use less renderer.tone.blur"
        )


def _nothing() -> str:
    return (
        f"renderer.points: fewer than {MIN_POINTS} points are left of the picture; what is dark becomes points; raise "
        "renderer.points.offset, set renderer.tone.invert, check renderer.tone.mask, or use kind local"
    )


SAMPLINGS = (Otsu, Local, Sauvola, Niblack, MultiOtsu, Darkness, Edges)
AnySampling = family(*SAMPLINGS, default=Otsu)
