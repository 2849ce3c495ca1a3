"""A recipe as a task for an engine that the user already has: (recipe, what it needs) -> a file for SkyPilot or Slurm.

The file holds all that a run needs. It starts the recipe by its path, so that its pictures are found. No engine is
asked for anything, and none needs to be installed here.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from pathlib import Path

import yaml

from orbifolio.runner.cloud.cost import SAFETY, SETUP_SECONDS, Workload
from orbifolio.runner.cloud.machines import MACHINES, Machine, choose
from orbifolio.runner.recipe.model import LoadedRecipe

MIN_HOURS = 1  # Slurm takes whole hours here
IDLE_MINUTES = 10
_BUCKET = "/bucket"
"""Where SkyPilot shows the bucket."""
MEMORY_MARGIN_GB = 4  # for the system and the programs around the run


def _machine(work: Workload) -> Machine:
    return choose(work.memory, gpu=work.gpu)[0]


def _hours(work: Workload) -> int:
    """The time limit in whole hours, with the same safety factor as a launch's."""
    return max(MIN_HOURS, math.ceil(SAFETY * (work.seconds(_machine(work)) + SETUP_SECONDS) / 3600))


def _command(loaded: LoadedRecipe, path: Path, *more: str) -> str:
    images = [part for name, file in loaded.images.given.items() for part in ("--image", f"{name}={file}")]
    return shlex.join(["orbifolio", "run", str(path), *loaded.overrides, *images, *more])


def skypilot(loaded: LoadedRecipe, path: Path, work: Workload) -> str:
    """A task for `sky launch`.

    Args:
        path: of the recipe, from the folder that SkyPilot uploads.
        work: what the run needs.
    """
    machine = _machine(work)
    memory = math.ceil(work.memory["fp32"] / 1e9) + MEMORY_MARGIN_GB
    least: dict[str, object] = {"memory": f"{memory}+"}
    choices: list[dict[str, object]] = [{**least, "cpus": "8+"}]
    if machine.gpu:
        enough = sorted({other.gpu for other in MACHINES if other.gpu_bytes >= machine.gpu_bytes and other.gpu})
        choices = [{**least, "accelerators": f"{name}:1"} for name in enough]
    resources: dict[str, object] = {
        "use_spot": True,
        "disk_size": 100,
        "job_recovery": {"max_restarts_on_errors": 2},
        "autostop": {"idle_minutes": IDLE_MINUTES, "down": True},
        "any_of": choices,
    }
    gallery = f"{_BUCKET}/gallery"
    run = _command(loaded, path, "--out", gallery)
    resumed = f"{run} --resume; code=$?; [ $code != 2 ] || {{ {run}; code=$?; }}; exit $code"  # 2: nothing to resume
    task = {
        "name": loaded.name.lower(),
        "resources": resources,
        "workdir": ".",
        "envs": {"ORBIFOLIO_BUCKET_NAME": f"orbifolio-{loaded.name.lower()}"[:50]},
        # what is written there is in the bucket: a machine that replaces a lost one goes on from the last checkpoint
        "file_mounts": {_BUCKET: {"name": "${ORBIFOLIO_BUCKET_NAME}", "mode": "MOUNT_CACHED"}},
        "setup": "pip install --quiet orbifolio-*.whl\n",
        "run": f"timeout {3600 * _hours(work)} sh -c {shlex.quote(resumed)}\n",
    }
    return (
        f"# {loaded.recipe.title}: about {_minutes(work)} min with setting up on one {machine.gpu or 'machine'}, "
        f"at most {_hours(work)} h.\n"
        "# Put orbifolio's wheel beside this file (pip wheel --no-deps .), then:\n"
        "#   sky jobs launch FILE     spot machines that are lost are replaced, and the run goes on\n"
        "#   sky launch FILE          one machine, which ends itself when idle\n"
        "# The gallery is in the bucket, whose name is yours to choose: --env ORBIFOLIO_BUCKET_NAME=my-bucket\n"
        + yaml.safe_dump(task, sort_keys=False, width=1000)
    )


def slurm(loaded: LoadedRecipe, path: Path, work: Workload) -> str:
    """A script for `sbatch`: signalled two minutes before its limit, it saves its state and requeues itself.

    Args:
        path: of the recipe, from the folder in which the job is submitted.
        work: what the run needs.
    """
    memory = math.ceil(work.memory["fp32"] / 1e9) + MEMORY_MARGIN_GB
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
        "trap 'kill -TERM \"$!\"' TERM  # it saves its state; set before it starts, so that no signal comes too early",
        f'{_command(loaded, path)} "${{resume[@]}}" &',
        "pid=$!",
        'wait "$pid"; code=$?',
        '[ "$code" -gt 128 ] && { wait "$pid"; code=$?; }  # the first wait was cut short by the signal',
        '[ "$code" = 130 ] && scontrol requeue "$SLURM_JOB_ID"',
        'exit "$code"',
    ]
    return "\n".join(lines) + "\n"


def _minutes(work: Workload) -> int:
    return math.ceil((work.seconds(_machine(work)) + SETUP_SECONDS) / 60)


ENGINES: dict[str, Callable[[LoadedRecipe, Path, Workload], str]] = {"skypilot": skypilot, "slurm": slurm}
