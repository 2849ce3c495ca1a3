"""Files that a reader, a second writer or a power cut never meets half of, and reading those of strangers.

A folder that others can write to may hold a pipe, a device or a link to one, which reading would wait for or never
come to the end of: whatever is read from a run is read by `open_regular`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from orbifolio.runner.errors import PathTaken

MAX_RECORD_BYTES = 256 * 1024 * 1024
"""Of a record that is read as a whole: more than any run writes, and less than exhausts the memory."""


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """A regular file, opened for reading; links to one are followed.

    Raises:
        OSError: it is missing, cannot be read, or is a folder, a pipe or a device.
    """
    # not blocking: to open a pipe would wait for its writer
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield file


def read_regular(path: Path, *, limit: int = MAX_RECORD_BYTES) -> bytes:
    """The content of a regular file.

    Args:
        limit: bytes that it may hold.

    Raises:
        OSError: it is missing, cannot be read, is larger than that, or is a folder, a pipe or a device.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def unreadable(path: Path) -> str:
    """Why what lies at a path is no file that can be read: "what; cure"; "" if it is one, or nothing lies there."""
    if not os.path.lexists(path):
        return ""
    try:
        with open_regular(path):
            return ""
    except PermissionError as error:
        return f"cannot be read ({error.strerror}); allow it with chmod u+r, or as its owner"
    except OSError as error:
        if path.is_dir():
            what = "is a folder"
        elif path.is_symlink():
            what = "is a link that leads to no file"
        else:
            what = f"cannot be read ({error.strerror})" if is_file(path) else "is a pipe or a device"
        return f"{what}, where a file belongs; move it away"


def refuse_unreadable(path: Path) -> None:
    """Refuse what lies at a path and is no file that can be read.

    Raises:
        PathTaken: says what it is.
    """
    if fault := unreadable(path):
        raise PathTaken({str(path): fault})


def is_file(path: Path) -> bool:
    """Whether there is a regular file; also False where the path is too long for the disk to look."""
    return os.path.isfile(path)


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
        PathTaken: a folder lies there, or no folder above it.
        OSError: the disk is full or the folder not writable; the previous file is unchanged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise PathTaken([str(_no_folder(path.parent))]) from error
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        _rename(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def _rename(temporary: Path, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except OSError as error:
        if path.is_dir() and not path.is_symlink():
            raise PathTaken([str(path)]) from error
        raise


def _no_folder(folder: Path) -> Path:
    """What keeps a folder from being made: of it and those above the topmost that is something else."""
    for above in reversed([folder, *folder.parents]):
        if os.path.lexists(above) and not above.is_dir():
            return above
    return folder


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
