"""A picture on its way to points: part -> grey -> blur -> tones -> levels; what a gas and a map begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.gas.points import Level, Sampling
from orbifolio.runner.gas.portrait import Portrait
from orbifolio.runner.gas.tone import Tone


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


def read_source(
    image: str,
    tone: Tone,
    points: Sampling,
    read: Callable[[str], F32],
    random: np.random.Generator,
    warn: Callable[[str], None],
    read_mask: Callable[[str], F32],
) -> PointSource:
    """A picture and its points.

    Args:
        image: the picture.
        tone: how it becomes grey.
        points: which parts of it become points.
        read: source -> (h, w, 3) in [0, 1].
        random: the only source of chance.
        warn: puts a message into the report.
        read_mask: as `read`, of a mask: black where it is clear.
    """
    part = tone.part(read(image))
    grey = tone.grey(part)
    blurred = tone.blurred(grey)
    allowed = None
    if tone.mask is not None:
        allowed = tone.allowed(read_mask(tone.mask), (grey.shape[0], grey.shape[1]))
    portrait: Portrait | None = tone.portrait
    sitter = None if portrait is None else portrait.sitter(part)
    if portrait is not None and sitter is None:
        warn(
            "tone.portrait: no face that looks at the viewer was found; the picture is drawn without; "
            "crop it to the head, or leave out portrait"
        )
    toned = tone.toned(blurred, sitter)
    emphasis = None if sitter is None else sitter.emphasis
    levels = points.levels(toned, allowed, random, emphasis)
    return PointSource(part, grey, blurred, toned, allowed, levels)


def shown(grey: F64 | Bools) -> F32:
    """A grey picture in three channels: (h, w) -> (h, w, 3)."""
    return np.repeat(np.clip(np.asarray(grey, dtype=np.float32), 0, 1)[..., None], 3, axis=2)
