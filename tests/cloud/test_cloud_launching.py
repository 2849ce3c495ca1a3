"""A launch against an account in memory: what is refused, told, agreed to and rented, and what the machine may do."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from policy_evaluator import allowed
from rented import TARGET, disturb, invoke, listed, living, refusal, start

from orbifolio.runner.cloud.launch_records import read_records
from orbifolio.runner.cloud.launch_spec import LaunchSpec, parse_spec
from orbifolio.runner.cloud.tags import LAUNCH_TAG, UNTIL_TAG, from_aws_tags
from orbifolio.runner.errors import CloudError, InputError


def test_a_machine_is_rented_as_promised(aws: Any, launch: Callable[..., Result]) -> None:
    before = datetime.now(UTC)
    answer = launch("--hours", "2", "--instance", "g6.xlarge", "--market", "on-demand")
    assert answer.exception is None, answer.output
    name = answer.stdout.strip()
    assert re.fullmatch(r"tiny-\d{8}-\d{6}-[0-9a-f]{4}", name)
    (machine,) = living()
    ec2 = aws.client("ec2")
    marks = from_aws_tags(machine["Tags"])
    assert marks[LAUNCH_TAG] == name
    until = datetime.strptime(marks[UNTIL_TAG], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(hours=2) <= until - before + timedelta(seconds=1) < timedelta(hours=2, minutes=2)
    assert machine["InstanceType"] == "g6.xlarge"
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    ask = {"InstanceId": machine["InstanceId"]}
    behaviour = ec2.describe_instance_attribute(**ask, Attribute="instanceInitiatedShutdownBehavior")
    assert behaviour["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    script = base64.b64decode(
        ec2.describe_instance_attribute(**ask, Attribute="userData")["UserData"]["Value"]
    ).decode()
    assert script.index("minutes=120") < script.index("shutdown -h") < script.index("aws ")
    assert len(script.encode()) < 16 * 1024
    assert "tester" not in script  # neither key nor secret
    (volume,) = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [machine["InstanceId"]]}])[
        "Volumes"
    ]
    assert (volume["Encrypted"], volume["VolumeType"]) == (True, "gp3")
    (group,) = ec2.describe_security_groups(GroupIds=[item["GroupId"] for item in machine["SecurityGroups"]])[
        "SecurityGroups"
    ]
    assert group["IpPermissions"] == []  # nobody comes in
    roles = {item["RoleName"].partition("guard-")[0] for item in aws.client("iam").list_roles()["Roles"]}
    assert roles == {f"orbifolio-node-{name}", "orbifolio-"}


def test_the_deadline_schedule_ends_that_machine_after_its_time(aws: Any, launch: Callable[..., Result]) -> None:
    name = launch("--hours", "1").stdout.strip()
    (machine,) = living()
    schedule = aws.client("scheduler").get_schedule(Name=f"orbifolio-{name}-1")
    assert json.loads(schedule["Target"]["Input"]) == {"InstanceIds": [machine["InstanceId"]]}
    assert schedule["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances"
    assert schedule["ActionAfterCompletion"] == "DELETE"
    at = datetime.strptime(schedule["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
    assert timedelta(minutes=64) < at - datetime.now(UTC) < timedelta(minutes=66)
    policy = aws.client("iam").get_role_policy(
        RoleName=schedule["Target"]["RoleArn"].rpartition("/")[2], PolicyName="orbifolio"
    )
    ends, *rest = policy["PolicyDocument"]["Statement"]
    assert ends["Action"] == "ec2:TerminateInstances"
    assert ends["Condition"] == {"StringLike": {"ec2:ResourceTag/orbifolio:launch": "*"}}
    assert {action for item in rest for action in listed(item["Action"]) if not _reads(action)} == {
        "ssm:StartAutomationExecution",
        "iam:PassRole",
    }


def _reads(action: str) -> bool:
    return action.partition(":")[2].startswith(("Describe", "Get", "List"))


def test_where_schedules_are_not_permitted_nothing_is_rented(
    aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    disturb(monkeypatch, "create_schedule", lambda number, options: refusal("AccessDeniedException"))
    with pytest.raises(
        CloudError, match="scheduling the machine's end: access denied; these credentials lack scheduler:"
    ):
        start(order)
    assert not living()


@pytest.mark.parametrize("code", ["ThrottlingException", "TooManyRequestsException", "InternalServerException"])
def test_a_busy_scheduler_is_asked_again(
    aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    asked = disturb(monkeypatch, "create_schedule", lambda number, options: refusal(code) if number < 3 else None)
    start(order)
    assert asked[0] > 2
    assert aws.client("scheduler").get_schedule(Name=f"orbifolio-{order.launch}-1")


def test_a_node_reads_and_writes_the_files_of_its_own_launch_only(aws: Any, order: LaunchSpec) -> None:
    other = replace(order, launch="tiny-20261121-101500-4f2b", work="s3://pictures/launches/tiny-20261121-101500-4f2b")
    policies = {}
    for spec in (order, other):
        start(spec)
    for machine in living():
        role = machine["IamInstanceProfile"]["Arn"].rpartition("/")[2]
        document = aws.client("iam").get_role_policy(RoleName=role, PolicyName="orbifolio")["PolicyDocument"]
        policies[from_aws_tags(machine["Tags"])[LAUNCH_TAG]] = document
    assert set(policies) == {order.launch, other.launch}
    for asking, policy in policies.items():
        for owner in policies:
            for action in ("s3:GetObject", "s3:PutObject"):
                for file in ("bundle.tar.gz", "state.tar", "token"):
                    key = f"arn:aws:s3:::pictures/launches/{owner}/{file}"
                    assert allowed([policy], action, key) == (asking == owner)
            seen = {"s3:prefix": f"launches/{owner}/"}
            assert allowed([policy], "s3:ListBucket", "arn:aws:s3:::pictures", context=seen) == (asking == owner)
        assert not allowed([policy], "s3:ListBucket", "arn:aws:s3:::pictures", context={"s3:prefix": "launches/"})
        assert allowed([policy], "s3:PutObject", "arn:aws:s3:::pictures/gallery/tiny/index.html")


@pytest.mark.parametrize("hours", [1e5, 168.1, 0.1, float("nan"), float("inf"), -1.0])
def test_no_launch_is_for_more_than_a_week_wherever_its_hours_come_from(order: LaunchSpec, hours: float) -> None:
    with pytest.raises(InputError, match="is out of range; a machine may live for 0.25 to 168 hours"):
        replace(order, hours=hours)
    with pytest.raises(InputError, match="is out of range"):
        parse_spec(order.to_json().replace('"hours": 1.0', f'"hours": {json.dumps(hours)}'))


def test_the_node_may_do_what_it_needs_and_no_more(aws: Any, order: LaunchSpec) -> None:
    start(replace(order, mail_from="studio@example.org", pictures=("s3://others/photo.jpg",)))
    iam = aws.client("iam")
    (role,) = [item["RoleName"] for item in iam.list_roles()["Roles"] if "node" in item["RoleName"]]
    policy = iam.get_role_policy(RoleName=role, PolicyName="orbifolio")["PolicyDocument"]
    permitted = {
        (action, json.dumps(item["Resource"])) for item in policy["Statement"] for action in listed(item["Action"])
    }
    assert ("s3:DeleteObject", f'"arn:aws:s3:::pictures/launches/{order.launch}/*"') not in permitted
    assert {action for action, _ in permitted} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListBucket",
        "ses:SendEmail",
        "ses:SendRawEmail",
    }
    assert ("s3:GetObject", '["arn:aws:s3:::others/photo.jpg"]') in permitted
    for item in policy["Statement"]:
        wide = item["Resource"] == "*"
        assert not wide or item["Condition"] == {"StringEquals": {"ses:FromAddress": "studio@example.org"}}


def test_nothing_starts_without_consent(aws: Any, recipe: Path, wheel: Path) -> None:
    answer = invoke("launch", recipe, "--to", TARGET, "--wheel", wheel)
    assert "the price cannot be confirmed without a terminal; use --yes" in str(answer.exception)
    assert not living()
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket="pictures")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--hours", "100"], r"this may cost up to \$\d+\.\d\d; the budget is \$25.00; choose fewer --hours"),
        (["--hours", "1", "--budget", "0.5"], "the budget is \\$0.50"),
        (["--hours", "1", "--budget", "nan"], "the budget is \\$nan"),
        (["--hours", "1000"], "--hours 1000: is out of range; a machine may live for 0.25 to 168 hours"),
        (["--instance", "p3.2xlarge"], "its price is unknown, and nothing is rented without one; did you mean"),
        (
            ["--work", "s3://pictures/gallery/launches"],
            "launches must lie outside the gallery, which may",
        ),
        (["--to", "s3://pictures/launches/mine"], "the gallery outside them; use --to s3://pictures/gallery"),
        (["--to", "s3://pictures"], "the gallery would fill the whole bucket; it may be public"),
        (["--to", "folder"], "--to folder: is not a bucket; rented machines cannot reach this disk"),
        (["--serve", "--reach", "none"], "--serve: nobody could reach the page; choose --reach ssm"),
        (["--reach", "ssh"], "--reach ssh: needs an SSH key of the account"),
        (["--reach", "port", "--from", "0.0.0.0/0"], "would admit 4,294,967,296 addresses"),
        (["--reach", "port", "--from", "home"], "--from home: is not an IP address; write it as in 203.0.113.7"),
    ],
)
def test_what_is_refused_before_anything_is_paid_for(
    aws: Any, launch: Callable[..., Result], arguments: list[str], text: str
) -> None:
    if arguments[:2] == ["--reach", "ssh"]:
        arguments = [*arguments, "--from", "203.0.113.7"]
    answer = launch(*arguments)
    assert isinstance(answer.exception, InputError), answer.output
    assert re.search(text, str(answer.exception)), answer.exception
    assert not living()
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket="pictures")


def test_a_dry_run_counts_the_program_instead_of_building_it(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> Path:
        raise AssertionError("a wheel was built")

    monkeypatch.setattr("orbifolio.runner.cloud.wheel.make_wheel", refuse)
    answer = invoke("launch", recipe, "--to", TARGET, "--dry-run")
    assert answer.exit_code == 0, answer.output
    assert "bundle.tar.gz, orbifolio-" in answer.stdout


def test_a_dry_run_tells_all_and_asks_nothing(recipe: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)  # no credentials, and no moto
    answer = invoke("launch", recipe, "--to", TARGET, "--wheel", wheel, "--dry-run", "--verbose", "--hours", "1")
    assert answer.exception is None
    for part in (
        "at most    1 h",
        '"ec2:TerminateInstances"',
        'shutdown -h "+$minutes"',
        "minutes=60",
        "no port is open",
    ):
        assert part in answer.stdout
    assert not read_records()


def test_a_dry_run_without_a_bucket_says_what_stands_for_it(
    aws: Any, recipe: Path, wheel: Path, launch: Callable[..., Result]
) -> None:
    answer = invoke("launch", recipe, "--wheel", wheel, "--dry-run")
    assert answer.exception is None
    assert "none was named; s3://your-bucket/gallery is a placeholder; use --to s3://BUCKET/gallery" in answer.stdout
    assert "s3://your-bucket/launches/tiny-" in answer.stdout
    told = invoke("launch", recipe, "--wheel", wheel, "--dry-run", "--to", TARGET).stdout
    assert "your-bucket" not in told
    refused = invoke("launch", recipe, "--wheel", wheel, "--yes")
    assert isinstance(refused.exception, InputError)
    assert "no bucket is named" in str(refused.exception)


def test_the_price_holds_for_the_dearest_candidate_and_counts_the_end(aws: Any, launch: Callable[..., Result]) -> None:
    answer = launch("--hours", "2", "--instance", "g5.xlarge")
    line = next(line for line in answer.stderr.splitlines() if line.startswith("at most"))
    hourly = 1.006 + 100 * 0.08 / 730 + 0.005
    assert f"${hourly * 2.25:.2f} whatever happens" in line
