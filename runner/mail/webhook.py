"""A word about a run to an address on the web, as ntfy, Slack, Discord, Mattermost and programs of one's own take it.

What mail would say, as JSON by POST. Services read the key that they know: `text` is Slack's and Mattermost's,
`content` Discord's; ntfy takes the text itself.
"""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from email.message import EmailMessage
from typing import Literal

from pydantic import Field, model_validator

from orbifolio.runner.errors import MailError
from orbifolio.runner.mail.base import TIMEOUT, MessageSettings


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address may hold a secret, which is sent nowhere else."""

    def redirect_request(self, *arguments: object, **options: object) -> None:
        return None


class Webhook(MessageSettings):
    """A POST to an address; that of Slack, Discord and ntfy is their secret, so it may come from the environment."""

    kind: Literal["webhook"] = "webhook"
    url: str | None = Field(default=None, max_length=1000)
    """The address, `https://...`; `http://` only on this machine."""
    url_variable: str | None = Field(default=None, max_length=100)
    """Environment variable that holds it."""
    format: Literal["json", "ntfy"] = "json"
    """`json` for Slack, Discord, Mattermost and programs; `ntfy` for ntfy: text, with title and link in headers."""

    @model_validator(mode="after")
    def _one(self) -> Webhook:
        if (self.url is None) == (self.url_variable is None):
            raise ValueError("one of url and url_variable is needed; give the address, or where it is kept")
        if self.url is not None:
            _check(self.url)
        return self

    @property
    def recipients(self) -> str:
        """Whom a message went to; the address itself may be a secret."""
        return "the webhook"

    def send(self, message: EmailMessage) -> None:
        """Send a message's text.

        Raises:
            MailError: it was not accepted.
        """
        try:
            with urllib.request.build_opener(_NoRedirect).open(self._request(message), timeout=TIMEOUT):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            raise MailError(f"the webhook answers {error.code}; check its address and what it takes") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            raise MailError(f"the webhook cannot be reached ({reason}); check its address") from None

    def _request(self, message: EmailMessage) -> urllib.request.Request:
        address = self.url or os.environ.get(self.url_variable or "", "")
        if not address:
            raise MailError(f"the variable {self.url_variable} holds no address; set it to the webhook's")
        try:
            _check(address)
        except ValueError as error:
            raise MailError(f"{self.url_variable}: {error}") from None
        title = str(message["Subject"])
        body = message.get_body(("plain",))
        text = body.get_content().strip() if body is not None else title
        link = next((line.removeprefix("Report: ") for line in text.splitlines() if line.startswith("Report: ")), "")
        if self.format == "ntfy":
            headers = {"Title": title.encode("ascii", "replace").decode(), "Content-Type": "text/plain; charset=utf-8"}
            headers |= {"Click": link} if link.startswith("https://") and link.isascii() else {}
            return urllib.request.Request(address, text.encode(), headers, method="POST")
        values = {"text": text, "content": text[:2000], "title": title, "report": link}
        data = json.dumps(values, ensure_ascii=False).encode()
        return urllib.request.Request(address, data, {"Content-Type": "application/json"}, method="POST")


def _check(address: str) -> None:
    """Refuse an address that would be sent in the open, or is none.

    Raises:
        ValueError: "what; rule; cure".
    """
    import urllib.parse

    parts = urllib.parse.urlsplit(address)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and here)):
        raise ValueError("is no address of a webhook; messages go by https only; write https://...")
