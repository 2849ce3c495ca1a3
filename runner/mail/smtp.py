"""Mail through a mail server (SMTP): a message -> one encrypted conversation.

The settings never hold the password: they name the environment variable, the file or the AWS parameter that does.
Unencrypted mail is sent only to a server on this machine itself.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from orbifolio.runner.aws import AwsErrors, make_client
from orbifolio.runner.errors import MailError
from orbifolio.runner.mail.base import TIMEOUT, Mailer

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_SSM_ERRORS = AwsErrors(
    raises=MailError,
    service="AWS",
    permissions="add it to them",
    later="try again later",
    codes={"ParameterNotFound": "does not exist; create it as a SecureString that holds the mail password"},
)
_LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


class SMTP(Mailer):
    """A mail server, with the settings that mail programs ask for."""

    kind: Literal["smtp"] = "smtp"
    host: str = Field(min_length=1, max_length=253)
    """Name of the server."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Port of the server; null for 587, 465 or 25, depending on `security`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; `none` only for a server on this machine."""
    user: str | None = None
    """Name to sign in with; null to send without."""
    password_variable: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Environment variable that holds the password."""
    password_file: str | None = None
    """File that holds the password and nothing else."""
    password_parameter: str | None = Field(default=None, pattern=r"^/?[A-Za-z0-9_./-]+$")
    """SecureString in AWS's parameter store that holds the password; the only way for rented machines."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        holders = [self.password_variable, self.password_file, self.password_parameter]
        named = sum(holder is not None for holder in holders)
        if named > 1:
            raise ValueError("the password is given twice; give only one of password_variable, _file, _parameter")
        if (self.user is None) != (named == 0):
            raise ValueError("a user and a password belong together; give both, or neither")
        if self.security == "none" and self.host not in _LOCAL_HOSTS:
            raise ValueError(f"{self.host} is another machine, to which mail must be encrypted; use starttls or tls")
        return self

    def send(self, message: EmailMessage) -> None:
        """Send it in one conversation, signed in if there is a user."""
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
                f"{self.host}:{port} does not offer this encryption; try security: tls, or the other port"
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
        """The password, read from the variable, the file or AWS.

        Raises:
            MailError: it cannot be read.
        """
        if self.password_variable is not None:
            password = os.environ.get(self.password_variable, "")
            if not password:
                raise MailError(f"the variable {self.password_variable} is not set; it should hold the mail password")
            return password
        if self.password_file is not None:
            try:
                return Path(self.password_file).expanduser().read_text(encoding="utf-8").strip()
            except OSError as error:
                why = error.strerror or error
                raise MailError(f"{self.password_file}: cannot be read ({why}); it should hold the password") from None
        return self._parameter()

    def _parameter(self) -> str:
        name = str(self.password_parameter)
        with _SSM_ERRORS.translated(f"the parameter {name}", "ssm:GetParameter"):
            answer = make_client("ssm").get_parameter(Name=name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])
