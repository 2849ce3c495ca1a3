"""Rewrites a sweep's page while it is running: (gallery, sweep) -> its `index.html`, at most every two seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orbifolio.reports.write_gallery import write_sweep
from orbifolio.runner.run.listeners import Throttle


class PageWriter:
    """Writes the page of one sweep.

    Args:
        gallery: the folder that holds all runs.
        folder: the sweep's folder in the gallery.
        say: hears, once, that the page could not be written.
    """

    def __init__(self, gallery: Path, folder: Path, say: Callable[[str], None]) -> None:
        self._gallery = gallery
        self._folder = folder
        self._say = say
        self._silent = False
        self._throttle = Throttle(self._write, every=2.0)

    def __call__(self, urgent: bool) -> None:
        """Write it if it is due or urgent; a page that fails ends no sweep."""
        self._throttle(urgent=urgent)

    def _write(self) -> None:
        try:
            write_sweep(self._gallery, self._folder)
        except Exception as error:
            if not self._silent:
                self._silent = True
                self._say(f"warning: {self._folder / 'index.html'} could not be written: {error}")
