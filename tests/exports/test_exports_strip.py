"""What a frieze leaves: one length that repeats to both sides, and a strip of several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orbifolio.runner.exports.products import write_products
from orbifolio.runner.images.finish import Traits


@pytest.mark.parametrize(("width", "height", "times"), [(96, 48, 6), (1200, 800, 2), (600, 600, 5)])
def test_a_strip_is_shown_several_times_over(tmp_path: Path, width: int, height: int, times: int) -> None:
    picture = np.linspace(0, 1, width * height * 3, dtype=np.float32).reshape(height, width, 3)
    block = write_products(tmp_path, picture, Traits(wrap=(False, True)), {})
    found = {Path(item["path"]).name: item["title"] for item in block}
    other = write_products(tmp_path / "map", picture, Traits(wrap=(False, True), tiles=False), {})
    assert not any("tile" in item["path"] or "swatch" in item["path"] for item in other)
    assert found["tile.png"] == "One length, repeats to both sides without a seam"
    assert found["swatch.webp"] == f"Strip of {times} lengths"
    for name, across in (("swatch.webp", times * width), ("tile.png", width)):
        with Image.open(tmp_path / "extras" / name) as shown:
            assert shown.size == (across, height)
