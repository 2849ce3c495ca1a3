"""Opacity layers: the best colours are a least-squares solver's, and a painting's own from its picture."""

import numpy as np
import pytest
import scipy.optimize

from orbifolio.runner.strokes.document.opacity_layers import OpacityLayers, palette_of

PAPER = (1.0, 0.9, 0.8)


@pytest.fixture
def layers() -> OpacityLayers:
    random = np.random.default_rng(0)
    boxes = [(x, y, x + 8, y + 7) for x, y in random.integers(0, 9, (7, 2)).tolist()]
    return OpacityLayers(17, 16, boxes, [random.random((7, 8)).astype(np.float32) for _ in boxes])


def dense(layers: OpacityLayers) -> tuple[np.ndarray, np.ndarray]:
    """Shares computed pixel by pixel."""
    shares = np.zeros((16, 17, len(layers.boxes)))
    through = np.ones((16, 17))
    for number in reversed(range(len(layers.boxes))):
        left, top, right, bottom = layers.boxes[number]
        for row in range(top, bottom):
            for column in range(left, right):
                alpha = layers.opacities[number][row - top, column - left]
                shares[row, column, number] = through[row, column] * alpha
                through[row, column] *= 1 - alpha
    return shares.reshape(-1, len(layers.boxes)), through.ravel()


def test_a_picture_is_its_shares_times_the_colours(layers):
    colours = np.random.default_rng(1).random((7, 3)).astype(np.float32)
    shares, bare = dense(layers)
    wanted = shares @ colours + bare[:, None] * np.array(PAPER)
    assert np.abs(layers.compose(colours, PAPER).reshape(-1, 3) - wanted).max() < 1e-5
    sparse, paper = layers.shares()
    found = np.zeros_like(shares)
    found[sparse.cells, np.repeat(np.arange(7), sparse.ends - sparse.starts)] = sparse.shares
    assert np.abs(found - shares).max() <= 1 / 512
    assert np.abs(paper - bare).max() < 1e-5


def test_colours_come_back_from_the_picture(layers):
    colours = np.random.default_rng(2).random((7, 3)).astype(np.float32)
    picture = layers.compose(colours, PAPER)
    found = layers.best_colours(picture, np.full((7, 3), 0.5, np.float32), PAPER)
    assert np.abs(layers.compose(found, PAPER) - picture).max() < 0.02
    assert np.abs(found[-3:] - colours[-3:]).max() < 0.05


def test_colours_are_the_best_within_bounds(layers):
    target = np.random.default_rng(3).random((16, 17, 3)).astype(np.float32) * 3 - 1  # beyond what can be painted
    found = layers.best_colours(target, np.full((7, 3), 0.5, np.float32), PAPER)
    shares, bare = dense(layers)
    for channel in range(3):
        right = target.reshape(-1, 3)[:, channel] - bare * PAPER[channel]
        oracle = scipy.optimize.lsq_linear(shares, right, (0, 1))
        cost = 0.5 * np.square(shares @ found[:, channel] - right).sum()
        assert cost <= oracle.cost * 1.01
    assert found.min() >= 0
    assert found.max() <= 1


def test_a_palette_is_kept_to_and_used_well(layers):
    target = np.random.default_rng(4).random((16, 17, 3)).astype(np.float32)
    palette = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 1], [0.2, 0.5, 0.5]], np.float32)
    begun = palette[np.zeros(7, int)]
    found = layers.best_colours(target, begun, PAPER, palette)
    assert {tuple(colour) for colour in found} <= {tuple(colour) for colour in palette}
    costs = [np.square(layers.compose(some, PAPER) - target).sum() for some in (begun, found)]
    assert costs[1] < costs[0]
    for number in range(7):  # no single exchange is better
        for colour in palette:
            other = found.copy()
            other[number] = colour
            assert np.square(layers.compose(other, PAPER) - target).sum() > costs[1] - 0.2


def test_a_hidden_stroke_keeps_its_colour():
    whole = np.ones((4, 4), np.float32)
    layers = OpacityLayers(4, 4, [(0, 0, 4, 4)] * 2, [whole * 0.5, whole])
    begun = np.array([[0.3, 0.6, 0.9], [0, 0, 0]], np.float32)
    found = layers.best_colours(np.full((4, 4, 3), 0.7, np.float32), begun, PAPER)
    assert np.allclose(found[0], begun[0], atol=1e-6)
    assert np.allclose(found[1], 0.7, atol=2e-3)


def test_few_colours_are_a_palette_and_many_are_not():
    colours = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    assert palette_of(colours) is None
    assert len(palette_of(colours[np.arange(40) % 5])) == 5
    assert palette_of(colours[:1]) is None
