"""Training of the implicit painter: strokes -> described places, once -> small random batches -> Adam.

The features of a place do not depend on the weights, so they are computed once for the whole training set; a step is
three matrix products. Only places that a stroke reaches are learnt from, all with the same probability, so the loss is
the mean squared error of the picture, up to a factor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import RunFailed
from orbifolio.runner.strokes.brush_models.base import PainterSettings, Trainer, TrainingData, falling_rate, follow
from orbifolio.runner.strokes.brush_models.implicit import (
    EDGE,
    MARGIN,
    BrushTraits,
    ImplicitPainter,
    swelling_of,
    tip_of,
)
from orbifolio.runner.strokes.geometry import Track, nearest
from orbifolio.runner.strokes.mypaint.actions import Space
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.samples import Samples
from orbifolio.runner.strokes.stroke_array import rows_of_actions

if TYPE_CHECKING:
    from torch import Tensor

SAMPLED = 768  # random places of a stroke's picture, of which those that it reaches are kept
MEASURED = 384  # strokes that the reach is measured on
MAX_LOST = 5e-4  # share of the squared opacity that may lie beyond the reach
CHUNK = 128  # strokes described at once, which bounds the memory
FINAL_RATE = 0.003  # of a phase's rate, at its end


class Implicit(PainterSettings):
    """Computed stroke geometry, learnt brush response: about 9,500 weights, any resolution, no tiles."""

    kind: Literal["implicit"] = "implicit"
    width: int = Field(default=64, ge=4, le=512)
    """Width of each hidden layer."""
    depth: int = Field(default=3, ge=1, le=8)
    """Number of hidden layers."""
    direction: bool | None = None
    """Give the network the stroke's direction; by default for brushes with a flat tip or direction inputs."""
    speed: bool | None = None
    """Give the network the pen's speed; by default for brushes that respond to it."""
    places: int = Field(default=8192, ge=64, le=1 << 20)
    """Places per step."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", "kingma2015")

    def build(self, data: TrainingData) -> ImplicitTrainer:
        """Measure the brush's reach, describe the strokes, draw the first weights."""
        return ImplicitTrainer(self, data)

    def seconds_per_step(self, stage: str) -> float:
        """See the base class."""
        return 0.027 * self.places / 8192 * (self.width / 64)

    def count(self, brush: BrushFile | None) -> int:
        """See the base class."""
        return ImplicitPainter(traits_of(self, brush)).count()


class ImplicitTrainer(Trainer):
    """Trains an implicit painter."""

    def __init__(self, settings: Implicit, data: TrainingData) -> None:
        self.settings = settings
        self.seed = data.seed
        random = torch.Generator().manual_seed(data.seed)
        traits = traits_of(settings, data.brush)
        measured = measure_reach(ImplicitPainter(traits), data.samples)
        traits = replace(traits, reach=measured)
        self.learner = ImplicitPainter(traits, generator=random)
        self.painter = ImplicitPainter(traits)
        self.painter.load_state_dict(self.learner.state_dict())
        self.features, self.distances, self.radii, self.targets = describe_samples(self.learner, data.samples, random)
        if not len(self.targets):
            raise RunFailed("no stroke to learn from leaves any paint; choose another brush")
        self.restart(1e-3, 1)

    def restart(self, rate: float, steps: int, stage: str = "") -> None:
        """A fresh Adam; the rate falls along a cosine. There is only one stage."""
        self.rate, self.steps = rate, steps
        self.adam = torch.optim.Adam(self.learner.parameters(), lr=rate, betas=(0.9, 0.99))

    def step(self, number: int) -> Mapping[str, float]:
        """Descend on a batch of random places.

        Raises:
            RunFailed: the loss is not finite.
        """
        random = torch.Generator().manual_seed((self.seed * 1_000_003 + self.steps) * 1_000_003 + number)
        batch = torch.randint(len(self.targets), (self.settings.places,), generator=random)
        opacities = self.learner.respond(self.features[batch], self.distances[batch], self.radii[batch])
        loss = (opacities - self.targets[batch]).square().mean()
        if not math.isfinite(loss.item()):
            raise RunFailed(f"step {number + 1}: the loss is not finite; lower the phase's rate")
        self.adam.param_groups[0]["lr"] = falling_rate(self.rate, number, self.steps, final=FINAL_RATE)
        self.adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        follow(self.painter, self.learner, number)
        return {"response": loss.item()}

    def state_dict(self) -> dict[str, Any]:
        """Learner, painter, Adam; the described strokes follow from the seed."""
        return {
            "learner": self.learner.state_dict(),
            "painter": self.painter.state_dict(),
            "adam": self.adam.state_dict(),
            "rate": self.rate,
            "steps": self.steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue; see the base class."""
        self.restart(float(state["rate"]), int(state["steps"]))
        self.learner.load_state_dict(state["learner"])
        self.painter.load_state_dict(state["painter"])
        self.adam.load_state_dict(state["adam"])


def traits_of(settings: Implicit, brush: BrushFile | None) -> BrushTraits:
    """What recipe and brush file say of a brush; the reach is still to be measured."""
    ratio, degrees = (1.0, 0.0) if brush is None else tip_of(brush)
    direction = (brush is not None and brush.directed) if settings.direction is None else settings.direction
    speed = (brush is None or brush.speedy) if settings.speed is None else settings.speed
    swelling = () if brush is None else swelling_of(brush, Space())
    return BrushTraits(direction, speed, ratio, degrees, swelling, 2.0, settings.width, settings.depth)


def measure_reach(painter: ImplicitPainter, samples: Samples) -> float:
    """How far from the curve the brush leaves paint, in radii, measured on the first strokes."""
    some = torch.from_numpy(samples.actions[:MEASURED])
    ink = torch.from_numpy(samples.alphas[:MEASURED]).flatten(1).float().square()
    course = painter.track(rows_of_actions(some))
    places = painter.place(grid_of(samples))[None].expand(len(some), -1, -1)
    parts = [torch.arange(begin, min(begin + CHUNK, len(some))) for begin in range(0, len(some), CHUNK)]
    radii = torch.cat([_distance_in_radii(course.take(part), places[part]) for part in parts]).flatten()
    order = radii.argsort()
    sums = ink.flatten()[order].cumsum(0, dtype=torch.float64)
    within = int((sums < (1 - MAX_LOST) * sums[-1]).sum())
    # The fade begins where the paint ends.
    return min(max(float(radii[order[min(within, len(order) - 1)]]) / (1 - EDGE), 0.5), 16.0)


def _distance_in_radii(course: Track, places: Tensor) -> Tensor:
    _, distance, radius = nearest(course, places)
    return (distance - MARGIN) / radius


def grid_of(samples: Samples) -> Tensor:
    """(side * side, 2) centres of the samples' pixels in units, row by row."""
    ticks = torch.arange(samples.alphas.shape[-1]) + 0.5
    return torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), dim=-1).reshape(-1, 2)


@torch.no_grad()
def describe_samples(
    painter: ImplicitPainter, samples: Samples, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features (k, count), distances, radii and opacities (k,) of random places that the samples' strokes reach."""
    grid = painter.place(grid_of(samples))
    batches: list[tuple[Tensor, ...]] = []
    for begin in range(0, len(samples), CHUNK):
        part = slice(begin, begin + CHUNK)
        course = painter.track(rows_of_actions(torch.from_numpy(samples.actions[part])))
        alphas = torch.from_numpy(samples.alphas[part]).flatten(1)
        sampled = torch.randint(len(grid), (len(alphas), min(SAMPLED, len(grid))), generator=random)
        chords, distance, radius = nearest(course, grid[sampled])
        which, where = (distance < painter.reach(radius)).nonzero(as_tuple=True)
        pixel = sampled[which, where]
        described = painter.features(course.take(which), grid[pixel][:, None], chords[which, where][:, None])
        batches.append((*(item[:, 0] for item in described), alphas[which, pixel].float() / 255))
    features, distances, radii, targets = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return features, distances, radii, targets
