"""Making a picture again on a rented machine: (recipe, phases, command line) -> what its report offers for that."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from orbifolio.reports.publish.s3 import S3
from orbifolio.runner.cloud.aws_cli_script import aws_cli_script
from orbifolio.runner.cloud.cost import SAFETY, SETUP_SECONDS, workload_of_phases
from orbifolio.runner.cloud.machines import choose
from orbifolio.runner.cloud.node_script import uses_mypaint
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.redaction import redact
from orbifolio.runner.renderers.base import Phase

_LOCAL = {"--out": 2, "--device": 2, "--mail": 2, "--resume": 1}
"""Options of `run` that mean nothing on another machine, with the number of their words."""


@dataclass(frozen=True)
class Rerun:
    """What a report offers.

    Attributes:
        command: the line of `orbifolio launch`; "" if the run was not started from the command line.
        script: for those who have only the AWS command line; "" if no machine of the list is large enough.
        resume: the command that continues a run on a rented machine; "" elsewhere.
    """

    command: str
    script: str
    resume: str = ""


def rerun_instructions(loaded: LoadedRecipe, phases: Sequence[Phase], command: str) -> Rerun:
    """How to make a run's picture again; never raises, as no picture may fail for it.

    Args:
        phases: of the run, with sizes and steps.
        command: that started the run.
    """
    launch = os.environ.get("ORBIFOLIO_LAUNCH", "")  # set by the script of a rented machine
    resume = shlex.join(["orbifolio", "launch", "--resume", launch]) if launch else ""
    return Rerun(
        launch_line(command, has_target=isinstance(loaded.recipe.publish, S3)), _script(loaded, phases), resume
    )


def launch_line(command: str, *, has_target: bool) -> str:
    """`orbifolio run ...` as `orbifolio launch ...`.

    Args:
        command: that started the run.
        has_target: whether the recipe says where its report is published.

    >>> launch_line("orbifolio run a.yaml seed=3 --out shelf", has_target=False)
    'orbifolio launch a.yaml seed=3 --to s3://BUCKET/gallery'
    """
    words = shlex.split(command)
    if words[:2] != ["orbifolio", "run"]:
        return ""
    arguments: list[str] = []
    skip = 0
    for word in words[2:]:
        skip = skip or _LOCAL.get(word, 0)
        if skip:
            skip -= 1
        else:
            arguments.append(word)
    return shlex.join(["orbifolio", "launch", *arguments, *([] if has_target else ["--to", "s3://BUCKET/gallery"])])


def _script(loaded: LoadedRecipe, phases: Sequence[Phase]) -> str:
    needs = workload_of_phases(loaded, phases)
    try:
        machine = choose(needs.memory, gpu=needs.gpu)[0]
    except InputError:
        return ""
    expected = needs.seconds(machine) + SETUP_SECONDS
    return aws_cli_script(
        name=loaded.name,
        theme=loaded.theme,
        title=loaded.recipe.title,
        recipe=redact(loaded.resolved_text),
        machine=machine.name,
        price=machine.list_price(""),
        hours=max(1.0, math.ceil(SAFETY * expected / 3600)),
        paints=uses_mypaint(loaded.parameters),
    )
