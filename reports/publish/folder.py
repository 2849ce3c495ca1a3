"""Publishing to a folder: a web server's, a shared disk, a folder that some other program synchronises."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import Field, field_validator

from orbifolio.reports.files import write_bytes
from orbifolio.reports.publish import serving
from orbifolio.reports.publish.retrying import Patience
from orbifolio.reports.publish.store import (
    MISSING,
    PART,
    Condition,
    Conflict,
    NoConditions,
    Served,
    Store,
    Stored,
    inner,
)
from orbifolio.runner.errors import InputError, PublishError
from orbifolio.runner.settings import Settings

_LOCK = f"{serving.STATE}/lock"
_PATIENCE = 30.0  # seconds for which another publisher may hold the lock; it does so for one small write


class Folder(Settings):
    """A folder on this machine or on a disk that it shares."""

    kind: Literal["folder"] = "folder"
    path: str = Field(min_length=1, max_length=1000)
    """The folder; one that is not absolute is meant from the recipe's own folder."""
    every: float | None = Field(default=5.0, gt=0, le=10_000)
    """Minutes between two publications while a run goes on; null to publish at its end only."""

    @field_validator("path")
    @classmethod
    def _path(cls, value: str) -> str:
        if "\0" in value or "://" in value:
            raise ValueError(
                f"{value!r} is no folder; it is a path on this machine, as in /srv/www/gallery, or else s3://BUCKET/PREFIX"
            )
        return value

    @property
    def target(self) -> str:
        """As it is written on the command line."""
        return self.path

    @property
    def options(self) -> tuple[str, ...]:
        """What must be said on the command line beside it: nothing."""
        return ()

    def build(self, folder: Path, patience: Patience | None = None) -> Shelf:
        """The working store; nothing is written yet.

        Args:
            folder: where a relative path begins.
            patience: of no meaning here.
        """
        return Shelf(Path(os.path.abspath(folder / Path(self.path).expanduser())))


class Shelf(Store):
    """Files below a folder; every one is written beside and renamed, so that no reader meets half a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.folder)

    @property
    def trusted(self) -> bool:
        """Conditional writes are kept by a lock."""
        return True

    def refuse(self, gallery: Path) -> None:
        """A gallery cannot be published into itself, nor to a disk that is not there."""
        target = self.folder.resolve()
        if target.is_relative_to(gallery.resolve()):
            raise InputError(f"{self.name}: lies in the gallery itself; it would be published again; choose another")
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.name}: is a file; a gallery is published to a folder; choose another")
        ours = (target / ".orbifolio").is_dir() or not target.is_dir() or not any(target.iterdir())
        if gallery.resolve().is_relative_to(target) and not ours:
            raise InputError(
                f"{self.name}: holds the gallery and other things that it would lie among; a gallery is published to a "
                "folder of its own; choose another"
            )
        if self.folder.parent.exists() and not self.folder.parent.is_dir():
            raise InputError(f"{self.name}: {self.folder.parent} is a file; a folder lies in a folder; choose another")
        if not self.folder.parent.is_dir():
            raise PublishError(
                f"{self.name}: there is no folder {self.folder.parent}; if it is on a disk, mount that; else create it"
            )

    def address(self, key: str) -> str:
        """The file's address."""
        return self._path(key).as_uri()

    def _path(self, key: str) -> Path:
        if not inner(key):
            raise PublishError(f"{self.name}: {key!r} would lie outside of it; nothing was written")
        return self.folder / key

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        """Tell what the disk refuses as cause and cure."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                text = "the disk is full; make room there, then publish again; what was published before is whole"
            else:
                reason = os.strerror(error.errno) if error.errno else str(error)
                text = f"cannot be used ({reason}); it must be readable and writable; mend it, or choose another folder"
            raise PublishError(f"{self.name}: {text}") from error

    def keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        """See the base class."""
        start = self.folder / prefix
        with self._troubles():
            for path in sorted(start.rglob("*")) if start.is_dir() else ():
                if path.is_file() and not path.name.endswith(".tmp"):
                    key = path.relative_to(self.folder).as_posix()
                    if (found := self.head(key)) is not None:
                        yield key, found.tag

    def head(self, key: str) -> Stored | None:
        """See the base class; the tag is the content's SHA-256."""
        path = self._path(key)
        with self._troubles():
            try:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    return Stored(digest, file.tell(), digest)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def get(self, key: str) -> tuple[bytes, str] | None:
        """See the base class."""
        path = self._path(key)
        with self._troubles():
            try:
                content = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return content, hashlib.sha256(content).hexdigest()

    def put(self, key: str, content: bytes, served: Served, *, condition: Condition = None) -> str:
        """See the base class; how it is served is the web server's business."""
        path = self._path(key)
        with self._troubles():
            if condition is None:
                write_bytes(path, content)
            else:
                with self._locked():
                    found = self.head(key)
                    if (found is None) != (condition is MISSING) or (found is not None and found.tag != condition):
                        raise Conflict(key)
                    write_bytes(path, content)
        return hashlib.sha256(content).hexdigest()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.folder / _LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout:
            raise PublishError(
                f"{self.name}: another publisher has held {_LOCK} for {_PATIENCE:.0f} s; is one stuck? End it, then "
                "publish again"
            ) from None
        except NotImplementedError as error:
            raise NoConditions(f"{self.name}: this disk knows no file locks") from error
        try:
            yield
        finally:
            lock.release()

    def put_file(self, key: str, path: Path, served: Served, *, sha256: str) -> tuple[str, int]:
        """See the base class."""
        target = self._path(key)
        found, sent = hashlib.sha256(), 0
        with path.open("rb") as file, self._troubles():
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
            try:
                with beside.open("xb") as copy:
                    while piece := file.read(PART):
                        found.update(piece)
                        sent += copy.write(piece)
                os.replace(beside, target)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
        return found.hexdigest(), sent

    def delete(self, key: str) -> None:
        """See the base class; a folder that is left empty goes too."""
        path = self._path(key)
        with self._troubles():
            path.unlink(missing_ok=True)
            for above in path.relative_to(self.folder).parents[:-1]:
                try:
                    (self.folder / above).rmdir()
                except OSError:
                    return
