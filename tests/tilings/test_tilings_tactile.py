"""The types' spaces against Kaplan's own tables, as the package tactile has them: each of its tiles lies in ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tactile
from numpy.typing import NDArray

from orbifolio.runner.tilings.spaces import axis_angle, steps_basis
from orbifolio.runner.tilings.types import TYPES, Template

COUNT = 9  # points of an edge


def edge(shape: Any, random: np.random.Generator) -> NDArray[np.complex128]:
    """(COUNT + 1,) any curve from 0 to 1; of a shape S the same when turned by half about its middle."""
    curve = np.arange(COUNT + 1) / COUNT + np.concatenate(
        [[0], 0.2 * (random.normal(size=COUNT - 1) + 1j * random.normal(size=COUNT - 1)), [0]]
    )
    return (curve + 1 - curve[::-1]) / 2 if shape == tactile.EdgeShape.S else curve


def random_tile(number: int, seed: int) -> NDArray[np.complex128]:
    """(edges * COUNT,) the outline of a tile with random parameters and edges, counter-clockwise."""
    random = np.random.default_rng(seed)
    tiling = tactile.IsohedralTiling(number)
    if tiling.num_parameters:
        tiling.parameters = [value + 0.1 * random.normal() for value in tiling.parameters]
    curves = [edge(shape, random) for shape in tiling.edge_shapes]
    sides = []
    for part in tiling.shapes:
        assert part.shape in (tactile.EdgeShape.J, tactile.EdgeShape.S)
        a, b, x, c, d, y = part.T
        curve = curves[part.id]
        placed = a * curve.real + b * curve.imag + x + 1j * (c * curve.real + d * curve.imag + y)
        sides.append((placed[::-1] if part.rev else placed)[:-1])
    outline = np.concatenate(sides)
    corners = outline[::COUNT]
    area = np.sum(corners.real * np.roll(corners.imag, -1) - np.roll(corners.real, -1) * corners.imag)
    return outline if area > 0 else np.roll(outline[::-1], 1)


def away(template: Template, outline: NDArray[np.complex128]) -> float:
    """How far an outline's steps are from the template's space, as a share of their length, for the best axis."""
    turned = np.roll(outline, -template.start)
    angles = [axis_angle(template, turned) + quarter * np.pi / 2 for quarter in (0, 1)]
    basis, steps = steps_basis(template), np.roll(turned, -1) - turned
    found = []
    for angle in angles:
        flat = steps * np.exp(-1j * angle)
        vector = np.concatenate([flat.real, flat.imag])
        found.append(np.linalg.norm(vector - basis @ (basis.T @ vector)) / np.linalg.norm(vector))
    return float(min(found))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", TYPES)
def test_every_tile_of_a_type_lies_in_its_space(name: str, seed: int) -> None:
    outline = random_tile(int(name.removeprefix("IH")), seed)
    edges = TYPES[name].edges
    assert len(outline) == edges * COUNT
    mirrored = np.roll(np.conj(outline)[::-1], 1)
    distances = [
        away(Template(name, (COUNT,) * edges, number * COUNT, False), read)
        for read in (outline, mirrored)
        for number in range(edges)
    ]
    assert min(distances) < 1e-11  # its tables have twelve digits of the root of three
    outline[4] += 0.3
    assert away(Template(name, (COUNT,) * edges, int(np.argmin(distances[:edges])) * COUNT, False), outline) > 0.03
