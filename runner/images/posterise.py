"""Posterising: (picture, colour action) -> a few flat colours, each pixel the nearest, exactly as symmetric as before.

A picture with I(g x) = c(g) I(x) keeps that if the map of its colours commutes with every c. So the flat colours are
closed under the action (with a colour there are all its appearances), and nearness is measured in a way that it leaves
alone: OKLab differences, squared and averaged over all appearances of both colours. Without an action that is OKLab.

What commutes must leave alone what c leaves alone: a colour that c fixes, as on a mirror line that exchanges colours,
may only become one that c fixes. Where none of the flat colours is such, a soft edge runs along the line, which is as
symmetric as the line; a sharp edge lies on one side of it.

A soft edge is the mean over sixteen places in a pixel, each of a flat colour. So edges run between pixels, and a
picture that is turned by 60 degrees, or lies on a sphere, is as symmetric as its pixels allow.

Convention: colours are sRGB in [0, 1]; colour elements are those of `symmetry/colour.py`, which act about mid-grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64, I64, Bools
from orbifolio.runner.images import oklab
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry import colour
from orbifolio.runner.vector.hex_colours import Hex, from_hex, to_hex

MAX_COLOURS = 64
_STEP = 1 / 255  # between neighbouring colours of 8 bits: appearances that differ by one are the same
_FIXED = 2e-5  # distance from its appearance below which a colour counts as fixed: a step of 16 bits
_SAMPLES = 6000  # pixels that colours are chosen by: a colour of one in a hundred is seen sixty times
_CANDIDATES = 48  # tried for the next colour: most of what trying all would give
_ROUNDS = 30  # of k-means, after which colours move by less than a step
_PLACES = tuple(
    (sign * down / 16, other * across / 16)
    for first, second in ((7, 3), (5, 1))
    for down, across in ((first, second), (second, first))
    for sign in (-1, 1)
    for other in (-1, 1)
)
"""Sixteen (down, across) from a pixel's middle, in pixels, where a soft edge is looked at. Turns and mirrors of a
square exchange them, and none lies on a mirror through the middle, where either colour would be as good."""
_EDGES = 1 << 15  # pixels of edges at once: bounds the memory of their surroundings
_BAND = 64  # rows of a picture at once, for the same reason
_ROWS = 1 << 17  # pixels at once: bounds the memory of what is seen of them
SEEN = 1e-3
"""Share of the pixels from which colours that an element fixes want a flat colour of their own: a line is seen."""


Colours = (
    Annotated[int, Field(ge=2, le=MAX_COLOURS)]
    | Annotated[tuple[Hex, ...], Field(min_length=1, max_length=MAX_COLOURS)]
)
"""The field type: how many, or which."""

Edges = Literal["soft", "sharp"]


class Posterise(Settings):
    """Few flat colours instead of many, as in a linocut or a screen print; a bare number or list is `colours`."""

    colours: Colours
    """How many at most, chosen for the picture (k-means in OKLab), or which, as `#rrggbb`. Under a colour action they
    come in whole sets of appearances; a list must have all of them."""
    smooth: float = Field(default=0.0, ge=0, le=50)
    """Radius in pixels of a blur before: smooth outlines, and no specks. 0 keeps every detail."""
    edges: Edges = "soft"
    """`soft` mixes two colours along an edge, so that it runs smoothly; with `sharp` no other colour occurs at all."""
    cites: ClassVar[tuple[str, ...]] = ("lloyd1982", *oklab.CITES)

    def flat_colours(self, picture: F32, elements: Sequence[int], random: np.random.Generator) -> FlatColours:
        """The colours, given or chosen.

        Args:
            picture: (height, width, 3) in [0, 1], ready to be posterised.
            elements: the group of its colour elements.
            random: for what is chosen.
        """
        if isinstance(self.colours, int):
            flat = choose(picture, self.colours, elements, random, lines=self.edges == "sharp")
        else:
            flat = given(self.colours, elements)
        return replace(flat, edges=self.edges)

    def complaint(self, elements: Sequence[int]) -> str:
        """What is wrong with the colours under an action as "what; rule; cure", or ""."""
        if isinstance(self.colours, int):
            least = min((kind.size for kind in _orbit_kinds(tuple(elements)) if kind.size > 1), default=1)
            if self.colours >= least:
                return ""
            return (
                f"{self.colours} colours are fewer than the {least} appearances that one colour has at least under the "
                f"symmetry's colour action; nothing but greys would be left; give {least} or more"
            )
        missing = missing_colours(self.colours, elements)
        if not missing:
            return ""
        number, element, other = missing[0]
        more = list(dict.fromkeys(to_hex(each) for _, _, each in missing))
        short = ", ".join(more[:12]) + (", ..." if len(more) > 12 else "")
        count = len(dict.fromkeys(self.colours)) + len(more)
        cure = f"add {short}" if count <= MAX_COLOURS else "choose colours that the action changes less"
        return (
            f"{self.colours[number]} becomes {to_hex(other)} under {colour.spell(element)}, which is not among "
            "the colours; the picture shows each colour in all appearances of its symmetry's colour action; "
            f"{cure}, or give a number and let the colours be chosen"
        )


@dataclass(frozen=True)
class FlatColours:
    """Colours closed under an action, and which of them is nearest to any other.

    Attributes:
        colours: (n, 3), the lightest first.
        elements: the action's group of colour elements, the identity first.
        edges: where two of them meet.
    """

    colours: F64
    elements: tuple[int, ...] = (colour.IDENTITY,)
    edges: Edges = "soft"

    @property
    def names(self) -> tuple[str, ...]:
        """Each as `#rrggbb`."""
        return tuple(to_hex((float(red), float(green), float(blue))) for red, green, blue in self.colours)

    def shown(self, picture: F32, *, wrap: tuple[bool, bool]) -> F32:
        """A picture in these colours, with their edges.

        Args:
            picture: (height, width, 3).
            wrap: whether it continues over its (top-bottom, left-right) edges.
        """
        return self.posterised(picture) if self.edges == "sharp" else self.softened(picture, wrap=wrap)

    def posterised(self, picture: F32) -> F32:
        """(height, width, 3) with each pixel the nearest flat colour."""
        flat: F32 = self.colours.astype(np.float32)[self.numbers(picture)]
        return flat

    def softened(self, picture: F32, *, wrap: tuple[bool, bool]) -> F32:
        """As `posterised`, with soft edges; arguments as of `shown`."""
        numbers = self.numbers(picture)
        result: F32 = self.colours.astype(np.float32)[numbers]
        modes = ["wrap" if axis else "edge" for axis in wrap]

        def padded(array: Any) -> Any:
            for axis, mode in enumerate(modes):
                margins = [(1, 1) if axis == each else (0, 0) for each in range(array.ndim)]
                array = np.pad(array, margins, mode=mode)  # type: ignore[call-overload]
            return array

        around = padded(numbers)
        height, width = numbers.shape
        edge = np.zeros((height, width), bool)
        for down in range(3):
            for across in range(3):
                edge |= around[down : down + height, across : across + width] != numbers
        rows, columns = np.nonzero(edge)
        source = padded(picture)
        for first in range(0, len(rows), _EDGES):
            part = slice(first, first + _EDGES)
            result[rows[part], columns[part]] = self._mixed(source, rows[part] + 1, columns[part] + 1)
        return result

    def _mixed(self, source: F32, rows: I64, columns: I64) -> F64:
        """(n, 3) the mean flat colour within pixels of a picture, which is taken as bilinear between them."""
        total = np.zeros((len(rows), 3))
        for down, across in _PLACES:
            below, beside = rows + (1 if down > 0 else -1), columns + (1 if across > 0 else -1)
            upper = source[rows, columns] * (1 - abs(across)) + source[rows, beside] * abs(across)
            lower = source[below, columns] * (1 - abs(across)) + source[below, beside] * abs(across)
            total += self.colours[self._nearest(upper * (1 - abs(down)) + lower * abs(down))]
        return total / len(_PLACES)

    def numbers(self, picture: F32) -> I64:
        """The number of the nearest flat colour of each pixel: (height, width, 3) -> (height, width)."""
        pixels = picture.reshape(-1, 3)
        numbers = np.empty(len(pixels), np.int64)
        rows = _ROWS // len(self.elements) + 1
        for first in range(0, len(pixels), rows):
            numbers[first : first + rows] = self._nearest(pixels[first : first + rows].astype(np.float64))
        return numbers.reshape(picture.shape[:-1])

    def undecided(self, picture: F32) -> float:
        """The share of pixels that the action wants to be of a colour that is not there; see the module's docstring.

        Soft edges keep the symmetry along lines as wide as a pixel, so that only areas count.
        """
        stays = _fixed_pixels(picture, self.elements, lines=self.edges == "sharp")
        wanting = [members for members in np.unique(stays[stays > 0]) if not self._fixed_by(int(members)).any()]
        return float(np.isin(stays, wanting).mean()) if wanting else 0.0

    def _nearest(self, pixels: F64) -> I64:
        distances = _distances(_seen(pixels, self.elements), self._own)
        # Of colours equally near, the first, whatever rounding says.
        distances += 1e-9 * np.arange(len(self.colours))
        nearest: I64 = distances.argmin(axis=1)
        stays = _stabilisers(pixels, self.elements)
        for members in np.unique(stays[stays > 0]):
            allowed = self._fixed_by(int(members))
            if allowed.any():
                here = stays == members
                nearest[here] = np.where(allowed, distances[here], np.inf).argmin(axis=1)
        return nearest

    @cached_property
    def _own(self) -> F64:
        return _seen(self.colours, self.elements)

    def _fixed_by(self, members: int) -> Bools:
        """(n,) which flat colours all elements of a set leave alone; the set is bits over `elements`."""
        stays = _stabilisers(self.colours, self.elements)
        fixed: Bools = stays & members == members
        return fixed


def given(colours: Sequence[str], elements: Sequence[int] = (colour.IDENTITY,)) -> FlatColours:
    """Colours as a recipe names them, together with appearances that are missing."""
    found = _exact(np.array([from_hex(name) for name in colours]), elements)
    return FlatColours(_arranged(np.concatenate([_act(element, found) for element in elements])), tuple(elements))


def missing_colours(colours: Sequence[str], elements: Sequence[int]) -> list[tuple[int, int, F64]]:
    """Appearances that are not among colours: (number of the colour, element, what it becomes)."""
    found = _exact(np.array([from_hex(name) for name in colours]), elements)
    missing = []
    for element in elements:
        moved = _act(element, found)
        away = np.abs(moved[:, None] - found[None]).max(axis=2).min(axis=1)
        missing += [(int(n), element, moved[n]) for n in np.flatnonzero(away > 1.01 * _STEP)]
    return missing


def choose(
    picture: F32,
    count: int,
    elements: Sequence[int],
    random: np.random.Generator,
    *,
    lines: bool = True,
    pinned: Sequence[str] = (),
) -> FlatColours:
    """At most so many colours that represent a picture well: k-means (Lloyd 1982) over sets of appearances.

    A set is the orbit of one colour. Colours that some elements fix have small orbits, and the greys of a cycle of the
    channels have one colour only; so each set first chooses how free its colour is.

    Args:
        picture: (height, width, 3).
        count: most colours.
        elements: the group of colour elements.
        random: which pixels, and where the search begins.
        lines: whether fixed colours on lines as wide as a pixel want a flat colour; else only areas do.
        pinned: colours that are there besides, such as the paper's.
    """
    pixels = picture.reshape(-1, 3).astype(np.float64)
    samples = max(_SAMPLES // len(elements), 1000)
    some = pixels[random.choice(len(pixels), min(len(pixels), samples), replace=False)]
    kinds = _orbit_kinds(tuple(elements))
    first = []
    room = count
    for kind in (_most_fixed(_fixed_pixels(picture, elements, lines=lines), kinds), kinds[0]):
        if kind is not None and kind.size <= room - (kinds[0].size if kind is not kinds[0] else 0):
            first.append(kind)
            room -= kind.size
    there = given(pinned, elements).colours if pinned else np.zeros((0, 3))
    sample = _Sample(some, elements, there)
    # Greys cost a colour each and free colours several; which is the better buy shows at the end.
    ways = [_refined(_filled(first, kinds, count, sample, power, random), sample) for power in (0, 1)]
    colours = min(ways, key=sample.distortion)
    return FlatColours(_arranged(np.concatenate([there, _rounded(_members(colours))])), tuple(elements))


@dataclass(frozen=True)
class _OrbitKind:
    """How free a colour is: a projector on what its stabiliser fixes, and representatives of its appearances."""

    projector: F64
    ways: tuple[int, ...]
    stabiliser: int

    @property
    def size(self) -> int:
        return len(self.ways)


@dataclass(frozen=True)
class _Orbit:
    kind: _OrbitKind
    first: F64

    @property
    def members(self) -> F64:
        """(size, 3), one for each of the kind's ways."""
        return np.concatenate([_act(way, self.first[None]) for way in self.kind.ways])


@lru_cache(maxsize=8)
def _orbit_kinds(elements: tuple[int, ...]) -> tuple[_OrbitKind, ...]:
    """Every kind of orbit of the action, the most free first.

    In three dimensions every plane and line that a stabiliser fixes is what one of its elements fixes: two mirrors make
    the rotation about the line that they share. So the elements alone and all together find every kind.
    """
    matrices = {element: colour.MATRICES[element].astype(np.float64) for element in elements}
    kinds: dict[int, _OrbitKind] = {}
    for together in (*([element] for element in elements), elements):
        projector = colour.projector(together)
        fixing = [element for element in elements if np.allclose(matrices[element] @ projector, projector)]
        stabiliser = sum(1 << number for number, element in enumerate(elements) if element in fixing)
        ways: dict[tuple[int, ...], int] = {}
        for element in elements:  # one of each coset
            ways.setdefault(tuple(sorted(colour.compose(element, other) for other in fixing)), element)
        kinds.setdefault(stabiliser, _OrbitKind(projector, tuple(ways.values()), stabiliser))
    return tuple(sorted(kinds.values(), key=lambda kind: -kind.size))


class _Sample:
    """Some colours of a picture, how far from them others look, and flat colours that are there already."""

    def __init__(self, colours: F64, elements: Sequence[int], there: F64) -> None:
        self.colours, self.elements, self.there = colours, elements, there
        self._seen = _seen(colours, elements)

    def distances(self, others: F64) -> F64:
        """(n, m) squared distances."""
        return _distances(self._seen, _seen(others, self.elements))

    def distortion(self, orbits: Sequence[_Orbit]) -> float:
        """The mean squared distance to the nearest."""
        return float(self.distances(np.concatenate([self.there, _members(orbits)])).min(axis=1).mean())


def _members(orbits: Sequence[_Orbit]) -> F64:
    return np.concatenate([orbit.members for orbit in orbits])


def _fixed_pixels(picture: F32, elements: Sequence[int], *, lines: bool) -> I64:
    """(height, width) bits of the elements that fix each pixel's colour; 0 on lines unless these count."""
    stays = np.zeros(picture.shape[:2], np.int64)
    if len(elements) > 1:
        for first in range(0, len(stays), _BAND):
            band = picture[first : first + _BAND]
            stays[first : first + _BAND] = _stabilisers(band.reshape(-1, 3).astype(np.float64), elements).reshape(
                band.shape[:2]
            )
    if not lines:
        common = stays.copy()
        for axis in (0, 1):
            for step in (1, -1):
                common &= np.roll(stays, step, axis)
        stays = common
    return stays


def _most_fixed(stays: I64, kinds: Sequence[_OrbitKind]) -> _OrbitKind | None:
    """The kind of orbit without which many pixels could not keep the symmetry; None if there are few such pixels."""
    common = 0
    for members, count in zip(*np.unique(stays[stays > 0], return_counts=True), strict=True):
        if count >= SEEN * stays.size:
            common |= int(members)
    fitting = [kind for kind in kinds if common and kind.stabiliser & common == common]
    return fitting[0] if fitting else None


def _filled(
    first: Sequence[_OrbitKind],
    kinds: Sequence[_OrbitKind],
    count: int,
    sample: _Sample,
    power: float,
    random: np.random.Generator,
) -> list[_Orbit]:
    """Orbits of the first kinds, then of those that bring the sample nearest for their size to a power."""
    orbits: list[_Orbit] = []
    room = count
    begun = len(sample.there) > 0
    centre = _fixed_mean(sample.colours, sample.elements)[None]
    away = sample.distances(sample.there if begun else centre).min(axis=1)
    waiting = list(first)
    while fitting := waiting[:1] or [kind for kind in kinds if kind.size <= room]:
        orbits.append(_best(sample, away, fitting, power, random))
        room -= orbits[-1].kind.size
        waiting = waiting[1:]
        nearest = sample.distances(orbits[-1].members).min(axis=1)
        away = np.minimum(away, nearest) if begun else nearest
        begun = True
        if away.max() < (_STEP / 4) ** 2 and not waiting:  # every colour of the picture is there
            break
    return orbits


def _best(sample: _Sample, away: F64, kinds: Sequence[_OrbitKind], power: float, random: np.random.Generator) -> _Orbit:
    """The orbit that brings a sample nearest, for its size to a power."""
    chances = away + 1e-12
    tried = sample.colours[random.choice(len(chances), _CANDIDATES, p=chances / chances.sum())]
    best: tuple[float, _Orbit] | None = None
    for kind in kinds:
        for place in tried:
            orbit = _Orbit(kind, 0.5 + kind.projector @ (place - 0.5))
            near = sample.distances(orbit.members).min(axis=1)
            gain = float(np.maximum(away - near, 0).sum()) / kind.size**power
            if best is None or gain > best[0]:
                best = gain, orbit
    assert best is not None
    return best[1]


def _refined(orbits: Sequence[_Orbit], sample: _Sample) -> list[_Orbit]:
    """Orbits moved to the middle of what is nearest to them, until they stay."""
    current = list(orbits)
    for _ in range(_ROUNDS):
        nearest = sample.distances(np.concatenate([sample.there, _members(current)])).argmin(axis=1)
        at = len(sample.there)
        moved = []
        for orbit in current:
            ways = enumerate(orbit.kind.ways, start=at)
            own = np.concatenate([_act(colour.INVERSE[w], sample.colours[nearest == number]) for number, w in ways])
            at += orbit.kind.size
            middle = _middle(own, sample.elements) if len(own) else orbit.first
            moved.append(_Orbit(orbit.kind, np.clip(0.5 + orbit.kind.projector @ (middle - 0.5), 0, 1)))
        change = max(float(np.abs(new.first - old.first).max()) for new, old in zip(moved, current, strict=True))
        current = moved
        if change < _STEP / 4:
            break
    return current


def _middle(colours: F64, elements: Sequence[int]) -> F64:
    """The mean of colours in OKLab, in each appearance, brought back and averaged."""
    means = []
    for element in elements:
        mean = oklab.from_srgb(_act(element, colours)).mean(axis=0, keepdims=True)
        means.append(_act(colour.INVERSE[element], oklab.to_srgb(mean))[0])
    middle: F64 = np.mean(means, axis=0)
    return middle


def _fixed_mean(colours: F64, elements: Sequence[int]) -> F64:
    mean: F64 = 0.5 + colour.projector(elements) @ (colours.mean(axis=0) - 0.5)
    return mean


def _act(element: int, colours: F64) -> F64:
    """An appearance of colours; channels are picked, so that nothing is rounded but an inversion."""
    picked = colours[:, list(colour.permutation(element))]
    shown: F64 = np.where(np.array(colour.signs(element)) < 0, 1 - picked, picked)
    return shown


def _seen(colours: F64, elements: Sequence[int]) -> F64:
    """(n, 3 x elements) OKLab of all appearances; squared distances are their mean."""
    views = [oklab.from_srgb(_act(element, colours)) for element in elements]
    seen: F64 = np.concatenate(views, axis=1) / np.sqrt(len(elements))
    return seen


def _distances(seen: F64, others: F64) -> F64:
    """(n, m) squared distances of what `_seen` returns."""
    away: F64 = np.stack([np.square(seen - other).sum(axis=1) for other in others], axis=1)
    return away


def _stabilisers(colours: F64, elements: Sequence[int]) -> I64:
    """(n,) bits over the elements after the identity that leave each colour alone; 0 for none."""
    stays = np.zeros(len(colours), np.int64)
    for number, element in enumerate(elements):
        if number:
            stays |= (np.abs(_act(element, colours) - colours).max(axis=1) < _FIXED).astype(np.int64) << number
    return stays


def _exact(colours: F64, elements: Sequence[int]) -> F64:
    """Colours that differ from an appearance by a step of 8 bits made equal to it: mid-grey lies between two steps."""
    exact = colours.copy()
    for number, place in enumerate(colours):
        near = [e for e in elements if np.abs(_act(e, place[None])[0] - place).max() < 1.01 * _STEP]
        exact[number] = 0.5 + colour.projector(near) @ (place - 0.5)
    return exact


def _rounded(colours: F64) -> F64:
    """Colours of 8 bits; mid-grey, which an inversion fixes and which lies between two of them, stays."""
    steps = colours / _STEP
    rounded: F64 = np.where(np.abs(steps - 127.5) < 1e-6, 127.5, np.rint(steps)) * _STEP
    return rounded


def _arranged(colours: F64) -> F64:
    """Each colour once, the lightest first."""
    _, first = np.unique(np.round(colours / _STEP * 4), axis=0, return_index=True)
    single = colours[np.sort(first)]
    arranged: F64 = single[np.argsort(-oklab.from_srgb(single)[:, 0], kind="stable")]
    return arranged
