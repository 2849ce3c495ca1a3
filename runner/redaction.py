"""What a report may tell of what was typed: (JSON value) -> the same without signatures and the home folder.

Reports are published. An address may carry a signature in its query, and a path the name of whoever typed
it; both are cut from parameters, commands and the recipe's copy. A signed address is worthless later anyway;
what the picture was is told by its sha256.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orbifolio.runner.images.fetching import without_secrets

_ADDRESS = re.compile(r"https://[^\s\"'<>\\^`{|}\[\]]*[^\s\"'<>\\^`{|}\[\],;.)]")
CUT = "?…"
"""Stands where the query of an address stood."""


def _without_query(match: re.Match[str]) -> str:
    address = match[0]
    kept = without_secrets(address)
    return kept + CUT if "?" in address else kept


def redact(text: str) -> str:
    """A text as strangers may read it.

    >>> redact("style: https://bucket.example/a.png?X-Amz-Signature=12ab")
    'style: https://bucket.example/a.png?…'
    """
    home = str(Path.home())
    found = _ADDRESS.sub(_without_query, text)
    # only whole folder names: /home/ann must not touch /home/anna
    return re.sub(rf"(?<![\w/.]){re.escape(home)}(?=/)", "~", found) if len(home) > 1 else found


def redact_value(value: Any) -> Any:
    """A JSON value with every text in it made discreet; keys stay.

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
