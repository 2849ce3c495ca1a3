"""Where strokes go: (subject, canvas so far) -> the strokes of one pass, from the first block-in to the last accents.

A layer has strokes of about one width. Where the canvas differs from the picture, more than the layer's threshold, and
less where the picture is salient, a stroke begins; it follows the directions and ends where the colour does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.directions import Directions, directions
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.paints import desaturate, mix, saturate, take_liberties, to_paint
from orbifolio.runner.painting.smoothing import smooth, smooth_within_edges
from orbifolio.runner.painting.stroke_placement import FACE_PART, STREAMS, PaintLayer, Sitting, StrokePlacement
from orbifolio.runner.painting.stroke_profile import profile
from orbifolio.runner.painting.subject import Subject

CHROMA = 1.7  # weight of chroma where the canvas is compared with the picture
MIN_RADIUS = 1.1  # pixels of the plan: thinner strokes than its pixels have nothing to follow
FIRST_STEP, STEP, PASS_STEP = 1.15, 1.05, 1.2
"""Radii between places to begin: in the first layer; in others; and its factor for each of several passes."""
BLOCK_PASSES = 2  # of the first layer: where nothing else comes, its dry places would show the ground
ACCENTS = 2  # layers, the last ones, whose strokes are only where they matter
ACCENT_CHANCE, ACCENT_GAIN = 0.35, 1.4  # chance that one is kept in a calm place, and how much saliency adds
FACE_BRUSHES = ((15, False), (24, False), (38, True))  # parts of a face's width; whether for eyes, nose and mouth alone
FACE_THRESHOLD = 0.02  # as `BrushLayer.threshold`: a twentieth of the difference between lips and skin
FOCUS_BRUSHES = ((0.7, 1), (0.5, 2))  # parts of the last layer's radius, and passes
FOCUS_THRESHOLD = 0.1  # as `BrushLayer.threshold`
FOCUS_CALM = 0.6  # of a face's calm
LINE_WEIGHT = 0.8  # saliency of a thin line
EDGE_CALM = 0.7  # of a face's calm, beside clear edges
QUIET_CALM = 1.0  # of a face's calm, where nothing is to be seen: a lively sky outshouts what is before it
QUIET_BODY = 0.7  # share of the body that paint loses there, if the picture is smooth
QUIET_OWN = 1.0  # how far colours there are the picture's own and not the palette's
QUIET_CARE = 0.2  # share of the threshold that is left there: a sky's gradient is made of small differences
ROUGH = 0.03  # of OKLab, deviation of colours beside a place from which its surface counts as hardly smooth
CROSSING = 0.9  # radians of strokes laid across
UNSTEADY = 0.12  # radians, deviation of a hand's direction
BEGUN = 0.6  # of the picture where a stroke begins, beside its mean along it: means alone would be flat
GRAIN = 0.045  # of OKLab, of the picture's own grain that a stroke takes where it begins, twice that if it is grainy
THIN, THICKER = 0.35, 0.3  # body of paint in the dark, where nothing is salient, and how much more if it is grainy
LAST_OWN = 0.7  # of the picture's own colour in the last layers, beside the blurred one
WHITE = 0.93  # lightness above which a transparent medium leaves the paper, and how much less a layer
WHITE_STEP = 0.02
WASH_STRENGTHS = (0.55, 0.75, 0.9)  # exponents of the first washes: pale first
WASH_REACH = 1.7  # radii, where a first wash must not be darker than the lightest place it touches


@dataclass(frozen=True)
class Sight:
    """A layer's view of picture and canvas; all at the plan's size.

    Attributes:
        wanted: (h, w, 3) OKLab of the picture, as coarse as the layer.
        canvas: (h, w, 3) OKLab.
        missing: (h, w) how far the canvas differs.
        directions: of strokes.
        smoothness: (h, w) in [0, 1], 1 where the surface that a place belongs to has no detail.
    """

    wanted: F32
    canvas: F32
    missing: F32
    directions: Directions
    smoothness: F32


class StrokeLines(NamedTuple):
    """Lines of n strokes, before they have paint.

    Attributes:
        begins: (n, 2) x and y, within the picture.
        radii: (n,) half their widths.
        spines: (N, 2) points of all.
        offsets: (n + 1,) where each one's points begin; it has at least two.
        confidence: (n,) in [0, 1], 1 beside clear edges.
    """

    begins: F64
    radii: F64
    spines: F32
    offsets: I64
    confidence: F32


def mean_along(field: F32, lines: StrokeLines) -> F64:
    """(n, channels) the means of a field, (h, w, channels), at the points of each line."""
    last = np.array(field.shape[1::-1]) - 1
    columns, rows = np.clip(lines.spines, 0, last).astype(np.int64).T
    sums = np.add.reduceat(field[rows, columns].astype(np.float64), lines.offsets[:-1], axis=0)
    means: F64 = sums / np.diff(lines.offsets)[:, None]
    return means


@dataclass(frozen=True)
class BrushPlacement(StrokePlacement):
    """Places strokes of an opaque medium.

    Attributes:
        look: how.
        subject: what.
        seed: of all choices.
        brush_size: factor of all radii.
        liveliness: factor of all jitter.
    """

    look: PaintingLook
    subject: Subject
    seed: int
    brush_size: float = 1.0
    liveliness: float = 1.0

    def layers(self) -> tuple[PaintLayer, ...]:
        """All layers, in order."""
        side, look = self.subject.side * self.brush_size, self.look
        found = []
        for level, item in enumerate(look.layers):
            radius = max(MIN_RADIUS, side * item.radius / 100)
            passes = look.passes if level else BLOCK_PASSES
            title = ("block-in", "form", "accents")[(level > 0) + (level >= len(look.layers) - ACCENTS)]
            found.append(PaintLayer(title, radius, item.threshold, item.density, item.everywhere, passes, level))
        return (*found, *self._focus_layers(found[-1]), *self._face_layers(found[-1]))

    def block_in_strokes(self) -> float:
        """About how many strokes the first layer takes."""
        first = self.layers()[0]
        high, wide = self.subject.lab.shape[:2]
        return float(first.density * high * wide / (FIRST_STEP * first.radius) ** 2)

    def _focus_layers(self, last: PaintLayer) -> Iterator[PaintLayer]:
        focus = self.subject.saliency.focus
        if self.look.faces and focus.any():
            for part, passes in FOCUS_BRUSHES:
                radius = max(1.0, part * last.radius)
                yield PaintLayer("focus", radius, FOCUS_THRESHOLD, 1.0, 0.0, passes, last.level, focus)

    def _face_layers(self, last: PaintLayer) -> Iterator[PaintLayer]:
        calm = self.subject.saliency.calm
        features = np.clip(self.subject.saliency.map - 0.75, 0, 1) * 2
        for face in self.subject.saliency.faces:
            for part, only_features in FACE_BRUSHES:
                radius = max(1.0, face.side / part)
                if radius < 1.6 * last.radius:  # a face of a few wide strokes is finished already
                    mask = (features if only_features else calm) * (calm > 0.2)
                    passes = self.look.passes + 1
                    yield PaintLayer("face", radius, FACE_THRESHOLD, 1.0, 0.0, passes, last.level, mask)

    def place(self, layer: PaintLayer, sitting: Sitting) -> tuple[BristleStrokes, float]:
        """Where canvas and picture differ: see the base class."""
        random = np.random.default_rng((self.seed, STREAMS + sitting.number))
        canvas = oklab.from_srgb(sitting.canvas.astype(np.float64))
        if self.look.saturation > 0:  # or stronger colours would be mended again and again
            canvas = desaturate(canvas, self.look.saturation)
        sight = self.look_at(layer, canvas.astype(np.float32))
        missing = float(sight.missing.mean())
        begins = self._begin(layer, sight, random)
        if sitting.most is not None and len(begins) > sitting.most:
            rows, columns = begins[:, ::-1].astype(np.int64).T
            worth = sight.missing[rows, columns] * (0.5 + self.subject.saliency.map[rows, columns])
            begins = begins[np.sort(np.argsort(-worth, kind="stable")[: sitting.most])]
        if not len(begins):
            return BristleStrokes.empty(), missing
        begins = begins[np.argsort(self._urgency(sight, begins, random), kind="stable")]
        return self._strokes(layer, sight, begins, random, sitting.strokes), missing

    def look_at(self, layer: PaintLayer, canvas: F32) -> Sight:
        """What the layer sees."""
        look, radius = self.look, layer.radius
        wanted, ways, smoothness = self._seen_by(radius)
        # blurred alike: beside an edge a blurred canvas differs from `wanted` even where it is right
        difference = smooth((self.subject.lab - canvas) * np.array([1, CHROMA, CHROMA], np.float32), radius * look.blur)
        missing = smooth(np.sqrt((difference**2).sum(2)), 0.45 * radius)
        return Sight(wanted, canvas, missing, ways, smoothness)

    @cached_property
    def _last_seen(self) -> dict[float, tuple[F32, Directions, F32]]:
        return {}

    def _seen_by(self, radius: float) -> tuple[F32, Directions, F32]:
        """The picture as coarse as strokes of a radius, their directions, and how smooth it is for them.

        All passes of a layer see the same.
        """
        look, lab, last = self.look, self.subject.lab, self._last_seen
        if radius not in last:
            last.clear()
            surfaces = smooth_within_edges(lab, radius * look.blur, look.edges)
            ways = directions(lab, radius, flow=look.flow, bearing=self.subject.bearing)
            smoothness = np.maximum(self.subject.saliency.quiet, 1 / (1 + surfaces.variance / ROUGH**2))
            last[radius] = surfaces.colours, ways, np.float32(look.repose) * smoothness
        return last[radius]

    def admitted(self, layer: PaintLayer, sight: Sight, places: I64) -> np.ndarray:
        """(n,) whether strokes may begin at places, (n, 2) rows and columns."""
        return np.ones(len(places), bool)

    def seen(self, layer: PaintLayer, sight: Sight) -> F32:
        """(h, w, 3) OKLab that a layer's strokes take their colours from."""
        if layer.level < len(self.look.layers) - ACCENTS:
            return sight.wanted
        with_own: F32 = (1 - LAST_OWN) * sight.wanted + LAST_OWN * self.subject.lab
        return with_own

    def colours(self, layer: PaintLayer, sight: Sight, lines: StrokeLines) -> F64:
        """(n, 3) OKLab that strokes have before any liberty: the picture's, where they begin and along them."""
        columns, rows = lines.begins.astype(np.int64).T
        seen = self.seen(layer, sight)
        mixed: F64 = BEGUN * seen[rows, columns] + (1 - BEGUN) * mean_along(seen, lines)
        # beside an edge a photograph's grain is its halo
        most = GRAIN * (1 + self.subject.saliency.texture) * (1 - lines.confidence)[:, None]
        mixed += np.clip(self.subject.lab[rows, columns] - seen[rows, columns], -most, most)
        return mixed

    def painted(self, layer: PaintLayer, colours: F32) -> F32:
        """(n, 3) sRGB of the paint on the brush, of sRGB wanted."""
        return colours

    def _begin(self, layer: PaintLayer, sight: Sight, random: np.random.Generator) -> F64:
        """(n, 2) x and y where strokes begin."""
        high, wide = sight.missing.shape
        look, count = self.look, len(self.look.layers)
        step = layer.radius * (FIRST_STEP if layer.level == 0 else STEP) / layer.density**0.5
        step *= PASS_STEP if layer.passes > 1 else 1
        down, right = np.mgrid[step / 2 : high : step, step / 2 : wide : step]
        points = np.stack([right.ravel(), down.ravel()], axis=1) + random.uniform(-0.5, 0.5, (right.size, 2)) * step
        points = points[((points >= 0) & (points < [wide, high])).all(1)]
        places = points[:, ::-1].astype(np.int64)
        rows, columns = places.T
        salient = self._salient(layer, rows, columns)
        missing = sight.missing[rows, columns]
        emphasis = look.emphasis * (1 if layer.level > count - 4 else 0.5)
        needed = layer.threshold * np.exp(emphasis * (0.55 - 1.5 * np.minimum(salient, 1.3)))
        if layer.level:
            # a layer must not mend what the one before has jittered
            least = np.minimum(needed, look.jitter_lightness * self.liveliness)
            needed = np.maximum(least, needed * (1 - (1 - QUIET_CARE) * self._quiet(rows, columns)))
        kept = (missing > needed) & (missing + layer.threshold > 1e-4)
        if layer.where is not None:
            kept &= layer.where[rows, columns] > FACE_PART
        else:
            if layer.level >= max(1, count - ACCENTS):
                chance = np.clip(ACCENT_CHANCE + ACCENT_GAIN * salient, 0, 1) ** look.emphasis
                kept &= random.random(len(points)) < chance
            kept |= random.random(len(points)) < layer.everywhere
        kept &= self.admitted(layer, sight, places)
        if self.subject.share is not None:
            kept &= self.subject.share[rows, columns] > 0
        chosen: F64 = points[kept]
        return chosen

    def _salient(self, layer: PaintLayer, rows: I64, columns: I64) -> F32:
        """(n,) saliency of places; for accents that of a thin line, too, which wider strokes would smear."""
        salient: F32 = self.subject.saliency.map[rows, columns]
        if layer.level < len(self.look.layers) - ACCENTS:
            return salient
        with_lines: F32 = np.maximum(salient, LINE_WEIGHT * self.subject.saliency.lines[rows, columns])
        return with_lines

    def _quiet(self, rows: I64, columns: I64) -> F32:
        """(n,) how calmly places are painted, in [0, 1]."""
        quiet: F32 = np.float32(self.look.repose) * self.subject.saliency.quiet[rows, columns]
        return quiet

    def _urgency(self, sight: Sight, begins: F64, random: np.random.Generator) -> F64:
        """(n,) larger for what is painted later: what is salient, or what is dark; a little by chance."""
        rows, columns = begins[:, ::-1].astype(np.int64).T
        lightness = sight.wanted[rows, columns, 0]
        by_chance = 0.5 * random.random(len(begins)) + 0.15 * lightness
        if self.look.order == "light":
            urgency: F64 = by_chance + 0.9 * (1 - lightness)
            return urgency
        urgent: F64 = by_chance + 0.8 * np.minimum(1, self.subject.saliency.map[rows, columns])
        return urgent

    def _strokes(
        self, layer: PaintLayer, sight: Sight, begins: F64, random: np.random.Generator, seeds: int
    ) -> BristleStrokes:
        look, count, level = self.look, len(begins), layer.level
        rows, columns = begins[:, ::-1].astype(np.int64).T
        salient = self._salient(layer, rows, columns).astype(np.float64)
        confidence = sight.directions.confidence[rows, columns]
        emphasis = look.emphasis * (1 if level < len(look.layers) - ACCENTS else 0.3)
        radii = layer.radius * (0.78 + 0.45 * random.random(count))
        radii *= np.exp(emphasis * (0.28 - 0.5 * np.minimum(salient, 1)))
        leans = UNSTEADY * random.normal(size=count) * (1.2 - confidence)
        quiet = self._quiet(rows, columns)
        across = random.random(count) < look.cross * (1 - confidence) * (1 - quiet)
        leans += np.where(across, CROSSING * random.choice([-1.0, 1.0], count), 0)
        from orbifolio.runner.painting.spines import SpineField, trace  # compiles, so not before it is needed

        field = SpineField(sight.directions.angles, sight.wanted, sight.canvas, sight.smoothness)
        # by the colour of its paint: that of the blurred sky would lead a faint star far across it
        owns = self.seen(layer, sight)[rows, columns]
        spines, offsets, radii = trace(field, begins, owns, radii, leans, look.rules())
        lines = StrokeLines(begins, radii, spines, offsets, confidence)
        return self.laid(layer, sight, lines, random, seeds)

    def laid(
        self, layer: PaintLayer, sight: Sight, lines: StrokeLines, random: np.random.Generator, seeds: int
    ) -> BristleStrokes:
        """Lines as strokes of paint: their colours, bodies and profiles.

        Args:
            layer: that they belong to.
            sight: that colours are taken from.
            lines: at least one.
            random: of all liberties.
            seeds: how many strokes there are already.
        """
        look, count, level = self.look, len(lines.begins), layer.level
        spines, offsets, radii = lines.spines, lines.offsets, lines.radii
        places = lines.begins[:, ::-1].astype(np.int64)
        rows, columns = places.T
        salient = self._salient(layer, rows, columns).astype(np.float64)
        quiet = self._quiet(rows, columns)
        lab = self.colours(layer, sight, lines)
        # beside an edge colours play less: a lighter stroke along a silhouette would be a halo
        calm = np.maximum(self.subject.saliency.calm[rows, columns], EDGE_CALM * lines.confidence)
        calm = np.maximum(calm, QUIET_CALM * quiet)
        calm = np.maximum(calm, FOCUS_CALM * self.subject.saliency.focus[rows, columns])
        colours = self.painted(layer, to_paint(self._freely(lab, calm, quiet, random)))
        lightness, near = lab[:, 0], np.minimum(1, salient)
        thickness = look.impasto * np.clip(1.4 * lightness - 0.35, 0, 1) * (0.3 + 0.7 * near) + 0.55 * near
        bodies = THIN + THICKER * self.subject.saliency.texture + thickness
        bodies *= 1 - QUIET_BODY * quiet * (1 - self.subject.saliency.texture)
        bodies *= 0.85 + 0.3 * random.random(count)
        numbers = seeds + np.arange(count, dtype=np.int64)
        points = profile(spines, offsets, look, int(numbers[0]) + 1, turned=random.random(count) < 0.5)
        tooth = look.grain * min(1.0, 0.35 + 0.3 * level)  # the first layers fill the grain, later ones catch on it
        return BristleStrokes(
            points=points,
            offsets=offsets,
            radii=radii.astype(np.float32),
            colours=colours,
            bodies=bodies.astype(np.float32),
            tooth=np.full(count, tooth, np.float32),
            seeds=numbers + 1,
            layers=np.full(count, level, np.int32),
        )

    def _freely(self, lab: F64, calm: F32, quiet: F32, random: np.random.Generator) -> F64:
        """Colours as they are on the palette, with the look's liberties."""
        look, paints = self.look, self.subject.paints
        colours, lightness = saturate(lab, look.saturation), lab[:, 0].copy()
        if paints is not None:
            mixed = mix(colours, saturate(paints, look.saturation), look.mixtures, random)
            # steps from paint to paint would be patches in a clear sky
            own = np.maximum(0.5 * calm, QUIET_OWN * quiet).astype(np.float64)[:, None]
            held_back = 0.0 if self.subject.palette_given else own
            colours += look.purity * (1 - held_back) * (mixed - colours)
        liberty = look.liberty(self.liveliness)
        if self.subject.palette_given:
            liberty = replace(liberty, warmth=0.0)  # it would leave the paints
        return take_liberties(colours, lightness, calm, liberty, random)


class WashPlacement(BrushPlacement):
    """Places strokes of a medium that the paper shines through: light first, and nothing where it stays white."""

    def look_at(self, layer: PaintLayer, canvas: F32) -> Sight:
        """As the base; where the canvas is too dark already, little can be mended."""
        sight = super().look_at(layer, canvas)
        blurred = smooth(canvas[..., 0], layer.radius * self.look.blur)
        too_light = blurred > sight.wanted[..., 0]
        missing = smooth(sight.missing * np.where(too_light, 1, 0.35).astype(np.float32), 0.3 * layer.radius)
        return replace(sight, missing=missing)

    def _lightest(self, layer: PaintLayer, sight: Sight, places: I64) -> F32:
        """(n,) lightness of the lightest place that strokes of the first layers may touch."""
        light = sight.wanted[..., 0]
        if layer.level < len(WASH_STRENGTHS):
            light = ndimage.maximum_filter(light, max(1, int(WASH_REACH * layer.radius)))
        lightest: F32 = light[places[:, 0], places[:, 1]]
        return lightest

    def admitted(self, layer: PaintLayer, sight: Sight, places: I64) -> np.ndarray:
        """Not where the paper must stay white."""
        return np.asarray(self._lightest(layer, sight, places) < WHITE - WHITE_STEP * layer.level)

    def colours(self, layer: PaintLayer, sight: Sight, lines: StrokeLines) -> F64:
        """First washes are never darker than the lightest place they touch: paint cannot be taken off again."""
        colours = super().colours(layer, sight, lines)
        if layer.level < len(WASH_STRENGTHS):
            lightest = self._lightest(layer, sight, lines.begins[:, ::-1].astype(np.int64)).astype(np.float64)
            paler = np.clip((1.02 - lightest) / (1.02 - colours[:, 0]), 0.15, 1)
            colours[:, 1:] *= paler[:, None]
            colours[:, 0] = np.maximum(colours[:, 0], lightest)
        return colours

    def painted(self, layer: PaintLayer, colours: F32) -> F32:
        """Diluted in the first layers."""
        strengths = (*WASH_STRENGTHS, 1.0)
        return np.asarray(colours ** np.float32(strengths[min(layer.level, len(WASH_STRENGTHS))]), np.float32)
