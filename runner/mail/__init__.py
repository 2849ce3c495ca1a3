"""Mail about a run: its start, its picture, its failure, by Amazon's SES or by any mail server (SMTP).

    settings.py   a file of settings -> how and to whom     message.py   what is written
    ses.py smtp.py   the two kinds                           telling.py   when, so that it can never hurt a run

Addresses stand in a file of their own, not in the recipe: recipes are published with their pictures.
"""

from orbifolio.runner.mail.ses import SES
from orbifolio.runner.mail.smtp import SMTP
from orbifolio.runner.settings import family

MAILERS = (SES, SMTP)
AnyMailer = family(*MAILERS)
