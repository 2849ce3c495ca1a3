"""A run again on a rented machine: (recipe, phases, what was typed) -> a command and a script for its report."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from orbifolio.reports.publish.s3 import S3
from orbifolio.runner.cloud.by_hand import script
from orbifolio.runner.cloud.cost import SETUP_SECONDS, work_of_phases
from orbifolio.runner.cloud.machines import choose
from orbifolio.runner.cloud.script import paints
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.redaction import redact
from orbifolio.runner.renderers.base import Phase

_LOCAL = {"--out": 2, "--device": 2, "--mail": 2, "--resume": 1}
"""Options of `run` that mean nothing on another machine, with the words that they take."""


@dataclass(frozen=True)
class Again:
    """What a report offers.

    Attributes:
        command: the line of `orbifolio launch`, "" if the run was begun by something else than the command line.
        script: for those who have Amazon's command line only, "" if no machine of the list is large enough.
        resume: how to go on with it, if it runs on a rented machine; else "".
    """

    command: str
    script: str
    resume: str = ""


def again(loaded: LoadedRecipe, phases: Sequence[Phase], command: str) -> Again:
    """Both for a run; never an error, as a picture must not fail for it.

    Args:
        loaded: the recipe.
        phases: of the run.
        command: what was typed.
    """
    launch = os.environ.get("ORBIFOLIO_LAUNCH", "")  # set by the script of a rented machine
    resume = shlex.join(["orbifolio", "launch", "--resume", launch]) if launch else ""
    return Again(launch_line(command, known=isinstance(loaded.recipe.publish, S3)), _script(loaded, phases), resume)


def launch_line(command: str, *, known: bool) -> str:
    """`orbifolio run ...` as `orbifolio launch ...`.

    Args:
        command: what was typed.
        known: whether the recipe says where its report goes.

    >>> launch_line("orbifolio run a.yaml seed=3 --out shelf", known=False)
    'orbifolio launch a.yaml seed=3 --to s3://BUCKET/gallery'
    """
    words = shlex.split(command)
    if words[:2] != ["orbifolio", "run"]:
        return ""
    kept: list[str] = []
    skip = 0
    for word in words[2:]:
        skip = skip or _LOCAL.get(word, 0)
        if skip:
            skip -= 1
        else:
            kept.append(word)
    return shlex.join(["orbifolio", "launch", *kept, *([] if known else ["--to", "s3://BUCKET/gallery"])])


def _script(loaded: LoadedRecipe, phases: Sequence[Phase]) -> str:
    work = work_of_phases(loaded, phases)
    try:
        machine = choose(work.memory, gpu=work.gpu)[0]
    except InputError:
        return ""
    expected = work.seconds(machine) + SETUP_SECONDS
    return script(
        name=loaded.name,
        theme=loaded.theme,
        title=loaded.recipe.title,
        recipe=redact(loaded.resolved_text),
        machine=machine.name,
        price=machine.list_price(""),
        hours=max(1.0, math.ceil(3 * expected / 3600)),
        paints=paints(loaded.parameters),
    )
