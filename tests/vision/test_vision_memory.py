"""What the plan counts for a network's memory, against the tensors that are alive while it is evaluated."""

import weakref
from collections import Counter

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from orbifolio.runner.vision.alexnet import AlexNet, AlexNetEncoder, weight_shapes
from orbifolio.runner.vision.base import KERNEL_SHARE, Provenance
from orbifolio.runner.vision.chain_backward import ChainBackward, FeaturePull
from orbifolio.runner.vision.untrained import Untrained

SIZE = 128


class LiveBytes(TorchDispatchMode):
    """The most memory that tensors made meanwhile have held at once; views share theirs."""

    def __init__(self):
        super().__init__()
        self.holders, self.bytes, self.now, self.peak = Counter(), {}, 0, 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        result = function(*arguments, **(options or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor):
                place = tensor.untyped_storage().data_ptr()
                if not self.holders[place]:
                    self.bytes[place] = tensor.untyped_storage().nbytes()
                    self.now += self.bytes[place]
                self.holders[place] += 1
                weakref.finalize(tensor, self._let_go, place)
        self.peak = max(self.peak, self.now)
        return result

    def _let_go(self, place):
        self.holders[place] -= 1
        if not self.holders[place]:
            self.now -= self.bytes[place]


def alexnet():
    random = torch.Generator().manual_seed(0)
    tensors = {name: torch.randn(shape, generator=random) * 0.05 for name, shape in weight_shapes().items()}
    return AlexNetEncoder(tensors, Provenance("alexnet", "", "", ""))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    ("settings", "build", "layers"),
    [
        (Untrained(), lambda: Untrained().build(), ("conv1_1", "conv2_1", "conv3_1", "conv4_1")),
        (Untrained(), lambda: Untrained().build(), ("conv1_1", "conv5_1")),
        (Untrained(), lambda: Untrained().build(), ("conv1_2",)),
        (AlexNet(), alexnet, ("conv1", "conv4")),
    ],
    ids=["VGG16 to conv4_1", "VGG16 to conv5_1", "VGG16 to conv1_2", "AlexNet"],
)
def test_memory_of_a_chain_is_that_of_the_tensors_that_are_alive(settings, build, layers, precision):
    encoder = build().to("cpu", torch.bfloat16 if precision == "bf16" else torch.float32)
    network = ChainBackward(encoder.padded(("wrap", "wrap")).chain(layers))
    picture = torch.rand((1, 3, SIZE, SIZE), generator=torch.Generator().manual_seed(1))
    with LiveBytes() as live:
        walk = network.forth(picture)
        shapes = {name: walk.features[name] for name in layers}
        pulls = {name: FeaturePull(matrix=torch.eye(item.shape[1], dtype=item.dtype)) for name, item in shapes.items()}
        del shapes
        network.back(walk, pulls)
    told = settings.pixel_bytes(layers, precision) / KERNEL_SHARE[precision]
    assert live.peak / SIZE**2 == pytest.approx(told, rel=0.2)
