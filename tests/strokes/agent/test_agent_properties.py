"""What holds for every action space, target and measure of an agent, whatever the numbers are."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.agent.action_space import STEPPED, ActionSpace, Discrete
from orbifolio.runner.strokes.agent.dataset import UNKNOWN, fitted, parted, prepared
from orbifolio.runner.strokes.agent.metrics import picture_errors
from orbifolio.runner.strokes.agent.network import AgentNetwork, AgentShape
from orbifolio.runner.strokes.mypaint.actions import COLOUR, END, END_PRESSURE, ENTRY_PRESSURE, START

spaces = st.builds(
    ActionSpace,
    connected=st.booleans(),
    ink=st.sampled_from(["black", "colours"]),
    discrete=st.none() | st.builds(Discrete, levels=st.integers(2, 12), lift=st.booleans()),
)


def decisions(space: ActionSpace, seed: int, count: int = 4) -> torch.Tensor:
    return torch.rand(count, space.numbers, generator=torch.Generator().manual_seed(seed))


@given(spaces, st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_actions_are_what_their_space_allows(space, seed):
    first, pen = space.to_actions(decisions(space, seed), None, exact=True)
    second, _ = space.to_actions(decisions(space, seed + 1), first, exact=True)
    assert first.shape == second.shape == (4, 12)
    assert 0 <= second.min() <= second.max() <= 1
    assert set(pen.tolist()) <= {0.0, 1.0}
    if space.ink == "black":
        assert (second[:, COLOUR] == 0).all()
    if space.connected:
        assert torch.equal(second[:, START], first[:, END])
        assert torch.equal(second[:, ENTRY_PRESSURE], first[:, END_PRESSURE])
    if space.discrete is not None:
        steps = second[:, list(STEPPED)] * (space.discrete.levels - 1)
        assert torch.allclose(steps, steps.round(), atol=1e-5)
    again, _ = space.to_actions(torch.cat((second, pen[:, None]), dim=1)[:, : space.numbers], first, exact=True)
    assert torch.allclose(again, second, atol=1e-6)  # what is rounded stays


@given(spaces, st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_an_action_depends_on_its_free_columns_and_on_no_others(space, seed):
    chosen = decisions(space, seed)
    last = torch.rand(4, 12, generator=torch.Generator().manual_seed(seed + 7))
    actions, _ = space.to_actions(chosen, last, exact=True)
    for column in range(12):
        moved = chosen.clone()
        moved[:, column] = (chosen[:, column] + 0.5) % 1  # far enough for another level
        changed = not torch.equal(space.to_actions(moved, last, exact=True)[0], actions)
        assert changed == (column in space.free_columns(first=False)), column


@given(st.sampled_from([32, 64, 128]), st.integers(1, 4))
@settings(max_examples=12, deadline=None)
def test_an_agents_maps_have_the_sides_that_its_shape_says(side, stride):
    shape = AgentShape(side, 1, 12, channels=2, blocks=0, hidden=4, stride=stride)
    network, seen = AgentNetwork(shape), []
    for layer in (network.look, *network.shrink):
        layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.shape[-1]))
    blank = torch.zeros(1, 1, side, side)
    network(blank, blank, torch.zeros(1, 12), network.begin(1))
    assert seen == shape.sides()


@given(st.integers(2, 12), st.integers(1, 12), st.integers(0, 100))
def test_every_picture_is_learnt_from_or_set_aside(count, unseen, seed):
    images = np.random.default_rng(seed).permutation(count).astype(np.uint8).reshape(count, 1, 1, 1)
    classes = np.full(count, UNKNOWN)
    if count < 2 * unseen:
        with pytest.raises(
            InputError, match=f"^here: {count} pictures; {unseen} are set aside to judge by, and at least"
        ):
            parted(images, classes, (), unseen, "here")
        return
    split = parted(images, classes, (), unseen, "here")
    assert len(split.unseen) == unseen
    assert [*split.learnt.images.ravel().tolist(), *split.unseen.images.ravel().tolist()] == images.ravel().tolist()


@given(st.integers(0, 255), st.integers(3, 40), st.sampled_from([1, 3]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_plain_picture_stays_plain_at_any_size(value, side, channels, inverted):
    found = fitted([np.full((9, 14), value, np.uint8)], side, channels, inverted=inverted)
    assert found.shape == (1, channels, side, side)
    assert set(found.ravel().tolist()) == {255 - value if inverted else value}


@given(st.integers(-6, 6), st.integers(-6, 6))
@settings(max_examples=20, deadline=None)
def test_where_a_digit_lies_does_not_matter(right, down):
    picture = np.ones((40, 40), np.float32)
    picture[14:26, 18:21] = 0
    picture[14:17, 12:21] = 0
    shape, shifted = AgentShape(32, 1, 12), np.roll(picture, (down, right), axis=(0, 1))
    one, other = (prepared(torch.from_numpy(p).expand(1, 3, 40, 40), shape) for p in (picture, shifted))
    assert torch.equal(one, other)


@given(st.floats(0.01, 1), st.integers(0, 100))
def test_an_error_of_a_known_size_is_measured(size, seed):
    targets = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    found = picture_errors(targets + size, targets)
    assert found["mse"] == pytest.approx(size**2)
    assert found["psnr"] == pytest.approx(-20 * np.log10(size))


def test_specks_of_chalk_are_read_as_the_line_that_they_are():
    """A pale line of gaps and a solid black one of the same seven are the same to an agent."""
    shape = AgentShape(32, 1, 12)
    solid, chalk = np.ones((2, 120, 120), np.float32)
    places = [(20 + k, 30) for k in range(60)] + [(80 - k // 2, 30 + k) for k in range(70)]
    for number, (x, y) in enumerate(places):
        solid[y - 3 : y + 4, x - 3 : x + 4] = 0
        if number % 7 < 3:
            chalk[y - 3 : y + 4, x - 3 : x + 4] = 0.8
    chalk[30, 50] = 0.4  # one dark speck
    one, other = (
        prepared(torch.from_numpy(picture).expand(1, 3, 120, 120), shape).float() / 255 for picture in (solid, chalk)
    )
    ink = 1 - one
    assert float(((1 - other) * ink).sum() / ink.square().sum()) > 0.9  # as dark where the line is
    assert float((one - other).abs().mean() / ink.mean()) < 0.25
