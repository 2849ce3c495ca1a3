"""Publishing to a folder: a web server's, one on a shared disk, or one that another program synchronises."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import Field, field_validator

from orbifolio.reports.files import write_bytes
from orbifolio.reports.publish.serving import STATE_FOLDER
from orbifolio.reports.publish.store import (
    MISSING,
    PART_BYTES,
    Condition,
    ConditionsUnsupported,
    ObjectHeaders,
    PreconditionFailed,
    Store,
    StoredObject,
    stays_inside,
)
from orbifolio.runner.errors import InputError, PathTaken, PublishError
from orbifolio.runner.files import atomic_file, is_file
from orbifolio.runner.settings import Settings

_LOCK = f"{STATE_FOLDER}/lock"
_LOCK_SECONDS = 30.0  # that another publisher may hold the lock, which it needs for one small write only


class FolderTarget(Settings):
    """A folder on this machine or on a shared disk."""

    kind: Literal["folder"] = "folder"
    path: str = Field(min_length=1, max_length=1000)
    """The folder; a relative path starts at the recipe's own folder."""
    every: float | None = Field(default=5.0, gt=0, le=10_000)
    """Minutes between two publications during a run; null to publish only at its end."""

    @field_validator("path")
    @classmethod
    def _path(cls, value: str) -> str:
        if "\0" in value or "://" in value:
            raise ValueError(
                f"{value!r} is not a folder; name a path on this machine, as in /srv/www/gallery, or s3://BUCKET/PREFIX"
            )
        return value

    @property
    def target(self) -> str:
        """The path, as written on the command line."""
        return self.path

    @property
    def options(self) -> tuple[str, ...]:
        """Words that the command line needs beside the target: none."""
        return ()

    def build(self, folder: Path) -> FolderStore:
        """The working store; nothing is written yet.

        Args:
            folder: where a relative path begins.
        """
        return FolderStore(Path(os.path.abspath(folder / Path(self.path).expanduser())))


class FolderStore(Store):
    """Files below a folder, each replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    @property
    def name(self) -> str:
        """The absolute path of the folder."""
        return str(self.folder)

    @property
    def trusted(self) -> bool:
        """A lock makes writes conditional."""
        return True

    def refuse(self, gallery: Path) -> None:
        """See the base class: not into the gallery itself, and not to a disk that is not mounted."""
        target = self.folder.resolve()
        if target.is_relative_to(gallery.resolve()):
            raise InputError(f"{self.name}: lies inside the gallery and would be published itself; choose another")
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.name}: is a file; a gallery is published to a folder; choose another path")
        ours = (target / ".orbifolio").is_dir() or not target.is_dir() or not any(target.iterdir())
        if gallery.resolve().is_relative_to(target) and not ours:
            raise InputError(
                f"{self.name}: holds the gallery and other files, among which the published pages would lie; a gallery "
                "is published to a folder of its own; choose another"
            )
        if self.folder.parent.exists() and not self.folder.parent.is_dir():
            raise InputError(f"{self.name}: {self.folder.parent} is a file and holds no folders; choose another path")
        if not self.folder.parent.is_dir():
            raise PublishError(
                f"{self.name}: the folder {self.folder.parent} does not exist; mount its disk, or create it"
            )

    def address(self, key: str) -> str:
        """A `file:` address."""
        return self._path(key).as_uri()

    def _path(self, key: str) -> Path:
        if not stays_inside(key):
            raise PublishError(f"{self.name}: {key!r} would lie outside of it; nothing was changed")
        return self.folder / key

    @contextlib.contextmanager
    def _disk_errors(self) -> Iterator[None]:
        """Report what the disk refuses."""
        try:
            yield
        except (FileNotFoundError, PathTaken):
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                text = "the disk is full; make room, then publish again; what was published before is intact"
            else:
                reason = os.strerror(error.errno) if error.errno else str(error)
                text = f"cannot be used ({reason}); make it readable and writable, or choose another folder"
            raise PublishError(f"{self.name}: {text}") from error

    def keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        """See the base class."""
        start = self.folder / prefix
        with self._disk_errors():
            for path in sorted(start.rglob("*")) if start.is_dir() else ():
                if path.is_file() and not path.name.startswith("."):
                    key = path.relative_to(self.folder).as_posix()
                    if (stored := self.head(key)) is not None:
                        yield key, stored.tag

    def head(self, key: str) -> StoredObject | None:
        """See the base class; the tag is the content's SHA-256."""
        path = self._path(key)
        with self._disk_errors():
            if not is_file(path):  # nothing, or what is no file: it has no content, and a pipe would be waited for
                return None
            try:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    return StoredObject(digest, file.tell(), digest)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def get(self, key: str) -> tuple[bytes, str] | None:
        """See the base class."""
        path = self._path(key)
        with self._disk_errors():
            if not is_file(path):
                return None
            try:
                content = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return content, hashlib.sha256(content).hexdigest()

    def put(self, key: str, content: bytes, headers: ObjectHeaders, *, condition: Condition = None) -> str:
        """See the base class; the web server chooses the headers."""
        path = self._path(key)
        with self._disk_errors():
            if condition is None:
                write_bytes(path, content, durable=True)
            else:
                with self._locked():
                    stored = self.head(key)
                    if (MISSING if stored is None else stored.tag) != condition:
                        raise PreconditionFailed(key)
                    write_bytes(path, content, durable=True)
        return hashlib.sha256(content).hexdigest()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.folder / _LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout:
            raise PublishError(
                f"{self.name}: another publisher has held {_LOCK} for {_LOCK_SECONDS:.0f} s; if it hangs, end it, then "
                "publish again"
            ) from None
        except NotImplementedError as error:
            raise ConditionsUnsupported(f"{self.name}: this disk has no file locks") from error
        try:
            yield
        finally:
            lock.release()

    def put_file(self, key: str, path: Path, headers: ObjectHeaders, *, sha256: str) -> tuple[str, int]:
        """See the base class."""
        target = self._path(key)
        digest, sent = hashlib.sha256(), 0
        with path.open("rb") as file, self._disk_errors(), atomic_file(target) as copy:
            while piece := file.read(PART_BYTES):
                digest.update(piece)
                sent += copy.write(piece)
        return digest.hexdigest(), sent

    def delete(self, key: str) -> None:
        """See the base class; folders that this leaves empty are removed."""
        path = self._path(key)
        with self._disk_errors():
            path.unlink(missing_ok=True)
            for above in path.relative_to(self.folder).parents[:-1]:
                try:
                    (self.folder / above).rmdir()
                except OSError:
                    return
