"""Demonstrations fitted to pictures: ways to draw each class, pictures -> the strokes that an agent is led to.

    fit_demonstrations(ways, targets, stamp, space) -> Fits;   .closest() -> Leads

Nobody writes as the example file does: people slant, and write wide or narrow, thin or thick. So each way is moved,
stretched and slanted until its ink has the mean and the second moments of the picture's, and made as thick as its ink
needs; of several ways to draw a class, a picture takes the one that is closest to it then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.dataset import Targets
from orbifolio.runner.strokes.agent.demonstrations import Demonstration
from orbifolio.runner.strokes.agent.rollout import replay
from orbifolio.runner.strokes.mypaint.actions import COUNT, END, END_PRESSURE, ENTRY_PRESSURE, START, VIA
from orbifolio.runner.strokes.rasteriser.separate_strokes import Stamp

if TYPE_CHECKING:
    from torch import Tensor

PLACES = (START, VIA, END)
PRESSURES = [END_PRESSURE, ENTRY_PRESSURE]
MAX_STRETCH = 2.0  # of an example, and of its inverse
MAX_PRESS, TRIED = 2.0, 17  # the most that an example is pressed harder, and how many steps are tried up to it
CHUNK = 500  # pictures that are fitted at once


@dataclass(frozen=True)
class Leads:
    """What an agent is led to.

    Attributes:
        actions: (n, t, 12) the strokes of each picture's way.
        pens: (n, t) 1 where the pen is down.
        frequencies: (n,) how often a picture is to be learnt from, in the mean 1: a rare way of a class as often as
            the others.
    """

    actions: Tensor
    pens: Tensor
    frequencies: Tensor

    def take(self, index: Tensor) -> Leads:
        """Those of some pictures."""
        return Leads(self.actions[index], self.pens[index], self.frequencies[index])


@dataclass(frozen=True)
class Fits:
    """The ways of its class, fitted to each picture.

    Attributes:
        actions: (n, ways, t, 12).
        pens: (n, ways, t) 1 where the pen is down.
        errors: (n, ways) mean squared errors of pictures; infinite where a class has fewer ways than others.
        classes: (n,) of the pictures.
    """

    actions: Tensor
    pens: Tensor
    errors: Tensor
    classes: Tensor

    def closest(self) -> Leads:
        """The way that is closest to each picture."""
        each, number = torch.arange(len(self.errors)), self.errors.argmin(dim=1)
        counts = torch.zeros(int(self.classes.max()) + 1, self.errors.shape[1])
        counts.index_put_((self.classes, number), torch.ones(len(number)), accumulate=True)
        even = counts.sum(dim=1) / (counts > 0).sum(dim=1).clamp(min=1)
        frequencies = even[self.classes] / counts[self.classes, number]
        return Leads(self.actions[each, number], self.pens[each, number], frequencies)


def fit_demonstrations(
    ways: Sequence[Sequence[Demonstration]], targets: Targets, stamp: Stamp, space: ActionSpace
) -> Fits:
    """Fit the ways of its class to each picture.

    Args:
        ways: of each class, at least one; of the same number of strokes.
        targets: with classes.
        stamp: the brush, at the side of the targets.
        space: of the agent; its least pressure holds here, too.
    """
    shape = len(targets), max(map(len, ways)), len(ways[0][0].pens)
    fits = Fits(torch.zeros(*shape, COUNT), torch.ones(*shape), torch.full(shape[:2], torch.inf), targets.classes)
    for label, alike in enumerate(ways):
        own = torch.nonzero(targets.classes == label)[:, 0]
        for number, way in enumerate(alike):
            fits.pens[own, number] = torch.from_numpy(way.pens)
            for first in range(0, len(own), CHUNK):
                index = own[first : first + CHUNK]
                pictures, _ = targets.take(index)
                fits.actions[index, number], fits.errors[index, number] = _fit(way, pictures, stamp, space)
    return fits


def followed(fits: Fits, actions: Tensor, seed: int) -> dict[str, float]:
    """How closely paintings follow the demonstrations; the middles of their strokes are compared.

    Args:
        fits: of the pictures that were painted.
        actions: (n, t, 12) of the paintings.
        seed: of random orders.

    Returns:
        `away`: mean distance of the k-th stroke from the k-th of the way that is closest to the picture, in sides;
        `shuffled`: the same with the strokes in random order; `order` = 1 - away / shuffled; and where classes have
        several ways, `way`: the share of their pictures whose strokes are nearest to those of that way.
    """
    each, led = torch.arange(len(actions)), fits.errors.argmin(dim=1)
    middles, shown = actions[:, :, VIA].detach(), fits.actions[:, :, :, VIA]
    away = (middles[:, None] - shown).norm(dim=-1).mean(dim=-1)
    random = torch.Generator().manual_seed(seed)
    mixed = torch.stack([m[torch.randperm(len(m), generator=random)] for m in middles])
    apart = float((mixed - shown[each, led]).norm(dim=-1).mean())
    found = {"away": float(away[each, led].mean()), "shuffled": apart}
    found["order"] = 1 - found["away"] / max(apart, 1e-12)
    several = fits.errors.isfinite().sum(dim=1) > 1
    if several.any():
        painted = away.where(fits.errors.isfinite(), torch.inf).argmin(dim=1)
        found["way"] = float((painted == led)[several].float().mean())
    return found


def _fit(way: Demonstration, pictures: Tensor, stamp: Stamp, space: ActionSpace) -> tuple[Tensor, Tensor]:
    """A way as each picture (n, planes, side, side) has it, (n, t, 12), and mean squared errors (n,)."""
    count, planes, side, _ = pictures.shape
    plain = torch.from_numpy(way.actions)[None]
    pens = torch.from_numpy(way.pens)[None]
    with torch.no_grad():
        own = _moments(1 - replay(stamp, plain, pens, 1, side)[:, 0])
    wanted = _moments(1 - pictures.mean(dim=1))
    across, slant, down = _stretch(own, wanted)
    fitted = plain.repeat(count, 1, 1)
    for part in PLACES:
        x, y = (fitted[:, :, part] - own[:, None, 1:3]).unbind(-1)
        moved = torch.stack((across[:, None] * x + slant[:, None] * y, down[:, None] * y), dim=-1)
        fitted[:, :, part] = moved + wanted[:, None, 1:3]
    length = _length(fitted, pens) / _length(plain, pens)
    # More pressure gives more ink that stays dark, where a larger size would turn it pale. How much more is the
    # brush's own affair, so it is looked up.
    presses = torch.linspace(0, MAX_PRESS, TRIED)
    tried = plain.repeat(TRIED, 1, 1)
    tried[:, :, PRESSURES] = (presses[:, None, None] * tried[:, :, PRESSURES]).clamp(space.faintest, 1)
    with torch.no_grad():
        masses = (1 - replay(stamp, tried, pens.repeat(TRIED, 1), 1, side)[:, 0]).sum(dim=(1, 2)).cummax(dim=0).values
    press = torch.from_numpy(np.interp((wanted[:, 0] / length).numpy(), masses.numpy(), presses.numpy())).float()
    fitted[:, :, PRESSURES] = (press[:, None, None] * fitted[:, :, PRESSURES]).clamp(min=space.faintest)
    fitted = fitted.clamp(0, 1)
    with torch.no_grad():
        drawn = replay(stamp, fitted, pens.repeat(count, 1), planes, side)
    return fitted, (drawn - pictures).square().mean(dim=(1, 2, 3))


def _moments(ink: Tensor) -> Tensor:
    """Ink (n, h, w) -> (n, 6): mass, mean x and y, variances of x and y and their covariance, in sides."""
    side = ink.shape[-1]
    ticks = (torch.arange(side) + 0.5) / side
    mass = ink.sum(dim=(1, 2)).clamp(min=1e-6)

    def mean(values: Tensor) -> Tensor:
        return (ink * values).sum(dim=(1, 2)) / mass

    x, y = mean(ticks[None, None]), mean(ticks[None, :, None])
    dx, dy = ticks[None, None] - x[:, None, None], ticks[None, :, None] - y[:, None, None]
    return torch.stack((mass, x, y, mean(dx.square()), mean(dy.square()), mean(dx * dy)), dim=1)


def _stretch(own: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(a, b, c) of the map (x, y) -> (a x + b y, c y) that gives ink of moments `own` the `wanted` variances."""
    floor = 1e-6
    slopes = [m[:, 5] / m[:, 4].clamp(min=floor) for m in (own, wanted)]  # of x by y: the slant
    rest = [(m[:, 3] - s * m[:, 5]).clamp(min=floor) for m, s in zip((own, wanted), slopes, strict=True)]
    down = (wanted[:, 4] / own[:, 4].clamp(min=floor)).sqrt().clamp(1 / MAX_STRETCH, MAX_STRETCH)
    across = (rest[1] / rest[0]).sqrt().clamp(1 / MAX_STRETCH, MAX_STRETCH)
    return across, slopes[1] * down - across * slopes[0], down


def _length(actions: Tensor, pens: Tensor) -> Tensor:
    """Drawn length (n,) in sides, of chords from start to middle to end."""
    places = torch.stack([actions[:, :, part] for part in PLACES])
    lengths: Tensor = places.diff(dim=0).norm(dim=-1).sum(dim=0)
    return (lengths * pens).sum(dim=1)
