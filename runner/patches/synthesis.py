"""Texture synthesis by patches under exact symmetry: levels of sweeps, from small to the artwork's size.

Every orbit holds a match: which patch of which style, in which turn and colours, it would show around itself. A sweep
compares what the artwork shows around each orbit with its neighbours' matches, shifted, and with random ones
(PatchMatch, Barnes et al. 2009); then all patches vote on the orbits they cover (Kwatra et al. 2005). What the artwork
shows comes from its layout's own taps, and votes go back through them, so it has the group's symmetry at every step.
Unlike a network's optimisation it copies: motifs stay whole. A penalty for parts of the style that are used too often
(Kaspar et al. 2015) keeps it from copying one place everywhere.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from orbifolio.runner.arrays import F32, F64, U8
from orbifolio.runner.deferred import torch
from orbifolio.runner.patches.search_kernels import (
    Artwork,
    Block,
    Effort,
    Matches,
    Patch,
    Poll,
    Poses,
    Rules,
    middles,
    sweep,
    uses,
    vote,
)
from orbifolio.runner.patches.style_atlas import PatchStyle, StyleTables, style_tables
from orbifolio.runner.patches.surroundings import surroundings
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout, Symmetry
from orbifolio.runner.symmetry.tangent_planes import TangentPlanes

RADIUS = 3  # steps from a patch's middle to its edge: 7 x 7 samples see a motif's edge and what is beside it
LEVEL_FACTOR = math.sqrt(2)  # of sizes from level to level: at a factor of 2 matches are lost between levels
COARSEST = 16  # pixels of a style's shorter side at the first level; with 24 objects fall apart
COARSEST_START = 32  # the same where a picture is given to begin with, which must stay recognisable
SWEEPS = (14, 8, 6, 5, 4)  # at most, from the first level on; the last number holds for all further levels
JUMPS = (60, 20, 10, 5, 3, 2)  # random tries for an orbit in each sweep, in the same way
FAR_LEVELS = 3  # at which the halving search begins at half the style; later only NEAR pixels away
NEAR = 16.0
INSISTENCE = 4.0  # factor of the penalty at the first level, halved from level to level: there it costs no motif
SHARP_LEVEL = 2  # from which votes far from the others weigh less; before, averages find the layout
SOFTNESS = 0.003  # squared colour difference at which a vote has half its weight; smaller flickers
NARROW = 0.8  # pixels, deviation of the last votes' weights: just enough to even out ragged edges
FINAL_VOTES = 2  # each weighs the votes by how near they are to the artwork of the one before
CONVERGED = 0.02  # share of matches that change in a sweep, below which a level is done
WAVE = 4  # blocks searched at once: they do not see each other's use of the style, so that more would overuse it
MIN_BLOCK, MAX_BLOCK = 1024, 32768  # orbits: enough to carry a match far; few enough for the memory of their tables
KEPT_BYTES = 2 << 30  # of all blocks' tables, above which they are made again in every sweep


@dataclass(frozen=True)
class PatchTask:
    """What is to be made.

    Attributes:
        styles: pictures to copy from.
        sizes: (width, height) in pixels of every level.
        seed: of all random choices.
        rate: of the penalty for overused parts, about the squared colour difference it is worth; 0: none.
        start: (height, width, 3) sRGB that the artwork begins with, in place; only with one style, which it is.
        keep: share of the picture's sides; the pixels of an ellipse so large, about its middle, stay those of `start`.
        admits: style number -> (height, width) mask in [0, 1] of where it may be used; the others everywhere.
    """

    styles: tuple[PatchStyle, ...]
    sizes: tuple[tuple[int, int], ...]
    seed: int
    rate: float = 0.004
    start: F32 | None = None
    keep: float = 0.0
    admits: Mapping[int, F32] | None = None


def level_sizes(
    symmetry: Symmetry, size: tuple[int, int], styles: Sequence[PatchStyle], *, started: bool = False
) -> tuple[tuple[int, int], ...]:
    """(width, height) in pixels of every level, ending with the artwork's.

    Args:
        symmetry: of the artwork.
        size: (width, height) of the artwork in pixels.
        styles: that will be copied from.
        started: whether a picture is given to begin with.
    """
    smallest = (COARSEST_START if started else COARSEST) / min(style.side for style in styles)
    width, ratio, scale = size[0], size[0] / size[1], 1.0
    sizes = [size]
    while scale / LEVEL_FACTOR >= smallest and width * scale / LEVEL_FACTOR >= COARSEST:
        scale /= LEVEL_FACTOR
        sizes.insert(0, symmetry.fit(round(width * scale), multiple=1, ratio=ratio))
    return tuple(dict.fromkeys(sizes))


@dataclass
class SynthesisState:
    """One level under way.

    Attributes:
        level: its number, from 0.
        sweeps: done at this level.
        layout: of its size.
        values: (P, 3) float32, centred: the artwork.
        matches: of all orbits.
        tables: what does not change during the level.
    """

    level: int
    sweeps: int
    layout: Layout
    values: F32
    matches: Matches
    tables: LevelTables


@dataclass
class LevelTables:
    """What does not change during a level; made again when a run is resumed.

    Attributes:
        planes: of the layout.
        styles: at this level's size.
        patch: the shape.
        parts: first and last orbit of every block.
        blocks: kept tables of blocks, by number.
        admitted: (P, styles), or (1, styles), 1 where a style may be used.
        held: (P,) 1 where a match must stay, or (0,).
    """

    planes: TangentPlanes
    styles: StyleTables
    patch: Patch
    parts: tuple[tuple[int, int], ...]
    blocks: dict[int, Block]
    admitted: U8
    held: U8

    def block(self, number: int) -> Block:
        """The tables of a block, kept as long as all together are small."""
        block = self.blocks.get(number)
        if block is None:
            first, last = self.parts[number]
            block = surroundings(self.planes, np.arange(first, last), self.patch.offsets)
            size = sum(array.nbytes for array in block[1:])
            if size * len(self.parts) <= KEPT_BYTES:
                self.blocks[number] = block
        return block


class PatchSynthesis:
    """Makes an artwork of patches, level by level: `begin`, `sweep` until it says that the level is done, `finish`."""

    def __init__(self, symmetry: Symmetry, task: PatchTask) -> None:
        self.symmetry, self.task = symmetry, task
        poses = symmetry.appearances()
        self.poses = Poses(
            np.array([_style_turn(degrees, mirrored) for degrees, mirrored, _ in poses], np.float32).reshape(-1, 4),
            np.array([_element(matrix) for _, _, matrix in poses], np.int32),
        )

    @property
    def levels(self) -> int:
        """How many there are."""
        return len(self.task.sizes)

    def max_sweeps(self, level: int) -> int:
        """Sweeps of a level at most."""
        return _of_level(SWEEPS, level)

    def begin(self, level: int, previous: SynthesisState | None) -> SynthesisState:
        """The state at the start of a level, from the end of the one before (None at the first)."""
        layout = self.symmetry.layout(*self.task.sizes[level])
        tables = self._tables(level, layout)
        if previous is not None:
            matches = self._carried(level, previous, tables)
        elif self.task.start is not None:
            matches = self._in_place(layout, tables)
        else:
            matches = self._random(layout, tables)
        state = SynthesisState(level, 0, layout, np.zeros((layout.parameters, 3), np.float32), matches, tables)
        self._vote(state, softness=0.0)
        return state

    def resume(self, level: int, sweeps: int, values: F32, matches: Matches) -> SynthesisState:
        """A saved state, with its tables made anew.

        Args:
            level: its number.
            sweeps: done at it.
            values: (P, 3), centred.
            matches: of all orbits.
        """
        layout = self.symmetry.layout(*self.task.sizes[level])
        return SynthesisState(level, sweeps, layout, values, matches, self._tables(level, layout))

    def sweep(self, state: SynthesisState) -> tuple[float, float, bool]:
        """One sweep and vote.

        Returns:
            Mean square difference of patches and artwork; share of the matches that changed; whether the level is done.
        """
        task, tables, level = self.task, state.tables, state.level
        effort = Effort(
            jumps=_of_level(JUMPS, level),
            reach=float(np.ptp(tables.styles.bounds[:, [0, 2]])) / 2 if level < FAR_LEVELS else NEAR,
            rate=task.rate * max(1.0, INSISTENCE / 2**level),
            forward=state.sweeps % 2 == 0,
        )
        use = np.zeros_like(tables.styles.budget)
        uses(state.matches, use)
        changed = 0
        order = range(len(tables.parts)) if effort.forward else range(len(tables.parts) - 1, -1, -1)

        artwork = Artwork(state.values, state.matches, state.matches.copied())
        rules = Rules(tables.styles, tables.patch, self.poses, tables.admitted, tables.held, effort)

        def search(number: int, own: F64) -> int:
            random = np.random.Generator(np.random.PCG64([task.seed, level, state.sweeps, number]))
            return int(sweep(tables.block(number), artwork, rules, own, random))

        with ThreadPoolExecutor(min(WAVE, os.cpu_count() or 1)) as pool:
            for wave in (list(order)[start : start + WAVE] for start in range(0, len(tables.parts), WAVE)):
                copies = [use.copy() for _ in wave]
                changed += sum(pool.map(search, wave, copies))
                use = use + sum(copy - use for copy in copies)
        state.sweeps += 1
        self._vote(state, softness=SOFTNESS if level >= SHARP_LEVEL or level == self.levels - 1 else 0.0)
        share = changed / state.layout.parameters
        return float(state.matches.cost.mean()), share, share < CONVERGED or state.sweeps >= self.max_sweeps(level)

    def finish(self, state: SynthesisState) -> None:
        """Show, in place, the middle of every patch instead of the mean of all votes, which blurs.

        On a square lattice that is the middle sample, a pixel of the style. Elsewhere neighbouring patches lie between
        pixels, each a little differently, and edges would be ragged: there the nearest samples vote.
        """
        tables = state.tables
        if not (tables.planes.turning or tables.planes.lattice.hexagonal):
            middles(state.matches, tables.styles.fine, state.values)
            state.values = state.layout.constrain(torch.from_numpy(state.values)).numpy()
            return
        patch, distance = tables.patch, (tables.patch.offsets**2).sum(1)
        weights = np.exp(-0.5 * distance / NARROW**2)
        tables.patch = patch._replace(weights=(weights / weights.sum() / 3).astype(np.float32))
        for _ in range(FINAL_VOTES):
            self._vote(state, softness=SOFTNESS)
        tables.patch = patch

    def _vote(self, state: SynthesisState, *, softness: float) -> None:
        """The artwork that the patches agree on."""
        tables, count = state.tables, state.layout.parameters
        slots = min(WAVE, len(tables.parts))
        sums = [np.zeros((count, 3), np.float32) for _ in range(slots)]
        shares = [np.zeros(count, np.float32) for _ in range(slots)]

        artwork = Artwork(state.values, state.matches, state.matches)
        poll = Poll(tables.styles.fine, tables.patch, softness)

        def cast(slot: int) -> None:
            for number in range(slot, len(tables.parts), slots):
                vote(tables.block(number), artwork, poll, sums[slot], shares[slot])

        with ThreadPoolExecutor(min(slots, os.cpu_count() or 1)) as pool:
            list(pool.map(cast, range(slots)))
        total = np.maximum(np.sum(shares, axis=0), 1e-9)[:, None]
        values = torch.from_numpy((np.sum(sums, axis=0) / total).astype(np.float32))
        state.values = state.layout.constrain(values).numpy()

    def _tables(self, level: int, layout: Layout) -> LevelTables:
        """What does not change during a level."""
        task = self.task
        planes = layout.tangent_planes()
        offsets = planes.lattice.offsets(RADIUS)
        weights = np.exp(-0.5 * (offsets**2).sum(1) / RADIUS**2)
        patch = Patch(offsets, (weights / weights.sum() / 3).astype(np.float32), np.abs(offsets).max(0))
        count = layout.parameters
        size = min(MAX_BLOCK, max(MIN_BLOCK, math.ceil(count / (2 * WAVE))))
        parts = tuple((first, min(first + size, count)) for first in range(0, count, size))
        styles = style_tables(task.styles, task.sizes[level][0] / task.sizes[-1][0], count)
        return LevelTables(planes, styles, patch, parts, {}, self._admitted(layout), self._held(layout))

    def _admitted(self, layout: Layout) -> U8:
        """(P, styles), or (1, styles): where masks admit each style; a place that none admits may have all."""
        masks = self.task.admits or {}
        admitted = np.ones((layout.parameters if masks else 1, len(self.task.styles)), np.uint8)
        for number, mask in masks.items():
            picture = torch.from_numpy(np.ascontiguousarray(mask))[None, None].expand(1, 3, -1, -1)
            admitted[:, number] = (layout.sample(picture)[:, 0] > 0).numpy()
        admitted[admitted.sum(1) == 0] = 1
        return admitted

    def _held(self, layout: Layout) -> U8:
        """(P,) 1 in the middle that is to be kept, or (0,)."""
        if self.task.start is None or not self.task.keep:
            return np.zeros(0, np.uint8)
        away = 2 * np.hypot(*(layout.representatives()[:, :2] % 1.0 - 0.5).T)
        held: U8 = (away <= self.task.keep).astype(np.uint8)
        return held

    def _random(self, layout: Layout, tables: LevelTables) -> Matches:
        """Every orbit with a random patch of a style that is admitted there."""
        random = np.random.Generator(np.random.PCG64([self.task.seed, 0]))
        count, styles = layout.parameters, tables.styles
        pose = random.integers(len(self.poses.element), size=count)
        style = np.searchsorted(styles.shares, random.random(count), side="right").clip(0, len(styles.shares) - 1)
        allowed = np.broadcast_to(tables.admitted, (count, len(styles.shares)))
        style = np.where(allowed[np.arange(count), style] > 0, style, allowed.argmax(1))
        low, high = styles.bounds[style, :2], styles.bounds[style, 2:]
        place = np.rint(low + random.random((count, 2)) * (high - low))
        return self._placed(place, self.poses.turn[pose], self.poses.element[pose], style, tables)

    def _in_place(self, layout: Layout, tables: LevelTables) -> Matches:
        """Every orbit with the patch of the picture that lies where it does."""
        count = layout.parameters
        low, high = tables.styles.bounds[0, :2], tables.styles.bounds[0, 2:]
        place = low + layout.representatives()[:, :2] % 1.0 * (high + 1 - low)
        turn = np.broadcast_to(np.array([1, 0, 0, 1], np.float32), (count, 4))
        nothing = np.zeros(count, np.int64)
        return self._placed(np.rint(place), turn, nothing + colour.IDENTITY, nothing, tables)

    def _carried(self, level: int, previous: SynthesisState, tables: LevelTables) -> Matches:
        """The matches of the nearest orbits of the level before, enlarged."""
        from scipy.spatial import cKDTree

        old, planes = previous.tables.planes, tables.planes
        _, nearest = cKDTree(old.places).query(planes.places)
        grow = self.task.sizes[level][0] / self.task.sizes[previous.level][0]
        away = old.see(nearest, planes.places) * grow
        matches = previous.matches
        turn, style = matches.turn[nearest], matches.style[nearest]
        before, after = previous.tables.styles.bounds[style], tables.styles.bounds[style]
        scale = (after[:, 2:] - after[:, :2] + 1) / (before[:, 2:] - before[:, :2] + 1)
        place = after[:, :2] + (matches.place[nearest] - before[:, :2]) * scale
        place = place + np.einsum("nij,nj->ni", turn.reshape(-1, 2, 2), away)
        if not (planes.turning or planes.lattice.hexagonal):
            place = np.rint(place)  # pixels copy pixels, without interpolation
        return self._placed(place, turn, matches.element[nearest], style, tables)

    def _placed(self, place: F64, turn: F32, element: Any, style: Any, tables: LevelTables) -> Matches:
        """Matches whose patches lie on their styles."""
        right, down = tables.patch.reach
        margin = np.stack(
            [
                np.abs(turn[:, 0]) * right + np.abs(turn[:, 1]) * down,
                np.abs(turn[:, 2]) * right + np.abs(turn[:, 3]) * down,
            ],
            axis=1,
        )
        bounds = tables.styles.bounds[style]
        inside = np.clip(place, np.ceil(bounds[:, :2] + margin - 1e-4), np.floor(bounds[:, 2:] - margin + 1e-4))
        return Matches(
            inside.astype(np.float32),
            np.ascontiguousarray(turn, np.float32),
            np.ascontiguousarray(element, np.int32),
            np.ascontiguousarray(style, np.int32),
            np.zeros(len(place), np.float32),
        )


def synthesise(symmetry: Symmetry, task: PatchTask) -> F32:
    """(P, 3) the finished artwork of a task at its last size, centred."""
    synthesis = PatchSynthesis(symmetry, task)
    state: SynthesisState | None = None
    for level in range(synthesis.levels):
        state = synthesis.begin(level, state)
        while not synthesis.sweep(state)[2]:
            pass
    assert state is not None
    synthesis.finish(state)
    return state.values


def _of_level(numbers: Sequence[int], level: int) -> int:
    """The number of a level; the last one for all beyond."""
    return numbers[min(level, len(numbers) - 1)]


def _style_turn(degrees: float, mirrored: bool) -> F64:
    """(2, 2) M of an artwork that shows its style flipped left to right, then turned counter-clockwise.

    The artwork shows style(s + M o) at offset o, so M undoes the turn, then the flip; y points down.
    """
    turn = math.radians(degrees)
    cosine, sine = math.cos(turn), math.sin(turn)
    back = np.diag([-1.0 if mirrored else 1.0, 1.0]) @ np.array([[cosine, -sine], [sine, cosine]])
    whole: F64 = np.rint(back)
    return whole if np.abs(back - whole).max() < 1e-7 else back


def _element(matrix: F64) -> int:
    """The colour element of a (3, 3) signed permutation."""
    return int(np.flatnonzero((colour.MATRICES == matrix).all((1, 2)))[0])
