"""Fixtures of the cloud's tests: an account that exists in memory only, and nobody's real credentials."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rented import TARGET, invoke

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.launch_spec import LaunchSpec

BUCKET = "pictures"
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "tester-secret", "AWS_DEFAULT_REGION": REGION}
TINY = """\
schema: 1
title: Tiny
seed: 7
renderer:
  kind: image-optimisation
  vision: untrained
  objectives: [range, smoothness]
  phases: [{size: 16, steps: 4}]
frames: 2
"""


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys that open nothing, no settings of whoever runs the tests, a memory of launches of one's own."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "ORBIFOLIO_")) or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    for name, value in {
        **KEYS,
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "ORBIFOLIO_STATE": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "plane" / "tiny.yaml"
    path.parent.mkdir()
    path.write_text(TINY)
    return path


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Something that stands for the program where nobody runs it."""
    path = tmp_path / "orbifolio-0.0.0-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return path


@pytest.fixture(scope="session")
def session() -> Any:
    """One for all tests: reading the descriptions of Amazon's services takes most of the time."""
    import boto3
    import moto

    assert moto.__version__  # imported first: it puts itself between
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        found = boto3.Session(region_name=REGION)
        assert found.get_credentials() is not None
    return found


@pytest.fixture
def aws(_nobody: None, session: Any) -> Iterator[Any]:
    """An account in moto's memory, with a bucket; the newest image is one that moto has."""
    import boto3
    from moto import mock_aws

    from orbifolio.runner.cloud import account

    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "Session", lambda: session)
        patch.setattr(account.Account, "newest_image", lambda self: "ami-12c6146b")
        session.client("s3").create_bucket(Bucket=BUCKET)
        yield session


@pytest.fixture
def launch(recipe: Path, wheel: Path) -> Callable[..., Result]:
    def go(*more: object) -> Result:
        return invoke("launch", recipe, "--to", TARGET, "--wheel", wheel, "--yes", *more)

    return go


@pytest.fixture
def order(aws: Any) -> LaunchSpec:
    """One that needs no recipe."""
    return LaunchSpec(
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
