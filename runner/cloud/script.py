"""What the node is told: values of a launch -> the text of its user data, below EC2's 16 KiB.

The text is a head of assignments and `node.sh` as it stands, so that what runs on the node can be read, checked
and run here. User data can be read by everybody on the machine and by many in the account: no secret is ever in
it, nor a picture; these travel by S3, which the node reads by its role.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError

LARGEST = 16 * 1024
"""Bytes of user data that EC2 takes."""


@dataclass(frozen=True)
class Orders:
    """What a node is to do.

    Attributes:
        launch: the launch's name.
        work: `s3://...` where bundle, log and state lie.
        region: of the buckets and the machine.
        minutes: how long the machine may live.
        wheel: file name of the program.
        arguments: of `orbifolio`, from the bundle's folder.
        mode: `run` or `serve`.
        paints: whether it needs the paint program.
        sender: address of mails that tell of a failed set-up, "" for none.
        recipient: of these.
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


def paints(parameters: Any) -> bool:
    """Whether a recipe names a brush anywhere, whose strokes are drawn by the paint program, too.

    >>> paints({"renderer": {"canvas": {"brush": "classic/dry_brush"}}}), paints({"renderer": [1, "brush"]})
    (True, False)
    """
    if isinstance(parameters, Mapping):
        return "brush" in parameters or any(map(paints, parameters.values()))
    return isinstance(parameters, list | tuple) and any(map(paints, parameters))


def body() -> str:
    """What is the same for all nodes."""
    return Path(__file__).with_name("node.sh").read_text(encoding="utf-8")


def head(orders: Orders) -> str:
    """The assignments."""
    values = {
        "launch": orders.launch,
        "work": orders.work,
        "region": orders.region,
        "minutes": str(orders.minutes),
        "mode": orders.mode,
        "paints": "yes" if orders.paints else "",
        "sender": orders.sender,
        "recipient": orders.recipient,
        "wheel": orders.wheel,
    }
    lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join(["#!/bin/bash", *lines, f"arguments=({shlex.join(orders.arguments)})"]) + "\n"


def user_data(orders: Orders) -> str:
    """The script that EC2 hands to the node.

    Raises:
        InputError: it is too long.
    """
    text = head(orders) + body()
    size = len(text.encode())
    if size > LARGEST:
        raise InputError(
            f"the machine's script has {size:,} bytes; EC2 takes {LARGEST:,}; write long overrides into the recipe"
        )
    return text
