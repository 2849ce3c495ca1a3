"""Models of ncnn -> their weights in order: a text with a line for each layer, and a file of bare numbers.

A line of the text reads `Kind name inputs outputs names... key=value...`. A layer's weights stand in the binary file in
the order of the lines: four bytes that say how a convolution's kernels are kept (half or single precision), the
kernels (out, in, rows, columns), padded to four bytes, then the biases; of a PReLU its slopes alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch

if TYPE_CHECKING:
    from torch import Tensor

HALF, SINGLE = 0x01306B47, 0  # how kernels are kept
MAGIC = "7767517"  # the text's first line
_OUT, _KERNEL, _COUNT = "0", "1", "6"  # keys of a layer: channels out, side of a kernel, number of kernel weights


def read_ncnn(text: str, data: bytes) -> list[tuple[str, list[Tensor]]]:
    """The layers with weights in order: (kind, tensors), of a `Convolution` [kernels, biases], of a `PReLU` [slopes].

    Args:
        text: of the `.param` file.
        data: of the `.bin` file.

    Raises:
        ValueError: another kind of file, weights kept in another way, or a binary file that is too short or too long.
    """
    lines = text.splitlines()
    if not lines or lines[0].strip() != MAGIC:
        raise ValueError("it does not begin as a model of ncnn")
    layers: list[tuple[str, list[Tensor]]] = []
    position = 0

    def numbers(count: int, kind: str = "<f4") -> F32:
        nonlocal position
        values = np.frombuffer(data, kind, count, position).astype(np.float32)  # raises ValueError where data ends
        position += -(-values.size * np.dtype(kind).itemsize // 4) * 4
        return values

    for line in lines[2:]:
        kind, _, inputs, outputs, *rest = line.split()
        values = dict(part.split("=", 1) for part in rest[int(inputs) + int(outputs) :])
        if kind == "Convolution":
            out, side, count = (int(values[key]) for key in (_OUT, _KERNEL, _COUNT))
            kept = int.from_bytes(data[position : position + 4], "little")
            position += 4
            if kept not in (HALF, SINGLE):
                raise ValueError(f"kernels are kept as {kept:#x}, neither half nor single precision")
            kernels = numbers(count, "<f2" if kept == HALF else "<f4").reshape(out, -1, side, side)
            layers.append((kind, [torch.from_numpy(kernels), torch.from_numpy(numbers(out))]))
        elif kind == "PReLU":
            layers.append((kind, [torch.from_numpy(numbers(int(values[_OUT])))]))
    if position != len(data):
        raise ValueError(f"{len(data):,} bytes of weights, but the layers need {position:,}")
    return layers
