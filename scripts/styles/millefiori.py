"""Millefiori: slices of Murano canes, flowers and stars of glass, fused side by side."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from scripts.styles.fields import Field, colours, mix, noise, panes, relief, scatter, step

GLASSES = (
    ("0e1a5e", "f6f1df", "d81f3a", "f6f1df", "1f66d6", "ffd23f"),
    ("5a0f2e", "f39a1f", "fff3d0", "e0341f", "ffd23f", "1a7f8c"),
    ("06403f", "1fb5a5", "f7f3e2", "0b2c6b", "f7f3e2", "ef5a3a"),
    ("2a1052", "b04bd0", "fbe7f4", "3a1a8a", "66c8ee", "fff3d0"),
    ("7a1210", "f7f0dc", "17489e", "f7f0dc", "d8231f", "ffcf3a"),
    ("0a3a1c", "5cb83a", "fdf3b8", "128a5a", "f6f1df", "e84a7a"),
    ("0a2a6e", "59b6ee", "ffffff", "0f4fb8", "ffd23f", "d6261f"),
)
"""From the casing inwards: two rings, a flower, a ring, a star, the heart."""


def millefiori(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Canes pressed together, so that each is round within and a polygon without; dark glass in the joints."""
    x = x + 0.004 * noise(random, x, y, 6)
    y = y + 0.004 * noise(random, x, y, 6)
    sites = scatter(random, 200, 0.092, 0.15)
    # Two rounds towards the middle of the cells pack the canes evenly (Lloyd 1982), on a coarse grid.
    probe = random.uniform(-0.15, 1.15, (40000, 2)).astype(np.float32)
    for _ in range(2):
        owner = ((probe[:, None] - sites) ** 2).sum(-1).argmin(1)
        sites = np.stack([probe[owner == i].mean(0) for i in range(len(sites))])
    cane, border = panes(sites, x, y)
    rooms = cKDTree(sites).query(sites, k=2)[0][:, 1] / 2 * 1.12
    light = np.empty((*x.shape, 3), np.float32)
    height = np.empty(x.shape, np.float32)
    for index in np.unique(cane):
        at = cane == index
        dx, dy = x[at] - sites[index, 0], y[at] - sites[index, 1]
        radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
        room = rooms[index]
        glass = colours(*GLASSES[random.integers(len(GLASSES))])
        out = np.asarray(radius / room, np.float32)
        petals, points = int(random.integers(6, 11)), int(random.integers(5, 9))
        turn, plump = random.uniform(0, 2 * np.pi), random.uniform(0.06, 0.1)
        flower = out + plump * np.abs(np.cos(petals * (angle - turn) / 2)) * step(0.3, 0.6, out)
        star = out + 0.14 * np.abs(np.mod((angle - turn) * points / np.pi, 2) - 1)
        crisp = 0.02
        colour = np.broadcast_to(glass[0], (radius.size, 3))
        for ring, (edge, where) in enumerate([(0.9, out), (0.84, flower), (0.68, flower), (0.5, star), (0.24, out)]):
            colour = mix(colour, glass[ring + 1], step(edge + crisp, edge - crisp, where))
            rim = np.exp(-(((where - edge + 0.03) / 0.03) ** 2))
            colour = colour * (1 - 0.22 * rim)[:, None]
        beads = np.cos(2 * petals * (angle - turn))
        colour = mix(colour, glass[5], step(0.2, 0.5, beads) * step(0.055, 0.035, np.abs(flower - 0.76)))
        light[at] = colour * np.maximum(1.12 - 0.4 * out**2, 0.4)[:, None]
        height[at] = 0.2 * room * np.sqrt(np.clip(1.2 - out**2, 0, 2))
    swirl = noise(random, x, y, 30, 2)
    light *= (1 + 0.09 * swirl)[..., None]
    diffuse, shine = relief(height + 0.0002 * swirl, gloss=60)
    light = (
        light * (0.35 + 0.65 * np.clip(diffuse, 0, 1.6))[..., None]
        + (0.5 * shine)[..., None] * (step(0.0, 0.01, border))[..., None]
    )
    joint = colours("0a0c18")[0]
    return mix(joint, light, step(0.0012, 0.003, border))
