"""How fast patches fill a picture: p4 and p6 with colours, a disk and a photograph that is made to tile.

Run from the repository: `python benchmarks/patches.py [WIDTH ...]`; widths of the squares are 256, 512 and 1,024 px by
default. Everything is compiled before; "processor" is the time of all threads, "memory" the most that the program had
by then.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import torch
from skimage import data

from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.images.sources import own_pictures
from orbifolio.runner.patches.settings import PatchImage, PatchSettings, plan_patches
from orbifolio.runner.patches.synthesis import synthesise
from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.plane import Plane

GLASS = PatchSettings(images=(PatchImage(image="stained-glass"),))
PHOTO = PatchSettings(start="coffee", keep=0.9)
CASES: dict[str, tuple[SymmetrySettings, PatchSettings]] = {
    "p4, r4: [g, r, b]": (Plane(group="p4", colours={"r4": ("g", "r", "b")}), GLASS),
    "p6, r6: [g, b, r]": (Plane(group="p6", colours={"r6": ("g", "b", "r")}), GLASS),
    "{7, 3}": (Hyperbolic(p=7, q=3), GLASS),
    "p1, a photograph": (Plane(group="p1"), PHOTO),
}


def picture(source: str) -> torch.Tensor:
    pixels = data.coffee() / 255 if source == "coffee" else read_picture(own_pictures()[source].read_bytes(), "").pixels
    return torch.from_numpy(np.asarray(pixels, np.float32)).permute(2, 0, 1)[None]


def fill(symmetry: SymmetrySettings, settings: PatchSettings, width: int) -> tuple[int, int, int]:
    built = symmetry.build()
    layout = built.layout(*built.fit(width, multiple=1, ratio=1.0))
    synthesise(built, plan_patches(settings, built, layout, seed=1, picture=picture).task)
    return layout.width, layout.height, layout.parameters


def main(widths: list[int]) -> None:
    fill(*CASES["p4, r4: [g, r, b]"], 64)
    fill(*CASES["{7, 3}"], 64)
    print("symmetry              size         orbits  seconds  processor  memory GB")
    for width in widths:
        for name, case in CASES.items():
            begun, spent = time.perf_counter(), time.process_time()
            across, down, orbits = fill(*case, width)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(
                f"{name:<18} {across:5} x {down:<5} {orbits:9} {time.perf_counter() - begun:8.1f} "
                f"{time.process_time() - spent:9.1f} {memory:9.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [256, 512, 1024])
