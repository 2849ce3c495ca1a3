"""A picture on its way to points: part -> grey -> blur -> tones -> levels; what a gas and a map begin with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.gas.points import Level, Sampling
from orbifolio.runner.gas.portrait import Portrait
from orbifolio.runner.gas.tone import Tone

SOURCE_BYTES = 110.0  # for each pixel of the part while it is read, for a plan; measured with 2 and 9 megapixels
POINT_BYTES = 64.0  # for each point while all are drawn, for a plan; measured 55 with 20 million
MOST_PIXELS = 1_500_000  # of a picture whose points are counted exactly for a plan
MOST_POINTS = 100_000  # drawn at random for a plan, however many there will be


@dataclass(frozen=True)
class SourceExtent:
    """What a source will hold, told before it is made: making it may take gigabytes.

    Attributes:
        height: of the part in use, in pixels.
        width: of it in pixels.
        points: of all levels; about, where thresholds look at a large picture.
    """

    height: int
    width: int
    points: int


@dataclass(frozen=True)
class PointSource:
    """A picture on its way to points.

    Attributes:
        part: (h, w, 3) the part in use.
        grey: (h, w) before the blur.
        blurred: (h, w) after it.
        toned: (h, w) the tones that are drawn.
        allowed: (h, w) where points may be; None for everywhere.
        levels: points for one gas each.
    """

    part: F32
    grey: F64
    blurred: F64
    toned: F64
    allowed: Bools | None
    levels: tuple[Level, ...]

    @property
    def count(self) -> int:
        """Points of all levels."""
        return sum(len(level.points) for level in self.levels)

    @property
    def mask(self) -> Bools | None:
        """(h, w) where any points come from; None if they are drawn at random all over."""
        masks = [level.mask for level in self.levels if level.mask is not None]
        return np.logical_or.reduce(masks) if masks else None

    def stages(self, tone: Tone) -> Mapping[str, F32]:
        """Each picture on the way, by name, for the report.

        Args:
            tone: that it was read with.
        """
        stages = {"part in use": self.part} if tone.crop or tone.width else {}
        stages["inverted grey" if tone.invert else "grey"] = shown(self.grey)
        if tone.blur:
            stages["blurred"] = shown(self.blurred)
        if self.toned is not self.blurred:
            stages["tones"] = shown(self.toned)
        if self.allowed is not None:
            stages["where points may be"] = shown(self.allowed)
        for level in self.levels:
            height, width = self.grey.shape
            columns, rows = (
                np.clip(axis.astype(int), 0, top - 1) for axis, top in zip(level.points.T, (width, height), strict=True)
            )
            counts = np.bincount(rows * width + columns, minlength=width * height).reshape(height, width)
            dense = 1.0 if level.mask is not None else max(1.0, float(np.quantile(counts, 0.99)))
            stages[level.title] = shown(1 - np.minimum(counts / dense, 1.0))
        return stages


@dataclass(frozen=True)
class SourceReader:
    """Reads a picture and its points.

    Attributes:
        image: the picture.
        tone: how it becomes grey.
        points: which parts of it become points.
        picture: source -> (h, w, 3) in [0, 1].
        mask: the same of a mask: black where it is clear.
        random: the only source of chance.
        warn: puts a message into the report.
    """

    image: str
    tone: Tone
    points: Sampling
    picture: Callable[[str], F32]
    mask: Callable[[str], F32]
    random: np.random.Generator
    warn: Callable[[str], None]

    def read(self) -> PointSource:
        """The picture and its points.

        Raises:
            ImageError: the picture has none.
        """
        tone = self.tone
        part = tone.part(self.picture(self.image))
        grey = tone.grey(part)
        blurred = tone.blurred(grey)
        allowed = None
        if tone.mask is not None:
            allowed = tone.allowed(self.mask(tone.mask), (grey.shape[0], grey.shape[1]))
        portrait: Portrait | None = tone.portrait
        sitter = None if portrait is None else portrait.sitter(part)
        if portrait is not None and sitter is None:
            self.warn(
                "tone.portrait: no face that looks at the viewer was found; the picture is drawn without; "
                "crop it to the head, or leave out portrait"
            )
        toned = tone.toned(blurred, sitter)
        emphasis = None if sitter is None else sitter.emphasis
        levels = self.points.levels(toned, allowed, self.random, emphasis)
        return PointSource(part, grey, blurred, toned, allowed, levels)

    def extent(self) -> SourceExtent:
        """What is read: counted on the picture itself, or on a smaller one where it is large.

        Raises:
            ImageError: the picture has no points.
        """
        height, width = self.tone.size(*self.picture(self.image).shape[:2])
        factor = max(1.0, math.sqrt(height * width / MOST_PIXELS))
        tone = self.tone.coarser(factor, width) if factor > 1 else self.tone
        points, times = self.points.coarser(factor, MOST_POINTS)
        return SourceExtent(height, width, round(times * replace(self, tone=tone, points=points).read().count))


def shown(grey: F64 | Bools) -> F32:
    """A grey picture in three channels: (h, w) -> (h, w, 3)."""
    return np.repeat(np.clip(np.asarray(grey, dtype=np.float32), 0, 1)[..., None], 3, axis=2)
