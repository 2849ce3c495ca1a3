"""Pictures of classes, several at once: (classifiers, classes) -> (batch, 3, side, side), after Yin et al. (2020).

Two terms see the batch in every step, through random views that differ from picture to picture:

    sharp: cross-entropy + prior of the statistics that one network remembers of photographs
    soft:  cross-entropy of the next network, where detail and surroundings are lost

The prior makes a picture look like a photograph, the soft views give it a shape that survives a brush; the statistics
are those of the whole batch, so that pictures made together differ.

A small difference grows into another picture, so that both terms are computed on one thread each, at once: candidates
are the same bytes for any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orbifolio.runner.canvas.fourier import Fourier
from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.devices import one_thread
from orbifolio.runner.objectives.base import ObjectiveInput
from orbifolio.runner.objectives.smoothness import Smoothness, SmoothnessObjective
from orbifolio.runner.objectives.statistics_prior import StatisticsPrior, StatisticsPriorObjective
from orbifolio.runner.random_generators import generator
from orbifolio.runner.symmetry.base import Layout, Symmetry
from orbifolio.runner.symmetry.kinds.none import PixelLayout
from orbifolio.runner.views.base import View
from orbifolio.runner.views.drawn_view import apply_view, draw_view
from orbifolio.runner.vision.base import Encoder

if TYPE_CHECKING:
    from torch import Tensor

LOGITS = "logits"
DECAY = 1.2  # of the waves: a little smoother than photographs, as paintings are
FIRST = 0.01  # deviation of the first amplitudes: all but grey
MOMENTUM, MEMORY = 0.5, 0.99  # of Adam; long momentum would carry steps over from other views
WARM_UP = 10  # steps in which the rate rises
FALL, LAST = 0.4, 0.05  # from this share of the steps the rate falls, as a cosine, to this share of itself
SMALL_UNTIL, SMALL = 0.7, 0.75  # of the steps see views of this share of the side: shapes first, and in half the time
JUDGED = (1.0, 1.5)  # shares of the side: the smaller is too easy to rank by, the larger alone too hard
LOOKS = 8  # views of each size; they take half a second
SMOOTHING = 0.1  # of the labels: a class already certain pulls no more
EDGE = 2.0  # how much smoother corners are to be than the middle


@dataclass(frozen=True)
class ClassTask:
    """What a batch is to become.

    Attributes:
        classes: number of each candidate's class.
        company: number of the class of each other picture, which has no symmetry.
        symmetry: that candidates have.
        side: of each in pixels.
        steps: in all.
        rate: of Adam.
        prior: how much statistics count, and which.
        smoothness: weight of the mean squared difference of neighbours.
        views: that the sharp term sees through.
        soft_views: that the soft one does.
        seed: of all that is random.
    """

    classes: tuple[int, ...]
    company: tuple[int, ...]
    symmetry: Symmetry
    side: int
    steps: int
    rate: float
    prior: StatisticsPrior
    smoothness: float
    views: tuple[View, ...]
    soft_views: tuple[View, ...]
    seed: int


class ClassBatch:
    """The pictures and what moves them; see the module's docstring."""

    def __init__(self, task: ClassTask, networks: Sequence[Encoder], device: str) -> None:
        """A batch of all but grey pictures.

        Args:
            task: what it is to become.
            networks: classifiers with statistics, on the device; they take turns.
            device: torch's name of it.
        """
        self.task, self.networks, self.device = task, tuple(networks), device
        layouts: list[Layout] = [task.symmetry.layout(task.side, task.side).to(device)] * len(task.classes)
        layouts += [PixelLayout(task.side, task.side, device)] * len(task.company)
        canvas = Fourier(decay=DECAY)
        self.canvases = [canvas.build(layout, torch.zeros((layout.parameters, 3), device=device)) for layout in layouts]
        for number, tensor in enumerate(self.parameters()):
            noise = torch.randn(tensor.shape, generator=generator(task.seed, "amplitudes", number, 0))
            with torch.no_grad():
                tensor.add_(FIRST * noise.to(device))
        self.adam = torch.optim.Adam(self.parameters(), lr=task.rate, betas=(MOMENTUM, MEMORY))
        self.priors = [StatisticsPriorObjective(task.prior, net.statistics, device=device) for net in self.networks]
        along = torch.linspace(-1, 1, task.side, device=device).square()
        self.smoothness = SmoothnessObjective(
            Smoothness(weight=task.smoothness), 1 + EDGE * (along[None, :] + along[:, None])[None, None]
        )
        self.target = torch.tensor(task.classes + task.company, device=device)

    def parameters(self) -> list[Tensor]:
        """The spectrum of each picture."""
        return [canvas.tensor for canvas in self.canvases]

    def artworks(self) -> Tensor:
        """(pictures, 3, side, side) in [0, 1], differentiable."""
        return torch.cat([canvas.artwork() for canvas in self.canvases])

    def pictures(self) -> Tensor:
        """The same without gradients."""
        with torch.no_grad(), one_thread():
            return self.artworks()

    def step(self, number: int) -> dict[str, float]:
        """Move all pictures once.

        Args:
            number: of the step, from 0.

        Returns:
            Weighted terms before the step, by name.
        """
        for group in self.adam.param_groups:
            group["lr"] = self.task.rate * rate_at(number, self.task.steps)
        self.adam.zero_grad()
        with one_thread() as threads, ThreadPoolExecutor(min(2, threads)) as pool:
            artworks = self.artworks()
            pulls = list(pool.map(lambda term: _pull(term, artworks, number), (self._sharp, self._soft)))
            artworks.backward(pulls[0].gradient + pulls[1].gradient)  # type: ignore[no-untyped-call]
            self.adam.step()
        return pulls[0].terms | pulls[1].terms

    def _sharp(self, artworks: Tensor, number: int) -> dict[str, Tensor]:
        """Class and statistics as the network whose turn it is sees them, and smoothness."""
        turn = number % len(self.networks)
        network, prior = self.networks[turn], self.priors[turn]
        seen = self._seen(artworks, self.task.views, "sharp", number)
        features = network.features(seen, (*prior.layers, LOGITS))
        inputs = ObjectiveInput(artworks, seen, features)
        return {"class": self._cross_entropy(features[LOGITS]), **prior(inputs), **self.smoothness(inputs)}

    def _soft(self, artworks: Tensor, number: int) -> dict[str, Tensor]:
        """The class as the next network sees it softly."""
        network = self.networks[(number + 1) % len(self.networks)]
        soft = self._seen(artworks, self.task.soft_views, "soft", number)
        return {"class.soft": self._cross_entropy(network.features(soft, (LOGITS,))[LOGITS])}

    def _cross_entropy(self, scores: Tensor) -> Tensor:
        return functional.cross_entropy(scores.float(), self.target, label_smoothing=SMOOTHING)

    def _seen(self, artworks: Tensor, views: tuple[View, ...], purpose: str, number: int) -> Tensor:
        """The batch through views, each picture through its own."""
        task = self.task
        side = round(task.side * (SMALL if number < SMALL_UNTIL * task.steps else 1))
        shown = functional.interpolate(artworks, size=(side, side), mode="bilinear", antialias=True)
        random = generator(task.seed, purpose, 0, number)
        pictures = torch.split(shown, 1)
        drawn = [draw_view(views, side, side, random) for _ in pictures]
        seen = [apply_view(picture, view, wrap=(False, False)) for picture, view in zip(pictures, drawn, strict=True)]
        return torch.cat(seen)

    def state_dict(self) -> dict[str, Any]:
        """From which `load_state_dict` continues bit for bit."""
        return {"spectra": [tensor.detach().clone() for tensor in self.parameters()], "adam": self.adam.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue with what `state_dict` gave."""
        with torch.no_grad():
            for tensor, saved in zip(self.parameters(), state["spectra"], strict=True):
                tensor.copy_(saved)
        self.adam.load_state_dict(state["adam"])


@dataclass(frozen=True)
class Pull:
    """What a term wants of the pictures: its weighted parts by name, and their gradient."""

    terms: dict[str, float]
    gradient: Tensor


def _pull(term: Callable[[Tensor, int], dict[str, Tensor]], artworks: Tensor, number: int) -> Pull:
    """A term's, apart from how pictures are made, so that terms can be computed at once."""
    pictures = artworks.detach().requires_grad_()
    terms = term(pictures, number)
    (gradient,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), pictures)
    return Pull({name: float(value.detach()) for name, value in terms.items()}, gradient)


def rate_at(step: int, steps: int) -> float:
    """Share of the rate in a step: it rises, holds, and falls.

    >>> [round(rate_at(step, 100), 2) for step in (0, 9, 40, 70, 99)]
    [0.1, 1.0, 1.0, 0.53, 0.05]
    """
    fall = max(0.0, step / steps - FALL) / (1 - FALL)
    return min(1.0, (step + 1) / WARM_UP) * (LAST + (1 - LAST) * (1 + math.cos(math.pi * fall)) / 2)


def class_probability(network: Encoder, picture: Tensor, number: int, side: int, views: tuple[View, ...]) -> float:
    """How sure a classifier is of a class, on average over random views.

    Of a single view it is sure though nobody would name it; and enlarged to what the classifier was trained with, the
    picture would be blurred, and nothing be recognised.

    Args:
        network: that has not seen it in the making, to be believed.
        picture: (1, 3, height, width) in [0, 1].
        number: of the class.
        side: of the pictures that were made, in pixels.
        views: that it is seen through, the same for every picture.
    """
    random, found = generator(number, "judge", 0, 0), []
    with torch.no_grad(), one_thread():
        for seen in (round(share * side) for share in JUDGED):
            shown = functional.interpolate(picture, size=(seen, seen), mode="bicubic", antialias=True).clamp(0, 1)
            drawn = [draw_view(views, seen, seen, random) for _ in range(LOOKS)]
            batch = torch.cat([apply_view(shown, view, wrap=(False, False)) for view in drawn])
            found.append(network.features(batch, (LOGITS,))[LOGITS].float().softmax(1)[:, number].mean())
        return float(torch.stack(found).mean())
