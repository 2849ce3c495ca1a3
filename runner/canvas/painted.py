"""The strokes canvas at work: (level's configuration, frozen strokes) -> moving strokes -> picture -> orbit values.

Positions move in steps of about a brush's width, so that one rate suits all nine numbers of a stroke and all levels;
the steps shrink towards the end of a level. Between steps colours are solved for, and strokes that turned out to be of
little use start again elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.canvas.base import Canvas, CanvasPhase, Upkeep
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.brush_models.weights import load_scalable
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.mypaint_redraw import redraw
from orbifolio.runner.strokes.document.products import products
from orbifolio.runner.strokes.fitting.colour_solver import (
    ColourRules,
    choose_palette,
    seen_colours,
    solve_colours,
    stroke_gains,
)
from orbifolio.runner.strokes.fitting.levels import SIZE, SLENDER, budgets, radius_of
from orbifolio.runner.strokes.fitting.ordering import by_hand, chained
from orbifolio.runner.strokes.fitting.seeding import seed_strokes
from orbifolio.runner.strokes.fitting.stroke_set import StrokeSet
from orbifolio.runner.strokes.fitting.surface import PaintSurface, surface_of
from orbifolio.runner.strokes.rasteriser.brush_table import BrushTable
from orbifolio.runner.strokes.rasteriser.differentiable import Composite, Rasteriser
from orbifolio.runner.strokes.rasteriser.grain import BrushGrain
from orbifolio.runner.strokes.stroke_array import (
    COLUMNS,
    CURVE,
    END,
    END_PRESSURE,
    ENTRY_PRESSURE,
    LOG_RADIUS,
    START,
    VIA,
    StrokeArray,
)

if TYPE_CHECKING:
    from torch import Tensor

STEPS_PER_FIT = 4  # steps between two solutions for the colours
RENEWALS = (0.4, 0.7)
"""Parts of a level after which strokes of little use start again elsewhere. 300 strokes of scikit-image's astronaut at
128 pixels come to 26.9 dB (mean of four seeds), to 26.3 without any renewal and to 27.0 with three."""
MIN_GAIN = 0.25  # of the median gain: below it a stroke is of little use (at 0.5 the same painting comes to 26.2 dB)
LAST_STEP = 0.2  # size of the last steps of a level, relative to the first; at 1 the same painting comes to 27.4 dB
STRIDE = 2.0  # radii for a step of 1
PRESSURE = 0.6  # that strokes begin with
MIN_LOG_RADIUS, MAX_LOG_RADIUS = 0.1, 2.0  # in units: the range that brushes are learnt at
EVEN = 3.0  # the mean error, so many times, that an even level counts everywhere: more than any place has by itself
PULL = 0.15  # of the way to the target's colours, every `STEPS_PER_FIT` steps, for an anchor of 1


@dataclass(frozen=True)
class LevelConfig:
    """The brush, the target and the rules of a level.

    Attributes:
        values: (orbits, 3) what `init` holds.
        strokes: of the whole painting.
        rules: of the colours, without the palette.
        palette: number of colours to choose, or the colours, sRGB.
        paper: sRGB.
        min_radius: in shorter sides of the picture.
        max_radius: in shorter sides of the picture.
        all_move: strokes of earlier levels go on moving.
        opaque: paint covers or does not.
        hand_order: strokes are listed in an order for a hand.
        ridge: weight of the target's own colours, see `solve_colours`.
        anchor: how hard trained colours are held to them.
        faintest: smallest pressure.
        shortest: smallest length in radii.
        block_in: so many levels cover the picture evenly, calm parts too, and keep their strokes.
        grain: amount of noise in the strokes, see `BrushGrain`.
        drawn_side: longer side in pixels of the picture that the real program draws; 0 where the network draws it.
    """

    phase: CanvasPhase
    values: Tensor
    painter: ImplicitPainter
    table: BrushTable
    brush: str
    strokes: int
    fitted: bool
    rules: ColourRules
    palette: int | tuple[tuple[float, float, float], ...]
    paper: tuple[float, float, float]
    min_radius: float
    max_radius: float
    all_move: bool
    connected: bool
    opaque: bool
    hand_order: bool
    ridge: float
    anchor: float
    faintest: float
    shortest: float
    block_in: int
    grain: float
    drawn_side: int
    device: str

    @cached_property
    def surface(self) -> PaintSurface:
        """What is painted on."""
        return surface_of(self.phase.layout, self.phase.symmetry, self.phase.sizes[-1])

    @cached_property
    def rasteriser(self) -> Rasteriser:
        """The brush on the phase's cells, with the grain that the finished picture has."""
        return Rasteriser(self.table, self.surface.blocks, self.painter, self.opaque, self.sample(0))

    def sample(self, number: int) -> BrushGrain | None:
        """A sample of the brush's grain."""
        return BrushGrain(self.grain, number) if self.grain else None

    @cached_property
    def target(self) -> F32:
        """(p, 3) cells of what `init` holds."""
        return self.surface.cells(self.values)

    @cached_property
    def blank(self) -> F32:
        """(p, 3) cells of the paper."""
        return np.tile(np.array(self.paper, np.float32), (len(self.target), 1))

    @cached_property
    def radius_limits(self) -> tuple[float, float]:
        """Smallest and largest radius in pixels."""
        side = min(self.phase.layout.width, self.phase.layout.height)
        return self.min_radius * side, self.max_radius * side

    def random(self, purpose: int, step: int) -> np.random.Generator:
        """A generator of its own for each purpose and step."""
        return np.random.default_rng([self.phase.seed, 6, self.phase.number, purpose, step])

    def solved(self, composite: Composite, colours: F32, rules: ColourRules, sweeps: int) -> F32:
        """(n, 3) better colours of strokes as they lie."""
        weights = self.surface.weights
        return solve_colours(composite, colours, self.target, weights, rules, sweeps=sweeps, ridge=self.ridge)

    def gains(self, composite: Composite, colours: F32) -> F64:
        """(n,) how much worse the picture would be without each stroke."""
        return stroke_gains(composite, colours, self.target, self.surface.weights)

    def decibels(self, canvas: F32) -> float:
        """Peak signal to noise ratio of cells against the target."""
        square = np.square(canvas - self.target).mean(-1)
        return -10 * math.log10(max(float(np.average(square, weights=self.surface.weights)), 1e-10))


class StrokeCanvas(Canvas):
    """The working canvas; see the module's docstring."""

    def __init__(
        self, config: LevelConfig, frozen: StrokeSet, frozen_cells: F32, moving: StrokeSet, rules: ColourRules
    ) -> None:
        """A level before its first step.

        Args:
            frozen: strokes of earlier levels, at this size.
            frozen_cells: (p, 3) their picture.
        """
        self.config, self.layout = config, config.phase.layout
        self.frozen, self.frozen_cells, self.rules, self.done = frozen, frozen_cells, rules, 0
        self.units, self.levels = moving.strokes.units, moving.levels
        self.last_frozen = frozen.strokes.rows[-1] if len(frozen) else None
        self.tensor = torch.from_numpy(moving.strokes.rows / self._strides()).requires_grad_(True)
        self.colours = torch.from_numpy(moving.colours.copy()).requires_grad_(not config.fitted)
        self.decibels = 0.0
        self._final: tuple[StrokeSet, F32] | None = None

    @classmethod
    def begin(cls, config: LevelConfig, previous: StrokeCanvas | None) -> StrokeCanvas:
        """A new level: the earlier strokes are frozen, new ones begin where the error is."""
        rules = previous.rules if previous else _rules(config)
        frozen, cells = (StrokeSet.empty(), config.blank) if previous is None else _freeze(config, previous, rules)
        sizes = tuple(width for width, _ in config.phase.sizes)
        count = sum(budgets(config.strokes, sizes)[: config.phase.number + 1]) - len(frozen)
        area = float(config.surface.share.sum())
        radius = radius_of(count, config.phase.number, area, *config.radius_limits)
        moving = _seeded(config, cells, count, radius, rules, 0)
        if config.connected:
            moving = moving.take(chained(moving.strokes, frozen.strokes.ends[-1] if len(frozen) else None))
        if config.all_move:
            frozen, cells, moving = StrokeSet.empty(), config.blank, frozen.followed_by(moving)
        canvas = cls(config, frozen, cells, moving, rules)
        canvas._fit(sweeps=8)
        return canvas

    @classmethod
    def restore(cls, config: LevelConfig, state: Mapping[str, Tensor]) -> StrokeCanvas:
        """A level from its `state_dict`."""
        arrays = {name: tensor.cpu().numpy().copy() for name, tensor in state.items()}
        frozen = StrokeSet(
            StrokeArray(arrays["dry-rows"], arrays["dry-units"]), arrays["dry-colours"], arrays["dry-levels"]
        )
        moving = StrokeSet(StrokeArray(arrays["0"], arrays["units"]), arrays["1"], arrays["levels"])
        rules = replace(config.rules, palette=arrays["palette"])
        canvas = cls(config, frozen, arrays["ground"], moving, rules)
        canvas.done = int(arrays["done"])
        canvas.tensor = torch.from_numpy(arrays["0"]).requires_grad_(True)
        canvas.decibels = float(arrays["decibels"])
        return canvas

    def state_dict(self) -> dict[str, Tensor]:
        """Strokes of all levels, the picture of the frozen ones, step."""
        arrays = {
            "dry-rows": self.frozen.strokes.rows,
            "dry-units": self.frozen.strokes.units,
            "dry-colours": self.frozen.colours,
            "dry-levels": self.frozen.levels,
            "ground": self.frozen_cells,
            "units": self.units,
            "levels": self.levels,
            "palette": self.rules.palette,
            "done": np.array(self.done),
            "decibels": np.array(self.decibels),
        }
        state = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        return {"0": self.tensor.detach().clone(), "1": self.colours.detach().clone(), **state}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Back to an earlier state of the same level."""
        with torch.no_grad():
            self.tensor.copy_(state["0"])
            self.colours.copy_(state["1"])
        self.done, self.decibels, self._final = int(state["done"]), float(state["decibels"]), None

    def parameters(self) -> list[Tensor]:
        """Strokes in strides, and their colours where they are not solved for."""
        return [self.tensor] if self.config.fitted else [self.tensor, self.colours]

    def _strides(self) -> F32:
        """(n, 9) the change that a step of 1 makes; it shrinks during the level."""
        steps = max(self.config.phase.steps, 1)
        share = 1 - (1 - LAST_STEP) * min(self.done, steps) / steps
        far = self.units[:, None] * np.float32(SIZE * STRIDE)
        small = np.tile(np.array([1.0, 0.5, 0.5], np.float32), (len(self.units), 1))
        return np.concatenate((np.repeat(far, 6, axis=1), small), axis=1) * np.float32(share)

    def rows(self) -> Tensor:
        """(n, 9) strokes of this level, differentiable."""
        rows = self.tensor * torch.from_numpy(self._strides())
        if not self.config.connected:
            return rows
        if self.last_frozen is None:
            first_start, first_pressure = rows[:1, START], rows[:1, ENTRY_PRESSURE]
        else:
            last = torch.from_numpy(self.last_frozen)[None]
            first_start, first_pressure = last[:, END], last[:, END_PRESSURE]
        starts = torch.cat((first_start, rows[:-1, END]))
        pressures = torch.cat((first_pressure, rows[:-1, END_PRESSURE]))[:, None]
        return torch.cat((starts, rows[:, VIA.start : ENTRY_PRESSURE], pressures, rows[:, END_PRESSURE:]), dim=1)

    def values(self) -> Tensor:
        """The orbits' values; see the base class."""
        rasteriser = replace(self.config.rasteriser, grain=self.config.sample(self.done))
        return self._values(rasteriser(self.rows(), self.units, self.colours, self.frozen_cells))

    def _values(self, cells: Tensor) -> Tensor:
        return self.config.surface.values(cells.to(self.config.device))

    def after_step(self, done: int) -> Upkeep:
        """Limits, colours, strokes of little use; see the base class."""
        steps, fitted = self.config.phase.steps, self.config.fitted
        with torch.no_grad():
            rows = self.rows().detach().numpy().copy()
            self.done, self._final = done, None
            self._put(self._within_limits(rows))
            self.colours.copy_(torch.from_numpy(self.rules.nearest(self.colours.detach().numpy())))
        if not fitted:
            self._keep_to_target()
            return Upkeep()
        renew = any(done == int(part * steps) for part in RENEWALS) and not self.config.connected
        replaced = False
        if renew or done % STEPS_PER_FIT == 0 or done == steps:
            composite = self._fit()
            replaced = renew and self._renew(composite)
        return Upkeep(replaced, {"decibels": self.decibels})

    def _keep_to_target(self) -> None:
        """Pull colours that the optimiser moves a little towards the target's; they have no anchor of their own."""
        config = self.config
        if not config.anchor or self.done % STEPS_PER_FIT:
            return
        moving = self._moving()
        composite = config.rasteriser.composite(moving.strokes, moving.colours, self.frozen_cells)
        means = seen_colours(composite, moving.colours, config.target, config.surface.weights)
        pull = np.float32(1 - (1 - PULL) ** config.anchor)
        colours = self.rules.nearest(moving.colours + pull * (means - moving.colours))
        self.colours.data.copy_(torch.from_numpy(colours))

    def _put(self, rows: F32) -> None:
        self.tensor.data.copy_(torch.from_numpy(rows / self._strides()))

    def _within_limits(self, rows: F32) -> F32:
        """Strokes whose middle lies in the picture, of the sizes that are allowed and that brushes are learnt at."""
        low, high = (np.log(limit / self.units) for limit in self.config.radius_limits)
        margin = self.units[:, None] * np.float32(SIZE)
        left, top, right, bottom = self.config.surface.window
        low_edge, high_edge = np.array([left, top] * 3, np.float32), np.array([right, bottom] * 3, np.float32)
        rows[:, CURVE] = rows[:, CURVE].clip(low_edge - margin, high_edge + margin)
        min_log = np.maximum(low, MIN_LOG_RADIUS)
        max_log = np.maximum(np.minimum(high, MAX_LOG_RADIUS), MIN_LOG_RADIUS)
        rows[:, LOG_RADIUS] = rows[:, LOG_RADIUS].clip(min_log, max_log)
        rows[:, ENTRY_PRESSURE:COLUMNS] = rows[:, ENTRY_PRESSURE:COLUMNS].clip(self.config.faintest, 1.0)
        return _lengthened(rows, self.units, self.config.shortest)

    def _moving(self) -> StrokeSet:
        rows = np.ascontiguousarray(self.rows().detach().numpy(), np.float32)
        return StrokeSet(StrokeArray(rows, self.units), self.colours.detach().numpy().copy(), self.levels)

    def _fit(self, *, sweeps: int = 3) -> Composite:
        """Solve for the colours; the strokes as they lie with them."""
        config, moving = self.config, self._moving()
        composite = config.rasteriser.composite(moving.strokes, moving.colours, self.frozen_cells)
        colours = config.solved(composite, moving.colours, self.rules, sweeps)
        composite = composite.recoloured(colours, self.frozen_cells)
        self.colours.data.copy_(torch.from_numpy(colours))
        self.decibels = config.decibels(composite.canvas)
        return composite

    def _renew(self, composite: Composite) -> bool:
        """Start strokes of little use again, on top; whether there were any."""
        config, moving = self.config, self._moving()
        gains = config.gains(composite, moving.colours)
        useless = (gains < MIN_GAIN * np.median(gains)) & (self.levels >= config.block_in)
        count = int(useless.sum())
        if not count:
            return False
        radius = float(self.units[-1] * SIZE)  # the newest level's
        fresh = _seeded(config, composite.canvas, count, radius, self.rules, self.done)
        moving = moving.take(~useless).followed_by(fresh)
        self.units, self.levels = moving.strokes.units, moving.levels
        self._put(moving.strokes.rows)
        self.colours.data.copy_(torch.from_numpy(moving.colours))
        self._fit()
        return True

    def _finish(self) -> tuple[StrokeSet, F32]:
        """The moving strokes and the picture as the brush's network has it, with colours solved for once more."""
        if self._final is None:
            config, moving = self.config, self._moving()
            composite = config.rasteriser.composite(moving.strokes, moving.colours, self.frozen_cells, by_network=True)
            if config.fitted and len(moving):
                colours = config.solved(composite, moving.colours, self.rules, 12)
                composite = composite.recoloured(colours, self.frozen_cells)
                self.decibels = config.decibels(composite.canvas)
                moving = replace(moving, colours=colours)
            self._final = moving, composite.canvas
        return self._final

    def finished(self) -> Tensor:
        """The real program's picture where the brush is here, otherwise the network's; see the base class."""
        if self.config.drawn_side and not self.config.surface.repeats:
            drawn = drawn_by_program(self.painting()[0], self.config.drawn_side)
            if drawn is not None:
                return drawn
        return self.layout.render(self._values(torch.from_numpy(self._finish()[1])))

    def all_strokes(self) -> StrokeSet:
        """The strokes of all levels, undermost first."""
        return self.frozen.followed_by(self._finish()[0])

    def painting(self) -> tuple[Painting, F32 | None]:
        """The finished artwork as a document, and the (height, width, 3) picture that it was fitted to, if any."""
        config, strokes = self.config, self.all_strokes()
        if config.hand_order and not config.connected:
            strokes = strokes.take(by_hand(config.rasteriser, strokes))
        strokes = config.surface.images(strokes)
        painting = Painting(
            self.layout.width,
            self.layout.height,
            config.brush,
            config.paper,
            config.phase.seed,
            strokes.strokes.document_columns(),
            strokes.colours,
            strokes.levels,
            config.opaque,
        )
        return painting, config.surface.picture(config.target) if config.fitted else None

    def products(self, *, title: str, device: str) -> Mapping[str, bytes]:
        """The stroke document and what follows from it; see the base class."""
        return document_files(*self.painting(), title=title, device=device)

    def describe(self) -> str:
        """Number of strokes, and their brush."""
        return f"{len(self.frozen) + len(self.units)} strokes of {self.config.brush}"


def drawn_by_program(painting: Painting, side: int) -> Tensor | None:
    """The real brush's picture of a painting, (1, 3, height, width); None if the program or the brush is not here.

    Args:
        side: the longer one in pixels.
    """
    with suppress(MissingProgram, InputError):
        drawn = redraw(painting, scale=side / max(painting.width, painting.height))
        return torch.from_numpy(drawn).permute(2, 0, 1)[None]
    return None


def document_files(painting: Painting, target: F32 | None, *, title: str, device: str) -> Mapping[str, bytes]:
    """The files of a painting, by its own learnt brush.

    Args:
        target: (height, width, 3) that it was fitted to, or None.
    """
    painter = load_scalable(painting.brush).to(device)
    return products(painting, painter, target, title=title, device=device)


def _rules(config: LevelConfig) -> ColourRules:
    if isinstance(config.palette, int) and config.palette:
        return replace(config.rules, palette=choose_palette(config.target, config.palette, config.random(1, 0)))
    colours = np.array(config.palette or np.zeros((0, 3)), np.float32).reshape(-1, 3)
    return replace(config.rules, palette=colours)


def _freeze(config: LevelConfig, previous: StrokeCanvas, rules: ColourRules) -> tuple[StrokeSet, F32]:
    """The strokes so far at this size, with colours fitted to it, without those that only add error."""
    old, new = previous.layout, config.phase.layout
    frozen = previous.all_strokes().scaled(new.width / old.width, new.height / old.height)
    composite = config.rasteriser.composite(
        frozen.strokes, frozen.colours, config.blank, by_network=not config.all_move
    )
    if not config.fitted:
        return frozen, composite.canvas
    colours = config.solved(composite, frozen.colours, rules, 8)
    composite = composite.recoloured(colours, config.blank)
    frozen = replace(frozen, colours=colours)
    useless = (config.gains(composite, colours) <= 0) & (frozen.levels >= config.block_in)
    if useless.any() and not config.connected:
        composite = composite.without(useless).recoloured(colours[~useless], config.blank)
        frozen = frozen.take(~useless)
    return frozen, composite.canvas


def _seeded(config: LevelConfig, canvas: F32, count: int, radius: float, rules: ColourRules, step: int) -> StrokeSet:
    """New strokes where a canvas differs from the target."""
    surface = config.surface
    seeds = seed_strokes(
        surface.view(config.target),
        surface.view(canvas),
        surface.share,
        count,
        radius * 1.1,
        2 * SLENDER * radius,
        config.random(2, step),
        evenness=EVEN if config.phase.number < config.block_in else 0.0,
    )
    pressure = max(PRESSURE, config.faintest)
    numbers = np.tile(np.array([math.log(SIZE), pressure, pressure], np.float32), (count, 1))
    curves = seeds.curves + np.tile(np.array(surface.window[:2], np.float32), 3)
    units = np.full(count, radius / SIZE, np.float32)
    return StrokeSet(
        StrokeArray(_lengthened(np.concatenate((curves, numbers), axis=1), units, config.shortest), units),
        rules.nearest(seeds.colours),
        np.full(count, config.phase.number, np.int32),
    )


def _lengthened(rows: F32, units: F32, shortest: float) -> F32:
    """Strokes (n, 9) drawn out about their middle where they are shorter than so many radii."""
    start, via, end = rows[:, START], rows[:, VIA], rows[:, END]
    length = np.hypot(*(via - start).T) + np.hypot(*(end - via).T)
    wanted = shortest * np.exp(rows[:, LOG_RADIUS]) * units
    factor = np.maximum(1, wanted / np.maximum(length, 1e-3))[:, None].astype(np.float32)
    drawn = rows.copy()
    drawn[:, START], drawn[:, END] = via + (start - via) * factor, via + (end - via) * factor
    return drawn
