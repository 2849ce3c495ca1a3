"""How our things in an account are known again: tags of machines and groups, the path of roles, names of schedules."""

from __future__ import annotations

from collections.abc import Mapping

LAUNCH = "orbifolio:launch"
"""The launch's name: what has this tag is ours, and nothing else is ever touched."""
UNTIL = "orbifolio:until"
"""When it must be gone, ISO 8601 in UTC."""
WORK = "orbifolio:work"
"""Where its log and state lie."""
ATTEMPT = "orbifolio:attempt"
"""1 for the first machine of a launch, 2 for the one that goes on after an interruption, ..."""
MODE = "orbifolio:mode"
"""`run` or `serve`."""
PATH = "/orbifolio/"
"""Of roles and instance profiles."""
CLOSED = "orbifolio-closed"
"""The security group that lets nobody in."""


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """As EC2 wants them.

    >>> listed({"a": "b"})
    [{'Key': 'a', 'Value': 'b'}]
    """
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def mapped(tags: object) -> dict[str, str]:
    """As EC2 gives them, by name."""
    items = tags if isinstance(tags, list) else []
    return {str(item["Key"]): str(item["Value"]) for item in items}
