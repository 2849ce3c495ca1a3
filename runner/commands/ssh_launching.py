"""`orbifolio launch --ssh user@host`: a recipe on a machine that SSH reaches, and its gallery back here."""

from __future__ import annotations

import logging
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orbifolio.runner.errors import CloudError, InputError

if TYPE_CHECKING:
    from orbifolio.runner.cloud.ssh_launch import SSHMachine, SSHTarget
    from orbifolio.runner.recipe.model import LoadedRecipe

logger = logging.getLogger(__name__)


def launch_by_ssh(
    loaded: LoadedRecipe,
    target: SSHTarget,
    *,
    gallery: Path,
    publish: str | None,
    hours: float | None,
    wheel: Path | None,
    python: str,
    shut: bool,
    dry: bool,
) -> None:
    """Send a recipe, run it there, and fetch its report.

    Args:
        gallery: the report comes here.
        publish: target to which it is published from here, or None.
        hours: hard limit; None for three times the expected time.
        wheel: the program; None to build it.
        python: the machine's; "" to find one.
        shut: the machine is shut down at the limit, or when the report is here.
        dry: only print what it would do.
    """
    from orbifolio.runner.cloud.bundle import pack
    from orbifolio.runner.cloud.cost import SETUP_SECONDS, time_limit, workload_of
    from orbifolio.runner.cloud.launch import BUNDLE
    from orbifolio.runner.cloud.launch_spec import launch_name
    from orbifolio.runner.cloud.machines import choose
    from orbifolio.runner.cloud.ssh_launch import SSHMachine, SSHTask
    from orbifolio.runner.cloud.wheel import find_wheel

    needs = workload_of(loaded)
    seconds = SETUP_SECONDS + max(needs.seconds(machine) for machine in choose(needs.memory, gpu=needs.gpu))
    limit = time_limit(seconds, hours)
    bundle = pack(loaded)
    program = find_wheel(wheel)
    megabytes = (len(bundle.content) + program.size) / 1e6
    launch = launch_name(loaded.name)
    task = SSHTask(
        launch,
        math.ceil(60 * limit),
        program.name,
        ["run", *bundle.arguments, "publish=null", "--out", "../gallery"],
        shut,
        python,
    )
    end = (
        "shut down at the limit, or when the report is here" if shut else "left running; only the run ends at the limit"
    )
    lines = [
        f"{loaded.recipe.title}: run on {target}, by SSH",
        f"report     {gallery}" + (f", then {publish}" if publish else ""),
        f"at most    {limit:g} h; expected about {math.ceil(seconds / 60)} min with setting up",
        f"machine    {end}",
        f"sends      {BUNDLE}, {program.name} (about {megabytes:.1f} MB)",
    ]
    if dry:
        click.echo("\n".join([*lines, "Nothing was sent, and the machine was not asked."]))
        return
    for line in lines:
        logger.info(line)
    machine = SSHMachine(target, launch)
    machine.send(task, {BUNDLE: bundle.content, program.name: program.content()})
    machine.start()
    _attend(machine, gallery, publish, shut=shut)


def resume_by_ssh(target: SSHTarget, launch: str, *, gallery: Path, publish: str | None, shut: bool) -> None:
    """Follow a launch again, or continue it where it was interrupted, and fetch its report."""
    from orbifolio.runner.cloud.ssh_launch import SSHMachine

    machine = SSHMachine(target, launch)
    try:
        state, _ = machine.poll(0)
    except CloudError as error:
        raise InputError(f"{launch}: is not on {target.host} ({error})") from None
    if state != "done":
        machine.start()
    _attend(machine, gallery, publish, shut=shut)


def _attend(machine: SSHMachine, gallery: Path, publish: str | None, *, shut: bool) -> None:
    """Follow a run, fetch its report, publish it, and exit with a code other than 0 unless it is done."""
    from orbifolio.reports.write_gallery import rebuild_gallery
    from orbifolio.runner.commands.options import make_console

    again = f"orbifolio launch --ssh {machine.target} --resume {machine.launch}"
    try:
        state = machine.follow(logger.info)
    except (KeyboardInterrupt, CloudError):
        logger.error("the run goes on there; follow it again, and fetch its report:\n  %s", again)
        raise
    runs = machine.fetch(gallery)
    rebuild_gallery(gallery)
    if publish is not None:
        from orbifolio.runner.commands.publishing import publish_gallery

        publish_gallery(gallery, publish, endpoint_url=None, region=None, remove=(), dry=False, console=make_console())
    if state == "done" or shut:
        machine.end(shut=shut)
    click.echo(str(runs[-1] / "index.html"))
    if state != "done":
        logger.error("%s: the run was %s there%s", machine.launch, state, "" if shut else f"; continue it:\n  {again}")
        sys.exit(130 if state == "interrupted" else 1)
