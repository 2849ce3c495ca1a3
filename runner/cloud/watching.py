"""What rented machines do: tags of the account and status files of the bucket -> one line each; logs; stopping.

A machine that is gone is remembered by AWS for an hour; what it did stays in the bucket.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orbifolio.reports.publish.store import ObjectHeaders
from orbifolio.runner.cloud import ledger, tags
from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.launching import ALIVE, instances
from orbifolio.runner.cloud.order import address
from orbifolio.runner.errors import InputError, PublishError

PATIENCE = 180.0
"""Seconds in which a machine may end by itself: it keeps its state and publishes a last time."""
ENDED = ("done", "failed", "interrupted")


@dataclass(frozen=True)
class Node:
    """A machine.

    Attributes:
        launch: its launch.
        instance: AWS's identifier.
        machine: its type.
        market: `spot` or `on-demand`.
        power: as EC2 calls it: `pending`, `running`, `shutting-down`, `terminated`, ...
        state: what it last told of itself: `installing`, `running`, `done`, ...; "" if nothing.
        reason: why it ended.
        until: when it must be gone; None if its tag is damaged.
        work: where its things lie.
        region: where it stands.
        address: its public address, "" if it has none.
        mode: `run` or `serve`.
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

    @property
    def alive(self) -> bool:
        """Whether it is being paid for; one that is stopped still pays for its disk."""
        return self.power in (*ALIVE, "stopping", "stopped")

    def overdue(self, now: datetime) -> bool:
        """Whether it lives past its time; one that does not say its time does."""
        return self.alive and (self.until is None or now > self.until)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def nodes(account: Account, launch: str | None = None, *, ask_bucket: bool = True) -> list[Node]:
    """Our machines in a region, the newest first."""
    found = []
    for item in sorted(instances(account, launch), key=lambda item: str(item.get("LaunchTime", "")), reverse=True):
        marks = tags.mapped(item.get("Tags"))
        work = marks.get(tags.WORK, "")
        said = status(work, account.region) if ask_bucket and work else {}
        found.append(
            Node(
                launch=marks.get(tags.LAUNCH, ""),
                instance=str(item["InstanceId"]),
                machine=str(item["InstanceType"]),
                market=str(item.get("InstanceLifecycle", "on-demand")),
                power=str(item["State"]["Name"]),
                state=str(said.get("state", "")),
                reason=str(said.get("reason", "")),
                until=_moment(marks.get(tags.UNTIL, "")),
                work=work,
                region=account.region,
                address=str(item.get("PublicIpAddress", "")),
                mode=marks.get(tags.MODE, "run"),
            )
        )
    return found


def _get(work: str, region: str, name: str) -> bytes | None:
    store = address(work).model_copy(update={"region": region}).build(None)  # type: ignore[arg-type]
    found = store.get(name)
    return None if found is None else found[0]


def status(work: str, region: str) -> dict[str, Any]:
    """What a node last told of itself; empty if nothing, or if it cannot be read."""
    try:
        said = json.loads(_get(work, region, "status.json") or b"{}")
    except (PublishError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def locate(name: str | None, account: Account) -> ledger.Line:
    """Where a launch's things lie: by this machine's memory, or by the tags of a machine.

    Raises:
        InputError: it is not known.
    """
    line = ledger.find(name)
    if line is not None:
        return line
    for node in nodes(account, ask_bucket=False):
        if node.work and (not name or node.launch.startswith(name) or node.instance == name):
            return ledger.Line(node.launch, node.work, node.region)
    what = f"{name}: no such launch" if name else "no launch is known"
    raise InputError(
        f"{what} here, nor a machine of it in {account.region}; machines stand in one region; say --region, "
        "or see `orbifolio ps --all-regions`"
    )


def log(line: ledger.Line) -> str | None:
    """A launch's log as far as the bucket has it; None before the node has told anything."""
    content = _get(line.work, line.region, "log.txt")
    return None if content is None else content.decode("utf-8", errors="replace")


def follow(line: ledger.Line, *, every: float = 10.0, sleep: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """Pieces of a launch's log as they come, until its node has ended."""
    told = 0
    while True:
        ended = status(line.work, line.region).get("state") in ENDED
        text = log(line) or ""
        if len(text) < told:
            told = 0  # the log of another machine of the same launch
        if len(text) > told:
            yield text[told:]
            told = len(text)
        if ended:
            return
        sleep(every)


def stop(
    account: Account,
    line: ledger.Line,
    say: Callable[[str], None],
    *,
    at_once: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """End the machines of a launch: by request, so that they keep their state, then by force.

    Returns:
        How many were ended.
    """
    living = [node for node in nodes(account, line.launch) if node.alive]
    if living and not at_once and any(node.power == "running" for node in living):
        try:
            store = address(line.work).model_copy(update={"region": line.region}).build(None)  # type: ignore[arg-type]
            store.put("stop", b"stop\n", ObjectHeaders(cache="no-store"))
            say(f"asked to end; waiting {PATIENCE / 60:g} min for it to keep its state")
            _await(account, line.launch, sleep)
        except PublishError as error:
            say(f"it cannot be asked ({error}); it is ended by force")
    left = [node.instance for node in nodes(account, line.launch, ask_bucket=False) if node.alive]
    if left:
        account.ask("ec2", "terminate_instances", f"ending {', '.join(left)}", InstanceIds=left)
    return len(living)


def _await(account: Account, launch: str, sleep: Callable[[float], None]) -> None:
    waited = 0.0
    while waited < PATIENCE:
        if not any(node.alive for node in nodes(account, launch, ask_bucket=False)):
            return
        sleep(5.0)
        waited += 5.0


def token(node: Node) -> str:
    """The word that opens a node's page, "" as long as there is none."""
    try:
        return (_get(node.work, node.region, "token") or b"").decode().strip()
    except PublishError:
        return ""
