"""A guard outside the machine: (machine, moment) -> a schedule of AWS that ends it, should it not end itself.

The machine's own time limit is enough as long as its system comes up; the guard also holds where it does not.
Where the account does not permit schedules, the launch says so and goes on with the machine's own limit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.faults import DENIED, code_of
from orbifolio.runner.cloud.policy import guard_policy
from orbifolio.runner.cloud.roles import make_role
from orbifolio.runner.errors import CloudError

TERMINATE = "scheduler:::aws-sdk:ec2:terminateInstances"
LATER = timedelta(minutes=5)
"""So long after the machine's own limit."""
_ROLE_IS_NEW = "ValidationException"
TRIES = 12


def schedule_name(launch: str, attempt: int) -> str:
    """What the schedule of a machine is called.

    >>> schedule_name("whirlpool-20261121-101500-4f2a", 1)
    'orbifolio-whirlpool-20261121-101500-4f2a-1'
    """
    return f"orbifolio-{launch}-{attempt}"


def set_guard(
    account: Account,
    launch: str,
    attempt: int,
    instance: str,
    until: datetime,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Let AWS end a machine some minutes after its time.

    Returns:
        "" if it stands, else why not.
    """
    try:
        arn = make_role(account, "guard", "scheduler", guard_policy(_partition(account)))
        for number in range(TRIES):
            try:
                _create(account, schedule_name(launch, attempt), instance, until, arn)
                return ""
            except CloudError as error:
                if code_of(error.__cause__) != _ROLE_IS_NEW or number + 1 == TRIES:
                    raise
                sleep(5)  # a new role needs some seconds to be known everywhere
    except CloudError as error:
        denied = code_of(error.__cause__) in DENIED
        return "this account may not make schedules" if denied else str(error)
    return ""


def _partition(account: Account) -> str:
    return str(account.client("ec2").meta.partition)


def _create(account: Account, name: str, instance: str, until: datetime, role: str) -> None:
    account.ask(
        "scheduler",
        "create_schedule",
        "setting the guard",
        "ConflictException",
        Name=name,
        Description="Ends a machine of orbifolio that has outlived its time",
        ScheduleExpression=f"at({(until + LATER):%Y-%m-%dT%H:%M:%S})",
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


def remove_guard(account: Account, name: str) -> None:
    """Take a schedule away whose machine is gone."""
    account.ask("scheduler", "delete_schedule", "removing a guard", "ResourceNotFoundException", Name=name)
