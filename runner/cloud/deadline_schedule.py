"""A deadline outside the machine: (machine, moment) -> a schedule of AWS that ends it, should it not end itself.

The machine's own time limit works once its system is up; the schedule also covers a system that never comes up. It is
made before the machine is rented, so that no machine is without it, not even one whose answer never reached us: it then
finds the machine by its tag, through a runbook of Systems Manager. Once the machine is known it is named, and nothing
but EC2 is needed to end it. Both are one schedule, which the second form replaces.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from orbifolio.runner.aws import error_code, is_busy
from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.launch_spec import schedule_name
from orbifolio.runner.cloud.policy import AUTOMATION
from orbifolio.runner.cloud.roles import make_guard_role, retry_new_role
from orbifolio.runner.cloud.tags import DEADLINE_TAG
from orbifolio.runner.errors import CloudError

TERMINATE = "scheduler:::aws-sdk:ec2:terminateInstances"
AUTOMATE = "scheduler:::aws-sdk:ssm:startAutomationExecution"
MARGIN = timedelta(minutes=5)
"""The schedule comes this long after the machine's own limit, which lets the run end in order."""
_SOON = timedelta(minutes=2)
"""The schedule comes no earlier than this from now: AWS refuses moments that have passed."""
_MAY_PASS = ("ValidationException", "ResourceNotFoundException")
"""The role is not known yet; the schedule that was there has just fired."""


def set_deadline(
    account: Account,
    launch: str,
    attempt: int,
    until: datetime,
    instance: str = "",
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Let AWS end a machine some minutes after its deadline; a schedule that is there already is replaced.

    Args:
        account: in the region of the machine.
        launch: name of the launch.
        attempt: number of the machine within it.
        until: the machine's own deadline.
        instance: EC2's identifier of it, as in `i-0123456789abcdef0`; "" before it is rented.
        sleep: waits a number of seconds.

    Raises:
        CloudError: the schedule could not be set.
    """
    partition = str(account.client("ec2").meta.partition)
    role = make_guard_role(account, partition)
    name = schedule_name(launch, attempt)
    options: dict[str, Any] = {
        "Name": name,
        "Description": "Ends a machine of orbifolio that is past its deadline",
        "ScheduleExpression": f"at({max(until + MARGIN, datetime.now(UTC) + _SOON):%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            **(_by_name(partition, instance) if instance else _by_tag(partition, name, role)),
            "RoleArn": role,
            "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600},
        },
    }
    what = "scheduling the machine's end"

    def put() -> None:
        if account.ask("scheduler", "create_schedule", what, "ConflictException", **options) is None:
            account.ask("scheduler", "update_schedule", what, **options)

    def may_pass(error: CloudError) -> bool:
        return error_code(error.__cause__) in _MAY_PASS or is_busy(error.__cause__)

    retry_new_role(put, may_pass, sleep)


def _by_name(partition: str, instance: str) -> dict[str, Any]:
    return {"Arn": f"arn:{partition}:{TERMINATE}", "Input": json.dumps({"InstanceIds": [instance]})}


def _by_tag(partition: str, name: str, role: str) -> dict[str, Any]:
    return {"Arn": f"arn:{partition}:{AUTOMATE}", "Input": json.dumps(automation(name, role))}


def automation(name: str, role: str) -> dict[str, Any]:
    """The request that ends every machine with a schedule's tag.

    Args:
        name: of the schedule.
        role: ARN of the role that ends machines.
    """
    return {
        "DocumentName": AUTOMATION,
        "Parameters": {"AutomationAssumeRole": [role]},
        "TargetParameterName": "InstanceId",
        "Targets": [{"Key": f"tag:{DEADLINE_TAG}", "Values": [name]}],
        "MaxConcurrency": "10",
        "MaxErrors": "10",
    }


def delete_deadline_schedule(account: Account, name: str) -> None:
    """Remove the schedule of a machine that is gone."""
    account.ask("scheduler", "delete_schedule", "removing a deadline schedule", "ResourceNotFoundException", Name=name)
