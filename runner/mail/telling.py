"""Mail around one run: its beginning and its end, however it ends; a mail that cannot be sent is a warning.

The first mail goes out beside the run, the last one when the report has been published, so that its link leads
somewhere. Neither can fail the run, nor hold it up for long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from orbifolio.runner.errors import MailError
from orbifolio.runner.mail.base import TIMEOUT, Mailer
from orbifolio.runner.mail.message import compose, picture_of
from orbifolio.runner.run.run_folder import read_summary

Say = Callable[[str], None]


class Telling:
    """Tells by mail how a run goes.

    Args:
        mailer: how and to whom.
        address: where a run's report will be seen, by its folder; "" for nowhere.
        say: prints a line on the terminal.
    """

    def __init__(self, mailer: Mailer, address: Callable[[Path], str], say: Say) -> None:
        self._mailer = mailer
        self._address = address
        self._say = say
        self._folder: Path | None = None
        self._first: threading.Thread | None = None

    def __enter__(self) -> Telling:
        """Nothing is sent before the run has a folder."""
        return self

    def begin(self, folder: Path) -> None:
        """The run has begun."""
        self._folder = folder
        if self._mailer.start:
            self._first = threading.Thread(target=self._send, name="mail", daemon=True)
            self._first.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The run has ended."""
        if self._folder is None:
            return
        if self._first is not None:
            self._first.join(2 * TIMEOUT)
        if self._send():
            self._say(f"mail sent to {', '.join(self._mailer.to)}")

    def _send(self) -> bool:
        """Send a mail about the run as it stands; whether that worked."""
        assert self._folder is not None
        try:
            summary = read_summary(self._folder) or {}
            try:
                picture = picture_of(self._folder, summary)
            except Exception:  # a mail without a picture is better than none
                picture = None
            self._mailer.send(compose(self._mailer, summary, address=self._address(self._folder), picture=picture))
        except MailError as error:
            self._say(f"warning: no mail was sent: {error}")
            return False
        except Exception as error:  # a fault of ours must not cost anyone a picture
            self._say(f"warning: no mail was sent: {type(error).__name__}: {error}")
            return False
        return True
