"""A file of mail settings -> a mailer; mistakes are reported with line and column, as in a recipe.

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
from orbifolio.runner.mail.base import MessageSettings
from orbifolio.runner.recipe.source import read
from orbifolio.runner.recipe.validation import validate
from orbifolio.runner.settings import Settings


class MailFile(Settings):
    """A file that says who gets mail about a run."""

    mail: AnyMailer
    """Sender, recipients, and how mail is sent."""


def read_mailer(path: Path) -> MessageSettings:
    """The mail settings of a file.

    Raises:
        RecipeError: every error in the file.
    """
    mailer: MessageSettings = validate(MailFile, read(path), folder=path.parent).mail
    return mailer
