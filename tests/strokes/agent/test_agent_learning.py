"""The agent itself: manners, examples, episodes, critic, one step of each loss, files, the order of strokes."""

import json

import numpy as np
import pytest
import torch

from orbifolio.runner.errors import InputError, RunFailed
from orbifolio.runner.strokes.agent import weights
from orbifolio.runner.strokes.agent.action_space import ActionSpace, Discrete
from orbifolio.runner.strokes.agent.critic import PaintingCritic, critic_loss
from orbifolio.runner.strokes.agent.dataset import Targets
from orbifolio.runner.strokes.agent.demonstrations import Examples, example_table, read_examples
from orbifolio.runner.strokes.agent.metrics import picture_errors, stroke_order
from orbifolio.runner.strokes.agent.network import AgentNetwork, AgentShape, draw_weights
from orbifolio.runner.strokes.agent.rollout import replay, roll_out
from orbifolio.runner.strokes.agent.training import AgentPhase, AgentTask, AgentTrainer
from orbifolio.runner.strokes.mypaint.actions import COLOUR, connect


def discs(actions: torch.Tensor) -> torch.Tensor:
    """A brush that is a formula: a soft disc about the stroke's end."""
    ticks = (torch.arange(32) + 0.5) / 32
    x, y = actions[:, 4, None, None], actions[:, 5, None, None]
    away = (ticks[None, None] - x).square() + (ticks[None, :, None] - y).square()
    return torch.exp(-away / (0.01 + 0.05 * actions[:, 1, None, None]))


def agent(numbers: int = 12, planes: int = 1) -> AgentNetwork:
    network = AgentNetwork(AgentShape(32, planes, numbers, channels=8, blocks=1, hidden=16))
    draw_weights(network, torch.Generator().manual_seed(0))
    return network


def chosen(count: int, numbers: int = 12) -> torch.Tensor:
    return torch.rand(count, numbers, generator=torch.Generator().manual_seed(1))


def test_the_papers_shape_is_the_papers():
    shape = AgentShape(64, 3, 12, channels=32, blocks=8, hidden=256, stride=1)
    assert shape.sides() == [64, 31, 14, 6]
    network = AgentNetwork(shape)
    convolutions = 6 * 32 * 25 + 32 + 3 * (32 * 32 * 16 + 32) + 16 * (32 * 32 * 9 + 32)
    dense = 12 * 32 + 32 + 32 * 36 * 256 + 256 + 4 * 256 * (256 + 256 + 2) + 256 * 12 + 12
    assert sum(tensor.numel() for tensor in network.parameters()) == convolutions + dense


def test_connected_strokes_are_the_programs_connected_strokes():
    manner = ActionSpace(strokes=5)
    episode = roll_out(agent(), discs, torch.rand(3, 1, 32, 32), manner)
    for actions in episode.actions.detach().numpy():
        assert np.array_equal(connect(actions), actions)
    assert (episode.actions[:, :, COLOUR] == 0).all()
    loose = roll_out(agent(), discs, torch.rand(3, 1, 32, 32), ActionSpace(strokes=5, connected=False))
    assert torch.equal(loose.actions[:, :, 9:], loose.chosen[:, :, 9:])


def test_an_episode_is_its_strokes_painted_again():
    manner = ActionSpace(strokes=4, connected=False, ink="colours")
    targets = torch.rand(2, 3, 32, 32)
    episode = roll_out(agent(planes=3), discs, targets, manner)
    again = replay(discs, episode.actions, episode.pens, 3, 32)
    assert torch.allclose(episode.canvas, again, atol=1e-6)
    plain = torch.ones(3, 32, 32)
    for action in episode.actions[0]:
        plain = plain + discs(action[None]) * (action[COLOUR][:, None, None] - plain)
    assert torch.allclose(episode.canvas[0], plain, atol=1e-6)


def test_every_stroke_is_learnt_from():
    episode = roll_out(agent(), discs, torch.rand(2, 1, 32, 32), ActionSpace(strokes=4))
    (slope,) = torch.autograd.grad(episode.canvas.sum(), episode.chosen, allow_unused=True)
    assert slope is None  # `chosen` is a stack made for the reader; the canvas hangs on its parts
    network = agent()
    episode = roll_out(network, discs, torch.rand(2, 1, 32, 32), ActionSpace(strokes=4))
    episode.canvas.square().sum().backward()
    assert all(tensor.grad is not None and tensor.grad.abs().sum() > 0 for tensor in network.parameters())


@pytest.mark.parametrize("gradient", ["relaxed", "cut", "straight-through"])
def test_levels_are_levels_and_pass_what_they_say(gradient):
    manner = ActionSpace(discrete=Discrete(levels=5, gradient=gradient))
    some = chosen(50, manner.numbers).requires_grad_()
    exact, pens = manner.to_actions(some, None, exact=True)
    for column in (0, 1, 11):
        assert torch.allclose(exact[:, column] * 4, (exact[:, column] * 4).round(), atol=1e-6)
    assert set(pens.tolist()) == {0.0, 1.0}
    assert torch.equal(exact[:, 2:6], some[:, 2:6])
    practised, pens = manner.to_actions(some, None)
    rounded = torch.allclose(practised * 4, (practised * 4).round(), atol=1e-6)
    assert not rounded  # places are never rounded
    assert torch.equal(practised[:, 1], some[:, 1]) == (gradient == "relaxed")
    (slope,) = torch.autograd.grad(practised[:, 1].sum() + pens.sum() * 2, some)
    expected = 0.0 if gradient == "cut" else 1.0
    assert (slope[:, 1] == expected).all()
    assert (slope[:, 12] == -2 * expected).all()


def test_a_lifted_pen_leaves_no_paint():
    actions, pens = chosen(3)[None], torch.zeros(1, 3)
    assert (replay(discs, actions, pens, 1, 32) == 1).all()


def test_the_shipped_examples_are_digits_in_one_line():
    examples = read_examples("digits")
    table = example_table(examples, tuple("0123456789"), 8, "digits")
    assert table.shape == (10, 8, 12)
    assert 0.1 < table[:, :, 2:6].min() < table[:, :, 2:6].max() < 0.9
    for actions in table:
        assert np.array_equal(connect(actions), actions)
        assert np.allclose(actions[:, 2:4], (actions[:, 4:6] + actions[:, 9:11]) / 2)  # straight
    assert np.allclose(table[0, 0, 9:11], table[0, -1, 4:6])  # a nought is closed


def test_examples_with_bends_and_pressures():
    record = {
        "canvas": 10,
        "size": 0.3,
        "pressure": 0.5,
        "classes": {"x": {"start": [1, 2], "strokes": [{"to": [3, 4], "via": [9, 9], "pressure": 0}, {"to": [5, 5]}]}},
    }
    found = Examples.model_validate(record).actions("x")
    assert np.allclose(found[0, [9, 10, 2, 3, 4, 5]], [0.1, 0.2, 0.9, 0.9, 0.3, 0.4])
    assert found[:, 11].tolist() == [0.5, 0.0]
    assert found[:, 0].tolist() == [0.0, 0.5]


def test_examples_that_do_not_fit_are_told(tmp_path):
    examples = read_examples("digits")
    with pytest.raises(InputError, match="mine: no example of class 'a'; add one"):
        example_table(examples, ("a",), 8, "mine")
    with pytest.raises(InputError, match="the example of '0' has 8 strokes, but the agent paints 9"):
        example_table(examples, ("0",), 9, "mine")
    with pytest.raises(InputError, match="no such examples; give one of digits"):
        read_examples("nothing")
    path = tmp_path / "mine.yaml"
    for text in ("[", "canvas: 0", "classes: 3"):
        path.write_text(text)
        with pytest.raises(InputError, match="see the shipped digits.yaml"):
            read_examples(str(path))


def school(manner: ActionSpace, table: torch.Tensor | None = None) -> AgentTask:
    """White pictures with one dark disc in one of two places: each place is a class."""
    random = torch.Generator().manual_seed(2)
    classes = torch.randint(2, (64,), generator=random)
    places = torch.full((64, 12), 0.5)
    places[:, 4] = 0.25 + 0.5 * classes
    images = ((1 - discs(places)) * 255).byte()[:, None]
    return AgentTask(Targets(images, classes, ("left", "right")), discs, manner, table, 3)


@pytest.mark.slow
@pytest.mark.parametrize("goal", [{"pixels": 10}, {"adversarial": 1, "critic_steps": 3}, {"forcing": 10}])
def test_an_agent_learns_where_the_disc_is(goal):
    manner = ActionSpace(strokes=1)
    table = torch.full((2, 1, 12), 0.5)
    table[1, 0, 4], table[0, 0, 4] = 0.75, 0.25
    lesson = school(manner, table)
    trainer = AgentTrainer(agent(), PaintingCritic(32, 1, 8), lesson, fresh=True)
    phase = AgentPhase(steps=60, batch=8, rate=3e-3, critic_rate=2e-3, **goal)
    trainer.restart(0, phase)
    targets, classes = lesson.targets.take(torch.arange(64))

    def error() -> float:
        with torch.no_grad():
            return picture_errors(roll_out(trainer.agent, discs, targets, manner).canvas, targets)["mse"]

    before = error()
    for number in range(phase.steps):
        terms = trainer.step(number)
    assert set(terms) >= set(goal) - {"critic_steps"}
    assert error() < 0.5 * before


def test_a_step_goes_on_bit_for_bit():
    manner, phase = ActionSpace(strokes=2), AgentPhase(steps=4, batch=4, pixels=1, adversarial=1, critic_steps=2)
    runs = []
    for interrupt in (False, True):
        trainer = AgentTrainer(agent(), PaintingCritic(32, 1, 8), school(manner), fresh=True)
        trainer.restart(0, phase)
        for number in range(4):
            terms = trainer.step(number)
            if interrupt and number == 1:
                saved = trainer.state_dict()
                trainer = AgentTrainer(agent(), PaintingCritic(32, 1, 8), school(manner), fresh=True)
                trainer.restart(0, phase)
                trainer.load_state_dict(saved)
        runs.append((terms, trainer.agent.state_dict()))
    assert runs[0][0] == runs[1][0]
    for name, tensor in runs[0][1].items():
        assert torch.equal(tensor, runs[1][1][name])


def test_a_loss_that_is_not_a_number_ends_the_run():
    lesson = school(ActionSpace(strokes=1))
    trainer = AgentTrainer(agent(), PaintingCritic(32, 1, 8), lesson, fresh=True)
    trainer.restart(0, AgentPhase(steps=1, pixels=1))
    with torch.no_grad():
        trainer.agent.decide.bias.fill_(float("nan"))
    with pytest.raises(RunFailed, match="step 1: the loss is not finite; lower the phase's rate"):
        trainer.step(0)


def test_the_critics_slope_is_judged_for_each_picture_alone():
    critic = PaintingCritic(32, 1, 4)
    draw_weights(critic, torch.Generator().manual_seed(5))
    pictures = torch.rand(6, 1, 32, 32, generator=torch.Generator().manual_seed(6))
    targets = pictures.flip(0)
    scores = critic(pictures, targets)
    assert torch.allclose(scores[2:3], critic(pictures[2:3], targets[2:3]), atol=1e-5)  # no norm over the batch
    loss, penalty = critic_loss(critic, pictures, targets, torch.Generator().manual_seed(7))
    assert loss.item() == pytest.approx((scores.mean() - critic(targets, targets).mean()).item(), abs=1e-5)
    with torch.no_grad():
        critic.score.weight.zero_()
    assert critic_loss(critic, pictures, targets, torch.Generator())[1].item() == pytest.approx(10)  # slope 0


def test_the_order_of_strokes_is_measured():
    random = torch.Generator().manual_seed(8)
    base = torch.rand(2, 6, 12, generator=random)
    classes = torch.arange(60) % 2
    same = base[classes]
    assert stroke_order(same, classes, 1)["order"] == pytest.approx(1)
    mixed = torch.stack([row[torch.randperm(6, generator=random)] for row in same])
    assert abs(stroke_order(mixed, classes, 1)["order"]) < 0.1
    assert stroke_order(same, torch.full((60,), -1), 1) == {}


def test_a_file_holds_the_agent_and_its_manner(tmp_path):
    manner = ActionSpace(strokes=5, ink="colours", discrete=Discrete(levels=3))
    network = agent(manner.numbers, 3)
    data = weights.pack_agent(network, manner, {"brush": "x"})
    assert data == weights.pack_agent(network, manner, {"brush": "x"})
    (tmp_path / "a.safetensors").write_bytes(data)
    again, held, facts = weights.load_agent(str(tmp_path / "a.safetensors"))
    assert held == manner
    assert again.shape == network.shape
    assert facts["brush"] == "x"
    for name, tensor in network.state_dict().items():
        assert torch.allclose(tensor, again.state_dict()[name], rtol=1e-3, atol=1e-6)


def test_what_is_no_agent_is_told(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a trained agent"):
        weights.load_agent(str(tmp_path / "a.safetensors"))
    with pytest.raises(InputError, match="no such trained agent; shipped: digits"):
        weights.load_agent("digts")
    from orbifolio.runner.strokes.brush_models.weights import find_painter

    with pytest.raises(InputError, match="its kind is implicit"):
        weights.load_agent(str(find_painter("dry_brush")))


def test_the_shipped_agent_writes_the_examples_as_they_are():
    """Pictures of the shipped examples: nobody's handwriting, drawn here."""
    from orbifolio.runner.strokes.brush_models.weights import load_painter
    from orbifolio.runner.strokes.rasteriser.separate_strokes import table_stamp

    network, manner, facts = weights.load_agent("digits")
    stamp = table_stamp(load_painter(facts["brush"]), network.shape.side)
    table = torch.from_numpy(example_table(read_examples("digits"), tuple("0123456789"), 8, "digits"))
    with torch.no_grad():
        targets = replay(stamp, table, torch.ones(10, 8), 1, 32)
        found = roll_out(network, stamp, targets, manner)
    white = picture_errors(torch.ones_like(targets), targets)["mse"]
    assert picture_errors(found.canvas, targets)["mse"] < 0.25 * white
    away = (found.actions[:, :, 4:6] - table[:, :, 4:6]).norm(dim=-1).mean()
    assert away < 0.12  # the same strokes, in the same order
    log = json.loads((weights.SHIPPED / "training.json").read_text())
    assert log["digits"]["figures"]["neural"]["mse"] < 0.03
