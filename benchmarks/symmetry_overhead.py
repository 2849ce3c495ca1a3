"""What exact symmetry costs: seconds of a step outside the network, beside the network's own, in one process.

Run from the repository: `python benchmarks/symmetry_overhead.py [RECIPE ...]`; by default a shipped recipe of each
geometry. Of a recipe only its symmetry is taken, whatever its renderer, and optimised at one width. Printed are the
seconds to build the tables, the seconds of a step spent on windows, gather and gradient, the network's seconds for the
same step, the ratio, and the memory of the tables. The network is VGG16 with weights of chance: its arithmetic does not
depend on them.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from orbifolio.runner.cpu_features import protect

protect()

import torch  # noqa: E402

from orbifolio.runner.objectives.smoothness import Range, Smoothness  # noqa: E402
from orbifolio.runner.objectives.style import Style, StyleImage  # noqa: E402
from orbifolio.runner.recipe.model import load  # noqa: E402
from orbifolio.runner.recipe.shipped import shipped_recipes  # noqa: E402
from orbifolio.runner.renderers.image.settings import ImageOptimisation, PhaseSettings  # noqa: E402
from orbifolio.runner.run.input_images import InputPictures  # noqa: E402
from orbifolio.runner.vision.untrained import Untrained  # noqa: E402

REPEATS = 40
SIZE = 384  # pixels of width
DEFAULT = (
    "rainbow-hexagon frieze-step kaleidoscope similar-hexagon octahedral-orb spherical-texture heptagon hyperbolic-46 "
    "hyperbolic-320 hyperbolic-68-similar tunnel droste-spiral teapot-like"
).split()


def main() -> None:
    torch.set_num_threads(1)
    shipped = shipped_recipes()
    names = sys.argv[1:] or [str(shipped[name]) for name in DEFAULT]
    print("recipe                    size         tables s   MB      symmetry s  network s  ratio")
    for name in names:
        loaded = load(Path(name))
        inputs = InputPictures(loaded.images, loaded.recipe.style_preparation)
        settings = ImageOptimisation(
            symmetry=loaded.recipe.renderer.symmetry,
            vision=Untrained(),
            objectives=(Style(images=(StyleImage(image="orbifolio:stained-glass"),)), Smoothness(), Range()),
            phases=(PhaseSettings(size=SIZE, steps=REPEATS),),
        )
        renderer = settings.build(inputs.context(loaded.recipe.seed, "cpu", lambda message: None))
        begun = time.perf_counter()
        layout = renderer.symmetry.layout(*renderer.sizes[-1])
        building = time.perf_counter() - begun
        state = renderer.begin(len(renderer.sizes) - 1, None)
        spent: list[tuple[float, float]] = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            values = state.canvas.values()
            crops = renderer._crops(state)
            pictures = crops[0].render_with(crops[1:], values)
            middle = time.perf_counter()
            gradients = [state.engine.evaluate(picture, None).gradient for picture in pictures]
            done = time.perf_counter()
            torch.autograd.backward(pictures, gradients)
            spent.append((middle - begun + time.perf_counter() - done, done - middle))
            state.step += 1
        # some kinds keep the windows they have made, so the mean over as many steps as a phase has tells their cost
        symmetry, network = (statistics.mean(column) for column in zip(*spent[1:], strict=True))
        size = f"{layout.width} x {layout.height}"
        print(
            f"{Path(name).stem:<25} {size:<12} {building:8.2f} {layout.table_bytes / 1e6:6.1f} {symmetry:12.3f} "
            f"{network:10.3f} {symmetry / network:7.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
