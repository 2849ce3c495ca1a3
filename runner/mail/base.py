"""Sender and recipients of mail: the base of all kinds of mailers."""

from __future__ import annotations

import re
from email.message import EmailMessage

from pydantic import Field, field_validator

from orbifolio.runner.settings import Settings

ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\\x00-\x1f]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
TIMEOUT = 30.0  # seconds without an answer: a run ends only after its last mail, so it must not wait for long


class MessageSettings(Settings):
    """How somebody is told of a run."""

    start: bool = True
    """Whether to send mail when a run starts, too."""

    @property
    def recipients(self) -> str:
        """Whom a message goes to, for people."""
        raise NotImplementedError(type(self).__name__)

    def address(self, message: EmailMessage) -> None:
        """Write sender and recipients on a message, where there are any."""

    def send(self, message: EmailMessage) -> None:
        """Send a message.

        Raises:
            MailError: it was not accepted.
        """
        raise NotImplementedError(type(self).__name__)


class Mailer(MessageSettings):
    """Sender and recipients of mail about a run."""

    sender: str
    """Address that mail comes from, as in `studio@example.org`."""
    to: tuple[str, ...] = Field(min_length=1, max_length=20)
    """Addresses that mail goes to."""

    @property
    def recipients(self) -> str:
        """The addresses."""
        return ", ".join(self.to)

    def address(self, message: EmailMessage) -> None:
        """Write sender and recipients on a message."""
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)

    @field_validator("to", mode="before")
    @classmethod
    def _one(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("sender", "to")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for item in (value,) if isinstance(value, str) else value:
            if not ADDRESS.fullmatch(item) or len(item) > 254:
                raise ValueError(f"{item!r} is not a mail address; write it as in ann@example.org")
        return value
