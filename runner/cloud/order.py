"""What was asked for: an order for machines, kept as `launch.json` beside what travels.

Everything that a second machine needs to go on with the work of a lost one is in it; no secret is.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from orbifolio.reports.publish.s3 import S3
from orbifolio.runner.cloud.machines import BY_NAME, Machine
from orbifolio.runner.errors import InputError

FORMAT = 1
MARKETS = {"spot": ("spot", "on-demand"), "spot-only": ("spot",), "on-demand": ("on-demand",)}
"""Wish -> the markets that are tried, in order."""


@dataclass(frozen=True)
class Attempt:
    """One machine of a launch.

    Attributes:
        number: from 1.
        until: when it must be gone, seconds since the epoch.
        instance: AWS's identifier, "" until there is one.
        machine: its type.
        market: `spot` or `on-demand`.
    """

    number: int
    until: float
    instance: str = ""
    machine: str = ""
    market: str = ""

    @property
    def moment(self) -> datetime:
        """When it must be gone."""
        return datetime.fromtimestamp(self.until, UTC)


@dataclass(frozen=True)
class Order:
    """A launch.

    Attributes:
        launch: its name.
        recipe: the recipe's name.
        title: the picture's.
        region: of machines and buckets.
        work: where its things lie, `s3://bucket/launches/NAME`.
        gallery: where reports are published.
        hours: that a machine may live.
        machines: types to try, the best first.
        market: a key of `MARKETS`.
        arguments: of `orbifolio` on the node.
        wheel: file name of the program.
        pictures: input pictures that the node reads from S3 itself.
        mode: `run` or `serve`.
        paints: whether the node needs the paint program.
        reach: `none`, `ssm`, `ssh` or `port`.
        sender: range of addresses that may come in, for `ssh` and `port`.
        key: name of an SSH key of the account.
        subnet: that the machine stands in.
        image: machine image, "" for the newest that AWS recommends.
        mail_from: SES address that mails come from.
        mail_to: who gets a mail of a failed set-up.
        password: parameter with a mail server's password.
        created: seconds since the epoch.
        attempts: machines so far.
    """

    launch: str
    recipe: str
    title: str
    region: str
    work: str
    gallery: str
    hours: float
    machines: tuple[str, ...]
    market: str = "spot"
    arguments: tuple[str, ...] = ()
    wheel: str = ""
    pictures: tuple[str, ...] = ()
    mode: str = "run"
    paints: bool = False
    reach: str = "none"
    sender: str = ""
    key: str = ""
    subnet: str = ""
    image: str = ""
    mail_from: str = ""
    mail_to: str = ""
    password: str = ""
    created: float = 0.0
    attempts: tuple[Attempt, ...] = field(default=())

    @property
    def candidates(self) -> tuple[Machine, ...]:
        """The machines to try."""
        return tuple(BY_NAME[name] for name in self.machines)

    @property
    def place(self) -> S3:
        """Where its things lie."""
        return address(self.work)

    def with_attempt(self, attempt: Attempt) -> Order:
        """The same with a machine more, or with what is known of one now."""
        others = tuple(item for item in self.attempts if item.number != attempt.number)
        return replace(self, attempts=(*others, attempt))

    def to_json(self) -> str:
        """As text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str | bytes) -> Order:
    """The order of a `launch.json`.

    Raises:
        InputError: it is damaged, or of a newer program.
    """
    try:
        record: dict[str, Any] = json.loads(text)
        if record.pop("format") != FORMAT:
            raise InputError("this launch was made by a newer orbifolio; update this one")
        attempts = tuple(Attempt(**item) for item in record.pop("attempts"))
        listed: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in record.items()
        }
        order = Order(**listed, attempts=attempts)
        unknown = set(order.machines) - set(BY_NAME)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"launch.json is damaged ({error}); launch the recipe anew") from error
    if unknown:
        raise InputError(f"launch.json names machines without a known price ({', '.join(unknown)}); launch anew")
    return order


def address(target: str) -> S3:
    """`s3://bucket/prefix` as settings.

    >>> address("s3://pictures/launches").bucket
    'pictures'
    """
    bucket, _, prefix = target.removeprefix("s3://").partition("/")
    return S3(bucket=bucket, prefix=prefix)


def new_name(recipe: str, now: float | None = None) -> str:
    """A name for a launch: recipe, time, chance; of letters, digits and hyphens, at most 45.

    >>> new_name("Wild Whirl!", 0.0)[:27]
    'Wild-Whirl-19700101-000000-'
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", recipe).strip("-")[:24].strip("-") or "recipe"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(time.time() if now is None else now))
    return f"{stem}-{stamp}-{secrets.token_hex(2)}"


def tags_of(order: Order, attempt: Attempt) -> Mapping[str, str]:
    """What a machine is marked with."""
    from orbifolio.runner.cloud import tags

    return {
        "Name": f"orbifolio {order.recipe}",
        tags.LAUNCH: order.launch,
        tags.UNTIL: f"{attempt.moment:%Y-%m-%dT%H:%M:%SZ}",
        tags.WORK: order.work,
        tags.ATTEMPT: str(attempt.number),
        tags.MODE: order.mode,
    }
