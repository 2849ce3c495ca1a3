"""Sweeps that never were: a record as the pool writes it, with runs made by hand."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic_run import BEGAN, write_run

NAME = "20261121-101500-5eee"
TINY: dict[str, Any] = {"sizes": ((16, 16),), "steps": 4, "every": 2}


def member(number: int, overrides: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    """A member that waits."""
    return {
        "number": number,
        "recipe": "recipes/plane/rainbow-hexagon.yaml",
        "type": "rainbow-hexagon",
        "overrides": dict(overrides),
        "run": None,
        "state": "waiting",
        "attempts": 0,
        "worker": "cpu",
        "message": "",
    } | changes


def product(varied: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """All combinations, the last parameter varying fastest."""
    combinations = itertools.product(*varied.values())
    return [member(number, dict(zip(varied, values, strict=True))) for number, values in enumerate(combinations)]


def record(varied: Mapping[str, Sequence[str]], members: Sequence[Mapping[str, Any]], **changes: Any) -> dict[str, Any]:
    """A sweep's record."""
    return {
        "schema": 1,
        "title": "Rainbow hexagon, varied",
        "command": "orbifolio sweep recipes/plane/rainbow-hexagon.yaml seed=1,2",
        "started": "2025-11-21T10:13:20Z",
        "finished": None,
        "status": "running",
        "engine": "local",
        "varied": [{"key": key, "values": list(values)} for key, values in varied.items()],
        "members": list(members),
    } | changes


def write_sweep_record(gallery: Path, content: Mapping[str, Any], *, name: str = NAME, touched: float = BEGAN) -> Path:
    """Write a record as the pool does; its folder."""
    folder = gallery / "sweeps" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sweep.json").write_text(json.dumps(content))
    os.utime(folder / "sweep.json", (touched, touched))
    return folder


def run_for(gallery: Path, entry: dict[str, Any], *, state: str = "done", **options: Any) -> dict[str, Any]:
    """Write a run for a member, and name it there."""
    identity = f"20261121-1015{entry['number']:02d}-000{entry['number'] % 10}"
    status = {"done": "done", "running": "running"}.get(state, "failed")
    write_run(gallery, recipe=entry["type"], identity=identity, status=status, **{**TINY, **options})
    return entry | {"run": f"{entry['type']}/{identity}", "state": state, "attempts": 1}


def finished_sweep(gallery: Path, varied: Mapping[str, Sequence[str]], **changes: Any) -> Path:
    """A sweep all of whose runs are done; each takes longer than the one before, and parameters tell them apart."""
    members = []
    for entry in product(varied):
        number = entry["number"]
        members.append(
            run_for(
                gallery,
                entry,
                seconds=60.0 - 7 * number,
                peak_memory_bytes=10**8 * (1 + number % 3),
                parameters={"seed": number, "renderer": {"kind": "image-optimisation", "phases": [{"size": 16}]}},
            )
        )
    sweep = record(varied, members, status="done", finished="2025-11-21T10:23:20Z", **changes)
    return write_sweep_record(gallery, sweep)
