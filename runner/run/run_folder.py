"""A run's folder in the gallery: making it, finding an unfinished one, its summary `run.json`.

    gallery/<recipe>/<yyyymmdd-hhmmss-xxxx>/run.json ...

The summary is for other programs and for the report; everything in it comes from the recipe, the renderer or the log,
and nothing from the user's environment (no host, user or folder names).
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from orbifolio.runner.errors import PathTaken, RunFailed
from orbifolio.runner.events import unreadable_files
from orbifolio.runner.files import read_regular, unreadable, write_atomically
from orbifolio.runner.redaction import redact_value

CHECKPOINT = "state.pt"
"""The file in an unfinished run's folder `checkpoint` from which it goes on."""


def make_folder(gallery: Path, recipe: str, now: float) -> Path:
    """Make a new run folder, even for two runs that start in the same second.

    Args:
        now: seconds since the epoch.

    Raises:
        RunFailed: the gallery cannot be written.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    try:
        (gallery / recipe).mkdir(parents=True, exist_ok=True)
        while True:
            folder = gallery / recipe / f"{stamp}-{secrets.token_hex(2)}"
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise RunFailed(
            f"{gallery}: cannot be written ({error.strerror or error}); choose another folder with --out"
        ) from error


def read_summary(folder: Path) -> dict[str, Any] | None:
    """A run's `run.json`, or None if it is missing or damaged."""
    try:
        summary = json.loads(read_regular(folder / "run.json"))
    except (OSError, ValueError, RecursionError):
        return None
    return summary if isinstance(summary, dict) else None


def is_finished(folder: Path) -> bool:
    """Whether nothing of a run is left to do: it is done, and its report was whole when its checkpoint was removed."""
    return (read_summary(folder) or {}).get("status") == "done" and not (folder / "checkpoint").is_dir()


def obstacles(folder: Path) -> dict[str, str]:
    """What lies in an unfinished run's folder in the place of its own files: paths, each with "what; cure"."""
    faults = unreadable_files(folder)
    checkpoint = folder / "checkpoint"
    for path in (checkpoint / "lock", checkpoint / CHECKPOINT):
        if fault := unreadable(path):
            faults[str(path)] = fault
    if os.path.lexists(checkpoint) and not checkpoint.is_dir():
        faults[str(checkpoint)] = "is no folder, where one belongs; move it away"
    return faults


def find_resumable(gallery: Path, recipe: str, parameters: Mapping[str, Any]) -> tuple[Path | None, str]:
    """The newest unfinished run of a recipe with the same parameters, in which no process works.

    A run that was killed before its first checkpoint counts too: it starts again in its own folder. So does one that
    was killed after its picture was done, but before its report was.

    Returns:
        (folder or None, why no run can be resumed).

    Raises:
        PathTaken: there is none but runs whose own files cannot be read.
    """
    other, faults = 0, dict[str, str]()
    for folder in sorted((path for path in (gallery / recipe).glob("*-*-*") if path.is_dir()), reverse=True):
        if found := obstacles(folder):
            faults |= found
            continue
        if is_locked(folder / "checkpoint" / "lock"):
            continue
        summary = read_summary(folder)
        if summary is None:
            if (folder / "checkpoint").is_dir() and not (folder / "final.png").exists():
                return folder, ""  # killed before it wrote its summary
            continue
        if is_finished(folder):
            continue
        if _for_the_picture(summary.get("parameters")) != _for_the_picture(
            json.loads(json.dumps(redact_value(parameters)))
        ):
            other += 1
            continue
        return folder, ""
    if faults:
        raise PathTaken(faults)
    if other:
        return None, (
            f"{other} unfinished run{'s' if other > 1 else ''} of {recipe} in {gallery} used other parameters; "
            "repeat the recipe and the overrides of that run, or run without --resume"
        )
    return None, f"no unfinished run of {recipe} in {gallery}; nothing to resume; run without --resume"


def _for_the_picture(parameters: Any) -> Any:
    """Parameters without the publishing target, which does not change the picture; None if they are not readable."""
    if not isinstance(parameters, dict):
        return None
    return {name: value for name, value in parameters.items() if name != "publish"}


def is_locked(lock: Path) -> bool:
    """Whether a process holds the lock of this file."""
    if not lock.exists():
        return False
    attempt = FileLock(lock)
    try:
        attempt.acquire(timeout=0)
    except Timeout:
        return True
    attempt.release()
    return False


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Replace `run.json` as a whole."""
    text = json.dumps(summary, indent=1, ensure_ascii=False, sort_keys=False)
    write_atomically(folder / "run.json", text.encode() + b"\n")
