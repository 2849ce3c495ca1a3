"""Peacock: overlapping feather eyes, painted one over the other."""

from __future__ import annotations

import numpy as np

from scripts.styles.fields import Field, colours, mix, noise, ramp, step

PLUMAGES = (
    ("0a0b3a", "1b1f9f", "0aa6c9", "0c8f86", "b4571c", "f2a12a", "cfd84a", "2f9a3c", "0b6a4a", "053038"),
    ("1a0638", "4a1596", "2b6fe0", "19c7c4", "c22a4a", "f57c2c", "f5d15a", "3aa66a", "0b5f7c", "0a1c48"),
    ("06102e", "103fb0", "14c0b0", "f2ead0", "d4324a", "8c1760", "f0b53a", "159a84", "0d6a9a", "0b2058"),
    ("2a0620", "8a1060", "e8568a", "f8d9a0", "0e8f9a", "124a9c", "8fc83a", "d89a1a", "a8431a", "4a1020"),
)
"""Colours from the heart of the eye outwards to the barbs at the rim."""

RADII = (0.05, 0.18, 0.22, 0.33, 0.37, 0.5, 0.54, 0.64, 0.76, 0.95)
"""Where in the eye each of the ten colours is pure, in feather widths; close pairs make crisp borders."""


def peacock(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Feather eyes within gold wires, combed by barbs; the upper rows lie over the lower."""
    x = x + 0.010 * noise(random, x, y, 4)
    y = y + 0.010 * noise(random, x, y, 4)
    gold, ink = colours("fbd568", "040a16")
    plumages = [colours(*codes) for codes in PLUMAGES]
    light = np.empty((*x.shape, 3), np.float32)
    light[:] = ink
    size = x.shape[1]
    pitch = 0.145
    for row in range(14, -3, -1):
        for column in range(-1, 9):
            across = (column + 0.5 * (row % 2)) * pitch + random.normal(0, 0.005)
            down = row * pitch * 0.6 + random.normal(0, 0.005)
            tilt, big = random.normal(0, 0.14), 0.094 * random.uniform(0.95, 1.06)
            plumage = plumages[random.choice(4, p=[0.34, 0.26, 0.26, 0.14])]
            barbs, bend = random.uniform(84, 100), random.normal(0, 2)
            reach = int((1.7 * big + 0.05) * size) + 2
            top, left = int(down * size) - reach, int(across * size) - reach
            box = (slice(max(top, 0), max(top + 2 * reach, 0)), slice(max(left, 0), max(left + 2 * reach, 0)))
            if not x[box].size:
                continue
            dx, dy = (x[box] - across) / big, (y[box] - down) / big
            u, v = np.cos(tilt) * dx + np.sin(tilt) * dy, np.cos(tilt) * dy - np.sin(tilt) * dx
            outline = np.hypot(u * (1 + 0.25 * np.clip(-v, 0, 2)), np.where(v < 0, v * 0.72, v))
            # Barbs fan out from the shaft at the root above, and bend away from it.
            fan = np.arctan2(np.abs(u), v + 1.9)
            comb = np.cos(fan * barbs - 4 * outline**2 + bend)
            barb = np.tanh(2.2 * comb)
            middle = v - 0.2
            eye = np.hypot(u * (1.18 + 0.25 * middle), np.where(middle < 0, middle * 0.8, middle))
            heart = 0.1 * step(0.3, 0.12, eye) * np.exp(-((u / 0.07) ** 2)) * step(0.05, -0.15, middle)
            rings = np.interp(eye + heart, RADII, np.arange(10.0))
            loose = step(0.3, 0.5, eye)
            feather = ramp(rings + 0.5 * barb * loose, plumage) * (1 + 0.6 * barb * loose)[..., None]
            feather = mix(feather, gold, 0.6 * step(0.7, 1, comb) * step(0.56, 0.66, eye))
            wire = np.abs(np.stack([eye + heart - 0.2, eye - 0.35, eye - 0.52, outline - 0.955])).min(0)
            glow = 0.5 + 0.75 * step(-0.9, 0.9, -u - v)
            feather = mix(feather, gold * glow[..., None], step(0.036, 0.018, wire))
            under = mix(light[box], ink, 0.85 * step(1.28, 0.98, outline))
            light[box] = mix(under, feather, step(1.0, 0.98, outline))
    return light
