"""The order of strokes: its measure sees lines, not cuts; the grammar of action tells ways of drawing apart."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from orbifolio.runner.strokes.agent.stroke_order import against_grammar, order_kept
from orbifolio.runner.strokes.mypaint.actions import COUNT, END, START, VIA


def lines(places: list[list[tuple[float, float]]]) -> tuple[Tensor, Tensor]:
    """Straight strokes through the places of each line, the pen up between lines: (1, t, 12) and (1, t)."""
    rows, pens, last = [], [], None
    for line in places:
        for k, place in enumerate(line):
            if last is not None:
                row = torch.zeros(COUNT)
                row[START], row[END] = torch.tensor(last), torch.tensor(place)
                row[VIA] = (row[START] + row[END]) / 2
                rows.append(row)
                pens.append(float(k > 0))
            last = place
    return torch.stack(rows)[None], torch.tensor(pens)[None]


def test_the_same_in_the_same_way_is_order_and_any_order_is_none() -> None:
    random = torch.Generator().manual_seed(8)
    base = torch.rand(2, 6, COUNT, generator=random)
    classes, down = torch.arange(60) % 2, torch.ones(60, 6)
    same = base[classes]
    assert order_kept(same, down, classes, 1)["order"] == pytest.approx(1)
    # strokes of equal length, whose marks lie at their middles
    short = same.clone()
    short[:, :, START] = short[:, :, VIA] - 0.01
    short[:, :, END] = short[:, :, VIA] + 0.01
    mixed = torch.stack([row[torch.randperm(6, generator=random)] for row in short])
    assert abs(order_kept(mixed, down, classes, 1)["order"]) < 0.1
    assert order_kept(same, down, torch.full((60,), -1), 1) == {}
    assert order_kept(same, 0 * down, classes, 1) == {}


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_it_does_not_see_where_a_class_lies_how_lines_are_cut_or_what_a_lifted_pen_does(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    corners = torch.rand(12, 5, 2, generator=random)
    classes, down = torch.arange(12) % 3, torch.ones(12, 4)
    actions = torch.zeros(12, 4, COUNT)
    actions[:, :, START], actions[:, :, END] = corners[:, :-1], corners[:, 1:]
    actions[:, :, VIA] = (corners[:, :-1] + corners[:, 1:]) / 2
    before = order_kept(actions, down, classes, 1)

    moved = actions.clone()
    shift = torch.rand(3, 1, 2, generator=random)[classes]
    for place in (START, VIA, END):
        moved[:, :, place] += shift
    assert order_kept(moved, down, classes, 1) == pytest.approx(before, abs=1e-4)

    middles = actions[:, :, VIA]
    halves = actions.repeat_interleave(2, dim=1)
    halves[:, 0::2, END], halves[:, 1::2, START] = middles, middles
    halves[:, :, VIA] = (halves[:, :, START] + halves[:, :, END]) / 2
    assert order_kept(halves, torch.ones(12, 8), classes, 1) == pytest.approx(before, abs=0.03)

    air = torch.cat((torch.rand(12, 2, COUNT, generator=random), actions), dim=1)
    pens = torch.cat((torch.zeros(12, 2), down), dim=1)
    assert order_kept(air, pens, classes, 1) == pytest.approx(before, abs=1e-9)


def test_hands_begin_at_the_top_left_and_draw_down_and_to_the_right() -> None:
    def cost(*places: list[tuple[float, float]]) -> float:
        return float(against_grammar(*lines(list(places))))

    top, bottom, left, right = (0.5, 0.2), (0.5, 0.8), (0.2, 0.5), (0.8, 0.5)
    assert cost([top, bottom]) == pytest.approx(0.2 + 0.4 * 0.5)  # only where it begins
    assert cost([bottom, top]) == pytest.approx(0.8 + 0.4 * 0.5 + 0.6)  # and the way upwards
    assert cost([left, right]) < cost([right, left])
    # a closed figure must rise somewhere; it costs least from the top
    ring = [top, left, bottom, right]
    assert min(range(4), key=lambda k: cost([*ring[k:], *ring[:k], ring[k]])) == 0
    # a pen in the air may rise: the two strokes of a cross
    assert cost([top, bottom], [left, right]) == pytest.approx(cost([top, bottom]))
    # a turn within a stroke counts, too
    actions, pens = lines([[top, bottom]])
    actions[..., VIA] = torch.tensor((0.5, 0.9))
    assert float(against_grammar(actions, pens)) == pytest.approx(cost([top, bottom]) + 0.1)


def test_the_gradient_turns_a_stroke_round() -> None:
    actions, pens = lines([[(0.5, 0.55), (0.5, 0.45)]])
    numbers = actions.clone().requires_grad_()
    for _ in range(40):
        (gradient,) = torch.autograd.grad(against_grammar(numbers, pens).sum(), numbers)
        numbers = (numbers - 0.02 * gradient).detach().requires_grad_()
    assert numbers[0, 0, START][1] < numbers[0, 0, END][1]
    for place in (START, VIA, END):
        gradient[:, :, place] = 0
    assert not gradient.any()  # pressures, size and colours are not its affair
