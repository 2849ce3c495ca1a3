"""What was left over: machines past their time, guards and groups without a machine, roles that nothing uses.

Only what bears our tag, our path or our name is ever looked at. Nothing of the buckets is touched: pictures stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orbifolio.runner.cloud import tags
from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.guard import remove_guard, schedule_name
from orbifolio.runner.cloud.roles import remove_role
from orbifolio.runner.cloud.watching import Node, nodes
from orbifolio.runner.errors import CloudError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Leftover:
    """Something to take away.

    Attributes:
        name: what it is, for a reader.
        remove: takes it away.
    """

    name: str
    remove: Callable[[], object]


def leftovers(account: Account, *, everything: bool, now: datetime | None = None) -> list[Leftover]:
    """What to take away in a region, machines first.

    Args:
        account: of the region.
        everything: living machines, too, and roles.
        now: the moment.
    """
    moment = now or datetime.now(UTC)
    known = nodes(account, ask_bucket=False)
    ended = [node for node in known if node.alive and (everything or node.overdue(moment))]
    kept = {node.launch for node in known if node.alive} - {node.launch for node in ended}
    found = [_machine(account, node) for node in ended]
    found += _guards(account, known, kept)
    found += _groups(account, kept)
    if everything:
        found += _roles(account)
    return found


def _machine(account: Account, node: Node) -> Leftover:
    when = f"until {node.until:%Y-%m-%d %H:%M} UTC" if node.until else "without a time"
    what = f"{node.instance} ({node.machine}, {node.power}, {when}) of {node.launch}"

    def remove() -> None:
        account.ask("ec2", "terminate_instances", f"ending {node.instance}", InstanceIds=[node.instance])

    return Leftover(f"machine {what}", remove)


def _guards(account: Account, known: list[Node], kept: set[str]) -> list[Leftover]:
    """Schedules whose machine is gone; the schedule of one that lives stays."""
    living = {schedule_name(launch, 0)[:-1] for launch in kept}
    try:
        listed = account.pages(
            "scheduler", "list_schedules", "listing guards", "Schedules", NamePrefix="orbifolio-", GroupName="default"
        )
        names = [str(item["Name"]) for item in listed]
    except CloudError:
        return []  # not permitted: then none were made either

    def guard(name: str) -> Leftover:
        return Leftover(f"guard {name}", lambda: remove_guard(account, name))

    return [guard(name) for name in names if not name.startswith(tuple(living) or ("\0",))]


def _groups(account: Account, kept: set[str]) -> list[Leftover]:
    """Groups with an open port whose launch is over; the closed one costs nothing and stays."""
    wanted = [{"Name": "tag-key", "Values": [tags.LAUNCH]}]
    groups = account.pages("ec2", "describe_security_groups", "listing groups", "SecurityGroups", Filters=wanted)

    def group(item: Any) -> Leftover:
        def remove() -> None:  # a machine that is just ending still holds it; the next clean-up takes it
            account.ask(
                "ec2", "delete_security_group", "removing a group", "DependencyViolation", GroupId=item["GroupId"]
            )

        return Leftover(f"security group {item['GroupName']}", remove)

    return [
        group(item)
        for item in groups
        if item["GroupName"] != tags.CLOSED and tags.mapped(item.get("Tags")).get(tags.LAUNCH) not in kept
    ]


def _roles(account: Account) -> list[Leftover]:
    """Roles on our path."""
    answer = account.ask("iam", "list_roles", "listing roles", PathPrefix=tags.PATH)

    def role(name: str) -> Leftover:
        return Leftover(f"role {name}", lambda: remove_role(account, name))

    return [role(str(item["RoleName"])) for item in answer["Roles"]]


def clean(account: Account, say: Say, *, everything: bool, dry: bool) -> int:
    """Take away what was left over in a region; what cannot be is told, and the rest goes on.

    Returns:
        How many things there were.

    Raises:
        CloudError: something could not be taken away.
    """
    found = leftovers(account, everything=everything)
    trouble: CloudError | None = None
    for item in found:
        say(f"{account.region}: {'would remove' if dry else 'removing'} {item.name}")
        if dry:
            continue
        try:
            item.remove()
        except CloudError as error:
            trouble = error
            say(f"  not removed: {error}")
    if trouble is not None:
        raise trouble
    return len(found)
