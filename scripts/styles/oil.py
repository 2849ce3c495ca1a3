"""Oil paint: bristled strokes along a flow, lit by the height of the paint."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from scripts.styles.fields import Field, colours, noise, ramp, relief


def oil(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Thousands of bristled strokes along a swirling flow, thick enough to catch the light.

    Strokes follow the field in layers from broad to fine, each fine layer over the last (after Hertzmann
    1998, Painterly rendering with curved brush strokes of multiple sizes, where the field is an image's;
    2002, Fast paint texture, for lighting the paint's height). Each stroke is splatted, point by point
    along and across, so its bristles are exact.
    """
    size = x.shape[1]
    paints = colours(
        "101848",
        "1c3f9e",
        "2f7fd6",
        "63c5d8",
        "d9efe2",
        "f8e08a",
        "f4b21c",
        "e8701a",
        "c62a22",
        "7d1f52",
        "2c2468",
        "0f5a6a",
        "2f9a62",
        "b5cf3e",
        "fbe9a6",
        "f09a72",
        "cf4f7a",
        "4f3aa0",
        "101848",
    )
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32) / 256
    stream = 0.5 * noise(random, columns, rows, 4) + 0.25 * noise(random, columns, rows, 8)
    hue = 9 + 6.5 * noise(random, columns, rows, 3) + 2.5 * noise(random, columns, rows, 9)
    flow = np.stack(list(np.gradient(stream)))
    flow = np.stack([-flow[1], flow[0]]) / (np.hypot(*flow) + 1e-6)  # (down, right) along the level lines

    canvas = np.empty((size * size, 3), np.float32)
    canvas[:] = paints[0]
    paint = np.zeros(size * size, np.float32)
    for count, length, width in [(1500, 0.16, 0.032), (3600, 0.10, 0.019), (4200, 0.065, 0.0115)]:
        for _ in range(count):
            point = random.uniform(-0.03, 1.03, 2)
            path = [point]
            for _ in range(12):
                cell = tuple((point * 256).astype(int) % 256)
                point = point + flow[(slice(None), *cell)] * length / 12
                path.append(point)
            base = hue[tuple((path[6] * 256).astype(int) % 256)] + random.normal(0, 0.9)
            base += 8 * (random.random() < 0.1)  # now and then the complement, as the impressionists did
            bristles = random.normal(0, 1, 12)
            dry, tone = random.uniform(0.75, 1.4), random.normal(0, 0.5)
            draw = int(length * size * 1.6) + 2, int(width * size * 1.8) + 2
            s, t = np.meshgrid(np.linspace(0, 1, draw[0]), np.linspace(-1, 1, draw[1]), indexing="ij")
            spine = np.array(path)
            tangent = np.gradient(spine, axis=0)
            normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (np.hypot(*tangent.T)[:, None] + 1e-9)
            marks = np.linspace(0, 1, 13)
            taper = np.sqrt(np.clip(1 - np.clip((0.1 - s) / 0.1, 0, 1) ** 2, 0, 1))
            taper *= np.sqrt(np.clip(1 - np.clip((s - 0.75) / 0.3, 0, 1) ** 2, 0, 1))
            down, right = (
                np.interp(s, marks, spine[:, c]) + np.interp(s, marks, normal[:, c]) * t * taper * width / 2
                for c in (0, 1)
            )
            hair = np.interp((t + 1) * 5.5, np.arange(12), bristles)
            keep = s * dry + 0.16 * hair < 1
            keep &= (down >= 0) & (down < 1) & (right >= 0) & (right < 1)
            spot = (down[keep] * size).astype(int) * size + (right[keep] * size).astype(int)
            shade = np.mod(base + 0.55 * hair[keep] + 1.2 * tone * s[keep], 18)
            canvas[spot] = ramp(shade, paints) * (1 + 0.16 * hair[keep])[:, None].astype(np.float32)
            edge = 0.5 * np.abs(t[keep]) ** 4 + 0.5 * np.exp(-(((s[keep] - 0.93) / 0.06) ** 2))
            paint[spot] = (width**0.5 * (0.028 + 0.012 * hair[keep] + 0.022 * edge)).astype(np.float32)
    thickness = gaussian_filter(paint.reshape(size, size), size / 2304 * 1.5)
    diffuse, shine = relief(thickness, gloss=30)
    light = canvas.reshape(size, size, 3) * (0.25 + 0.75 * np.clip(diffuse, 0.15, 1.7))[..., None]
    highlight = (0.35 * np.maximum(shine - 0.35, 0))[..., None] * colours("fff6e0")[0]
    return np.asarray(light + highlight, np.float32)
