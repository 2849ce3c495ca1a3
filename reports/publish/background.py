"""Publishing a run while it is running: (recipe's `publish:`) -> a thread that copies its report every few minutes.

It never delays or fails the run: a failure is a warning on the terminal, shown once, and the next attempt comes a few
minutes later. When the run has ended, however it ended, the report is published a last time.
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
    from orbifolio.reports.publish.folder import FolderTarget
    from orbifolio.reports.publish.publisher import Publisher
    from orbifolio.reports.publish.s3 import S3
    from orbifolio.reports.publish.store import Store

Say = Callable[[str], None]


class WarningListener:
    """Shows what the user must know, and nothing else; a message that repeats is shown once."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._last = ""

    def expect(self, files: int, bytes_: int) -> None:
        """Ignored: a progress bar would disturb the run's own."""

    def uploaded(self, key: str, bytes_: int) -> None:
        """Ignored, as `expect` is."""

    def deleted(self, key: str) -> None:
        """Ignored, as `expect` is."""

    def reached(self, run: int, of: int) -> None:
        """Ignored, as `expect` is."""

    def say(self, text: str) -> None:
        """Show a warning, unless it repeats the last one."""
        if text != self._last:
            self._last = text
            self._say(f"warning: {text}")


class BackgroundPublisher:
    """Publishes one run's folder in the background, and a last time when its `with` block is left.

    Args:
        settings: the recipe's `publish:`.
        base: the folder of the recipe, where relative targets start.
        gallery: the folder that holds all runs.
        say: prints a line on the terminal.
    """

    def __init__(self, settings: S3 | FolderTarget, base: Path, gallery: Path, say: Say) -> None:
        self._settings = settings
        self._gallery = gallery
        self._say = say
        self._listener = WarningListener(say)
        self._store: Store = settings.build(base)
        self._folder: Path | None = None
        self._publisher: Publisher | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def _command(self) -> str:
        places = (str(self._gallery), self._store.name)
        return shlex.join(("orbifolio", "publish", *places, *self._settings.options))

    def __enter__(self) -> BackgroundPublisher:
        """Wait for `begin`: a run has no folder yet."""
        return self

    def begin(self, folder: Path) -> None:
        """Publish the run's folder, which holds a report by now, and do so again every few minutes."""
        self._folder = folder
        if self._settings.every is None:
            return
        self._say(f"publishing to {self._store.name} every {self._settings.every:g} min")
        # a daemon: a program that must end at once does not wait for a slow network
        self._thread = threading.Thread(target=self._repeat, name="publishing", daemon=True)
        self._thread.start()

    def _repeat(self) -> None:
        while True:
            self._publish()
            if self._ended.wait(60 * (self._settings.every or 0)):
                return

    def _publish(self) -> bool:
        """Publish what is on disk now; returns whether that worked."""
        from orbifolio.reports.publish.publisher import Publisher

        assert self._folder is not None
        try:
            if self._publisher is None:
                every = 60 * (self._settings.every or 0)
                self._publisher = Publisher(self._store, self._gallery, self._listener, every=every)
            self._publisher.publish([self._folder])
        except OrbifolioError as error:
            self._listener.say(f"not published: {error}")
        except OSError as error:
            self._listener.say(f"not published: {error.filename or 'a file'}: {error.strerror or error}")
        except Exception as error:  # a bug of ours must not cost anyone a picture
            self._listener.say(f"not published: {type(error).__name__}: {error}")
        else:
            return True
        return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Publish the report as the run left it, unless that is done."""
        self.finish()

    def finish(self) -> None:
        """Publish the report a last time; does nothing the second time, or if the run never began."""
        if self._folder is None or self._ended.is_set():
            return
        self._ended.set()
        try:
            if self._thread is not None:
                self._thread.join()
            if self._publish():
                self._say(f"published: {self._store.address('index.html')}")
            else:
                self._say(f"publish it later with: {self._command}")
        except KeyboardInterrupt:
            self._store.stop()
            self._say(f"interrupted while publishing; continue with: {self._command}")
        except OrbifolioError:
            return
