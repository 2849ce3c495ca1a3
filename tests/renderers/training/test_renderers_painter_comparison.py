"""Painters side by side in the one loop: sheet, table, resuming, what a user is told; the network's distance."""

import json

import numpy as np
import pytest
import torch
from interrupted import run
from PIL import Image
from pydantic import TypeAdapter

from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.strokes.brush_models.gan import Gan
from orbifolio.runner.strokes.brush_models.raster_base import fresh
from orbifolio.runner.strokes.brush_models.weights import pack
from orbifolio.runner.vision.perceptual_loss import PerceptualLoss, gram
from orbifolio.runner.vision.untrained import Untrained


@pytest.fixture
def settings(tmp_path):
    """A shipped brush and a tiny GAN, on two drawn digits and one picture."""
    painter = Gan(width=2).painter()
    fresh(painter, torch.Generator().manual_seed(0))
    (tmp_path / "mine.safetensors").write_bytes(pack(painter.eval(), {"brush": "mine"}))
    for name in "01":
        (tmp_path / "digits" / name).mkdir(parents=True)
        for number in range(4):
            pixels = np.full((28, 28), 255, np.uint8)
            pixels[4:24, 13 + number % 3 : 16] = 0
            Image.fromarray(pixels).save(tmp_path / "digits" / name / f"{number:02}.png")
    record = {
        "kind": "painter-comparison",
        "painters": ["classic/dry_brush", str(tmp_path / "mine.safetensors")],
        "unseen": 8,
        "repeats": 2,
        "data": {"kind": "folder", "path": str(tmp_path / "digits")},
        "digits": {"strokes": 2, "steps": 2, "loss": "perceived"},
        "images": ["skimage:astronaut"],
        "paintings": {"strokes": 3, "steps": 2, "loss": "pixels"},
        "vision": "untrained",
    }

    def build(**values):
        return TypeAdapter(AnyRenderer).validate_python(record | values)

    return build


def context() -> RenderContext:
    def picture(source: str) -> torch.Tensor:
        return torch.rand(1, 3, 80, 100, generator=torch.Generator().manual_seed(len(source)))

    return RenderContext(seed=1, device="cpu", picture=picture, plain_picture=picture)


def test_every_painter_is_on_the_sheet_and_in_the_table(settings):
    renderer = settings().build(context())
    assert settings().complaints(lambda source: 1.0) == []
    first = renderer.begin(0, None)
    phase = renderer.phases()[0]
    assert renderer.image(first).shape == (phase.height, phase.width, 3)
    state = run(renderer)
    assert renderer.image(state).shape == (phase.height, phase.width, 3)
    table = json.loads(renderer.extras(state, lambda pixels: pixels)["comparison.json"])
    assert set(table) == {"strokes", "digits", "pictures"}
    for name in ("digits", "pictures"):
        assert set(table[name]) == {"dry_brush", "mine.safetensors"}
        assert {"squared error", "psnr", "ssim", "perceived"} == set(table[name]["dry_brush"]["neural"])


@pytest.mark.slow
@pytest.mark.parametrize("interrupt", [(0, 0), (1, 1)])
def test_resuming_changes_nothing(settings, interrupt):
    whole, broken = settings().build(context()), settings().build(context())
    assert np.array_equal(whole.image(run(whole)), broken.image(run(broken, interrupt)))


def test_what_is_not_there_is_told(settings, tmp_path):
    found = dict(settings(painters=["classic/dry_brsh"]).complaints(lambda source: 1.0))
    assert "did you mean classic/dry_brush" in found["painters.0"]
    found = dict(settings(vision="efficientnet-lite0").complaints(lambda source: 1.0))
    assert "no layer conv3_3" in found["vision"]
    found = dict(settings(data={"kind": "folder", "path": str(tmp_path / "none")}).complaints(lambda source: 1.0))
    assert "no such folder" in found["data.path"]


def test_the_networks_distance_is_none_from_itself_and_grows_with_blur():
    perception = PerceptualLoss(Untrained().build())
    wanted = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert perception.each(wanted, wanted).abs().max() == 0
    blurred = [torch.nn.functional.avg_pool2d(wanted, k, 1, k // 2) for k in (3, 9)]
    small, large = (perception.each(picture, wanted) for picture in blurred)
    assert (0 < small).all()
    assert (small < large).all()
    leaf = blurred[0].clone().requires_grad_()
    perception(leaf, wanted).backward()
    assert leaf.grad.abs().max() > 0


def test_the_gram_matrix_is_the_formulas():
    features = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    expected = np.einsum("nchw,ndhw->ncd", features, features) / 60
    assert np.allclose(gram(features), expected)
