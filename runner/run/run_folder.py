"""A run's folder in the gallery: making it, finding it again, writing its summary `run.json`.

    gallery/<recipe>/<yyyymmdd-hhmmss-xxxx>/run.json ...

The summary is for machines and for the report; everything in it comes from the recipe, the renderer or
the log, nothing from the user's environment (no host, user or folder names).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from orbifolio.runner.errors import RunFailed
from orbifolio.runner.files import write_atomically
from orbifolio.runner.redaction import redact_value


def make_folder(gallery: Path, recipe: str, now: float) -> Path:
    """A new run folder; two runs that start in the same second get two.

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
            f"{gallery}: cannot write there ({error.strerror or error}); a run needs a folder for its report; "
            "choose another with --out"
        ) from error


def read_summary(folder: Path) -> dict[str, Any] | None:
    """A run's summary, or None if it is missing or torn."""
    try:
        summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return summary if isinstance(summary, dict) else None


def find_resumable(gallery: Path, recipe: str, parameters: Mapping[str, Any]) -> tuple[Path | None, str]:
    """The newest unfinished run of a recipe with the same parameters.

    A run that was killed before its first checkpoint counts too: it begins anew in its own folder.

    Returns:
        (folder or None, why there is none).
    """
    other = 0
    for folder in sorted((path for path in (gallery / recipe).glob("*-*-*") if path.is_dir()), reverse=True):
        if is_locked(folder / "checkpoint" / "lock"):
            continue
        summary = read_summary(folder)
        if summary is None:
            if (folder / "checkpoint").is_dir() and not (folder / "final.png").exists():
                return folder, ""  # killed before it could say what it is
            continue
        if summary.get("status") == "done":
            continue
        if _computed(summary.get("parameters")) != _computed(json.loads(json.dumps(redact_value(parameters)))):
            other += 1
            continue
        return folder, ""
    if other:
        return None, (
            f"{other} unfinished run{'s' if other > 1 else ''} of {recipe} in {gallery} used other parameters; "
            "resuming needs the same recipe and overrides; repeat them, or run without --resume"
        )
    return None, f"no unfinished run of {recipe} in {gallery}; there is nothing to go on with; run without --resume"


def _computed(parameters: Any) -> Any:
    """Parameters but for where the report is published: that changes nothing of the picture."""
    known = isinstance(parameters, dict)
    return {name: value for name, value in parameters.items() if name != "publish"} if known else None


def is_locked(lock: Path) -> bool:
    """Whether a process holds a lock file."""
    if not lock.exists():
        return False
    trial = FileLock(lock)
    try:
        trial.acquire(timeout=0)
    except Timeout:
        return True
    trial.release()
    return False


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Replace `run.json`."""
    text = json.dumps(summary, indent=1, ensure_ascii=False, sort_keys=False)
    write_atomically(folder / "run.json", text.encode() + b"\n")
