"""A portrait: a face in the picture -> where points are worth more, where tones are kept, what fades into the paper.

Convention: fields are (height, width) float64; a face's box is in pixels of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.painting.saliency import FEATURES, Face, find_faces
from orbifolio.runner.settings import Settings

SKIN = (0.5, 0.66)  # half axes of a face's oval, in widths of its box: from ear to ear, from hairline to chin
FADING = 0.4  # of a face's width, over which the picture becomes paper
BUST = (0.5, 0.72, 1.15)  # middle of head and shoulders in a face's box, and how much higher than wide they are
TALLER = 1.8  # a feature is narrower down than across: an eye's weight falls off faster there


class Portrait(Settings):
    """A face is found and drawn with more care than the rest."""

    detail: float = Field(default=4, ge=0, le=50)
    """How many times more points eyes, mouth and nose get, where points are drawn at random."""
    shading: float = Field(default=0.6, ge=0, le=1)
    """How far light skin keeps its tones though `levels` make as light a grey white."""
    fade: float | None = Field(default=1.25, gt=0, le=10)
    """How far from the face the picture ends, in widths of the face; null keeps all of it."""

    def sitter(self, part: F32) -> Sitter | None:
        """What follows from the largest face; None if no face looks at the viewer.

        Args:
            part: (h, w, 3) in [0, 1].
        """
        faces = find_faces(part)
        return self.of(faces[0], (part.shape[0], part.shape[1])) if faces else None

    def of(self, face: Face, shape: tuple[int, int]) -> Sitter:
        """What follows from a face.

        Args:
            face: its box in pixels.
            shape: height and width of the picture.
        """
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
        u, v = (x - face.left) / face.side, (y - face.top) / face.side
        skin = np.exp(-((((u - 0.5) / SKIN[0]) ** 2 + ((v - 0.5) / SKIN[1]) ** 2) ** 3))
        closeness = 0.35 * skin
        for across, down, reach in FEATURES:
            near = np.exp(-((u - across) ** 2 + TALLER * (v - down) ** 2) / reach**2)
            closeness = np.maximum(closeness, near)
        presence = np.ones(shape)
        if self.fade is not None:
            middle, height, taller = BUST
            away = np.hypot(u - middle, (v - height) / taller)
            left = np.clip((self.fade - away) / FADING, 0, 1)
            presence = left**2 * (3 - 2 * left)
        return Sitter(face, 1 + self.detail * closeness, self.shading * skin, presence)


@dataclass(frozen=True)
class Sitter:
    """What follows from a face that was found.

    Attributes:
        face: its box.
        emphasis: (h, w) at least 1, factor of the density of points.
        shading: (h, w) in [0, 1], how far light tones are kept.
        presence: (h, w) in [0, 1], 0 where the picture has become paper.
    """

    face: Face
    emphasis: F64
    shading: F64
    presence: F64

    def white(self, level: float) -> F64:
        """(h, w) the grey that becomes white paper, from a level for what is no face."""
        return level + (1 - level) * self.shading
