"""What a published report may repeat of the user's input: (JSON value) -> it without signatures and home folder.

An address may carry a signature in its query, and a path the name of the user; both are cut from parameters, commands
and the recipe's copy. A signed address expires anyway; the picture's SHA-256 identifies it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orbifolio.runner.images.fetching import without_secrets

_ADDRESS = re.compile(r"https://[^\s\"'<>\\^`{|}\[\]]*[^\s\"'<>\\^`{|}\[\],;.)]")
CUT = "?…"
"""Replaces the query of an address."""


def _without_query(match: re.Match[str]) -> str:
    address = match[0]
    bare = without_secrets(address)
    return bare + CUT if "?" in address else bare


def redact(text: str) -> str:
    """A text without signatures and the home folder.

    >>> redact("style: https://bucket.example/a.png?X-Amz-Signature=12ab")
    'style: https://bucket.example/a.png?…'
    """
    home = str(Path.home())
    bare = _ADDRESS.sub(_without_query, text)
    # only whole folder names: /home/ann must not touch /home/anna
    return re.sub(rf"(?<![\w/.]){re.escape(home)}(?=/)", "~", bare) if len(home) > 1 else bare


def redact_value(value: Any) -> Any:
    """A JSON value with every text in it redacted; keys stay.

    >>> redact_value({"images": ["https://host/a.png?key=1"], "seed": 3})
    {'images': ['https://host/a.png?…'], 'seed': 3}
    """
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: redact_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_value(item) for item in value]
    return value
