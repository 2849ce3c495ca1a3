"""LPIPS: its formula written out again, its properties, and what its published weights say of known distortions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import skimage.data
import torch
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.errors import MissingWeights, ShapeMismatch
from orbifolio.runner.vision.alexnet import LAYERS, AlexNetEncoder, weight_shapes
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.lpips import Lpips, load_lpips

NOWHERE = Provenance("made up", "", "", "")


def made_up() -> tuple[Lpips, dict[str, Tensor]]:
    random = torch.Generator().manual_seed(8)
    tensors = {
        name: torch.randn(shape, generator=random) * math.sqrt(2 / math.prod(shape[1:]))
        for name, shape in weight_shapes().items()
    }
    heads = {f"lpips{n}": torch.rand(layer.after, generator=random) for n, layer in enumerate(LAYERS.values(), 1)}
    return Lpips(tensors | heads, NOWHERE), tensors | heads


def pictures(count: int) -> Tensor:
    return torch.rand(count, 3, 72, 80, generator=torch.Generator().manual_seed(9))


def test_the_distance_is_the_papers_formula() -> None:
    distance, tensors = made_up()
    a, b = pictures(2).split(1)
    seen, wanted = (
        AlexNetEncoder(tensors, NOWHERE).padded(("zero", "zero")).features(x, tuple(LAYERS)) for x in (a, b)
    )
    expected = 0.0
    for number, name in enumerate(LAYERS, 1):
        x, y = (features[name][0].double().numpy() for features in (seen, wanted))
        x, y = (values / np.linalg.norm(values, axis=0) for values in (x, y))
        weights = tensors[f"lpips{number}"].double().numpy()
        expected += float(np.mean(np.einsum("c,chw->hw", weights, (x - y) ** 2)))
    assert float(distance.each(a, b)) == pytest.approx(expected, rel=1e-4)


def test_equal_pictures_are_at_no_distance_and_order_does_not_matter() -> None:
    distance, _ = made_up()
    a, b = pictures(4).split(2)
    assert distance.each(a, a).tolist() == [0, 0]
    torch.testing.assert_close(distance.each(a, b), distance.each(b, a))
    # One by one or together, the same.
    torch.testing.assert_close(distance.each(a, b)[1:], distance.each(a[1:], b[1:]))


def test_pictures_that_cannot_be_compared_are_refused() -> None:
    distance, _ = made_up()
    a = pictures(1)
    for other in (a[..., :70], a.tile(2, 1, 1, 1)):
        with pytest.raises(ShapeMismatch, match="LPIPS"):
            distance.each(other, a)
    with pytest.raises(ShapeMismatch, match="64 px"):
        distance.each(a[..., :40], a[..., :40])


@pytest.mark.slow
def test_published_weights_put_distortions_in_peoples_order() -> None:
    try:
        distance = load_lpips()
    except MissingWeights as error:
        pytest.skip(f"weights cannot be fetched here: {str(error).splitlines()[0]}")
    cat, coffee = (
        torch.from_numpy(picture()[:256, :256] / 255).float().permute(2, 0, 1)[None]
        for picture in (skimage.data.chelsea, skimage.data.coffee)
    )
    noise = torch.randn(cat.shape, generator=torch.Generator().manual_seed(1))
    faint = (cat + 0.02 * noise).clamp(0, 1)
    small = functional.interpolate(cat, scale_factor=1 / 8, mode="area")
    blurred = functional.interpolate(small, scale_factor=8, mode="bilinear", align_corners=False)
    distances = [float(distance.each(other, cat)) for other in (faint, blurred, coffee)]
    assert distances[0] < 0.1 < 0.3 < distances[1] < distances[2] < 1.2
