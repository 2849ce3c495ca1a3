"""Koi: carp from above among lotus and lily pads, on dark water that rings."""

from __future__ import annotations

import numpy as np

from scripts.styles.drawing import Area, Frame, Sheet, curve, lens, shaded, sheet
from scripts.styles.fields import Field, colours, mix, noise, ramp, scatter, step

NIGHT, TEAL, GLINT = colours("031c26", "0b5560", "5fc3b8")
VERMILION, EMBER, PEARL, SUMI, GOLD = colours("e8381c", "9c1410", "fbf3e4", "14161c", "f6b22e")
LEAF, MOSS, LIME, PINK, ROSE, BLUSH = colours("1f7a46", "0c3f2c", "8fc453", "e0527e", "9c1f52", "fbd9dd")

HALF = [(0, 0.0), (0.03, 0.075), (0.14, 0.125), (0.3, 0.15), (0.5, 0.12), (0.7, 0.06), (0.8, 0.035)]
"""Half of a carp from its nose, in its own lengths."""


def koi(random: np.random.Generator, x: Field, y: Field) -> Field:
    """Fish circle in pairs; rings spread from where they rose; pads and flowers float above."""
    sx, sy = x + 0.012 * noise(random, x, y, 5), y + 0.012 * noise(random, x, y, 5)
    springs = scatter(random, 24, 0.22, 0.2)
    wave = np.zeros(x.shape, np.float32)
    for cx, cy in springs:
        radius = np.hypot(sx - cx, sy - cy)
        wave += np.cos(radius * 190) * np.exp(-((radius / 0.11) ** 2))
    light = mix(NIGHT, TEAL, step(-1.5, 1.5, noise(random, x, y, 4) + wave))
    net = np.minimum(np.abs(noise(random, sx, sy, 9)), np.abs(noise(random, sx, sy, 7)))
    light = mix(light, GLINT, 0.3 * step(0.16, 0.02, net))
    board = sheet(random, x, mix(light, GLINT, 0.6 * step(0.55, 0.8, wave)), wobble=0.0006)
    centres = scatter(random, 90, 0.158, 0.16)
    kinds = random.permutation(np.arange(len(centres)) % 5)
    for (cx, cy), kind in zip(centres, kinds, strict=True):
        if kind < 3:
            turn = random.uniform(0, 2 * np.pi)
            bend = random.choice([-1, 1]) * random.uniform(0.25, 0.42)
            size = random.uniform(0.225, 0.27)
            nose = np.array([cx, cy]) - 0.5 * size * np.array([np.cos(turn), np.sin(turn)])
            _carp(board, Frame(float(nose[0]), float(nose[1]), turn, size, bend=bend), int(kind))
    for (cx, cy), kind in zip(centres, kinds, strict=True):
        if kind >= 3:
            for angle in random.uniform(0, 6, 1) + np.array([0, 2.2, 4.1])[: 2 + kind - 3]:
                _pad(board, cx + 0.07 * np.cos(angle), cy + 0.07 * np.sin(angle), random.uniform(0.05, 0.068), angle)
            if kind == 4:
                _lotus(board, float(cx), float(cy))
    return board.light


def _carp(board: Sheet, frame: Frame, suit: int) -> None:
    """A fish with its fins spread; suits: white with red, red with black, gold."""
    random = board.random
    skin, patch, fleck = ((PEARL, VERMILION, SUMI), (VERMILION, SUMI, PEARL), (GOLD, PEARL, EMBER))[suit]
    half = np.array(HALF)
    ring = curve(np.concatenate([half, (half * (1, -1))[:0:-1]]), 140, closed=True)
    board.shade(frame.place(ring), 0.75, offset=(0.014, 0.02), soft=0.012)

    def finned(fin: Frame) -> Field:
        return fin.place(
            curve([(0, 0.06), (0.4, 0.34), (0.95, 0.42), (1.02, 0.1), (0.9, -0.18), (0.4, -0.12), (0, -0.05)], 40)
        )

    fins = [frame.within(0.24, side * 0.12, side * 0.95, 0.2) for side in (1, -1)]
    fins += [frame.within(0.5, side * 0.1, side * 0.7, 0.13) for side in (1, -1)]
    slope = np.arctan(2 * frame.bend * 0.8)
    fins += [frame.within(0.78, 0, slope + side * 0.3, 0.3) for side in (1, -1)]
    for number, fin in enumerate(fins):
        if number % 2:
            fin = Frame(fin.x, fin.y, fin.angle, fin.size, not fin.flip)

        def rays(area: Area, fin: Frame = fin) -> Field:
            u, v = fin.measure(area)
            ray = np.cos(np.arctan2(v, u + 0.15) * 46)
            under = mix(board.light[area.box], mix(skin, PEARL, 0.4), 0.82 - 0.35 * step(0.4, 1, u))
            return mix(under, skin * 0.4, 0.5 * step(0.3, 0.8, ray) * step(0.1, 0.3, u))

        board.draw(finned(fin), rays, line=mix(skin, PEARL, 0.7), width=0.0012)
    shift = random.uniform(0, 1, 2)

    def coat(area: Area) -> Field:
        u, v = frame.measure(area)
        blot = noise(random, u * 0.22 + shift[0], v * 0.3 + shift[1], 16)
        light = mix(skin, patch, step(0.15, 0.25, blot + 0.3))
        ink = noise(random, u * 0.22 + shift[1], v * 0.22 + shift[0], 26)
        light = mix(light, fleck, step(1.0, 1.1, ink) * step(0.12, 0.2, u))
        row = np.round(u * 26)
        scale = np.hypot(np.mod(u * 26 + 0.5, 1) - 0.15, np.mod(v * 26 + 0.5 * (row % 2), 1) - 0.5)
        light = light * (1 - 0.3 * step(0.42, 0.55, scale) * step(0.2, 0.28, u) * step(0.82, 0.7, u))[..., None]
        round_ = step(0.0, 0.1, area.depth / frame.size)
        light = light * (0.45 + 0.62 * round_)[..., None]
        return mix(light, PEARL, 0.55 * np.exp(-(((v + 0.03) / 0.014) ** 2)) * step(0.02, 0.1, u) * step(0.8, 0.5, u))

    board.draw(frame.place(ring), coat, line=skin * 0.25, width=0.0013)
    crest = np.array([(u, 0.012 * np.sin(20 * u)) for u in np.linspace(0.3, 0.58, 30)], np.float32)
    board.stroke(
        frame.place(crest),
        frame.size * 0.02 * np.sin(np.linspace(0.2, 2.9, 30)),
        mix(skin, PEARL, 0.5),
        line=skin * 0.4,
        width=0.001,
    )
    for side in (1, -1):
        ((ex, ey),) = frame.place([(0.075, 0.075 * side)])
        board.fill(board.cover([], np.array([[ex, ey, 0.013 * frame.size]])), SUMI)


def _pad(board: Sheet, cx: float, cy: float, radius: float, notch: float) -> None:
    """A lily pad: a disc with a slit, veins to the rim."""
    frame = Frame(cx, cy, notch, radius)
    turn = np.linspace(0.16, 2 * np.pi - 0.16, 90)
    edge = 1 + 0.025 * np.sin(7 * turn + notch)
    outline = frame.place(np.concatenate([[(0.12, 0)], np.stack([edge * np.cos(turn), edge * np.sin(turn)], 1)]))
    board.shade(outline, 0.7, offset=(0.007, 0.011), soft=0.008)

    def veined(area: Area) -> Field:
        u, v = frame.measure(area)
        r, angle = np.hypot(u, v), np.arctan2(v, u)
        light = ramp(3 * r + 0.3 * np.cos(angle + 2.4), np.stack([LIME, LEAF, LEAF * 0.8, LIME * 0.8, MOSS]))
        vein = np.abs(np.mod(angle / (2 * np.pi) * 13 + 0.5, 1) - 0.5) * r
        return mix(light, LIME, step(0.035, 0.015, vein) * step(1, 0.6, r))

    board.draw(outline, veined, line=MOSS, width=0.0016)


def _lotus(board: Sheet, cx: float, cy: float) -> None:
    """A lotus from above: three whorls of petals, pale at the foot, rose at the tip; gold stamens."""
    start = board.random.uniform(0, 1)
    for count, size in ((9, 0.082), (8, 0.064), (6, 0.044)):
        for number in range(count):
            petal = Frame(cx, cy, start + number * 2 * np.pi / count + size * 40, size)
            outline = petal.place(lens(0.55, blunt=0.75, tip=1.25))

            def tinted(area: Area, petal: Frame = petal) -> Field:
                u, v = petal.measure(area)
                light = ramp(2.6 * u, np.stack([BLUSH, BLUSH, PINK, ROSE]))
                return mix(light, ROSE, 0.35 * step(0.25, 0.1, np.abs(np.mod(v * 16, 1) - 0.5)) * step(0.2, 0.5, u))

            board.shade(outline, 0.4, offset=(0.003, 0.004), soft=0.006)
            board.draw(outline, tinted, line=mix(PINK, PEARL, 0.75), width=0.0011)
    board.fill(board.cover([], np.array([[cx, cy, 0.0125]])), shaded(EMBER, GOLD, GOLD, reach=0.008))
