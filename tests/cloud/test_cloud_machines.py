"""Renting against an account in memory: markets, quotas, answers that are lost, second machines, networks, ports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from rented import disturb, invoke, living, refusal, start

from orbifolio.runner.cloud.account import CLOUD_ERRORS, Account
from orbifolio.runner.cloud.launch import read_spec
from orbifolio.runner.cloud.launch_spec import LaunchSpec
from orbifolio.runner.cloud.nodes import locate_launch
from orbifolio.runner.cloud.tags import ATTEMPT_TAG, from_aws_tags
from orbifolio.runner.errors import CloudError, InputError


def test_spot_falls_back_to_other_machines_and_to_demand(
    aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def trouble(number: int, options: dict[str, Any]) -> Exception | None:
        tried.append((options["InstanceType"], "InstanceMarketOptions" in options))
        return refusal("InsufficientInstanceCapacity") if number < 4 else None

    disturb(monkeypatch, "run_instances", trouble)
    attempt, said = start(order)
    assert tried == [("g4dn.xlarge", True), ("g6.xlarge", True), ("g4dn.xlarge", False), ("g6.xlarge", False)]
    assert (attempt.machine, attempt.market) == ("g6.xlarge", "on-demand")
    assert said[1] == "g4dn.xlarge, spot: not available (InsufficientInstanceCapacity)"


def test_spot_only_means_it(aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = disturb(monkeypatch, "run_instances", lambda number, options: refusal("InsufficientInstanceCapacity"))
    with pytest.raises(CloudError, match="AWS has no such machine available"):
        start(replace(order, market="spot-only"))
    assert asked == [2]
    assert not living()


def test_a_quota_of_nothing_is_explained(aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    disturb(monkeypatch, "run_instances", lambda number, options: refusal("VcpuLimitExceeded"))
    with pytest.raises(CloudError, match=r"new accounts often have a GPU quota of zero; request more .* L-DB2E81BA"):
        start(order)


def test_a_new_role_is_waited_for(aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    def trouble(number: int, options: dict[str, Any]) -> Exception | None:
        return refusal("InvalidParameterValue", "Invalid IAM Instance Profile ARN") if number < 3 else None

    asked = disturb(monkeypatch, "run_instances", trouble)
    start(order)
    assert asked == [3]


def test_an_answer_that_was_lost_rents_no_second_machine(
    aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine is rented, and the connection breaks before we hear of it."""
    plain = Account.ask

    def ask(self: Account, service: str, name: str, what: str, *nothing: str, **options: Any) -> Any:
        answer = plain(self, service, name, what, *nothing, **options)
        if name == "run_instances":
            raise CLOUD_ERRORS.translate(ConnectionClosedError(endpoint_url="https://ec2"), what)
        return answer

    with monkeypatch.context() as broken:
        broken.setattr(Account, "ask", ask)
        with pytest.raises(CloudError, match="the connection was lost repeatedly; `orbifolio ps` shows"):
            start(order)
    assert len(living()) == 1
    line = locate_launch("tiny", Account("us-east-1"))
    again = read_spec(line.work, line.region)
    attempt, said = start(again)
    assert any("is alive already; no other is rented" in text for text in said)
    assert len(living()) == 1
    assert read_spec(line.work, line.region).attempts[0].instance == attempt.instance
    assert aws.client("scheduler").get_schedule(Name=f"orbifolio-{order.launch}-1")  # and the guard stands now


def test_a_request_without_an_answer_is_made_again_with_the_same_token(
    aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def trouble(number: int, options: dict[str, Any]) -> Exception | None:
        seen.append(options)
        return ConnectionClosedError(endpoint_url="https://ec2") if number == 1 else None

    disturb(monkeypatch, "run_instances", trouble)
    with pytest.raises(CloudError):
        start(order)
    attempt, _ = start(read_spec(order.work, order.region))
    assert seen[0] == seen[1]  # AWS gives the same machine for it
    assert attempt.number == 1


def test_everything_twice_makes_one(aws: Any, order: LaunchSpec) -> None:
    first, _ = start(order)
    second, said = start(read_spec(order.work, order.region))
    assert first.instance == second.instance
    assert len(living()) == 1
    iam = aws.client("iam")
    assert len(iam.list_roles(PathPrefix="/orbifolio/")["Roles"]) == 2
    assert len(iam.list_instance_profiles(PathPrefix="/orbifolio/")["InstanceProfiles"]) == 1


def test_going_on_takes_a_new_machine_with_the_same_files(aws: Any, order: LaunchSpec) -> None:
    first, _ = start(order, **{"bundle.tar.gz": b"bundle"})
    aws.client("ec2").terminate_instances(InstanceIds=[first.instance])
    aws.client("s3").put_object(Bucket="pictures", Key=f"launches/{order.launch}/stop", Body=b"stop")
    answer = invoke("launch", "--resume", order.launch, "--yes")
    assert answer.exception is None, answer.output
    (machine,) = living()
    assert from_aws_tags(machine["Tags"])[ATTEMPT_TAG] == "2"
    assert [attempt.number for attempt in read_spec(order.work, order.region).attempts] == [1, 2]
    keys = {item["Key"].rpartition("/")[2] for item in aws.client("s3").list_objects_v2(Bucket="pictures")["Contents"]}
    assert keys == {"bundle.tar.gz", "launch.json"}  # the request to stop the first machine is gone


def test_what_is_done_is_not_gone_on_with(aws: Any, order: LaunchSpec) -> None:
    start(order)
    aws.client("s3").put_object(
        Bucket="pictures", Key=f"launches/{order.launch}/status.json", Body=b'{"state": "done"}'
    )
    answer = invoke("launch", "--resume", "tiny", "--yes")
    assert isinstance(answer.exception, InputError)
    assert "is done; its report is at s3://pictures/gallery" in str(answer.exception)


@pytest.mark.parametrize(("reach", "port"), [("ssh", 22), ("port", 1080)])
def test_an_open_port_is_open_to_one_address(aws: Any, order: LaunchSpec, reach: str, port: int) -> None:
    for _ in range(2):
        start(replace(order, reach=reach, sender="203.0.113.7/32"))
    (machine,) = living()
    (group,) = aws.client("ec2").describe_security_groups(GroupIds=[machine["SecurityGroups"][0]["GroupId"]])[
        "SecurityGroups"
    ]
    (rule,) = group["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"]) == (port, port)
    assert [item["CidrIp"] for item in rule["IpRanges"]] == ["203.0.113.7/32"]


def test_sessions_need_a_role_of_their_own_and_no_port(aws: Any, order: LaunchSpec, sessions: str) -> None:
    start(replace(order, reach="ssm"))
    (machine,) = living()
    role = machine["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    attached = aws.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [item["PolicyName"] for item in attached] == ["AmazonSSMManagedInstanceCore"]


def test_no_network_to_stand_in_is_explained(aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Account.ask

    def ask(self: Account, service: str, name: str, *more: Any, **options: Any) -> Any:
        return {"Vpcs": []} if name == "describe_vpcs" else plain(self, service, name, *more, **options)

    monkeypatch.setattr(Account, "ask", ask)
    with pytest.raises(CloudError, match="us-east-1 has no default network, and a machine needs one; name a subnet"):
        start(order)
