"""The strokes canvas at work: (medium, dry paint) -> a level of moving strokes -> picture -> orbit values.

Positions move in steps of about a brush's width, so that one rate suits all nine numbers of a stroke and all levels;
the steps shrink towards the end of a level. Between steps colours are solved for, and strokes that turned out to be of
little use begin anew elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from orbifolio.runner.canvas.base import Canvas, CanvasPhase
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.fitting.colour_solver import Rules, choose_palette, solve_colours, stroke_gains
from orbifolio.runner.strokes.fitting.levels import SIZE, SLENDER, budgets, radius_of
from orbifolio.runner.strokes.fitting.ordering import by_hand, chained
from orbifolio.runner.strokes.fitting.seeding import seed_strokes
from orbifolio.runner.strokes.fitting.stroke_set import Pile
from orbifolio.runner.strokes.fitting.surface import Ground, ground_of
from orbifolio.runner.strokes.rasteriser.brush_table import Response
from orbifolio.runner.strokes.rasteriser.differentiable import Brushwork, Laid
from orbifolio.runner.strokes.rasteriser.numba_threads import Floats
from orbifolio.runner.strokes.rasteriser.record import Record, columns

EVERY = 4  # steps between two solutions for the colours
RENEWALS = (0.4, 0.7)  # parts of a level after which idle strokes begin anew
IDLE = 0.25  # of the median gain: what a stroke is idle below
CALM = 0.2  # part of the first steps' size that the last have
STRIDE = 2.0  # radii for a step of 1
PRESSURE = 0.6  # that strokes begin with
LOW, HIGH = 0.1, 2.0  # logarithms of the radius in units, that brushes are learnt at


@dataclass(frozen=True)
class Medium:
    """What a level is painted with, and what of.

    Attributes:
        stage: the phase.
        values: (orbits, 3) what `init` holds.
        painter: the brush.
        response: the brush as a table.
        brush: its name.
        strokes: of the whole painting.
        fitted: colours are solved for.
        rules: of the colours, without the palette.
        palette: so many colours, or these, sRGB.
        paper: sRGB.
        narrow: least radius, in shorter sides of the picture.
        wide: largest radius, likewise.
        all_wet: strokes of earlier levels go on moving.
        connected: one line.
        opaque: paint covers or does not.
        by_hand: strokes are told in an order for a hand.
        device: of the values.
    """

    stage: CanvasPhase
    values: Tensor
    painter: ImplicitPainter
    response: Response
    brush: str
    strokes: int
    fitted: bool
    rules: Rules
    palette: int | tuple[tuple[float, float, float], ...]
    paper: tuple[float, float, float]
    narrow: float
    wide: float
    all_wet: bool
    connected: bool
    opaque: bool
    by_hand: bool
    device: str

    @cached_property
    def ground(self) -> Ground:
        """What is painted on."""
        return ground_of(self.stage.layout, self.stage.symmetry, self.stage.sizes[-1])

    @cached_property
    def work(self) -> Brushwork:
        """Brush on the phase's cells."""
        return Brushwork(self.response, self.ground.places, self.painter, self.opaque)

    @cached_property
    def flat(self) -> Floats:
        """(p, 3) of the target."""
        return self.ground.cells(self.values)

    @cached_property
    def target(self) -> Floats:
        """(height, width, 3) what `init` holds."""
        return self.ground.picture(self.flat)

    @cached_property
    def weights(self) -> Floats:
        """(p,) of the squared errors."""
        return self.ground.weights

    @cached_property
    def blank(self) -> Floats:
        """(p, 3) of the paper."""
        return np.tile(np.array(self.paper, np.float32), (len(self.flat), 1))

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Least and largest radius in pixels."""
        side = min(self.stage.layout.width, self.stage.layout.height)
        return self.narrow * side, self.wide * side

    def random(self, purpose: int, step: int) -> np.random.Generator:
        """A generator of its own for each purpose and step."""
        return np.random.default_rng([self.stage.seed, 6, self.stage.number, purpose, step])


class StrokeCanvas(Canvas):
    """The working canvas; see the module's docstring."""

    def __init__(self, medium: Medium, dry: Pile, ground: Floats, wet: Pile, rules: Rules, *, done: int = 0) -> None:
        """A level.

        Args:
            medium: what it is painted with.
            dry: strokes of earlier levels, at this size.
            ground: (p, 3) their picture.
            wet: strokes of this level.
            rules: of the colours.
            done: steps made.
        """
        self.medium, self.layout = medium, medium.stage.layout
        self.dry, self.ground, self.rules, self.done = dry, ground, rules, done
        self.units, self.level = wet.units, wet.levels
        self.before = dry.rows[-1] if len(dry) else None
        self.tensor = torch.from_numpy(wet.rows / self._strides()).requires_grad_(True)
        self.colours = torch.from_numpy(wet.colours.copy()).requires_grad_(not medium.fitted)
        self.decibels = 0.0
        self._left: tuple[Pile, Floats] | None = None

    @classmethod
    def begun(cls, medium: Medium, previous: StrokeCanvas | None) -> StrokeCanvas:
        """A new level: the earlier strokes dry, new ones begin where the error is."""
        rules = previous.rules if previous else _rules(medium)
        dry, ground = (Pile.empty(), medium.blank) if previous is None else _dried(medium, previous, rules)
        sizes = tuple(width for width, _ in medium.stage.sizes)
        count = sum(budgets(medium.strokes, sizes)[: medium.stage.number + 1]) - len(dry)
        radius = radius_of(count, medium.stage.number, float(medium.ground.share.sum()), *medium.limits)
        wet = _seeded(medium, ground, count, radius, rules, 0)
        if medium.connected:
            wet = wet.take(chained(wet.rows, dry.rows[-1, 4:6] if len(dry) else None))
        if medium.all_wet:
            dry, ground, wet = Pile.empty(), medium.blank, dry.over(wet)
        canvas = cls(medium, dry, ground, wet, rules)
        canvas._fit(sweeps=8)
        return canvas

    @classmethod
    def restored(cls, medium: Medium, state: Mapping[str, Tensor]) -> StrokeCanvas:
        """A saved level."""
        held = {name: tensor.cpu().numpy().copy() for name, tensor in state.items()}
        dry = Pile(held["dry-rows"], held["dry-units"], held["dry-colours"], held["dry-levels"])
        wet = Pile(held["0"], held["units"], held["1"], held["levels"])
        rules = replace(medium.rules, palette=held["palette"])
        canvas = cls(medium, dry, held["ground"], wet, rules, done=int(held["done"]))
        canvas.tensor = torch.from_numpy(held["0"]).requires_grad_(True)
        canvas.decibels = float(held["decibels"])
        return canvas

    def state_dict(self) -> dict[str, Tensor]:
        """Strokes of all levels, ground, step."""
        arrays = {
            "dry-rows": self.dry.rows,
            "dry-units": self.dry.units,
            "dry-colours": self.dry.colours,
            "dry-levels": self.dry.levels,
            "ground": self.ground,
            "units": self.units,
            "levels": self.level,
            "palette": self.rules.palette,
            "done": np.array(self.done),
            "decibels": np.array(self.decibels),
        }
        found = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        return {"0": self.tensor.detach().clone(), "1": self.colours.detach().clone(), **found}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Back to an earlier state of the same level."""
        with torch.no_grad():
            self.tensor.copy_(state["0"])
            self.colours.copy_(state["1"])
        self.done, self.decibels, self._left = int(state["done"]), float(state["decibels"]), None

    def parameters(self) -> list[Tensor]:
        """Strokes in strides, and their colours where they are not solved for."""
        return [self.tensor] if self.medium.fitted else [self.tensor, self.colours]

    def _strides(self) -> Floats:
        """(n, 9) what a step of 1 comes to; less and less."""
        steps = max(self.medium.stage.steps, 1)
        share = 1 - (1 - CALM) * min(self.done, steps) / steps
        far = self.units[:, None] * np.float32(SIZE * STRIDE)
        small = np.tile(np.array([1.0, 0.5, 0.5], np.float32), (len(self.units), 1))
        return np.concatenate((np.repeat(far, 6, axis=1), small), axis=1) * np.float32(share)

    def rows(self) -> Tensor:
        """(n, 9) strokes of this level, differentiable."""
        rows = self.tensor * torch.from_numpy(self._strides())
        if not self.medium.connected:
            return rows
        first = rows[:1] if self.before is None else torch.from_numpy(self.before)[None]
        starts = torch.cat((first[:, 0:2] if self.before is None else first[:, 4:6], rows[:-1, 4:6]))
        entries = torch.cat((first[:, 7:8] if self.before is None else first[:, 8:9], rows[:-1, 8:9]))
        return torch.cat((starts, rows[:, 2:7], entries, rows[:, 8:9]), dim=1)

    def values(self) -> Tensor:
        """The orbits' values; see the base class."""
        return self._values(self.medium.work(self.rows(), self.units, self.colours, self.ground))

    def _values(self, cells: Tensor) -> Tensor:
        return self.medium.ground.values(cells.to(self.medium.device))

    def stepped(self, done: int) -> bool:
        """Limits, colours, idle strokes; see the base class."""
        steps = self.medium.stage.steps
        with torch.no_grad():
            rows = self.rows().detach().numpy().copy()
            self.done, self._left = done, None
            self._put(self._within(rows))
            self.colours.copy_(torch.from_numpy(self.rules.keep(self.colours.detach().numpy())))
        if not self.medium.fitted:
            return False
        renew = any(done == int(part * steps) for part in RENEWALS) and not self.medium.connected
        if renew or done % EVERY == 0 or done == steps:
            laid = self._fit()
            return renew and self._renew(laid)
        return False

    def _put(self, rows: Floats) -> None:
        self.tensor.data.copy_(torch.from_numpy(rows / self._strides()))

    def _within(self, rows: Floats) -> Floats:
        """Strokes within the picture and its margin, the sizes that are allowed and brushes are learnt at."""
        low, high = (np.log(limit / self.units) for limit in self.medium.limits)
        margin = self.units[:, None] * np.float32(SIZE)
        left, top, right, bottom = self.medium.ground.window
        low_edge, high_edge = np.array([left, top] * 3, np.float32), np.array([right, bottom] * 3, np.float32)
        rows[:, :6] = rows[:, :6].clip(low_edge - margin, high_edge + margin)
        rows[:, 6] = rows[:, 6].clip(np.maximum(low, LOW), np.maximum(np.minimum(high, HIGH), LOW))
        rows[:, 7:] = rows[:, 7:].clip(0.02, 1.0)
        return rows

    def _pile(self) -> Pile:
        return Pile(
            np.ascontiguousarray(self.rows().detach().numpy(), np.float32),
            self.units,
            self.colours.detach().numpy().copy(),
            self.level,
        )

    def _fit(self, *, sweeps: int = 3) -> Laid:
        """Solve for the colours; the strokes as they lie with them."""
        medium, pile = self.medium, self._pile()
        laid = medium.work.lay(pile.rows, pile.units, pile.colours, self.ground)
        colours = solve_colours(laid, pile.colours, medium.flat, medium.weights, self.rules, sweeps=sweeps)
        laid = laid.recoloured(colours, self.ground)
        self.colours.data.copy_(torch.from_numpy(colours))
        self.decibels = _decibels(laid.canvas, medium)
        return laid

    def _renew(self, laid: Laid) -> bool:
        """Strokes that are of little use begin anew, on top."""
        medium, pile = self.medium, self._pile()
        found = stroke_gains(laid, pile.colours, medium.flat, medium.weights)
        idle = found < IDLE * np.median(found)
        count = int(idle.sum())
        if not count:
            return False
        radius = float(pile.units[-1] * SIZE)  # the newest level's
        fresh = _seeded(medium, laid.canvas, count, radius, self.rules, self.done)
        pile = pile.take(~idle).over(fresh)
        self.units, self.level = pile.units, pile.levels
        self._put(pile.rows)
        self.colours.data.copy_(torch.from_numpy(pile.colours))
        self._fit()
        return True

    def _leave(self) -> tuple[Pile, Floats]:
        """All strokes and their picture as the brush's network has it, with colours solved for once more."""
        if self._left is None:
            medium, pile = self.medium, self._pile()
            laid = medium.work.lay(pile.rows, pile.units, pile.colours, self.ground, truly=True)
            if medium.fitted and len(pile):
                colours = solve_colours(laid, pile.colours, medium.flat, medium.weights, self.rules, sweeps=12)
                laid = laid.recoloured(colours, self.ground)
                self.decibels = _decibels(laid.canvas, medium)
                pile = replace(pile, colours=colours)
            self._left = pile, laid.canvas
        return self._left

    def finished(self) -> Tensor:
        """The network's picture; see the base class."""
        return self.layout.render(self._values(torch.from_numpy(self._leave()[1])))

    def pile(self) -> Pile:
        """The strokes of all levels, undermost first."""
        return self.dry.over(self._leave()[0])

    def record(self) -> Record:
        """The strokes of the finished artwork."""
        medium, pile = self.medium, self.pile()
        if medium.by_hand and not medium.connected:
            pile = pile.take(by_hand(medium.work, pile))
        pile = medium.ground.images(pile)
        return Record(
            self.layout.width,
            self.layout.height,
            medium.brush,
            medium.paper,
            medium.stage.seed,
            columns(pile.rows, pile.units),
            pile.colours,
            pile.levels,
            medium.opaque,
            medium.target if medium.fitted else None,
        )

    def metrics(self) -> Mapping[str, float]:
        """Peak signal to noise ratio against what `init` holds, where the colours are fitted to it."""
        return {"decibels": self.decibels} if self.medium.fitted else {}

    def describe(self) -> str:
        """Brush and number of strokes."""
        return f"{len(self.dry) + len(self.units)} strokes of {self.medium.brush}"


def _rules(medium: Medium) -> Rules:
    if isinstance(medium.palette, int) and medium.palette:
        return replace(medium.rules, palette=choose_palette(medium.flat, medium.palette, medium.random(1, 0)))
    colours = np.array(medium.palette or np.zeros((0, 3)), np.float32).reshape(-1, 3)
    return replace(medium.rules, palette=colours)


def _dried(medium: Medium, previous: StrokeCanvas, rules: Rules) -> tuple[Pile, Floats]:
    """The strokes so far at this size, with colours fitted to it, without those that nothing would miss."""
    old = previous.layout
    pile = previous.pile().scaled(medium.stage.layout.width / old.width, medium.stage.layout.height / old.height)
    laid = medium.work.lay(pile.rows, pile.units, pile.colours, medium.blank, truly=not medium.all_wet)
    if not medium.fitted:
        return pile, laid.canvas
    colours = solve_colours(laid, pile.colours, medium.flat, medium.weights, rules, sweeps=8)
    laid = laid.recoloured(colours, medium.blank)
    pile = replace(pile, colours=colours)
    idle = stroke_gains(laid, colours, medium.flat, medium.weights) <= 0
    if idle.any() and not medium.connected:
        laid = laid.without(idle)
        laid = laid.recoloured(colours[~idle], medium.blank)
        pile = pile.take(~idle)
    return pile, laid.canvas


def _seeded(medium: Medium, canvas: Floats, count: int, radius: float, rules: Rules, step: int) -> Pile:
    """New strokes where a canvas differs from the target."""
    ground = medium.ground
    seeds = seed_strokes(
        ground.view(medium.flat),
        ground.view(canvas),
        ground.share,
        count,
        radius * 1.1,
        2 * SLENDER * radius,
        medium.random(2, step),
    )
    numbers = np.tile(np.array([math.log(SIZE), PRESSURE, PRESSURE], np.float32), (count, 1))
    return Pile(
        np.concatenate((seeds.lines + np.tile(np.array(ground.window[:2], np.float32), 3), numbers), axis=1),
        np.full(count, radius / SIZE, np.float32),
        rules.keep(seeds.colours),
        np.full(count, medium.stage.number, np.int32),
    )


def _decibels(canvas: Floats, medium: Medium) -> float:
    wrong = np.square(canvas - medium.flat).mean(-1)
    return -10 * math.log10(max(float(np.average(wrong, weights=medium.weights)), 1e-10))
