"""A file of mail settings -> who writes to whom and how, with every fault at its place, as in a recipe.

mail:
  kind: smtp
  host: mail.example.org
  user: ann
  password_variable: MAIL_PASSWORD
  sender: ann@example.org
  to: ann@example.org
"""

from __future__ import annotations

from pathlib import Path

from orbifolio.runner.mail import AnyMailer
from orbifolio.runner.mail.base import Mailer
from orbifolio.runner.recipe.source import read
from orbifolio.runner.recipe.validation import validate
from orbifolio.runner.settings import Settings


class MailFile(Settings):
    """A file that says who is written to about a run."""

    mail: AnyMailer
    """How, by whom and to whom."""


def read_mailer(path: Path) -> Mailer:
    """The settings of a file.

    Raises:
        RecipeError: everything that is wrong with it.
    """
    mailer: Mailer = validate(MailFile, read(path), folder=path.parent).mail
    return mailer
