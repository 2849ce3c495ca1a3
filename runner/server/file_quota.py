"""One quota for what visitors leave on the disk: the pictures that they send, and the copies that jobs keep.

Sizes are kept in memory and counted anew when a server starts. When there is no room, pictures that no job names and
that nobody has used for a day go first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from orbifolio.runner.errors import ImageError

MAX_KEPT_BYTES = 2_000_000_000
"""Of all files together, so that visitors cannot fill the disk that runs are written to."""
_UNUSED_SECONDS = 86_400.0


class FileQuota:
    """Counts files.

    Args:
        patterns: of paths below the folder that count already.
        folder: that they lie in.
        passing: folder whose files may be removed when they are old.
    """

    def __init__(self, folder: Path, patterns: Sequence[str], passing: Path) -> None:
        self._folder, self._patterns, self._passing = folder, tuple(patterns), passing
        self._sizes: dict[Path, int] | None = None
        self._lock = threading.RLock()

    @property
    def _counted(self) -> dict[Path, int]:
        if self._sizes is None:
            paths = (path for pattern in self._patterns for path in self._folder.glob(pattern))
            self._sizes = {path: size for path in paths if (size := _size(path)) is not None}
        return self._sizes

    @property
    def kept_bytes(self) -> int:
        """Of all files."""
        with self._lock:
            return sum(self._counted.values())

    def take(self, sizes: dict[Path, int]) -> None:
        """Count files that are about to be written.

        Args:
            sizes: bytes of each.

        Raises:
            ImageError: there is no room for them; none is counted.
        """
        with self._lock:
            more = sum(size - self._counted.get(path, 0) for path, size in sizes.items())
            if self.kept_bytes + more > MAX_KEPT_BYTES:
                self._remove_old(self.kept_bytes + more - MAX_KEPT_BYTES)
            if self.kept_bytes + more > MAX_KEPT_BYTES:
                raise ImageError(
                    f"there is no room for more pictures; {MAX_KEPT_BYTES // 10**9} GB are kept; remove runs that are "
                    "over from the list, or wait a day"
                )
            self._counted.update(sizes)

    def forget(self, folder: Path) -> None:
        """Count a file, or those below a folder, no longer."""
        with self._lock:
            for path in [path for path in self._counted if path == folder or folder in path.parents]:
                del self._counted[path]

    def _remove_old(self, least: int) -> None:
        """Remove pictures that were not used lately, the oldest first, until so many bytes are free."""
        changed = {path: _changed(path) for path in self._counted if self._passing in path.parents}
        for path, when in sorted(changed.items(), key=lambda item: item[1]):
            if least <= 0 or when > time.time() - _UNUSED_SECONDS:
                return
            least -= self._counted.pop(path)
            path.unlink(missing_ok=True)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _changed(path: Path) -> float:
    """When a file was written; 0 for one that is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
