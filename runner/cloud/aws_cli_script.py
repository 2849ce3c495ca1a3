"""A launch with the AWS command line alone: (recipe, machine, hours) -> a script that needs nothing of this program.

It does what `orbifolio launch` does in its simplest form, with the same script on the machine and the same limits: a
role of its own, a closed security group, a schedule that ends the machine from outside, one machine on demand. Every
report offers it, so that anyone with an AWS account can make the picture again.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import orbifolio
from orbifolio.runner.cloud.account import IMAGE
from orbifolio.runner.cloud.deadline_schedule import AUTOMATE, automation
from orbifolio.runner.cloud.machines import CHEAP_REGIONS, DISTANT_FACTOR, MAX_HOURS, MIN_HOURS
from orbifolio.runner.cloud.node_script import body
from orbifolio.runner.cloud.policy import deadline_policy, trust
from orbifolio.runner.cloud.roles import GUARD_SERVICES, guard_role_name

DELIMITER = "END-OF-THE-RECIPE"
"""Ends the recipe in the script; never a line of one."""


def aws_cli_script(
    *, name: str, theme: str, title: str, recipe: str, machine: str, price: float, hours: float, paints: bool = False
) -> str:
    """The text of the script.

    Args:
        theme: name of the recipe's folder.
        recipe: its text, redacted: the script is published with the report.
        price: list price of the machine, US dollars per hour.
        hours: after which the machine ends in any case.
        paints: whether the run needs libmypaint.
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
        "guard": guard_role_name("aws"),
        "guard_trust": json.dumps(trust(*GUARD_SERVICES)),
        "guard_policy": json.dumps(deadline_policy("aws")),
        "guard_target": f"arn:aws:{AUTOMATE}",
        "guard_request": json.dumps(automation("@SCHEDULE@", "@ROLE@")),
    }
    parts = {
        "TITLE": " ".join(title.split()),
        "VERSION": orbifolio.__version__,
        "LEAST": f"{MIN_HOURS:g}",
        "MOST": f"{MAX_HOURS:g}",
        "CHEAP": "|".join(CHEAP_REGIONS),
        "DISTANT": f"{DISTANT_FACTOR:g}",
        "VALUES": "\n".join(f"{key}={shlex.quote(value)}" for key, value in values.items()),
        "RECIPE": recipe.rstrip("\n").replace(DELIMITER, "..."),
        "NODE": body().rstrip("\n"),
    }
    template = Path(__file__).with_name("aws_cli_script.sh").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: parts.get(match[1], match[0]), template)
