"""Style distance: (finished picture, style pictures, eyes) -> where it lies between the style itself and anything else.

For each eye, with d the distance between the picture's statistics and the style pictures', pooled by their weights,

    score = (d - own) / (other - own)

where `own` is the distance between halves of the style pictures, and `other` the median distance of pictures that have
nothing to do with them. 0: as like as the style's halves are to each other (less: more like than those). 1: as unlike
as an unrelated picture. The style distance is the mean over the eyes.

Statistics of the style, and of the unrelated pictures, are pooled over the ways in which the symmetry recolours, turns
and mirrors, as a perfect picture under that symmetry would show them: a colour action is not punished.

How large the style is shown is not punished either: it is compared at all sizes from `SIZES[0]` pixels on, a factor
sqrt 2 apart, and the one at which the picture is most like it counts. Recipes choose, pool or hide their magnifications
in many ways, and patches copy at one size what networks spread over three; a judge that trusted a recipe's own word
could be talked to. Smaller than that a style is a carpet, and judged as what it looks like.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.images.sources import Images
from orbifolio.runner.judge.crops import SIDE, Windows, style_windows
from orbifolio.runner.judge.eyes import Eye
from orbifolio.runner.objectives.base import Appearance

if TYPE_CHECKING:
    from torch import Tensor

SIZES = tuple(2 * SIDE * math.sqrt(2) ** number for number in range(6))  # of a style picture's shorter side, in pixels
UNRELATED = ("coffee", "chelsea", "rocket", "immunohistochemistry", "grass", "hubble_deep_field")
"""Pictures of scikit-image that stand for anything else: things, fur, sky and lawn, tissue, stars."""
UNRELATED_SIDE = 2 * SIDE * math.sqrt(2)  # pixels of their shorter side
MIN_CONTRAST = 1.2  # times `own` that `other` must be: else an eye does not tell this style from anything
MAX_VIEW = 1024  # pixels of a finished picture's side, if it were a square: larger ones are looked at from farther away
AT_ONCE = 16  # crops that an eye sees together: the memory of its layers


@dataclass(frozen=True)
class StylePicture:
    """A picture whose style is wanted.

    Attributes:
        pixels: (3, height, width) in [0, 1].
        weight: its share beside the others'.
    """

    pixels: Tensor
    weight: float = 1.0


@dataclass(frozen=True)
class EyeScore:
    """What one eye says.

    Attributes:
        score: see the module's docstring.
        distance: in the eye's own unit.
        own: between halves of the style.
        other: to unrelated pictures.
    """

    score: float
    distance: float
    own: float
    other: float


@dataclass(frozen=True)
class StyleDistance:
    """What all eyes say.

    Attributes:
        side: pixels of the style pictures' shorter side at which the picture is most like them.
        scores: by the eyes' names.
        blind: eyes that cannot tell these styles from unrelated pictures.
    """

    side: float
    scores: Mapping[str, EyeScore]
    blind: tuple[str, ...] = ()

    @property
    def value(self) -> float | None:
        """The mean score; None where no eye sees anything."""
        return sum(item.score for item in self.scores.values()) / len(self.scores) if self.scores else None


def far_enough(picture: Tensor) -> Tensor:
    """A picture as the judge looks at it: (3, h, w), not larger than a square of `MAX_VIEW` pixels."""
    height, width = picture.shape[-2:]
    factor = MAX_VIEW / math.sqrt(height * width)
    if factor >= 1:
        return picture
    size = [max(1, round(side * factor)) for side in (height, width)]
    return functional.interpolate(picture[None], size=size, mode="bicubic", antialias=True)[0].clamp(0, 1)


def _seen(eye: Eye, crops: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean statistics of (n, 3, side, side) crops: (d,)."""
    shares = torch.full((len(crops),), 1 / len(crops)) if weights is None else weights
    total: Tensor | float = 0.0
    with torch.no_grad():
        for batch, share in zip(torch.split(crops, AT_ONCE), torch.split(shares, AT_ONCE), strict=True):
            total = total + (eye.look(batch) * share[:, None]).sum(0)
    assert isinstance(total, torch.Tensor)
    return total


@lru_cache(maxsize=2)
def _unrelated_crops(appearances: tuple[Appearance, ...]) -> tuple[Tensor, ...]:
    """(n, 3, SIDE, SIDE) pieces of every unrelated picture, as the symmetry would show it."""
    images, crops = Images(Path()), []
    for name in UNRELATED:
        pixels = torch.from_numpy(np.ascontiguousarray(images.load(f"skimage:{name}").pixels, np.float32))
        seen = style_windows(pixels.permute(2, 0, 1), UNRELATED_SIDE, appearances, least=1)
        crops.append(seen.flatten(0, 1))
    return tuple(crops)


@lru_cache(maxsize=32)
def _unrelated(eye: Eye, appearances: tuple[Appearance, ...]) -> tuple[Tensor, ...]:
    """Statistics of every unrelated picture."""
    return tuple(_seen(eye, crops) for crops in _unrelated_crops(appearances))


def style_crops(style: StylePicture, side: float, appearances: Sequence[Appearance]) -> Tensor:
    """(n, 3, SIDE, SIDE) pieces of a style picture as the judge looks at them.

    Args:
        style: the picture.
        side: pixels of its shorter side.
        appearances: the identity first.
    """
    return style_windows(style.pixels, side, appearances).flatten(0, 1)


def _quarters(eye: Eye, crops: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """(4, d) statistics of the style pictures' quarters, pooled by their weights.

    Args:
        eye: that looks.
        crops: (4, n, 3, SIDE, SIDE) of each style picture.
        weights: of each.
    """
    pooled: Tensor | float = 0.0
    for quarters, weight in zip(crops, weights, strict=True):
        pooled = pooled + weight / sum(weights) * torch.stack([_seen(eye, quarter) for quarter in quarters])
    assert isinstance(pooled, torch.Tensor)
    return pooled


def _halves_apart(eye: Eye, quarters: Tensor) -> float:
    """The mean distance of the three ways to part four quarters into halves."""
    apart = []
    for other in range(1, 4):
        one = [0, other]
        two = [number for number in range(1, 4) if number != other]
        apart.append(eye.distance(quarters[one].mean(0), quarters[two].mean(0)))
    return sum(apart) / len(apart)


def style_distance(
    picture: Windows, styles: Sequence[StylePicture], eyes: Sequence[Eye], appearances: tuple[Appearance, ...]
) -> StyleDistance:
    """How far a finished picture is from its style.

    Args:
        picture: the finished one's windows.
        styles: at least one.
        eyes: to look with.
        appearances: how the symmetry shows a texture, the identity first.
    """
    own_sides = [float(min(style.pixels.shape[-2:])) for style in styles]
    sides = [side for side in SIZES if side <= max(min(own_sides), SIZES[0])]
    shown = {eye.name: _seen(eye, picture.crops, picture.weights) for eye in eyes}
    best: StyleDistance | None = None
    for side in sides:
        scores, blind = {}, []
        crops = [style_windows(style.pixels, side, appearances) for style in styles]
        for eye in eyes:
            quarters = _quarters(eye, crops, [style.weight for style in styles])
            target = quarters.mean(0)
            own = _halves_apart(eye, quarters)
            other = median(eye.distance(seen, target) for seen in _unrelated(eye, appearances))
            if other < MIN_CONTRAST * own:
                blind.append(eye.name)
                continue
            distance = eye.distance(shown[eye.name], target)
            scores[eye.name] = EyeScore((distance - own) / (other - own), distance, own, other)
        found = StyleDistance(side, scores, tuple(blind))
        if best is None or _order(found) < _order(best):
            best = found
    assert best is not None
    return best


def _order(found: StyleDistance) -> tuple[int, float]:
    """Sizes at which more eyes see come first, then those at which the picture is more alike."""
    return (len(found.blind), math.inf if found.value is None else found.value)
