"""What was left behind: machines past their deadline; schedules, security groups and roles without a machine.

Only resources with our tag, path or name are considered. Buckets are never touched: pictures stay. A schedule or role
is made before its machine, so a young one without a machine is left alone: somebody may be renting it at this moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.deadline_schedule import delete_deadline_schedule
from orbifolio.runner.cloud.launch_spec import schedule_name
from orbifolio.runner.cloud.nodes import RentedNode, list_nodes
from orbifolio.runner.cloud.roles import node_path, node_role_name, remove_role
from orbifolio.runner.cloud.tags import CLOSED_GROUP, IAM_PATH, LAUNCH_TAG, from_aws_tags
from orbifolio.runner.errors import CloudError

Say = Callable[[str], None]
RENTING = timedelta(minutes=20)
"""How long a launch may take from its role to a machine that AWS lists: it waits a minute for each new role."""


@dataclass(frozen=True)
class Leftover:
    """A resource to remove.

    Attributes:
        name: kind and name, for messages.
        remove: asks AWS to remove it.
    """

    name: str
    remove: Callable[[], object]


def leftovers(account: Account, *, everything: bool, now: datetime | None = None) -> Iterator[Leftover]:
    """What to remove in a region, machines first; the rest is listed only after these were taken.

    Args:
        account: in the region to search.
        everything: also machines within their time, and the roles that launches share.
        now: the moment as of which machines are overdue; the clock if None.
    """
    moment = now or datetime.now(UTC)
    nodes = list_nodes(account, ask_bucket=False)
    ended = [node for node in nodes if node.alive and (everything or node.overdue(moment))]
    kept = [node for node in nodes if node.alive and node not in ended]
    yield from (_machine(account, node) for node in ended)
    yield from _schedules(account, nodes, kept, moment)
    yield from _groups(account, {node.launch for node in kept})
    yield from _node_roles(account, nodes, kept, moment)
    if everything and not _lives_elsewhere(account):
        yield from _shared_roles(account)


def _unneeded(name: str, made: datetime | None, seen: set[str], kept: set[str], moment: datetime) -> bool:
    """Whether what belongs to one machine can go: the machine is gone, or would have come long ago."""
    young = made is not None and moment - made < RENTING
    return name not in kept and (name in seen or not young)


def _machine(account: Account, node: RentedNode) -> Leftover:
    when = f"until {node.until:%Y-%m-%d %H:%M} UTC" if node.until else "without a deadline"
    what = f"{node.instance} ({node.machine}, {node.power}, {when}) of {node.launch}"

    def remove() -> None:
        account.ask("ec2", "terminate_instances", f"ending {node.instance}", InstanceIds=[node.instance])

    return Leftover(f"machine {what}", remove)


def _schedules(
    account: Account, nodes: list[RentedNode], kept: list[RentedNode], moment: datetime
) -> Iterator[Leftover]:
    """Deadline schedules of all machines but those that stay."""
    try:
        schedules = list(
            account.pages(
                "scheduler",
                "list_schedules",
                "listing deadline schedules",
                "Schedules",
                NamePrefix="orbifolio-",
                GroupName="default",
            )
        )
    except CloudError:
        return  # not permitted, so none were created either
    seen, stay = ({schedule_name(node.launch, node.attempt) for node in group} for group in (nodes, kept))

    def leftover(name: str) -> Leftover:
        return Leftover(f"deadline schedule {name}", lambda: delete_deadline_schedule(account, name))

    for item in schedules:
        if _unneeded(str(item["Name"]), item.get("CreationDate"), seen, stay, moment):
            yield leftover(str(item["Name"]))


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


def _role_items(account: Account, path: str) -> Iterator[Any]:
    """Roles below a path; IAM pages in a way of its own."""
    options: dict[str, Any] = {"PathPrefix": path}
    while True:
        answer = account.ask("iam", "list_roles", "listing roles", **options)
        yield from answer["Roles"]
        if not answer.get("IsTruncated"):
            return
        options["Marker"] = answer["Marker"]


def _role(account: Account, name: str) -> Leftover:
    return Leftover(f"role {name}", lambda: remove_role(account, name))


def _node_roles(
    account: Account, nodes: list[RentedNode], kept: list[RentedNode], moment: datetime
) -> Iterator[Leftover]:
    """Roles of this region's launches that are over."""
    seen, stay = ({node_role_name(node.launch) for node in group} for group in (nodes, kept))
    for item in list(_role_items(account, node_path(account.region))):
        if _unneeded(str(item["RoleName"]), item.get("CreateDate"), seen, stay, moment):
            yield _role(account, str(item["RoleName"]))


def _lives_elsewhere(account: Account) -> bool:
    """Whether another region has a machine: roles are the same in all, and its schedule needs one to end it."""
    others = (account.in_region(name) for name in account.regions() if name != account.region)
    return any(node.alive for other in others for node in list_nodes(other, ask_bucket=False))


def _shared_roles(account: Account) -> Iterator[Leftover]:
    """Roles below our path itself, which launches of all regions share."""
    for item in list(_role_items(account, IAM_PATH)):
        if item["Path"] == IAM_PATH:
            yield _role(account, str(item["RoleName"]))


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
    count = 0
    failure: CloudError | None = None
    for item in leftovers(account, everything=everything):
        count += 1
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
    return count
