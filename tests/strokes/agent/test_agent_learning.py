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
from orbifolio.runner.strokes.agent.demonstrations import Examples, demonstrations_of, read_examples
from orbifolio.runner.strokes.agent.fitted_demonstrations import Leads, fit_demonstrations, followed
from orbifolio.runner.strokes.agent.handwriting import draw_handwriting
from orbifolio.runner.strokes.agent.metrics import ink_shares, picture_errors, stray_ink
from orbifolio.runner.strokes.agent.network import AgentNetwork, AgentShape, draw_weights
from orbifolio.runner.strokes.agent.rollout import replay, roll_out
from orbifolio.runner.strokes.agent.training import AgentPhase, AgentTask, AgentTrainer
from orbifolio.runner.strokes.mypaint.actions import COLOUR, START, connect


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


def test_a_least_pressure_and_leads_are_read_back():
    """What an agent is led to is what it would have to decide: the way back from actions to numbers."""
    manner = ActionSpace(strokes=3, faintest=0.25, discrete=Discrete(levels=None))
    actions, pens = manner.to_actions(chosen(40, manner.numbers), None, exact=True)
    assert actions[:, [0, 11]].min() >= 0.25
    later, lifted = manner.to_actions(chosen(40, manner.numbers).flip(0), actions, exact=True)
    drawn, down = torch.stack((actions, later), dim=1), torch.stack((pens, lifted), dim=1)
    numbers, counted = manner.led_numbers(drawn, down)
    again, _ = manner.to_actions(numbers[:, 0], None, exact=True)
    assert torch.allclose(again, actions, atol=1e-6)
    last, up = manner.to_actions(numbers[:, 1], again, exact=True)
    assert torch.allclose(last, later, atol=1e-6)
    assert torch.equal(up, lifted)
    assert not counted[:, :, COLOUR].any()
    assert counted[:, 0, START].all()
    assert not counted[:, 1, START].any()
    assert torch.equal(counted[:, 1, 2], lifted > 0.5)  # no way to lead a pen that is up
    assert counted[:, :, [4, 5, 12]].all()


@pytest.mark.parametrize(("name", "strokes", "count"), [("digits", 8, 13), ("digits", 20, 13), ("hiragana", 12, 46)])
def test_shipped_examples_are_cut_into_strokes(name, strokes, count):
    examples = read_examples(name)
    ways = [
        (label, number, way) for label in examples.classes for number, way in enumerate(examples.ways(label, strokes))
    ]
    assert len(ways) == count
    for label, number, way in ways:
        assert way.actions.shape == (strokes, 12)
        assert np.array_equal(connect(way.actions), way.actions)
        assert 0.1 < way.actions[:, 2:6].min() < way.actions[:, 2:6].max() < 0.95
        lines = examples.classes[label][number]
        assert (way.pens == 0).sum() == len(lines) - 1
        starts = way.actions[np.concatenate(([True], way.pens[:-1] == 0)), START]
        assert np.allclose(starts, [np.divide(line[0][:2], examples.canvas) for line in lines], atol=1e-6)
        for places in lines:  # the strokes pass by every place
            for place in places:
                wanted = np.divide(place[:2], examples.canvas)
                t = np.linspace(0, 1, 30)[:, None, None]
                start, via, end = (way.actions[None, :, k : k + 2] for k in (9, 2, 4))
                curve = start * (1 - t) * (1 - 2 * t) + 4 * via * t * (1 - t) + end * t * (2 * t - 1)
                assert np.hypot(*(curve[:, way.pens > 0.5] - wanted).reshape(-1, 2).T).min() < 0.045, (label, place)


def test_the_lines_of_hiragana_are_counted_as_in_school():
    counts = {
        1: "くしそつてのひへるろん",
        2: "いうえこすちとぬねみめゆよらりれわ",
        3: "あおかけさせにはまむもやを",
        4: "きたなふほ",
    }
    classes = read_examples("hiragana").classes
    assert {kana: len(ways[0]) for kana, ways in classes.items()} == {
        kana: count for count, row in counts.items() for kana in row
    }


def test_examples_with_corners_and_pressures():
    line = [[1, 2], [3, 2], [3, 2], [3, 6, 0.1]]
    record = {"canvas": 10, "size": 0.3, "pressure": 0.5, "classes": {"x": [[line, [[5, 5], [9, 5]]]]}}
    (way,) = Examples.model_validate(record).ways("x", 4)
    assert way.pens.tolist() == [1, 1, 0, 1]
    assert np.allclose(way.actions[:, 4:6], [[0.3, 0.2], [0.3, 0.6], [0.5, 0.5], [0.9, 0.5]], atol=1e-6)
    assert np.allclose(way.actions[1, 2:4], [0.3, 0.4])  # straight between corners
    assert np.allclose(way.actions[:, 0], [0.5, 0.1, 0.5, 0.5])
    assert np.allclose(way.actions[:, 11], [0.5, 0.5, 0.1, 0.5])
    bow = {**record, "classes": {"x": [[[[1, 5], [5, 1], [9, 5], [5, 9], [1, 5]]]]}}
    (round_way,) = Examples.model_validate(bow).ways("x", 12)
    radii = np.hypot(*(round_way.actions[:, 2:4] - 0.5).T)
    assert radii.std() < 0.03  # a smooth line through four places of a circle is one, nearly
    with pytest.raises(InputError, match="3 stretches between ends and corners, and 1 moves"):
        Examples.model_validate(record).ways("x", 3)


def test_examples_that_do_not_fit_are_told(tmp_path):
    examples, lifting = read_examples("digits"), ActionSpace(discrete=Discrete(levels=None))
    with pytest.raises(InputError, match="mine: no example of class 'a'; add one"):
        demonstrations_of(examples, ("a",), lifting, "mine")
    with pytest.raises(InputError, match="the example of 'い' has several lines, and the agent cannot lift its pen"):
        demonstrations_of(read_examples("hiragana"), ("く", "い"), ActionSpace(), "mine")
    assert [len(ways) for ways in demonstrations_of(examples, ("0", "7"), ActionSpace(), "mine")] == [1, 1]
    with pytest.raises(InputError, match="mine: class '2': 2 stretches .* the agent paints 1 strokes"):
        demonstrations_of(examples, ("2",), ActionSpace(strokes=1), "mine")
    with pytest.raises(InputError, match="these have none; choose other data"):
        demonstrations_of(examples, (), lifting, "mine")
    with pytest.raises(InputError, match="no such examples; give one of digits, hiragana"):
        read_examples("nothing")
    path = tmp_path / "mine.yaml"
    for text in ("[", "canvas: 0", "classes: 3"):
        path.write_text(text)
        with pytest.raises(InputError, match="see the shipped digits.yaml"):
            read_examples(str(path))


@pytest.fixture(scope="module")
def brush():
    from orbifolio.runner.strokes.brush_models.weights import load_painter
    from orbifolio.runner.strokes.rasteriser.separate_strokes import table_stamp

    return table_stamp(load_painter("classic/dry_brush"), 32)


def test_examples_are_fitted_to_a_hand(brush):
    """A seven that is drawn slanted, wide and elsewhere: the fit is that seven again, and the way is found."""
    manner = ActionSpace(strokes=6, discrete=Discrete(levels=None))
    ways = demonstrations_of(read_examples("digits"), ("7",), manner, "digits")
    slant = torch.tensor([[1.15, 0.25], [0.0, 0.8]])  # x' = 1.15 x + .25 y: no fit turns
    drawn = torch.stack([torch.from_numpy(way.actions) for way in ways[0]])
    for part in (slice(2, 4), slice(4, 6), slice(9, 11)):
        drawn[:, :, part] = (drawn[:, :, part] - 0.5) @ slant.T + torch.tensor([0.45, 0.55])
    pens = torch.stack([torch.from_numpy(way.pens) for way in ways[0]])
    pictures = (replay(brush, drawn, pens, 1, 32) * 255).round().byte()
    targets = Targets(pictures, torch.zeros(2, dtype=torch.int64), ("7",))
    fits = fit_demonstrations(ways, targets, brush, manner)
    assert fits.errors.argmin(dim=1).tolist() == [0, 1]
    leads = fits.closest()
    assert (leads.actions[:, :, 4:6] - drawn[:, :, 4:6]).norm(dim=-1).max() < 0.04
    assert torch.equal(leads.pens, pens)
    assert leads.frequencies.tolist() == [1, 1]
    four = Targets(pictures[[0, 0, 0, 1]], torch.zeros(4, dtype=torch.int64), ("7",))
    rare = fit_demonstrations(ways, four, brush, manner).closest().frequencies
    assert rare.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])  # both ways twice in four
    same = followed(fits, drawn, 1)
    assert same["order"] > 0.85
    assert same["way"] == 1
    assert followed(fits, drawn.flip(1), 1)["order"] < 0.3
    assert followed(fits, drawn.flip(0), 1)["way"] == 0


def test_handwriting_fills_the_box_of_digits(brush):
    ways = [read_examples("hiragana").ways(name, 16) for name in "いほ"]
    pictures, classes = draw_handwriting(ways, brush, 32, 24, np.random.default_rng(3))
    assert set(classes.tolist()) == {0, 1}
    again, _ = draw_handwriting(ways, brush, 32, 24, np.random.default_rng(3))
    assert np.array_equal(pictures, again)
    for picture in pictures:
        rows, columns = np.nonzero(picture < 128)
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 28
        assert abs(rows.min() + rows.max() - 31) <= 4
        assert abs(columns.min() + columns.max() - 31) <= 4
    assert len({picture.tobytes() for picture in pictures}) == 24


def test_stray_and_hidden_ink_are_counted():
    targets = torch.ones(1, 1, 32, 32)
    targets[:, :, 10:20, 10:20] = 0
    covered = torch.zeros(1, 32, 32)
    covered[:, 9:21, 9:21] = 1  # one pixel beside the ink is not stray
    assert stray_ink(covered, targets).sum() == 0
    covered[:, 0, :] = 0.25  # a faint line counts in proportion
    assert stray_ink(covered, targets).sum() == 8
    twice = torch.full((1, 2, 12), 0.5)
    rollout = roll_out(
        agent(), lambda actions: torch.full((len(actions), 32, 32), 0.5), targets, ActionSpace(strokes=2)
    )
    assert twice.shape == rollout.actions.shape
    assert torch.allclose(rollout.covered, torch.tensor(0.75))  # half, and half of what was left
    assert ink_shares(rollout, targets)["hidden"] == pytest.approx(0.25)


def school(manner: ActionSpace, led: bool = False) -> AgentTask:
    """White pictures with one dark disc in one of two places: each place is a class."""
    random = torch.Generator().manual_seed(2)
    classes = torch.randint(2, (64,), generator=random)
    places = torch.full((64, 12), 0.5)
    places[:, 4] = 0.25 + 0.5 * classes
    images = ((1 - discs(places)) * 255).byte()[:, None]
    leads = Leads(places[:, None], torch.ones(64, 1), torch.ones(64)) if led else None
    return AgentTask(Targets(images, classes, ("left", "right")), discs, manner, leads, 3)


@pytest.mark.slow
@pytest.mark.parametrize("goal", [{"pixels": 10}, {"adversarial": 1, "critic_steps": 3}, {"forcing": 10}])
def test_an_agent_learns_where_the_disc_is(goal):
    manner = ActionSpace(strokes=1)
    lesson = school(manner, led=True)
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
    ways = demonstrations_of(read_examples("digits"), tuple("0123456789"), manner, "digits")
    shown = [way for alike in ways for way in alike]
    table = torch.from_numpy(np.stack([way.actions for way in shown]))
    with torch.no_grad():
        targets = replay(stamp, table, torch.from_numpy(np.stack([way.pens for way in shown])), 1, 32)
        found = roll_out(network, stamp, targets, manner)
    white = picture_errors(torch.ones_like(targets), targets)["mse"]
    assert picture_errors(found.canvas, targets)["mse"] < 0.25 * white
    away = (found.actions[:, :, 4:6] - table[:, :, 4:6]).norm(dim=-1).mean()
    assert away < 0.12  # the same strokes, in the same order
    log = json.loads((weights.SHIPPED / "training.json").read_text())
    assert log["digits"]["figures"]["neural"]["mse"] < 0.03
