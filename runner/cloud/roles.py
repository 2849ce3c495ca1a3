"""Roles: (service, policy) -> a role with just this policy; equal policies share one.

A role's name holds the fingerprint of its policy. So a role is never changed while something uses it, and creating it a
second time changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TypeVar

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.policy import Policy, fingerprint, trust
from orbifolio.runner.cloud.tags import IAM_PATH, LAUNCH_TAG, to_aws_tags
from orbifolio.runner.errors import CloudError

SESSIONS = "policy/AmazonSSMManagedInstanceCore"
"""AWS's own policy for machines that are reached through its Session Manager, without an open port."""
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


def role_name(use: str, policy: Policy, *, sessions: bool = False) -> str:
    """The name of a role, as in `orbifolio-node-1a2b3c4d`."""
    return f"orbifolio-{use}-{fingerprint(policy, *(['sessions'] if sessions else []))}"


def make_role(account: Account, use: str, service: str, policy: Policy, *, sessions: bool = False) -> str:
    """A role for a service, created if it does not exist.

    Args:
        use: part of the role's name.
        service: that assumes the role, e.g. `ec2`.
        policy: what the role may do.
        sessions: whether AWS's Session Manager may reach the machine.

    Returns:
        The ARN of the role.
    """
    name = role_name(use, policy, sessions=sessions)
    what = f"creating the role {name}"
    account.ask(
        "iam",
        "create_role",
        what,
        "EntityAlreadyExists",
        Path=IAM_PATH,
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(trust(service)),
        Description="Made by orbifolio; `orbifolio cleanup --all` removes it",
        Tags=to_aws_tags({LAUNCH_TAG: "shared"}),
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


def make_profile(account: Account, policy: Policy, *, sessions: bool = False) -> str:
    """The role of a node, in the instance profile that EC2 needs, created if it does not exist.

    Returns:
        The ARN of the profile.
    """
    make_role(account, "node", "ec2", policy, sessions=sessions)
    name = role_name("node", policy, sessions=sessions)
    what = f"creating the instance profile {name}"
    account.ask("iam", "create_instance_profile", what, "EntityAlreadyExists", Path=IAM_PATH, InstanceProfileName=name)
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
