"""Ways to wrap VGG16's convolutions: milliseconds forward and backward to conv4_1, best of some.

Run from the repository: `python benchmarks/vision_padding.py [height width repeats threads]`. The network's own
way is `extend`; the others are here to be compared. Random filters: the numbers do not depend on them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from orbifolio.runner.cpu_features import protect

protect()

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

import orbifolio.runner.vision.vgg as vgg  # noqa: E402
from orbifolio.runner.vision.edges import extend  # noqa: E402
from orbifolio.runner.vision.untrained import Untrained  # noqa: E402

LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
Extend = Callable[[Tensor, tuple[int, int, int, int], tuple[str, str]], Tensor]


def concatenated(features: Tensor, margins: object, padding: object) -> Tensor:
    rows = torch.cat((features[:, :, -1:], features, features[:, :, :1]), 2)
    return torch.cat((rows[..., -1:], rows, rows[..., :1]), 3)


def circular(features: Tensor, margins: object, padding: object) -> Tensor:
    return functional.pad(features, (1, 1, 1, 1), mode="circular")


def zeros(features: Tensor, margins: object, padding: object) -> Tensor:
    return functional.pad(features, (1, 1, 1, 1))


def main() -> None:
    given = [int(value) for value in sys.argv[1:]]
    height, width, repeats, threads = given + [384, 448, 5, 2][len(given) :]
    torch.set_num_threads(threads)
    picture = torch.rand(1, 3, height, width, requires_grad=True)
    network = Untrained().build().padded(("wrap", "wrap"))
    weigh = {name: torch.randn_like(features) for name, features in network.features(picture.detach(), LAYERS).items()}
    ways: dict[str, Extend] = {"extend": extend, "concatenated": concatenated, "circular": circular, "zeros": zeros}
    for dtype in (torch.float32, torch.bfloat16):
        placed = network.to("cpu", dtype)
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(repeats):
            for name, way in ways.items():
                vgg.extend = way  # type: ignore[assignment]
                begun = time.perf_counter()
                features = placed.features(picture, LAYERS)
                total = sum((values.float() * weigh[layer]).sum() for layer, values in features.items())
                torch.autograd.grad(total, picture)
                best[name] = min(best[name], (time.perf_counter() - begun) * 1e3)
        print(str(dtype), {name: f"{milliseconds:.0f} ms" for name, milliseconds in best.items()})


if __name__ == "__main__":
    main()
