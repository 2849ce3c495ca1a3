"""Strokes named by a trained network, all of a pass at once.

A layer sees the picture at a size where its strokes are as wide as those that the network was trained on: so one
network paints the block-in and the accents. Each pass shifts the network's cells by chance, so that no grid can be
seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field
from torch.nn.functional import pad

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.images import oklab
from orbifolio.runner.named_files import FileName
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.brush_placement import (
    BLOCK_PASSES,
    CHROMA,
    UNSTEADY,
    BrushPlacement,
    Sight,
    StrokeLines,
)
from orbifolio.runner.painting.directions import Directions
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.placers.base import PlacerSettings
from orbifolio.runner.painting.placers.network import CELL, MIDDLE_RADIUS, StrokePredictor
from orbifolio.runner.painting.placers.weights import predictor_provenance, shared_predictor
from orbifolio.runner.painting.smoothing import smooth_within_edges
from orbifolio.runner.painting.stroke_placement import FACE_PART, STREAMS, PaintLayer, Sitting, StrokePlacement
from orbifolio.runner.painting.subject import resized
from orbifolio.runner.vision.base import Provenance

AROUND = 4  # cells that the network sees about a face: as far as it looks
POINTS = 7  # of a stroke's line: it is an arc
SCATTER = 0.5  # of a cell, by which strokes that no edge holds are moved about
UNEVEN = 0.1  # deviation of the logarithm of widths: no two strokes of a hand are alike
CAREFUL = 0.4  # of the width of planned strokes within faces: eyes and mouth are a few strokes each
FACE_SURENESS = 0.5  # share of the sureness that is enough within faces: half an eye is worse than a wrong stroke


class Prediction(NamedTuple):
    """n strokes, in pixels of the plan.

    Attributes:
        x: of their middles.
        y: likewise, down.
        angle: radians.
        confidence: of the angle, in [0, 1].
        half: half their lengths.
        bend: of the ends from the tangent, as a share of `half`.
        radius: half their widths.
        chance: that they should be painted.
    """

    x: F64
    y: F64
    angle: F64
    confidence: F64
    half: F64
    bend: F64
    radius: F64
    chance: F64


def predict(network: StrokePredictor, seen: F32, size: tuple[int, int], random: np.random.Generator) -> Prediction:
    """All strokes that a network names for one pass.

    Args:
        network: that is asked.
        seen: (2, h, w, 3) picture and canvas in sRGB, as large as the network's strokes want them.
        size: (width, height) of the plan.
        random: of where its cells begin.
    """
    high, wide = seen.shape[1:3]
    left, top = (int(start) for start in random.integers(0, CELL, 2))
    right, bottom = -(left + wide) % CELL, -(top + high) % CELL
    stack = pad(torch.from_numpy(seen).permute(0, 3, 1, 2), (left, right, top, bottom), mode="replicate")
    with torch.inference_mode():
        found = network(stack[:1], stack[1:])
        parts = [found.x - left, found.y - top, found.angle(), torch.hypot(found.cosine, found.sine)]
        parts += [found.half, found.bend(), found.radius, found.logit.sigmoid()]
    x, y, angle, sure, half, bend, radius, chance = (part.numpy().astype(np.float64).ravel() for part in parts)
    across, down = size[0] / wide, size[1] / high
    larger = (across * down) ** 0.5
    return Prediction(x * across, y * down, angle, np.clip(sure, 0, 1), half * larger, bend, radius * larger, chance)


def arcs(prediction: Prediction) -> F32:
    """(n, POINTS, 2) points of strokes' lines."""
    along = np.linspace(-1, 1, POINTS) * prediction.half[:, None]
    aside = prediction.bend[:, None] * along * along / prediction.half[:, None]
    cosine, sine = np.cos(prediction.angle)[:, None], np.sin(prediction.angle)[:, None]
    x = prediction.x[:, None] + cosine * along - sine * aside
    y = prediction.y[:, None] + sine * along + cosine * aside
    return np.stack([x, y], axis=2).astype(np.float32)


class PredictedStrokes(PlacerSettings):
    """A trained network names all strokes of a pass at once: a loose, quick painting. For looks in layers of paint."""

    kind: Literal["predictor"] = "predictor"
    network: FileName = "strokes"
    """Name of a shipped predictor, or path of a `predictor.safetensors` that predictor-training left."""
    sureness: float = Field(default=0.3, ge=0, le=1)
    """Chance of being right, by the network's own estimate, from which a stroke is painted."""
    cites: ClassVar[tuple[str, ...]] = ("liu2021",)

    def placement(self, look: PaintingLook) -> Callable[..., StrokePlacement]:
        """Asks the network; its file is read when first needed.

        Raises:
            InputError: it is missing or cannot be read.
        """
        return partial(PredictedPlacement, network=shared_predictor(self.network), sureness=self.sureness)

    def complaints(self, look: PaintingLook) -> list[tuple[str, str]]:
        """A look without layers of opaque paint, a missing network."""
        problems = []
        if not look.layered:
            text = (
                "the network names strokes of opaque paint in layers, which the look does not have; use oil, bold, "
                "gouache, pastel, pointillist or flow, or placer: planned"
            )
            problems.append(("", text))
        try:
            shared_predictor(self.network)
        except InputError as error:
            problems.append(("network", str(error)))
        return problems

    def provenances(self) -> tuple[Provenance, ...]:
        """Of the network."""
        return (predictor_provenance(self.network),)


@dataclass(frozen=True)
class PredictedPlacement(BrushPlacement):
    """Places the strokes that a network names; colours, layers and order are those of planned strokes.

    Attributes:
        network: that names them.
        sureness: least chance of a stroke that is painted.
    """

    network: StrokePredictor | None = None
    sureness: float = 0.3

    def layers(self) -> tuple[PaintLayer, ...]:
        """As planned; where a part is finished with care, strokes are thinner, as planned ones are where it matters."""
        planned = super().layers()
        return tuple(
            layer if layer.where is None else layer._replace(radius=CAREFUL * layer.radius) for layer in planned
        )

    def _focus_layers(self, last: PaintLayer) -> Iterator[PaintLayer]:
        """None: the network's eyes do not melt, and such thin strokes would be as many again as all others."""
        return iter(())

    def block_in_strokes(self) -> float:
        """About how many strokes the first layer takes: nearly all that are named."""
        assert self.network is not None
        high, wide = self.subject.lab.shape[:2]
        cells: float = high * wide * (MIDDLE_RADIUS / (CELL * self.layers()[0].radius)) ** 2
        return BLOCK_PASSES * self.network.shape.strokes * cells

    def place(self, layer: PaintLayer, sitting: Sitting) -> tuple[BristleStrokes, float]:
        """What the network names: see the base class."""
        assert self.network is not None
        random = np.random.default_rng((self.seed, STREAMS + sitting.number))
        part = self._part(layer)
        pictures = [np.ascontiguousarray(item[part], np.float32) for item in (self.subject.picture, sitting.canvas)]
        high, wide = pictures[0].shape[:2]
        scale = MIDDLE_RADIUS / layer.radius
        small = max(CELL, round(wide * scale)), max(CELL, round(high * scale))
        seen = np.stack([resized(picture, *small) for picture in pictures])
        lab = oklab.from_srgb(np.clip(seen, 0, 1).astype(np.float64))
        missing = float(np.sqrt((((lab[0] - lab[1]) * [1, CHROMA, CHROMA]) ** 2).sum(2)).mean())
        named = predict(self.network, seen, (wide, high), random)
        named = self._freed(named._replace(x=named.x + part[1].start, y=named.y + part[0].start), random)
        chosen = self._chosen(layer, named, random)
        if sitting.most is not None and len(chosen) > sitting.most:
            chosen = chosen[np.argsort(-named.chance[chosen], kind="stable")[: sitting.most]]
        if not len(chosen):
            return BristleStrokes.empty(), missing
        named = Prediction(*(part[chosen] for part in named))
        # only colours are looked for: of the rest the network knows
        nowhere = np.zeros((1, 1), np.float32)
        wanted = smooth_within_edges(self.subject.lab, layer.radius * self.look.blur, self.look.edges).colours
        sight = Sight(wanted, nowhere, nowhere, Directions(nowhere, nowhere), nowhere)
        order = np.argsort(self._urgency(sight, self._within(named), random), kind="stable")
        named = Prediction(*(part[order] for part in named))
        offsets = POINTS * np.arange(len(order) + 1, dtype=np.int64)
        radii = named.radius * np.exp(random.normal(0, UNEVEN, len(order)))
        confidence = named.confidence.astype(np.float32)
        lines = StrokeLines(self._within(named), radii, arcs(named).reshape(-1, 2), offsets, confidence)
        return self.laid(layer, sight, lines, random, sitting.strokes), missing

    def _part(self, layer: PaintLayer) -> tuple[slice, slice]:
        """Rows and columns that a layer is about, with what its strokes run into."""
        high, wide = self.subject.lab.shape[:2]
        if layer.where is None:
            return slice(0, high), slice(0, wide)
        rows, columns = np.nonzero(layer.where > FACE_PART)
        if not len(rows):
            return slice(0, high), slice(0, wide)
        margin = round(AROUND * CELL * layer.radius / MIDDLE_RADIUS)
        top, left = max(0, int(rows.min()) - margin), max(0, int(columns.min()) - margin)
        bottom, right = min(high, int(rows.max()) + margin + 1), min(wide, int(columns.max()) + margin + 1)
        return slice(top, bottom), slice(left, right)

    def _within(self, named: Prediction) -> F64:
        """(n, 2) middles, moved into the picture."""
        high, wide = self.subject.lab.shape[:2]
        return np.stack([np.clip(named.x, 0, wide - 0.01), np.clip(named.y, 0, high - 0.01)], axis=1)

    def _freed(self, named: Prediction, random: np.random.Generator) -> Prediction:
        """Strokes that the picture leaves free: their directions are the look's, their places are scattered."""
        look, count = self.look, len(named.x)
        columns, rows = self._within(named).astype(np.int64).T
        free = 1 - named.confidence
        bearing = self.subject.bearing[rows, columns]
        cosine = named.confidence * np.cos(2 * named.angle) + look.flow * free * np.cos(2 * bearing)
        sine = named.confidence * np.sin(2 * named.angle) + look.flow * free * np.sin(2 * bearing)
        angle = 0.5 * np.arctan2(sine, cosine) + UNSTEADY * random.normal(size=count) * (0.2 + free)
        scatter = SCATTER * free * named.radius * CELL / MIDDLE_RADIUS
        half = np.clip(named.half, 0.5 * look.shortest * named.radius, look.longest * named.radius)
        return named._replace(
            x=named.x + scatter * random.uniform(-1, 1, count),
            y=named.y + scatter * random.uniform(-1, 1, count),
            angle=angle,
            half=half,
        )

    def _chosen(self, layer: PaintLayer, named: Prediction, random: np.random.Generator) -> I64:
        """Numbers of the strokes to be painted."""
        columns, rows = self._within(named).astype(np.int64).T
        kept = named.chance > self.sureness
        kept |= random.random(len(kept)) < layer.everywhere
        if layer.where is not None:
            kept |= named.chance > FACE_SURENESS * self.sureness
            kept &= layer.where[rows, columns] > FACE_PART
        if self.subject.share is not None:
            kept &= self.subject.share[rows, columns] > 0
        return np.flatnonzero(kept)
