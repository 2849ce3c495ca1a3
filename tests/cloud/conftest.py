"""Fixtures of the cloud's tests: an account that exists in memory only, and nobody's real credentials."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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

    from runner.cloud import account

    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "Session", lambda: session)
        patch.setattr(account.Account, "newest_image", lambda self: "ami-12c6146b")
        session.client("s3").create_bucket(Bucket=BUCKET)
        yield session
