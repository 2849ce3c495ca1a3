"""The GAN painter (Nakano 2019): actions and noise -> pictures of strokes, judged by a critic that sees the action.

    stage generator:    the generator alone descends on the error of its pictures
    stage critic:       the critic alone learns to tell real from drawn strokes
    stage adversarial:  both, + reconstruction * error of the pictures

One stage `adversarial` from the start is Nakano's way; the three in turn are that of neural-painters-x, which reports
that it is faster. A deterministic painter can only learn the mean of a brush that never draws a stroke twice; a critic
asks for strokes that look like single ones. The squared error of the references works against it: it pulls every
stroke towards the mean, so their noise has no effect. With two `drawings` of an action the error is therefore their
energy score, least for the brush's own noise, and only strokes without noise (`steady`) are pulled to the mean.

Departures from the references: one mixing number per stroke in the penalty, not per batch; no batch norms in a critic
with a penalty unless asked for, since they mix strokes; a frozen network is really frozen; a sigmoid, not a tanh, for
pictures in [0, 1]; logits in the cross entropy, which cannot become NaN; the critic sees the action in every stage.
Steady strokes have noise 0, its mean, where the reference has 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from orbifolio.runner.strokes.brush_models.action_encoding import MAPS, Maps, count, encode
from orbifolio.runner.strokes.brush_models.base import PainterSettings, TrainingData, follow
from orbifolio.runner.strokes.brush_models.gan_losses import ADVERSARIES, Name, energy
from orbifolio.runner.strokes.brush_models.networks import StrokeCritic, UpsamplingStage, Upwards, bare
from orbifolio.runner.strokes.brush_models.raster_base import SIDE, ColourMode, RasterPainter, fresh
from orbifolio.runner.strokes.brush_models.training_base import RasterTrainer, emphasis
from orbifolio.runner.strokes.mypaint.actions import Space
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile

SPREAD = 0.02  # standard deviation of the first weights, as in the reference
FIRST = 4  # pixels, side of the first maps
GRAIN = 1  # channels of noise of single pixels, where maps are given


class Gan(PainterSettings):
    """Nakano's GAN painter: texture and noise like the brush's own, from a critic that has seen real strokes."""

    kind: Literal["gan"] = "gan"
    width: int = Field(default=16, ge=2, le=128)
    """Channels of the critic's first convolution, and half those of the generator's last; 16 in the paper."""
    noise: int = Field(default=16, ge=0, le=256)
    """Random numbers beside the action; 0 for a deterministic painter."""
    colour: ColourMode = "factored"
    """One channel of opacity, or the stroke in its colour, as in the paper."""
    waves: int = Field(default=3, ge=0, le=8)
    """Octaves of waves of the action's numbers for both networks; 0 as in the paper."""
    guide: bool = True
    """Give both networks rough maps of where the curve runs, and the generator noise for each pixel; false as in the
    paper."""
    adversary: Name = "wasserstein"
    """Loss of the adversarial stage: the paper's; that of a classifier; or that of a classifier which says which of two
    strokes of an action is real."""
    sighted: bool = True
    """Show the critic the action."""
    critic_width: int = Field(default=0, ge=0, le=128)
    """Channels of the critic's first convolution; 0 for `width`."""
    critic_norm: bool = False
    """Batch norms in the critic, as in the reference: it learns several times as fast, but the gradient penalty of
    `wasserstein` is not defined with them."""
    critic_steps: int = Field(default=5, ge=1, le=100)
    """Steps of the critic for each step of the generator."""
    critic_rate: float = Field(default=1.0, gt=0, le=100)
    """Step size of the critic in the adversarial stage over that of the generator."""
    penalty: float = Field(default=10.0, ge=0, le=1000)
    """Weight of the gradient penalty of `wasserstein`."""
    drawings: int = Field(default=1, ge=1, le=2)
    """Noisy strokes of each action in a step. With two, the reconstruction is their energy score, least for the brush's
    own noise; with one, the squared error, least without any noise."""
    reconstruction: float = Field(default=0.1, ge=0, le=1000)
    """Weight of the error of noisy strokes, summed over a picture, beside the adversary; 0 for none."""
    steady: float = Field(default=0.0, ge=0, le=1000)
    """Weight of the squared error of strokes without noise, relative to the reconstruction: they become the brush's
    mean; 0 for none."""
    perceived: float = Field(default=0.0, ge=0, le=100_000)
    """Weight of the perceptual distance by `renderer.vision` beside every squared error, as in neural-painters-x; 0 for
    none."""
    emphasis: float = Field(default=10.0, ge=1, le=1000)
    """Weight of painted pixels at the beginning, where that of paper is 1."""
    emphasised: float = Field(default=0.1, ge=0, le=1)
    """Share of a stage with this weight."""
    batch: int = Field(default=64, ge=2, le=4096)
    """Strokes per step."""
    cites: ClassVar[tuple[str, ...]] = (
        "nakano2019",
        "goodfellow2014",
        "gulrajani2017",
        "jolicoeur2019",
        "gneiting2007",
        "kingma2015",
        "tancik2020",
    )
    stages: ClassVar[tuple[str, ...]] = ("generator", "critic", "adversarial")
    required_stages: ClassVar[tuple[str, ...]] = ()
    stochastic: ClassVar[bool] = True

    @property
    def perceptual(self) -> bool:
        """Whether it learns from what a vision network sees; see the base class."""
        return self.perceived > 0

    def build(self, data: TrainingData) -> GanTrainer:
        """A trainer with first weights of generator and critic."""
        return GanTrainer(self, data)

    def painter(self) -> GanPainter:
        """A painter of this size without weights."""
        return GanPainter(self.width, self.noise, self.colour, self.waves, self.guide)

    def critic(self, painter: GanPainter) -> StrokeCritic:
        """A critic for the painter, without weights."""
        return StrokeCritic(
            self.critic_width or self.width,
            painter.channels,
            count(painter.columns, self.waves),
            norm=self.critic_norm,
            guided=self.guide,
            sighted=self.sighted,
        )

    def seconds_per_step(self, stage: str) -> float:
        """See the base class."""
        drawn = self.batch * (self.drawings + (self.steady > 0))
        critic = 0.8 * self.critic_steps if stage == "adversarial" else 0.0
        return drawn * (0.0025 + 2e-5 * self.width**2) * (1 + critic)

    def count(self, brush: BrushFile | None) -> int:
        """See the base class."""
        painter = self.painter()
        return painter.count() + sum(parameter.numel() for parameter in self.critic(painter).parameters())


class GanPainter(RasterPainter):
    """The generator as a painter."""

    kind = "gan"

    def __init__(
        self, width: int, noise: int, mode: ColourMode, waves: int, guided: bool, space: Space | None = None
    ) -> None:
        """An untrained painter; `raster_base.fresh` or `raster_base.fill` give it weights.

        Args:
            width: half the channels of the last layer but one.
            noise: random numbers beside the action.
            mode: of its pictures.
            waves: octaves of the action's encoding.
            guided: whether it sees maps of the curve.
            space: what the numbers of an action mean.
        """
        super().__init__()
        self.width, self.noise, self.mode, self.waves, self.guided = width, noise, mode, waves, guided
        self.space = space or Space()
        first = 16 * width
        self.first = bare(nn.Linear, count(self.columns, waves) + noise, first * FIRST**2)
        self.norm = bare(nn.BatchNorm2d, first)
        sizes = (first, first // 2, first // 4, first // 8, self.channels)
        self.up = Upwards(
            [UpsamplingStage(FIRST * 2**k, a, b, 4, 1) for k, (a, b) in enumerate(zip(sizes, sizes[1:], strict=False))],
            norm=True,
            more=MAPS + GRAIN if guided else 0,
        )

    def plan(self) -> dict[str, Any]:
        """See the base class."""
        names = ("width", "noise", "mode", "waves", "guided")
        return {name: getattr(self, name) for name in names}

    def generate(self, maps: Maps, noise: Tensor, grain: torch.Generator | None, loud: Tensor | None = None) -> Tensor:
        """Pictures (n, c, 64, 64).

        Args:
            maps: of the n actions.
            noise: (n, noise) of whole strokes.
            grain: generator of the noise of single pixels; None for zeros.
            loud: (n,) factors of that noise; None for 1.
        """
        actions = maps.actions
        numbers = torch.cat([encode(actions, self.columns, self.waves), noise], dim=1)
        first = functional.relu(self.norm(self.first(numbers).unflatten(1, (-1, FIRST, FIRST))))

        def maps_and_grain(side: int) -> Tensor:
            grains = normal((len(actions), GRAIN, side, side), actions, grain)
            return torch.cat([maps.at(side), grains if loud is None else grains * loud[:, None, None, None]], dim=1)

        pictures = torch.sigmoid(self.up(first, maps_and_grain))
        return maps.within(pictures, float(self.mode == "rgb")) if self.guided else pictures

    def drawn(self, maps: Maps, random: torch.Generator | None, loud: Tensor | None = None) -> Tensor:
        """As `draw`, for actions whose maps may be computed already; `loud` (n,) scales the noise of each."""
        noise = normal((len(maps.actions), self.noise), maps.actions, random)
        return self.generate(maps, noise if loud is None else noise * loud[:, None], random, loud)

    def draw(self, actions: Tensor, random: torch.Generator | None = None) -> Tensor:
        """See the base class."""
        return self.drawn(Maps(actions, self.space), random)

    def between(self, first: Tensor, second: Tensor, part: float, *, seeds: tuple[int, int], grain: int) -> Tensor:
        """Interpolate actions, and one draw of the noise into another."""
        if self.mode == "rgb":
            return super().between(first, second, part, seeds=seeds, grain=grain)
        shape = (len(first), self.noise)
        here, there = (normal(shape, first, torch.Generator().manual_seed(seed)) for seed in seeds)
        maps = Maps(torch.lerp(first, second, part), self.space)
        return self.generate(maps, torch.lerp(here, there, part), torch.Generator().manual_seed(grain))[:, 0]


def normal(shape: tuple[int, ...], like: Tensor, random: torch.Generator | None) -> Tensor:
    """Normal random numbers, or zeros without a generator, on the device and of the type of another tensor."""
    if random is None:
        return like.new_zeros(shape)
    return torch.randn(shape, generator=random, dtype=like.dtype).to(like.device)


@dataclass(frozen=True)
class Batch:
    """Real and drawn strokes of n actions.

    Attributes:
        guide: maps of the actions.
        pictures: (n, c, 64, 64) real strokes.
        noisy: one or two drawings of each, (n, c, 64, 64).
        steady: drawings without noise, or None.
    """

    guide: Maps
    pictures: Tensor
    noisy: tuple[Tensor, ...]
    steady: Tensor | None = None

    def detached(self) -> Batch:
        """The batch without gradients, for training the critic only."""
        return replace(self, noisy=tuple(drawing.detach() for drawing in self.noisy), steady=None)


class GanTrainer(RasterTrainer):
    """Trains a GAN painter, stage by stage."""

    order = Gan.stages

    def __init__(self, settings: Gan, data: TrainingData) -> None:
        super().__init__(data, settings.colour, settings.batch)
        self.settings, self.distance = settings, data.distance
        random = torch.Generator().manual_seed(data.seed)
        self.learner = settings.painter()
        self.critic = settings.critic(self.learner)
        for network in (self.learner, self.critic):
            fresh(network, random, spread=None if settings.guide else SPREAD)
            network.to(data.device)
        self.painter: GanPainter = settings.painter().to(data.device)
        self.painter.load_state_dict(self.learner.state_dict())
        self.painter.eval().requires_grad_(False)
        self.modules = {"generator": self.learner, "critic": self.critic}
        self.restart(1e-4, 1)

    def _trained_modules(self) -> tuple[str, ...]:
        return {"generator": ("generator",), "critic": ("critic",), "adversarial": ("generator", "critic")}[self.stage]

    def _betas(self) -> tuple[float, float]:
        if self.stage == "generator":
            return (0.9, 0.999)
        return (0.5, 0.9 if ADVERSARIES[self.settings.adversary].penalised else 0.99)

    def step(self, number: int) -> Mapping[str, float]:
        """One step of the generator after those of the critic; see the base class.

        Raises:
            RunFailed: a loss is not finite.
        """
        random = self.random(number)
        self.falling(number)
        terms: dict[str, Tensor] = {}
        adversarial = self.stage == "adversarial"
        if adversarial:
            self.adams["critic"].param_groups[0]["lr"] *= self.settings.critic_rate
        for _ in range(self.settings.critic_steps - 1 if adversarial else self.stage == "critic"):
            with torch.no_grad():
                batch = self._drawn(random, steady=False)
            self.metrics = {"critic": self._teach_critic(batch, number, random)}
        if self.stage == "critic":
            return {"classes": self.metrics["critic"]}
        weight = self.settings.reconstruction if adversarial else 1.0
        batch = self._drawn(random, steady=self.settings.steady > 0 and weight > 0)
        if adversarial:
            self.metrics = {"critic": self._teach_critic(batch.detached(), number, random)}
            terms["adversary"] = self._adversary(batch)
        if weight:
            terms["reconstruction"] = weight * self._reconstruction(batch, number)
        if batch.steady is not None:
            terms["steady"] = weight * self.settings.steady * self._error(batch.steady, batch.pictures, number)
        self.descend(torch.stack(list(terms.values())).sum(), number, "generator")
        follow(self.painter, self.learner, number)
        return {name: float(value.detach()) for name, value in terms.items()}

    def _drawn(self, random: torch.Generator, *, steady: bool) -> Batch:
        """A batch of real strokes, and their actions drawn with noise and, if `steady`, without."""
        actions, pictures = self.batch(random)
        guide, times = Maps(actions, self.learner.space), self.settings.drawings
        if self.learner.guided:
            guide.at(SIDE)
        loud = torch.ones(times + steady, device=self.device)
        loud[times:] = 0
        drawn = self.learner.drawn(guide.repeated(times + steady), random, loud.repeat_interleave(len(actions)))
        parts = drawn.chunk(times + steady)
        return Batch(guide, pictures, parts[:times], parts[times] if steady else None)

    def _reconstruction(self, batch: Batch, number: int) -> Tensor:
        if len(batch.noisy) == 2:
            return energy(*batch.noisy, batch.pictures)
        return self._error(batch.noisy[0], batch.pictures, number)

    def _error(self, drawn: Tensor, pictures: Tensor, number: int) -> Tensor:
        early = number < self.settings.emphasised * self.steps
        weights = emphasis(pictures, self.mode, self.settings.emphasis if early else 1.0)
        error = ((drawn - pictures).square() * weights).flatten(1).sum(1).mean()
        if self.distance is None or not self.settings.perceived:
            return error
        return error + self.settings.perceived * self.distance(self._seen(drawn), self._seen(pictures))

    def _seen(self, pictures: Tensor) -> Tensor:
        """Pictures for a vision network, (n, 3, 64, 64), opacities as black strokes on white."""
        return pictures if self.mode == "rgb" else (1 - pictures).expand(-1, 3, -1, -1)

    def _score(self, pictures: Tensor, guide: Maps) -> Tensor:
        numbers = encode(guide.actions, self.learner.columns, self.settings.waves)
        scores: Tensor = self.critic(pictures, numbers, guide.at(SIDE) if self.critic.guided else None)
        return scores

    def _scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Scores of real and of drawn strokes, in pairs of one action."""
        times = len(batch.noisy)
        # One pass for all: without batch norms the scores are the same, and with them training is steadier.
        scores = self._score(torch.cat([batch.pictures, *batch.noisy]), batch.guide.repeated(times + 1))
        real = scores[: len(batch.pictures)]
        return real.repeat(times), scores[len(real) :]

    def _adversary(self, batch: Batch) -> Tensor:
        """The adversarial term of the generator's loss."""
        self.critic.requires_grad_(False)
        real, drawn = self._scores(batch)
        self.critic.requires_grad_(True)
        return ADVERSARIES[self.settings.adversary].generator(real, drawn)

    def _teach_critic(self, batch: Batch, number: int, random: torch.Generator) -> float:
        """One step of the critic; returns its loss."""
        adversary = ADVERSARIES[self.settings.adversary]
        if self.stage == "critic" and adversary.penalised:
            adversary = ADVERSARIES["logistic"]
        loss = adversary.critic(*self._scores(batch))
        if adversary.penalised:
            loss = loss + self.settings.penalty * self._penalty(batch, random)
        self.descend(loss, number, "critic")
        return float(loss.detach())

    def _penalty(self, batch: Batch, random: torch.Generator) -> Tensor:
        """The gradient penalty: (|dD/dx| - 1)^2 in the mean, at a picture x between real and drawn, the action fixed.

        Reference: Gulrajani et al. 2017, algorithm 1, with one mixing number for each stroke.
        """
        part = torch.rand((len(batch.pictures), 1, 1, 1), generator=random).to(batch.pictures.device)
        mixed = (part * batch.pictures + (1 - part) * batch.noisy[0].detach()).requires_grad_()
        (slope,) = torch.autograd.grad(self._score(mixed, batch.guide).sum(), mixed, create_graph=True)
        return (slope.flatten(1).square().sum(1).add(1e-12).sqrt() - 1).square().mean()
