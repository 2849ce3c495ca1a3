"""The script that a node runs: values of a launch -> the text of its user data, within EC2's 16 KiB.

The text is a head of assignments, then `node.sh` as it is, so that what runs on the node can be read, checked and run
here. User data can be read by everybody on the machine and by many in the account, so it holds no secrets; pictures and
mail settings reach the node through S3, which it reads by its role.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError

MAX_BYTES = 16 * 1024  # of user data that EC2 accepts


@dataclass(frozen=True)
class NodeWork:
    """What a node is to do.

    Attributes:
        launch: name of the launch.
        work: `s3://...` where bundle, log and state lie.
        region: of the buckets and the machine.
        minutes: hard limit of the machine's life.
        wheel: file name of the program.
        arguments: of `orbifolio`, in the bundle's folder.
        mode: `run` or `serve`.
        paints: whether the run needs libmypaint.
        sender: address that reports a failed set-up by mail, "" for none.
        recipient: address that gets this mail.
    """

    launch: str
    work: str
    region: str
    minutes: int
    wheel: str
    arguments: Sequence[str]
    mode: str = "run"
    paints: bool = False
    sender: str = ""
    recipient: str = ""


def uses_mypaint(parameters: Any) -> bool:
    """Whether a recipe names a brush anywhere, whose strokes libmypaint also draws.

    >>> uses_mypaint({"renderer": {"canvas": {"brush": "classic/dry_brush"}}}), uses_mypaint({"renderer": [1, "brush"]})
    (True, False)
    """
    if isinstance(parameters, Mapping):
        return "brush" in parameters or any(map(uses_mypaint, parameters.values()))
    return isinstance(parameters, list | tuple) and any(map(uses_mypaint, parameters))


def body() -> str:
    """`node.sh`: the part that is the same for all nodes."""
    return Path(__file__).with_name("node.sh").read_text(encoding="utf-8")


def head(task: NodeWork) -> str:
    """The assignments of a launch's values, quoted for the shell."""
    values = {
        "launch": task.launch,
        "work": task.work,
        "region": task.region,
        "minutes": str(task.minutes),
        "mode": task.mode,
        "paints": "yes" if task.paints else "",
        "sender": task.sender,
        "recipient": task.recipient,
        "wheel": task.wheel,
    }
    lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join(["#!/bin/bash", *lines, f"arguments=({shlex.join(task.arguments)})"]) + "\n"


def user_data(task: NodeWork) -> str:
    """The script that EC2 hands to the node.

    Raises:
        InputError: the script is too long.
    """
    text = head(task) + body()
    size = len(text.encode())
    if size > MAX_BYTES:
        raise InputError(
            f"the machine's script has {size:,} bytes; EC2 accepts {MAX_BYTES:,}; write long overrides into the recipe"
        )
    return text
