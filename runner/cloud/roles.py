"""Roles: (name, services, policy) -> a role with just this policy; creating it a second time changes nothing.

A node's role belongs to its launch, so that no node reads another's files; it lies below a path of the region, by
which it is found when its machine is gone. The role that ends machines is shared, and has the fingerprint of its policy
in its name, so that it is never changed while a schedule needs it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.policy import GUARD_ROLES, Policy, deadline_policy, fingerprint, trust
from orbifolio.runner.cloud.tags import IAM_PATH, LAUNCH_TAG, to_aws_tags
from orbifolio.runner.errors import CloudError

SESSIONS = "policy/AmazonSSMManagedInstanceCore"
"""AWS's own policy for machines that are reached through its Session Manager, without an open port."""
NODE_ROLES = "orbifolio-node-"
"""How the names of nodes' roles begin; the name of the launch follows."""
GUARD_SERVICES = ("scheduler", "ssm")
"""What uses the role that ends machines: the schedule, and the runbook that it starts."""
_ATTEMPTS = 12
_WAIT_SECONDS = 5.0
"""A new role reaches the other services of AWS after some seconds, rarely after more than half a minute."""
Answer = TypeVar("Answer")


def retry_new_role(
    request: Callable[[], Answer], is_unknown: Callable[[CloudError], bool], sleep: Callable[[float], None] = time.sleep
) -> Answer:
    """The answer to a request that uses a role which may have just been created.

    Args:
        request: is repeated for a minute.
        is_unknown: whether an error may mean that the role is not there yet; any other ends it at once.
        sleep: waits a number of seconds.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return request()
        except CloudError as error:
            if not is_unknown(error):
                raise
            sleep(_WAIT_SECONDS)
    return request()


def node_role_name(launch: str) -> str:
    """The name of a node's role and profile.

    >>> node_role_name("whirlpool-20261121-101500-4f2a")
    'orbifolio-node-whirlpool-20261121-101500-4f2a'
    """
    return f"{NODE_ROLES}{launch}"


def node_path(region: str) -> str:
    """The path of the roles of a region's nodes."""
    return f"{IAM_PATH}{region}/"


def guard_role_name(partition: str) -> str:
    """The name of the role that ends machines, as in `orbifolio-guard-1a2b3c4d`."""
    return f"{GUARD_ROLES}{fingerprint(deadline_policy(partition), *GUARD_SERVICES)}"


def make_guard_role(account: Account, partition: str) -> str:
    """The role that ends machines, created if it does not exist; its ARN."""
    return make_role(account, guard_role_name(partition), GUARD_SERVICES, deadline_policy(partition))


def make_role(
    account: Account,
    name: str,
    services: Sequence[str],
    policy: Policy,
    *,
    path: str = IAM_PATH,
    launch: str = "shared",
    sessions: bool = False,
) -> str:
    """A role for services, created if it does not exist.

    Args:
        services: that assume the role, e.g. `ec2`.
        policy: what the role may do.
        path: that the role lies below.
        launch: for its tag.
        sessions: whether AWS's Session Manager may reach the machine.

    Returns:
        The ARN of the role.
    """
    what = f"creating the role {name}"
    account.ask(
        "iam",
        "create_role",
        what,
        "EntityAlreadyExists",
        Path=path,
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(trust(*services)),
        Description="Made by orbifolio; `orbifolio cleanup` removes it when its launch is over, with --all in any case",
        Tags=to_aws_tags({LAUNCH_TAG: launch}),
    )
    account.ask(
        "iam", "put_role_policy", what, RoleName=name, PolicyName="orbifolio", PolicyDocument=json.dumps(policy)
    )
    arn = str(account.ask("iam", "get_role", what, RoleName=name)["Role"]["Arn"])
    if sessions:
        partition = arn.split(":")[1]
        managed = f"arn:{partition}:iam::aws:{SESSIONS}"
        account.ask("iam", "attach_role_policy", what, RoleName=name, PolicyArn=managed)
    return arn


def make_profile(account: Account, launch: str, policy: Policy, *, sessions: bool = False) -> str:
    """The role of a launch's node, in the instance profile that EC2 needs, created if it does not exist.

    Returns:
        The ARN of the profile.
    """
    name, path = node_role_name(launch), node_path(account.region)
    make_role(account, name, ("ec2",), policy, path=path, launch=launch, sessions=sessions)
    what = f"creating the instance profile {name}"
    account.ask("iam", "create_instance_profile", what, "EntityAlreadyExists", Path=path, InstanceProfileName=name)
    account.ask(
        "iam", "add_role_to_instance_profile", what, "LimitExceeded", InstanceProfileName=name, RoleName=name
    )  # a profile takes one role, so the limit means that it has it already
    answer = account.ask("iam", "get_instance_profile", what, InstanceProfileName=name)
    return str(answer["InstanceProfile"]["Arn"])


def remove_role(account: Account, name: str) -> None:
    """Remove a role and its profile, and whatever of them is left."""
    gone = "NoSuchEntity"
    what = f"removing the role {name}"
    account.ask("iam", "remove_role_from_instance_profile", what, gone, InstanceProfileName=name, RoleName=name)
    account.ask("iam", "delete_instance_profile", what, gone, InstanceProfileName=name)
    attached = account.ask("iam", "list_attached_role_policies", what, gone, RoleName=name) or {}
    for item in attached.get("AttachedPolicies", ()):
        account.ask("iam", "detach_role_policy", what, gone, RoleName=name, PolicyArn=item["PolicyArn"])
    inline = account.ask("iam", "list_role_policies", what, gone, RoleName=name) or {}
    for item in inline.get("PolicyNames", ()):
        account.ask("iam", "delete_role_policy", what, gone, RoleName=name, PolicyName=item)
    account.ask("iam", "delete_role", what, gone, RoleName=name)
