"""`run.json` at the start of a run; the run fills in the rest as it happens."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import orbifolio
from orbifolio.runner.devices import describe_device, system_facts
from orbifolio.runner.files import write_atomically
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.redaction import redact, redact_value
from orbifolio.runner.renderers.base import Phase, Renderer
from orbifolio.runner.settings import citations

SCRIPT = "again/aws.sh"


def begin_summary(
    loaded: LoadedRecipe,
    renderer: Renderer,
    phases: Sequence[Phase],
    *,
    device: str,
    command: str,
    started: float,
) -> dict[str, Any]:
    """The summary of a run that has just started."""
    recipe = loaded.recipe
    command = redact(command)
    return {
        "schema": 1,
        "recipe": loaded.name,
        "theme": loaded.theme,
        "tags": list(recipe.tags),
        "title": recipe.title,
        "about": recipe.about,
        "status": "running",
        "message": "",
        "started": started,
        "finished": None,
        "seed": recipe.seed,
        "device": describe_device(device),
        "versions": {
            "orbifolio": orbifolio.__version__,
            "python": platform.python_version(),
            "torch": metadata.version("torch"),
        },
        "system": {**system_facts(device), "precision": getattr(renderer, "precision", "")},
        "seconds": 0.0,
        "steps": 0,
        "peak_memory_bytes": 0,
        "final": None,
        "phases": [
            {
                "title": phase.title,
                "folder": f"phases/{number}-{phase.width}px",
                "size": [phase.width, phase.height],
                "parameters": phase.parameters,
                "steps": phase.steps,
                "seconds": 0.0,
                "terms": {},
                "notes": list(phase.notes),
            }
            for number, phase in enumerate(phases, start=1)
        ],
        "charted": list(renderer.charted),
        "phase_noun": renderer.phase_noun,
        "symmetry": renderer.symmetry_summary(None),
        "inputs": [],
        "extras": [],
        "weights": [],
        "references": list(citations(recipe)),
        "parameters": redact_value(loaded.parameters),
        "overrides": redact_value(loaded.overrides),
        "network": "",
        "rerun": {
            "local": command,
            "resume": f"{command} --resume",
            "cloud": "",
            "script": "",
        },
    }


def rerun_entries(folder: Path, command: str, script: str, resume: str) -> dict[str, str]:
    """The entries of `rerun` for a rented machine; the script is written as a file of the report.

    Args:
        command: a line to type, or "".
        script: a shell script, or "".
        resume: a line that resumes a run on such a machine, or "".
    """
    if script:
        write_atomically(folder / SCRIPT, script.encode())
    entries = {"cloud": redact(command), "script": SCRIPT if script else ""}
    return entries | ({"resume": resume} if resume else {})
