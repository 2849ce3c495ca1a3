"""Greys, ink and ribbons on spheres, drawn by a sum over the group alone: what has the symmetry reads as having it."""

from __future__ import annotations

import numpy as np
import pytest

from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.verify.measure import measure
from orbifolio.runner.symmetry.verify.residuals import EXACT

WIDTH, HEIGHT = 224, 112
FINE = 2  # samples along a pixel: lines as thin as pixels need soft edges


def closure(generators: list[np.ndarray]) -> np.ndarray:
    """(n, 3, 3) all products."""
    found = {tuple(np.eye(3).ravel()): np.eye(3)}
    waiting = [np.eye(3)]
    while waiting:
        here = waiting.pop()
        for generator in generators:
            product = here @ generator
            key = tuple(np.round(product, 6).ravel() + 0.0)
            if key not in found and not np.allclose(product, np.eye(3)):
                found[key] = product
                waiting.append(product)
    return np.array(list(found.values()))


@pytest.mark.parametrize(("group", "order"), [("T", 12), pytest.param("O", 24, marks=pytest.mark.slow), ("I", 60)])
def test_symmetric_tones_hold_and_a_patch_does_not(group: str, order: int) -> None:
    symmetry = Sphere(group=group).build()
    elements = closure([np.asarray(claim.matrix) for claim in symmetry.claims()])
    assert len(elements) == order
    chart = symmetry.chart_for(WIDTH, HEIGHT)
    columns, rows = (np.arange(FINE * side) + 0.5 for side in (WIDTH, HEIGHT))
    x, y = np.meshgrid(columns / (FINE * WIDTH) * 2 - 1, 1 - rows / (FINE * HEIGHT) * 2)
    points = chart.look(x.ravel(), y.ravel()).points
    random = np.random.default_rng(0)
    field = np.zeros(len(points))
    for centre in random.standard_normal((9, 3)):
        images = elements @ (centre / np.linalg.norm(centre))
        field += random.standard_normal() * np.exp((points @ images.T - 1) / 0.05).sum(1)
    field = field.reshape(x.shape)
    field = (field - np.median(field)) / field.std()
    pixel = FINE * np.median(np.hypot(*np.gradient(field)))  # by how much it changes over one
    tones = {
        "light": 1 / (1 + np.exp(-1.7 * field)),
        "ink": np.clip(np.abs(field) / pixel - 0.5, 0, 1),
        "ribbons": np.clip(np.abs(field) / pixel - 3, 0, 1),
    }
    patch = np.hypot(x * 2 - 0.4, y - 0.1)[::FINE, ::FINE] < 0.25
    for tone, shade in tones.items():
        seen = shade.reshape(HEIGHT, FINE, WIDTH, FINE).mean((1, 3))
        picture = np.rint(seen * 255)[..., None].repeat(3, 2) / 255
        measured = measure(picture, chart, symmetry.claims())
        assert measured.holds, (tone, measured.objections)
        if tone == "light":
            continue
        patched = np.where(patch[..., None], np.roll(picture[::-1, ::-1], (23, 80), (0, 1)), picture)
        broken = measure(patched, chart, symmetry.claims())
        assert not broken.holds, tone
        assert broken.worst is not None
        assert broken.worst > 2 * EXACT, tone
