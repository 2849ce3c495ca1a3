"""Mail by Amazon SES: a message -> one request; credentials are AWS's usual ones, on a node those of its role."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Literal

from pydantic import Field

from orbifolio.runner.errors import MailError
from orbifolio.runner.mail.base import TIMEOUT, Mailer

_CURES = {
    "MessageRejected": "SES sends from verified addresses only, and new accounts also only to such; verify both in "
    "the SES console",
    "MailFromDomainNotVerifiedException": "the sender's domain is not verified; verify it in the SES console",
    "AccessDenied": "these credentials lack ses:SendRawEmail; add it to them",
    "AccessDeniedException": "these credentials lack ses:SendRawEmail; add it to them",
    "Throttling": "SES sends no more at present; new accounts may send 200 mails a day",
}


class SES(Mailer):
    """Amazon's mail service; the sender must be verified there, and in a new account the recipients, too."""

    kind: Literal["ses"] = "ses"
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$", max_length=40)
    """Region of the service; null for the one that is configured."""

    def send(self, message: EmailMessage) -> None:
        """See the base class."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        limits = Config(connect_timeout=TIMEOUT / 2, read_timeout=TIMEOUT, retries={"total_max_attempts": 3})
        try:
            session = boto3.Session()
            region = self.region or session.region_name or "us-east-1"
            session.client("ses", region_name=region, config=limits).send_raw_email(
                Source=self.sender, Destinations=list(self.to), RawMessage={"Data": message.as_bytes()}
            )
        except ClientError as error:
            answer = error.response.get("Error", {})
            code = str(answer.get("Code", "error"))
            cure = _CURES.get(code, f"{answer.get('Message', '')}; see the SES console")
            raise MailError(f"SES refuses the mail from {self.sender} ({code}); {cure}") from None
        except (BotoCoreError, ValueError) as error:
            raise MailError(f"SES cannot be asked ({error}); check the network and the settings in ~/.aws") from None
