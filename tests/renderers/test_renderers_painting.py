"""The painting renderer: phases are layers, a resumed run has the same bytes, settings explain themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from skimage import data
from whole_or_resumed import painted_through, painted_through_states

from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.painting import PaintedPicture, PaintingRenderer
from orbifolio.runner.strokes.document.figures import fitted


def context() -> RenderContext:
    pixels = data.coffee()[::2, ::2].astype(np.float32) / 255
    picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()
    return RenderContext(3, "cpu", picture=lambda source: picture, plain_picture=lambda source: picture)


@pytest.fixture
def renderer() -> PaintingRenderer:
    return PaintedPicture(image="photo", size=180).build(context())


def test_a_layer_is_a_phase_and_a_pass_a_step(renderer: PaintingRenderer) -> None:
    phases = renderer.phases()
    assert [phase.steps for phase in phases] == [2, 2, 2, 2, 2, 1, 2]
    assert {(phase.width, phase.height) for phase in phases} == {(180, 120)}
    assert phases[0].title.startswith("block-in, strokes ")
    assert phases[4].title.startswith("accents")
    assert phases[-1].title.startswith("focus")  # nobody looks out of a cup of coffee
    assert all(phase.seconds is not None and phase.seconds > 0 for phase in phases)


def test_a_resumed_painting_has_the_same_bytes(renderer: PaintingRenderer) -> None:
    whole, cut = painted_through(renderer), painted_through(renderer, resumed_after=3)
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


def test_a_hand_is_told_in_the_plan_and_kept_in_the_document() -> None:
    settings = PaintedPicture(image="photo", hand={"image": "painting"}, size=180)  # type: ignore[arg-type]
    assert settings.pictures() == {"image": "photo", "hand.image": "painting"}
    renderer = settings.build(context())
    first, *others = renderer.phases()
    assert first.notes[0].startswith("taken from the painting: strokes ")
    assert all(not phase.notes for phase in others)
    assert all(note in renderer.describe() for note in first.notes)
    assert list(renderer.stages()) == ["in the colours of the painting"]
    state = renderer.begin(0, None)
    renderer.step(state)
    assert BristlePainting.of(state.session).look.layers[1] == state.session.brief.look.layers[1]
    assert state.session.brief.look != settings.look
    again = renderer.load(0, renderer.save(state))
    assert renderer.image(again).tobytes() == renderer.image(state).tobytes()


REFINE = {"steps": 4, "size": 96, "objectives": [{"kind": "pixels", "weight": 40}]}


def test_a_refined_painting_is_resumed_with_the_same_bytes_and_kept_in_the_document() -> None:
    settings = PaintedPicture(image="photo", size=180, refine=REFINE)  # type: ignore[arg-type]
    renderer = settings.build(context())
    assert [phase.steps for phase in renderer.phases()] == [2, 2, 2, 2, 2, 1, 2, 4]
    assert renderer.phases()[-1].title == "refined, seen at 96 px"
    shown, states = zip(*(painted_through_states(renderer, resumed_after=after) for after in (None, 15)), strict=True)
    assert shown[0].shape == (64, 96, 3)
    assert shown[0].tobytes() == shown[1].tobytes()
    finals = [renderer.final(state) for state in states]
    assert finals[0].shape == (120, 180, 3)
    assert finals[0].tobytes() == finals[1].tobytes()
    document = BristlePainting.of(states[0].session)
    assert document.picture().tobytes() == finals[0].tobytes()
    plain = PaintedPicture(image="photo", size=180).build(context())
    placed, before = painted_through_states(plain)
    assert (before.session.strokes.seeds == document.strokes.seeds).all()
    assert np.abs(before.session.strokes.colours - document.strokes.colours).max() > 0.01
    wanted = context().picture("photo")[0].permute(1, 2, 0).numpy()
    errors = [np.square(fitted(item, (90, 60)) - fitted(wanted, (90, 60))).mean() for item in (placed, finals[0])]
    assert errors[1] < 0.95 * errors[0]
    assert "refined under no network" in renderer.describe()


@pytest.mark.parametrize(
    ("changes", "where", "cure"),
    [
        ({"look": {"kind": "watercolour"}, "refine": REFINE}, "refine", "use oil, bold, gouache, pastel,"),
        ({"look": {"kind": "ink"}, "refine": REFINE}, "refine", "or leave out refine"),
        (
            {"refine": {"objectives": [{"kind": "content", "layers": ["conv9"]}]}},
            "refine.objectives.0.layers",
            "did you mean",
        ),
        ({"refine": {"views": [{"kind": "jitter"}]}}, "refine.objectives.0", "leave out views"),
    ],
)
def test_a_refinement_that_cannot_be_is_refused(changes: dict, where: str, cure: str) -> None:
    path, message = PaintedPicture(image="photo", **changes).complaints(lambda source: None)[0]
    assert path == where
    assert cure in message


@pytest.mark.parametrize(
    ("changes", "where", "cure"),
    [
        ({"look": {"kind": "ink"}}, "hand", "use oil, bold, gouache, pastel, pointillist or flow"),
        ({"palette": ("#112233",)}, "palette", "write hand.palette: 0"),
    ],
)
def test_a_hand_that_cannot_be_is_refused(changes: dict, where: str, cure: str) -> None:
    settings = PaintedPicture(image="photo", hand={"image": "painting"}, **changes)  # type: ignore[arg-type]
    path, message = settings.complaints(lambda source: None)[0]
    assert path == where
    assert cure in message


@pytest.mark.parametrize("symmetry", [{"kind": "plane", "group": "p4"}, {"kind": "sphere", "group": "O"}])
def test_a_forecast_is_the_plan_without_a_surface(symmetry: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = PaintedPicture(image="photo", size=96, symmetry=symmetry, look={"kind": "oil", "faces": False})  # type: ignore[arg-type]
    renderer = settings.build(context())
    exact = renderer.phases()

    def refuse(*arguments: object) -> None:
        raise AssertionError("a surface was laid out")

    monkeypatch.setattr(type(renderer.symmetry), "layout", refuse)
    assert settings.build(context()).forecast() == exact


def test_a_forecast_without_symmetry_is_exact(renderer: PaintingRenderer) -> None:
    assert renderer.forecast() == renderer.phases()
