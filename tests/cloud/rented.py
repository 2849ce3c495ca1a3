"""What the tests of launches do most: invoke, start, look at what lives, let AWS fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from orbifolio.runner.cli import cli
from orbifolio.runner.cloud.account import CLOUD_ERRORS, Account
from orbifolio.runner.cloud.launch import Launch, instances
from orbifolio.runner.cloud.launch_spec import LaunchSpec
from orbifolio.runner.log_lines import show_records

TARGET = "s3://pictures/gallery"


def invoke(*arguments: object, told: str | None = None) -> Result:
    show_records()  # as the program does when it begins
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False, input=told)


def start(order: LaunchSpec, **files: bytes) -> tuple[Any, list[str]]:
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
        raise CLOUD_ERRORS.translate(error, what, f"{service}:{name}") from error

    monkeypatch.setattr(Account, "ask", ask)
    return asked


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Any")


def listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
