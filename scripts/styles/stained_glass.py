"""Stained glass: Voronoi panes on rings, leaded, with daylight behind."""

from __future__ import annotations

import numpy as np

from scripts.styles.fields import Field, colours, mix, noise, panes, ramp, relief, scatter, step


def stained_glass(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Leaded panes of streaky glass, laid as rosettes; daylight behind them.

    The panes are Voronoi cells of sites on rings (Worley 1996 for cells as texture; the distance to the
    border is the exact one, to the bisectors of the nearest sites).
    """
    x = x + 0.006 * noise(random, x, y, 7, 2)
    y = y + 0.006 * noise(random, x, y, 7, 2)
    centres = scatter(random, 24, 0.25, 0.16)
    sites, tones = [], []
    for index, (cx, cy) in enumerate(centres):
        for ring in range(6):
            petals = max(1, 7 * ring)
            start = random.uniform(0, 2 * np.pi)
            radius = 0.036 * ring + 0.012 * (ring > 0)
            for angle in start + 2 * np.pi * np.arange(petals) / petals:
                point = (cx + radius * np.cos(angle), cy + radius * np.sin(angle))
                owners = np.hypot(*(centres - np.array(point, np.float32)).T)
                if owners.argmin() == index and np.sort(owners)[1] - owners.min() > 0.03:
                    sites.append(point)
                    tones.append((index * 2 + ring * 3) % 11 + random.uniform(-0.25, 0.25))
    pane, border = panes(np.array(sites, np.float32), x, y)
    glass = colours(
        "f7c325",
        "e8420c",
        "b3081f",
        "7a0a4e",
        "2b1a86",
        "0f3fb8",
        "0a7fd0",
        "09a3a0",
        "0c8a3e",
        "8fc31a",
        "f4e9b4",
        "f7c325",
    )
    n = len(sites)
    turn, shift = random.uniform(0, np.pi, n)[pane], random.uniform(0, 1, (n, 2))[pane]
    along = x * np.cos(turn) + y * np.sin(turn) + shift[..., 0]
    across = y * np.cos(turn) - x * np.sin(turn) + shift[..., 1]
    streak = 0.75 * noise(random, along * 0.25, across, 64) + 0.5 * noise(random, along, across, 24)
    light = ramp(np.array(tones, np.float32)[pane] + 0.3 * streak, glass)
    ripple = noise(random, along, across, 80) * 0.0011
    diffuse, shine = relief(ripple.astype(np.float32), gloss=120)
    depth = step(0.001, 0.02, border)
    bright = (0.3 + 1.1 * depth) * (0.5 + 0.5 * diffuse) * np.maximum(1 + 0.25 * streak, 0.5)
    light = light * bright[..., None]
    light = light + (0.35 * shine * depth)[..., None] * 0.4
    width = 0.0042
    came = np.sqrt(np.maximum(width**2 - border**2, 0)).astype(np.float32)
    diffuse, shine = relief(came, gloss=14)
    lead = colours("20242c")[0] * diffuse[..., None] + colours("cfd8e6")[0] * (0.5 * shine)[..., None]
    return mix(light, lead, step(width, width * 0.8, border))
