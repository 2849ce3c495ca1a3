"""Writing files so that a reader, a second writer or a power cut never meets half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file to write to, which replaces `path` when the block ends without an error.

    The content reaches the disk before the new name does: a rename alone may survive a power cut that the content
    does not, and leave an empty file under the right name. Of two writers at once, the later one wins whole, since
    each has a temporary name of its own (hidden, ending in `.part`).

    Args:
        path: its folder is made if missing.
        durable: whether the content is on the disk when the block ends. Without it a reader still never meets half a
            file, but a power cut may leave an empty one: for files that can be made again, of which there are many.

    Raises:
        OSError: the disk is full or the folder not writable; the previous file is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder last; some systems and network disks cannot open or sync a folder at all."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file as a whole; see `atomic_file`."""
    with atomic_file(path, durable=durable) as file:
        file.write(content)
