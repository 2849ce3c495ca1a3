"""Finishing leaves a picture as symmetric as it was, by the program's own measure, under groups with colours."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from orbifolio.runner.images.finish import Finish
from orbifolio.runner.renderers.base import traits_of
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.verify.measure import measure

FINISHES = {
    "deviation": {"colours": {"from": "x", "by": "deviation"}},
    "linear": {"colours": {"from": "x", "by": "linear"}},
    "sliced": {"colours": {"from": "x", "by": "sliced", "amount": 0.8}},
    "flat": {"posterise": 6},
    "smoothed": {"posterise": {"colours": 7, "smooth": 1}},
    "all": {"colours": "x", "levels": "auto", "contrast": 1.1, "sharpen": 0.3, "posterise": 8},
}
GROUPS = {
    "p4": {"r4": ("g", "r", "b")},
    "p4mm": {"m": ("b", "g", "r")},
    "p4gm": {"r4": ("-r", "-g", "-b")},
    "p2mm": {"m": ("-r", "g", "b")},
    "p6": {"r6": ("g", "b", "r")},
}


def noise(seed: int, height: int, width: int) -> np.ndarray:
    field = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = gaussian_filter(field, (4, 4, 0), mode="wrap")
    return np.clip(0.5 + 0.25 * smooth / smooth.std(), 0, 1).astype(np.float32)


@pytest.mark.parametrize("group", GROUPS)
def test_finished_pictures_are_as_symmetric_as_before(group):
    symmetry = Plane(group=group, colours=GROUPS[group]).build()
    width, height = symmetry.fit(96, multiple=1, ratio=1.0)
    layout = symmetry.layout(width, height)
    start = torch.from_numpy(noise(1, height, width)).permute(2, 0, 1)[None]
    picture = layout.render(layout.sample(start))[0].permute(1, 2, 0).numpy()
    picture = np.clip((picture - 0.5) * 0.8 / np.abs(picture - 0.5).max() * 0.6 + 0.5, 0, 1).astype(np.float32)
    reference = noise(2, 50, 60) * np.array([0.9, 0.6, 0.3], np.float32)
    traits = traits_of(symmetry, (symmetry.ratio or 1.0) * height / width)
    chart, claims = symmetry.chart_for(width, height), symmetry.claims()
    assert measure(picture, chart, claims).worst < (0.01 if group == "p6" else 1e-6)
    for name, values in FINISHES.items():
        done = Finish.model_validate(values).finished(picture, traits, reference=reference, seed=1)
        assert np.abs(done.picture - picture).max() > 0.02, name
        after = measure(done.picture, chart, claims)
        # a pixel grid turned by 60 degrees shows hard edges a little differently
        assert after.worst < (0.04 if group == "p6" else 1e-3), (name, after.worst)
        assert all(item.claimed == item.best for item in after.claims), name
