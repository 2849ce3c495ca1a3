"""Margins against numpy's padding, and their gradients against finite differences."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.errors import ShapeMismatch
from orbifolio.runner.vision.base import Shear
from orbifolio.runner.vision.edges import check_picture, extend, fold_back, same_margins, shifted

NUMPY = {"wrap": "wrap", "replicate": "edge", "zero": "constant"}
EDGES = st.sampled_from(sorted(NUMPY))
LAYOUTS = (torch.contiguous_format, torch.channels_last)


def padded_by_numpy(values: np.ndarray, margins: tuple[int, ...], padding: tuple[str, str]) -> np.ndarray:
    rows = np.pad(values, ((0, 0), (0, 0), margins[:2], (0, 0)), mode=NUMPY[padding[0]])
    return np.pad(rows, ((0, 0), (0, 0), (0, 0), margins[2:]), mode=NUMPY[padding[1]])


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.integers(0, 9)] * 4),
    st.tuples(EDGES, EDGES),
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from(LAYOUTS),
)
def test_margins_are_those_of_numpy(margins, padding, height, width, layout) -> None:
    features = torch.arange(2.0 * 3 * height * width).view(2, 3, height, width).contiguous(memory_format=layout)
    expected = padded_by_numpy(features.numpy(), margins, padding)
    assert np.array_equal(extend(features, margins, padding).numpy(), expected)


@pytest.mark.parametrize("margins", [(1, 1, 1, 1), (0, 1, 0, 1), (2, 1, 0, 3), (6, 0, 0, 7)])
@pytest.mark.parametrize(
    "padding", [("wrap", "wrap"), ("replicate", "wrap"), ("wrap", "zero"), ("replicate", "replicate")]
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_are_those_of_finite_differences(margins, padding, layout) -> None:
    features = torch.rand(1, 2, 4, 5, dtype=torch.float64).contiguous(memory_format=layout).requires_grad_()
    assert torch.autograd.gradcheck(lambda values: extend(values, margins, padding), features)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.integers(0, 9)] * 4),
    st.tuples(EDGES, EDGES),
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from(LAYOUTS),
)
def test_folding_back_is_the_adjoint_of_numpys_padding(margins, padding, height, width, layout) -> None:
    random = np.random.default_rng(3)
    features = random.integers(-9, 9, (2, 3, height, width)).astype(np.float64)
    larger = padded_by_numpy(features, margins, padding)
    gradient = random.integers(-9, 9, larger.shape).astype(np.float64)
    folded = fold_back(torch.from_numpy(gradient).contiguous(memory_format=layout), margins, padding)
    assert float((larger * gradient).sum()) == float((features * folded.numpy()).sum())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_layout_and_dtype_stay(dtype: torch.dtype) -> None:
    features = torch.rand(1, 8, 4, 4).to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    larger = extend(features, (1, 1, 1, 1), ("wrap", "replicate"))
    larger.sum().backward()
    assert larger.dtype == dtype
    assert larger.is_contiguous(memory_format=torch.channels_last)
    assert features.grad is not None
    assert features.grad.is_contiguous(memory_format=torch.channels_last)


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 3))
def test_same_margins_give_the_rounded_up_share(size: int, kernel: int, stride: int) -> None:
    before, after = same_margins(size, kernel, stride)
    assert 0 <= after - before <= 1
    if kernel >= stride:
        assert (size + before + after - kernel) // stride + 1 == -(-size // stride)


def test_pictures_that_cannot_wrap_are_refused() -> None:
    check_picture("net", torch.rand(1, 3, 12, 8), 8, ("replicate", "wrap"))
    with pytest.raises(ShapeMismatch) as caught:
        check_picture("net", torch.rand(1, 3, 8, 12), 8, ("replicate", "wrap"))
    assert str(caught.value) == (
        "net: picture: expected shape ('batch', 3, 'height', 'a multiple of 8'); got (1, 3, 8, 12)"
    )
    with pytest.raises(ShapeMismatch, match="at least 8"):
        check_picture("net", torch.rand(1, 3, 4, 8), 8, ("replicate", "replicate"))
    with pytest.raises(ShapeMismatch, match="'batch', 3"):
        check_picture("net", torch.rand(3, 8, 8), 8, ("wrap", "wrap"))


@pytest.mark.parametrize("margins", [(1, 1, 1, 1), (0, 1, 0, 1), (2, 1, 0, 3), (6, 5, 0, 9)])
@pytest.mark.parametrize(("share", "copies"), [(Fraction(1, 2), 2), (Fraction(1, 3), 3), (Fraction(2, 3), 3)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_sheared_tile_continues_as_the_tile_of_its_copies_does(margins, share, copies, layout) -> None:
    random = torch.Generator().manual_seed(1)
    part = torch.rand(1, 2, 4, 6, generator=random, dtype=torch.float64).contiguous(memory_format=layout)
    whole = np.concatenate([np.roll(part.numpy(), int(copy * share * 6), axis=-1) for copy in range(copies)], axis=-2)
    top, bottom, left, right = margins
    around = np.pad(whole, ((0, 0), (0, 0), (top, bottom), (left, right)), mode="wrap")[:, :, : top + 4 + bottom]
    edges = Shear(share), "wrap"
    assert np.array_equal(extend(part, margins, edges).numpy(), around)
    assert torch.autograd.gradcheck(lambda values: extend(values, margins, edges), part.requires_grad_())


@given(st.integers(-30, 30), st.integers(-30, 30))
def test_a_shifted_sheared_tile_is_the_shifted_tile_of_its_copies(across: int, down: int) -> None:
    part = torch.arange(24.0).view(1, 1, 4, 6)
    whole = np.concatenate(
        [part.numpy(), np.roll(part.numpy(), 2, axis=-1), np.roll(part.numpy(), 4, axis=-1)], axis=-2
    )
    expected = np.roll(whole, (-down, -across), axis=(-2, -1))[:, :, :4]
    assert np.array_equal(shifted(part, across, down, (Shear(Fraction(1, 3)), "wrap")).numpy(), expected)


def test_a_shift_that_is_no_multiple_of_the_stride_is_refused() -> None:
    check_picture("net", torch.zeros(1, 3, 8, 32), 8, (Shear(Fraction(1, 2)), "wrap"))
    with pytest.raises(ShapeMismatch, match="a width of which 1/2 is a multiple of 8"):
        check_picture("net", torch.zeros(1, 3, 8, 24), 8, (Shear(Fraction(1, 2)), "wrap"))
