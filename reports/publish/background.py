"""Publishing a run while it goes on: (recipe's `publish:`) -> a thread that copies its report every few minutes.

It never holds up or fails the run: what goes wrong is a warning on the terminal, told once, and tried again
at the next time. When the run has ended, however it ended, the report is published a last time.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from orbifolio.runner.errors import OrbifolioError

if TYPE_CHECKING:
    from orbifolio.reports.publish.folder import Folder
    from orbifolio.reports.publish.publication import Publication
    from orbifolio.reports.publish.s3 import S3
    from orbifolio.reports.publish.store import Store

Say = Callable[[str], None]


class Quiet:
    """Tells only what the user must know, each thing once."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._told = ""

    def expect(self, files: int, bytes_: int) -> None:
        """Nothing to tell."""

    def uploaded(self, key: str, bytes_: int) -> None:
        """Nothing to tell."""

    def deleted(self, key: str) -> None:
        """Nothing to tell."""

    def reached(self, run: int, of: int) -> None:
        """Nothing to tell."""

    def say(self, text: str) -> None:
        """A warning, unless it is the last one again."""
        if text != self._told:
            self._told = text
            self._say(f"warning: {text}")


class Publishing:
    """Publishes one run's folder in the background, and a last time when the block that it guards is left.

    Args:
        settings: the recipe's `publish:`.
        base: the folder of the recipe, where relative targets begin.
        gallery: the folder that holds all runs.
        say: prints a line on the terminal.
    """

    def __init__(self, settings: S3 | Folder, base: Path, gallery: Path, say: Say) -> None:
        self._settings = settings
        self._gallery = gallery
        self._say = say
        self._witness = Quiet(say)
        self._store: Store = settings.build(base)
        self._folder: Path | None = None
        self._publication: Publication | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def _command(self) -> str:
        places = (str(self._gallery), self._store.name)
        return shlex.join(("orbifolio", "publish", *places, *self._settings.options))

    def __enter__(self) -> Publishing:
        """Nothing happens before the run has a folder."""
        return self

    def begin(self, folder: Path) -> None:
        """The run has a folder with a report in it: publish it now, and then every few minutes."""
        self._folder = folder
        if self._settings.every is None:
            return
        self._say(f"publishing to {self._store.name} every {self._settings.every:g} min")
        # A daemon: if the program has to end at once, it does not wait for a slow network.
        self._thread = threading.Thread(target=self._go_on, name="publishing", daemon=True)
        self._thread.start()

    def _go_on(self) -> None:
        while True:
            self._publish()
            if self._ended.wait(60 * (self._settings.every or 0)):
                return

    def _publish(self) -> bool:
        """Publish what is on disk now; whether that worked."""
        from orbifolio.reports.publish.publication import Publication

        assert self._folder is not None
        try:
            if self._publication is None:
                every = 60 * (self._settings.every or 0)
                self._publication = Publication(self._store, self._gallery, self._witness, every=every)
            self._publication.publish([self._folder])
        except OrbifolioError as error:
            self._witness.say(f"not published: {error}")
        except OSError as error:
            self._witness.say(f"not published: {error.filename or 'a file'}: {error.strerror or error}")
        except Exception as error:  # a fault of ours must not cost anyone a picture
            self._witness.say(f"not published: {type(error).__name__}: {error}")
        else:
            return True
        return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Publish a last time, with the report as the run left it."""
        self._ended.set()
        if self._folder is None:
            return  # it never began
        try:
            if self._thread is not None:
                self._thread.join()
            if self._publish():
                self._say(f"published: {self._store.address('index.html')}")
            else:
                self._say(f"publish it later with: {self._command}")
        except KeyboardInterrupt:
            self._store.stop()
            self._say(f"not published to the end; go on with: {self._command}")
        except OrbifolioError:
            return
