"""A file that leads a browser to the control page, since its command line can be read by every user of the machine.

`webbrowser` starts a program with what it is to open as an argument. So that is this file, which holds the link with
the token and which only its owner can read; the browser is led on at once, and the file is removed soon.
"""

from __future__ import annotations

import contextlib
import html
import os
import shutil
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

KEPT_SECONDS = 60.0
"""That the file waits for a browser to start."""
BEGIN_SECONDS = 0.5
"""Until the server answers."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>orbifolio</title>
<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={link}"></head>
<body><p><a href="{link}">orbifolio</a></p></body></html>
"""


class RedirectFile:
    """The file, in a folder of its own.

    Attributes:
        path: of the file, of mode 600 in a folder of mode 700.
    """

    def __init__(self, link: str) -> None:
        """Write it.

        Args:
            link: that a browser is led to.
        """
        folder = tempfile.mkdtemp(prefix="orbifolio-")
        self.path = Path(folder) / "open.html"
        text = _PAGE.format(link=html.escape(link))
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)

    def open(self) -> None:
        """Let the user's browser open it."""
        webbrowser.open(self.path.as_uri())

    def remove(self) -> None:
        """Remove it with its folder."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


@contextlib.contextmanager
def opened_later(link: str) -> Iterator[None]:
    """Open a link in the user's browser soon; its file is gone after a minute, or when the block ends."""
    file = RedirectFile(link)
    timers = [threading.Timer(BEGIN_SECONDS, file.open), threading.Timer(KEPT_SECONDS, file.remove)]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        file.remove()
