"""A run again elsewhere: the launch line, the script for Amazon's command line (really executed), task files."""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from policy_evaluator import allowed

from orbifolio.runner.cli import cli
from orbifolio.runner.cloud.aws_cli_script import aws_cli_script
from orbifolio.runner.cloud.rerun import launch_line


@pytest.mark.parametrize(
    ("command", "has_target", "line"),
    [
        ("orbifolio run a.yaml", True, "orbifolio launch a.yaml"),
        (
            "orbifolio run 'a b.yaml' seed=3 --image me=x.png --out shelf --device cpu --resume",
            False,
            "orbifolio launch 'a b.yaml' seed=3 --image me=x.png --to s3://BUCKET/gallery",
        ),
        ("orbifolio serve", True, ""),
        ("", True, ""),
    ],
)
def test_the_launch_line(command: str, has_target: bool, line: str) -> None:
    assert launch_line(command, has_target=has_target) == line
    assert not line or line.split()[1] in cli.commands


def test_every_report_says_how(recipe: Path, tmp_path: Path) -> None:
    words = ["run", str(recipe), "seed=3", "--out", str(tmp_path / "gallery")]
    answer = CliRunner().invoke(cli, words, standalone_mode=False)
    assert answer.exception is None, answer.output
    (folder,) = (tmp_path / "gallery" / "tiny").glob("*-*-*")
    rerun = json.loads((folder / "run.json").read_text())["rerun"]
    assert shlex.split(rerun["cloud"])[0:2] == ["orbifolio", "launch"]
    assert rerun["cloud"].endswith("seed=3 --to s3://BUCKET/gallery")
    assert rerun["script"] == "again/aws.sh"
    text = (folder / "again/aws.sh").read_text()
    assert "seed: 3" in text
    assert subprocess.run(["bash", "-n", str(folder / "again/aws.sh")], check=False).returncode == 0
    page = (folder / "index.html").read_text()
    assert 'href="again/aws.sh"' in page
    assert "orbifolio launch" in page


@pytest.fixture
def amazon(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Amazon's own command line against an account in memory, and its environment."""
    program = shutil.which("aws")
    if program is None:
        pytest.skip("Amazon's command line is not here: `apt-get install awscli`")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "aws"
    wrapper.write_text(f'#!/bin/sh\nexec "{program}" --endpoint-url {url} "$@"\n')
    wrapper.chmod(0o755)
    kept = {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    yield {**kept, "HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "ENDPOINT": url}
    server.stop()


def client(service: str, environment: dict[str, str]) -> Any:
    import boto3

    return boto3.client(service, region_name="us-east-1", endpoint_url=environment["ENDPOINT"])


@pytest.mark.slow
def test_the_script_rents_a_machine_that_ends(
    amazon: dict[str, str], wheel: Path, tmp_path: Path, recipe: Path
) -> None:
    client("s3", amazon).create_bucket(Bucket="pictures")
    path = tmp_path / "aws.sh"
    evil = "$(touch owned)`touch owned`"
    text = recipe.read_text() + f"x-note: '{evil}'\n"
    path.write_text(
        aws_cli_script(
            name="tiny", theme="plane", title=f"T\n{evil}", recipe=text, machine="g4dn.xlarge", price=0.5, hours=1
        )
    )
    environment = {**amazon, "BUCKET": "pictures", "WHEEL": str(wheel), "IMAGE": "ami-12c6146b", "PAUSE": "0"}

    def go(told: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(path)],
            env={**environment, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            input=told,
        )

    unasked = go("n\n")
    assert unasked.returncode == 1
    assert "at most $0.65" in unasked.stdout  # (0.5 + 0.016) x 1.25, rounded
    assert not client("ec2", amazon).describe_instances()["Reservations"]
    done = go("", YES="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "owned").exists()
    ec2 = client("ec2", amazon)
    machine = ec2.describe_instances()["Reservations"][0]["Instances"][0]
    tags = {item["Key"]: item["Value"] for item in machine["Tags"]}
    assert set(tags) == {"Name", "orbifolio:launch", "orbifolio:until", "orbifolio:work", "orbifolio:deadline"}
    guard = client("scheduler", amazon).get_schedule(Name=tags["orbifolio:deadline"])
    request = json.loads(guard["Target"]["Input"])
    assert request["Targets"] == [{"Key": "tag:orbifolio:deadline", "Values": [tags["orbifolio:deadline"]]}]
    assert request["Parameters"] == {"AutomationAssumeRole": [guard["Target"]["RoleArn"]]}
    at = datetime.strptime(guard["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
    assert timedelta(minutes=60) < at - datetime.now(UTC) <= timedelta(minutes=66)
    iam = client("iam", amazon)
    role = machine["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    policy = iam.get_role_policy(RoleName=role, PolicyName="orbifolio")["PolicyDocument"]
    own = f"arn:aws:s3:::pictures/launches/{tags['orbifolio:launch']}"
    assert allowed([policy], "s3:PutObject", f"{own}/state.tar")
    assert not allowed([policy], "s3:GetObject", f"{own[:-4]}ffff/bundle.tar.gz")
    ask = {"InstanceId": machine["InstanceId"]}
    told = ec2.describe_instance_attribute(**ask, Attribute="userData")["UserData"]["Value"]
    node = base64.b64decode(told).decode()
    assert node.index("minutes=60") < node.index("shutdown -h")
    behaviour = ec2.describe_instance_attribute(**ask, Attribute="instanceInitiatedShutdownBehavior")
    assert behaviour["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    shown = 'printf "%s\\n" "${arguments[@]}"'
    beginning = node[: node.index("# What a rented machine does")]
    answer = subprocess.run(["bash", "-c", beginning + shown], capture_output=True, text=True, check=True)
    words = answer.stdout.split("\n")
    assert words[:2] == ["run", "recipe/plane/tiny.yaml"]
    assert json.loads(words[2].removeprefix("publish="))["bucket"] == "pictures"
    stored = client("s3", amazon).list_objects_v2(Bucket="pictures")["Contents"]
    assert {item["Key"].rpartition("/")[2] for item in stored} == {"bundle.tar.gz", wheel.name}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"HOURS": "100000"}, "HOURS=100000: a machine may live for 0.25 to 168 hours"),
        ({"HOURS": "nan"}, "HOURS=nan: a machine may live"),
        ({"HOURS": "1);system(1"}, "a machine may live"),
        ({"HOURS": "100"}, "BUDGET=25: this may cost $51.73; set fewer HOURS, or more BUDGET"),
        ({"HOURS": "20", "AWS_REGION": "sa-east-1", "BUDGET": "10"}, "BUDGET=10: this may cost $18.04"),
    ],
)
def test_the_script_refuses_what_is_too_long_or_too_dear(tmp_path: Path, more: dict[str, str], text: str) -> None:
    script = aws_cli_script(
        name="tiny", theme="plane", title="T", recipe="x: 1", machine="g4dn.xlarge", price=0.5, hours=1
    )
    environment = {"PATH": os.environ["PATH"], "BUCKET": "pictures", "WHEEL": "w", "YES": "1", **more}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert text in done.stderr


@pytest.fixture
def networked(recipe: Path) -> Path:
    """A recipe that is worth a GPU."""
    look = "{kind: style, images: ['skimage:coffee'], layers: [conv1_1]}"
    recipe.write_text(recipe.read_text().replace("range, smoothness", look))
    return recipe


def exported(engine: str, *words: object) -> str:
    answer = CliRunner().invoke(cli, ["export", engine, *map(str, words)], standalone_mode=False)
    assert answer.exception is None, answer.output
    return answer.stdout


def test_a_task_for_skypilot(networked: Path) -> None:
    task = yaml.safe_load(exported("skypilot", networked, "seed=3"))
    assert set(task) == {"name", "resources", "workdir", "envs", "file_mounts", "setup", "run"}
    resources = task["resources"]
    assert any(choice["accelerators"] == "T4:1" for choice in resources["any_of"])
    assert resources["use_spot"] is True
    assert resources["autostop"]["down"] is True
    limit, _, shell, option, command = shlex.split(task["run"])
    assert (limit, shell, option) == ("timeout", "sh", "-c")
    assert shlex.split(command.partition(";")[0])[:4] == ["orbifolio", "run", str(networked), "seed=3"]
    assert task["name"] == "tiny"


def test_a_script_for_slurm_keeps_its_state_and_queues_itself_again(networked: Path, tmp_path: Path) -> None:
    path = tmp_path / "job.sh"
    exported("slurm", networked, "--write", path)
    text = path.read_text()
    assert "#SBATCH --gres=gpu:1" in text
    assert "#SBATCH --time=1:00:00" in text
    programs = tmp_path / "bin"
    programs.mkdir()
    # a run that is asked to end and does so with 130, and an engine that writes down what it is asked
    ends = 'echo "$@" >>told\ntrap "exit 130" TERM\nkill -TERM "$PPID"\nwhile :; do sleep 0.1; done\n'
    (programs / "orbifolio").write_text(f"#!/bin/bash\n{ends}")
    (programs / "scontrol").write_text('#!/bin/sh\necho "scontrol $@" >>told\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "SLURM_JOB_ID": "17", "SLURM_RESTART_COUNT": "1"}
    done = subprocess.run(["bash", str(path)], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 130
    assert (tmp_path / "told").read_text().splitlines() == [f"run {networked} --resume", "scontrol requeue 17"]
