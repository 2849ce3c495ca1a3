"""How fast a gas grows and how well: the article's astronaut, fixed numbers of nodes, and a hundred thousand.

Run from the repository: `python benchmarks/gas.py [--large]`. Seconds are of one processor (process time), with
everything compiled. NeuPy 0.8.2 took 70 s for the astronaut and 4,509 ms for 1,000 presentations at 20,000 nodes, on
two shared cores of 2.1 GHz. `--large` adds 100,000 nodes on 10 million points: about 2 GB of memory and some minutes.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from skimage import data

from orbifolio.runner.arrays import F64
from orbifolio.runner.gas.network import Network
from orbifolio.runner.gas.points import Otsu
from orbifolio.runner.gas.rules import Fritzke, GrowthRules, NeuPy, Utility
from orbifolio.runner.gas.tone import Tone

PRESENTED = 300_000


def gas(points: F64, rules: GrowthRules) -> Network:
    return Network(points, rules.law(), rules.order(0, 0), unit=rules.unit, origin=rules.origin)


def dark(tone: Tone, offset: float) -> F64:
    grey = tone.blurred(tone.grey(tone.part(data.astronaut().astype(np.float32) / 255)))
    return Otsu(offset=offset).levels(grey, None, np.random.default_rng(0))[0].points


def article() -> None:
    points = dark(Tone(crop=(150, 30, 150, 150)), 0.1)
    print("rules     points presentations  nodes  edges  error px  seconds")
    for rules in (NeuPy(), Fritzke(), Utility()):
        gas(points, rules).grow(1000, 2400)  # compiles
        network = gas(points, rules)
        begun = time.process_time()
        network.grow(20 * len(points), 2400)
        spent = time.process_time() - begun
        print(
            f"{rules.kind:<9} {len(points):6} {network.presented:13} {network.alive:6} {network.edges:6} "
            f"{network.quantisation_error():9.4f} {spent:8.3f}",
            flush=True,
        )


def fixed() -> None:
    points = dark(Tone(blur=0), 0.05)
    print(f"\n{len(points)} points\n  nodes  ms per 1000 presentations, not growing")
    for nodes in (1000, 2400, 5000, 20_000, 50_000):
        network = gas(points, Fritzke(interval=5))
        while network.alive < nodes:
            network.grow(50_000, nodes)
        begun = time.process_time()
        network.grow(PRESENTED, nodes)
        print(f"{nodes:7} {(time.process_time() - begun) / PRESENTED * 1e6:8.3f}", flush=True)


def large() -> None:
    points = np.random.default_rng(0).random((10_000_000, 2)) * 10_000
    network = gas(points, Fritzke(interval=50))
    begun = time.process_time()
    network.grow(len(points), 100_000)
    spent = time.process_time() - begun
    print(
        f"\n{len(points)} points once: {network.alive} nodes, {network.edges} edges, "
        f"error {network.quantisation_error():.3f} px, {spent:.1f} s"
    )


if __name__ == "__main__":
    article()
    fixed()
    if "--large" in sys.argv:
        large()
