"""Symmetry elements: where pixels repeat, and as many as the International Tables say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.verify.symmetry_elements import symmetry_elements

# of a primitive cell, by International Tables A: centres by fold, directions of mirrors, of glides between them
CENTRES = {
    "p1": {},
    "p2": {2: 4},
    "pm": {},
    "pg": {},
    "p2mm": {2: 4},
    "p2mg": {2: 4},
    "p2gg": {2: 4},
    "c2mm": {2: 4},
    "p4": {4: 2, 2: 2},
    "p4mm": {4: 2, 2: 2},
    "p4gm": {4: 2, 2: 2},
    "p3": {3: 3},
    "p3m1": {3: 3},
    "p31m": {3: 3},
    "p6": {6: 1, 3: 2, 2: 3},
    "p6mm": {6: 1, 3: 2, 2: 3},
}


def pixels(symmetry: Symmetry, width: int, height: int) -> F32:
    layout = symmetry.layout(width, height)
    values = layout.constrain(torch.rand(layout.parameters, 3, generator=torch.Generator().manual_seed(1)) - 0.5)
    return layout.render(values)[0].permute(1, 2, 0).numpy()


def drawn(symmetry: Symmetry, width: int = 48, ratio: float = 1.0) -> tuple[dict[str, Any], tuple[int, int]]:
    size = symmetry.fit(width, multiple=1, ratio=ratio)
    record = symmetry_elements(symmetry, *size)
    assert record is not None
    return record, size


@pytest.mark.parametrize("group", CENTRES)
def test_centres_are_as_many_as_in_the_tables(group: str) -> None:
    symmetry = Plane(group=group).build()  # type: ignore[arg-type]
    record, _ = drawn(symmetry)
    counts = Counter(centre["fold"] for centre in record["centres"])
    assert counts == {fold: count * symmetry.cells for fold, count in CENTRES[group].items()}


@pytest.mark.parametrize("group", [name for name, folds in CENTRES.items() if any(fold % 2 == 0 for fold in folds)])
def test_the_picture_is_itself_after_half_a_turn_about_each_even_centre(group: str) -> None:
    symmetry = Plane(group=group).build()  # type: ignore[arg-type]
    record, (width, height) = drawn(symmetry)
    picture = pixels(symmetry, width, height)
    rows, columns = np.mgrid[0:height, 0:width]
    for centre in (each for each in record["centres"] if each["fold"] % 2 == 0):
        across, down = round(2 * centre["x"] * width) - 1, round(2 * centre["y"] * height) - 1
        turned = picture[(down - rows) % height, (across - columns) % width]
        np.testing.assert_allclose(turned, picture, atol=1e-5)


@pytest.mark.parametrize("group", ["pm", "cm", "p2mm", "p2mg", "c2mm", "p4mm", "p4gm", "p31m", "p3m1", "p6mm"])
def test_the_picture_is_itself_in_each_upright_or_lying_mirror(group: str) -> None:
    symmetry = Plane(group=group).build()  # type: ignore[arg-type]
    record, (width, height) = drawn(symmetry)
    picture = pixels(symmetry, width, height)
    seen = 0
    for (x, y), (u, v) in (mirror["line"] for mirror in record["mirrors"]):
        if x == u:
            image = picture[:, (round(2 * x * width) - 1 - np.arange(width)) % width]
        elif y == v:
            image = picture[(round(2 * y * height) - 1 - np.arange(height)) % height]
        else:
            continue
        seen += 1
        np.testing.assert_allclose(image, picture, atol=1e-5)
    assert seen or group == "p4gm"


def test_glides_are_no_mirrors_and_cells_are_as_large_as_the_lattice_says() -> None:
    record, (width, height) = drawn(Plane(group="pg").build())
    assert (record["mirrors"], len(record["glides"])) == ([], 2)
    picture = pixels(Plane(group="pg").build(), width, height)
    (x, _), (u, _) = record["glides"][0]["line"]
    assert x == u
    image = picture[:, (round(2 * x * width) - 1 - np.arange(width)) % width]
    np.testing.assert_allclose(np.roll(image, height // 2, axis=0), picture, atol=1e-5)
    assert len(drawn(Plane(group="p4", colours={"t1": ["-r", "-g", "-b"]}).build())[0]["cells"]) > 2


def test_what_changes_colours_is_told() -> None:
    folds = {
        centre["fold"]: centre["recolours"]
        for centre in drawn(Plane(group="p6", colours={"r6": ["g", "b", "r"]}).build())[0]["centres"]
    }
    assert folds == {6: True, 3: True, 2: False}  # three sixths of a turn bring the colours home


def test_a_strip_and_a_rotor() -> None:
    record, (width, height) = drawn(Frieze(group="p2mm", repeats=3).build(), 96, 3.0)
    assert Counter(centre["fold"] for centre in record["centres"]) == {2: 6}
    assert {centre["y"] for centre in record["centres"]} == {0.5}
    assert len(record["mirrors"]) == 7
    assert len(record["cells"]) == 3
    record, _ = drawn(Rotor(order=5, mirrors=True).build())
    assert [(centre["fold"], centre["x"], centre["y"]) for centre in record["centres"]] == [(5, 0.5, 0.5)]
    assert len(record["mirrors"]) == 5


def test_nothing_is_drawn_where_movements_look_like_something_else() -> None:
    assert symmetry_elements(Hyperbolic(p=7, q=3, chart="band").build(), 64, 64) is None  # it has no end
    assert symmetry_elements(NoSymmetry().build(), 64, 64) is None


def disk(symmetry: Symmetry) -> tuple[dict[int, F64], list[F64]]:
    """Centres by fold, (N,) complex numbers, and mirrors, (M,) of them, in the Poincare disk."""
    record = symmetry_elements(symmetry, 600, 600)
    assert record is not None
    rim = symmetry.chart_for(600, 600)
    radius = float(rim.place(np.array([[1e6, 0.0, 1e6]]))[0][0])  # the rim may lie within the picture

    def place(x: float, y: float) -> complex:
        return ((2 * x - 1) + 1j * (1 - 2 * y)) / radius

    folds: dict[int, list[complex]] = {}
    for centre in record["centres"]:
        folds.setdefault(centre["fold"], []).append(place(centre["x"], centre["y"]))
    lines = [np.array([place(x, y) for x, y in mirror["line"]]) for mirror in record["mirrors"]]
    return {fold: np.array(points) for fold, points in folds.items()}, lines


def distance(points: F64, others: F64) -> F64:
    """From each point to the nearest of others."""
    return np.abs(points[:, None] - others[None]).min(1)


def test_the_centres_of_a_disk_turn_into_each_other() -> None:
    folds, lines = disk(Hyperbolic(p=7, q=3).build())
    assert set(folds) == {7, 3, 2}
    assert not lines
    for points in folds.values():
        near = points[np.abs(points) < 0.8]
        assert len(near) > 7
        assert distance(near * np.exp(2j * np.pi / 7), points).max() < 2e-3
    inner = folds[7][np.abs(folds[7]) < 0.7]
    assert np.allclose(np.sort(np.abs(inner))[:2], [0, np.abs(inner[np.argsort(np.abs(inner))[1]])], atol=1e-3)
    # the nearest tiles' middles of {p, q}: twice the inner radius, cosh r = cos(pi/q) / sin(pi/p) (Coxeter)
    apart = 2 * np.arccosh(np.cos(np.pi / 3) / np.sin(np.pi / 7))
    assert np.sort(np.abs(inner))[1] == pytest.approx(np.tanh(apart / 2), abs=1e-3)


def test_the_mirrors_of_a_disk_meet_its_rim_at_right_angles_and_swap_its_centres() -> None:
    folds, lines = disk(Hyperbolic(p=4, q=6, mirrors=True).build())
    assert len(lines) > 8
    straight = 0
    for line in lines:
        within = line[np.abs(line) < 0.99]
        system = np.stack([2 * within.real, 2 * within.imag], axis=1)
        if np.linalg.matrix_rank(system, tol=1e-2) < 2:  # through the middle
            straight += 1
            continue
        centre, *_ = np.linalg.lstsq(system, 1 + np.abs(within) ** 2, rcond=None)
        assert np.abs(system @ centre - 1 - np.abs(within) ** 2).max() < 5e-3  # |x - c|^2 = |c|^2 - 1
        c = complex(*centre)
        for points in folds.values():
            near = points[np.abs(points) < 0.5]
            swapped = c + (abs(c) ** 2 - 1) / np.conj(near - c)
            kept = np.abs(swapped) < 0.75
            if kept.any():
                assert distance(swapped[kept], points).max() < 6e-3
    assert straight == 4
