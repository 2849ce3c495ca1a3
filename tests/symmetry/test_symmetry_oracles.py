"""Independent programs are asked what they see: spglib and moyopy in rendered cells, hypertiling in our fold.

Texels are atoms whose species is their grey level; a second, featureless layer off the mirror plane makes
the crystal polar, so that the plane group decides the space group. Inversion of grey is time reversal.
"""

from __future__ import annotations

import warnings

import moyopy
import numba
import numpy as np
import pytest
import spglib
import torch

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.groups.legality import homomorphisms
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.symmetry.kinds.plane import Plane

LAYER_GROUPS = dict(zip(GROUPS, (1, 3, 11, 12, 13, 23, 24, 25, 26, 49, 55, 56, 65, 69, 70, 73, 77), strict=True))
SPACE_GROUPS = dict(zip(GROUPS, (1, 3, 6, 7, 8, 25, 28, 32, 35, 75, 99, 100, 143, 156, 157, 168, 183), strict=True))
SIDES = {  # lengths of e1, e2 and their angle: generic where the lattice is free
    "oblique": (1.0, 1.31, 101),
    "rectangular": (1.0, 1.31, 90),
    "rhombic": (1.0, 1.0, 77),
    "square": (1.0, 1.0, 90),
    "hexagonal": (1.0, 1.0, 120),
}
N = 12
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
BLACK_WHITE = [
    (name, tuple(int(item) for item in row))
    for name, group in GROUPS.items()
    for row in homomorphisms(group)
    if set(row) == {0, 7} and not row[-2:].any()
]


def cell_texels(name: str, colours: dict[str, list[str]], values: np.ndarray) -> np.ndarray:
    """Grey levels of one primitive cell, (N, N), indexed by lattice coordinates (u, v)."""
    symmetry = Plane(group=name, colours=colours).build()
    size = {"hexagonal": (14, 2 * N), "rhombic": (2 * N, 2 * N)}.get(symmetry.row.lattice, (N, N))
    layout = symmetry.layout(*size)
    u, v = np.meshgrid(np.arange(N) / N, np.arange(N) / N, indexing="ij")
    edges = np.array(symmetry.frame.edges, dtype=float).T
    x, y = np.linalg.solve(edges, np.stack([u.ravel(), v.ravel()]))
    grey = torch.from_numpy(np.resize(values, layout.parameters))[:, None].expand(-1, 3)
    shown = layout.evaluate(grey, torch.from_numpy(np.stack([x, -y], axis=1)))
    return shown[:, 0].numpy().reshape(N, N)


def crystal(name: str) -> tuple[np.ndarray, np.ndarray]:
    first, second, angle = SIDES[GROUPS[name].lattice]
    turn = np.radians(angle)
    lattice = np.array([[first, 0, 0], [second * np.cos(turn), second * np.sin(turn), 0], [0, 0, 3.1]])
    u, v = np.meshgrid(np.arange(N) / N, np.arange(N) / N, indexing="ij")
    layer = np.stack([u.ravel(), v.ravel(), np.zeros(N * N)], axis=1)
    return lattice, np.vstack([layer, layer + [0, 0, 0.37]])


@pytest.mark.parametrize("name", GROUPS)
def test_spglib_finds_the_group(name: str) -> None:
    levels = np.random.default_rng(1).integers(0, 4, 400).astype(float)
    grey = np.rint(cell_texels(name, {}, levels)).astype(int)
    lattice, positions = crystal(name)
    species = np.concatenate([grey.ravel() + 1, np.full(N * N, 9)])
    dataset = spglib.get_symmetry_dataset((lattice, positions, species), symprec=1e-4)
    assert dataset is not None
    assert dataset.number == SPACE_GROUPS[name]


@pytest.mark.parametrize("name", GROUPS)
def test_moyopy_finds_the_layer_group(name: str) -> None:
    levels = np.random.default_rng(5).integers(0, 4, 400).astype(float)
    grey = np.rint(cell_texels(name, {}, levels)).astype(int)
    lattice, positions = crystal(name)
    species = np.concatenate([grey.ravel() + 1, np.full(N * N, 9)])
    cell = moyopy.Cell(lattice.tolist(), positions.tolist(), species.tolist())
    assert moyopy.MoyoLayerDataset(cell, symprec=1e-4).number == LAYER_GROUPS[name]


@pytest.mark.parametrize(("p", "q"), [(7, 3), (4, 6), (3, 7), (5, 4)])
def test_the_tiles_of_hypertiling_fold_to_our_corners(p: int, q: int) -> None:
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")  # it says at import that numba would make it faster
        patch.setattr(numba.config, "DISABLE_JIT", True)  # it would compile all its kernels at import, for a minute
        from hypertiling import HyperbolicTiling
    tiling = HyperbolicTiling(p, q, 3)
    turn = np.exp(1j * (np.pi / p - np.angle(tiling.get_vertices(0)[0])))  # our tile's corner is at half a turn / p
    middles = turn * np.array([tiling.get_center(number) for number in range(len(tiling))])
    corners = turn * np.concatenate([tiling.get_vertices(number) for number in range(len(tiling))])
    assert len(middles) > 20

    def weights(places: np.ndarray) -> np.ndarray:
        height = 1 - abs(places) ** 2
        points = np.stack([2 * places.real / height, 2 * places.imag / height, (1 + abs(places) ** 2) / height], axis=1)
        return Triangle(p, q).fold(points).weights

    np.testing.assert_allclose(weights(middles), np.broadcast_to([1, 0, 0], (len(middles), 3)), atol=1e-9)
    np.testing.assert_allclose(weights(corners), np.broadcast_to([0, 1, 0], (len(corners), 3)), atol=1e-9)


def test_there_are_29_black_white_groups() -> None:
    assert len(BLACK_WHITE) == 29


@pytest.mark.parametrize(("name", "row"), BLACK_WHITE)
def test_spglib_finds_the_black_white_group(name: str, row: tuple[int, ...]) -> None:
    colours = {key: colour.as_list(item) for key, item in zip(GROUPS[name].generators, row, strict=True)}
    values = np.random.default_rng(2).uniform(-0.5, 0.5, 400).round(1)
    moments = cell_texels(name, colours, values)
    lattice, positions = crystal(name)
    species = np.repeat([1, 2], N * N)
    found = spglib.get_magnetic_symmetry(
        (lattice, positions, species, np.concatenate([moments.ravel(), np.zeros(N * N)])), is_axial=False, symprec=1e-4
    )
    assert found is not None
    reversals = np.asarray(found["time_reversals"])
    assert len(reversals) == GROUPS[name].order
    assert reversals.sum() * 2 == len(reversals)
