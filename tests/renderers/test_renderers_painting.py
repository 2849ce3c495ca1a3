"""The painting renderer: phases are layers, a resumed run has the same bytes, settings explain themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from skimage import data

from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.painting import PaintedPicture, PaintingRenderer


def context() -> RenderContext:
    pixels = data.coffee()[::2, ::2].astype(np.float32) / 255
    picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()
    return RenderContext(3, "cpu", picture=lambda source: picture, plain_picture=lambda source: picture)


@pytest.fixture
def renderer() -> PaintingRenderer:
    return PaintedPicture(image="photo", size=180).build(context())


def test_a_layer_is_a_phase_and_a_pass_a_step(renderer: PaintingRenderer) -> None:
    phases = renderer.phases()
    assert [phase.steps for phase in phases] == [1, 2, 2, 2, 2]
    assert {(phase.width, phase.height) for phase in phases} == {(180, 120)}
    assert phases[0].title.startswith("block-in, strokes ")
    assert phases[-1].title.startswith("accents")
    assert all(phase.seconds is not None and phase.seconds > 0 for phase in phases)


def test_a_resumed_painting_has_the_same_bytes(renderer: PaintingRenderer) -> None:
    def paint(stop_after: int | None) -> np.ndarray:
        state, done = None, 0
        for number, phase in enumerate(renderer.phases()):
            state = renderer.begin(number, state)
            for _ in range(phase.steps):
                renderer.step(state)
                done += 1
                if done == stop_after:
                    state = renderer.load(number, renderer.save(state))
        assert state is not None
        return renderer.image(state)

    whole, cut = paint(None), paint(3)
    assert whole.tobytes() == cut.tobytes()


def test_a_sketch_shows_the_painting_small() -> None:
    sketch = PaintedPicture(image="photo", size=4096).sketch(context(), 120)
    assert sketch.shape == (80, 120, 3)
    assert np.abs(sketch.mean((0, 1)) - data.coffee().mean((0, 1)) / 255).max() < 0.06


def test_a_palette_needs_a_look_that_mixes() -> None:
    nothing: Callable[[str], float | None] = lambda source: None  # noqa: E731
    settings = PaintedPicture(image="photo", look={"kind": "watercolour"}, palette=("#112233",))  # type: ignore[arg-type]
    assert settings.complaints(nothing)[0][0] == "palette"
    assert PaintedPicture(image="photo", palette=("#112233",)).complaints(nothing) == []
