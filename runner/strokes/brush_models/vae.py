"""The VAE painter (Nakano 2019): pictures of strokes -> 64 latent numbers -> pictures; actions -> latent numbers.

    stage images:     encoder, decoder:    sum of squared errors + max(KL, 0.5 per latent number)
    stage predictor:  actions -> (mean, log variance) of the latent numbers; encoder and decoder are frozen
    stage together:   predictor and decoder descend on the pictures' error (optional; a departure from the paper)

The painter is predictor and decoder. The steady stroke has the mean latent numbers; the noisy one samples them, which
is the stochastic switch of the paper's repository. The divergence is clipped below for each stroke ("free bits"), so
that latent numbers are not forced to carry nothing. Painted pixels count ten times at first, since most of a picture is
white paper. Another departure, by default: predictor and decoder see more of the action than its bare numbers
(`waves`, `guide`); without both they are the paper's networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from orbifolio.runner.strokes.brush_models.action_encoding import MAPS, Maps, count, encode
from orbifolio.runner.strokes.brush_models.base import PainterSettings, TrainingData, follow
from orbifolio.runner.strokes.brush_models.networks import Downwards, UpsamplingStage, Upwards, bare
from orbifolio.runner.strokes.brush_models.raster_base import ColourMode, RasterPainter, fresh
from orbifolio.runner.strokes.brush_models.training_base import RasterTrainer, emphasis
from orbifolio.runner.strokes.mypaint.actions import Space
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile

HIDDEN = (256, 64, 64)  # layers of the predictor, as in the paper
LEAK = 0.01  # slope of the predictor's leaky ReLU for negative numbers


class Vae(PainterSettings):
    """Nakano's VAE painter: latent numbers of pictures are learnt first, then their prediction from the action."""

    kind: Literal["vae"] = "vae"
    width: int = Field(default=32, ge=4, le=128)
    """Channels of the first convolution; 32 give the paper's 4.5 million weights, 16 a quarter of them."""
    latent: int = Field(default=64, ge=2, le=512)
    """Latent numbers per stroke."""
    colour: ColourMode = "factored"
    """One channel of opacity, or the stroke in its colour, as in the paper."""
    waves: int = Field(default=3, ge=0, le=8)
    """Octaves of waves of the action's numbers for the predictor; 0 as in the paper."""
    guide: bool = True
    """Give the decoder rough maps of where the curve runs; false as in the paper."""
    free_bits: float = Field(default=0.5, ge=0, le=10)
    """Divergence of each latent number, in nats, that costs nothing."""
    emphasis: float = Field(default=10.0, ge=1, le=1000)
    """Weight of painted pixels at the beginning, where that of paper is 1."""
    emphasised: float = Field(default=0.1, ge=0, le=1)
    """Share of the images stage with this weight."""
    aim: Literal["distribution", "sample"] = "distribution"
    """The predictor learns mean and log variance, or sampled latent numbers."""
    batch: int = Field(default=64, ge=2, le=4096)
    """Strokes per step."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", "kingma2014", "kingma2016", "kingma2015", "tancik2020")
    stages: ClassVar[tuple[str, ...]] = ("images", "predictor", "together")
    required_stages: ClassVar[tuple[str, ...]] = ("images", "predictor")
    stochastic: ClassVar[bool] = True

    def build(self, data: TrainingData) -> VaeTrainer:
        """A trainer with first weights of encoder, decoder and predictor."""
        return VaeTrainer(self, data)

    def painter(self) -> VaePainter:
        """A painter of this size without weights."""
        return VaePainter(self.width, self.latent, self.colour, self.waves, self.guide)

    def seconds_per_step(self, stage: str) -> float:
        """See the base class."""
        return 0.12 * self.batch / 32 * (self.width / 16) ** 2

    def count(self, brush: BrushFile | None) -> int:
        """See the base class."""
        painter = self.painter()
        return painter.count() + StrokeEncoder(self.width, painter.channels, self.latent).count()


class StrokeEncoder(nn.Module):
    """Pictures (n, c, 64, 64) -> mean and log variance (n, latent) each."""

    def __init__(self, width: int, channels: int, latent: int) -> None:
        super().__init__()
        self.down = Downwards(width, channels)
        self.mean = bare(nn.Linear, 32 * width, latent)
        self.spread = bare(nn.Linear, 32 * width, latent)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latent numbers, (n, latent) each."""
        hidden = self.down(pictures)
        return self.mean(hidden), self.spread(hidden)

    def count(self) -> int:
        """How many weights."""
        return sum(parameter.numel() for parameter in self.parameters())


class Predictor(nn.Module):
    """Numbers of actions -> mean and log variance of latent numbers."""

    def __init__(self, numbers: int, latent: int) -> None:
        super().__init__()
        sizes = [numbers, *HIDDEN]
        self.layers = nn.ModuleList(bare(nn.Linear, a, b) for a, b in zip(sizes, sizes[1:], strict=False))
        self.norms = nn.ModuleList(bare(nn.BatchNorm1d, size) for size in HIDDEN)
        self.mean = bare(nn.Linear, sizes[-1], latent)
        self.spread = bare(nn.Linear, sizes[-1], latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, (n, latent) each."""
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = norm(functional.leaky_relu(layer(x), LEAK))
        return self.mean(x), self.spread(x)


class Decoder(nn.Module):
    """Latent numbers (n, latent) -> pictures (n, c, 64, 64), before the sigmoid."""

    def __init__(self, width: int, channels: int, latent: int, *, guided: bool) -> None:
        super().__init__()
        self.spread = bare(nn.Linear, latent, 32 * width)
        stages = (
            UpsamplingStage(1, 32 * width, 4 * width, 5, 0),
            UpsamplingStage(5, 4 * width, 2 * width, 5, 0),
            UpsamplingStage(13, 2 * width, width, 6, 0),
            UpsamplingStage(30, width, channels, 6, 0),
        )
        self.up = Upwards(stages, norm=False, more=MAPS if guided else 0)

    def forward(self, latent: Tensor, maps: Maps) -> Tensor:
        """Logits of the pictures; the maps matter where the decoder is guided."""
        logits: Tensor = self.up(self.spread(latent)[:, :, None, None], maps.at)
        return logits


class VaePainter(RasterPainter):
    """Predictor and decoder as a painter."""

    kind = "vae"

    def __init__(
        self, width: int, latent: int, mode: ColourMode, waves: int, guided: bool, space: Space | None = None
    ) -> None:
        """An untrained painter; `raster_base.fresh` or `raster_base.fill` give it weights.

        Args:
            width: channels of the decoder's last layer but one.
            latent: latent numbers per stroke.
            mode: of its pictures.
            waves: octaves of the predictor's encoding of actions.
            guided: whether the decoder sees maps of the curve.
            space: what the numbers of an action mean.
        """
        super().__init__()
        self.width, self.latent, self.mode, self.waves, self.guided = width, latent, mode, waves, guided
        self.space = space or Space()
        self.predictor = Predictor(count(self.columns, waves), latent)
        self.decoder = Decoder(width, self.channels, latent, guided=guided)

    def plan(self) -> dict[str, Any]:
        """See the base class."""
        names = ("width", "latent", "mode", "waves", "guided")
        return {name: getattr(self, name) for name in names}

    def predict(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latent numbers of actions, (n, latent) each."""
        mean, spread = self.predictor(encode(actions, self.columns, self.waves))
        return mean, spread

    def decode(self, latent: Tensor, actions: Tensor) -> Tensor:
        """Pictures (n, c, 64, 64) of latent numbers; the actions matter where the decoder is guided."""
        maps = Maps(actions, self.space)
        pictures = torch.sigmoid(self.decoder(latent, maps))
        return maps.within(pictures, float(self.mode == "rgb")) if self.guided else pictures

    def draw(self, actions: Tensor, random: torch.Generator | None = None) -> Tensor:
        """See the base class."""
        mean, spread = self.predict(actions)
        return self.decode(mean if random is None else drawn(mean, spread, random), actions)

    def between(self, first: Tensor, second: Tensor, part: float, *, seeds: tuple[int, int], grain: int) -> Tensor:
        """Interpolate latent numbers, as in the paper's figures; a guided decoder also sees interpolated actions."""
        if self.mode == "rgb":  # opacity is that of the black stroke, whose latent numbers are others
            return super().between(first, second, part, seeds=seeds, grain=grain)
        latent = torch.lerp(self.predict(first)[0], self.predict(second)[0], part)
        return self.decode(latent, torch.lerp(first, second, part))[:, 0]


def drawn(mean: Tensor, spread: Tensor, random: torch.Generator) -> Tensor:
    """A sample of normal distributions, by their mean and log variance."""
    noise = torch.randn(mean.shape, generator=random, dtype=mean.dtype).to(mean.device)
    return mean + torch.exp(spread / 2) * noise


def divergence(mean: Tensor, spread: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the standard normal distribution in nats, summed over latent numbers, (n,)."""
    return -0.5 * (1 + spread - mean.square() - spread.exp()).sum(1)


class VaeTrainer(RasterTrainer):
    """Trains a VAE painter, stage by stage."""

    order = Vae.stages

    def __init__(self, settings: Vae, data: TrainingData) -> None:
        super().__init__(data, settings.colour, settings.batch)
        self.settings = settings
        random = torch.Generator().manual_seed(data.seed)
        self.learner = settings.painter()
        self.encoder = StrokeEncoder(settings.width, self.learner.channels, settings.latent)
        for network in (self.learner, self.encoder):
            fresh(network, random)
            network.to(data.device)
        self.painter: VaePainter = settings.painter().to(data.device)
        self.painter.load_state_dict(self.learner.state_dict())
        self.painter.eval().requires_grad_(False)
        self.modules = {
            "encoder": self.encoder,
            "decoder": self.learner.decoder,
            "predictor": self.learner.predictor,
        }
        self.restart(1e-4, 1)

    def _trained_modules(self) -> tuple[str, ...]:
        return {
            "images": ("encoder", "decoder"),
            "predictor": ("predictor",),
            "together": ("predictor", "decoder"),
        }[self.stage]

    def step(self, number: int) -> Mapping[str, float]:
        """One batch; see the base class.

        Raises:
            RunFailed: the loss is not finite.
        """
        random = self.random(number)
        actions, pictures = self.batch(random)
        self.falling(number)
        terms = {"images": self._images, "predictor": self._predictor, "together": self._together}[self.stage](
            actions, pictures, random, number
        )
        loss = torch.stack(list(terms.values())).sum()
        self.descend(loss, number, *self.adams)
        follow(self.painter, self.learner, number)
        return {name: float(value.detach()) for name, value in terms.items()}

    def _images(self, actions: Tensor, pictures: Tensor, random: torch.Generator, number: int) -> dict[str, Tensor]:
        mean, spread = self.encoder(pictures)
        decoded = self.learner.decode(drawn(mean, spread, random), actions)
        early = number < self.settings.emphasised * self.steps
        weights = emphasis(pictures, self.mode, self.settings.emphasis if early else 1.0)
        free = self.settings.free_bits * self.settings.latent
        return {
            "reconstruction": ((decoded - pictures).square() * weights).flatten(1).sum(1).mean(),
            "divergence": divergence(mean, spread).clamp(min=free).mean(),
        }

    def _predictor(self, actions: Tensor, pictures: Tensor, random: torch.Generator, number: int) -> dict[str, Tensor]:
        with torch.no_grad():
            mean, spread = self.encoder(pictures)
        predicted_mean, predicted_spread = self.learner.predict(actions)
        if self.settings.aim == "sample":
            return {"latent": functional.mse_loss(predicted_mean, drawn(mean, spread, random))}
        return {
            "mean": functional.mse_loss(predicted_mean, mean),
            "log variance": functional.mse_loss(predicted_spread, spread),
        }

    def _together(self, actions: Tensor, pictures: Tensor, random: torch.Generator, number: int) -> dict[str, Tensor]:
        pictures_drawn = self.learner.draw(actions)
        return {"reconstruction": (pictures_drawn - pictures).square().flatten(1).sum(1).mean()}
