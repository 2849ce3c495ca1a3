"""A user's own defaults: (config.toml, environment) -> what options are where the command line leaves them out.

    out = "~/Pictures/gallery"           ORBIFOLIO_OUT       the gallery
    device = "cuda"                      ORBIFOLIO_DEVICE    what computes
    bucket = "s3://my-pictures/gallery"  ORBIFOLIO_BUCKET    where `launch` and `publish` put reports
    region = "eu-central-1"              ORBIFOLIO_REGION    of machines and buckets

The command line counts before the environment, the environment before the file, the file before what the program takes
otherwise. The file is `~/.config/orbifolio/config.toml` (in `$XDG_CONFIG_HOME`, or where the system keeps such files);
ORBIFOLIO_CONFIG names another.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from orbifolio.runner.errors import InputError

OPTIONS = {"out": "--out", "device": "--device", "bucket": "--to", "region": "--region"}
"""Keys of the file, and the options that they are defaults of."""
ARGUMENTS = {"out": (("gallery", "gallery"),), "bucket": (("publish", "paths"),)}
"""Arguments of commands, as (command, parameter), that they are defaults of, too."""
ELSEWHERE = {("sweep", "--to")}
"""Options that mean something else: a sweep publishes only where it is told to."""


def config_file() -> Path:
    """Where the file is, or would be."""
    import platformdirs

    chosen = os.environ.get("ORBIFOLIO_CONFIG")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_config_dir("orbifolio")) / "config.toml"


def read_defaults(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The values by key.

    Args:
        file: that may be there.
        environment: whose ORBIFOLIO_* count before it, unless they are empty.

    Raises:
        InputError: everything that is wrong with the file.
    """
    values = _of_file(file)
    for key in OPTIONS:
        given = environment.get(f"ORBIFOLIO_{key.upper()}")
        if given:
            values[key] = given
    if "out" in values:
        values["out"] = os.path.expanduser(values["out"])  # no shell has read it
    return values


def _of_file(file: Path) -> dict[str, str]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f'{file}: is not TOML ({error}); write lines such as out = "gallery"') from None
    faults = []
    for key, value in values.items():
        if key not in OPTIONS:
            near = difflib.get_close_matches(key, OPTIONS, n=1)
            cure = f"did you mean {near[0]}?" if near else f"known are {', '.join(OPTIONS)}"
            faults.append(f"{file}: {key}: no such setting; {cure}")
        elif not isinstance(value, str) or not value:
            faults.append(f'{file}: {key}: {value!r} is not a text; write {key} = "..."')
    if faults:
        raise InputError("\n".join(faults))
    return values


def default_map(group: click.Group, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Defaults as click wants them: command -> parameter -> value.

    Args:
        group: whose commands are looked through.
        values: of `read_defaults`.
    """
    found: dict[str, dict[str, Any]] = {name: {} for name in group.commands}
    for key, value in values.items():
        for name, command in group.commands.items():
            for parameter in command.params:
                if OPTIONS[key] in parameter.opts and (name, OPTIONS[key]) not in ELSEWHERE:
                    found[name][parameter.name or ""] = value
        for name, argument in ARGUMENTS.get(key, ()):
            found[name][argument] = (value,) if argument == "paths" else value
    return found
