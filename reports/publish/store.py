"""A store: keys -> bytes with a content type, somewhere else; all that publishing needs of a target.

Keys are relative to the place that was named (a bucket's prefix, a folder) and use forward slashes. A *tag*
is a word that changes whenever an object's content does; a write may be made to depend on one, so that of
two publishers who change the same object at once the later one is told instead of winning unnoticed.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from orbifolio.runner.errors import PublishError

PART = 8 * 1024 * 1024
"""Bytes: larger files are read and sent in parts of this size."""


class Missing(Enum):
    """The condition that a key holds nothing yet."""

    MISSING = "missing"


MISSING = Missing.MISSING
Condition = str | Missing | None
"""Write only if the object still has this tag, only if there is none (`MISSING`), or in any case (None)."""


class Conflict(Exception):
    """The condition of a write did not hold: somebody else was faster."""


class NoConditions(PublishError):
    """The store refuses conditional writes."""


@dataclass(frozen=True)
class Served:
    """How a web server is to hand out an object."""

    type: str = "application/octet-stream"
    cache: str = "no-cache"
    encoding: str = ""

    def __str__(self) -> str:
        """One line, as kept in manifests: a file that is to be served differently is uploaded again."""
        return " | ".join(word for word in (self.type, self.cache, self.encoding) if word)


@dataclass(frozen=True)
class Stored:
    """What a store tells about an object.

    Attributes:
        tag: changes with the content.
        bytes: as stored, i.e. compressed where it is.
        sha256: of the original content, "" where the store does not know.
        served: as it was stored, `str(Served)`, or "".
    """

    tag: str
    bytes: int
    sha256: str = ""
    served: str = ""


def inner(path: str) -> bool:
    """Whether a relative path stays inside: a manifest that somebody else wrote must not lead elsewhere."""
    return bool(path) and not {"", ".", ".."} & set(path.split("/"))


class Store(ABC):
    """A target that files are published to.

    All methods raise `PublishError` with cause and cure when the target cannot be used, after having
    tried again where that may help. They may be called from several threads at once.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The target as a user writes it: `s3://bucket/prefix`, or a folder's path."""

    @property
    @abstractmethod
    def trusted(self) -> bool:
        """Whether conditional writes are known to be kept; else it is found out by trial."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def refuse(self, gallery: Path) -> None:  # noqa: B027 - most stores have nothing against any gallery
        """Complain about a gallery that cannot be published here.

        Raises:
            InputError: why, and what to do.
            PublishError: the target is not there.
        """

    def stop(self) -> None:
        """Wait for nothing any more: work in parallel is cut short, whatever else is asked is tried once."""
        self.stopped.set()

    @property
    def root(self) -> str:
        """The gallery's address on its host, with a slash at its end; "" where that cannot be known."""
        return ""

    @abstractmethod
    def address(self, key: str) -> str:
        """Where a browser finds a key, as far as the store can know."""

    @abstractmethod
    def keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        """(key, tag) of all objects below a prefix, by name."""

    @abstractmethod
    def head(self, key: str) -> Stored | None:
        """What is known about an object without reading it over the network, or None."""

    @abstractmethod
    def get(self, key: str) -> tuple[bytes, str] | None:
        """An object's content, decompressed, and its tag; or None."""

    @abstractmethod
    def put(self, key: str, content: bytes, served: Served, *, condition: Condition = None) -> str:
        """Write an object as a whole.

        Args:
            key: where.
            content: as it is, not compressed.
            served: how it is handed out; a store that cannot say so to its readers may ignore it.
            condition: what must hold.

        Returns:
            The new tag.

        Raises:
            Conflict: the condition does not hold; nothing was written.
            NoConditions: the store knows no conditions.
        """

    @abstractmethod
    def put_file(self, key: str, path: Path, served: Served, *, sha256: str) -> tuple[str, int]:
        """Write a large file in parts.

        Args:
            key: where.
            path: the file.
            served: how it is handed out; not compressed.
            sha256: of its content, as was found before.

        Returns:
            SHA-256 and number of the bytes that were sent.

        Raises:
            FileNotFoundError: it has vanished.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object; it is no fault if there is none."""
