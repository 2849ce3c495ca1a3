"""A recipe as a task for engines that somebody already has: (recipe, price of its work) -> SkyPilot's or Slurm's file.

The file says all that a run needs and nothing else; it is written beside the recipe's own folder structure, so that
pictures keep their places. Nothing is asked of any engine, and none is needed here.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from pathlib import Path

import yaml

from orbifolio.runner.cloud.cost import SETUP_SECONDS, Work
from orbifolio.runner.cloud.machines import MACHINES, Machine, choose
from orbifolio.runner.recipe.model import LoadedRecipe

LEAST_HOURS = 1


def _machine(work: Work) -> Machine:
    return choose(work.memory, gpu=work.gpu)[0]


def _hours(work: Work) -> int:
    """Three times what is expected, in whole hours."""
    return max(LEAST_HOURS, math.ceil(3 * (work.seconds(_machine(work)) + SETUP_SECONDS) / 3600))


def _command(loaded: LoadedRecipe, path: Path, *more: str) -> str:
    images = [part for name, file in loaded.images.given.items() for part in ("--image", f"{name}={file}")]
    return shlex.join(["orbifolio", "run", str(path), *loaded.overrides, *images, *more])


def skypilot(loaded: LoadedRecipe, path: Path, work: Work) -> str:
    """A task for `sky launch`.

    Args:
        loaded: the recipe.
        path: its file, from the folder that travels.
        work: what it needs.
    """
    machine = _machine(work)
    least = math.ceil(work.memory["fp32"] / 1e9) + 4
    resources: dict[str, object] = {"use_spot": True, "memory": f"{least}+", "disk_size": 100}
    if machine.gpu:
        enough = sorted({other.gpu for other in MACHINES if other.gpu_bytes >= machine.gpu_bytes and other.gpu})
        resources["accelerators"] = {name: 1 for name in enough}
    else:
        resources["cpus"] = "8+"
    task = {
        "name": loaded.name.lower(),
        "resources": resources,
        "workdir": ".",
        "setup": "pip install --quiet orbifolio-*.whl\n",
        "run": f"{_command(loaded, path, '--out', '~/sky_workdir/gallery', '--resume')} || "
        f"{_command(loaded, path, '--out', '~/sky_workdir/gallery')}\n",
    }
    return (
        f"# {loaded.recipe.title}: about {_minutes(work)} min with setting up on one {machine.gpu or 'machine'}.\n"
        "# Put orbifolio's wheel beside this file, then: sky launch -i 10 --down FILE   (ends the machine when idle)\n"
        + yaml.safe_dump(task, sort_keys=False, width=1000)
    )


def slurm(loaded: LoadedRecipe, path: Path, work: Work) -> str:
    """A script for `sbatch`: asked to end two minutes before its time, it keeps its state and queues itself again.

    Args:
        loaded: the recipe.
        path: its file, from the folder in which the job is submitted.
        work: what it needs.
    """
    memory = math.ceil(work.memory["fp32"] / 1e9) + 4
    lines = [
        "#!/bin/bash",
        f"# {loaded.recipe.title}: about {_minutes(work)} min. Submit it where orbifolio is installed: sbatch FILE",
        f"#SBATCH --job-name={loaded.name[:40]}",
        "#SBATCH --nodes=1 --ntasks=1 --cpus-per-task=4",
        *(["#SBATCH --gres=gpu:1"] if work.gpu else []),
        f"#SBATCH --mem={memory}G",
        f"#SBATCH --time={_hours(work)}:00:00",
        "#SBATCH --requeue",
        "#SBATCH --open-mode=append",
        "#SBATCH --signal=B:TERM@120",
        "set -u",
        "resume=()",
        '[ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && resume=(--resume)',
        "trap 'kill -TERM \"$!\"' TERM  # its state is kept; before it begins, so that no signal comes too early",
        f'{_command(loaded, path)} "${{resume[@]}}" &',
        "pid=$!",
        'wait "$pid"; code=$?',
        '[ "$code" -gt 128 ] && { wait "$pid"; code=$?; }  # the first wait was cut short by the signal',
        '[ "$code" = 130 ] && scontrol requeue "$SLURM_JOB_ID"',
        'exit "$code"',
    ]
    return "\n".join(lines) + "\n"


def _minutes(work: Work) -> int:
    return math.ceil((work.seconds(_machine(work)) + SETUP_SECONDS) / 60)


ENGINES: dict[str, Callable[[LoadedRecipe, Path, Work], str]] = {"skypilot": skypilot, "slurm": slurm}
