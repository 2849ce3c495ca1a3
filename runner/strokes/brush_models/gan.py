"""The GAN painter (Nakano 2019): actions and noise -> pictures of strokes, judged by a critic that sees the action.

    stage generator:    the generator alone descends on the error of its pictures
    stage critic:       the critic alone learns to tell real from drawn strokes
    stage adversarial:  both, + reconstruction * error of the pictures

One stage `adversarial` from the start is Nakano's way; the three in turn are that of neural-painters-x, which says it
is faster. A deterministic painter can only learn the mean of a brush that never draws twice the same; a critic wants
strokes that look like single ones. Against that the squared error of the references pulls towards the mean: their
noise has nothing to do. So with two `drawings` of an action the error is their energy score, which is least for the
brush's own noise, and only the strokes without noise (`steady`) are pulled to the mean.

Faults of the references that are not repeated: one mixing number per stroke in the penalty and not per batch; no
batch norms in a critic with a penalty unless asked for, since they mix strokes; a frozen network is really frozen; a
sigmoid for pictures in [0, 1], where a tanh stood; logits in the cross entropy, which cannot become NaN; the critic
sees the action in every route. Steady strokes have noise 0, its mean, where the reference puts 0.5.
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
FIRST = 4  # side of the first maps
GRAIN = 1  # channels of noise of single pixels, where maps are given


class Gan(PainterSettings):
    """Nakano's GAN painter: texture and noise like the brush's own, from a critic that has seen real strokes."""

    kind: Literal["gan"] = "gan"
    width: int = Field(default=16, ge=2, le=128)
    """Channels of the first convolution of the critic, and half of those of the generator's last; 16 in the paper."""
    noise: int = Field(default=16, ge=0, le=256)
    """Random numbers beside the action; 0 for a painter that always draws the same."""
    colour: ColourMode = "factored"
    """One channel of opacity, or the stroke in its colour as in the paper."""
    waves: int = Field(default=3, ge=0, le=8)
    """Octaves of waves of the action's numbers that both networks are told; 0 as in the paper."""
    guide: bool = True
    """Give both networks rough maps of where the curve runs, and the generator noise for each pixel; ours, false as in
    the paper."""
    adversary: Name = "wasserstein"
    """Loss of the adversarial stage: the paper's; a classifier's; or a classifier that says which of two strokes of
    the same action is the real one."""
    sighted: bool = True
    """The critic sees the action."""
    critic_width: int = Field(default=0, ge=0, le=128)
    """Channels of the critic's first convolution; 0 for as many as `width`."""
    critic_norm: bool = False
    """Batch norms in the critic, as in the reference: it learns several times as fast; but the gradient penalty of
    `wasserstein` is not defined with them."""
    critic_steps: int = Field(default=5, ge=1, le=100)
    """Of the critic for each one of the generator."""
    critic_rate: float = Field(default=1.0, gt=0, le=100)
    """Step size of the critic in the adversarial stage over that of the generator."""
    penalty: float = Field(default=10.0, ge=0, le=1000)
    """Weight of the gradient penalty of `wasserstein`."""
    drawings: int = Field(default=1, ge=1, le=2)
    """Noisy strokes of each action in a step. With two, the reconstruction is their energy score, which is least where
    their noise is the brush's; with one, the squared error, which is least without any noise."""
    reconstruction: float = Field(default=0.1, ge=0, le=1000)
    """Weight of the error of noisy strokes, summed over a picture, beside the adversary; 0 for none."""
    steady: float = Field(default=0.0, ge=0, le=1000)
    """Weight of the squared error of strokes without noise, times that of the reconstruction: they become the brush's
    mean; 0 for none."""
    perceived: float = Field(default=0.0, ge=0, le=100_000)
    """Weight of what `renderer.vision` sees beside every squared error, as in neural-painters-x; 0 for none."""
    emphasis: float = Field(default=10.0, ge=1, le=1000)
    """Weight of painted pixels at first."""
    emphasised: float = Field(default=0.1, ge=0, le=1)
    """Share of a stage with that weight."""
    batch: int = Field(default=64, ge=2, le=4096)
    """Strokes of a step."""
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
        """See the base class."""
        return self.perceived > 0

    def build(self, data: TrainingData) -> GanTrainer:
        """Generator and critic with their first weights."""
        return GanTrainer(self, data)

    def painter(self) -> GanPainter:
        """Without weights."""
        return GanPainter(self.width, self.noise, self.colour, self.waves, self.guide)

    def critic(self, painter: GanPainter) -> StrokeCritic:
        """Without weights."""
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
    """The working painter: the generator."""

    kind = "gan"

    def __init__(
        self, width: int, noise: int, mode: ColourMode, waves: int, guided: bool, space: Space | None = None
    ) -> None:
        """An untrained painter; `raster.fresh` or `raster.fill` give it weights.

        Args:
            width: half the channels of the last layer but one.
            noise: random numbers beside the action.
            mode: factored or RGB.
            waves: octaves that it is told.
            guided: it gets maps.
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
            maps: of actions.
            noise: (n, noise) of whole strokes.
            grain: of the noise of single pixels; None for zeros.
            loud: (n,) factors of the grain; None for 1.
        """
        actions = maps.actions
        told = torch.cat([encode(actions, self.columns, self.waves), noise], dim=1)
        found = functional.relu(self.norm(self.first(told).unflatten(1, (-1, FIRST, FIRST))))

        def given(side: int) -> Tensor:
            grains = normal((len(actions), GRAIN, side, side), actions, grain)
            return torch.cat([maps.at(side), grains if loud is None else grains * loud[:, None, None, None]], dim=1)

        pictures = torch.sigmoid(self.up(found, given))
        return maps.within(pictures, float(self.mode == "rgb")) if self.guided else pictures

    def drawn(self, maps: Maps, random: torch.Generator | None, loud: Tensor | None = None) -> Tensor:
        """`draw` for actions whose maps may be known already; noise may be left to some of them."""
        noise = normal((len(maps.actions), self.noise), maps.actions, random)
        return self.generate(maps, noise if loud is None else noise * loud[:, None], random, loud)

    def draw(self, actions: Tensor, random: torch.Generator | None = None) -> Tensor:
        """See the base class."""
        return self.drawn(Maps(actions, self.space), random)

    def between(self, first: Tensor, second: Tensor, part: float, *, seeds: tuple[int, int], grain: int) -> Tensor:
        """From action to action, and from one draw of the noise to another."""
        if self.mode == "rgb":
            return super().between(first, second, part, seeds=seeds, grain=grain)
        shape = (len(first), self.noise)
        here, there = (normal(shape, first, torch.Generator().manual_seed(seed)) for seed in seeds)
        maps = Maps(torch.lerp(first, second, part), self.space)
        return self.generate(maps, torch.lerp(here, there, part), torch.Generator().manual_seed(grain))[:, 0]


def normal(shape: tuple[int, ...], like: Tensor, random: torch.Generator | None) -> Tensor:
    """Normal random numbers, or zeros, of the kind of another tensor."""
    if random is None:
        return like.new_zeros(shape)
    return torch.randn(shape, generator=random, dtype=like.dtype).to(like.device)


@dataclass(frozen=True)
class Batch:
    """Some actions, real and drawn.

    Attributes:
        guide: the actions' maps.
        pictures: (n, c, 64, 64) real.
        noisy: one or two drawings of each, (n, c, 64, 64).
        steady: those without noise; None where nobody asked for them.
    """

    guide: Maps
    pictures: Tensor
    noisy: tuple[Tensor, ...]
    steady: Tensor | None = None

    def detached(self) -> Batch:
        """For the critic, which shall not change the generator."""
        return replace(self, noisy=tuple(drawing.detach() for drawing in self.noisy), steady=None)


class GanTrainer(RasterTrainer):
    """A GAN painter that is being trained, stage by stage."""

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
        """One batch for the generator, some for the critic before; see the base class.

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
        """A batch of real strokes, and the same actions drawn, steady ones last."""
        actions, pictures = self.batch(random)
        guide, times = Maps(actions, self.learner.space), self.settings.drawings
        if self.learner.guided:
            guide.at(SIDE)
        loud = torch.ones(times + steady, device=self.device)
        loud[times:] = 0
        found = self.learner.drawn(guide.repeated(times + steady), random, loud.repeat_interleave(len(actions)))
        parts = found.chunk(times + steady)
        return Batch(guide, pictures, parts[:times], parts[times] if steady else None)

    def _reconstruction(self, batch: Batch, number: int) -> Tensor:
        if len(batch.noisy) == 2:
            return energy(*batch.noisy, batch.pictures)
        return self._error(batch.noisy[0], batch.pictures, number)

    def _error(self, found: Tensor, pictures: Tensor, number: int) -> Tensor:
        early = number < self.settings.emphasised * self.steps
        weights = emphasis(pictures, self.mode, self.settings.emphasis if early else 1.0)
        error = ((found - pictures).square() * weights).flatten(1).sum(1).mean()
        if self.distance is None or not self.settings.perceived:
            return error
        return error + self.settings.perceived * self.distance(self._seen(found), self._seen(pictures))

    def _seen(self, pictures: Tensor) -> Tensor:
        """As a vision network wants them: (n, 3, 64, 64), opacities as black strokes on white."""
        return pictures if self.mode == "rgb" else (1 - pictures).expand(-1, 3, -1, -1)

    def _score(self, pictures: Tensor, guide: Maps) -> Tensor:
        told = encode(guide.actions, self.learner.columns, self.settings.waves)
        found: Tensor = self.critic(pictures, told, guide.at(SIDE) if self.critic.guided else None)
        return found

    def _scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Of real and of drawn strokes, as many of each."""
        times = len(batch.noisy)
        # One pass for all: without batch norms it is the same, and with them it is the gentler of the two ways.
        found = self._score(torch.cat([batch.pictures, *batch.noisy]), batch.guide.repeated(times + 1))
        real = found[: len(batch.pictures)]
        return real.repeat(times), found[len(real) :]

    def _adversary(self, batch: Batch) -> Tensor:
        """What the generator lowers."""
        self.critic.requires_grad_(False)
        real, drawn = self._scores(batch)
        self.critic.requires_grad_(True)
        return ADVERSARIES[self.settings.adversary].generator(real, drawn)

    def _teach_critic(self, batch: Batch, number: int, random: torch.Generator) -> float:
        """One step of the critic; its loss."""
        adversary = ADVERSARIES[self.settings.adversary]
        if self.stage == "critic" and adversary.penalised:
            adversary = ADVERSARIES["logistic"]
        loss = adversary.critic(*self._scores(batch))
        if adversary.penalised:
            loss = loss + self.settings.penalty * self._penalty(batch, random)
        self.descend(loss, number, "critic")
        return float(loss.detach())

    def _penalty(self, batch: Batch, random: torch.Generator) -> Tensor:
        """How far the norm of the critic's gradient by the picture is from 1, between real and drawn, the action fixed.

        Reference: Gulrajani et al. 2017, algorithm 1, with one mixing number for each stroke.
        """
        part = torch.rand((len(batch.pictures), 1, 1, 1), generator=random).to(batch.pictures.device)
        mixed = (part * batch.pictures + (1 - part) * batch.noisy[0].detach()).requires_grad_()
        (slope,) = torch.autograd.grad(self._score(mixed, batch.guide).sum(), mixed, create_graph=True)
        return (slope.flatten(1).square().sum(1).add(1e-12).sqrt() - 1).square().mean()
