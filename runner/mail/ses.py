"""Mail through Amazon SES: a message -> one request, with the usual AWS credentials or, on a node, its role's."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Literal

from pydantic import Field

from orbifolio.runner.aws import AwsErrors, make_client
from orbifolio.runner.errors import MailError
from orbifolio.runner.mail.base import Mailer

_ERRORS = AwsErrors(
    raises=MailError,
    service="SES",
    permissions="add it to them",
    later="try again later",
    codes={
        "MessageRejected": "refused ({code}); SES sends from verified addresses only, and new accounts also only to "
        "such; verify both in the SES console",
        "MailFromDomainNotVerifiedException": "the sender's domain is not verified; verify it in the SES console",
        "Throttling": "the account has reached its limit; new accounts may send 200 mails a day; wait, or request more",
    },
)


class SES(Mailer):
    """Amazon's mail service; the sender must be verified there, and for a new account also the recipients."""

    kind: Literal["ses"] = "ses"
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$", max_length=40)
    """Region of the service; null for the one that is configured on this machine."""

    def send(self, message: EmailMessage) -> None:
        """Send it as one request that names every recipient."""
        with _ERRORS.translated(f"mail from {self.sender}", "ses:SendRawEmail"):
            try:
                client = make_client("ses", self.region)
            except ValueError as error:
                raise MailError(f"mail from {self.sender}: {error}; check the settings in ~/.aws") from error
            client.send_raw_email(
                Source=self.sender, Destinations=list(self.to), RawMessage={"Data": message.as_bytes()}
            )
