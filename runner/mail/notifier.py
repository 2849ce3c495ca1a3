"""Mail about one run, when it starts and when it has ended, however it ended; mail that cannot be sent is a warning.

The first mail is sent while the run continues, the last one after the report was published, so that its link works.
Neither can fail the run, or delay it for long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from orbifolio.runner.errors import MailError
from orbifolio.runner.mail.base import TIMEOUT, MessageSettings
from orbifolio.runner.mail.message import compose, run_picture
from orbifolio.runner.run.run_folder import read_summary

Say = Callable[[str], None]


class Notifier:
    """Sends mail about one run: after `begin`, and when its `with` block is left.

    Args:
        mailer: its recipients get the mail.
        address: run's folder -> address of the published report, "" for none.
        say: prints a line on the terminal.
    """

    def __init__(self, mailer: MessageSettings, address: Callable[[Path], str], say: Say) -> None:
        self._mailer = mailer
        self._address = address
        self._say = say
        self._folder: Path | None = None
        self._first: threading.Thread | None = None

    def __enter__(self) -> Notifier:
        """Wait for `begin`: a run has no folder yet."""
        return self

    def begin(self, folder: Path) -> None:
        """Send the first mail, in the background."""
        self._folder = folder
        if self._mailer.start:
            self._first = threading.Thread(target=self._send, name="mail", daemon=True)
            self._first.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send the last mail, unless the run never started."""
        if self._folder is None:
            return
        if self._first is not None:
            self._first.join(2 * TIMEOUT)
        if self._send():
            self._say(f"mail sent to {self._mailer.recipients}")

    def _send(self) -> bool:
        """Send mail about the run as it is now; returns whether that worked."""
        assert self._folder is not None
        try:
            summary = read_summary(self._folder) or {}
            try:
                picture = run_picture(self._folder, summary)
            except Exception:  # a mail without a picture is better than none
                picture = None
            self._mailer.send(compose(self._mailer, summary, address=self._address(self._folder), picture=picture))
        except MailError as error:
            self._say(f"warning: no mail was sent: {error}")
            return False
        except Exception as error:  # a fault in the mail must not fail the run
            self._say(f"warning: no mail was sent: {type(error).__name__}: {error}")
            return False
        return True
