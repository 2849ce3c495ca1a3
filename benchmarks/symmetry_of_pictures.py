"""Every wallpaper group under three colourings: rendered with a real style, written as PNG, measured again.

    python benchmarks/symmetry_of_pictures.py [--steps 12] [--size 128] [--vision vgg16]

Prints a line for each picture: the worst residual of what is claimed (must stay below 0.02, with the right
colours), the smallest of what is not (must stay above 0.2), and the largest difference between neighbouring
rows or columns over the median (a seam would stand out above 1.5). Ends with exit code 1 if one fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from orbifolio.runner.cpu_features import protect

protect()

import numpy as np  # noqa: E402
import torch  # noqa: E402

from orbifolio.runner.images.reading import read_picture  # noqa: E402
from orbifolio.runner.images.sources import Images  # noqa: E402
from orbifolio.runner.images.writing import write_png16  # noqa: E402
from orbifolio.runner.renderers.base import RenderContext  # noqa: E402
from orbifolio.runner.renderers.image.settings import ImageOptimisation  # noqa: E402
from orbifolio.runner.symmetry import colour  # noqa: E402
from orbifolio.runner.symmetry.groups.groups import GROUPS  # noqa: E402
from orbifolio.runner.symmetry.groups.legality import homomorphisms  # noqa: E402
from orbifolio.runner.symmetry.verify.measure import measure_symmetry  # noqa: E402

CLAIMED, UNCLAIMED = 0.02, 0.2


def colourings(group: str) -> list[dict[str, list[str]]]:
    """No colours, a permutation, and an action with signs or moving translations, where the group has them."""
    row = GROUPS[group]
    names = list(row.generators)
    actions = [tuple(map(int, action)) for action in homomorphisms(row)]

    def kind(action: tuple[int, ...]) -> tuple[bool, bool]:
        moves = any(action[names.index(name)] for name in ("t1", "t2"))
        signed = any(min(colour.signs(element)) < 0 for element in action)
        return moves, signed

    plain = [a for a in actions if any(a) and kind(a) == (False, False)]
    signed = [a for a in actions if any(a) and kind(a) == (False, True)]
    moving = [a for a in actions if kind(a)[0]]
    chosen = [(0,) * len(names)]
    for bucket in (plain, signed, moving):
        if bucket and len(chosen) < 3:
            # The middle of the table, not its simplest end.
            chosen.append(bucket[len(bucket) // 2])
    for bucket in (moving, signed, plain):
        for action in bucket:
            if len(chosen) < 3 and action not in chosen:
                chosen.append(action)
    return [
        {name: colour.as_list(element) for name, element in zip(names, action, strict=True) if element}
        for action in chosen
    ]


def seam(pixels: np.ndarray) -> float:
    """Largest mean difference between neighbouring rows (or columns), over the median of all of them."""
    worst = 0.0
    for axis in (0, 1):
        profile = np.abs(pixels - np.roll(pixels, 1, axis)).mean(axis=(1 - axis, 2))
        worst = max(worst, float(profile.max() / np.median(profile)))
    return worst


def main() -> int:
    """Render, write, measure; the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--vision", default="vgg16")
    parser.add_argument("--style", default="orbifolio:marbling")
    parser.add_argument("--group", nargs="*", default=list(GROUPS))
    options = parser.parse_args()
    images = Images(Path())

    def picture(source: str) -> torch.Tensor:
        return torch.from_numpy(images.load(source).pixels).permute(2, 0, 1)[None].contiguous()

    context = RenderContext(seed=1, device="cpu", picture=picture, plain_picture=picture)
    failures = 0
    encoder = None
    for group in options.group:
        for colours in colourings(group):
            settings = ImageOptimisation.model_validate(
                {
                    "symmetry": {"kind": "plane", "group": group, "colours": colours},
                    "vision": options.vision,
                    "objectives": [
                        {"kind": "style", "images": [{"image": options.style, "magnifications": [3]}]},
                        "smoothness",
                        "range",
                    ],
                    "phases": [
                        {"size": options.size // 2, "steps": options.steps},
                        {"size": options.size, "steps": options.steps},
                    ],
                }
            )
            renderer = settings.build(context)
            renderer.loaded, state = encoder, None
            for number, phase in enumerate(renderer.phases()):
                state = renderer.begin(number, state)
                for _ in range(phase.steps):
                    renderer.step(state)
            encoder = renderer.loaded
            with tempfile.TemporaryDirectory() as folder:
                data = write_png16(Path(folder) / "final.png", renderer.image(state))
            pixels = read_picture(data, "final.png").pixels
            found = measure_symmetry(pixels, renderer.symmetry)
            worst, closest, edge = found.worst or 0.0, found.closest_unclaimed, seam(pixels)
            good = found.holds and worst < CLAIMED and (closest is None or closest > UNCLAIMED)
            failures += not good
            spelled = ", ".join(f"{name}: [{', '.join(element)}]" for name, element in colours.items()) or "no colours"
            size = f"{pixels.shape[1]:>4} x {pixels.shape[0]:<4}"
            print(
                f"{'ok  ' if good else 'FAIL'} {group:<5} {size} claimed {worst:.4f}  "
                f"unclaimed {closest if closest is not None else float('nan'):.3f}  rows {edge:.2f}  {spelled}",
                flush=True,
            )
    return failures


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
