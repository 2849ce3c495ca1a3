"""Watching, stopping and cleaning up against an account in memory; orders and states that are kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rented import invoke, living, start

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.cleanup import clean
from orbifolio.runner.cloud.launch import Launch
from orbifolio.runner.cloud.launch_records import records_folder
from orbifolio.runner.cloud.launch_spec import Attempt, LaunchSpec, parse_spec
from orbifolio.runner.cloud.node_script import body
from orbifolio.runner.cloud.nodes import list_nodes, locate_launch, read_status, stop_launch
from orbifolio.runner.cloud.tags import LAUNCH_TAG, UNTIL_TAG, from_aws_tags
from orbifolio.runner.errors import InputError


def test_ps_logs_and_stop(aws: Any, launch: Callable[..., Result]) -> None:
    answer = launch("--hours", "1")
    assert answer.exception is None, answer.output
    name = answer.stdout.strip()
    assert f"{name} " in invoke("ps").stdout
    assert "no report yet" in invoke("ps").stdout
    waiting = invoke("logs")
    assert "has no log yet; its first lines come after a minute or two; wait" in str(waiting.exception)
    s3 = aws.client("s3")
    s3.put_object(Bucket="pictures", Key=f"launches/{name}/log.txt", Body=b"hello\n")
    s3.put_object(Bucket="pictures", Key=f"launches/{name}/status.json", Body=b'{"state": "running"}')
    assert invoke("logs", name[:6]).stdout == "hello\n"
    assert " running  " in invoke("ps").stdout
    stopped = invoke("stop", name, "--now")
    assert stopped.stdout == f"{name}: ended\n"
    assert not living()
    assert invoke("stop", name, "--now").stdout == f"{name}: no machine is alive\n"
    assert "no orbifolio machine in us-east-1" in invoke("ps").stderr
    assert name in invoke("ps", "--all").stdout
    assert invoke("logs", name).stdout == "hello\n"  # it outlives the machine


def test_stopping_asks_first_and_ends_by_force(aws: Any, order: LaunchSpec) -> None:
    start(order)
    waited: list[float] = []
    said: list[str] = []
    count = stop_launch(
        Account("us-east-1"), locate_launch("tiny", Account("us-east-1")), said.append, sleep=waited.append
    )
    assert count == 1
    assert sum(waited) == 180.0
    assert aws.client("s3").get_object(Bucket="pictures", Key=f"launches/{order.launch}/stop")
    assert not living()


def test_a_launch_is_found_by_its_machine_where_nobody_remembers_it(aws: Any, order: LaunchSpec) -> None:
    start(order)
    for path in records_folder().iterdir():
        path.unlink()
    assert locate_launch("tiny", Account("us-east-1")).work == order.work
    with pytest.raises(InputError, match="other: no such launch is recorded here, nor is there a machine of it"):
        locate_launch("other", Account("us-east-1"))


def test_cleanup_ends_what_is_past_its_time_and_nothing_else(aws: Any, order: LaunchSpec) -> None:
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
    ec2.create_tags(Resources=[late.instance], Tags=[{"Key": UNTIL_TAG, "Value": "2020-01-01T00:00:00Z"}])
    assert "OVERDUE" in invoke("ps").stdout
    dry = invoke("cleanup", "--dry-run").stdout
    assert f"would remove machine {late.instance}" in dry
    assert len(living()) == 2
    done = invoke("cleanup").stdout
    assert f"removing machine {late.instance}" in done
    assert "removing deadline schedule orbifolio-late-20261121-101500-4f2b-1" in done
    assert "removing security group orbifolio-late-20261121-101500-4f2b" in done
    assert [from_aws_tags(item["Tags"])[LAUNCH_TAG] for item in living()] == [order.launch]
    assert (
        ec2.describe_instances(InstanceIds=[stranger])["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"
    )
    names = [item["Name"] for item in aws.client("scheduler").list_schedules()["Schedules"]]
    assert names == [f"orbifolio-{order.launch}-1"]
    assert "nothing to clean up" in invoke("cleanup").stderr


def test_cleanup_of_all_leaves_nothing_of_ours(
    aws: Any, order: LaunchSpec, sessions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "regions", lambda self: ["us-east-1"])
    start(replace(order, reach="ssm"))
    assert "use --yes" in str(invoke("cleanup", "--all").exception)
    answer = invoke("cleanup", "--all", "--yes")
    assert answer.exception is None, answer.output
    assert not living()
    assert not aws.client("scheduler").list_schedules()["Schedules"]
    iam = aws.client("iam")
    assert not iam.list_roles(PathPrefix="/orbifolio/")["Roles"]
    assert not iam.list_instance_profiles(PathPrefix="/orbifolio/")["InstanceProfiles"]


def test_roles_stay_while_another_region_has_a_machine(
    aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule there needs its role to end the machine, and the node its own to publish."""
    monkeypatch.setattr(Account, "regions", lambda self: ["eu-central-1", "us-east-1"])
    far = replace(order, launch="far-20261121-101500-4f2b", region="eu-central-1", image="ami-12c6146b")
    Launch(far, Account("eu-central-1"), lambda text: None, sleep=lambda seconds: None).start({})
    start(order)
    clean(Account("us-east-1"), lambda text: None, everything=True, dry=False)
    assert not living()
    names = {item["RoleName"] for item in aws.client("iam").list_roles()["Roles"]}
    assert len(names) == 2
    assert f"orbifolio-node-{far.launch}" in names
    clean(Account("eu-central-1"), lambda text: None, everything=True, dry=False)
    assert not aws.client("iam").list_roles()["Roles"]


def test_a_machine_without_an_end_is_past_it(aws: Any, order: LaunchSpec) -> None:
    attempt, _ = start(order)
    aws.client("ec2").delete_tags(Resources=[attempt.instance], Tags=[{"Key": UNTIL_TAG}])
    (node,) = list_nodes(Account("us-east-1"))
    assert node.overdue(datetime.now(UTC))
    clean(Account("us-east-1"), lambda text: None, everything=False, dry=False)
    assert not living()


def test_every_region_is_looked_at(aws: Any, order: LaunchSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "regions", lambda self: ["eu-central-1", "us-east-1"])
    far = replace(order, region="eu-central-1", image="ami-12c6146b")
    Launch(far, Account("eu-central-1"), lambda text: None, sleep=lambda seconds: None).start({})
    assert "no orbifolio machine" in invoke("ps").stderr
    assert "eu-central-1" in invoke("ps", "--all-regions").stdout


def test_an_order_survives_its_file_and_a_damaged_one_is_told(order: LaunchSpec) -> None:
    whole = order.with_attempt(Attempt(1, 2.0, "i-1"))
    assert parse_spec(whole.to_json()) == whole
    for text in ("", "{}", "[]", '{"format": 1, "attempts": []}', whole.to_json().replace("g6.xlarge", "x9.huge")):
        with pytest.raises(InputError):
            parse_spec(text)
    with pytest.raises(InputError, match="made by a newer version of orbifolio"):
        parse_spec('{"format": 99}')


def test_status_that_cannot_be_read_is_no_status(aws: Any) -> None:
    aws.client("s3").put_object(Bucket="pictures", Key="launches/x/status.json", Body=b"{")
    assert read_status("s3://pictures/launches/x", "us-east-1") == {}


@pytest.mark.parametrize(
    ("told", "used"), [("60", "60"), ("10080", "10080"), ("6000000", "60"), ("-1", "60"), ("", "60")]
)
def test_a_node_gives_itself_a_week_at_most(told: str, used: str, tmp_path: Path) -> None:
    """The first lines of its script, with a stand-in for `shutdown` that writes down what it is asked."""
    first = body().partition('base="')[0]
    stand_in = f'minutes="{told}"\nshutdown() {{ echo "$2"; }}\n'
    done = subprocess.run(["bash", "-c", stand_in + first], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"+{used}\n"
