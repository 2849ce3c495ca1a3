"""A synthetic run, made by hand: what `runner` writes, without running anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

BEGAN = 1_763_720_000.0
TERMS = ("gram.conv1_1", "gram.conv2_1", "moments.conv1_1", "moments.conv2_1", "smoothness")


def picture(width: int, height: int, *, seed: int = 0) -> Image.Image:
    """A smooth random picture that repeats over its edges."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None] * 2 * np.pi
    channels = []
    for _ in range(3):
        a, b, c, d = generator.integers(1, 4, 4)
        channels.append(0.5 + 0.25 * np.sin(a * x + b * y + c) + 0.25 * np.cos(d * x - y))
    return Image.fromarray((255 * np.stack(channels, -1)).astype(np.uint8))


def replace_in(path: Path, old: str, new: str) -> None:
    """Replace a text in a file, which must hold it."""
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))


def events_of(
    phases: Sequence[tuple[int, int]],
    *,
    steps: int,
    every: int,
    outcome: str | None,
    until: int | None = None,
) -> list[dict[str, Any]]:
    """The log of a run: phases as (width, height); `until` cuts it after so many steps in all."""
    moment = BEGAN
    log: list[dict[str, Any]] = [
        {
            "event": "run-started",
            "time": moment,
            "resumed": False,
            "phases": [f"{width} px" for width, _ in phases],
            "steps": [steps] * len(phases),
        }
    ]
    done = 0
    for index, (width, height) in enumerate(phases):
        log.append(
            {
                "event": "phase-started",
                "time": moment,
                "phase": index,
                "title": f"{width} px",
                "width": width,
                "height": height,
                "steps": steps,
                "notes": [f"{width} wide as asked"],
            }
        )
        for step in range(steps + 1):
            if step:
                moment += 0.5
                done += 1
                terms = {name: (1 + place) * 10 ** (2 - index) / step for place, name in enumerate(TERMS)}
                log.append(
                    {
                        "event": "stepped",
                        "time": moment,
                        "phase": index,
                        "step": step,
                        "terms": terms,
                        "metrics": {"evaluations": 1.0},
                        "seconds": 0.5,
                        "memory": 10**8,
                    }
                )
            if step % every == 0:
                log.append(
                    {
                        "event": "frame-saved",
                        "time": moment,
                        "phase": index,
                        "step": step,
                        "path": f"phases/{index + 1}-{width}px/frames/{step:05d}.webp",
                        "width": width,
                        "height": height,
                        "bytes": 1,
                        "sha256": "",
                    }
                )
            if until is not None and done >= until:
                return log
        log.append(
            {
                "event": "phase-finished",
                "time": moment,
                "phase": index,
                "seconds": 0.5 * steps,
                "terms": terms,
            }
        )
    if outcome is not None:
        log.append({"event": "run-finished", "time": moment, "outcome": outcome, "message": ""})
    return log


def write_run(
    gallery: Path,
    *,
    recipe: str = "rainbow-hexagon",
    identity: str = "20261121-101500-4f2a",
    sizes: Sequence[tuple[int, int]] = ((16, 28), (32, 56)),
    steps: int = 6,
    every: int = 3,
    status: str = "done",
    until: int | None = None,
    artist: Callable[..., Image.Image] = picture,
    **changes: Any,
) -> Path:
    """Write a run's folder.

    Args:
        gallery: where.
        recipe: its type.
        identity: its folder's name.
        sizes: (width, height) of each phase.
        steps: of each phase.
        every: steps between frames.
        status: as `run.json` says.
        until: number of steps after which the log breaks off.
        artist: (width, height, seed=step) -> picture.
        changes: keys of `run.json` to replace; a value of `...` removes the key.
    """
    folder = gallery / recipe / identity
    folder.mkdir(parents=True)
    log = events_of(sizes, steps=steps, every=every, until=until, outcome=status if status == "done" else None)
    for event in log:
        if event["event"] == "frame-saved":
            path = folder / event["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            artist(event["width"], event["height"], seed=event["step"]).save(path)
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in log))
    (folder / "inputs").mkdir()
    for name in ("style-1", "style-1-prepared"):
        artist(48, 48, seed=9).save(folder / "inputs" / f"{name}.webp")
    (folder / "extras").mkdir()
    width, height = sizes[-1]
    artist(width, height, seed=steps).save(folder / "extras" / "tile.png")
    final = None
    if status == "done":
        artist(width, height, seed=steps).save(folder / "final.png")
        final = {
            "path": "final.png",
            "width": width,
            "height": height,
            "tiles": [True, True],
            "bytes": 1,
            "sha256": "",
        }
    (folder / "recipe.yaml").write_text(
        '# as resolved\nschema: 1\ntitle: "Rainbow hexagon"\nseed: 17   # a number\nrenderer:\n'
        "  kind: image-optimisation\n  symmetry: {kind: plane, group: p6, colours: {r6: [g, b, r]}}\n"
    )
    rerun = {
        "local": f"orbifolio run recipes/plane/{recipe}.yaml",
        "resume": f"orbifolio run recipes/plane/{recipe}.yaml --resume",
        "cloud": f"orbifolio launch recipes/plane/{recipe}.yaml",
    }
    claims = [
        {"name": "60 degree rotation about (0, 0)", "colour": "[g, b, r]", "residual": 0.004, "second": 0.71},
        {
            "name": "180 degree rotation about (0, 0)",
            "colour": "[-r, -g, -b]",
            "residual": 0.006,
            "second": 0.69,
        },
    ]
    record: dict[str, Any] = {
        "schema": 1,
        "recipe": recipe,
        "theme": "plane",
        "title": "Rainbow hexagon",
        "about": "**Six-fold** rotation.\n\n# Why\n\n- one\n- two\n",
        "status": status,
        "message": "",
        "started": BEGAN,
        "finished": BEGAN + 93 if status == "done" else None,
        "seed": 17,
        "device": "cpu (2 threads)",
        "versions": {"orbifolio": "0.1.0", "python": "3.11.7", "torch": "2.13.0"},
        "system": {
            "platform": "Linux",
            "processor": "x86",
            "threads": 2,
            "precision": "bf16",
            "memory_bytes": 8_000_000_000,
        },
        "seconds": 93.1,
        "steps": steps * len(sizes),
        "peak_memory_bytes": 1_200_000_000,
        "final": final,
        "phases": [
            {
                "title": f"{w} px",
                "folder": f"phases/{n}-{w}px",
                "size": [w, h],
                "parameters": 1234,
                "steps": steps,
                "seconds": 0.0,
                "terms": {},
                "notes": [],
            }
            for n, (w, h) in enumerate(sizes, 1)
        ],
        "symmetry": {
            "kind": "plane",
            "group": "p6",
            "title": "p6, red to green to blue",
            "cells": 2,
            "notes": ["two cells fill the picture"],
            "advisories": ["Six-fold: watch for hexagrams."],
            "claims": claims if status == "done" else [],
            "worst": 0.006,
            "unclaimed": [{"name": "mirror at 0 degrees", "colour": "[r, g, b]", "residual": 0.81}],
            "closest_unclaimed": 0.81,
        },
        "inputs": [
            {
                "name": "style 1",
                "source": "skimage:immunohistochemistry",
                "original": "inputs/style-1.webp",
                "prepared": "inputs/style-1-prepared.webp",
                "width": 48,
                "height": 48,
                "weight": 1.0,
            }
        ],
        "extras": [{"path": "extras/tile.png", "title": "One tile, 8-bit PNG", "kind": "picture"}],
        "weights": [
            {
                "name": "vgg16/hed",
                "sha256": "ab" * 32,
                "licence": "BSD-2",
                "source": "a package",
                "notes": "BGR, mean subtracted",
            }
        ],
        "references": ["gatys2015", "itc-a", "liu1989"],
        "parameters": {
            "seed": 17,
            "renderer": {
                "kind": "image-optimisation",
                "phases": [{"size": w, "steps": steps} for w, _ in sizes],
            },
        },
        "overrides": ["renderer.phases.0.size=16"],
        "network": "Sum(\n  Gram(conv1_1)\n)",
        "rerun": rerun,
    }
    record.update(changes)
    record = {key: value for key, value in record.items() if value is not ...}
    (folder / "run.json").write_text(json.dumps(record))
    return folder
