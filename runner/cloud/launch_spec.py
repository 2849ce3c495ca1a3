"""What is launched: kept as `launch.json` beside the uploaded files.

It holds everything that a second machine needs to continue the work of a lost one, and no secret.
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

from orbifolio.reports.publish.s3 import S3, S3Store
from orbifolio.runner.cloud.machines import BY_NAME, Machine, check_hours
from orbifolio.runner.cloud.tags import ATTEMPT_TAG, DEADLINE_TAG, LAUNCH_TAG, MODE_TAG, UNTIL_TAG, WORK_TAG
from orbifolio.runner.errors import InputError

FORMAT = 1  # of `launch.json`; a version that reads an older one differently raises it
MARKETS = {"spot": ("spot", "on-demand"), "spot-only": ("spot",), "on-demand": ("on-demand",)}
"""Choice of the user -> the markets to try, in order."""


@dataclass(frozen=True)
class Attempt:
    """One machine of a launch.

    Attributes:
        number: 1 for the first machine of a launch.
        until: its deadline, seconds since the epoch.
        instance: AWS's identifier, "" until there is one.
        machine: type of the machine, as in `g6.xlarge`; of the request that is not answered yet if there is none.
        market: `spot` or `on-demand`.
    """

    number: int
    until: float
    instance: str = ""
    machine: str = ""
    market: str = ""

    @property
    def deadline(self) -> datetime:
        """`until` as a moment in UTC."""
        return datetime.fromtimestamp(self.until, UTC)


@dataclass(frozen=True)
class LaunchSpec:
    """A launch; its fields are those of `launch.json`.

    Attributes:
        recipe: name of the recipe.
        region: of machines and buckets.
        work: where bundle, log and state are stored, `s3://bucket/launches/NAME`.
        gallery: where reports are published.
        hours: after which a machine ends in any case.
        machines: types to try, the best first.
        market: a key of `MARKETS`.
        arguments: of `orbifolio` on the node.
        wheel: file name of the program.
        pictures: input pictures that the node itself reads from S3.
        mode: `run` or `serve`.
        paints: whether the node needs libmypaint.
        reach: `none`, `ssm`, `ssh` or `port`.
        sender: range of addresses that may connect, for `ssh` and `port`.
        key: name of an SSH key of the account.
        subnet: of the machine; "" for the default network.
        image: machine image; "" for the newest that AWS recommends.
        mail_from: address that SES sends mail from.
        mail_to: who gets mail if the set-up failed.
        password: AWS parameter that holds a mail server's password.
        created: seconds since the epoch.
        attempts: the machines so far.
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

    def __post_init__(self) -> None:
        check_hours(self.hours, "hours")

    @property
    def candidates(self) -> tuple[Machine, ...]:
        """The types of machine to try."""
        return tuple(BY_NAME[name] for name in self.machines)

    @property
    def location(self) -> S3:
        """The bucket and prefix of `work`."""
        return s3_of(self.work)

    @property
    def launches(self) -> S3:
        """The bucket and prefix that all launches of the user share."""
        return s3_of(self.work.rpartition("/")[0])

    def with_attempt(self, attempt: Attempt) -> LaunchSpec:
        """The same with an attempt added, or replaced by its newer state."""
        others = tuple(item for item in self.attempts if item.number != attempt.number)
        return replace(self, attempts=(*others, attempt))

    def to_json(self) -> str:
        """The text of `launch.json`."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"


def parse_spec(text: str | bytes) -> LaunchSpec:
    """What a `launch.json` says.

    Raises:
        InputError: it is damaged, or was written by a newer version.
    """
    try:
        record: dict[str, Any] = json.loads(text)
        if record.pop("format") != FORMAT:
            raise InputError("this launch was made by a newer version of orbifolio; update this one")
        attempts = tuple(Attempt(**item) for item in record.pop("attempts"))
        listed: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in record.items()
        }
        spec = LaunchSpec(**listed, attempts=attempts)
        unknown = set(spec.machines) - set(BY_NAME)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"launch.json is damaged ({error}); launch the recipe again") from error
    if unknown:
        raise InputError(
            f"launch.json names machines without a known price ({', '.join(unknown)}); launch the recipe again"
        )
    return spec


def s3_of(target: str) -> S3:
    """`s3://bucket/prefix` as settings.

    >>> s3_of("s3://pictures/launches").bucket
    'pictures'
    """
    bucket, _, prefix = target.removeprefix("s3://").partition("/")
    return S3(bucket=bucket, prefix=prefix)


def store_of(work: str, region: str) -> S3Store:
    """The store that holds a launch's files."""
    return s3_of(work).model_copy(update={"region": region}).build()


def launch_name(recipe: str, now: float | None = None) -> str:
    """A new name for a launch: recipe, time and a random part; at most 45 letters, digits and hyphens.

    >>> launch_name("Wild Whirl!", 0.0)[:-4]
    'Wild-Whirl-19700101-000000-'
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", recipe).strip("-")[:24].strip("-") or "recipe"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(time.time() if now is None else now))
    return f"{stem}-{stamp}-{secrets.token_hex(2)}"


def schedule_name(launch: str, attempt: int) -> str:
    """The name of the schedule that ends a machine from outside.

    >>> schedule_name("whirlpool-20261121-101500-4f2a", 1)
    'orbifolio-whirlpool-20261121-101500-4f2a-1'
    """
    return f"orbifolio-{launch}-{attempt}"


def instance_tags(spec: LaunchSpec, attempt: Attempt) -> Mapping[str, str]:
    """The tags of a machine."""
    return {
        "Name": f"orbifolio {spec.recipe}",
        LAUNCH_TAG: spec.launch,
        UNTIL_TAG: f"{attempt.deadline:%Y-%m-%dT%H:%M:%SZ}",
        WORK_TAG: spec.work,
        ATTEMPT_TAG: str(attempt.number),
        DEADLINE_TAG: schedule_name(spec.launch, attempt.number),
        MODE_TAG: spec.mode,
    }
