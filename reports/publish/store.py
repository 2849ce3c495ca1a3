"""A store: keys -> bytes with a content type, somewhere else; all that publishing needs of a target.

Keys are relative to the place that was named (a bucket's prefix, a folder) and use forward slashes. A *tag* is a word
that changes whenever an object's content does. A write may depend on one: of two publishers who change the same object
at once, the later one then notices instead of overwriting the other unnoticed.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from orbifolio.runner.errors import PublishError

PART_BYTES = 8 * 1024 * 1024
"""Larger files are read and sent in parts of this size, which is what a lost connection costs; S3 takes no parts below
5 MiB."""


class Missing(Enum):
    """The condition that a key holds nothing yet."""

    MISSING = "missing"


MISSING = Missing.MISSING
Condition = str | Missing | None
"""Write only if the object still has this tag, only if there is none (`MISSING`), or in any case (None)."""


class PreconditionFailed(Exception):
    """The condition of a write does not hold: another publisher was faster."""


class ConditionsUnsupported(PublishError):
    """The store has no conditional writes."""


@dataclass(frozen=True)
class ObjectHeaders:
    """HTTP headers with which a web server is to send an object."""

    type: str = "application/octet-stream"
    cache: str = "no-cache"
    encoding: str = ""

    def __str__(self) -> str:
        """One line, as kept in manifests: a file whose headers are to change is uploaded again."""
        return " | ".join(word for word in (self.type, self.cache, self.encoding) if word)


@dataclass(frozen=True)
class StoredObject:
    """What a store says about an object.

    Attributes:
        tag: changes with the content.
        bytes: as stored, i.e. compressed where it is.
        sha256: of the original content, "" where the store does not know.
        headers: `str(ObjectHeaders)` as of its upload, or "".
    """

    tag: str
    bytes: int
    sha256: str = ""
    headers: str = ""


def stays_inside(path: str) -> bool:
    """Whether a relative path leads nowhere else: manifests may have been written by strangers."""
    return bool(path) and not {"", ".", ".."} & set(path.split("/"))


class Store(ABC):
    """A target that files are published to.

    All methods raise `PublishError` when the target cannot be used, after having tried again where that may help. They
    may be called from several threads at once.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The target as a user writes it: `s3://bucket/prefix`, or a folder's path."""

    @property
    @abstractmethod
    def trusted(self) -> bool:
        """Whether conditional writes work without being tried first."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def refuse(self, gallery: Path) -> None:  # noqa: B027 - most stores accept any gallery
        """Check that a gallery can be published here.

        Raises:
            InputError: the gallery and the target are the same place, or it would be published into itself.
            PublishError: the target is not there.
        """

    def stop(self) -> None:
        """Start no more work in parallel, and break off large uploads."""
        self.stopped.set()

    @property
    def root(self) -> str:
        """The gallery's address on its host, with a slash at its end; "" where that is unknown."""
        return ""

    @abstractmethod
    def address(self, key: str) -> str:
        """Where a browser finds an object, as far as the store can tell."""

    @abstractmethod
    def keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        """(key, tag) of all objects below a prefix, sorted by key."""

    @abstractmethod
    def head(self, key: str) -> StoredObject | None:
        """An object's description without its content, or None if there is none."""

    @abstractmethod
    def get(self, key: str) -> tuple[bytes, str] | None:
        """An object's decompressed content and its tag, or None if there is none."""

    @abstractmethod
    def put(self, key: str, content: bytes, headers: ObjectHeaders, *, condition: Condition = None) -> str:
        """Write an object as a whole.

        Args:
            key: relative to the store.
            content: as it is to be read back; the store may compress it.
            headers: ignored by stores that have no say in how objects are sent.
            condition: on which the write depends.

        Returns:
            The new tag.

        Raises:
            PreconditionFailed: the condition does not hold; nothing was written.
            ConditionsUnsupported: the store has no conditional writes.
        """

    @abstractmethod
    def put_file(self, key: str, path: Path, headers: ObjectHeaders, *, sha256: str) -> tuple[str, int]:
        """Write a large file in parts, without compressing it.

        Args:
            key: relative to the store.
            path: of the local file, which may change meanwhile.
            headers: ignored as in `put`.
            sha256: of the content as it was before the upload.

        Returns:
            SHA-256 and number of the bytes that were really sent.

        Raises:
            FileNotFoundError: the file has vanished.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object; a missing one is no error."""
