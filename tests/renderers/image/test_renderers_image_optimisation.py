"""The image renderer: enlarging keeps symmetry and picture, octaves keep detail, plans match runs."""

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from orbifolio.runner.exports.geometry import PRODUCTS
from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext


def picture(source: str) -> torch.Tensor:
    x = torch.linspace(0, 1, 96)[None, None, None, :].expand(1, 3, 64, 96)
    y = torch.linspace(0, 1, 64)[None, None, :, None]
    return 0.5 + 0.3 * torch.sin(20 * x + 9 * y + torch.tensor([0.0, 1.0, 2.0])[None, :, None, None])


def build(**changes):
    record = {
        "kind": "image-optimisation",
        "vision": "untrained",
        "symmetry": {"kind": "plane", "group": "p4"},
        "objectives": [{"kind": "style", "images": ["x"], "layers": ["conv1_1"]}],
        "phases": [{"size": 16, "steps": 3}, {"size": 32, "steps": 2}],
        **changes,
    }
    settings = TypeAdapter(AnyRenderer).validate_python(record)
    return settings, settings.build(RenderContext(seed=3, device="cpu", picture=picture, plain_picture=picture))


def test_enlarging_keeps_the_picture_and_its_symmetry():
    _, renderer = build(phases=[{"size": 16, "steps": 20}, {"size": 32, "steps": 1}])
    state = renderer.begin(0, None)
    for _ in range(20):
        renderer.step(state)
    small = renderer.image(state)
    large = renderer.image(renderer.begin(1, state))
    assert np.abs(large[::2, ::2] - small).mean() < 0.05
    assert np.abs(np.rot90(large[:, :], 1).shape[0] - 32) == 0
    height = large.shape[0]
    rows, columns = np.indices((height, height))
    assert (
        np.abs(large - large[(-columns) % height, rows]).max() < 1e-5
        or np.abs(large - large[columns, (-rows) % height]).max() < 1e-5
    )


def test_octaves_give_back_the_detail_that_the_small_size_lost():
    _, renderer = build(
        symmetry="none",
        canvas={"kind": "pixels", "init": {"kind": "image", "image": "x"}},
        phases=[{"size": 24, "steps": 0}, {"size": 96, "steps": 0}],
    )
    state = renderer.begin(1, renderer.begin(0, None))
    assert np.abs(renderer.image(state) - picture("x")[0].permute(1, 2, 0).numpy()).max() < 0.02
    _, blurred = build(
        symmetry="none",
        canvas={"kind": "pixels", "init": {"kind": "image", "image": "x", "keep_detail": False}},
        phases=[{"size": 24, "steps": 0}, {"size": 96, "steps": 0}],
    )
    lost = blurred.image(blurred.begin(1, blurred.begin(0, None)))
    assert np.abs(lost - picture("x")[0].permute(1, 2, 0).numpy()).max() > 0.05


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"canvas": {"aspect": "3:2"}}, (24, 16)),
        ({"symmetry": "none"}, (32, 32)),
        ({"symmetry": "none", "canvas": {"init": {"kind": "image", "image": "x"}}}, (33, 22)),
        ({"symmetry": {"kind": "plane", "group": "p1"}, "canvas": {"aspect": "2:1"}}, (32, 16)),
    ],
)
def test_the_shape_follows_aspect_symmetry_and_picture(changes, size):
    _, renderer = build(**changes)
    phase = renderer.phases()[1]
    ratio = size[0] / size[1]
    assert phase.width / phase.height == pytest.approx(ratio, rel=0.05)


def test_a_seed_decides_and_steps_descend():
    _, one = build()
    _, two = build()
    states = [renderer.begin(0, None) for renderer in (one, two)]
    losses = [
        [sum(renderer.step(state).terms.values()) for _ in range(3)]
        for renderer, state in zip((one, two), states, strict=True)
    ]
    assert losses[0] == losses[1]
    assert losses[0][2] < losses[0][0]
    assert np.array_equal(one.image(states[0]), two.image(states[1]))


def test_moving_views_under_lbfgs_get_advice():
    settings, _ = build(views=["jitter"])
    assert any("adam" in advice for advice in settings.advisories())
    settings, _ = build(
        views=["jitter"],
        optimiser="adam",
        symmetry={"kind": "plane", "group": "p4", "colours": {"r4": ["g", "r", "b"]}},
    )
    assert not settings.advisories()


def test_traits_tell_what_a_finish_must_respect():
    _, renderer = build(symmetry={"kind": "plane", "group": "p4", "colours": {"r4": ["-g", "r", "b"]}})
    traits = renderer.traits(0)
    assert (traits.inverting, traits.inverting_single, traits.wrap) == (True, True, (True, True))


def test_products_have_the_colours_of_the_finished_picture(monkeypatch):
    from orbifolio.runner.symmetry.kinds.plane import PlaneSymmetry

    _, renderer = build()
    state = renderer.begin(0, None)
    seen = []
    monkeypatch.setitem(
        PRODUCTS, PlaneSymmetry, lambda symmetry, layout, values: seen.append(layout.render(values)) or {}
    )
    assert renderer.extras(state, lambda pixels: 1 - 0.5 * pixels) == {}
    shown = seen[0][0].permute(1, 2, 0).numpy()
    assert np.abs(shown - (1 - 0.5 * renderer.image(state))).max() < 1e-5


def test_the_plan_tells_once_how_far_a_style_is_magnified():
    _, renderer = build(phases=[{"size": 16, "steps": 1}, {"size": 32, "steps": 1}, {"size": 48, "steps": 1}])
    first, second, third = (phase.notes for phase in renderer.phases())
    assert first == second == ()
    assert len(third) == 1
    assert third[0].startswith("x magnified ")
    _, explicit = build(
        objectives=[{"kind": "style", "images": [{"image": "x", "magnifications": [2]}], "layers": ["conv1_1"]}]
    )
    assert all(phase.notes == () for phase in explicit.phases())
    _, plain = build(symmetry="none")
    assert all(phase.notes == () for phase in plain.phases())


def test_a_tile_of_two_cells_is_planned_and_made_by_looking_at_one():
    changes = {"symmetry": {"kind": "plane", "group": "p6"}, "phases": [{"size": 32, "steps": 1}]}
    whole, cell = build(**changes)[1], build(**changes)[1]
    whole.repeats = False
    assert whole.sizes == cell.sizes
    (phase,) = cell.phases()
    assert 2 * phase.seen == phase.width * phase.height
    assert any(f"looks at {phase.seen:,} of {2 * phase.seen:,} pixels" in note for note in phase.notes)
    pictures, losses = [], []
    for run in (whole, cell):
        state = run.begin(0, None)
        losses.append(sum(run.step(state).terms.values()))
        pictures.append(run.image(state))
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert abs(pictures[1] - pictures[0]).max() < 1e-3
