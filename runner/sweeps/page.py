"""Rewrites a sweep's page while it is running: (gallery, sweep) -> its `index.html`, at most every two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from orbifolio.reports.write_gallery import write_sweep

_MIN_SECONDS = 2.0  # between two writings
_MIN_PAUSE_RATIO = 10
"""Pause between two writings, in times of the last one: writing takes at most a tenth of the time."""


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
        self._next = 0.0
        self._silent = False

    def __call__(self, urgent: bool) -> None:
        """Write it if it is time, or if it cannot wait; a page that fails ends no sweep."""
        now = time.monotonic()
        if not urgent and now < self._next:
            return
        try:
            write_sweep(self._gallery, self._folder)
        except Exception as error:
            if not self._silent:
                self._silent = True
                self._say(f"warning: {self._folder / 'index.html'} could not be written: {error}")
        self._next = time.monotonic() + max(_MIN_SECONDS, _MIN_PAUSE_RATIO * (time.monotonic() - now))
