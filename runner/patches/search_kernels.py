"""The compiled heart of the search for patches: one sweep over a block of orbits, and the votes of their patches.

A match says what an orbit copies: the patch's offset o is shown by C style(s + M o), with a place s in the style's
pixels, a turn or flip M and colours C. No key is stored: each is sampled when it is compared.

Where an orbit o sees a neighbour m at offset v, turned by A and in colours c, m's match (s, M, C) is for o

    C' = c C,    M' = M A^-1,    s' = s - M' v,

since what m shows at an offset u lies for o at v + A u.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I32, U8
from orbifolio.runner.patches.style_atlas import CELL, StyleTables
from orbifolio.runner.symmetry import colour

PRODUCT = colour.PRODUCT.astype(np.int64)
CHANNELS = np.array([colour.permutation(element) for element in range(colour.COUNT)])
SIGNS = np.array([colour.signs(element) for element in range(colour.COUNT)], np.float32)
BACK_CHANNELS = np.array([colour.permutation(colour.INVERSE[element]) for element in range(colour.COUNT)])
BACK_SIGNS = np.array([colour.signs(colour.INVERSE[element]) for element in range(colour.COUNT)], np.float32)
MIN_REACH = 0.7  # pixels: the halving search ends below, where samples no longer change
UNBOUNDED = 1e9  # more than any difference


class Matches(NamedTuple):
    """What every orbit copies, (P, ...).

    Attributes:
        place: (P, 2) x and y in the style's pixels.
        turn: (P, 4) M, row by row.
        element: (P,) colour element of C.
        style: (P,) number of the style.
        cost: (P,) mean square difference of patch and artwork.
    """

    place: F32
    turn: F32
    element: I32
    style: I32
    cost: F32

    def copied(self) -> Matches:
        """The same in arrays of its own."""
        return Matches(self.place.copy(), self.turn.copy(), self.element.copy(), self.style.copy(), self.cost.copy())


class Patch(NamedTuple):
    """The shape of a patch.

    Attributes:
        offsets: (J, 2) of its samples in pixels, the middle first.
        weights: (J,) that sum to a third, there being three channels.
        reach: (2,) largest offset to the right and down.
    """

    offsets: F64
    weights: F32
    reach: F64


class Block(NamedTuple):
    """Some orbits and what lies around them; see `surroundings`.

    Attributes:
        first: the number of the first orbit.
        orbits: (n J, k) that each sample of their patches blends.
        elements: (n J, k) colour elements.
        weights: (n J, k); (0, 1) where every sample is one orbit.
        near: (n, K) neighbours, -1 for none.
        motion: (n, K) rows of what follows; a plane's neighbours share a few.
        shift: (M, 2) offsets v at which neighbours are seen.
        back: (M, 4) A^-1, row by row.
        seen: (M,) colour elements c.
    """

    first: int
    orbits: I32
    elements: U8
    weights: F32
    near: I32
    motion: I32
    shift: F32
    back: F32
    seen: I32


class Poses(NamedTuple):
    """The turns and colours in which the artwork shows a style everywhere, for random jumps.

    Attributes:
        turn: (A, 4) M, row by row.
        element: (A,) colour elements.
    """

    turn: F32
    element: I32


class Effort(NamedTuple):
    """How a sweep searches.

    Attributes:
        jumps: to anywhere in any pose, for each orbit.
        reach: pixels of the first step of the halving search.
        rate: of the penalty for a cell that is used above its budget.
        forward: whether orbits are visited from the first to the last.
    """

    jumps: int
    reach: float
    rate: float
    forward: bool


class Rules(NamedTuple):
    """What a sweep searches in, and how.

    Attributes:
        tables: the styles.
        patch: its shape.
        poses: for random jumps.
        admitted: (P, styles), or (1, styles), 1 where a style may be used.
        held: (P,) 1 where a match must stay, or (0,).
        effort: how much is tried.
    """

    tables: StyleTables
    patch: Patch
    poses: Poses
    admitted: U8
    held: U8
    effort: Effort


class Artwork(NamedTuple):
    """What all orbits show and copy.

    Attributes:
        values: (P, 3) that they show, centred.
        matches: that they copy; a block writes and reads its own.
        before: as they were before the sweep, read for orbits of other blocks.
    """

    values: F32
    matches: Matches
    before: Matches


class Poll(NamedTuple):
    """How votes are weighed.

    Attributes:
        fine: the styles.
        patch: its shape, with the samples' weights.
        softness: a vote at a squared distance e from what the artwork shows weighs 1 / (e + softness); 0 for equal
            weights.
    """

    fine: F32
    patch: Patch
    softness: float


@njit(nogil=True, cache=True)
def _difference(
    query: Any, patch: Any, fine: Any, turn: Any, channels: Any, signs: Any, x: float, y: float, bound: float
) -> Any:
    """Weighted mean square difference of a query and a key; gives up beyond a bound."""
    total = 0.0
    a, b, c, d = turn[0] * 2.0, turn[1] * 2.0, turn[2] * 2.0, turn[3] * 2.0
    left, top = 2.0 * x + 0.5, 2.0 * y + 0.5  # the nearest of the two samples a pixel is near enough to compare
    red, green, blue = channels[0], channels[1], channels[2]
    for j in range(len(patch.offsets)):
        right, down = patch.offsets[j, 0], patch.offsets[j, 1]
        column, row = int(left + a * right + b * down), int(top + c * right + d * down)
        r = query[j, 0] - signs[0] * fine[row, column, red]
        g = query[j, 1] - signs[1] * fine[row, column, green]
        u = query[j, 2] - signs[2] * fine[row, column, blue]
        total += patch.weights[j] * (r * r + g * g + u * u)
        if total > bound:
            return total
    return total


@njit(nogil=True, cache=True)
def _penalty(use: Any, budget: Any, rate: float, x: float, y: float) -> Any:
    """Of one more use of a cell."""
    row, column = int(y / CELL), int(x / CELL)
    return rate * max(0.0, (use[row, column] + 1) / max(budget[row, column], 1e-9) - 1)


@njit(nogil=True, cache=True)
def _inside(bounds: Any, turn: Any, reach: Any, x: float, y: float) -> Any:
    """Whether the whole patch lies on the style."""
    right = abs(turn[0]) * reach[0] + abs(turn[1]) * reach[1]
    down = abs(turn[2]) * reach[0] + abs(turn[3]) * reach[1]
    return x - right >= bounds[0] and x + right <= bounds[2] and y - down >= bounds[1] and y + down <= bounds[3]


@njit(nogil=True, cache=True)
def show(block: Block, values: Any, orbit: int, samples: int, query: Any) -> None:
    """What the artwork shows around an orbit of a block, (J, 3) into `query`."""
    for j in range(samples):
        point = orbit * samples + j
        r = g = u = np.float32(0.0)
        for k in range(block.orbits.shape[1]):
            weight = block.weights[point, k] if len(block.weights) else np.float32(1.0)
            if weight != 0.0:
                value, channels = values[block.orbits[point, k]], CHANNELS[block.elements[point, k]]
                signs = SIGNS[block.elements[point, k]]
                r += weight * signs[0] * value[channels[0]]
                g += weight * signs[1] * value[channels[1]]
                u += weight * signs[2] * value[channels[2]]
        query[j, 0], query[j, 1], query[j, 2] = r, g, u


@njit(nogil=True, cache=True)
def sweep(block: Block, artwork: Artwork, rules: Rules, use: F64, random: Any) -> int:
    """Improve the matches of a block in place, one orbit after the other (PatchMatch, Barnes et al. 2009).

    Args:
        block: the orbits.
        artwork: that they show; of `matches` only the block's are written.
        rules: of the search.
        use: of each cell of the styles, changed in place.
        random: generator.

    Returns:
        How many matches changed.
    """
    # One long function, and its parts unpacked: numba counts references to every array of a tuple that it passes on,
    # which made a sweep of small functions three times as slow.
    values, matches, before = artwork.values, artwork.matches, artwork.before
    tables, patch, poses, effort = rules.tables, rules.patch, rules.poses, rules.effort
    admitted, held = rules.admitted, rules.held
    samples = len(patch.offsets)
    query = np.empty((samples, 3), np.float32)
    turn, best_turn = np.empty(4, np.float32), np.empty(4, np.float32)
    count, changed = len(block.near), 0
    for visit in range(count):
        here = visit if effort.forward else count - 1 - visit
        orbit = block.first + here
        show(block, values, here, samples, query)
        x, y = float(matches.place[orbit, 0]), float(matches.place[orbit, 1])
        element, style = matches.element[orbit], matches.style[orbit]
        best_turn[:] = matches.turn[orbit]
        use[int(y / CELL), int(x / CELL)] -= 1
        difference = _difference(
            query, patch, tables.fine, best_turn, CHANNELS[element], SIGNS[element], x, y, UNBOUNDED
        )
        best = difference + _penalty(use, tables.budget, effort.rate, x, y)
        improved = False
        stays = len(held) > 0 and held[orbit] != 0
        may = admitted[orbit if len(admitted) > 1 else 0]
        for k in range(0 if stays else block.near.shape[1]):
            other = block.near[here, k]
            if other < 0:
                continue
            inside = block.first <= other < block.first + count
            source = matches if inside else before
            number = source.style[other]
            if not may[number]:
                continue
            motion = block.motion[here, k]
            given, back = source.turn[other], block.back[motion]
            turn[0] = given[0] * back[0] + given[1] * back[2]
            turn[1] = given[0] * back[1] + given[1] * back[3]
            turn[2] = given[2] * back[0] + given[3] * back[2]
            turn[3] = given[2] * back[1] + given[3] * back[3]
            right, down = block.shift[motion, 0], block.shift[motion, 1]
            across = source.place[other, 0] - (turn[0] * right + turn[1] * down)
            below = source.place[other, 1] - (turn[2] * right + turn[3] * down)
            shown = PRODUCT[block.seen[motion], source.element[other]]
            if not _inside(tables.bounds[number], turn, patch.reach, across, below):
                continue
            if shown == element and abs(across - x) + abs(below - y) < 1e-3:
                continue
            penalty = _penalty(use, tables.budget, effort.rate, across, below)
            if penalty >= best:
                continue
            tried = _difference(
                query, patch, tables.fine, turn, CHANNELS[shown], SIGNS[shown], across, below, best - penalty
            )
            if tried + penalty < best:
                best, difference, x, y, element, style = tried + penalty, tried, across, below, shown, number
                best_turn[:] = turn
                improved = True
        reach = 0.0 if stays else effort.reach
        while reach >= MIN_REACH:
            right, down = (2 * random.random() - 1) * reach, (2 * random.random() - 1) * reach
            if reach >= 1:
                right, down = np.rint(right), np.rint(down)
            reach *= 0.5
            across, below = x + right, y + down
            if not _inside(tables.bounds[style], best_turn, patch.reach, across, below):
                continue
            penalty = _penalty(use, tables.budget, effort.rate, across, below)
            if penalty >= best:
                continue
            tried = _difference(
                query, patch, tables.fine, best_turn, CHANNELS[element], SIGNS[element], across, below, best - penalty
            )
            if tried + penalty < best:
                best, difference, x, y = tried + penalty, tried, across, below
                improved = True
        for _ in range(0 if stays else effort.jumps):
            pose = int(random.random() * len(poses.element))
            number = _pick(tables.shares, random.random())
            bounds, jump = tables.bounds[number], poses.turn[pose]
            across = np.rint(bounds[0] + random.random() * (bounds[2] - bounds[0]))
            below = np.rint(bounds[1] + random.random() * (bounds[3] - bounds[1]))
            if not may[number] or not _inside(bounds, jump, patch.reach, across, below):
                continue
            penalty = _penalty(use, tables.budget, effort.rate, across, below)
            if penalty >= best:
                continue
            shown = poses.element[pose]
            tried = _difference(
                query, patch, tables.fine, jump, CHANNELS[shown], SIGNS[shown], across, below, best - penalty
            )
            if tried + penalty < best:
                best, difference, x, y, element, style = tried + penalty, tried, across, below, shown, number
                best_turn[:] = jump
                improved = True
        if improved:
            changed += 1
            matches.place[orbit, 0], matches.place[orbit, 1] = x, y
            matches.turn[orbit] = best_turn
            matches.element[orbit], matches.style[orbit] = element, style
        matches.cost[orbit] = difference
        use[int(y / CELL), int(x / CELL)] += 1
    return changed


@njit(nogil=True, cache=True)
def _pick(shares: Any, chance: float) -> int:
    """The style of a random number."""
    number = 0
    while number < len(shares) - 1 and chance >= shares[number]:
        number += 1
    return number


@njit(nogil=True, cache=True)
def _sample(fine: Any, x: float, y: float, channel: int) -> Any:
    """A style between its samples, linearly."""
    column, row = 2.0 * x, 2.0 * y
    left, top = int(column), int(row)
    right, down = column - left, row - top
    if right == 0.0 and down == 0.0:
        return fine[top, left, channel]
    left_after, top_after = min(left + 1, fine.shape[1] - 1), min(top + 1, fine.shape[0] - 1)
    upper = fine[top, left, channel] * (1 - right) + fine[top, left_after, channel] * right
    lower = fine[top_after, left, channel] * (1 - right) + fine[top_after, left_after, channel] * right
    return upper * (1 - down) + lower * down


@njit(nogil=True, cache=True)
def vote(block: Block, artwork: Artwork, poll: Poll, sums: F32, shares: F32) -> None:
    """Add what the patches of a block say about the orbits that they show.

    Args:
        block: the orbits whose patches vote.
        artwork: what all orbits show and copy.
        poll: how votes are weighed.
        sums: (P, 3) of weighted votes, through the colours undone; added to.
        shares: (P,) of weights; added to.
    """
    values, matches, fine, patch, softness = artwork.values, artwork.matches, poll.fine, poll.patch, poll.softness
    samples = len(patch.offsets)
    query = np.empty((samples, 3), np.float32)
    ballot = np.empty(3, np.float32)
    for here in range(len(block.near)):
        orbit = block.first + here
        turn = matches.turn[orbit]
        channels, signs = CHANNELS[matches.element[orbit]], SIGNS[matches.element[orbit]]
        if softness > 0:
            show(block, values, here, samples, query)
        for j in range(samples):
            right, down = patch.offsets[j, 0], patch.offsets[j, 1]
            x = matches.place[orbit, 0] + (turn[0] * right + turn[1] * down)
            y = matches.place[orbit, 1] + (turn[2] * right + turn[3] * down)
            for channel in range(3):
                ballot[channel] = signs[channel] * _sample(fine, x, y, channels[channel])
            share = patch.weights[j]
            if softness > 0:
                away = 0.0
                for channel in range(3):
                    away += (ballot[channel] - query[j, channel]) ** 2
                share = share / np.float32(away + softness)
            point = here * samples + j
            for k in range(block.orbits.shape[1]):
                weight = share * block.weights[point, k] if len(block.weights) else share
                if weight != 0.0:
                    target, element = block.orbits[point, k], block.elements[point, k]
                    shares[target] += weight
                    for channel in range(3):
                        sums[target, channel] += (
                            weight * BACK_SIGNS[element, channel] * ballot[BACK_CHANNELS[element, channel]]
                        )


@njit(nogil=True, cache=True)
def middles(matches: Matches, fine: F32, values: F32) -> None:
    """(P, 3) the middle sample of every orbit's patch, into `values`."""
    for orbit in range(len(values)):
        channels, signs = CHANNELS[matches.element[orbit]], SIGNS[matches.element[orbit]]
        for channel in range(3):
            x, y = matches.place[orbit, 0], matches.place[orbit, 1]
            values[orbit, channel] = signs[channel] * _sample(fine, x, y, channels[channel])


@njit(nogil=True, cache=True)
def uses(matches: Matches, use: F64) -> None:
    """Count the patches of every cell, into `use`."""
    for orbit in range(len(matches.cost)):
        use[int(matches.place[orbit, 1] / CELL), int(matches.place[orbit, 0] / CELL)] += 1
