"""Where lines of a pen go: families of evenly spaced lines for the tone, more of them the darker; then contours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.directions import directions
from orbifolio.runner.painting.smoothing import smooth
from orbifolio.runner.painting.stroke_placement import STREAMS, PaintLayer, Sitting, StrokePlacement
from orbifolio.runner.painting.stroke_profile import profile
from orbifolio.runner.painting.subject import Subject
from orbifolio.runner.vector.hex_colours import from_hex

if TYPE_CHECKING:
    from orbifolio.runner.painting.pen_lines import PenField


class Family(NamedTuple):
    """Lines of about one direction.

    Attributes:
        darkness: from which they are drawn, in [0, 1].
        turn: radians against the field.
        spacing: as a part of the shorter side.
        radius: as a part of the shorter side.
    """

    darkness: float
    turn: float
    spacing: float
    radius: float


FAMILIES = (
    Family(0.27, 0, 100, 600),
    Family(0.46, 0, 150, 520),
    Family(0.62, 1.1, 125, 520),
    Family(0.77, 0.5, 135, 480),
    Family(0.88, -0.5, 150, 380),
    Family(0.95, 0, 170, 280),
)
"""Light tones have one family, shadows cross several; the last fill them. By eye, on photographs of all kinds."""
HATCHING, CONTOURS = (46.0, 7.0), (40.0, 6.0)  # in radii: longest each way, and shortest that are kept
CONTOUR = Family(0, 0, 130, 360)
SEED_GAP = 0.8  # of the spacing, from seed to seed: every gap that a line fits into has one
CONTOUR_SEEDS = 220  # part of the shorter side between seeds of contours
STRONG, LASTING = 0.42, 0.3  # of the edges' strength: where contours begin, and how weak they may become
RANKED = 0.45  # share of a tone's rank beside its lightness: pictures without shadows get some, too
LOCAL, LOCAL_REACH = 0.36, 16  # weight of what is darker than its surroundings, and their part of the shorter side
LOCAL_FULL = 0.5  # of the light around, missing, gets it whole: an eye; a nose's soft shadow gets less than half


@dataclass(frozen=True)
class PenPlacement(StrokePlacement):
    """Places lines of one ink; attributes as those of `BrushPlacement`."""

    look: Any
    subject: Subject
    seed: int
    brush_size: float = 1.0
    liveliness: float = 1.0

    def layers(self) -> tuple[PaintLayer, ...]:
        """A family each, the contours last."""
        side = self.subject.side * self.brush_size
        return tuple(
            PaintLayer(title, side / family.radius, family.darkness, 1.0, 0.0, 1, level)
            for level, (title, family) in enumerate(
                [*(("hatching", family) for family in FAMILIES), ("contours", CONTOUR)]
            )
        )

    def block_in_strokes(self) -> float:
        """None: lines leave paper free, however few."""
        return 0.0

    @cached_property
    def darkness(self) -> F32:
        """(h, w) in [0, 1]: of the tone, of its rank in the picture, and against what is around."""
        side = self.subject.side
        lightness = smooth(self.subject.lab[..., 0], side / 220)
        rank = np.argsort(np.argsort(lightness.ravel(), kind="stable"), kind="stable").reshape(lightness.shape)
        low, high = np.quantile(lightness, (0.01, 0.985))
        light = (lightness - low) / (high - low + 1e-6)
        dark = (1 - RANKED) * (1 - light) + RANKED * (1 - rank / rank.size)
        around = smooth(light, side / LOCAL_REACH)
        local = np.clip((around - light) / (LOCAL_FULL * np.maximum(around, 0.1)), -0.6, 1)
        darkness: F32 = np.clip(0.92 * dark + LOCAL * local, 0, 1).astype(np.float32)
        return darkness

    @cached_property
    def edges(self) -> F32:
        """(h, w) strength of edges, about 1 for the clearest in salient places."""
        side = self.subject.side
        deviation = max(1.0, side / 380)
        squares = [ndimage.gaussian_gradient_magnitude(self.subject.lab[..., c], deviation) ** 2 for c in range(3)]
        strength = smooth(np.sqrt(sum(squares)).astype(np.float32), 1.0)
        strength = strength / (np.quantile(strength, 0.97) + 1e-6)
        return np.asarray(strength * (0.55 + 0.6 * np.minimum(1, self.subject.saliency.map)), np.float32)

    def place(self, layer: PaintLayer, sitting: Sitting) -> tuple[BristleStrokes, float]:
        """The lines of a family, or the contours: see the base class."""
        from orbifolio.runner.painting.pen_lines import PenRules, draw_lines  # compiles, so not before it is needed

        random = np.random.default_rng((self.seed, STREAMS + sitting.number))
        hatching = layer.level < len(FAMILIES)
        seeds, radii, field = self._hatching(layer, random) if hatching else self._contours(layer, random)
        missing = float(np.abs(self.subject.lab[..., 0] - sitting.canvas.mean(2)).mean())
        if len(seeds) == 0:
            return BristleStrokes.empty(), missing
        rules = PenRules(*(HATCHING if hatching else CONTOURS))
        points, offsets, kept = draw_lines(field, seeds, radii, rules)
        count = len(kept) if sitting.most is None else min(len(kept), sitting.most)
        if count == 0:
            return BristleStrokes.empty(), missing
        points, offsets, radii = points[: offsets[count]], offsets[: count + 1], radii[kept[:count]]
        numbers = sitting.strokes + 1 + np.arange(count, dtype=np.int64)
        ink = np.array(from_hex(self.look.ink), np.float32)
        strokes = BristleStrokes(
            points=profile(points, offsets, self.look, int(numbers[0]), turned=random.random(count) < 0.5),
            offsets=offsets,
            radii=radii.astype(np.float32),
            colours=np.tile(ink, (count, 1)),
            bodies=np.ones(count, np.float32),
            tooth=np.full(count, self.look.grain, np.float32),
            seeds=numbers,
            layers=np.full(count, layer.level, np.int32),
        )
        return strokes, missing

    def _seeds(self, gap: float, random: np.random.Generator) -> F64:
        """(n, 2) x and y, one in each square of the picture, anywhere in it."""
        high, wide = self.darkness.shape
        down, right = np.mgrid[gap / 2 : high : gap, gap / 2 : wide : gap]
        points = np.stack([right.ravel(), down.ravel()], axis=1) + random.uniform(-0.5, 0.5, (right.size, 2)) * gap
        seeds: F64 = np.clip(points, 0, [wide - 1.01, high - 1.01])
        return seeds

    def _hatching(self, layer: PaintLayer, random: np.random.Generator) -> tuple[F64, F64, PenField]:
        from orbifolio.runner.painting.pen_lines import PenField

        family, subject, look = FAMILIES[layer.level], self.subject, self.look
        spacing = subject.side / family.spacing * self.brush_size
        # hatching that crosses does not follow edges, so it stays straight
        flow = look.flow * (3 if layer.level > 1 else 1)
        found = directions(subject.lab, subject.side / 45, flow=flow, bearing=subject.bearing)
        wanted = self.darkness + 0.06 * (subject.saliency.map - 0.5) + 0.025 * subject.noise[::-1]
        seeds = self._seeds(SEED_GAP * spacing, random)
        rows, columns = seeds[:, ::-1].astype(np.int64).T
        seeds = seeds[wanted[rows, columns] > family.darkness]
        seeds = seeds[random.permutation(len(seeds))]
        rows, columns = seeds[:, ::-1].astype(np.int64).T
        pressed = 0.75 + 1.1 * np.clip(self.darkness[rows, columns].astype(np.float64) - family.darkness, 0, 0.6)
        radii = layer.radius * (0.7 + 0.6 * random.random(len(seeds))) * pressed
        turned = found.angles + np.float32(family.turn + random.normal(0, 0.02))
        return seeds, radii, PenField(turned, (wanted > family.darkness).astype(np.float32), spacing)

    def _contours(self, layer: PaintLayer, random: np.random.Generator) -> tuple[F64, F64, PenField]:
        from orbifolio.runner.painting.pen_lines import PenField

        subject = self.subject
        found = directions(subject.lab, subject.side / 260, flow=0.0, bearing=subject.bearing)
        seeds = self._seeds(subject.side / CONTOUR_SEEDS, random)
        rows, columns = seeds[:, ::-1].astype(np.int64).T
        strength = self.edges[rows, columns].astype(np.float64)
        order = np.argsort(-strength, kind="stable")[: int((strength > STRONG).sum())]
        radii = layer.radius * np.clip(0.45 + 0.45 * strength[order], 0.5, 1.25)
        spacing = subject.side / CONTOUR.spacing * self.brush_size
        return seeds[order], radii, PenField(found.angles, (self.edges > LASTING).astype(np.float32), spacing)
