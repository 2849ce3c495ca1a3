"""Ikat: lozenges dyed into the warp, woven a little out of step."""

from __future__ import annotations

import numpy as np

from scripts.styles.fields import Field, colours, noise, step

THREADS = 132
"""Warp threads per width: 6 px each at 768 px, the finest structure of the cloth."""


def ikat(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Warp-faced ikat cloth: nested lozenges with teeth, feathered since each thread is off by a little."""
    dyes = colours(
        "0d1640",
        "f6ead0",
        "c0152d",
        "f6ead0",
        "1d49a5",
        "f2a91e",
        "0c1030",
        "17968f",
        "f7efd9",
        "dd4a1a",
        "7a1046",
        "f2a91e",
    )
    sway = 0.0025 * noise(random, x, y, 5)
    place = (x + sway) * THREADS
    column = np.floor(place).astype(int)
    across = place - column - 0.5
    count = THREADS + 8  # the sway reaches over the edges
    thread = np.clip(column + 4, 0, count - 1)
    # Dyers bind threads in bundles: neighbours wander together, and each a little by itself.
    bundle = np.repeat(random.normal(0, 0.010, count // 3 + 1), 3)[:count]
    slip = bundle + random.normal(0, 0.005, count)
    tone = random.normal(0, 0.1, count)
    down = y + slip[thread] + 0.006 * noise(random, x, y, 4)

    middle = (column + 0.5) / THREADS * 3.5 + 0.25
    lane = np.floor(middle)
    u = np.abs(middle - lane - 0.5) * 2  # 0 on a lozenge's axis, 1 between two
    v = np.abs(np.mod(down * 2.5 + 0.5 * (lane % 2), 1) * 2 - 1)
    nearest = np.minimum(u + v, 3 - u - v)  # of the lozenges of this lane and, half a drop off, of the next
    teeth = 0.16 * np.abs(np.mod(v * 7, 1) * 2 - 1) * step(0.15, 0.5, u) * step(0.0, 0.15, 1 - u)
    level = (nearest + teeth) * 7.5
    light = dyes[np.floor(level).astype(int) % len(dyes)]

    # The weft shows only as the dips between the warp's floats, half a step off from thread to thread.
    weft = (y + 0.0015 * noise(random, x, y, 6)) * THREADS * 0.7 + 0.5 * (column % 2)
    dip = np.abs(np.mod(weft, 1) - 0.5) * 2
    ridge = np.sqrt(np.maximum(1 - (across * 1.85) ** 2, 0.01)) * (1 - 0.45 * dip**3)
    light = light * ((1 + tone[thread]) * (0.12 + 0.95 * ridge))[..., None]
    return np.asarray(light + (0.07 * step(0.85, 1, ridge))[..., None], np.float32)
