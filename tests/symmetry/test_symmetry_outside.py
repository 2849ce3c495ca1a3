"""Where a picture's surface ends: the rim shows the surface, and no measurement sees what lies beyond it."""

import numpy as np
import pytest
import torch

from orbifolio.runner.images.ground import lay
from orbifolio.runner.symmetry.charts import Band, Disk, Equirectangular, HalfPlane, Klein, Square, grid, opacity
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.partial import Partial
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.layouts.folded import FoldedLayout
from orbifolio.runner.symmetry.verify.summary import summarise

SIZE = 96


def drawn(settings: Hyperbolic) -> tuple[FoldedLayout, np.ndarray]:
    """A layout, and its picture of noise."""
    layout = settings.build().layout(SIZE, SIZE)
    assert isinstance(layout, FoldedLayout)
    noise = torch.rand((layout.parameters, 3), generator=torch.Generator().manual_seed(3)) - 0.5
    return layout, layout.render(noise)[0].clamp(0, 1).permute(1, 2, 0).numpy()


def test_only_disks_have_an_outside():
    assert opacity(Disk(0.5), SIZE, SIZE) is not None
    assert opacity(Klein(), SIZE, SIZE) is not None
    for chart in (Equirectangular(), HalfPlane(), Band(3.0), Square()):
        assert opacity(chart, SIZE, SIZE) is None
    assert Plane(group="p6").build().opacity(SIZE, SIZE) is None
    partial = Partial(base={"kind": "hyperbolic", "p": 3, "q": 8}, folds=[{"elements": [{}, {"turn": 120}]}])
    np.testing.assert_array_equal(partial.build().opacity(SIZE, SIZE), opacity(Disk(), SIZE, SIZE))


@pytest.mark.parametrize("chart", ["disk", "klein"])
def test_half_shown_pixels_of_a_part_of_the_disk_show_the_surface(chart):
    layout, picture = drawn(Hyperbolic(p=5, q=4, chart=chart, radius=0.5))
    wider = (Disk if chart == "disk" else Klein)(0.75)
    again = FoldedLayout(layout.surface, wider, SIZE * 3 // 2, SIZE * 3 // 2)  # the same scale, with more around it
    noise = torch.rand((layout.parameters, 3), generator=torch.Generator().manual_seed(3)) - 0.5
    edge = SIZE // 4
    more = again.render(noise)[0].clamp(0, 1).permute(1, 2, 0).numpy()[edge:-edge, edge:-edge]
    shown = opacity(layout.chart, SIZE, SIZE)
    np.testing.assert_allclose(picture[shown > 0], more[shown > 0], atol=1e-5)
    x, y = grid(SIZE, SIZE)
    assert ((shown.ravel() > 0) & (np.hypot(x, y) > 1)).sum() > SIZE  # whose middles are outside


@pytest.mark.parametrize("radius", [0.5, 1.0])
@pytest.mark.parametrize("ground", ["paper", "#ff0000"])
def test_measurements_do_not_see_the_ground(radius, ground):
    settings = Hyperbolic(p=7, q=3, radius=radius)
    _, picture = drawn(settings)
    symmetry = settings.build()
    laid = lay(picture, symmetry.opacity(SIZE, SIZE), ground)
    assert np.abs(laid - picture).max() > 0.2
    bare, grounded = summarise(symmetry, "hyperbolic", picture), summarise(symmetry, "hyperbolic", laid)
    assert bare["claims"]
    for one, other in zip(bare["claims"], grounded["claims"], strict=True):
        assert one["name"] == other["name"]
        assert one["residual"] == pytest.approx(other["residual"], abs=1e-3)
    assert grounded["visibility"] == pytest.approx(bare["visibility"], abs=1e-4)
