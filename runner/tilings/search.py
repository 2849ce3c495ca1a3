"""The search: (outline) -> the best tiles of all types, best first.

    scan     every template of every type by its loss in steps; near twins of better ones are dropped
    bend     the best of each type, as rigidly as possible
    climb    from the best of these over neighbouring templates, by bending energy
    refine   the best again with three times the points, the outline slipping along itself where the tile stretches it
    rank     by what an eye sees: how stretches of the outline keep their shape and size

Everything is deterministic, and no random number is drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.tilings.bending import AIR, Bender, Bent, emphasis
from orbifolio.runner.tilings.outlines import EvenOutline, OutlineFault, area, crossings, resample
from orbifolio.runner.tilings.scan import Scanned, mirror_image, scan
from orbifolio.runner.tilings.spaces import outline_basis
from orbifolio.runner.tilings.tiling import Tiling
from orbifolio.runner.tilings.types import TYPES, IsohedralType, Template, isohedral_type

POINTS = 80  # of the outline while searching: at 120 the same winners take four times as long
FINER = 3  # times as many in the end
PER_TYPE = 60  # templates of a type that are bent
POOL, CLIMBS, STEPS = 24, 8, 6  # of the best that are refined, climbed from, and steps of a climb
CROSSING_COST = 0.01  # of energy, while a crossing may still be undone
WIDER_AIR = (0.25, 0.6)  # of the bays, where a bend crosses itself
SLIPS = 4  # rounds of sampling the outline anew
WINDOWS = (0.03, 0.08, 0.16)  # shares of the outline that are compared, beside the whole
ENERGY_SHARE = 0.5  # of the rank: likeness alone does not see how the inside is squeezed


@dataclass(frozen=True)
class Candidate:
    """A tile found for a figure.

    Attributes:
        template: cuts of the outline, with its final points.
        outline: (n,) the tile, from the template's start on.
        figure: (n,) the figure's points that became the tile's, in the figure's order.
        distance: 0 for a figure that tiles as it is; about 0.01 is very like, 0.1 hardly.
        energy: of bending.
        crossings: of the tile's outline with itself; good tiles have none.
        bender: of the figure's points.
        bent: the figure's mesh in the tile.
    """

    template: Template
    outline: C128
    figure: C128
    distance: float
    energy: float
    crossings: int
    bender: Bender
    bent: Bent

    @property
    def tiling(self) -> Tiling:
        """The plane filled with the tile."""
        return Tiling(self.template, self.outline)


@dataclass(frozen=True)
class _Trial:
    template: Template
    energy: float
    crossings: int

    @property
    def cost(self) -> float:
        return self.energy + CROSSING_COST * min(self.crossings, 5)


class _Bends:
    """Bends of one outline, each template once."""

    def __init__(self, outline: C128, rounds: int, focus: tuple[complex, ...]) -> None:
        self._benders = {False: Bender(outline, focus=focus)}
        self._outline, self._rounds, self._focus = outline, rounds, focus
        self._done: dict[Template, _Trial] = {}

    def trial(self, template: Template) -> _Trial:
        if template not in self._done:
            if template.mirrored not in self._benders:
                mirrored = tuple(point.conjugate() for point in self._focus)
                self._benders[True] = Bender(mirror_image(self._outline), focus=mirrored)
            bent = self._benders[template.mirrored].bend(template, self._rounds)
            self._done[template] = _Trial(template, bent.energy, crossings(bent.outline, 6))
        return self._done[template]


def search(
    outline: C128,
    types: Iterable[str] = tuple(TYPES),
    *,
    colours: int = 3,
    points: int = POINTS,
    per_type: int = PER_TYPE,
    focus: tuple[complex, ...] = (),
    progress: Callable[[str], None] = lambda message: None,
) -> tuple[Candidate, ...]:
    """The best tiles for a figure, best first.

    Args:
        outline: (n,) of area 1, as `outlines.normalised` makes it.
        types: names of isohedral types.
        colours: that the tiling must be able to have, 2, 3 or 4.
        points: of the outline while searching.
        per_type: templates that are bent of each type.
        focus: points of the figure that matter most: see `Bender`.
        progress: is told what was done.

    Raises:
        OutlineFault: none of the types has a tile that does not cross itself.
    """
    kinds = [TYPES[name] for name in types]
    templates = promising(
        outline, kinds, colours=colours, points=points, per_type=per_type, focus=focus, progress=progress
    )
    refined = [refine_simple(outline, template, focus) for template in templates]
    fine = [item for item in refined if not item.crossings and _fills(item)]
    if not fine:
        raise OutlineFault(
            "has an outline that no isohedral tile comes near to without crossing itself; long thin limbs and deep "
            "bays are what cannot be filled; make limbs shorter or stouter, or let them touch the body"
        )
    return tuple(sorted(fine, key=lambda item: (item.distance, item.template)))


def promising(
    outline: C128,
    kinds: Iterable[IsohedralType],
    *,
    colours: int = 3,
    points: int = POINTS,
    per_type: int = PER_TYPE,
    focus: tuple[complex, ...] = (),
    progress: Callable[[str], None] = lambda message: None,
) -> list[Template]:
    """The templates of a search that are worth refining, the best first: see `search`.

    Args:
        outline: as for `search`.
        kinds: types.
        colours: as for `search`.
        points: as for `search`.
        per_type: as for `search`.
        focus: as for `search`.
        progress: is told what was done.
    """
    even = resample(outline, points)
    picked: list[Scanned] = []
    for kind in kinds:
        picked += thinned(scan(even, kind, colours=colours), per_type, gap=1)
    progress(f"{len(picked)} templates of {len({item.template.type for item in picked})} types are bent")
    bends = _Bends(even, 20, focus)
    trials = sorted((bends.trial(item.template) for item in picked), key=lambda trial: trial.cost)
    pool = [trial for trial in trials if trial.crossings <= 3][:POOL]
    tops: list[_Trial] = []
    for trial in pool:
        if len(tops) == CLIMBS:
            break
        if not _twin(trial, tops):
            best = _climb(trial, bends)
            if not _twin(best, tops):
                tops.append(best)
    tops += [trial for trial in pool if not _twin(trial, tops)][: POOL - len(tops)]
    progress(f"{len(tops)} of them are refined")
    return [trial.template for trial in tops]


def refine(
    outline: C128,
    template: Template,
    *,
    air: float = AIR,
    slips: int = SLIPS,
    focus: tuple[complex, ...] = (),
    bend: Callable[[Bender], Bent] | None = None,
) -> Candidate:
    """The tile of one template with `FINER` times its points.

    The outline is sampled anew in a few rounds: denser where the tile stretches it, without turning on the whole.

    Args:
        outline: of the figure, of area 1.
        template: of `template.points` even points of it.
        air: see `Bender`.
        slips: rounds.
        focus: as for `search`.
        bend: into the finer template's space; by default that of outlines in the plane.
    """
    fine = template.finer(FINER)
    n = fine.points
    if fine.mirrored:
        # point 0 of the mirrored sampling is the mirror image of the last of the coarse points
        places = EvenOutline(outline)
        share = -1.0 / template.points
        focus = tuple(point.conjugate() for point in focus)
        curve = EvenOutline(mirror_image(places.at(share + np.arange(1, 8 * n + 1) / (8 * n))))
    else:
        curve = EvenOutline(outline)
    gaps, shift = np.full(n, 1.0 / n), 0.0
    if bend is None:
        bend = partial(Bender.bend, template=fine, rounds=60, basis=outline_basis(fine))
    best: Candidate | None = None
    for _ in range(slips + 1):
        figure = curve.at(shift + np.concatenate([[0.0], np.cumsum(gaps)[:-1]]))
        bender = Bender(figure, air, focus)
        bent = bend(bender)
        crossed = crossings(bent.outline, 20)
        candidate = Candidate(fine, bent.outline, figure, 0.0, bent.energy, crossed, bender, bent)
        if best is None or (crossed > 0, bent.energy) < (best.crossings > 0, best.energy):
            best = candidate
        tile = np.roll(bent.outline, fine.start)
        stretch = np.abs(np.roll(tile, -1) - tile) / np.abs(np.roll(figure, -1) - figure)
        denser = _slipped(gaps, stretch)
        moved = np.cumsum(denser)[:-1] - np.cumsum(gaps)[:-1]
        shift -= float(np.concatenate([[0.0], moved]).mean())
        gaps = denser
    assert best is not None
    return replace(best, distance=_distance(best, focus))


def _slipped(gaps: F64, stretch: F64) -> F64:
    """Longer gaps where the tile stretches the outline, so that its points come nearer to even steps."""
    kernel = np.exp(-(np.arange(-6, 7) ** 2) / 8.0)
    local = np.log(np.clip(stretch / np.median(stretch), 0.3, 3))
    local = np.convolve(np.concatenate([local[-6:], local, local[:6]]), kernel / kernel.sum(), "valid")
    result = np.clip(gaps * np.exp(0.5 * local), 0.4 / len(gaps), 2.5 / len(gaps))
    shares: F64 = result / result.sum()
    return shares


def refine_simple(outline: C128, template: Template, focus: tuple[complex, ...] = ()) -> Candidate:
    """A refined template, its limbs kept further apart where it would cross itself, as far as that helps."""
    candidate = refine(outline, template, focus=focus)
    for air in WIDER_AIR:
        if candidate.crossings:
            candidate = refine(outline, template, air=air, focus=focus)
    return candidate


def _fills(candidate: Candidate) -> bool:
    """Whether the tile's copies fill the plane once."""
    try:
        tiling = candidate.tiling
        return len([tiling.exact(motion) for motion in tiling.across]) > 0
    except OutlineFault:
        return False


def thinned(scanned: Sequence[Scanned], most: int, gap: int) -> list[Scanned]:
    """The best templates of a list that is sorted, without near twins of better ones."""
    kept: list[Scanned] = []
    for item in scanned:
        if len(kept) == most:
            break
        if not any(item.template.near(other.template, gap) for other in kept):
            kept.append(item)
    return kept


def _twin(trial: _Trial, others: Sequence[_Trial]) -> bool:
    return any(trial.template.near(other.template, 2) for other in others)


def _climb(trial: _Trial, bends: _Bends) -> _Trial:
    """The best that is reached over neighbouring templates."""
    for _ in range(STEPS):
        best = min((bends.trial(template) for template in neighbours(trial.template)), key=lambda item: item.cost)
        if best.cost >= trial.cost - 1e-5:
            break
        trial = best
    return trial


def neighbours(template: Template) -> Iterator[Template]:
    """Templates whose edges are one or two points longer or shorter, from the same start or the next."""
    kind, n = isohedral_type(template.type), template.points
    counts = kind.counts(template.lengths)
    for changes in itertools.product((-2, -1, 0, 1, 2), repeat=len(counts)):
        if sum(map(abs, changes)) > 3:
            continue
        if sum(change * len(rule.edges) for change, rule in zip(changes, kind.rules, strict=True)):
            continue
        longer = tuple(count + change for count, change in zip(counts, changes, strict=True))
        if min(longer) < 0 or any((new == 0) != (old == 0) for new, old in zip(longer, counts, strict=True)):
            continue
        for shift in (-1, 0, 1):
            if shift or any(changes):
                lengths = kind.lengths(longer)
                yield Template(template.type, lengths, (template.start + shift) % n, template.mirrored)


def _distance(candidate: Candidate, focus: tuple[complex, ...]) -> float:
    """How unlike the tile is to the figure: loss of shape and size of stretches, each turned freely, and energy.

    Bending energy hardly feels a foot that shrinks to nothing; an eye does.
    """
    tile = candidate.outline
    figure = np.roll(candidate.figure, -candidate.template.start)
    figure = figure * np.sqrt(area(tile) / area(figure))
    n, weights = len(tile), emphasis(np.roll(candidate.figure, -candidate.template.start), focus)
    losses = []
    for share in (*WINDOWS, None):
        reach = n if share is None else max(2, round(share * n))
        ring = np.arange(n)[None] if share is None else (np.arange(n)[:, None] + np.arange(-reach, reach + 1)) % n
        mine, theirs = tile[ring], figure[ring]
        mine, theirs = mine - mine.mean(1, keepdims=True), theirs - theirs.mean(1, keepdims=True)
        both = (np.abs(mine) ** 2).sum(1) + (np.abs(theirs) ** 2).sum(1)
        loss = 1 - 2 * np.abs((mine.conj() * theirs).sum(1)) / both
        losses.append(np.average(loss, weights=weights) if share else loss[0])
    return float(np.mean(losses)) + ENERGY_SHARE * candidate.energy
