"""What AWS decides by policies, written from its documentation of how requests are evaluated; for tests.

Only what our policies and those around them use: effects, principals, actions, resources with wildcards and variables,
and the string conditions. An unknown condition is an error, not a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Policy = Mapping[str, Any]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def matches(pattern: str, text: str, context: Mapping[str, str], *, variables: bool) -> bool:
    """Whether a pattern with `*`, `?` and variables fits a whole text."""
    parts = re.split(r"(\$\{[^}]*\}|\*|\?)" if variables else r"(\*|\?)", pattern)
    expression = ""
    for part in parts:
        if part == "*":
            expression += ".*"
        elif part == "?":
            expression += "."
        elif variables and part.startswith("${") and part.endswith("}"):
            name = part[2:-1]
            if name not in ("*", "?", "$") and name not in context:
                return False  # a variable without a value fits nothing
            expression += re.escape(name if name in ("*", "?", "$") else context[name])
        else:
            expression += re.escape(part)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _holds(condition: Mapping[str, Any], context: Mapping[str, str], *, variables: bool) -> bool:
    for operator, tests in condition.items():
        for key, values in tests.items():
            value = context.get(key)
            exact = [
                value is not None and matches(item, value, context, variables=variables)
                if operator in ("StringLike", "StringNotLike")
                else value == re.sub(r"\$\{([^}]*)\}", lambda name: context.get(name[1], "\0"), item)
                if variables
                else value == item
                for item in _list(values)
            ]
            if operator in ("StringEquals", "StringLike"):
                good = any(exact)
            elif operator in ("StringNotEquals", "StringNotLike"):
                good = not any(exact)
            else:
                raise NotImplementedError(operator)
            if not good:
                return False
    return True


def _principal(statement: Mapping[str, Any], account: str | None) -> bool:
    wanted = statement.get("Principal", "*")
    if wanted == "*":
        return True
    named = _list(wanted.get("AWS", []))
    return "*" in named or account is not None and any(account in name for name in named)


def allowed(
    policies: Iterable[Policy],
    action: str,
    resource: str,
    *,
    account: str | None = None,
    context: Mapping[str, str] | None = None,
) -> bool:
    """Whether a request is allowed: some statement allows it, and none denies it.

    Args:
        account: of who asks; None for a stranger without credentials.
        context: further keys of the request, as in `aws:ResourceAccount`.
    """
    keys = dict(context or {})
    if account is not None:
        keys["aws:PrincipalAccount"] = account
    verdicts = set()
    for policy in policies:
        variables = policy.get("Version") == "2012-10-17"
        for statement in _list(policy["Statement"]):
            if not _principal(statement, account):
                continue
            acts = any(
                matches(item.lower(), action.lower(), {}, variables=False) for item in _list(statement["Action"])
            )
            things = any(matches(item, resource, keys, variables=variables) for item in _list(statement["Resource"]))
            if acts and things and _holds(statement.get("Condition", {}), keys, variables=variables):
                verdicts.add(statement["Effect"])
    return verdicts == {"Allow"}
