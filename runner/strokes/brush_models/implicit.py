"""The implicit painter: a stroke's geometry at a place -> opacity there; about 9,500 weights, any resolution.

    (strokes, places) -> features of `geometry.describe` -> three hidden layers -> opacity in [0, 1]

A departure from Nakano (2019), whose deconvolutional network draws a whole 64-pixel picture from the action. Where the
curve runs, how near a place is and with what pressure the pen passes it are computed, not learnt. What is left is the
brush's response, which a small network learns in a minute. Strokes end at a distance that follows from the brush
(`reach`), with a soft edge, so that a rasteriser may leave out every place beyond. The flat tip of a brush that does
not turn with the stroke is read from its file: distances are measured in the tip's own metric, in which it is round.
A stochastic brush is learnt as its mean, since the noise does not follow from the action.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from orbifolio.runner.strokes.bounding_boxes import boxes, centres, pairs
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.geometry import Track, count, describe, nearest, track
from orbifolio.runner.strokes.mypaint.actions import Space
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.stroke_array import rows_of_actions

MARGIN = 1.5  # units beyond the reach, for the sampling of a pixel
EDGE = 0.12  # share of the distance over which a stroke fades at its end
TRACK = len(fields(Track))
PLACES = 1 << 14  # described at once, which bounds the memory


@dataclass(frozen=True)
class BrushTraits:
    """What a brush's file and its samples say about it, and the size of the network that learns the rest.

    Attributes:
        direction: whether its look depends on the direction of the stroke.
        speed: whether its look depends on the speed of the pen.
        ratio: length over breadth of a flat tip that does not turn; 1 for any other tip.
        degrees: direction of the tip's length, clockwise from the right (y runs down).
        swelling: (pressure of an action, added to the logarithm of the radius) where the width follows the pressure.
        reach: how far from the curve there is paint, in radii, in the tip's metric.
        width: numbers of each hidden layer.
    """

    direction: bool = False
    speed: bool = False
    ratio: float = 1.0
    degrees: float = 0.0
    swelling: tuple[tuple[float, float], ...] = ()
    reach: float = 2.0
    width: int = 64
    depth: int = 3

    @cached_property
    def metric(self) -> Tensor | None:
        """(2, 2) float64 matrix that multiplies places from the left; None for the Euclidean metric."""
        if self.ratio == 1:
            return None
        angle = torch.deg2rad(torch.tensor(self.degrees, dtype=torch.float64))
        cos, sin = torch.cos(angle), torch.sin(angle)
        return torch.stack((torch.stack((cos, sin)), torch.stack((-sin, cos)) * self.ratio))


@dataclass(frozen=True)
class Near:
    """Pairs of strokes and pixels that they reach, stroke by stroke.

    Attributes:
        stroke: (k,) numbers of the strokes, in rising order.
        pixel: (k,) row * width + column.
        chords: (k,) the nearest chord of the stroke's polyline.
    """

    stroke: Tensor
    pixel: Tensor
    chords: Tensor

    def split(self) -> list[Near]:
        """Consecutive pieces of at most `PLACES` pairs."""
        parts = [slice(begin, begin + PLACES) for begin in range(0, len(self.stroke), PLACES)]
        return [Near(self.stroke[part], self.pixel[part], self.chords[part]) for part in parts]


class Pieces(torch.autograd.Function):
    """Opacities of pairs, piece by piece, each computed again for its gradient.

    torch's own checkpoints kept 600 bytes for each pair here; this keeps the pairs only.
    """

    @staticmethod
    def forward(ctx: Any, painter: ImplicitPainter, near: Near, width: int, unit: Tensor, *tensors: Tensor) -> Tensor:
        """(k,) opacities; `tensors` are the fields of the track, then the painter's weights."""
        ctx.painter, ctx.near, ctx.width, ctx.unit = painter, near, width, unit
        ctx.save_for_backward(*tensors)
        course = Track(*tensors[:TRACK])
        parts = [painter.opacity(course, part, width, unit) for part in near.split()]
        return torch.cat(parts) if parts else course.knots.new_zeros(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        """Sums of the pieces' gradients, for those inputs that need one."""
        saved: list[Tensor] = list(ctx.saved_tensors)
        wanted = ctx.needs_input_grad[4:]
        tensors = [tensor.detach().requires_grad_() for tensor in saved[:TRACK]] + saved[TRACK:]
        inputs = [tensor for tensor, needed in zip(tensors, wanted, strict=True) if needed]
        sums = [torch.zeros_like(tensor) for tensor in inputs]
        done = 0
        for part in ctx.near.split():
            above = gradient[done : done + len(part.stroke)]
            done += len(part.stroke)
            with torch.enable_grad():
                values = ctx.painter.opacity(Track(*tensors[:TRACK]), part, ctx.width, ctx.unit)
            gradients = torch.autograd.grad(values, inputs, above, allow_unused=True)
            for total, share in zip(sums, gradients, strict=True):
                if share is not None:
                    total += share
        spread = iter(sums)
        return (None, None, None, None, *(next(spread) if needed else None for needed in wanted))


def tip_of(brush: BrushFile) -> tuple[float, float]:
    """(ratio, degrees) of a flat tip that does not turn with stroke, tilt or at random; (1, 0) for any other."""
    turning = brush.settings.get("elliptical_dab_angle", {}).get("inputs", {})
    ratio = brush.base("elliptical_dab_ratio")
    return (1.0, 0.0) if turning or ratio <= 1 else (min(ratio, 10.0), brush.base("elliptical_dab_angle"))


def swelling_of(brush: BrushFile, space: Space) -> tuple[tuple[float, float], ...]:
    """How the radius follows the pressure of an action, from the brush's file; as `BrushTraits.swelling`."""
    points = brush.settings.get("radius_logarithmic", {}).get("inputs", {}).get("pressure", ())
    return tuple((float(pressure) / space.pressure, float(added)) for pressure, added in points)


class ImplicitPainter(Painter):
    """A painter for strokes of any size; see the module's docstring."""

    kind = "implicit"

    def __init__(
        self, traits: BrushTraits, space: Space | None = None, *, generator: torch.Generator | None = None
    ) -> None:
        """An untrained painter.

        Args:
            traits: of the brush.
            space: what the numbers of an action mean.
            generator: of the first weights; None leaves them zero, to be loaded.
        """
        super().__init__()
        self.traits = traits
        self.space = space or Space()
        sizes = [count(direction=traits.direction, speed=traits.speed), *[traits.width] * traits.depth, 1]
        layers: list[nn.Module] = []
        for inputs, outputs in zip(sizes, sizes[1:], strict=False):
            layer = nn.utils.skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
            with torch.no_grad():
                layer.bias.zero_()
                if generator is None:
                    layer.weight.zero_()
                else:
                    layer.weight.normal_(0.0, inputs**-0.5, generator=generator)
            layers += [layer, nn.SiLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def place(self, points: Tensor) -> Tensor:
        """Points (..., 2) in units, seen in the tip's metric."""
        metric = self.traits.metric
        return points if metric is None else points @ metric.to(points).T

    def track(self, rows: Tensor) -> Track:
        """The polylines of strokes, (n, 9) rows in units, in the tip's metric."""
        return track(rows, self.traits.metric, self.traits.swelling)

    def reach(self, radius: Tensor) -> Tensor:
        """Distance in units beyond which there is no paint, from the radius there (any shape)."""
        return self.traits.reach * radius + MARGIN

    def features(self, course: Track, places: Tensor, chords: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`geometry.describe` with what this brush needs; places are already in the tip's metric."""
        return describe(course, places, chords, direction=self.traits.direction, speed=self.traits.speed)

    def respond(self, features: Tensor, distance: Tensor, radius: Tensor) -> Tensor:
        """Opacity (...) of described places: the network's response within a window that ends at the reach.

        Args:
            features: (..., count) of `features`.
            distance: (...) from the curve in units.
            radius: (...) of the stroke there in units.
        """
        reach = self.reach(radius)
        window = ((reach - distance) / (EDGE * reach)).clamp(0, 1)
        soft = window.square() * (3 - 2 * window)
        return torch.sigmoid(self.layers(features)[..., 0]) * soft

    @torch.no_grad()
    def near(self, rows: Tensor, width: int, height: int, unit: Tensor) -> Near:
        """The pixels that strokes can reach.

        Args:
            rows: (n, 9) in units.
            width: of the picture in pixels.
            height: of the picture in pixels.
            unit: (n,) pixels per unit of each stroke.
        """
        course = self.track(rows)
        # Nothing is farther in the tip's metric than it is on paper, so a box on paper holds all that is near.
        knots = track(rows, None, self.traits.swelling).knots
        corners = boxes(knots, self.reach(course.radii.amax(1)), width, height, unit)
        batches: list[tuple[Tensor, ...]] = []
        for stroke, pixel in pairs(corners, width):
            places = self.place(centres(pixel, width, unit[stroke]).to(course.knots))
            chords, distance, radius = nearest(course.take(stroke), places[:, None])
            close = (distance < self.reach(radius))[:, 0]
            batches.append((stroke[close], pixel[close], chords[close, 0]))
        if not batches:
            return Near(*(torch.zeros(0, dtype=torch.int64, device=unit.device) for _ in range(3)))
        return Near(*(torch.cat(parts) for parts in zip(*batches, strict=True)))

    def values(self, rows: Tensor, near: Near, width: int, unit: Tensor) -> Tensor:
        """Opacity of the pairs of `near`, (k,); differentiable once, with a memory that does not grow with k.

        Args:
            rows: (n, 9) in units.
            width: of the picture in pixels.
            unit: (n,) pixels per unit of each stroke.
        """
        course = self.track(rows)
        tensors = [getattr(course, item.name) for item in fields(course)]
        opacities: Tensor = Pieces.apply(self, near, width, unit, *tensors, *self.parameters())  # type: ignore[no-untyped-call]
        return opacities

    def opacity(self, course: Track, near: Near, width: int, unit: Tensor) -> Tensor:
        """Opacity of a few pairs, (k,); keeps all that their gradients need."""
        places = self.place(centres(near.pixel, width, unit[near.stroke]).to(course.knots))
        described = self.features(course.take(near.stroke), places[:, None], near.chords[:, None])
        return self.respond(*described)[:, 0]

    def alphas(self, actions: Tensor, *, scale: float = 1.0, random: torch.Generator | None = None) -> Tensor:
        """Each stroke alone, at any scale; there is no noise."""
        side = round(self.space.canvas * scale)
        rows = rows_of_actions(actions, self.space)
        unit = torch.full((len(actions),), scale, dtype=actions.dtype, device=actions.device)
        near = self.near(rows, side, side, unit)
        flat = torch.zeros(len(actions) * side * side, dtype=actions.dtype, device=actions.device)
        values = self.values(rows, near, side, unit)
        return flat.index_put((near.stroke * side * side + near.pixel,), values).reshape(-1, side, side)

    def facts(self) -> dict[str, str]:
        """Traits and space, as JSON."""
        return {"known": json.dumps(asdict(self.traits)), "space": json.dumps(asdict(self.space))}

    @classmethod
    def of(cls, facts: Mapping[str, str], flat: Tensor) -> Self:
        """The painter of a file of weights; see the base class."""
        record: dict[str, Any] = json.loads(facts["known"])
        record["swelling"] = tuple((float(x), float(y)) for x, y in record["swelling"])
        painter = cls(BrushTraits(**record), Space(**json.loads(facts["space"])))
        nn.utils.vector_to_parameters(flat, painter.parameters())
        if len(flat) != painter.count():
            raise ValueError(f"{len(flat)} numbers; {painter.count()} are needed")
        return painter.eval().requires_grad_(False)
