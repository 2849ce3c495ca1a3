"""Mail by a mail server (SMTP): a message -> one encrypted conversation.

The password never stands in the settings: they name the environment variable, the file or the parameter of AWS
that holds it. Without encryption nothing is sent but to this machine itself.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from orbifolio.runner.errors import MailError
from orbifolio.runner.mail.base import TIMEOUT, Mailer

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HERE = ("127.0.0.1", "::1", "localhost")


class SMTP(Mailer):
    """A mail server, as every mail program asks for it."""

    kind: Literal["smtp"] = "smtp"
    host: str = Field(min_length=1, max_length=253)
    """The server's name."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Its port; null for 587, 465 or 25, by `security`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; `none` only for a server on this machine."""
    user: str | None = None
    """Name to sign in with; null to send without."""
    password_variable: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Environment variable that holds the password."""
    password_file: str | None = None
    """File that holds the password and nothing else."""
    password_parameter: str | None = Field(default=None, pattern=r"^/?[A-Za-z0-9_./-]+$")
    """SecureString in AWS's parameter store that holds the password: the way for rented machines."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        holders = [self.password_variable, self.password_file, self.password_parameter]
        named = sum(holder is not None for holder in holders)
        if named > 1:
            raise ValueError("the password is in several places; name one of password_variable, _file and _parameter")
        if (self.user is None) != (named == 0):
            raise ValueError("a user and a password belong together; name both, or neither")
        if self.security == "none" and self.host not in _HERE:
            raise ValueError(f"{self.host} is another machine; mail goes there encrypted; use starttls or tls")
        return self

    def send(self, message: EmailMessage) -> None:
        """See the base class."""
        port = self.port or _PORTS[self.security]
        try:
            with self._connect(port) as server:
                if self.security == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user is not None:
                    server.login(self.user, self._password())
                server.send_message(message, self.sender, list(self.to))
        except smtplib.SMTPAuthenticationError:
            raise MailError(f"{self.host} refuses the user {self.user}; check user and password") from None
        except smtplib.SMTPRecipientsRefused as error:
            raise MailError(f"{self.host} refuses {', '.join(error.recipients)}; check the addresses") from None
        except smtplib.SMTPNotSupportedError:
            raise MailError(
                f"{self.host}:{port} does not encrypt as asked; try security: tls, or the other port"
            ) from None
        except ssl.SSLError as error:
            raise MailError(f"{self.host}:{port}: {error.reason or error}; check port and security") from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(f"{self.host}:{port}: {error}; check host, port and network") from None

    def _connect(self, port: int) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, port, timeout=TIMEOUT, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, port, timeout=TIMEOUT)

    def _password(self) -> str:
        """The password, from where it is kept.

        Raises:
            MailError: it is not there.
        """
        if self.password_variable is not None:
            found = os.environ.get(self.password_variable, "")
            if not found:
                raise MailError(f"the variable {self.password_variable} is not set; it should hold the mail password")
            return found
        if self.password_file is not None:
            try:
                return Path(self.password_file).expanduser().read_text(encoding="utf-8").strip()
            except OSError as error:
                why = error.strerror or error
                raise MailError(f"{self.password_file}: cannot be read ({why}); it should hold the password") from None
        return self._parameter()

    def _parameter(self) -> str:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        name = str(self.password_parameter)
        try:
            answer = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
            return str(answer["Parameter"]["Value"])
        except (BotoCoreError, ClientError) as error:
            raise MailError(
                f"the parameter {name} cannot be read ({error}); make it, or permit ssm:GetParameter"
            ) from None
