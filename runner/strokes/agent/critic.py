"""The critic: (painting, target) -> a number, high for pairs that are the same picture (WGAN, Nakano 2019).

    concat(image, target) -> conv 4 x 4 stride 2, leaky ReLU, as often as it halves to 4 pixels -> dense -> 1

The real pair is (target, target), the false one (painting, target): so it learns what a painting lacks of *this*
target. It is a Wasserstein critic with gradient penalty (Gulrajani et al. 2017). Two departures from Nakano (2019):
his batch norms from the second convolution on make the gradient of one picture depend on the others of its batch,
which the penalty assumes it does not, so there are none here; and the penalty's mixing number is drawn for each
picture, not once for each batch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

LEAK = 0.2  # slope of the leaky ReLU for negative numbers, as in the paper
PENALTY = 10.0  # weight of the gradient penalty (Gulrajani et al. 2017)
LAST_SIDE = 4  # pixels of the map that the score is read from


class PaintingCritic(nn.Module):
    """Scores pairs of pictures; see the module's docstring."""

    def __init__(self, side: int, planes: int, channels: int) -> None:
        """Untrained, for `network.draw_weights`.

        Args:
            side: of the pictures; a power of two, 8 at least.
            planes: channels of the pictures, 1 or 3.
            channels: of the first map; each further one has twice as many. The paper has 64 at 64 pixels.
        """
        super().__init__()
        counts = [2 * planes]
        while side > LAST_SIDE:
            counts.append(channels * 2 ** (len(counts) - 1))
            side //= 2
        self.layers = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)
            for inputs, outputs in zip(counts, counts[1:], strict=False)
        )
        self.score = nn.Linear(counts[-1] * side * side, 1)

    def forward(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """Scores (n,) of pictures and targets, (n, planes, side, side) each, in [0, 1]."""
        maps = 1 - torch.cat((pictures, targets), dim=1)
        for layer in self.layers:
            maps = leaky_relu(layer(maps), LEAK)
        scores: Tensor = self.score(maps.flatten(1))[:, 0]
        return scores


def critic_loss(
    critic: PaintingCritic, paintings: Tensor, targets: Tensor, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The two terms that the critic minimises: the negative Wasserstein estimate and the gradient penalty.

        -(mean D(target, target) - mean D(painting, target));   10 mean (|dD/dx| - 1)^2 at x between the two

    Args:
        paintings: (n, planes, side, side), without gradients.
        targets: (n, planes, side, side).
        random: of the places x.
    """
    distance = critic(targets, targets).mean() - critic(paintings, targets).mean()
    share = torch.rand(len(targets), 1, 1, 1, generator=random).to(targets)
    mixed = torch.lerp(paintings, targets, share).requires_grad_()
    (slope,) = torch.autograd.grad(critic(mixed, targets).sum(), mixed, create_graph=True)
    return -distance, PENALTY * (slope.flatten(1).norm(dim=1) - 1).square().mean()
