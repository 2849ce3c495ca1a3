"""Surroundings: a neighbour's plane shows the same things as the orbit's own, moved as the block says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from orbifolio.runner.patches.surroundings import surroundings
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout, SymmetrySettings
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.layouts.gather import build_gather

CYCLE = ("g", "b", "r")
EXACT = {
    "p1": Plane(group="p1"),
    "p4": Plane(group="p4", colours={"r4": ("g", "r", "b")}),
    "p4gm": Plane(group="p4gm"),
    "pg": Plane(group="pg", colours={"g": ("-r", "-g", "-b")}),
    "p6": Plane(group="p6", colours={"r6": CYCLE}),
    "p31m": Plane(group="p31m", colours={"r3": CYCLE}),
    "p6mm": Plane(group="p6mm"),
    "frieze": Frieze(group="p2mm"),
    "none": NoSymmetry(),
    "droste": Droste(zoom=3, turn=40),
    "zoomed hexagons": Droste(group="p6", repeats=3),
}
SMOOTH = {
    "rotor": Rotor(order=5),
    "kaleidoscope": Rotor(order=3, mirrors=True, colours={"r": CYCLE}),
    "sphere": Sphere(),
    "hyperbolic": Hyperbolic(p=4, q=5),
    "mirrors": Hyperbolic(p=7, q=3, mirrors=True),
}


def layout_of(settings: SymmetrySettings, width: int) -> Layout:
    symmetry = settings.build()
    return symmetry.layout(*symmetry.fit(width, multiple=1, ratio=1.0))


def smooth_values(layout: Layout) -> torch.Tensor:
    """Values that change slowly over the surface, so that blending between texels costs little."""
    planes = layout.tangent_planes()
    values = torch.rand((layout.parameters, 3), generator=torch.Generator().manual_seed(1)) - 0.5
    every = np.arange(layout.parameters)
    taps = planes.around(every, planes.lattice.offsets(2))
    gather = build_gather(taps.orbits, taps.elements, taps.weights, layout.parameters)
    for _ in range(6):
        values = layout.constrain(gather(values).view(layout.parameters, -1, 3).mean(1))
    return values / values.std()


def shown(layout: Layout, values: torch.Tensor, orbits: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(n, J, 3) what the artwork shows at offsets (n, J, 2) from orbits."""
    taps = layout.tangent_planes().around(orbits, offsets)
    gather = build_gather(taps.orbits, taps.elements, taps.weights, layout.parameters)
    return gather(values).view(len(orbits), -1, 3).numpy()


def disagreement(settings: SymmetrySettings, width: int) -> tuple[float, float]:
    """Root mean square difference of what orbits see of neighbours and what those see; share of missing neighbours."""
    layout = layout_of(settings, width)
    planes = layout.tangent_planes()
    orbits = np.arange(min(layout.parameters, 4000))
    block = surroundings(planes, orbits, planes.lattice.offsets(3))
    values = smooth_values(layout)
    probes = planes.lattice.offsets(1)
    own, place = np.nonzero(block.near >= 0)
    other, motion = block.near[own, place].astype(np.int64), block.motion[own, place]
    onward = np.linalg.inv(block.back[motion].reshape(-1, 2, 2).astype(np.float64))
    moved = block.shift[motion][:, None] + np.einsum("nij,kj->nki", onward, probes)
    seen = shown(layout, values, orbits[own], moved)
    there = shown(layout, values, other, np.broadcast_to(probes, (len(own), *probes.shape)))
    matrices = colour.MATRICES[block.seen[motion]].astype(np.float64)
    expected = np.einsum("nij,nkj->nki", matrices, there)
    return float(np.sqrt(np.mean((seen - expected) ** 2))), float(np.mean(block.near < 0))


@pytest.mark.parametrize("name", EXACT)
def test_neighbours_on_a_lattice_agree_exactly_across_the_domains_edge(name: str) -> None:
    difference, missing = disagreement(EXACT[name], 96)
    assert difference < 1e-5
    # In corners of the domain, as narrow as the probes are far, a motion cannot be told.
    assert missing < 0.08


@pytest.mark.parametrize("name", SMOOTH)
def test_neighbours_between_texels_agree_as_far_as_values_are_blended(name: str) -> None:
    difference, missing = disagreement(SMOOTH[name], 96)
    assert difference < 0.25  # of a standard deviation; values of two random places differ by 1.4
    assert missing < 0.25


def test_a_block_of_the_middle_is_that_part_of_the_whole() -> None:
    planes = layout_of(EXACT["p6"], 48).tangent_planes()
    offsets = planes.lattice.offsets(3)
    count = len(planes.places)
    whole, part = (surroundings(planes, np.arange(*bounds), offsets) for bounds in ((0, count), (20, 60)))
    samples = len(offsets)
    assert np.array_equal(whole.orbits[20 * samples : 60 * samples], part.orbits)
    assert np.array_equal(whole.near[20:60], part.near)
    for name in ("shift", "back", "seen"):
        table, own = getattr(whole, name), getattr(part, name)
        assert np.array_equal(table[whole.motion[20:60]], own[part.motion])
