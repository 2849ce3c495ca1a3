"""The surface of a model as a canvas: crops look at it, its texture is the picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pygltflib
import pytest
import torch
from PIL import Image

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.exports.geometry import geometry_products
from orbifolio.runner.recipe.model import load
from orbifolio.runner.symmetry.kinds.model import Model

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def symmetry():
    return Model(model="orbifolio:pot", cameras=2).build()


@pytest.fixture(scope="module")
def layout(symmetry):
    return symmetry.layout(*symmetry.fit(96, multiple=16, ratio=1.0))


def waves(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand((count, 3), generator=torch.Generator().manual_seed(seed)) - 0.5


def test_only_texels_that_the_model_shows_are_optimised(layout):
    assert 0.4 * 96 * 96 < layout.parameters < 0.8 * 96 * 96
    assert layout.render(waves(layout.parameters)).shape == (1, 3, 96, 96)


def test_a_texture_comes_back_from_its_picture(layout):
    values = waves(layout.parameters)
    assert torch.allclose(layout.sample(layout.render(values)), values, atol=1e-6)


def test_a_texture_grows_from_phase_to_phase(symmetry, layout):
    large = symmetry.layout(192, 192)
    values = layout.sample(torch.linspace(0, 1, 96).view(1, 1, 1, 96).expand(1, 3, 96, 96))
    grown = large.carry(values, layout)
    expected = (large.atlas.own % 192 + 0.5) / 192 - 0.5
    # where islands of the texture lie side by side, a gutter's copy mixes in
    assert np.median(np.abs(grown[:, 0].numpy() - expected)) < 0.005
    assert np.abs(grown[:, 0].numpy() - expected).max() < 0.1


def test_crops_are_drawn_from_the_generator_alone(symmetry, layout):
    def pictures(seed: int) -> list[torch.Tensor]:
        crops = symmetry.crops(layout, (32, 32), torch.Generator().manual_seed(seed))
        return [crop.render(waves(layout.parameters)) for crop in crops]

    first, again, other = pictures(1), pictures(1), pictures(2)
    layout.crops.clear()
    assert all(torch.equal(a, b) for a, b in zip(first, pictures(1), strict=True))
    assert len(first) == 2
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_crops_have_the_scale_of_texels_and_see_mostly_the_model(symmetry, layout):
    size = symmetry.crop_size(96, 96, multiple=16)
    assert size == (32, 32)
    shown, steps = [], []
    ramp = layout.sample(torch.linspace(0, 1, 96).view(1, 1, 96, 1).expand(1, 3, 96, 96)).float()
    for seed in range(12):
        for crop in symmetry.crops(layout, size, torch.Generator().manual_seed(seed)):
            there = crop._shown.view(32, 32)
            shown.append(float(there.float().mean()))
            picture = crop.render(ramp)[0, 0]
            both = there[:, 1:] & there[:, :-1] & there.roll(-1, 0)[:, 1:]
            gradient = torch.hypot(picture[:, 1:] - picture[:, :-1], picture.roll(-1, 0)[:, 1:] - picture[:, 1:])
            steps.append(float(gradient[both].median()) * 96)
    assert np.mean(shown) > 0.9
    assert 0.5 < np.median(steps) < 2  # texels from pixel to pixel


def test_the_network_s_gradient_reaches_every_texel_that_is_seen(symmetry, layout):
    values = waves(layout.parameters).requires_grad_()
    seen = torch.zeros(layout.parameters)
    for seed in range(40):
        for crop in symmetry.crops(layout, (32, 32), torch.Generator().manual_seed(seed)):
            (gradient,) = torch.autograd.grad(crop.render(values).sum(), values)
            assert gradient[:, 0].sum() == pytest.approx(float(crop._shown.sum()), rel=1e-3)
            seen += (gradient[:, 0] > 0).float()
    assert (seen > 0).float().mean() > 0.9  # the rest is inside, where spout and handle meet the body


def test_what_the_mean_shows_pulls_at_no_texel(symmetry, layout):
    values = waves(layout.parameters).requires_grad_()
    (crop,) = symmetry.crops(layout, (32, 32), torch.Generator().manual_seed(3))[:1]
    hidden = ~crop._shown.view(1, 1, 32, 32).expand(1, 3, 32, 32)
    (gradient,) = torch.autograd.grad((crop.render(values) * hidden).sum(), values)
    assert (gradient == 0).all()


def test_a_crop_finds_values_for_what_it_shows(symmetry, layout):
    values = torch.full((layout.parameters, 3), 0.25)
    (crop,) = symmetry.crops(layout, (32, 32), torch.Generator().manual_seed(3))[:1]
    assert torch.allclose(crop.sample(crop.render(values)), values, atol=1e-5)


def test_a_layout_moves_with_all_it_has(layout):
    moved = layout.to("cpu")
    assert moved.atlas is layout.atlas
    values = waves(layout.parameters)
    assert torch.equal(moved.render(values), layout.render(values))


def test_the_products_hold_the_new_texture(symmetry, layout, monkeypatch):
    monkeypatch.setattr("orbifolio.runner.exports.model._FRAMES", 3)
    monkeypatch.setattr("orbifolio.runner.exports.model._PORTRAIT", 64)
    monkeypatch.setattr("orbifolio.runner.exports.model._LOOP", 32)
    values = torch.zeros((layout.parameters, 3)) + torch.tensor([0.4, 0.0, -0.4])
    products = geometry_products(symmetry, layout, values)
    assert set(products) == {"model.webp", "spin.webp", "model.glb", "model.js"}
    model = pygltflib.GLTF2().load_from_bytes(products["model.glb"])
    view = model.bufferViews[model.images[0].bufferView]
    texture = Image.open(io.BytesIO(model.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]))
    assert texture.size == (96, 96)
    assert np.asarray(texture.convert("RGB")).mean((0, 1)) == pytest.approx([230, 128, 26], abs=3)
    portrait = np.asarray(Image.open(io.BytesIO(products["model.webp"])).convert("RGBA"))
    assert 0.1 < (portrait[..., 3] > 128).mean() < 0.7
    assert geometry_products(symmetry, layout, values) == products


def test_a_recipe_names_its_model_beside_itself(tmp_path: Path):
    recipe = (ROOT / "recipes" / "mesh" / "teapot-like.yaml").read_text(encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.glb").write_bytes((ROOT / "recipes" / "models" / "pot.glb").read_bytes())
    path = tmp_path / "mine.yaml"
    path.write_text(recipe.replace("orbifolio:pot", "models/mine.glb"), encoding="utf-8")
    loaded = load(path)
    assert loaded.parameters["renderer"]["symmetry"]["model"] == "models/mine.glb"
    assert str(tmp_path) not in repr(loaded.parameters)


def test_a_survey_s_members_know_where_the_model_is(tmp_path: Path):
    (tmp_path / "mine.glb").write_bytes((ROOT / "recipes" / "models" / "pot.glb").read_bytes())
    settings = Model.model_validate({"kind": "mesh", "model": "mine.glb"}, context={"folder": tmp_path})
    again = Model.model_validate(settings.model_dump())
    assert again == settings
    assert again.build().mesh.faces.shape[1] == 3


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("none.glb", "'none.glb' does not exist; paths are relative to the recipe; check the path"),
        ("orbifolio:cup", "'orbifolio:cup' does not come with orbifolio; choose from pot"),
    ],
)
def test_a_model_that_cannot_be_had_is_said_at_its_place(source, told):
    with pytest.raises(IllegalSymmetry) as caught:
        Model(model=source).build()
    assert str(caught.value) == told
    assert caught.value.where == "model"


def test_cameras_look_at_the_surface_where_faces_are_large(symmetry):
    random, mesh = torch.Generator().manual_seed(3), symmetry.mesh
    targets = np.array([symmetry._eye(0.1, random).target for _ in range(200)])
    a, b, c = (mesh.positions[mesh.faces[:, corner]] for corner in range(3))
    away = np.full(len(targets), np.inf)
    for first, second, third in zip(a, b, c, strict=True):
        normal = np.cross(second - first, third - first)
        weights = np.linalg.solve(
            np.stack([second - first, third - first, normal], axis=1), (targets - first).T
        )  # shares of two edges, and height above the face
        inside = (weights[:2] >= -1e-9).all(0) & (weights[:2].sum(0) <= 1 + 1e-9)
        away = np.where(inside, np.minimum(away, np.abs(weights[2]) * np.linalg.norm(normal)), away)
    assert away.max() < 1e-9
    centre = (mesh.areas[:, None] * (a + b + c) / 3).sum(0) / mesh.areas.sum()
    assert np.abs(targets.mean(0) - centre).max() < 0.15 * mesh.radius


def test_texels_know_their_places_in_the_picture(layout):
    ramp = (torch.arange(96) + 0.5) / 96
    picture = torch.stack([ramp.expand(96, 96), ramp[:, None].expand(96, 96), torch.ones(96, 96)])[None]
    places = layout.representatives()
    assert places.shape == (layout.parameters, 3)
    assert np.abs(places - (layout.sample(picture).numpy() + 0.5) * [1, 1, 1]).max() < 1e-6
    assert (places[:, 2] == 1).all()


def test_waves_on_a_model_change_no_colours_and_go_in_all_directions(symmetry):
    space = symmetry.wave_space(96, 96)
    assert space.actions == (0,)
    _, vectors = space.vectors(400, np.random.default_rng(0))
    angle = np.angle(vectors[:, 0].imag + 1j * vectors[:, 1].imag)
    assert np.histogram(angle, bins=4, range=(-np.pi, np.pi))[0].min() > 70
