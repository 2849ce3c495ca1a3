"""The endless zoom: a loop without a jump, and a page that needs nothing but itself."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from orbifolio.runner.exports.geometry import geometry_products
from orbifolio.runner.exports.zoom import periods, recoloured
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.kinds.droste import Droste, DrosteSymmetry
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout


def drawn(**values: object) -> tuple[DrosteSymmetry, BlendedLayout, torch.Tensor]:
    symmetry = Droste.model_validate(values).build()
    layout = symmetry.layout(96, 64)
    grain = np.random.default_rng(0).standard_normal((64, 96, 3))
    smooth = ndimage.gaussian_filter(grain, (4, 4, 0))
    return symmetry, layout, layout.sample(torch.from_numpy(smooth / smooth.std() * 0.2).permute(2, 0, 1)[None] + 0.5)


@pytest.fixture(scope="module")
def products() -> dict[str, bytes]:
    symmetry, layout, values = drawn(zoom=2, turn=45, colours={"z": ["g", "r", "b"]})
    return dict(geometry_products(symmetry, layout, values))


def test_a_whole_zoom_deeper_is_the_picture_in_the_next_colours() -> None:
    symmetry, layout, values = drawn(zoom=3, turn=60, colours={"z": ["g", "b", "r"]})
    matrix = colour.MATRICES[colour.parse("g,b,r")].astype(np.float32)
    here, deeper = (
        BlendedLayout(layout.lookup, symmetry.deeper(part, 1.5), 96, 64)
        .render(values)[0]
        .permute(1, 2, 0)
        .float()
        .numpy()
        .clip(0, 1)
        for part in (0.0, 1.0)
    )
    np.testing.assert_allclose(deeper, recoloured(here, matrix.T), atol=1e-5)
    assert np.abs(deeper - here).max() > 0.1


def test_colours_come_home() -> None:
    for spelling, count in (("r,g,b", 1), ("g,r,b", 2), ("g,b,r", 3), ("g,-r,b", 4), ("g,b,-r", 6)):
        assert len(periods(colour.MATRICES[colour.parse(spelling)].astype(np.float32))) == count


def test_the_loop_has_no_jump(products: dict[str, bytes]) -> None:
    loop = Image.open(io.BytesIO(products["zoom.webp"]))
    frames = []
    for number in range(loop.n_frames):
        loop.seek(number)
        frames.append(np.asarray(loop.convert("RGB"), dtype=np.float64))
    steps = [np.abs(a - b).mean() for a, b in zip(frames, frames[1:] + frames[:1], strict=True)]
    assert loop.info["loop"] == 0
    assert steps[-1] < 1.5 * max(steps[:-1])
    assert len(frames) % 2 == 0


def test_the_page_needs_nothing_but_itself(products: dict[str, bytes]) -> None:
    page = products["zoom.html"].decode("utf-8")
    assert "http" not in page.replace("http-equiv", "")
    assert "@" not in re.sub(r"@media", "", re.sub(r"data:[^\"]*", "", page))
    record = json.loads(re.search(r'<script type="application/json" id="record">(.*?)</script>', page)[1])
    assert record["zoom"] == 2
    assert record["turn"] == 45
    assert len(record["pictures"]) == 2
    assert all(item.startswith("data:image/webp;base64,") for item in record["pictures"])
    assert 'alt="' in page
    assert "prefers-reduced-motion" in page


def test_equal_pictures_make_equal_files(products: dict[str, bytes]) -> None:
    symmetry, layout, values = drawn(zoom=2, turn=45, colours={"z": ["g", "r", "b"]})
    assert dict(geometry_products(symmetry, layout, values)) == products
