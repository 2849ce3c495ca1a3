"""How true a drawing is to its picture, as it grew and improved, and how many words a page has.

Run from the repository: `python benchmarks/drawing.py`. The astronaut of the article with NeuPy's rules, the horse in
1,000 nodes, each against its mask at four times the pixels; and skimage's page, rows 0 to 139, which has 43 words (44
if a hyphenated one counts twice). NeuPy's own figures: astronaut fill 0.676, contour 0.71 px, ink over background
0.9 %; horse contour 2.88 px, fill 0.744.
"""

from __future__ import annotations

import time

import numpy as np
from skimage import data

from orbifolio.runner.gas.drawing.fidelity import measure
from orbifolio.runner.gas.drawing.improve import Improve
from orbifolio.runner.gas.drawing.onelines import Words, objects
from orbifolio.runner.gas.network import Network
from orbifolio.runner.gas.points import Level, Local, Otsu
from orbifolio.runner.gas.rules import Fritzke, GrowthRules, NeuPy
from orbifolio.runner.gas.tone import Tone


def grown(level: Level, rules: GrowthRules, seed: int, nodes: int, epochs: int) -> Network:
    network = Network(level.points, rules.law(), rules.order(seed, 0), unit=rules.unit, origin=rules.origin)
    network.grow(epochs * len(level.points), nodes)
    return network


def level_of(picture: np.ndarray, tone: Tone, sampling: Otsu | Local) -> Level:
    pixels = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture
    grey = tone.blurred(tone.grey(tone.part(pixels.astype(np.float32))))
    return sampling.levels(grey, None, np.random.default_rng(0))[0]


def true(name: str, level: Level, rules: GrowthRules, nodes: int, epochs: int) -> None:
    assert level.mask is not None
    height, width = level.mask.shape
    graph = grown(level, rules, 0, nodes, epochs).graph(width, height)
    begun = time.process_time()
    improved = Improve()(graph, level.mask)
    spent = time.process_time() - begun
    for title, drawn, seconds in (("as it grew", graph, 0.0), ("improved", improved, spent)):
        found = measure(drawn, level.mask)
        print(
            f"{name:<10} {title:<11} {len(drawn.nodes):5} {len(drawn.edges):6} {found.quantisation_error:7.4f} "
            f"{found.fill:6.3f} {found.contour:7.3f} {100 * found.ink_over_background:9.2f} {seconds:8.2f}"
        )


def words() -> None:
    level = level_of(data.page() / 255, Tone(crop=(0, 0, 384, 140), blur=2.5), Local(window=71, offset=0.02))
    counts = []
    for seed in range(5):
        graph = grown(level, Fritzke(), seed, 800, 12).graph(384, 140)
        drawing = Words()
        counts.append(len(objects(drawing.prepare(graph, level.mask), drawing.smallest)))
    print(f"\nwords of the page on five seeds: {counts}")


def main() -> None:
    print("picture    drawing     nodes  edges  error px   fill contour px  ink off %  seconds")
    astronaut = level_of(data.astronaut() / 255, Tone(crop=(150, 30, 150, 150), blur=0.6), Otsu(offset=0.1))
    true("astronaut", astronaut, NeuPy(), 2381, 20)
    horse = level_of(data.horse().astype(float), Tone(blur=0), Otsu())
    true("horse", horse, Fritzke(), 1000, 12)
    words()


if __name__ == "__main__":
    main()
