"""Rewrites a sweep's page while it goes on: (gallery, sweep) -> its `index.html`, at most every two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from orbifolio.reports.write_gallery import write_sweep

_EVERY = 2.0
_SHARE = 10
"""It waits so many times as long as the last writing took: what the page costs is bounded."""


class PageWriter:
    """Writes the page of one sweep.

    Args:
        gallery: the folder that holds all runs.
        folder: the sweep's.
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
        self._next = time.monotonic() + max(_EVERY, _SHARE * (time.monotonic() - now))
