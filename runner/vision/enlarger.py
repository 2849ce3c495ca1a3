"""The compact Real-ESRGAN (Wang et al. 2021): a picture -> the same picture four times as wide and high, crisp.

Eighteen convolutions of 3 x 3 pixels with 64 channels and PReLU between them, all at the small size; the last one's 48
channels are 4 x 4 pixels of three colours each, added to the picture with every pixel repeated. Trained on drawn films:
it draws edges sharp and keeps flat colour flat.

An output pixel depends on input pixels at most 18 away (`HALO`), so that a picture may be enlarged tile by tile, each
with that margin, and is the same as enlarged at once; memory is that of a tile and of the result.

Convention: pictures are (1, 3, height, width), sRGB in [0, 1]; input pixel (i, j) covers output pixels 4 i to 4 i + 3
and 4 j to 4 j + 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.errors import ShapeMismatch
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.weights import default_store

WEIGHTS = "real-esrgan-compact/animevideo-v3"
FACTOR = 4
CONVOLUTIONS, CHANNELS = 18, 64
HALO = CONVOLUTIONS  # pixels: each convolution looks one further
TILE = 192  # pixels along a side, of which margins make 1.4 times the work; much larger tiles do not fit the cache

CITES = ("wang2021",)

Progress = Callable[[float], None]


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of the network."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number in range(1, CONVOLUTIONS + 1):
        before = 3 if number == 1 else CHANNELS
        after = 3 * FACTOR**2 if number == CONVOLUTIONS else CHANNELS
        shapes[f"conv{number}.weight"], shapes[f"conv{number}.bias"] = (after, before, 3, 3), (after,)
        if number < CONVOLUTIONS:
            shapes[f"conv{number}.slope"] = (after,)
    return shapes


class Enlarger:
    """The network.

    Attributes:
        provenance: where its weights come from.
    """

    def __init__(self, tensors: Mapping[str, Tensor], provenance: Provenance) -> None:
        self.provenance = provenance
        self._tensors = {
            name: tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
            for name, tensor in tensors.items()
        }
        self.device = "cpu"

    def to(self, device: str) -> Enlarger:
        """The same network on a device."""
        other = Enlarger({name: tensor.to(device) for name, tensor in self._tensors.items()}, self.provenance)
        other.device = device
        return other

    def enlarge(
        self,
        picture: Tensor,
        *,
        wrap: tuple[bool, bool] = (False, False),
        tile: int = TILE,
        progress: Progress = lambda share: None,
    ) -> Tensor:
        """The picture four times as wide and high.

        Args:
            picture: (1, 3, height, width) in [0, 1], on any device.
            wrap: whether it continues over its (top-bottom, left-right) edges; else the edge is repeated.
            tile: pixels along a side of what is enlarged at once; the result does not depend on it.
            progress: called with the share that is done, in (0, 1].

        Returns:
            (1, 3, 4 height, 4 width) in [0, 1], float32 on the CPU.

        Raises:
            ShapeMismatch: not one RGB picture.
        """
        if picture.dim() != 4 or picture.shape[:2] != (1, 3):
            raise ShapeMismatch("picture to enlarge", expected=(1, 3, "height", "width"), actual=picture.shape)
        height, width = picture.shape[-2:]
        rows, columns = (
            _continued(length, wraps).to(picture.device) for length, wraps in zip((height, width), wrap, strict=True)
        )
        result = torch.empty(1, 3, FACTOR * height, FACTOR * width)
        with torch.no_grad():
            for top, bottom in _spans(height, tile):
                band = picture.index_select(2, rows[top : bottom + 2 * HALO])
                for left, right in _spans(width, tile):
                    window = band.index_select(3, columns[left : right + 2 * HALO]).to(self.device, torch.float32)
                    inner = slice(FACTOR * HALO, -FACTOR * HALO)
                    done = self._whole(window)[..., inner, inner]
                    area = (slice(FACTOR * top, FACTOR * bottom), slice(FACTOR * left, FACTOR * right))
                    result[..., area[0], area[1]] = done.clamp(0, 1)
                    progress((top * width + (bottom - top) * right) / (height * width))
        return result

    def _whole(self, x: Tensor) -> Tensor:
        """A window at once, zeros around it: right but for its margins."""
        y = x.contiguous(memory_format=torch.channels_last)
        for number in range(1, CONVOLUTIONS + 1):
            weight, bias = self._tensors[f"conv{number}.weight"], self._tensors[f"conv{number}.bias"]
            y = functional.conv2d(y, weight, bias, padding=1)
            if number < CONVOLUTIONS:
                y = functional.prelu(y, self._tensors[f"conv{number}.slope"])
        return functional.pixel_shuffle(y, FACTOR) + functional.interpolate(x, scale_factor=FACTOR)


def _continued(length: int, wraps: bool) -> Tensor:
    """Which pixel of an axis each one from -HALO to length + HALO shows."""
    places = torch.arange(-HALO, length + HALO)
    return places % length if wraps else places.clamp(0, length - 1)


def _spans(length: int, tile: int) -> Iterator[tuple[int, int]]:
    """An axis cut into equal pieces, none longer than a tile."""
    count = -(-length // tile)
    for number in range(count):
        yield length * number // count, length * (number + 1) // count


def load_enlarger() -> Enlarger:
    """The published network; fetches its weights (46 MB, of which 1.2 are kept) on first use.

    Raises:
        MissingWeights: they are not here and cannot be fetched.
    """
    return Enlarger(*default_store().load(WEIGHTS, shapes=weight_shapes()))
