"""A launch whose every request fails in turn, against a real server: no machine without two ends, never two machines.

Each request of a launch is lost before it took effect, lost after, or interrupted by the user after. At that moment,
and after launching again, what AWS holds is looked at; what a schedule ends is found as AWS would, with its role's
rights.
"""

from __future__ import annotations

import base64
import itertools
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from policy_evaluator import allowed
from rented import disturb, listed, refusal

from orbifolio.runner.cloud import account as accounts
from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.cleanup import RENTING, clean, leftovers
from orbifolio.runner.cloud.launch import Launch, read_spec
from orbifolio.runner.cloud.launch_spec import LaunchSpec, s3_of
from orbifolio.runner.cloud.policy import user_policy
from orbifolio.runner.cloud.tags import LAUNCH_TAG, from_aws_tags
from orbifolio.runner.errors import CloudError, InputError, PublishError

NUMBERS = itertools.count()
ALIVE = ("pending", "running", "stopping", "stopped")


@dataclass
class Faults:
    """Lets one request fail: the `at`-th, before or after it takes effect, with an exception."""

    at: int = 0
    after: bool = False
    trouble: BaseException | None = None
    asked: list[str] = field(default_factory=list)
    actions: set[str] = field(default_factory=set)

    def __call__(self, request: Any, event_name: str, **ignored: Any) -> None:
        _, service, operation = event_name.split(".")
        self.asked.append(operation)
        self.actions.add(f"{service}:{operation}")
        if len(self.asked) == self.at and self.trouble is not None:
            if self.after:
                URLLib3Session().send(request)
            raise self.trouble


@dataclass
class Amazon:
    """A server, clients that no fault disturbs, and the faults of all others."""

    session: Any
    faults: Faults
    quiet: Any

    def client(self, service: str) -> Any:
        return self.quiet.client(service)

    def forget(self) -> None:
        """Remove all that launches have made, also the group that they share."""
        self.faults.at = 0
        clean(Account("us-east-1"), lambda text: None, everything=True, dry=False)
        wanted = [{"Name": "group-name", "Values": ["orbifolio-closed"]}]
        for group in self.client("ec2").describe_security_groups(Filters=wanted)["SecurityGroups"]:
            self.client("ec2").delete_security_group(GroupId=group["GroupId"])

    def new_order(self, order: LaunchSpec) -> LaunchSpec:
        name = f"tiny-20261121-101500-{next(NUMBERS):04x}"
        return replace(order, launch=name, work=f"s3://pictures/launches/{name}")

    def machines(self, launch: str) -> list[dict[str, Any]]:
        wanted = [{"Name": f"tag:{LAUNCH_TAG}", "Values": [launch]}]
        found = self.client("ec2").describe_instances(Filters=wanted)["Reservations"]
        return [item for page in found for item in page["Instances"] if item["State"]["Name"] in ALIVE]

    def guards(self, launch: str) -> list[dict[str, Any]]:
        scheduler = self.client("scheduler")
        names = [item["Name"] for item in scheduler.list_schedules(NamePrefix=f"orbifolio-{launch}-")["Schedules"]]
        return [scheduler.get_schedule(Name=name) for name in names]

    def ended_by(self, guard: dict[str, Any]) -> set[str]:
        """What a schedule would end, if its role may."""
        target = guard["Target"]
        said = json.loads(target["Input"])
        role = target["RoleArn"].rpartition("/")[2]
        iam = self.client("iam")
        policy = iam.get_role_policy(RoleName=role, PolicyName="orbifolio")["PolicyDocument"]
        trusted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"][
            "Service"
        ]
        assert "scheduler.amazonaws.com" in trusted
        if target["Arn"].endswith(":aws-sdk:ec2:terminateInstances"):
            wanted = [{"Name": "instance-id", "Values": said["InstanceIds"]}]
        else:
            assert target["Arn"].endswith(":aws-sdk:ssm:startAutomationExecution")
            document = f"arn:aws:ssm:us-east-1::document/{said['DocumentName']}"
            assert allowed([policy], "ssm:StartAutomationExecution", document)
            passed = {"iam:PassedToService": "ssm.amazonaws.com"}
            assert allowed([policy], "iam:PassRole", target["RoleArn"], context=passed)
            assert said["Parameters"]["AutomationAssumeRole"] == [target["RoleArn"]]
            assert "ssm.amazonaws.com" in trusted
            (by,) = said["Targets"]
            wanted = [{"Name": by["Key"], "Values": by["Values"]}]
        found = self.client("ec2").describe_instances(Filters=wanted)["Reservations"]
        ended = set()
        for item in (item for page in found for item in page["Instances"]):
            arn = f"arn:aws:ec2:us-east-1:123456789012:instance/{item['InstanceId']}"
            tags = {f"ec2:ResourceTag/{key}": value for key, value in from_aws_tags(item["Tags"]).items()}
            assert allowed([policy], "ec2:TerminateInstances", arn, context=tags)
            assert not allowed([policy], "ec2:TerminateInstances", arn)
            ended.add(item["InstanceId"])
        return ended

    def check_ends(self, launch: str) -> None:
        """Every living machine has an end inside and an end outside."""
        guards = self.guards(launch)
        for machine in self.machines(launch):
            told = self.client("ec2").describe_instance_attribute(
                InstanceId=machine["InstanceId"], Attribute="userData"
            )
            script = base64.b64decode(told["UserData"]["Value"]).decode()
            assert "minutes=60" in script[: script.index("shutdown -h")]
            mine = [guard for guard in guards if machine["InstanceId"] in self.ended_by(guard)]
            assert mine, "a machine without an end from outside"
            for guard in mine:
                at = datetime.strptime(guard["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
                assert timedelta() < at - datetime.now(UTC) < timedelta(minutes=66)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    reset = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset).close()  # all servers of one process share what they hold
    server.stop()


@pytest.fixture
def amazon(_nobody: None, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # botocore's own patience is not what is tested
    faults = Faults()
    session, quiet = boto3.Session(), boto3.Session()
    session.events.register("before-send", lambda **told: faults(**told))
    found = Amazon(session, faults, quiet)
    monkeypatch.setattr(boto3, "Session", lambda: session)
    monkeypatch.setattr(accounts.Account, "newest_image", lambda self: "ami-12c6146b")
    found.client("s3").create_bucket(Bucket="pictures")
    monkeypatch.setattr(accounts.Account, "regions", lambda self: ["us-east-1"])
    yield found
    found.forget()


@pytest.fixture
def order() -> LaunchSpec:
    return LaunchSpec(
        launch="tiny",
        recipe="tiny",
        title="Tiny",
        region="us-east-1",
        work="s3://pictures/launches/tiny",
        gallery="s3://pictures/gallery",
        hours=1.0,
        machines=("g4dn.xlarge", "g6.xlarge"),
        arguments=("run", "recipe/plane/tiny.yaml"),
        wheel="orbifolio.whl",
    )


def start(spec: LaunchSpec) -> Any:
    return Launch(spec, Account("us-east-1"), lambda text: None, sleep=lambda seconds: None).start({"bundle": b"x"})


LOST = ConnectionClosedError(endpoint_url="https://aws")
FAULTS = {"lost before": (False, LOST), "lost after": (True, LOST), "interrupted": (True, KeyboardInterrupt())}


def _fail_at(amazon: Amazon, order: LaunchSpec, at: int, kind: str) -> None:
    amazon.forget()
    faults, spec = amazon.faults, amazon.new_order(order)
    faults.asked.clear()
    faults.at = at
    faults.after, faults.trouble = FAULTS[kind]
    try:
        start(spec)
    except (CloudError, PublishError, KeyboardInterrupt):
        pass
    assert len(faults.asked) >= at, "no request was disturbed"
    faults.at = 0
    assert len(amazon.machines(spec.launch)) <= 1
    amazon.check_ends(spec.launch)
    try:
        again = read_spec(spec.work, spec.region)
    except InputError:
        again = spec  # nothing was written yet
    start(again)
    (machine,) = amazon.machines(spec.launch)
    (guard,) = amazon.guards(spec.launch)
    assert amazon.ended_by(guard) == {machine["InstanceId"]}
    amazon.check_ends(spec.launch)


def _requests(amazon: Amazon, order: LaunchSpec) -> list[str]:
    """What the first launch of an account asks for."""
    amazon.forget()
    amazon.faults.asked.clear()
    start(amazon.new_order(order))
    asked = list(amazon.faults.asked)
    amazon.forget()
    assert asked.index("CreateSchedule") < asked.index("RunInstances")
    return asked


def test_around_renting_every_request_may_fail(amazon: Amazon, order: LaunchSpec) -> None:
    asked = _requests(amazon, order)
    _fail_at(amazon, order, asked.index("CreateSchedule") + 1, "lost after")
    _fail_at(amazon, order, asked.index("RunInstances") + 1, "interrupted")
    _fail_at(amazon, order, asked.index("RunInstances") + 1, "lost before")


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_every_request_may_fail_in_every_way(amazon: Amazon, order: LaunchSpec, kind: str) -> None:
    for at in range(1, len(_requests(amazon, order)) + 1):
        _fail_at(amazon, order, at, kind)


def test_the_policy_that_is_printed_suffices(amazon: Amazon, order: LaunchSpec) -> None:
    spec = amazon.new_order(order)
    start(spec)
    start(read_spec(spec.work, spec.region))
    clean(Account("us-east-1"), lambda text: None, everything=True, dry=False)
    policy = user_policy(spec.launches, s3_of(spec.gallery))
    permitted = {action for item in policy["Statement"] for action in listed(item["Action"])}
    implied = {"iam:TagRole", "iam:PassRole", "ec2:CreateTags"}  # by roles and machines that are made with tags
    assert amazon.faults.actions | implied <= permitted


def test_what_is_being_rented_is_not_cleaned_up(amazon: Amazon, order: LaunchSpec) -> None:
    asked, spec = _requests(amazon, order), amazon.new_order(order)
    amazon.faults.asked.clear()
    amazon.faults.at, (amazon.faults.after, amazon.faults.trouble) = (
        asked.index("RunInstances") + 1,
        FAULTS["lost before"],
    )
    with pytest.raises(CloudError):
        start(spec)
    amazon.faults.at = 0
    account = Account("us-east-1")
    assert not [item for item in leftovers(account, everything=False) if spec.launch in item.name]
    later = datetime.now(UTC) + RENTING
    names = {item.name for item in leftovers(account, everything=False, now=later) if spec.launch in item.name}
    assert names == {f"deadline schedule orbifolio-{spec.launch}-1", f"role orbifolio-node-{spec.launch}"}


def test_where_aws_has_no_machine_no_schedule_is_left(
    amazon: Amazon, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    disturb(monkeypatch, "run_instances", lambda number, options: refusal("InsufficientInstanceCapacity"))
    spec = amazon.new_order(order)
    with pytest.raises(CloudError):
        start(spec)
    assert not amazon.machines(spec.launch)
    assert not amazon.guards(spec.launch)
