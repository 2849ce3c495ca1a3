"""A launch against an account in memory: what is rented, what ends it, and what happens when the world fails."""

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
from botocore.exceptions import ClientError, ConnectionClosedError
from click.testing import CliRunner, Result

from runner.cli import cli
from runner.cloud import ledger, tags
from runner.cloud.account import Account
from runner.cloud.cleanup import clean
from runner.cloud.launching import Launch, instances, read_order
from runner.cloud.order import Attempt, Order, from_json
from runner.cloud.watching import locate, nodes, status, stop
from runner.errors import CloudError, InputError

TARGET = "s3://pictures/gallery"


def invoke(*arguments: object, told: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False, input=told)


@pytest.fixture
def launch(recipe: Path, wheel: Path) -> Callable[..., Result]:
    def go(*more: object) -> Result:
        return invoke("launch", recipe, "--to", TARGET, "--wheel", wheel, "--yes", *more)

    return go


@pytest.fixture
def order(aws: Any) -> Order:
    """One that needs no recipe."""
    return Order(
        launch="tiny-20261121-101500-4f2a",
        recipe="tiny",
        title="Tiny",
        region="us-east-1",
        work="s3://pictures/launches/tiny-20261121-101500-4f2a",
        gallery=TARGET,
        hours=1.0,
        machines=("g4dn.xlarge", "g6.xlarge"),
        arguments=("run", "recipe/plane/tiny.yaml"),
        wheel="orbifolio.whl",
    )


def start(order: Order, **files: bytes) -> tuple[Any, list[str]]:
    said: list[str] = []
    attempt = Launch(order, Account(order.region), said.append, sleep=lambda seconds: None).start(files)
    return attempt, said


def living(launch: str | None = None) -> list[dict[str, Any]]:
    return [item for item in instances(Account("us-east-1"), launch) if item["State"]["Name"] == "running"]


def disturb(
    monkeypatch: pytest.MonkeyPatch, operation: str, trouble: Callable[[int, dict[str, Any]], Exception | None]
) -> list[int]:
    """Let an operation of AWS fail: `trouble` is told how often it was asked, and with what."""
    asked = [0]
    plain = Account.ask

    def ask(self: Account, service: str, name: str, what: str, *nothing: str, **options: Any) -> Any:
        if name != operation:
            return plain(self, service, name, what, *nothing, **options)
        asked[0] += 1
        error = trouble(asked[0], options)
        if error is None:
            return plain(self, service, name, what, *nothing, **options)
        from runner.cloud.faults import translated

        raise translated(error, what, f"{service}:{name}") from error

    monkeypatch.setattr(Account, "ask", ask)
    return asked


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Any")


def test_a_machine_is_rented_as_promised(aws: Any, launch: Callable[..., Result]) -> None:
    before = datetime.now(UTC)
    answer = launch("--hours", "2", "--instance", "g6.xlarge", "--market", "on-demand")
    assert answer.exception is None, answer.output
    name = answer.stdout.strip()
    assert re.fullmatch(r"tiny-\d{8}-\d{6}-[0-9a-f]{4}", name)
    (machine,) = living()
    ec2 = aws.client("ec2")
    marks = tags.mapped(machine["Tags"])
    assert marks[tags.LAUNCH] == name
    until = datetime.strptime(marks[tags.UNTIL], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
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
    roles = {item["RoleName"].rpartition("-")[0] for item in aws.client("iam").list_roles()["Roles"]}
    assert roles == {"orbifolio-node", "orbifolio-guard"}


def test_the_guard_outside_ends_that_machine_after_its_time(aws: Any, launch: Callable[..., Result]) -> None:
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
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "ec2:TerminateInstances"
    assert statement["Condition"] == {"StringLike": {"ec2:ResourceTag/orbifolio:launch": "*"}}


def test_where_schedules_are_not_permitted_the_launch_says_so_and_goes_on(
    aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    disturb(monkeypatch, "create_schedule", lambda number, options: refusal("AccessDeniedException"))
    _, said = start(order)
    assert any("no guard outside the machine (this account may not make schedules)" in line for line in said)
    assert len(living()) == 1


def test_the_node_may_do_what_it_needs_and_no_more(aws: Any, order: Order) -> None:
    start(replace(order, mail_from="studio@example.org", pictures=("s3://others/photo.jpg",)))
    iam = aws.client("iam")
    (role,) = [item["RoleName"] for item in iam.list_roles()["Roles"] if "node" in item["RoleName"]]
    policy = iam.get_role_policy(RoleName=role, PolicyName="orbifolio")["PolicyDocument"]
    allowed = {
        (action, json.dumps(item["Resource"])) for item in policy["Statement"] for action in _listed(item["Action"])
    }
    assert ("s3:DeleteObject", '"arn:aws:s3:::pictures/launches/*"') not in allowed
    assert {action for action, _ in allowed} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListBucket",
        "ses:SendEmail",
        "ses:SendRawEmail",
    }
    assert ("s3:GetObject", '["arn:aws:s3:::others/photo.jpg"]') in allowed
    for item in policy["Statement"]:
        wide = item["Resource"] == "*"
        assert not wide or item["Condition"] == {"StringEquals": {"ses:FromAddress": "studio@example.org"}}


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]


def test_spot_falls_back_to_other_machines_and_to_demand(
    aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def trouble(number: int, options: dict[str, Any]) -> Exception | None:
        tried.append((options["InstanceType"], "InstanceMarketOptions" in options))
        return refusal("InsufficientInstanceCapacity") if number < 4 else None

    disturb(monkeypatch, "run_instances", trouble)
    attempt, said = start(order)
    assert tried == [("g4dn.xlarge", True), ("g6.xlarge", True), ("g4dn.xlarge", False), ("g6.xlarge", False)]
    assert (attempt.machine, attempt.market) == ("g6.xlarge", "on-demand")
    assert said[1] == "g4dn.xlarge, spot: not to be had (InsufficientInstanceCapacity)"


def test_spot_only_means_it(aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = disturb(monkeypatch, "run_instances", lambda number, options: refusal("InsufficientInstanceCapacity"))
    with pytest.raises(CloudError, match="has no such machine to spare at present"):
        start(replace(order, market="spot-only"))
    assert asked == [2]
    assert not living()


def test_a_quota_of_nothing_is_explained(aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    disturb(monkeypatch, "run_instances", lambda number, options: refusal("VcpuLimitExceeded"))
    with pytest.raises(CloudError, match=r"new accounts may rent no GPU at all; ask for more .* L-DB2E81BA"):
        start(order)


def test_a_new_role_is_waited_for(aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def trouble(number: int, options: dict[str, Any]) -> Exception | None:
        return refusal("InvalidParameterValue", "Invalid IAM Instance Profile ARN") if number < 3 else None

    asked = disturb(monkeypatch, "run_instances", trouble)
    start(order)
    assert asked == [3]


def test_an_answer_that_was_lost_rents_no_second_machine(
    aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine is rented, and the connection breaks before we hear of it."""
    plain = Account.ask

    def ask(self: Account, service: str, name: str, what: str, *nothing: str, **options: Any) -> Any:
        answer = plain(self, service, name, what, *nothing, **options)
        if name == "run_instances":
            from runner.cloud.faults import translated

            raise translated(ConnectionClosedError(endpoint_url="https://ec2"), what, "")
        return answer

    with monkeypatch.context() as broken:
        broken.setattr(Account, "ask", ask)
        with pytest.raises(CloudError, match="AWS cannot be reached"):
            start(order)
    assert len(living()) == 1
    line = locate("tiny", Account("us-east-1"))
    again = read_order(line.work, line.region)
    attempt, said = start(again)
    assert any("lives already; nothing more is rented" in text for text in said)
    assert len(living()) == 1
    assert read_order(line.work, line.region).attempts[0].instance == attempt.instance
    assert aws.client("scheduler").get_schedule(Name=f"orbifolio-{order.launch}-1")  # and the guard stands now


def test_a_request_without_an_answer_is_made_again_with_the_same_token(
    aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def trouble(number: int, options: dict[str, Any]) -> Exception | None:
        seen.append(options)
        return ConnectionClosedError(endpoint_url="https://ec2") if number == 1 else None

    disturb(monkeypatch, "run_instances", trouble)
    with pytest.raises(CloudError):
        start(order)
    attempt, _ = start(read_order(order.work, order.region))
    assert seen[0] == seen[1]  # AWS gives the same machine for it
    assert attempt.number == 1


def test_everything_twice_makes_one(aws: Any, order: Order) -> None:
    first, _ = start(order)
    second, said = start(read_order(order.work, order.region))
    assert first.instance == second.instance
    assert len(living()) == 1
    iam = aws.client("iam")
    assert len(iam.list_roles(PathPrefix="/orbifolio/")["Roles"]) == 2
    assert len(iam.list_instance_profiles(PathPrefix="/orbifolio/")["InstanceProfiles"]) == 1


def test_going_on_takes_a_new_machine_with_the_same_files(aws: Any, order: Order) -> None:
    first, _ = start(order, **{"bundle.tar.gz": b"bundle"})
    aws.client("ec2").terminate_instances(InstanceIds=[first.instance])
    aws.client("s3").put_object(Bucket="pictures", Key=f"launches/{order.launch}/stop", Body=b"stop")
    answer = invoke("launch", "--resume", order.launch, "--yes")
    assert answer.exception is None, answer.output
    (machine,) = living()
    assert tags.mapped(machine["Tags"])[tags.ATTEMPT] == "2"
    assert [attempt.number for attempt in read_order(order.work, order.region).attempts] == [1, 2]
    keys = {item["Key"].rpartition("/")[2] for item in aws.client("s3").list_objects_v2(Bucket="pictures")["Contents"]}
    assert keys == {"bundle.tar.gz", "launch.json"}  # the old wish to stop is gone


def test_what_is_done_is_not_gone_on_with(aws: Any, order: Order) -> None:
    start(order)
    aws.client("s3").put_object(
        Bucket="pictures", Key=f"launches/{order.launch}/status.json", Body=b'{"state": "done"}'
    )
    answer = invoke("launch", "--resume", "tiny", "--yes")
    assert isinstance(answer.exception, InputError)
    assert "is done; its report is at s3://pictures/gallery" in str(answer.exception)


@pytest.mark.parametrize(("reach", "port"), [("ssh", 22), ("port", 1080)])
def test_an_open_port_is_open_to_one_address(aws: Any, order: Order, reach: str, port: int) -> None:
    for _ in range(2):
        start(replace(order, reach=reach, sender="203.0.113.7/32"))
    (machine,) = living()
    (group,) = aws.client("ec2").describe_security_groups(GroupIds=[machine["SecurityGroups"][0]["GroupId"]])[
        "SecurityGroups"
    ]
    (rule,) = group["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"]) == (port, port)
    assert [item["CidrIp"] for item in rule["IpRanges"]] == ["203.0.113.7/32"]


@pytest.fixture
def sessions(aws: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """AWS's own policy, which moto would have only together with a thousand others."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}]}
    made = aws.client("iam").create_policy(PolicyName="AmazonSSMManagedInstanceCore", PolicyDocument=json.dumps(policy))
    arn = str(made["Policy"]["Arn"])
    plain = Account.ask

    def ask(self: Account, *what: Any, **options: Any) -> Any:
        if options.get("PolicyArn", "").endswith(":aws:policy/AmazonSSMManagedInstanceCore"):
            options["PolicyArn"] = arn
        return plain(self, *what, **options)

    monkeypatch.setattr(Account, "ask", ask)
    return arn


def test_sessions_need_a_role_of_their_own_and_no_port(aws: Any, order: Order, sessions: str) -> None:
    start(replace(order, reach="ssm"))
    (machine,) = living()
    role = machine["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    attached = aws.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [item["PolicyName"] for item in attached] == ["AmazonSSMManagedInstanceCore"]


def test_no_network_to_stand_in_is_explained(aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Account.ask

    def ask(self: Account, service: str, name: str, *more: Any, **options: Any) -> Any:
        return {"Vpcs": []} if name == "describe_vpcs" else plain(self, service, name, *more, **options)

    monkeypatch.setattr(Account, "ask", ask)
    with pytest.raises(CloudError, match="us-east-1 has no default network; a machine stands in one; name a subnet"):
        start(order)


# money


def test_nothing_starts_without_consent(aws: Any, recipe: Path, wheel: Path) -> None:
    answer = invoke("launch", recipe, "--to", TARGET, "--wheel", wheel)
    assert "nobody is here to agree to the price; say --yes" in str(answer.exception)
    assert not living()
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket="pictures")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--hours", "100"], r"this may cost up to \$\d+\.\d\d; the budget is \$25.00; say fewer --hours"),
        (["--hours", "1", "--budget", "0.5"], "the budget is \\$0.50"),
        (["--hours", "1000"], "--hours 1000: a machine lives 0.25 to 168 hours"),
        (["--instance", "p3.2xlarge"], "no price is known for it, and nothing is rented without one; did you mean"),
        (["--work", "s3://pictures/gallery/launches"], "launches need a place of their own outside the gallery"),
        (["--to", "s3://pictures"], "the gallery would take the whole bucket, and may be public"),
        (["--to", "folder"], "--to folder: is no bucket; rented machines cannot reach this disk"),
        (["--serve", "--reach", "none"], "--serve: a page that nobody can reach"),
        (["--reach", "ssh"], "--reach ssh: needs a key of the account"),
        (["--reach", "port", "--from", "0.0.0.0/0"], "would let 4,294,967,296 addresses in"),
        (["--reach", "port", "--from", "home"], "--from home: no address; write it as in 203.0.113.7"),
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


def test_a_dry_run_tells_all_and_asks_nothing(recipe: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)  # no credentials, and no moto
    answer = invoke("launch", recipe, "--to", TARGET, "--wheel", wheel, "--dry-run", "--hours", "1")
    assert answer.exception is None
    for part in (
        "at most    1 h",
        '"ec2:TerminateInstances"',
        'shutdown -h "+$minutes"',
        "minutes=60",
        "no port is open",
    ):
        assert part in answer.stdout
    assert not ledger.lines()


def test_the_price_holds_for_the_dearest_candidate_and_counts_the_end(aws: Any, launch: Callable[..., Result]) -> None:
    answer = launch("--hours", "2", "--instance", "g5.xlarge")
    line = next(line for line in answer.stderr.splitlines() if line.startswith("at most"))
    hourly = 1.006 + 100 * 0.08 / 730 + 0.005
    assert f"${hourly * 2.25:.2f} whatever happens" in line


# afterwards


def test_ps_logs_and_stop(aws: Any, launch: Callable[..., Result]) -> None:
    name = launch("--hours", "1").stdout.strip()
    assert f"{name} " in invoke("ps").stdout
    assert "no word yet" in invoke("ps").stdout
    waiting = invoke("logs")
    assert "has told nothing yet" in str(waiting.exception)
    s3 = aws.client("s3")
    s3.put_object(Bucket="pictures", Key=f"launches/{name}/log.txt", Body=b"hello\n")
    s3.put_object(Bucket="pictures", Key=f"launches/{name}/status.json", Body=b'{"state": "running"}')
    assert invoke("logs", name[:6]).stdout == "hello\n"
    assert " running  " in invoke("ps").stdout
    stopped = invoke("stop", name, "--now")
    assert stopped.stdout == f"{name}: ended\n"
    assert not living()
    assert invoke("stop", name, "--now").stdout == f"{name}: no machine lives\n"
    assert "no machine of orbifolio in us-east-1" in invoke("ps").stderr
    assert name in invoke("ps", "--all").stdout
    assert invoke("logs", name).stdout == "hello\n"  # it outlives the machine


def test_stopping_asks_first_and_ends_by_force(aws: Any, order: Order) -> None:
    start(order)
    waited: list[float] = []
    said: list[str] = []
    count = stop(Account("us-east-1"), locate("tiny", Account("us-east-1")), said.append, sleep=waited.append)
    assert count == 1
    assert sum(waited) == 180.0
    assert aws.client("s3").get_object(Bucket="pictures", Key=f"launches/{order.launch}/stop")
    assert not living()


def test_a_launch_is_found_by_its_machine_where_nobody_remembers_it(aws: Any, order: Order) -> None:
    start(order)
    for path in ledger.folder().iterdir():
        path.unlink()
    assert locate("tiny", Account("us-east-1")).work == order.work
    with pytest.raises(InputError, match="other: no such launch here, nor a machine of it in us-east-1"):
        locate("other", Account("us-east-1"))


def test_cleanup_ends_what_is_past_its_time_and_nothing_else(aws: Any, order: Order) -> None:
    ec2 = aws.client("ec2")
    start(replace(order, reach="port", sender="203.0.113.7/32"))
    late, _ = start(
        replace(
            order,
            launch="late-20261121-101500-4f2b",
            work="s3://pictures/launches/late",
            reach="port",
            sender="203.0.113.7/32",
        )
    )
    stranger = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[late.instance], Tags=[{"Key": tags.UNTIL, "Value": "2020-01-01T00:00:00Z"}])
    assert "OVERDUE" in invoke("ps").stdout
    dry = invoke("cleanup", "--dry-run").stdout
    assert f"would remove machine {late.instance}" in dry
    assert len(living()) == 2
    done = invoke("cleanup").stdout
    assert f"removing machine {late.instance}" in done
    assert "removing guard orbifolio-late-20261121-101500-4f2b-1" in done
    assert "removing security group orbifolio-late-20261121-101500-4f2b" in done
    assert [tags.mapped(item["Tags"])[tags.LAUNCH] for item in living()] == [order.launch]
    assert (
        ec2.describe_instances(InstanceIds=[stranger])["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"
    )
    names = [item["Name"] for item in aws.client("scheduler").list_schedules()["Schedules"]]
    assert names == [f"orbifolio-{order.launch}-1"]
    assert "nothing to clean up" in invoke("cleanup").stderr


def test_cleanup_of_all_leaves_nothing_of_ours(aws: Any, order: Order, sessions: str) -> None:
    start(replace(order, reach="ssm"))
    assert "say --yes" in str(invoke("cleanup", "--all").exception)
    answer = invoke("cleanup", "--all", "--yes")
    assert answer.exception is None, answer.output
    assert not living()
    assert not aws.client("scheduler").list_schedules()["Schedules"]
    iam = aws.client("iam")
    assert not iam.list_roles(PathPrefix="/orbifolio/")["Roles"]
    assert not iam.list_instance_profiles(PathPrefix="/orbifolio/")["InstanceProfiles"]


def test_a_machine_without_an_end_is_past_it(aws: Any, order: Order) -> None:
    attempt, _ = start(order)
    aws.client("ec2").delete_tags(Resources=[attempt.instance], Tags=[{"Key": tags.UNTIL}])
    (node,) = nodes(Account("us-east-1"))
    assert node.overdue(datetime.now(UTC))
    clean(Account("us-east-1"), lambda text: None, everything=False, dry=False)
    assert not living()


def test_every_region_is_looked_at(aws: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "regions", lambda self: ["eu-central-1", "us-east-1"])
    far = replace(order, region="eu-central-1", image="ami-12c6146b")
    Launch(far, Account("eu-central-1"), lambda text: None, sleep=lambda seconds: None).start({})
    assert "no machine" in invoke("ps").stderr
    assert "eu-central-1" in invoke("ps", "--all-regions").stdout


def test_an_order_survives_its_file_and_a_damaged_one_is_told(order: Order) -> None:
    whole = order.with_attempt(Attempt(1, 2.0, "i-1"))
    assert from_json(whole.to_json()) == whole
    for text in ("", "{}", "[]", '{"format": 1, "attempts": []}', whole.to_json().replace("g6.xlarge", "x9.huge")):
        with pytest.raises(InputError):
            from_json(text)
    with pytest.raises(InputError, match="made by a newer orbifolio"):
        from_json('{"format": 99}')


def test_status_that_cannot_be_read_is_no_status(aws: Any) -> None:
    aws.client("s3").put_object(Bucket="pictures", Key="launches/x/status.json", Body=b"{")
    assert status("s3://pictures/launches/x", "us-east-1") == {}
