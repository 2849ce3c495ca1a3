"""Agate: mineral bands along the walls of warped cells, quartz in their hearts."""

from __future__ import annotations

import numpy as np

from scripts.styles.fields import Field, colours, mix, noise, panes, scatter, step


def agate(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Fortification agate: mineral bands grown inwards from the walls of warped cells, quartz within.

    Bands are levels of the distance to the cell's wall, the domain warped by its own noise (Quilez 2002,
    domain warping; Perlin 1985 for noise as marble).
    """
    a, b = noise(random, x, y, 5, 3), noise(random, x, y, 5, 3)
    wx, wy = x + 0.022 * a, y + 0.022 * b
    sites = scatter(random, 40, 0.17, 0.15)
    stone, wall = panes(sites, wx, wy)
    night = colours("14213d")[0]
    darks = colours("2a0d12", "0d3b57", "14213d", "5b1a1a", "2c1546")
    vivids = colours("b8201a", "e0571a", "f5a623", "129a94", "6a2c86", "c93570", "2f74d0", "1f8f5a")
    lights = colours("fbe3b0", "fff8ea", "f6c7b2", "a9dcd6", "d8c4ee")
    length, count = 1024, len(sites)
    table = np.empty((count, length, 3), np.float32)
    for index in range(count):
        groups = ((darks, 2), (vivids, 3), (lights, 2))
        chosen = np.concatenate([random.choice(group, n, replace=False) for group, n in groups])
        place, last, previous = 0, 0, night
        while place < length:
            wide = int(random.choice([9, 14, 20, 32, 52]) * random.uniform(0.7, 1.3))
            last = (last + int(random.integers(1, 7))) % 7
            colour = chosen[last] * random.uniform(0.75, 1.1)
            fade = np.linspace(0, 1, wide)[: length - place, None] ** random.choice([0.15, 0.15, 1.0])
            table[index, place : place + wide] = previous + (colour - previous) * fade
            place, previous = place + wide, colour
    depth = wall + 0.0035 * noise(random, wx, wy, 18, 2)
    at = np.clip(depth / 0.15 * length, 0, length - 1.001)
    low = at.astype(int)
    light = mix(table[stone, low], table[stone, low + 1], at - low)
    light = light * (1 + 0.13 * np.cos(depth * 2 * np.pi / 0.0058))[..., None]  # growth lines

    crystals = scatter(random, 2600, 0.014, 0.02)
    crystal, facet = panes(crystals, x, y, neighbours=5)
    angle = random.uniform(0, 2 * np.pi, len(crystals))[crystal]
    offset = np.stack([x, y], -1) - crystals[crystal]
    slope = offset[..., 0] * np.cos(angle) + offset[..., 1] * np.sin(angle)
    tint = random.uniform(0, 1, count)[stone]
    quartz = mix(colours("5b2a8c")[0], colours("1f7f9c")[0], tint)
    bright = 0.5 + random.uniform(-0.2, 0.5, len(crystals))[crystal] + slope * 60
    quartz = quartz * np.clip(bright, 0.1, 3)[..., None] + np.clip(bright - 0.9, 0, 1)[..., None] * 0.8
    quartz = quartz * step(0, 0.0016, facet)[..., None]
    heart = random.uniform(0.05, 0.085, count)[stone]
    light = mix(light, quartz, step(0, 0.0015, depth - heart))
    return mix(light, night * 0.25, step(0.0028, 0.001, depth))
