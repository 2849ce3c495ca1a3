"""Recipes of several renderers that take a second each, and what every run of one has in common."""

from __future__ import annotations

from pathlib import Path

HEAD = "schema: 1\ntitle: Tiny\nseed: 7\nframes: 3\nrenderer:\n"
RECIPES = {
    "gas": """\
  kind: growing-neural-gas
  image: skimage:horse
  phases: [{nodes: 40, epochs: 1, steps: 4}]
  size: 64
""",
    "map": """\
  kind: self-organising-map
  signals: {kind: places, image: "skimage:horse", points: {kind: darkness, count: 500}}
  map: {columns: 6}
  phases: [{epochs: 1, steps: 4, radius: [2, 1]}]
  size: 64
""",
    "image": """\
  kind: image-optimisation
  symmetry: {kind: plane, group: p4, colours: {r4: [g, r, b]}}
  vision: untrained
  objectives: [{kind: style, images: ["skimage:coffee"], layers: [conv1_1]}, {kind: smoothness}]
  phases: [{size: 16, steps: 4}, {size: 24, steps: 4}]
""",
    "patches": """\
  kind: patches
  images: ["skimage:coffee"]
  size: 48
""",
    "painting": """\
  kind: painting
  image: skimage:coffee
  size: 64
""",
}
CHANGING = (".html", ".json", ".jsonl", ".js", ".sh", ".part")  # times, paces and other runs' names stand in them


def products(run: Path) -> dict[str, bytes]:
    """The files of a run that are the same for every run of its recipe, by path."""
    return {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file()
        and not path.name.startswith(".")
        and path.suffix not in CHANGING
        and path.parent.name != "checkpoint"
    }
