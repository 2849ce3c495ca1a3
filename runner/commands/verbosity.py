"""`-v` and `-q`, of every command: how much it says on stderr."""

from __future__ import annotations

import click

from orbifolio.runner.log_lines import LEVELS, show_records


def _set(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    if not given or context.resilient_parsing:
        return
    names = {"verbose": "debug", "quiet": "error"}
    chosen = context.meta.setdefault(__name__, parameter.name)
    if chosen != parameter.name:
        raise click.UsageError("-v says more and -q less; give one of them", context)
    show_records(LEVELS[names[str(parameter.name)]])


def is_verbose() -> bool:
    """Whether `-v` was given."""
    return click.get_current_context().meta.get(__name__) == "verbose"


def add_verbosity(command: click.Command) -> None:
    """Give a command the two options; they take effect before anything that it does."""
    command.params += [
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set,
            help="Also say what is decided and why, with times.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set,
            help="Only say where the result is, and errors.",
        ),
    ]
