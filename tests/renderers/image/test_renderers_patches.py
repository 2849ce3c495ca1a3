"""The renderer of patches: levels as phases, resumed bit for bit, and a refinement by a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from orbifolio.runner.canvas.initial import InitialContext, initialise
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.image.patches import Patches, PatchRenderer, PatchState
from orbifolio.runner.renderers.image.settings import ImageOptimisation
from orbifolio.runner.run.input_images import named_inputs


def picture(source: str) -> torch.Tensor:
    field = gaussian_filter(np.random.default_rng(len(source)).normal(size=(48, 60, 3)), (3, 3, 0))
    return torch.from_numpy((field > 0).astype(np.float32))[None].permute(0, 3, 1, 2) * 0.8 + 0.1


CONTEXT = RenderContext(seed=5, device="cpu", picture=picture, plain_picture=picture)


def renderer(**settings: object) -> PatchRenderer:
    given = {"symmetry": {"kind": "plane", "group": "p4"}, "images": ["one"], "size": 48, **settings}
    return Patches.model_validate(given).build(CONTEXT)


def run(made: PatchRenderer, *, interrupted_at: int | None = None) -> PatchState:
    """All phases; at one of the steps the state is saved and loaded by another renderer."""
    state, done = None, 0
    for number, phase in enumerate(made.phases()):
        state = made.begin(number, state)
        for _ in range(phase.steps):
            outcome = made.step(state)
            done += 1
            if done == interrupted_at:
                saved = made.save(state)
                made = PatchRenderer(made.settings, CONTEXT)
                state = made.load(number, saved)
            if outcome.finished:
                break
    assert state is not None
    return state


@pytest.mark.parametrize("refine", [None, {"steps": 3, "vision": "untrained"}])
@pytest.mark.parametrize("at", [3, 22])
def test_a_resumed_run_continues_to_the_same_bits(refine: object, at: int) -> None:
    settings = {"refine": refine}
    whole, parts = renderer(**settings), renderer(**settings)
    first, second = run(whole), run(parts, interrupted_at=at)
    assert np.array_equal(whole.image(first), parts.image(second))


def test_phases_grow_to_the_wanted_size_and_are_exactly_symmetric() -> None:
    made = renderer(symmetry={"kind": "plane", "group": "p4", "colours": {"r4": ["g", "r", "b"]}})
    phases = made.phases()
    widths = [phase.width for phase in phases]
    assert widths == sorted(widths)
    assert widths[-1] == 48
    assert "magnified" in phases[0].notes[0]
    image = made.image(run(made))
    turned = np.roll(np.rot90(image)[..., [1, 0, 2]], 1, axis=0)  # about the pixel at the tile's corner
    np.testing.assert_allclose(turned, image, atol=1e-6)
    summary = made.symmetry_summary(image)
    assert summary is not None
    assert summary["worst"] < 1e-6


def test_a_refinement_starts_from_the_patches() -> None:
    made = renderer(refine={"steps": 2, "vision": "untrained"})
    phases = made.phases()
    assert phases[-1].title.endswith("refined")
    state = None
    for number, phase in enumerate(phases[:-1]):
        state = made.begin(number, state)
        for _ in range(phase.steps):
            if made.step(state).finished:
                break
    before = made.image(state)
    refined = made.begin(len(phases) - 1, state)
    np.testing.assert_allclose(made.image(refined), before, atol=2e-3)
    terms = made.step(refined).terms
    assert any(name.startswith("style") for name in terms)
    assert not np.array_equal(made.image(refined), before)


def test_an_image_optimisation_can_begin_with_patches() -> None:
    settings = ImageOptimisation.model_validate(
        {
            "canvas": {"init": {"kind": "patches", "images": ["one"]}},
            "symmetry": {"kind": "plane", "group": "p6"},
            "vision": "untrained",
            "objectives": ["range"],
            "phases": [{"size": 48, "steps": 0}],
        }
    )
    symmetry, ratio = settings.symmetry_for(lambda source: None)
    layout = symmetry.layout(*symmetry.fit(48, multiple=1, ratio=ratio))

    def begun(seed: int) -> torch.Tensor:
        random = torch.Generator().manual_seed(seed)
        return initialise(settings.canvas.initial, InitialContext(layout, random, picture, symmetry))

    assert begun(1).shape == (layout.parameters, 3)
    assert torch.equal(begun(1), begun(1))
    assert not torch.equal(begun(1), begun(2))
    assert float(begun(1).std()) > 0.2


@pytest.mark.parametrize(
    ("settings", "place", "words"),
    [
        ({"images": []}, "images", "no picture to copy from"),
        ({"images": ["one", "two"], "start": "one"}, "images", "a picture to begin with is also what is copied from"),
        ({"keep": 0.5}, "keep", "nothing to keep"),
        ({"symmetry": {"kind": "plane", "group": "p4", "colours": {"r4": ["g", "b", "r"]}}}, "symmetry", "quarter"),
        ({"refine": {"objectives": [{"kind": "style", "images": ["one"], "layers": ["x"]}]}}, "refine", "layer"),
    ],
)
def test_mistakes_are_told_with_their_place(settings: dict[str, object], place: str, words: str) -> None:
    checked = Patches.model_validate({"images": ["one"], "symmetry": {"kind": "plane", "group": "p4"}, **settings})
    problems = checked.complaints(lambda source: 1.0)
    assert any(path.startswith(place) and words in text for path, text in problems), problems


def test_reports_call_pictures_by_what_they_are_for() -> None:
    settings = Patches.model_validate({"images": [{"image": "one", "mask": "left"}, "two"]})
    assert settings.pictures() == {"images.0": "one", "images.1": "two", "images.0.mask": "left"}
    pictures = {**settings.pictures(), **Patches(start="three").pictures()}
    roles = {name for name, _, _ in named_inputs({f"renderer.{path}": source for path, source in pictures.items()})}
    assert roles == {"style 1", "style 2", "mask 1", "initial 1"}
