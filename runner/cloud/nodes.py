"""What rented machines do: the account's tags and the bucket's status files -> list, logs, stopping.

AWS remembers an ended machine for about an hour; its log and its results stay in the bucket.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orbifolio.reports.publish.store import ObjectHeaders
from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.launch import ALIVE, instances
from orbifolio.runner.cloud.launch_records import LaunchRecord, find_record
from orbifolio.runner.cloud.launch_spec import store_of
from orbifolio.runner.cloud.tags import (
    ATTEMPT_TAG,
    LAUNCH_TAG,
    MODE_TAG,
    UNTIL_TAG,
    WORK_TAG,
    from_aws_tags,
    parse_moment,
)
from orbifolio.runner.errors import InputError, PublishError

STOP_SECONDS = 180.0
"""How long a machine may take to end by itself: it saves its state and publishes a last time."""
ENDED = ("done", "failed", "interrupted")


@dataclass(frozen=True)
class RentedNode:
    """A rented machine.

    Attributes:
        instance: EC2's identifier of it.
        machine: its type, as in `g6.xlarge`.
        market: `spot` or `on-demand`.
        power: EC2's word: `pending`, `running`, `shutting-down`, `terminated`, ...
        state: what it last reported: `installing`, `running`, `done`, ...; "" if nothing.
        reason: why it ended, if it said so.
        until: its deadline; None if its tag is damaged.
        work: where bundle, log and state lie, `s3://bucket/launches/NAME`.
        address: its public IP address, "" if it has none.
        mode: `run` or `serve`.
        attempt: its number within the launch.
    """

    launch: str
    instance: str
    machine: str
    market: str
    power: str
    state: str
    reason: str
    until: datetime | None
    work: str
    region: str
    address: str = ""
    mode: str = "run"
    attempt: int = 1

    @property
    def alive(self) -> bool:
        """Whether it costs money; a stopped machine still has a disk."""
        return self.power in (*ALIVE, "stopping", "stopped")

    def overdue(self, now: datetime) -> bool:
        """Whether it is alive past its deadline; a machine without a deadline counts as overdue."""
        return self.alive and (self.until is None or now > self.until)


def list_nodes(account: Account, launch: str | None = None, *, ask_bucket: bool = True) -> list[RentedNode]:
    """Our machines in a region, newest first.

    Args:
        account: in the region to search.
        launch: only the machines of this launch.
        ask_bucket: also read what each machine last reported.
    """
    nodes = []
    for item in sorted(instances(account, launch), key=lambda item: str(item.get("LaunchTime", "")), reverse=True):
        tags = from_aws_tags(item.get("Tags"))
        work = tags.get(WORK_TAG, "")
        report = read_status(work, account.region) if ask_bucket and work else {}
        nodes.append(
            RentedNode(
                launch=tags.get(LAUNCH_TAG, ""),
                instance=str(item["InstanceId"]),
                machine=str(item["InstanceType"]),
                market=str(item.get("InstanceLifecycle", "on-demand")),
                power=str(item["State"]["Name"]),
                state=str(report.get("state", "")),
                reason=str(report.get("reason", "")),
                until=parse_moment(tags.get(UNTIL_TAG, "")),
                work=work,
                region=account.region,
                address=str(item.get("PublicIpAddress", "")),
                mode=tags.get(MODE_TAG, "run"),
                attempt=int(tags.get(ATTEMPT_TAG, "1")),
            )
        )
    return nodes


def _get(work: str, region: str, name: str) -> bytes | None:
    stored = store_of(work, region).get(name)
    return None if stored is None else stored[0]


def read_status(work: str, region: str) -> dict[str, Any]:
    """What a node last reported about itself; empty if that is nothing, or cannot be read."""
    try:
        report = json.loads(_get(work, region, "status.json") or b"{}")
    except (PublishError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def locate_launch(name: str | None, account: Account) -> LaunchRecord:
    """A launch by this machine's records, or by the tags of its machine.

    Args:
        name: of the launch, the beginning of that, or AWS's identifier of a machine; None for the newest.
        account: in the region to search.

    Raises:
        InputError: there is no such launch, or there are several.
    """
    record = find_record(name)
    if record is not None:
        return record
    for node in list_nodes(account, ask_bucket=False):
        if node.work and (not name or node.launch.startswith(name) or node.instance == name):
            return LaunchRecord(node.launch, node.work, node.region)
    what = f"{name}: no such launch is" if name else "no launch is"
    raise InputError(
        f"{what} recorded here, nor is there a machine of it in {account.region}; choose its region with --region, or "
        "see `orbifolio ps --all-regions`"
    )


def read_log(record: LaunchRecord) -> str | None:
    """A launch's log, as far as it was uploaded; None before the node has written any."""
    content = _get(record.work, record.region, "log.txt")
    return None if content is None else content.decode("utf-8", errors="replace")


def follow_log(
    record: LaunchRecord, *, every: float = 10.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """New pieces of a launch's log as they come, until its node has ended.

    Args:
        every: seconds between two looks.
        sleep: waits a number of seconds.
    """
    shown = 0
    while True:
        ended = read_status(record.work, record.region).get("state") in ENDED
        text = read_log(record) or ""
        if len(text) < shown:
            shown = 0  # the log of another machine of the same launch
        if len(text) > shown:
            yield text[shown:]
            shown = len(text)
        if ended:
            return
        sleep(every)


def stop_launch(
    account: Account,
    record: LaunchRecord,
    say: Callable[[str], None],
    *,
    at_once: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """End the machines of a launch: first by request, so that they save their state, then by force.

    Args:
        account: in the region of the launch.
        at_once: end them by force without asking first.
        sleep: waits a number of seconds.

    Returns:
        How many machines were alive.
    """
    alive = [node for node in list_nodes(account, record.launch) if node.alive]
    if alive and not at_once and any(node.power == "running" for node in alive):
        try:
            store_of(record.work, record.region).put("stop", b"stop\n", ObjectHeaders(cache="no-store"))
            say(f"asked it to stop; waiting up to {STOP_SECONDS / 60:g} min while it saves its state")
            _await_end(account, record.launch, sleep)
        except PublishError as error:
            say(f"it cannot be asked to stop ({error}); ending it by force")
    left = [node.instance for node in list_nodes(account, record.launch, ask_bucket=False) if node.alive]
    if left:
        account.ask("ec2", "terminate_instances", f"ending {', '.join(left)}", InstanceIds=left)
    return len(alive)


def _await_end(account: Account, launch: str, sleep: Callable[[float], None]) -> None:
    waited = 0.0
    while waited < STOP_SECONDS:
        if not any(node.alive for node in list_nodes(account, launch, ask_bucket=False)):
            return
        sleep(5.0)
        waited += 5.0


def read_token(node: RentedNode) -> str:
    """The token that opens a node's page, "" as long as there is none."""
    try:
        return (_get(node.work, node.region, "token") or b"").decode().strip()
    except PublishError:
        return ""
