"""Mail about a run: its start, its picture, its failure, through Amazon's SES or any mail server (SMTP).

    settings.py       a file of settings -> the mailer
    message.py        what a mail says
    ses.py, smtp.py   two ways to send it; webhook.py, a third: ntfy, Slack, Discord, any program
    notifier.py       when mail is sent, without ever failing a run

Addresses are kept in a file of their own, not in the recipe: recipes are published with their pictures.
"""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.settings import KindFamily

MAILERS = KindFamily(
    {
        "ses": "orbifolio.runner.mail.ses:SES",
        "smtp": "orbifolio.runner.mail.smtp:SMTP",
        "webhook": "orbifolio.runner.mail.webhook:Webhook",
    },
)
AnyMailer = Annotated[Any, MAILERS]
