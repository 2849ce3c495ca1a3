"""Stores for tests: one in memory that can fail or be overtaken at any request, and what must hold in every store."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

from lxml import html as lxml_html

from orbifolio.reports.publish.serving import STATE_FOLDER
from orbifolio.reports.publish.store import MISSING, Condition, ObjectHeaders, PreconditionFailed, Store, StoredObject


class Memory(Store):
    """A store in memory that keeps account of requests.

    Attributes:
        before: called with (operation, key) before each request; may raise, or do something else in between.
        asked: all requests so far.
    """

    def __init__(self, objects: dict[str, tuple[bytes, ObjectHeaders]] | None = None, *, kept: bool = True) -> None:
        super().__init__()
        self.objects: dict[str, tuple[bytes, ObjectHeaders]] = {} if objects is None else objects
        self.kept = kept
        self.before: Callable[[str, str], None] = lambda operation, key: None
        self.asked: list[tuple[str, str]] = []
        self._lock = threading.RLock()

    def _ask(self, operation: str, key: str) -> None:
        with self._lock:
            self.asked.append((operation, key))
        self.before(operation, key)

    @property
    def name(self) -> str:
        return "memory"

    @property
    def trusted(self) -> bool:
        return self.kept

    @property
    def root(self) -> str:
        return "/"

    def address(self, key: str) -> str:
        return f"memory:{key}"

    def keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        self._ask("keys", prefix)
        with self._lock:
            found = [(key, _tag(*self.objects[key])) for key in sorted(self.objects) if key.startswith(prefix)]
        return iter(found)

    def head(self, key: str) -> StoredObject | None:
        self._ask("head", key)
        found = self.objects.get(key)
        if found is None:
            return None
        digest = hashlib.sha256(found[0]).hexdigest()
        return StoredObject(_tag(*found), len(found[0]), digest, str(found[1]))

    def get(self, key: str) -> tuple[bytes, str] | None:
        self._ask("get", key)
        found = self.objects.get(key)
        return None if found is None else (found[0], _tag(*found))

    def put(self, key: str, content: bytes, headers: ObjectHeaders, *, condition: Condition = None) -> str:
        self._ask("put", key)
        with self._lock:
            found = self.objects.get(key)
            if self.kept and condition is not None:
                holds = found is None if condition is MISSING else found is not None and _tag(*found) == condition
                if not holds:
                    raise PreconditionFailed(key)
            self.objects[key] = (content, headers)
        return _tag(content, headers)

    def put_file(self, key: str, path: Path, headers: ObjectHeaders, *, sha256: str) -> tuple[str, int]:
        content = path.read_bytes()
        self.put(key, content, headers)
        return hashlib.sha256(content).hexdigest(), len(content)

    def delete(self, key: str) -> None:
        self._ask("delete", key)
        self.objects.pop(key, None)

    @property
    def uploads(self) -> list[str]:
        """Keys that were written, in order, without what publishing keeps for itself."""
        return [key for operation, key in self.asked if operation == "put" and not key.startswith(STATE_FOLDER)]

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Everything that was written or deleted."""
        return [request for request in self.asked if request[0] in ("put", "delete")]


def _tag(content: bytes, headers: ObjectHeaders) -> str:
    return f'"{hashlib.md5(content + str(headers).encode()).hexdigest()}"'


class RecordingListener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.gone: list[str] = []
        self.said: list[str] = []
        self.expected = 0

    def expect(self, files: int, bytes_: int) -> None:
        self.expected += files

    def uploaded(self, key: str, bytes_: int) -> None:
        self.keys.append(key)

    def deleted(self, key: str) -> None:
        self.gone.append(key)

    def reached(self, run: int, of: int) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)


def links(key: str, content: bytes) -> set[str]:
    """The keys that a page leads to or loads."""
    tree = lxml_html.fromstring(content, parser=lxml_html.HTMLParser(encoding="utf-8"))
    addresses = {str(value) for value in tree.xpath("//@href | //@src | //@poster | //@data-src")}
    for srcset in tree.xpath("//@srcset"):
        addresses |= {item.split()[0] for item in str(srcset).split(",") if item.strip()}
    found = set()
    for address in addresses:
        parts = urlsplit(address)
        if not parts.scheme and not parts.netloc and parts.path:
            found.add(unquote(urlsplit(urljoin(f"http://host/{quote(key)}", parts.path)).path).lstrip("/"))
    return found


def dangling(contents: Callable[[str], bytes | None], start: str = "index.html") -> list[tuple[str, str]]:
    """(page, missing key) for every link that leads nowhere, of all pages that can be reached from one."""
    if contents(start) is None:
        return []
    seen, todo, missing = {start}, [start], []
    while todo:
        page = todo.pop()
        content = contents(page)
        assert content is not None
        for key in sorted(links(page, content)):
            if contents(key) is None:
                missing.append((page, key))
            elif key.endswith(".html") and key not in seen:
                seen.add(key)
                todo.append(key)
    return missing


def of_memory(store: Memory) -> Callable[[str], bytes | None]:
    """Its contents by key, for `dangling`."""
    return lambda key: store.objects[key][0] if key in store.objects else None


def of_folder(folder: Path) -> Callable[[str], bytes | None]:
    """Its contents by key, for `dangling`."""

    def content(key: str) -> bytes | None:
        path = folder / key
        return path.read_bytes() if path.is_file() else None

    return content
