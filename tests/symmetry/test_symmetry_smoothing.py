"""Smoothing: against a matrix summed over the small triangles one by one, and as a map with an exact adjoint."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from orbifolio.runner.symmetry import AnySymmetry, colour
from orbifolio.runner.symmetry.layouts.mipmaps import Smoothing, smoothing_step
from orbifolio.runner.symmetry.layouts.texture import Texture

GROUPS = [
    {"kind": "sphere", "group": "O", "colours": {"r4": "[g,r,b]"}},
    {"kind": "sphere", "group": "Th", "colours": {"r3": "[g,b,r]", "i": "[-r,-g,-b]"}},
    {"kind": "hyperbolic", "p": 4, "q": 6, "mirrors": False, "colours": {"face": "[-r,-g,-b]"}},
    {"kind": "hyperbolic", "p": 3, "q": 20, "mirrors": False},
    {"kind": "hyperbolic", "p": 6, "q": 8, "mirrors": "sides", "colours": {"side": "[b,g,r]"}},
]
DIVISIONS = 5


def texture_of(settings: dict) -> Texture:
    symmetry = TypeAdapter(AnySymmetry).validate_python(settings).build(None)
    return Texture(symmetry.triangle, symmetry.sheets, DIVISIONS)


def summed(texture: Texture) -> tuple[np.ndarray, np.ndarray]:
    """The sums W over what orbits see, (3 P, 3 P), and their weights (P,), triangle by triangle."""
    number = {}
    for p in range(DIVISIONS + 1):
        for q in range(DIVISIONS + 1 - p):
            number[p, q] = len(number)
    triangles = [((p, q), (p + 1, q), (p, q + 1)) for p, q in number if p + q < DIVISIONS]
    triangles += [((p, q), (p - 1, q), (p, q - 1)) for p, q in number if p and q]
    orbit, element = texture.members()
    table = np.kron(np.diag(2 * texture.size), np.eye(3))
    weights = 2 * texture.size
    for sheet in range(len(orbit)):
        for corners in triangles:
            for a, b in itertools.permutations([number[corner] for corner in corners], 2):
                back = colour.MATRICES[element[sheet, a]].T  # orthogonal
                rows, columns = 3 * orbit[sheet, a] + np.arange(3), 3 * orbit[sheet, b] + np.arange(3)
                table[np.ix_(rows, columns)] += back @ colour.MATRICES[element[sheet, b]]
                weights[orbit[sheet, a]] += 1
    return table, weights


def matrix_of(step: Smoothing, count: int) -> np.ndarray:
    columns = torch.eye(3 * count, dtype=torch.float64)
    return np.stack([step(column.view(count, 3)).flatten().numpy() for column in columns], axis=1)


@pytest.mark.parametrize("settings", GROUPS, ids=str)
def test_a_step_is_the_mean_over_all_small_triangles(settings: dict) -> None:
    texture = texture_of(settings)
    table, weights = summed(texture)
    np.testing.assert_allclose(table, table.T)
    expected = table / np.repeat(weights, 3)[:, None]
    np.testing.assert_allclose(matrix_of(smoothing_step(texture), texture.count), expected, atol=1e-6)


@pytest.mark.parametrize("settings", GROUPS, ids=str)
def test_its_gradient_is_the_transpose(settings: dict) -> None:
    texture = texture_of(settings)
    step = smoothing_step(texture)
    random = torch.Generator().manual_seed(1)
    values = torch.randn(texture.count, 3, generator=random, dtype=torch.float64, requires_grad=True)
    other = torch.randn(texture.count, 3, generator=random, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((step(values) * other).sum(), values)
    torch.testing.assert_close((gradient * values).sum(), (step(values) * other).sum())
    expected = matrix_of(step, texture.count).T @ other.flatten().numpy()
    np.testing.assert_allclose(gradient.flatten().numpy(), expected, atol=1e-6)
