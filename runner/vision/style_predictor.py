"""Magenta's style predictor (Ghiasi et al. 2017): (picture) -> the 100 numbers that stand for its style.

A MobileNet v2 (Sandler et al. 2018) learnt from a large one, on paintings and textures, what a style transfer network
must be told of a picture to paint like it. The code is a linear map of the last features' mean, so that codes of crops
may be averaged. No recipe looks through it, which makes it a judge.

The published weights are 8-bit integers with a scale for each channel. Here they are multiplied out, and what flows
through the network stays in float32, where the published network rounds it to 8 bits as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional

from orbifolio.runner.vision.base import Padding, Provenance
from orbifolio.runner.vision.edges import check_picture, extend, same_margins
from orbifolio.runner.vision.mobilenet import BLOCKS, convolution_shapes
from orbifolio.runner.vision.weights import default_store

WEIGHTS = "style-predictor/magenta"
STRIDE = 32  # pixels for each of the last features
_EDGES: tuple[Padding, Padding] = ("zero", "zero")  # as it was trained


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of the network."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in convolution_shapes().items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return shapes


class StylePredictor:
    """The network.

    Attributes:
        provenance: where its weights come from.
    """

    def __init__(self, tensors: Mapping[str, Tensor], provenance: Provenance) -> None:
        self._tensors = dict(tensors)
        self.provenance = provenance

    def codes(self, pictures: Tensor) -> Tensor:
        """(n, 3, h, w) sRGB in [0, 1], trained with 256 px -> (n, 100).

        Raises:
            ShapeMismatch: not pictures, or a side below 32 px.
        """
        check_picture("style predictor", pictures, STRIDE, _EDGES)
        x = self._convolve(pictures.float(), "stem", stride=2).clamp(0, 6)
        for block in BLOCKS:
            entry = x
            if block.within != block.before:
                x = self._convolve(x, f"{block.name}.expand").clamp(0, 6)
            x = self._convolve(x, f"{block.name}.depthwise", stride=block.stride, groups=block.within).clamp(0, 6)
            x = self._convolve(x, f"{block.name}.project")
            if block.stride == 1 and block.before == block.after:
                x = x + entry
        x = self._convolve(x, "head").clamp(0, 6).mean((2, 3), keepdim=True)
        return self._convolve(x, "code").flatten(1)

    def _convolve(self, x: Tensor, name: str, *, stride: int = 1, groups: int = 1) -> Tensor:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        rows, columns = (same_margins(size, weight.shape[-1], stride) for size in x.shape[-2:])
        return functional.conv2d(extend(x, (*rows, *columns), _EDGES), weight, bias, stride=stride, groups=groups)


def load_style_predictor() -> StylePredictor:
    """The published network; fetches its weights (3 MB) on first use.

    Raises:
        MissingWeights: they are not here and cannot be fetched.
    """
    return StylePredictor(*default_store().load(WEIGHTS, shapes=weight_shapes()))
