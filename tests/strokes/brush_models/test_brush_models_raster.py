"""Painters of a fixed resolution: maps, gradients, noise that follows from the seed, stages that freeze, files."""

import json
import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from orbifolio.runner.errors import InputError, RunFailed
from orbifolio.runner.strokes.brush_models import metrics, weights
from orbifolio.runner.strokes.brush_models.action_encoding import MAPS, Maps, count, encode
from orbifolio.runner.strokes.brush_models.base import TrainingData
from orbifolio.runner.strokes.brush_models.gan import Batch, Gan
from orbifolio.runner.strokes.brush_models.gan_losses import ADVERSARIES, FLOOR, SQUARES, energy
from orbifolio.runner.strokes.brush_models.interpolation import morph
from orbifolio.runner.strokes.brush_models.raster_base import fresh
from orbifolio.runner.strokes.brush_models.training_base import emphasis
from orbifolio.runner.strokes.brush_models.vae import Vae, divergence
from orbifolio.runner.strokes.mypaint.actions import COLOUR, SHAPE, Space, draw_actions
from orbifolio.runner.strokes.mypaint.samples import Samples

SMALL = (
    Vae(width=4, batch=8),
    Vae(width=4, batch=8, guide=False, waves=0, colour="rgb", aim="sample"),
    Gan(width=2, batch=8, critic_steps=1),
    Gan(width=2, batch=8, critic_steps=2, adversary="paired", critic_norm=True, critic_width=4, drawings=2, steady=0.3),
    Gan(width=2, batch=8, critic_steps=2, guide=False, waves=0, colour="rgb", critic_norm=True, adversary="logistic"),
)
NAMES = ["vae", "vae as in the paper", "gan", "gan of two drawings", "gan as in the paper"]
each = pytest.mark.parametrize("settings", SMALL, ids=NAMES)


def some(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(draw_actions(count, np.random.default_rng(seed)))


def formulas(count: int, seed: int = 0) -> Samples:
    """Strokes of a formula: discs along the curve, paler where the pressure is lower."""
    actions = draw_actions(count, np.random.default_rng(seed))
    y, x = np.mgrid[:64, :64] + 0.5
    places = torch.from_numpy(np.stack([x, y], -1).reshape(1, -1, 2)).expand(count, -1, -1)
    away = torch.cdist(places, torch.from_numpy(Space(points=50).curve(actions))).min(-1).values
    radii = np.exp(2 * actions[:, 1, None])
    alphas = (1.5 - away.numpy() / radii).clip(0, 1) * (actions[:, :1] + actions[:, 11:]) / 2
    return Samples(actions, np.round(255 * alphas.reshape(count, 64, 64)).astype(np.uint8))


def painter(settings, seed: int = 0):
    found = settings.painter()
    fresh(found, torch.Generator().manual_seed(seed))
    return found.eval()


def test_the_maps_lie_on_the_curve_and_pool_to_smaller_ones():
    actions = some(12)
    maps = Maps(actions, Space())
    full = maps.at(64)
    assert full.shape == (12, MAPS, 64, 64)
    assert 0 <= full.min()
    assert full.max() < 1
    ticks = torch.arange(64) + 0.5
    places = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(-1, 2)
    curve = torch.from_numpy(Space(points=400).curve(actions.numpy())).float()
    away = torch.cdist(places[None].expand(12, -1, -1), curve).min(-1).values.reshape(12, 64, 64)
    spine = full[:, -1]
    assert spine[away < 0.5].mean() > 8 * spine[(away > 2) & (away < 4)].mean()
    assert spine[away > 12].max() < 1e-6
    assert torch.allclose(maps.at(16), full.reshape(12, MAPS, 16, 4, 16, 4).mean((3, 5)), atol=1e-6)
    assert torch.equal(maps.repeated(3).at(16)[24:], maps.at(16))


def test_no_spine_has_gaps():
    """The longest curves there are: from corner to corner and back."""
    action = torch.full((1, 12), 0.5)
    action[0, :6] = torch.tensor([0.5, 0.0, 0.98, 0.98, 0.02, 0.3])
    action[0, 9:11] = 0.02
    curve = torch.from_numpy(Space(points=400).curve(action.numpy()))[0]
    inside = curve[((curve > 0.5) & (curve < 63.5)).all(-1)].long()
    along = Maps(action, Space()).at(64)[0, -1][inside[:, 1], inside[:, 0]]
    assert along.min() > 0.5 * along.median()


def test_far_from_the_curve_there_is_no_paint():
    actions = some(6)
    maps = Maps(actions, Space())
    support = maps.support()
    curve = torch.from_numpy(Space(points=400).curve(actions.numpy())).float()
    ticks = torch.arange(64) + 0.5
    places = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(-1, 2)
    away = torch.cdist(places[None].expand(6, -1, -1), curve).min(-1).values.reshape(6, 1, 64, 64)
    radii = torch.exp(2 * actions[:, 1])[:, None, None, None]
    assert (support[away < radii] == 1).all()
    far = away > 12 * (radii + 1)
    assert far.any()
    assert support[far].max() < 1e-6
    drawn = painter(SMALL[2]).alphas(actions, random=torch.Generator().manual_seed(0))[:, None]
    assert drawn[far].max() < 1e-6
    assert (drawn[support == 1] > 0).all()


def test_the_pressure_is_seen_where_it_acts():
    light, heavy = some(2)[:1].repeat(2, 1)
    light[[0, 11]], heavy[[0, 11]] = 0.2, 0.8
    first, second = (Maps(action[None], Space()).at(64)[0] for action in (light, heavy))
    assert all(torch.equal(first[k], second[k]) for k in (0, 2, 3))
    assert second[1].sum() > 2 * first[1].sum()


def test_waves_of_a_number():
    actions = some(3)
    told = encode(actions, SHAPE, 2)
    assert told.shape == (3, count(SHAPE, 2))
    bare = 2 * actions[:, 4] - 1
    column = SHAPE.index(4)
    assert torch.allclose(told[:, column], bare)
    assert torch.allclose(told[:, 9 + column], torch.sin(bare * math.pi / 2))
    assert torch.allclose(told[:, 36 + column], torch.cos(bare * math.pi))


@each
def test_strokes_have_the_size_and_follow_the_seed(settings):
    brush, actions = painter(settings), some(3)
    steady = brush.alphas(actions)
    assert steady.shape == (3, 64, 64)
    assert 0 <= steady.min() <= steady.max() <= 1
    first, again, other = (brush.alphas(actions, random=torch.Generator().manual_seed(k)) for k in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(steady, brush.alphas(actions))
    coloured = actions.clone()
    coloured[:, COLOUR] = 0.25
    assert torch.equal(brush.alphas(coloured), steady)
    assert brush.pictures(actions).shape == (3, 3, 64, 64)
    assert brush.paint(actions).shape == (64, 64, 3)


@each
def test_another_size_is_refused(settings):
    with pytest.raises(InputError, match="scale 2: a painter of kind .* draws 64 pixels only; use an implicit painter"):
        painter(settings).alphas(some(1), scale=2)


@each
def test_gradients_are_those_of_the_picture(settings):
    brush, actions = painter(settings).double(), (some(1).double() * 0.8 + 0.1).requires_grad_()
    weight = torch.rand(64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert torch.autograd.gradcheck(lambda x: (brush.alphas(x) * weight).sum(), (actions,), eps=1e-6, rtol=1e-3)


def test_a_coloured_stroke_is_its_opacity_in_its_colour():
    brush, actions = painter(SMALL[2]), some(4)
    alphas, pictures = brush.alphas(actions), brush.pictures(actions)
    expected = 1 + alphas[:, None] * (actions[:, COLOUR, None, None] - 1)
    assert torch.allclose(pictures, expected, atol=1e-6)


@each
def test_a_file_holds_all_that_is_needed(settings, tmp_path):
    brush = painter(settings)
    path = tmp_path / "mine.safetensors"
    path.write_bytes(weights.pack(brush, {"brush": "mine"}))
    again, facts = weights.unpack(path)
    assert facts["kind"] == settings.kind
    assert torch.equal(again.alphas(some(3)), brush.alphas(some(3)).detach())
    path.write_bytes(weights.pack(brush, {"brush": "mine"}, half=True))
    assert path.stat().st_size < 2.2 * brush.count() + 4000
    assert torch.allclose(weights.unpack(path)[0].alphas(some(3)), brush.alphas(some(3)).detach(), atol=2e-3)
    path.write_bytes(weights.pack(brush, {"plan": "{}"})[:-8])
    with pytest.raises(InputError, match="not a learnt brush"):
        weights.unpack(path)


@each
def test_a_stage_changes_what_it_teaches_and_nothing_else(settings):
    trainer = settings.build(TrainingData(formulas(40), None, 1))
    for stage in settings.stages:
        trainer.restart(1e-2, 2, stage)
        before = {name: [p.clone() for p in module.parameters()] for name, module in trainer.modules.items()}
        for number in range(2):
            trainer.step(number)
        for name, module in trainer.modules.items():
            same = all(torch.equal(a, b) for a, b in zip(before[name], module.parameters(), strict=True))
            assert same != (name in trainer.adams), (stage, name)


@each
def test_a_stopped_training_goes_on_bit_for_bit(settings):
    data = TrainingData(formulas(40), None, 1)
    whole, first, second = (settings.build(data) for _ in range(3))
    stage = settings.stages[-1]
    whole.restart(1e-3, 4, stage)
    first.restart(1e-3, 4, stage)
    losses = [whole.step(number) for number in range(4)]
    assert [first.step(number) for number in range(2)] == losses[:2]
    second.load_state_dict(first.state_dict())
    assert [second.step(number) for number in (2, 3)] == losses[2:]
    assert torch.equal(whole.painter.alphas(some(2)), second.painter.alphas(some(2)))


def test_the_divergence_is_the_formulas():
    mean, spread = torch.randn(5, 7), torch.randn(5, 7)
    exact = kl_divergence(Normal(mean, torch.exp(spread / 2)), Normal(torch.zeros(5, 7), torch.ones(5, 7))).sum(1)
    assert torch.allclose(divergence(mean, spread), exact, rtol=1e-5)


def test_bits_are_free_up_to_their_number():
    settings = Vae(width=4, latent=6, batch=8, free_bits=10)
    trainer = settings.build(TrainingData(formulas(20), None, 1))
    trainer.restart(1e-3, 3, "images")
    assert trainer.step(0)["divergence"] == pytest.approx(60)


def test_painted_pixels_count_more_at_first():
    pictures = torch.zeros(1, 1, 2, 2)
    pictures[0, 0, 0, 1] = 0.3
    assert emphasis(pictures, "factored", 10).flatten().tolist() == [1, 10, 1, 1]
    assert emphasis(1 - pictures, "rgb", 10).flatten().tolist() == [1, 10, 1, 1]
    assert emphasis(pictures, "factored", 1).flatten().tolist() == [1, 1, 1, 1]


def test_the_penalty_is_that_of_each_strokes_own_gradient():
    """A critic whose gradient is known: the score is a linear map of the picture."""
    settings = Gan(width=2, batch=4, guide=False, waves=0)
    trainer = settings.build(TrainingData(formulas(20), None, 1))
    slope = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(1))
    slope *= 3 / slope.norm()
    trainer._score = lambda pictures, guide: (pictures * slope).flatten(1).sum(1)
    batch = Batch(Maps(some(4), Space()), torch.rand(4, 1, 64, 64), (torch.rand(4, 1, 64, 64),))
    penalty = trainer._penalty(batch, torch.Generator().manual_seed(0))
    assert penalty.item() == pytest.approx((3 - 1) ** 2, rel=1e-4)


def test_the_energy_score_is_least_for_the_brushs_own_noise():
    """Grey squares whose value is random: no noise, half of it, twice of it, and another mean all score worse."""
    random = torch.Generator().manual_seed(5)

    def squares(mean: float, spread: float) -> torch.Tensor:
        return (mean + spread * torch.randn(20_000, 1, 1, 1, generator=random)).expand(-1, 1, 16, 16)

    real = squares(0.5, 0.1)

    def score(mean: float, spread: float) -> float:
        return energy(squares(mean, spread), squares(mean, spread), real).item()

    others = [score(*law) for law in ((0.5, 0.0), (0.5, 0.04), (0.5, 0.25), (0.6, 0.1))]
    assert score(0.5, 0.1) < 0.98 * min(others)


def test_the_energy_score_is_the_formulas():
    first, second, real = torch.rand(3, 2, 1, 16, 16, dtype=torch.float64)

    def away(one, other):
        parts = [(one - other).unflatten(2, (-1, side)).unflatten(4, (-1, side)) for side in SQUARES]
        return sum((part.square().sum((1, 3, 5)) + FLOOR).sqrt().sum((1, 2)).mean() for part in parts)

    expected = (away(first, real) + away(second, real)) / 2 - away(first, second) / 2
    assert energy(first, second, real).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("name", ADVERSARIES)
def test_a_critic_wants_real_strokes_above_drawn_ones_and_the_generator_the_contrary(name):
    real, drawn = torch.tensor([0.3, -0.2], requires_grad=True), torch.tensor([0.1, 0.4], requires_grad=True)
    slope = torch.autograd.grad(ADVERSARIES[name].critic(real, drawn), (real, drawn))
    assert (slope[0] < 0).all()
    assert (slope[1] > 0).all()
    assert (torch.autograd.grad(ADVERSARIES[name].generator(real, drawn), drawn)[0] < 0).all()


def test_what_strokes_of_one_action_have_in_common_is_not_judged():
    real, drawn, common = torch.randn(3, 5)
    judge = ADVERSARIES["paired"]
    for loss in (judge.critic, judge.generator):
        assert torch.allclose(loss(real, drawn), loss(real + common, drawn + common), atol=1e-6)


def test_the_critic_steps_farther_if_it_shall():
    """Adam's first step is as long as its rate."""
    trainer = Gan(width=2, batch=8, critic_steps=1, critic_rate=4).build(TrainingData(formulas(40), None, 1))
    trainer.restart(1e-3, 10, "adversarial")
    before = {name: [p.clone() for p in module.parameters()] for name, module in trainer.modules.items()}
    trainer.step(0)
    moved = {
        name: max((a - b).abs().max().item() for a, b in zip(before[name], module.parameters(), strict=True))
        for name, module in trainer.modules.items()
    }
    assert moved["generator"] == pytest.approx(1e-3, rel=0.01)
    assert moved["critic"] == pytest.approx(4e-3, rel=0.01)


def test_without_batch_norms_a_stroke_is_judged_alone():
    alone = painter_critic(Gan(width=2, critic_norm=False))
    mixed = painter_critic(Gan(width=2, critic_norm=True))
    for critic, same in ((alone, True), (mixed, False)):
        pictures, actions = torch.rand(6, 1, 64, 64), some(6)
        whole = critic(pictures, actions)
        part = critic(pictures[:3], actions[:3])
        assert torch.allclose(whole[:3], part, atol=1e-6) == same


def painter_critic(settings):
    learner = settings.painter()
    critic = settings.critic(learner)
    fresh(critic, torch.Generator().manual_seed(0))

    def score(pictures, actions):
        return critic(pictures, encode(actions, learner.columns, settings.waves), Maps(actions, Space()).at(64))

    return score


@pytest.mark.parametrize("sighted", [True, False])
def test_the_critic_sees_the_action_if_it_shall(sighted):
    settings = Gan(width=2, sighted=sighted, guide=False)
    trainer = settings.build(TrainingData(formulas(20), None, 1))
    pictures = torch.rand(5, 1, 64, 64)
    first, second = (trainer._score(pictures, Maps(some(5, seed), Space())) for seed in (1, 2))
    assert torch.equal(first, second) != sighted


def test_strokes_of_another_size_are_refused():
    samples = Samples(draw_actions(3, np.random.default_rng(0)), np.zeros((3, 32, 32), np.uint8))
    with pytest.raises(RunFailed, match="strokes of 32 pixels"):
        Gan(width=2).build(TrainingData(samples, None, 1))


def test_wrong_stages_are_told():
    assert Vae().stage_problems(["images", "predictor"]) == []
    assert Vae().stage_problems([""])[0] == (
        "phases",
        "no phase of stage images; this painter needs images and predictor; add one",
    )
    assert Gan().stage_problems(["adversarial", "critc"])[0][0] == "phases.1.stage"
    assert Gan().stage_problems([""]) == []


def taught(trainer, stage: str, steps: int, rate: float) -> list[dict[str, float]]:
    trainer.restart(rate, steps, stage)
    return [dict(trainer.step(number)) for number in range(steps)]


def test_a_gan_learns_a_formula():
    unseen = formulas(40, seed=1)
    trainer = Gan(width=2, batch=8, emphasised=0).build(TrainingData(formulas(192), None, 1))
    taught(trainer, "generator", 60, 3e-3)
    error, blank = (
        metrics.decibels(float(np.square(found - unseen.alphas / 255).mean()))
        for found in (metrics.learnt_alphas(trainer.painter, unseen.actions), np.zeros((40, 64, 64)))
    )
    assert error > blank + 4


def test_each_stage_of_a_vae_lowers_its_own_error():
    trainer = Vae(width=4, batch=8, emphasised=1).build(TrainingData(formulas(192), None, 1))
    for stage, term, steps, rate in (
        ("images", "reconstruction", 60, 4e-3),
        ("predictor", "mean", 30, 1e-2),
        ("together", "reconstruction", 30, 4e-3),
    ):
        losses = [terms[term] for terms in taught(trainer, stage, steps, rate)]
        assert np.median(losses[-10:]) < 0.9 * np.median(losses[:10]), stage


@pytest.mark.parametrize("name", ["classic/dry_brush.vae", "classic/dry_brush.gan"])
def test_painters_of_a_fixed_resolution_are_shipped(name):
    entry = json.loads(weights.LOG.read_text())[name]
    assert weights.find_painter(name).stat().st_size < 4_000_000
    brush = weights.load_painter(name)
    assert brush.count() == entry["numbers"]
    assert sum(phase["steps"] for phase in entry["phases"]) > 500
    figures = entry["figures"]
    assert figures["psnr mean"] > figures["psnr white paper"] + 10
    assert (
        metrics.texture(
            metrics.noisy_alphas(brush, some(8).numpy(), seed=1), metrics.learnt_alphas(brush, some(8).numpy())
        )
        > 0
    )


def test_the_shipped_gan_has_the_brushs_mean_and_its_noise():
    figures = json.loads(weights.LOG.read_text())["classic/dry_brush.gan"]["figures"]
    assert figures["psnr mean"] > 30
    assert figures["psnr mean of noisy"] > 29
    assert figures["texture noisy"] == pytest.approx(1, abs=0.15)
    assert figures["noise"] == pytest.approx(1, abs=0.15)
    assert figures["blank learnt"] == 0
    brush, actions = weights.load_painter("classic/dry_brush.gan"), some(40).numpy()
    steady, first, second = (
        metrics.learnt_alphas(brush, actions),
        *(metrics.noisy_alphas(brush, actions, seed=seed) for seed in (1, 2)),
    )
    assert metrics.texture(first, steady) > 1.5 * metrics.texture(steady, steady)  # the mean is smooth
    noise = np.square(first - second).mean() / 2
    assert metrics.decibels(noise) == pytest.approx(figures["psnr possible"], abs=1.5)


def test_strokes_turn_into_others_and_back():
    brush = painter(SMALL[2])
    pictures = morph(brush, some(24).numpy())
    assert len({picture.shape for picture in pictures}) == 1
    assert all(picture.dtype == np.float32 for picture in pictures)
    steps = [np.abs(a - b).mean() for a, b in zip(pictures, pictures[1:] + pictures[:1], strict=True)]
    assert max(steps) < 10 * np.mean(steps)  # no jump, not at the loop's end either
