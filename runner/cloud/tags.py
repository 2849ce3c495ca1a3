"""How our resources in an account are found again: tags of machines and security groups, the path of roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

LAUNCH_TAG = "orbifolio:launch"
"""The name of the launch. What has this tag is ours; nothing else is ever touched."""
UNTIL_TAG = "orbifolio:until"
"""The machine's deadline, ISO 8601 in UTC."""
WORK_TAG = "orbifolio:work"
"""`s3://...` where bundle, log and state lie."""
ATTEMPT_TAG = "orbifolio:attempt"
"""1 for the first machine of a launch, 2 for the one that continues its work, ..."""
DEADLINE_TAG = "orbifolio:deadline"
"""The name of the schedule that ends the machine, which finds it by this tag."""
MODE_TAG = "orbifolio:mode"
"""`run` or `serve`."""
IAM_PATH = "/orbifolio/"
"""The path of our roles and instance profiles."""
CLOSED_GROUP = "orbifolio-closed"
"""The security group without an open port."""


def to_aws_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the form that EC2 takes.

    >>> to_aws_tags({"a": "b"})
    [{'Key': 'a', 'Value': 'b'}]
    """
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def from_aws_tags(tags: object) -> dict[str, str]:
    """Tags in the form that EC2 returns, by name."""
    items = tags if isinstance(tags, list) else []
    return {str(item["Key"]): str(item["Value"]) for item in items}


def parse_moment(text: str) -> datetime | None:
    """A deadline as its tag gives it; None if that is damaged.

    >>> parse_moment("2026-11-21T10:15:00Z")
    datetime.datetime(2026, 11, 21, 10, 15, tzinfo=datetime.timezone.utc)
    """
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
