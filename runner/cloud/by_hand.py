"""A launch by Amazon's own command line: (recipe, machine, hours) -> a script that needs nothing of this program.

It does what `orbifolio launch` does in its simplest form, with the same script on the machine and the same limits:
role, closed group, one machine on demand that ends itself in time. It stands beside every report, so that a picture can
be made again by somebody who has only an AWS account.
"""

from __future__ import annotations

import json
import re
import shlex
from importlib import metadata
from pathlib import Path

from orbifolio.runner.cloud.account import IMAGE
from orbifolio.runner.cloud.policy import trust
from orbifolio.runner.cloud.script import body

DELIMITER = "END-OF-THE-RECIPE"
"""No line of a recipe."""


def script(
    *, name: str, theme: str, title: str, recipe: str, machine: str, price: float, hours: float, paints: bool = False
) -> str:
    """The script.

    Args:
        name: the recipe's.
        theme: its folder's.
        title: the picture's.
        recipe: its text, as a stranger may read it.
        machine: type of machine.
        price: its list price, dollars an hour.
        hours: that it may live.
        paints: whether it needs the paint program.
    """
    values = {
        "recipe_name": name,
        "theme": theme,
        "hours": f"{hours:g}",
        "machine": machine,
        "price": f"{price:.3f}",
        "paints": "yes" if paints else "",
        "image_parameter": IMAGE,
        "trust": json.dumps(trust("ec2")),
    }
    parts = {
        "TITLE": " ".join(title.split()),
        "VERSION": _version(),
        "VALUES": "\n".join(f"{key}={shlex.quote(value)}" for key, value in values.items()),
        "RECIPE": recipe.rstrip("\n").replace(DELIMITER, "..."),
        "NODE": body().rstrip("\n"),
    }
    template = Path(__file__).with_name("by_hand.sh").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda found: parts.get(found[1], found[0]), template)


def _version() -> str:
    try:
        return metadata.version("orbifolio")
    except metadata.PackageNotFoundError:
        return ""
