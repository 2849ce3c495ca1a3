"""What was left behind: machines past their deadline, schedules and security groups without a machine, unused roles.

Only resources with our tag, path or name are considered. Buckets are never touched: pictures stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.deadline_schedule import delete_deadline_schedule, schedule_name
from orbifolio.runner.cloud.nodes import RentedNode, list_nodes
from orbifolio.runner.cloud.roles import remove_role
from orbifolio.runner.cloud.tags import CLOSED_GROUP, IAM_PATH, LAUNCH_TAG, from_aws_tags
from orbifolio.runner.errors import CloudError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Leftover:
    """A resource to remove.

    Attributes:
        name: kind and name, for messages.
        remove: asks AWS to remove it.
    """

    name: str
    remove: Callable[[], object]


def leftovers(account: Account, *, everything: bool, now: datetime | None = None) -> list[Leftover]:
    """What to remove in a region, machines first.

    Args:
        account: in the region to search.
        everything: also machines within their time, and roles.
        now: the moment as of which machines are overdue; the clock if None.
    """
    moment = now or datetime.now(UTC)
    nodes = list_nodes(account, ask_bucket=False)
    ended = [node for node in nodes if node.alive and (everything or node.overdue(moment))]
    alive = {node.launch for node in nodes if node.alive} - {node.launch for node in ended}
    items = [_machine(account, node) for node in ended]
    items += _schedules(account, alive)
    items += _groups(account, alive)
    if everything:
        items += _roles(account)
    return items


def _machine(account: Account, node: RentedNode) -> Leftover:
    when = f"until {node.until:%Y-%m-%d %H:%M} UTC" if node.until else "without a deadline"
    what = f"{node.instance} ({node.machine}, {node.power}, {when}) of {node.launch}"

    def remove() -> None:
        account.ask("ec2", "terminate_instances", f"ending {node.instance}", InstanceIds=[node.instance])

    return Leftover(f"machine {what}", remove)


def _schedules(account: Account, alive: set[str]) -> list[Leftover]:
    """Deadline schedules of all launches but those whose machine stays."""
    prefixes = tuple(schedule_name(launch, 0)[:-1] for launch in alive)
    try:
        schedules = account.pages(
            "scheduler",
            "list_schedules",
            "listing deadline schedules",
            "Schedules",
            NamePrefix="orbifolio-",
            GroupName="default",
        )
        names = [str(item["Name"]) for item in schedules]
    except CloudError:
        return []  # not permitted, so none were created either

    def leftover(name: str) -> Leftover:
        return Leftover(f"deadline schedule {name}", lambda: delete_deadline_schedule(account, name))

    return [leftover(name) for name in names if not name.startswith(prefixes)]


def _groups(account: Account, alive: set[str]) -> list[Leftover]:
    """Security groups with an open port whose launch is over; the closed group is shared and stays."""
    wanted = [{"Name": "tag-key", "Values": [LAUNCH_TAG]}]
    groups = account.pages("ec2", "describe_security_groups", "listing groups", "SecurityGroups", Filters=wanted)

    def group(item: Any) -> Leftover:
        def remove() -> None:  # a machine that is still ending holds its group; the next clean-up removes it
            account.ask(
                "ec2", "delete_security_group", "removing a group", "DependencyViolation", GroupId=item["GroupId"]
            )

        return Leftover(f"security group {item['GroupName']}", remove)

    return [
        group(item)
        for item in groups
        if item["GroupName"] != CLOSED_GROUP and from_aws_tags(item.get("Tags")).get(LAUNCH_TAG) not in alive
    ]


def _roles(account: Account) -> list[Leftover]:
    """All roles below our path."""
    answer = account.ask("iam", "list_roles", "listing roles", PathPrefix=IAM_PATH)

    def role(name: str) -> Leftover:
        return Leftover(f"role {name}", lambda: remove_role(account, name))

    return [role(str(item["RoleName"])) for item in answer["Roles"]]


def clean(account: Account, say: Say, *, everything: bool, dry: bool) -> int:
    """Remove what was left behind in a region; a failure is reported, and the rest still removed.

    Args:
        account: in the region to search.
        everything: also machines within their time, and roles.
        dry: print what would be removed, and remove nothing.

    Returns:
        How many resources there were.

    Raises:
        CloudError: something could not be removed; the last such failure.
    """
    items = leftovers(account, everything=everything)
    failure: CloudError | None = None
    for item in items:
        say(f"{account.region}: {'would remove' if dry else 'removing'} {item.name}")
        if dry:
            continue
        try:
            item.remove()
        except CloudError as error:
            failure = error
            say(f"  not removed: {error}")
    if failure is not None:
        raise failure
    return len(items)
