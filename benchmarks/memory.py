"""The plan of memory beside what runs take at their peak: network, precision, symmetry and size; as Markdown.

    PYTHONPATH=. python benchmarks/memory.py [--sizes 256 512 1024] [--networks vgg16] [--precisions bf16 fp32]
                          [--tiles none 512]

Each run is a process of its own: `orbifolio run` of one phase of style, with as many steps as fill the optimiser's
history. Its peak is the resident memory that `run.json` tells.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = 12  # an optimiser that remembers ten steps is full
SYMMETRIES = {"none": "none", "p4": "{kind: plane, group: p4}", "p6": "{kind: plane, group: p6}"}
RECIPE = """\
title: Memory
renderer:
  kind: image-optimisation
  symmetry: {symmetry}
  vision: {network}
  precision: {precision}
  tile_size: {tiles}
  objectives: [{{kind: style, images: ["skimage:astronaut"]}}, smoothness]
  phases: [{{size: {size}, steps: {steps}}}]
"""
PLANNED = """\
import sys
from pathlib import Path
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.plan import make_plan
plan = make_plan(load(Path(sys.argv[1])), "cpu")
print(plan.memory_bytes, plan.phases[-1].seen or plan.phases[-1].width * plan.phases[-1].height)
"""


def measured(recipe: Path, gallery: Path) -> tuple[float, float]:
    """(bytes of a run at its peak, seconds of its phase)."""
    command = [sys.executable, "-m", "orbifolio", "run", str(recipe), "--device", "cpu", "--out", str(gallery)]
    subprocess.run(command, check=True, capture_output=True)
    (summary,) = gallery.glob("*/*/run.json")
    record = json.loads(summary.read_text())
    return float(record["peak_memory_bytes"]), float(record["phases"][0]["seconds"])


def planned(recipe: Path) -> tuple[float, int]:
    """(bytes, pixels that the network sees) as `check --plan` tells them."""
    done = subprocess.run([sys.executable, "-c", PLANNED, str(recipe)], check=True, capture_output=True, text=True)
    memory, seen = done.stdout.split()
    return float(memory), int(seen)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Planned and measured memory.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--networks", nargs="+", default=["vgg16"])
    parser.add_argument("--precisions", nargs="+", default=["bf16", "fp32"])
    parser.add_argument("--symmetries", nargs="+", default=list(SYMMETRIES))
    parser.add_argument("--tiles", nargs="+", default=["none"], help="none, auto, or pixels")
    parser.add_argument("--steps", type=int, default=STEPS)
    chosen = parser.parse_args()
    os.environ["ORBIFOLIO_FAST_BF16"] = "yes"
    print("| network | precision | symmetry | px | tiles | seen, MP | measured, GB | planned, GB | ratio | s, phase |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    wanted = itertools.product(chosen.networks, chosen.precisions, chosen.symmetries, chosen.sizes, chosen.tiles)
    for network, precision, symmetry, size, tiles in wanted:
        with tempfile.TemporaryDirectory() as folder:
            recipe = Path(folder) / "memory.yaml"
            text = RECIPE.format(
                symmetry=SYMMETRIES[symmetry],
                network=network,
                precision=precision,
                size=size,
                tiles=tiles,
                steps=chosen.steps,
            )
            recipe.write_text(text)
            (there, seconds), (told, seen) = measured(recipe, Path(folder) / "gallery"), planned(recipe)
        row = (network, precision, symmetry, size, tiles, f"{seen / 1e6:.2f}", f"{there / 1e9:.2f}")
        row = (*row, f"{told / 1e9:.2f}", f"{told / there:.2f}", f"{seconds:.0f}")
        print("|", " | ".join(map(str, row)), "|", flush=True)


if __name__ == "__main__":
    main()
