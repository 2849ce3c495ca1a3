"""A deadline outside the machine: (machine, moment) -> a schedule of AWS that ends it, should it not end itself.

The machine's own time limit works once its system is up; the schedule also covers a system that never comes up. Where
the account does not permit schedules, the launch says so and relies on the machine's own limit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from orbifolio.runner.aws import DENIED, error_code
from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.policy import deadline_policy
from orbifolio.runner.cloud.roles import make_role, retry_new_role
from orbifolio.runner.errors import CloudError

TERMINATE = "scheduler:::aws-sdk:ec2:terminateInstances"
MARGIN = timedelta(minutes=5)
"""The schedule comes this long after the machine's own limit, which lets the run end in order."""
_ROLE_USE = "guard"  # in the role's name, as accounts know it
_ROLE_IS_NEW = "ValidationException"


def schedule_name(launch: str, attempt: int) -> str:
    """The name of a machine's schedule.

    >>> schedule_name("whirlpool-20261121-101500-4f2a", 1)
    'orbifolio-whirlpool-20261121-101500-4f2a-1'
    """
    return f"orbifolio-{launch}-{attempt}"


def create_deadline_schedule(
    account: Account,
    launch: str,
    attempt: int,
    instance: str,
    until: datetime,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Let AWS end a machine some minutes after its deadline.

    Args:
        account: in the region of the machine.
        launch: name of the launch.
        attempt: number of the machine within it.
        instance: EC2's identifier of it, as in `i-0123456789abcdef0`.
        until: the machine's own deadline.

    Returns:
        "" if the schedule is set, else why not.
    """
    try:
        arn = make_role(account, _ROLE_USE, "scheduler", deadline_policy(_partition(account)))
        retry_new_role(
            lambda: _create(account, schedule_name(launch, attempt), instance, until, arn),
            lambda error: error_code(error.__cause__) == _ROLE_IS_NEW,
            sleep,
        )
    except CloudError as error:
        denied = error_code(error.__cause__) in DENIED
        return "this account may not create schedules" if denied else str(error)
    return ""


def _partition(account: Account) -> str:
    return str(account.client("ec2").meta.partition)


def _create(account: Account, name: str, instance: str, until: datetime, role: str) -> None:
    account.ask(
        "scheduler",
        "create_schedule",
        "scheduling the machine's end",
        "ConflictException",
        Name=name,
        Description="Ends a machine of orbifolio that is past its deadline",
        ScheduleExpression=f"at({(until + MARGIN):%Y-%m-%dT%H:%M:%S})",
        ScheduleExpressionTimezone="UTC",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": f"arn:{_partition(account)}:{TERMINATE}",
            "RoleArn": role,
            "Input": json.dumps({"InstanceIds": [instance]}),
            "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600},
        },
    )


def delete_deadline_schedule(account: Account, name: str) -> None:
    """Remove the schedule of a machine that is gone."""
    account.ask("scheduler", "delete_schedule", "removing a deadline schedule", "ResourceNotFoundException", Name=name)
